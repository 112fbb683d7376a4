// A model of any family, calibrated and put on chips. A family reads its files:
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
#include "deployed_chips.hpp"
#include "deployment.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/encoder_decoder.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/speech_task.hpp"
#include "ohmic/program/plan.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace program_cli {

/// Scored texts as a family reads them.
template <class Task>
struct scored_texts {
  Task task;
  text_source source;
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
  ohmic::in_situ::array_writing weight_writing{};
  json converters = json::array();  ///< what they saw in calibration, and their full scales
};

/// Full scales by site and digit, and the currents that they were found from; null where ranges were kept.
inline json converters_object(ohmic::program::site_names const& names, ohmic::chip::converter_ranges const& full_scales,
                              ohmic::chip::current_ranges const* seen) {
  constexpr std::size_t bins = 48;
  json out = json::array();
  for (std::size_t s = 0; s < full_scales.size(); ++s)
    for (std::size_t d = 0; d < full_scales[s].size(); ++d) {
      json one{{"layer", names.name(s)}, {"digit", d}, {"full_scale", full_scales[s][d]}};
      if (seen != nullptr && d < (*seen)[s].size() && (*seen)[s][d].count() > 0) {
        auto const& currents = (*seen)[s][d];
        auto const histogram = currents.coarse(bins);
        one.update({{"n", currents.count()},
                    {"mean", currents.mean()},
                    {"sigma", currents.sigma()},
                    {"largest", currents.largest()},
                    {"bin_width", histogram.width},
                    {"bins", histogram.counts}});
      }
      out.push_back(std::move(one));
    }
  return out;
}

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
                                   deployed->weight_arrays(),
                                   deployed->weight_writing()};
  using ohmic::program::operation_count;
  for (std::size_t s = 0; s < deployed->names().sites(); ++s)
    out.clipped_biases +=
        deployed->matrix_at({s / operation_count, static_cast<ohmic::program::operation>(s % operation_count)})
            .clipped_biases;
  return out;
}

/// Plans the passes over all texts from their lengths alone.
template <class Model, class Task>
ohmic::ledger planned_actions(chip_under_test<Model, Task> const& c, Model const& m,
                              ohmic::model::inputs_of<Model> const& texts) {
  ohmic::ledger plan;
  for (auto const& [tokens, passes] : passes_by_length(texts))
    plan.merge(ohmic::program::plan(program_of(m, tokens, c.choices), c.planned, sites_of(m), passes));
  return plan;
}

/// How many texts have how many tokens and took how many steps of a decoder: of tasks whose answers say that.
template <class Task>
std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> passes_by_steps(
    Task const& task, std::vector<typename Task::answer> const& answers) {
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> out;
  for (std::size_t t = 0; t < answers.size(); ++t) ++out[{task.inputs()[t].size(), Task::steps_of(answers[t])}];
  return out;
}
template <class Task>
inline constexpr bool answers_in_steps = requires(typename Task::answer const& a) {
  Task::steps_of(a);
};

/// The same for what was answered, where the number of steps is the answer's.
template <class Model, class Task>
ohmic::ledger planned_actions(chip_under_test<Model, Task> const& c, Model const& m, Task const& task,
                              std::vector<typename Task::answer> const& answers) {
  if constexpr (answers_in_steps<Task>) {
    ohmic::ledger plan;
    for (auto const& [shape, passes] : passes_by_steps(task, answers))
      plan.merge(
          ohmic::program::plan(program_of(m, shape.first, shape.second, c.choices), c.planned, sites_of(m), passes));
    return plan;
  } else {
    return planned_actions(c, m, task.inputs());
  }
}

/// The programs of one text, one after the other: its pass, or the steps of a model that runs token by token.
template <class Model, class Length>
std::vector<std::vector<ohmic::program::sub_operation>> programs_of(Model const& m, Length const& tokens,
                                                                    ohmic::program::function_choices const& choices) {
  return {program_of(m, tokens, choices)};
}
template <class Model>
std::vector<std::vector<ohmic::program::sub_operation>> programs_of(ohmic::model::token_by_token<Model> const& m,
                                                                    std::size_t tokens,
                                                                    ohmic::program::function_choices const& choices) {
  std::vector<std::vector<ohmic::program::sub_operation>> steps;
  for (std::size_t past = 0; past < tokens; ++past) steps.push_back(program_of(*m.model, 1, past, choices));
  return steps;
}
template <class Model>
std::vector<std::vector<ohmic::program::sub_operation>> programs_of(ohmic::model::token_by_token<Model> const& m,
                                                                    ohmic::model::pair_lengths const& tokens,
                                                                    ohmic::program::function_choices const& choices) {
  std::vector<std::vector<ohmic::program::sub_operation>> steps;
  for (std::size_t past = 0; past < tokens.target; ++past)
    steps.push_back(program_of(*m.model, {tokens.source, 1}, past, choices));
  return steps;
}

