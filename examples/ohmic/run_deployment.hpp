// `ohmic deploy` and `ohmic calibrate`, written once for every family of models (test_bench.hpp says what one is).
#pragma once

#include <chrono>
#include <fmt/core.h>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "deployment.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/speech_task.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "terminal.hpp"
#include "test_bench.hpp"
#include "text_cost.hpp"

namespace program_cli {

/// Passes: the model that runs the texts, the family's own or a way of running it (token_by_token).
template <class Family, class Passes>
int deploy_passes(Family const& family, Passes const& passes, deploy_options const& o, common_options const& common) {
  using namespace ohmic;
  using model_type = typename Family::model_type;
  using task_type = typename Family::task_type;
  auto const start = std::chrono::steady_clock::now();
  if (!o.task.empty() && o.task != task_type::name)
    throw error({errc::unknown_id, "task does not suit the model", "--task", o.task,
                 std::string(task_type::name) + " for a model of type " + Family::type, ""});
  check_writable(common.json);
  check_reports(common);
  auto const& kernels = choose_kernels(common.instruction_set);
  auto const requests =
      seeded(requested_chips(o.chip.empty() ? (o.vary.empty() ? "wang2024,wang2024_published" : "wang2024") : o.chip,
                             common.set, o.vary),
             common.seed);
  bool const text = !common.quiet;
  FILE* const out = common.json == "-" ? stderr : stdout;
  if (text) say_idle(requests);

  auto const& m = family.model();
  auto const loaded = family.scored(o.data, o.limit, o.no_truncate);
  task_type const& task = loaded.task;
  text_source const& scored = loaded.source;
  deployment d{family.description(o.model),
               fmt::format("{}  ({}{})", o.model, family.summary(), o.decode ? "; token by token" : ""),
               task_type::name,
               task_type::agreement_name,
               sites_of(m),
               scored,
               {},
               {},
               {},
               {}};
  if (o.decode) d.model["decode"] = true;
  auto const calibration = load_calibration(family, o.calibration, "--calibration", o.model, o.data, scored);
  d.calibration = calibration.described;
  d.calibration_line = calibration.line;
  executor threads(common.threads == 0 ? executor::available() : common.threads);
  if (text)
    say(out, "model        {}\ndata         {}  ({})\ncalibration  {}\n", d.model_line, o.data, scored.line,
        d.calibration_line);

  test_bench<model_type, task_type, Passes> bench(m, passes, calibration, kernels, threads, requests.size() > 2,
                                                  common.quiet, o.reading.layer_wise);
  std::vector<chip_under_test<Passes, task_type>> chips;
  chips.push_back(under_test<task_type>(
      passes,
      with_rows(chip::programmed(m, int8_settings(requests.front()), bench.values(), *kernels.products), kernels),
      "int8", chip::product_mode::exact));
  for (auto const& r : requests) {
    progress_line line("calibrating " + r.label, common.quiet);
    chips.push_back(bench.chip_of(r, std::ref(line), &r == requests.data()));
  }
  bench.release();

  progress_line line("scoring", common.quiet);
  std::vector<chip::contestant<Passes, task_type>> contestants;
  for (auto& c : chips) contestants.push_back(std::move(c.contestant));
  auto const fp32 = chip::evaluate(passes, bench.weights(), task, contestants, threads, std::ref(line), kernels.fp32);
  d.fp32 = task.scores(fp32);
  if constexpr (requires { family.published(task, bench.weights(), threads, kernels.fp32); })
    d.published = family.published(task, bench.weights(), threads, kernels.fp32);
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
                     schedule_of(chips[i], passes, task, outcome.answers),
                     chips[i].weight_writing,
                     i == 0 ? std::vector<std::string>() : idle_in(requests[i - 1]),
                     chips[i].lines(task, threads)};
    see_writing(r);
    r.actions = r.report.actions(d.names);
    r.plan_difference = difference(planned_actions(chips[i], passes, task, outcome.answers), r.actions);
    d.results.push_back(std::move(r));
  }

  json result = deployment_object(d, common);
  result["converters"] = std::move(chips[1].converters);
  // Of the chips that were asked for; a text that is decoded is no prefill, nor are a source and its target.
  auto const lengths = passes_by_length(task.inputs());
  if constexpr (requires { text_cost_object(dense_settings{}, o.model, lengths); })
    for (std::size_t i = 1; i < d.results.size(); ++i)
      if (auto const* dense = std::get_if<dense_settings>(&d.results[i].chip); dense != nullptr && !o.decode)
        result["chips"][i]["text_cost"] = text_cost_object(*dense, o.model, lengths);
  result["outlier_channels"] = outliers_object(bench.values(), d.names);
  result["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  write_reports(result, common);
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
    say(out, "\n{} in {:.1f} s on {} threads ({}), {:.0f} MiB\n", scored.line,
        result["run"]["wall_time_s"].template get<double>(), threads.threads(), kernels.products->instruction_set,
        peak_memory_mib());
  }
  return plan_status(d);
}

