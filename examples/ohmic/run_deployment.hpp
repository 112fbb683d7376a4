// Deploying and calibrating, written once for every family of models. A family reads its files:
//   model_type, task_type, type (its name), default_calibration (a file name);
//   model(), description() (JSON), summary() (a line);
//   scored(file, limit, no_truncate) -> {task, source};  calibration(file) -> {tokens, source}
#pragma once

#include <chrono>
#include <fmt/core.h>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "calibration_file.hpp"
#include "chips.hpp"
#include "deployment.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/program/plan.hpp"
#include "progress.hpp"

namespace program_cli {

/// Scored texts as a family reads them.
template <class Task>
struct scored_texts {
  Task task;
  text_source source;
};

/// Calibration texts as a family reads them.
struct calibration_texts {
  ohmic::model::token_lists tokens;
  text_source source;
};

/// Hash of a model's matrices, so that a calibration is not used with other weights.
template <class Model>
std::string weights_digest(Model const& m) {
  std::uint64_t hash = ohmic::fingerprint("");
  for_each_projection(m, [&](ohmic::program::site, ohmic::model::linear_weights const& w) {
    std::string_view const bytes(reinterpret_cast<char const*>(w.weight.data()), w.weight.size() * sizeof(float));
    hash = ohmic::fingerprint(bytes, hash);
  });
  return fmt::format("{:016x}", hash);
}

/// Column currents that several settings share: those that differ in converters and ranges only see the same.
template <class Model>
class shared_currents {
 public:
  shared_currents(Model const& m, ohmic::model::token_lists const& texts, ohmic::executor& threads, bool keep)
      : m_(&m), texts_(&texts), threads_(&threads), keep_(keep) {}

  template <class Spec>
  ohmic::chip::current_ranges const& of(ohmic::chip::deployed<Spec> const& chip, ohmic::chip::progress const& report) {
    auto settings = chip.settings();
    if (!settings.range.needs_statistics() || chip.array().lossless()) return last_ = chip.no_currents();
    settings.range = {};
    settings.adc = {};
    settings = ohmic::chip::design_of(settings);
    auto const key = ohmic::print(settings);
    if (auto const found = kept_.find(key); found != kept_.end()) return found->second;
    auto currents = ohmic::chip::observed_currents(chip, *m_, *texts_, *threads_, report);
    return keep_ ? kept_.emplace(key, std::move(currents)).first->second : last_ = std::move(currents);
  }

