// Points of a sweep that put a loaded model on chips: written once for every family of models.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/chip/in_situ_cost.hpp"
#include "sweep_points.hpp"
#include "test_bench.hpp"

namespace program_cli {

template <class Family>
class deploy_runner final : public point_runner {
  using model_type = typename Family::model_type;
  using task_type = typename Family::task_type;
  using chip_type = chip_under_test<model_type, task_type>;

 public:
  deploy_runner(Family family, sweep_spec const& spec, common_options const& common)
      : spec_(&spec),
        family_(std::move(family)),
        loaded_(family_.scored(spec.data, spec.limit, false)),
        kernels_(&choose_kernels(common.instruction_set)),
        quiet_(common.quiet),
        designs_(spec) {
    if (!spec.task.empty() && spec.task != task_type::name)
      throw ohmic::error({ohmic::errc::unknown_id, "task does not suit the model", "task", spec.task,
                          std::string(task_type::name) + " for a model of type " + Family::type, ""});
    calibration_ = load_calibration(family_, spec.calibration, ohmic::model::place(spec.file, "key 'calibration'"),
                                    spec.model, spec.data, loaded_.source);
    for (auto const& s : score_names()) metrics_.push_back(s);
    for (char const* name : {"agreement", "loss", "clip_rate", "snr_db.lowest"}) metrics_.emplace_back(name);
    for (auto const& name : cost_metrics()) metrics_.push_back(name);
    metrics_.emplace_back("energy_J.per_text");
  }

  [[nodiscard]] std::vector<std::string> const& metrics() const override { return metrics_; }
  [[nodiscard]] std::size_t batch() const override { return 4; }
  [[nodiscard]] json facts() const override {
    json fp32 = json::object();
    for (auto const& s : fp32_) fp32[s.name] = finite(s.value);
    return {{"task", task_type::name},
            {"fp32", fp32},
            {"n", loaded_.source.n},
            {"model", family_.description(spec_->model)},
            {"calibration", calibration_.described},
            {"agreement_metric", task_type::agreement_name}};
  }

  std::vector<sweep_result> run(std::span<std::uint64_t const> points, ohmic::executor& threads) override {
    if (!bench_) bench_.emplace(family_.model(), family_.model(), calibration_, *kernels_, threads, true, quiet_);
    std::vector<sweep_result> out(points.size());
    std::vector<std::optional<chip_type>> chips(points.size());
    std::vector<std::size_t> runnable;
    for (std::size_t i = 0; i < points.size(); ++i) {
      out[i].point = points[i];
      guarded_point(out[i], [&] {
        auto const request = valid_request(points[i]);
        chips[i].emplace(bench_->chip_of(request, {}));
        runnable.push_back(i);
      });
    }
    // Together, because they share the pass in fp32; one by one if one of them cannot run.
    try {
      score(runnable, points, chips, out, threads);
    } catch (std::exception const&) {  // memory too: one by one they take less
      for (std::size_t const i : runnable)
        guarded_point(out[i], [&] {
          chips[i].emplace(bench_->chip_of(request_of(points[i]), {}));
          score({i}, points, chips, out, threads);
        });
    }
    return out;
  }

  [[nodiscard]] std::map<std::string, std::string> idle(std::uint64_t point) const override {
    std::set<std::string> for_all;
    for (auto const& s : spec_->set) for_all.insert(key_of(s));
    std::map<std::string, std::string> out;
    for (auto const& [key, why] : given_idle(valid_request(point)))
      if (for_all.contains(key)) out.emplace(key, why);
    return out;
  }
  [[nodiscard]] json price_rows(std::uint64_t point) const override {
    if (!std::holds_alternative<dense_settings>(settings_of(request_of(point))) || !has_config()) return nullptr;
    return designs_.rows(spec_->assignment(point));
  }

 private:
  [[nodiscard]] bool has_config() const {
    return std::filesystem::exists(std::filesystem::path(spec_->model) / "config.json");
  }
  [[nodiscard]] chip_request request_of(std::uint64_t point) const {
    auto const a = spec_->assignment(point);
    chip_request r = spec_->chip_called(a.chip).request;
    r.places.clear();  // a point is the same wherever its chip file lies
    for (auto const& s : a.set)
      if (!of_cost(s)) set_on_top(r, s);
    return seeded({std::move(r)}, spec_->seed).front();
  }
  [[nodiscard]] chip_request valid_request(std::uint64_t point) const {
    auto r = request_of(point);
    std::visit([](auto const& c) { ohmic::chip::validate(c); }, settings_of(r));
    return r;
  }
  [[nodiscard]] static bool of_cost(std::string const& assignment) {
    return assignment.starts_with("cost.") || assignment.starts_with("report.");
  }