/// Errors  config_conflict for --decode with a model that is no decoder
template <class Family>
int deploy_family(Family const& family, deploy_options const& o, common_options const& common) {
  using model_type = typename Family::model_type;
  if (!o.decode) return deploy_passes(family, family.model(), o, common);
  if constexpr (ohmic::model::decoder<model_type> || ohmic::model::encoder_decoder<model_type>)
    return deploy_passes(family, ohmic::model::token_by_token<model_type>{&family.model()}, o, common);
  else
    throw ohmic::error({ohmic::errc::config_conflict, "the model does not decode", "--decode",
                        std::string("a model of type ") + Family::type, "a language model", "leave --decode out"});
}

template <class Family>
int calibrate_family(Family const& family, calibrate_options const& o, common_options const& common) {
  using namespace ohmic;
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  check_writable(o.output, "--output");
  auto const& kernels = choose_kernels(common.instruction_set);
  auto const requests = seeded(requested_chips(o.chip, common.set, {}), common.seed);
  if (!common.quiet) say_idle(requests);
  auto const& m = family.model();
  auto const names = sites_of(m);
  auto const path = calibration_path(o.data, o.model, Family::default_calibration, "--calibration", false);
  auto const calib = family.calibration(path);
  executor threads(common.threads == 0 ? executor::available() : common.threads);
  auto const weights = model::fp32_weights_of(m, o.reading.layer_wise);
  auto const values = [&] {
    progress_line line("calibrating values", common.quiet);
    return chip::calibrated_values(m, weights, calib.tokens, threads, std::ref(line), kernels.fp32);
  }();
  calibration_file kept{
      weights_digest(m),
      {{"path", path.string()}, {"digest", fmt::format("{:016x}", model::data_digest(path))}, {"n", calib.source.n}},
      text_digests(calib.source.texts),
      {},
      {}};
  std::map<std::string, std::vector<std::string>> idle;  // of a design, which several requests may share
  for (auto const& r : requests) {
    progress_line line("calibrating " + r.label, common.quiet);
    std::visit(
        [&](auto const& settings) {
          auto const design = chip::design_of(settings);
          auto chip = with_rows(chip::programmed(m, design, values, kernels_for(kernels, design)), kernels);
          chip.set_converters(chip::observed_currents(chip, m, calib.tokens, threads, std::ref(line)));
          auto const key = calibration_key(r.base, print(design));
          kept.chips.emplace(key, chip.calibrated());
          for (auto const& i : idle_in(r)) idle[key].push_back(i);
        },
        settings_of(r));
  }
  json result = result_header("calibrate", common);
  result["model"] = family.description(o.model);
  result.update(calibration_object(kept, names));
  auto of_chip = result["chips"].begin();
  for (auto const& chip : kept.chips) (*of_chip++)["idle"] = idle[chip.first];
  result["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  write_result(o.output, result);
  write_result(common.json, result);
  if (!common.quiet && common.json != "-")
    say(stdout, "{}: ranges and scales of {} for {} chips, from {} ({})\n", o.output.empty() ? "--json" : o.output,
        o.model, kept.chips.size(), path.string(), calib.source.line);
  return done;
}

}  // namespace program_cli