 private:
  Model const* m_;
  ohmic::model::token_lists const* texts_;
  ohmic::executor* threads_;
  bool keep_;
  std::map<std::string, ohmic::chip::current_ranges> kept_;
  ohmic::chip::current_ranges last_;
};

/// A model on a chip of some type.
template <class Model, class Task>
struct chip_under_test {
  std::string name;
  json settings;
  std::shared_ptr<void const> owner;  ///< keeps the deployed model
  ohmic::chip::contestant<Model, Task> contestant;
  ohmic::program::function_choices choices;
  std::function<ohmic::chip::run_tally(ohmic::program::sub_operation const&)> planned;
  std::function<ohmic::chip::line_report(Task const&, ohmic::executor&)> lines;
  std::uint64_t clipped_biases = 0;
  ohmic::dense_report dense{};
  std::uint64_t dense_clipped = 0;
  chip_settings chip{};
  std::uint64_t weight_arrays = 0;
};

template <class Task, class Model, class Spec>
chip_under_test<Model, Task> under_test(Model const& m, ohmic::chip::deployed<Spec> chip, std::string name,
                                        ohmic::chip::product_mode mode) {
  auto const deployed = std::make_shared<ohmic::chip::deployed<Spec> const>(std::move(chip));
  chip_under_test<Model, Task> out{std::move(name),
                                   settings_object(deployed->settings()),
                                   deployed,
                                   ohmic::chip::contestant<Model, Task>(*deployed, mode),
                                   deployed->choices(),
                                   [deployed](auto const& op) { return deployed->planned(op); },
                                   [deployed, mode, &m](Task const& task, ohmic::executor& threads) {
                                     return mode == ohmic::chip::product_mode::convert
                                                ? ohmic::chip::sampled_lines(*deployed, m, task.inputs(), threads)
                                                : ohmic::chip::line_report();
                                   },
                                   0,
                                   deployed->dense(),
                                   deployed->dense_clipped(),
                                   deployed->settings(),
                                   deployed->weight_arrays()};
  for_each_projection(
      m, [&](ohmic::program::site s, auto const&) { out.clipped_biases += deployed->matrix_at(s).clipped_biases; });
  return out;
}

/// The same codes without converters: what INT8 alone leaves (row-maximum softmax, two-pass variance), with the widths
/// of a request.
inline dense_settings int8_settings(chip_request const& r) {
  auto settings = std::get<dense_settings>(defaults_of(ohmic::chip::wang2024::name));
  std::visit(
      [&]<class Config>(Config const& wanted) {
        if constexpr (std::is_same_v<Config, dense_settings>) settings.array = wanted.array;
        settings.dac.bits = ohmic::chip::weight_bits(wanted);
        settings.coding = wanted.coding;
        settings.softmax.exp_bits = wanted.softmax.exp_bits;
      },
      settings_of(r));
  settings.adc.lossless = true;
  return settings;
}

/// The kernels of a chip's arrays.
inline auto const& kernels_for(kernel_set const& k, dense_settings const&) { return *k.products; }
inline auto const& kernels_for(kernel_set const& k, in_situ_settings const&) { return *k.columns; }

/// How many texts have how many tokens.
inline std::map<std::size_t, std::uint64_t> passes_by_length(ohmic::model::token_lists const& texts) {
  std::map<std::size_t, std::uint64_t> lengths;
  for (auto const& t : texts) ++lengths[t.size()];
  return lengths;
}

/// Plans the passes over all texts from their lengths alone.
template <class Model, class Task>
ohmic::ledger planned_actions(chip_under_test<Model, Task> const& c, Model const& m,
                              ohmic::model::token_lists const& texts) {
  ohmic::ledger plan;
  for (auto const& [tokens, passes] : passes_by_length(texts))
    plan.merge(ohmic::program::plan(program_of(m, tokens, c.choices), c.planned, sites_of(m), passes));
  return plan;
}

/// The time that a conventional chip takes for all texts, and the arrays of K and V: nothing for others.
template <class Model, class Task>
ohmic::chip::in_situ_schedule schedule_of(chip_under_test<Model, Task> const& c, Model const& m,
                                          ohmic::model::token_lists const& texts) {
  ohmic::chip::in_situ_schedule out;
  if (auto const* const settings = std::get_if<in_situ_settings>(&c.chip))
    for (auto const& [tokens, passes] : passes_by_length(texts))
      out.add(*settings, program_of(m, tokens, c.choices), passes);
  return out;
}

/// The file of --calibration, or the one that lies beside the model.
inline std::filesystem::path calibration_path(std::string const& given, std::string const& model,
                                              char const* beside_name) {
  if (!given.empty()) return given;
  std::filesystem::path const beside = std::filesystem::path(model) / beside_name;
  if (std::filesystem::exists(beside)) return beside;
  throw ohmic::error({ohmic::errc::missing_calibration, "no calibration data", "--calibration",
                      "nothing, and no " + beside.string(), "a file of texts that are not scored",
                      "give --calibration FILE"});
}

template <class Family>
int deploy_family(Family const& family, deploy_options const& o, common_options const& common) {
  using namespace ohmic;
  using model_type = typename Family::model_type;
  using task_type = typename Family::task_type;
  auto const start = std::chrono::steady_clock::now();
  if (!o.task.empty() && o.task != task_type::name)
    throw error({errc::unknown_id, "task does not suit the model", "--task", o.task,
                 std::string(task_type::name) + " for a model of type " + Family::type, ""});
  check_writable(common.json);
  auto const& kernels = choose_kernels(common.instruction_set);
  auto const requests =
      seeded(requested_chips(o.chip.empty() ? (o.vary.empty() ? "wang2024,wang2024_published" : "wang2024") : o.chip,
                             common.set, o.vary),
             common.seed);
  bool const text = !common.quiet;
  FILE* const out = common.json == "-" ? stderr : stdout;

  auto const& m = family.model();
  auto const path = calibration_path(o.calibration, o.model, Family::default_calibration);
  bool const kept = path.extension() == ".json";
  auto const loaded = family.scored(o.data, o.limit, o.no_truncate);
  task_type const& task = loaded.task;
  text_source const& scored = loaded.source;
  deployment d{family.description(o.model),
               fmt::format("{}  ({})", o.model, family.summary()),
               task_type::name,
               task_type::agreement_name,
               sites_of(m),
               scored,
               {},
               {},
               {},
               {}};
  calibration_file stored;
  calibration_texts calib;
  std::size_t common_texts = 0;
  if (kept) {
    stored = read_calibration(path, d.names);
    if (std::string const digest = weights_digest(m); digest != stored.model_digest)
      throw error({errc::config_conflict, "was made for other weights", model::place(path), stored.model_digest, digest,
                   "calibrate this model"});
    common_texts = check_kept_disjoint(stored, path, scored);
    d.calibration = stored.data;
    d.calibration["file"] = path.string();
    d.calibration_line = fmt::format("{}  (kept ranges and scales)", path.string());
  } else {
    calib = family.calibration(path);
    std::set<std::string_view> const seen(calib.source.texts.begin(), calib.source.texts.end()),
        asked(scored.texts.begin(), scored.texts.end());
    common_texts = model::check_disjoint(path, seen, o.data, asked).common;
    d.calibration = {{"path", path.string()},
                     {"digest", fmt::format("{:016x}", model::content_digest(path))},
                     {"n", calib.source.n}};
    d.calibration_line =
        fmt::format("{}  ({}; {} of its texts also in the data)", path.string(), calib.source.line, common_texts);
  }
  d.calibration["texts_also_scored"] = common_texts;
  executor threads(common.threads == 0 ? executor::available() : common.threads);
  if (text)
    fmt::print(out, "model        {}\ndata         {}  ({})\ncalibration  {}\n", d.model_line, o.data, scored.line,
               d.calibration_line);

  model::fp32_weights const weights(d.names.sites(), [&](auto const& f) { for_each_projection(m, f); });
  std::vector<chip_under_test<model_type, task_type>> chips;
  {
    chip::value_ranges values(d.names);
    if (kept) {
      values = stored.chips.begin()->second.values;
    } else {
      progress_line line("calibrating values", common.quiet);
      values = chip::calibrated_values(m, weights, calib.tokens, threads, std::ref(line), kernels.fp32);
    }
    chips.push_back(
        under_test<task_type>(m, chip::programmed(m, int8_settings(requests.front()), values, *kernels.products),
                              "int8", chip::product_mode::exact));
    shared_currents<model_type> currents(m, calib.tokens, threads, requests.size() > 2);
    for (auto const& r : requests) {
      progress_line line("calibrating " + r.label, common.quiet);
      std::visit(
          [&](auto const& settings) {
            auto const& kernel = kernels_for(kernels, settings);
            if (kept) {
              auto const& of_chip = calibration_for(stored, r.base, print(ohmic::chip::design_of(settings)), path);
              chips.push_back(under_test<task_type>(m, chip::deploy(m, settings, of_chip, kernel), r.label,
                                                    chip::product_mode::convert));
              return;
            }
            auto chip = chip::programmed(m, settings, values, kernel);
            chip.set_converters(
                chip::is_design(settings)
                    ? currents.of(chip, std::ref(line))
                    : currents.of(chip::programmed(m, chip::design_of(settings), values, kernel), std::ref(line)));
            chips.push_back(under_test<task_type>(m, std::move(chip), r.label, chip::product_mode::convert));
          },
          settings_of(r));
    }
  }

  progress_line line("scoring", common.quiet);
  std::vector<chip::contestant<model_type, task_type>> contestants;
  for (auto& c : chips) contestants.push_back(std::move(c.contestant));
  auto const fp32 = chip::evaluate(m, weights, task, contestants, threads, std::ref(line), kernels.fp32);
  d.fp32 = task.scores(fp32);
  for (std::size_t i = 0; i < chips.size(); ++i) {
    auto outcome = contestants[i].finish();
    contest_result r{chips[i].name,
                     chips[i].settings,
                     task.scores(outcome.answers),
                     task.agreement(outcome.answers, fp32),
                     std::move(outcome.report),
                     std::move(outcome.quality),
                     {},
                     {},
                     chips[i].clipped_biases,
                     chips[i].dense,
                     chips[i].dense_clipped,
                     chips[i].chip,
                     chips[i].weight_arrays,
                     schedule_of(chips[i], m, task.inputs()),
                     chips[i].lines(task, threads)};
    r.actions = r.report.actions(d.names);
    r.plan_difference = difference(planned_actions(chips[i], m, task.inputs()), r.actions);
    d.results.push_back(std::move(r));
  }

  json result = deployment_object(d, common);
  result["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  write_result(common.json, result);
  if (text) {
    print_table(out, d, !o.vary.empty());
    print_dense(out, d);
    print_wires(out, d);
    if (o.vary.empty()) {
      print_layers(out, d);
      print_actions(out, d);
      print_cost(out, d);
    }
    fmt::print(out, "\n{} in {:.1f} s on {} threads ({}), {:.0f} MiB\n", scored.line,
               result["run"]["wall_time_s"].template get<double>(), threads.threads(),
               kernels.products->instruction_set, peak_memory_mib());
  }
  return plan_status(d);
}

template <class Family>
int calibrate_family(Family const& family, calibrate_options const& o, common_options const& common) {
  using namespace ohmic;
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  check_writable(o.output);
  auto const& kernels = choose_kernels(common.instruction_set);
  auto const requests = requested_chips(o.chip, common.set, {});
  auto const& m = family.model();
  auto const names = sites_of(m);
  auto const path = calibration_path(o.data, o.model, Family::default_calibration);
  auto const calib = family.calibration(path);
  executor threads(common.threads == 0 ? executor::available() : common.threads);
  model::fp32_weights const weights(names.sites(), [&](auto const& f) { for_each_projection(m, f); });
  auto const values = [&] {
    progress_line line("calibrating values", common.quiet);
    return chip::calibrated_values(m, weights, calib.tokens, threads, std::ref(line), kernels.fp32);
  }();
  calibration_file kept{
      weights_digest(m),
      {{"path", path.string()}, {"digest", fmt::format("{:016x}", model::content_digest(path))}, {"n", calib.source.n}},
      text_digests(calib.source.texts),
      {},
      {}};
  for (auto const& r : requests) {
    progress_line line("calibrating " + r.label, common.quiet);
    std::visit(
        [&](auto const& settings) {
          auto const design = chip::design_of(settings);
          auto const chip =
              chip::deploy(m, design, values, calib.tokens, threads, std::ref(line), kernels_for(kernels, design));
          kept.chips.emplace(calibration_key(r.base, print(design)), chip.calibrated());
        },
        settings_of(r));
  }
  json result = result_header("calibrate", common);
  result["model"] = family.description(o.model);
  result.update(calibration_object(kept, names));
  result["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  write_result(o.output, result);
  write_result(common.json, result);
  if (!common.quiet && common.json != "-")
    fmt::print("{}: ranges and scales of {} for {} chips, from {} ({})\n", o.output.empty() ? "--json" : o.output,
               o.model, kept.chips.size(), path.string(), calib.source.line);
  return done;
}

}  // namespace program_cli
