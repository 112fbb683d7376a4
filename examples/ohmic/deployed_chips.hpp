// Calibrating a model of any family, and programming it on int8 and on chips one after the other.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "calibration_file.hpp"
#include "chips.hpp"
#include "deployment.hpp"
#include "kernels.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/model/file.hpp"
#include "progress.hpp"

namespace program_cli {

/// Calibration texts as a family reads them.
template <class Input>
struct texts_of {
  std::vector<Input> tokens;
  text_source source;
};
using calibration_texts = texts_of<std::vector<std::int32_t>>;

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
  shared_currents(Model const& m, ohmic::model::inputs_of<Model> const& texts, ohmic::executor& threads, bool keep)
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
  ohmic::model::inputs_of<Model> const* texts_;
  ohmic::executor* threads_;
  bool keep_;
  std::map<std::string, ohmic::chip::current_ranges> kept_;
  ohmic::chip::current_ranges last_;
};

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
template <class Input>
auto passes_by_length(std::vector<Input> const& texts) {
  using ohmic::model::length_of;
  std::map<decltype(length_of(texts.front())), std::uint64_t> lengths;
  for (auto const& t : texts) ++lengths[length_of(t)];
  return lengths;
}

/// The file that an option or key gives, or the one that lies beside the model. or_kept: ranges of an earlier one are taken, too
/// Errors  file_missing, missing_calibration, naming the option
inline std::filesystem::path calibration_path(std::string const& given, std::string const& model,
                                              char const* beside_name, std::string const& option, bool or_kept = true) {
  std::error_code none;
  if (!given.empty() && std::filesystem::status(given, none).type() == std::filesystem::file_type::not_found)
    throw ohmic::error(
        {ohmic::errc::file_missing, "no such file", option, ohmic::in_quotes(given),
         std::string("a file of texts that are not scored") + (or_kept ? ", or .json of ohmic calibrate --output" : ""),
         "check the path"});
  if (!given.empty()) return given;
  std::filesystem::path const beside = std::filesystem::path(model) / beside_name;
  if (std::filesystem::exists(beside)) return beside;
  throw ohmic::error({ohmic::errc::missing_calibration, "no calibration data", option,
                      "nothing, and no " + beside.string(), "a file of texts that are not scored", "give one"});
}

/// Calibration data of a run: texts, or the ranges that were kept of them.
template <class Model>
struct calibration_source {
  std::filesystem::path path;
  bool kept = false;
  calibration_file stored{};
  texts_of<ohmic::model::input_of<Model>> texts{};
};

/// Errors  those of the file; config_conflict for ranges of other weights
template <class Family>
auto read_calibration_source(Family const& family, std::string const& given, std::string const& folder,
                             std::string const& option) {
  using namespace ohmic;
  calibration_source<typename Family::model_type> c{
      calibration_path(given, folder, Family::default_calibration, option)};
  c.kept = c.path.extension() == ".json";
  if (!c.kept) {
    c.texts = family.calibration(c.path);
    return c;
  }
  auto const& m = family.model();
  c.stored = read_calibration(c.path, sites_of(m));
  if (std::string const digest = weights_digest(m); digest != c.stored.model_digest)
    throw error({errc::config_conflict, "was made for other weights", model::place(c.path), c.stored.model_digest,
                 digest, "calibrate this model"});
  return c;
}

/// The chip, whose rows go through the kernels of this set too.
template <class Spec>
ohmic::chip::deployed<Spec> with_rows(ohmic::chip::deployed<Spec> chip, kernel_set const& k) {
  chip.run_rows_with(*k.fp32.rows);
  return chip;
}

/// The ranges of a model's values: kept ones, or found in the calibration texts.
template <class Model>
ohmic::chip::value_ranges values_of(Model const& m, ohmic::model::fp32_weights const& weights,
                                    calibration_source<Model> const& calibration, kernel_set const& kernels,
                                    ohmic::executor& threads, bool quiet) {
  if (calibration.kept) return calibration.stored.chips.begin()->second.values;
  progress_line line("calibrating values", quiet);
  return ohmic::chip::calibrated_values(m, weights, calibration.texts.tokens, threads, std::ref(line), kernels.fp32);
}

/// Programs the model on the chip of a request and sets its converters: use(deployed, currents that they saw, or null).
/// Errors  those of the settings and the weights; missing_calibration where none is kept for these settings
template <class Model, class Use>
auto program_chip(Model const& m, chip_request const& r, calibration_source<Model> const& calibration,
                  ohmic::chip::value_ranges const& values, shared_currents<Model>& currents, kernel_set const& kernels,
                  ohmic::chip::progress const& line, Use const& use) {
  using namespace ohmic;
  return std::visit(
      [&](auto const& settings) {
        auto const& kernel = kernels_for(kernels, settings);
        if (calibration.kept) {
          auto const& of_chip =
              calibration_for(calibration.stored, r.base, print(ohmic::chip::design_of(settings)), calibration.path);
          return use(with_rows(chip::deploy(m, settings, of_chip, kernel), kernels),
                     static_cast<chip::current_ranges const*>(nullptr));
        }
        auto chip = with_rows(chip::programmed(m, settings, values, kernel), kernels);
        auto const& seen =
            chip::is_design(settings)
                ? currents.of(chip, line)
                : currents.of(with_rows(chip::programmed(m, chip::design_of(settings), values, kernel), kernels), line);
        chip.set_converters(seen);
        return use(std::move(chip), &seen);
      },
      settings_of(r));
}

/// Programs int8 and the chips of some requests one after the other: use(deployed, label, mode).
template <class Model, class Use>
void for_each_chip(Model const& m, ohmic::model::fp32_weights const& weights,
                   calibration_source<Model> const& calibration, std::vector<chip_request> const& requests,
                   kernel_set const& kernels, ohmic::executor& threads, bool quiet, Use const& use) {
  using namespace ohmic;
  auto const values = values_of(m, weights, calibration, kernels, threads, quiet);
  use(with_rows(chip::programmed(m, int8_settings(requests.front()), values, *kernels.products), kernels), "int8",
      chip::product_mode::exact);
  shared_currents<Model> currents(m, calibration.texts.tokens, threads, requests.size() > 2);
  for (auto const& r : requests) {
    progress_line line("calibrating " + r.label, quiet);
    program_chip(
        m, r, calibration, values, currents, kernels, std::ref(line),
        [&](auto chip, chip::current_ranges const*) { use(std::move(chip), r.label, chip::product_mode::convert); });
  }
}

}  // namespace program_cli