  /// Names of the scores, from answers to no texts.
  [[nodiscard]] std::vector<std::string> score_names() const {
    std::vector<std::string> names;
    std::vector<typename task_type::answer> const answers(loaded_.task.inputs().size());
    for (auto const& s : loaded_.task.scores(answers)) names.push_back(s.name);
    return names;
  }

  void score(std::vector<std::size_t> const& which, std::span<std::uint64_t const> points,
             std::vector<std::optional<chip_type>>& chips, std::vector<sweep_result>& out, ohmic::executor& threads) {
    if (which.empty()) return;
    std::vector<ohmic::chip::contestant<model_type, task_type>> contestants;
    for (std::size_t const i : which) contestants.push_back(std::move(chips[i]->contestant));
    auto const& task = loaded_.task;
    auto const fp32 =
        ohmic::chip::evaluate(family_.model(), bench_->weights(), task, contestants, threads, {}, kernels_->fp32);
    fp32_ = task.scores(fp32);
    for (std::size_t k = 0; k < which.size(); ++k) {
      auto const outcome = contestants[k].finish();
      auto& r = out[which[k]];
      r.metrics.clear();
      for (auto const& s : task.scores(outcome.answers)) r.metrics.push_back(s.value);
      r.metrics.push_back(task.agreement(outcome.answers, fp32));
      r.metrics.push_back(ohmic::model::score_loss<task_type>(r.metrics.front(), fp32_.front().value));
      add_quality(r, outcome.report, outcome.quality);
      add_cost(r, spec_->assignment(points[which[k]]), *chips[which[k]], outcome.report);
    }
  }

  static void add_quality(sweep_result& r, ohmic::chip::run_report const& report,
                          std::vector<ohmic::chip::error_power> const& quality) {
    std::uint64_t clipped = 0, conversions = 0;
    double lowest = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t s = 0; s < report.sites.size(); ++s) {
      auto const here = report.sites[s].actions.template count<"adc", "convert">();
      clipped += report.sites[s].clipped_currents;
      conversions += here;
      double const db = quality[s].ratio_db();
      if (here > 0 && std::isfinite(db)) lowest = std::fmin(lowest, db);
    }
    r.metrics.push_back(conversions == 0 ? 0.0 : static_cast<double>(clipped) / static_cast<double>(conversions));
    r.metrics.push_back(lowest);
  }

  /// A chip with a dense bank: that of `ohmic cost`, from shapes. A conventional one: its counted actions, priced.
  void add_cost(sweep_result& r, sweep_assignment const& a, chip_type const& chip,
                ohmic::chip::run_report const& report) const {
    std::vector<double> cost(cost_metrics().size(), std::numeric_limits<double>::quiet_NaN());
    double per_text = std::numeric_limits<double>::quiet_NaN();
    if (auto const* settings = std::get_if<in_situ_settings>(&chip.chip)) {
      ohmic::chip::run_tally all;
      for (auto const& site : report.sites) all += site.actions;
      auto const c = ohmic::chip::in_situ_cost("in_situ", *settings, all, chip.weight_arrays,
                                               schedule_of(chip, family_.model(), loaded_.task.inputs()));
      cost.front() = c.area_mm2();
      per_text = c.energy_J(ohmic::phase::prefill) / static_cast<double>(loaded_.task.inputs().size());
    } else if (has_config()) {
      cost = designs_.of(a);
    }
    r.metrics.insert(r.metrics.end(), cost.begin(), cost.end());
    r.metrics.push_back(per_text);
  }

  sweep_spec const* spec_;
  Family family_;
  scored_texts<task_type> loaded_;
  kernel_set const* kernels_;
  bool quiet_;
  priced_designs designs_;
  loaded_calibration<model_type> calibration_;
  std::vector<std::string> metrics_;
  std::vector<ohmic::model::named_score> fp32_;  ///< once some point has run
  std::optional<test_bench<model_type, task_type>> bench_;
};

}  // namespace program_cli