/// The time that a conventional chip takes for all texts, and the arrays of K and V: nothing for others.
template <class Model, class Task>
ohmic::chip::in_situ_schedule schedule_of(chip_under_test<Model, Task> const& c, Model const& m,
                                          ohmic::model::inputs_of<Model> const& texts) {
  ohmic::chip::in_situ_schedule out;
  if (auto const* const settings = std::get_if<in_situ_settings>(&c.chip))
    for (auto const& [tokens, passes] : passes_by_length(texts))
      for (auto const& program : programs_of(m, tokens, c.choices)) out.add(*settings, program, passes);
  return out;
}

template <class Model, class Task>
ohmic::chip::in_situ_schedule schedule_of(chip_under_test<Model, Task> const& c, Model const& m, Task const& task,
                                          std::vector<typename Task::answer> const& answers) {
  if constexpr (answers_in_steps<Task>) {
    ohmic::chip::in_situ_schedule out;
    if (auto const* const settings = std::get_if<in_situ_settings>(&c.chip))
      for (auto const& [shape, passes] : passes_by_steps(task, answers))
        out.add(*settings, program_of(m, shape.first, shape.second, c.choices), passes);
    return out;
  } else {
    return schedule_of(c, m, task.inputs());
  }
}

/// Errors  config_conflict for options of language models
template <class Family>
void refuse_reading_of_language(reading_options const& o) {
  if (o.window == 0 && !o.layer_wise) return;
  throw ohmic::error({ohmic::errc::config_conflict, "is of language models", o.layer_wise ? "--layer-wise" : "--window",
                      std::string("a model of type ") + Family::type, "nothing", "leave it out"});
}

/// What ranges and scales are found from, checked against the scored texts and described.
template <class Model>
struct loaded_calibration {
  calibration_source<Model> source;
  std::size_t common_texts = 0;  ///< that are also scored
  json described;
  std::string line;
};

/// Errors  missing_calibration, data_leak; config_conflict for one of other weights; those of the files
template <class Family>
loaded_calibration<typename Family::model_type> load_calibration(Family const& family, std::string const& given,
                                                                 std::string const& option, std::string const& model,
                                                                 std::string const& data, text_source const& scored) {
  using namespace ohmic;
  loaded_calibration<typename Family::model_type> c{read_calibration_source(family, given, model, option), 0, {}, {}};
  auto const& [path, kept, stored, texts] = c.source;
  if (kept) {
    c.common_texts = check_kept_disjoint(stored, path, scored);
    c.described = stored.data;
    c.described["file"] = path.string();
    c.line = fmt::format("{}  (kept ranges and scales)", path.string());
  } else {
    std::set<std::string_view> const seen(texts.source.texts.begin(), texts.source.texts.end()),
        asked(scored.texts.begin(), scored.texts.end());
    c.common_texts = model::check_disjoint(path, seen, data, asked).common;
    c.described = {
        {"path", path.string()}, {"digest", fmt::format("{:016x}", model::data_digest(path))}, {"n", texts.source.n}};
    c.line =
        fmt::format("{}  ({}; {} of its texts also in the data)", path.string(), texts.source.line, c.common_texts);
  }
  c.described["texts_also_scored"] = c.common_texts;
  return c;
}

/// A model with its calibration, ready to be put on one chip after the other.
/// Passes: what runs the texts on the chips, the model or a way of running it (token_by_token).
template <class Model, class Task, class Passes = Model>
class test_bench {
 public:
  /// Finds the values of all sites, which every chip shares. keep: several chips are to come; layer_wise: no copy of the fp32 weights.
  test_bench(Model const& m, Passes const& passes, loaded_calibration<Model> const& calibration,
             kernel_set const& kernels, ohmic::executor& threads, bool keep, bool quiet, bool layer_wise = false)
      : m_(&m),
        passes_(&passes),
        calibration_(&calibration.source),
        kernels_(&kernels),
        weights_(ohmic::model::fp32_weights_of(m, layer_wise)),
        values_(values_of(m, weights_, calibration.source, kernels, threads, quiet)),
        currents_(m, calibration.source.texts.tokens, threads, keep) {}

  /// Frees what only `chip_of` needs.
  void release() { currents_.clear(); }
  [[nodiscard]] ohmic::model::fp32_weights const& weights() const noexcept { return weights_; }
  [[nodiscard]] ohmic::chip::value_ranges const& values() const noexcept { return values_; }

  /// The model on the chip of a request, calibrated.
  /// Errors  as program_chip
  /// with_converters: what they saw is kept too.
  [[nodiscard]] chip_under_test<Passes, Task> chip_of(chip_request const& r, ohmic::chip::progress const& line,
                                                      bool with_converters = false) {
    using namespace ohmic;
    return program_chip(*m_, r, *calibration_, values_, currents_, *kernels_, line,
                        [&](auto chip, chip::current_ranges const* seen) {
                          json converters = json::array();
                          if (with_converters)
                            converters = converters_object(chip.names(), chip.calibrated().full_scales, seen);
                          auto out = under_test<Task>(*passes_, std::move(chip), r.label, chip::product_mode::convert);
                          out.converters = std::move(converters);
                          return out;
                        });
  }

 private:
  Model const* m_;
  Passes const* passes_;
  calibration_source<Model> const* calibration_;
  kernel_set const* kernels_;
  ohmic::model::fp32_weights weights_;
  ohmic::chip::value_ranges values_;
  shared_currents<Model> currents_;
};

}  // namespace program_cli
