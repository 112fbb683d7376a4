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
    if (kept_.size() >= most_kept) kept_.clear();  // a set has a histogram for every site and digit
    return keep_ ? kept_.emplace(key, std::move(currents)).first->second : last_ = std::move(currents);
  }

  void clear() {
    kept_.clear();
    last_.clear();
  }

 private:
  static constexpr std::size_t most_kept = 16;

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

/// What ranges and scales are found from: kept ones, or texts.
struct loaded_calibration {
  std::filesystem::path path;
  bool kept = false;
  calibration_file stored;       ///< if kept
  calibration_texts texts;       ///< otherwise
  std::size_t common_texts = 0;  ///< that are also scored
  json described;
  std::string line;
};

/// Errors  missing_calibration, data_leak; config_conflict for one of other weights; those of the files
template <class Family>
loaded_calibration load_calibration(Family const& family, ohmic::program::site_names const& names,
                                    std::string const& given, std::string const& model, std::string const& data,
                                    text_source const& scored) {
  using namespace ohmic;
  loaded_calibration c;
  c.path = calibration_path(given, model, Family::default_calibration);
  c.kept = c.path.extension() == ".json";
  if (c.kept) {
    c.stored = read_calibration(c.path, names);
    if (std::string const digest = weights_digest(family.model()); digest != c.stored.model_digest)
      throw error({errc::config_conflict, "was made for other weights", model::place(c.path), c.stored.model_digest,
                   digest, "calibrate this model"});
    c.common_texts = check_kept_disjoint(c.stored, c.path, scored);
    c.described = c.stored.data;
    c.described["file"] = c.path.string();
    c.line = fmt::format("{}  (kept ranges and scales)", c.path.string());
  } else {
    c.texts = family.calibration(c.path);
    std::set<std::string_view> const seen(c.texts.source.texts.begin(), c.texts.source.texts.end()),
        asked(scored.texts.begin(), scored.texts.end());
    c.common_texts = model::check_disjoint(c.path, seen, data, asked).common;
    c.described = {{"path", c.path.string()},
                   {"digest", fmt::format("{:016x}", model::content_digest(c.path))},
                   {"n", c.texts.source.n}};
    c.line =
        fmt::format("{}  ({}; {} of its texts also in the data)", c.path.string(), c.texts.source.line, c.common_texts);
  }
  c.described["texts_also_scored"] = c.common_texts;
  return c;
}

/// A model with its calibration, ready to be put on one chip after the other.
template <class Model, class Task>
class test_bench {
 public:
  /// Finds the values of all sites, which every chip shares. keep: several chips are to come.
  test_bench(Model const& m, loaded_calibration const& calibration, kernel_set const& kernels, ohmic::executor& threads,
             bool keep, bool quiet)
      : m_(&m),
        calibration_(&calibration),
        kernels_(&kernels),
        weights_(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); }),
        values_(sites_of(m)),
        currents_(m, calibration.texts.tokens, threads, keep) {
    if (calibration.kept) {
      values_ = calibration.stored.chips.begin()->second.values;
    } else {
      progress_line line("calibrating values", quiet);
      values_ =
          ohmic::chip::calibrated_values(m, weights_, calibration.texts.tokens, threads, std::ref(line), kernels.fp32);
    }
  }

  /// Frees what only `chip_of` needs.
  void release() { currents_.clear(); }
  [[nodiscard]] ohmic::model::fp32_weights const& weights() const noexcept { return weights_; }
  [[nodiscard]] ohmic::chip::value_ranges const& values() const noexcept { return values_; }

  /// The model on the chip of a request, calibrated.
  /// Errors  those of the settings and the weights; missing_calibration where none is kept for these settings
  /// with_converters: what they saw is kept too.
  [[nodiscard]] chip_under_test<Model, Task> chip_of(chip_request const& r, ohmic::chip::progress const& line,
                                                     bool with_converters = false) {
    using namespace ohmic;
    return std::visit(
        [&](auto const& settings) {
          auto const& kernel = kernels_for(*kernels_, settings);
          auto const tested = [&](auto chip, ohmic::chip::current_ranges const* seen) {
            json converters = json::array();
            if (with_converters) converters = converters_object(chip.names(), chip.calibrated().full_scales, seen);
            auto out = under_test<Task>(*m_, std::move(chip), r.label, chip::product_mode::convert);
            out.converters = std::move(converters);
            return out;
          };
          if (calibration_->kept) {
            auto const& of_chip = calibration_for(calibration_->stored, r.base, print(ohmic::chip::design_of(settings)),
                                                  calibration_->path);
            return tested(chip::deploy(*m_, settings, of_chip, kernel), nullptr);
          }
          auto chip = chip::programmed(*m_, settings, values_, kernel);
          auto const& seen =
              chip::is_design(settings)
                  ? currents_.of(chip, line)
                  : currents_.of(chip::programmed(*m_, chip::design_of(settings), values_, kernel), line);
          chip.set_converters(seen);
          return tested(std::move(chip), &seen);
        },
        settings_of(r));
  }

 private:
  Model const* m_;
  loaded_calibration const* calibration_;
  kernel_set const* kernels_;
  ohmic::model::fp32_weights weights_;
  ohmic::chip::value_ranges values_;
  shared_currents<Model> currents_;
};

}  // namespace program_cli
