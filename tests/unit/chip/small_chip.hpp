// A small model on a chip, calibrated: what the tests of this folder start from.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/model/encoder.hpp"
#include "ohmic/model/task.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/small_bert.hpp"

namespace ohmic_test {

/// Scale factors other than the paper's.
struct chip_of_base_3 : ohmic::chip::wang2024 {
  static constexpr int scale = 1;
};
struct chip_of_base_15 : ohmic::chip::wang2024 {
  static constexpr int scale = 3;
};
struct chip_of_base_255 : ohmic::chip::wang2024 {
  static constexpr int scale = 7;
};

inline ohmic::executor& serial() {
  static ohmic::executor one(1);
  return one;
}

/// BERT with a task of its kind; the tests look at predictions, so that all labels are 0.
using classifier_contestant = ohmic::chip::contestant<ohmic::model::bert, ohmic::model::classify_task>;
using classifier_outcome = ohmic::chip::outcome<std::size_t>;
inline ohmic::model::classify_task classification(ohmic::chip::token_lists const& texts) {
  return {texts, std::vector<std::size_t>(texts.size(), 0)};
}

/// A model with its reference weights, texts to calibrate on, and what they say about its values.
struct small_model {
  ohmic::model::bert m;
  ohmic::model::fp32_weights weights;
  ohmic::chip::token_lists calibration;
  ohmic::chip::value_ranges values;

  explicit small_model(ohmic::model::bert const& from = small_bert())
      : m(from),
        weights(ohmic::model::sites_of(m).sites(), [this](auto const& f) { ohmic::model::for_each_projection(m, f); }),
        calibration(small_texts(m.config, 6, 77)),
        values(ohmic::chip::calibrated_values(m, weights, calibration, serial())) {}

  template <class Spec>
  [[nodiscard]] ohmic::chip::deployed<Spec> on(ohmic::chip::config<Spec> const& settings,
                                               ohmic::executor& threads = serial()) const {
    return ohmic::chip::deploy<Spec>(m, settings, values, calibration, threads);
  }
  [[nodiscard]] ohmic::program::site_names names() const { return ohmic::model::sites_of(m); }
};

/// One text through a chip.
template <class Spec>
struct chip_pass {
  std::vector<float> logits;
  ohmic::model::recording seen;
  ohmic::chip::run_report report;

  chip_pass(ohmic::chip::deployed<Spec> const& chip, ohmic::model::bert const& m, std::vector<std::int32_t> const& ids,
            ohmic::chip::product_mode mode)
      : seen(chip.names().sites()) {
    ohmic::chip::engine<Spec> e(chip, mode, serial(), &seen);
    logits = ohmic::model::classify(e, m, ids);
    report = e.report();
  }
};

inline std::vector<std::uint32_t> bits_of(std::vector<float> const& values) {
  std::vector<std::uint32_t> bits;
  for (float v : values) bits.push_back(std::bit_cast<std::uint32_t>(v));
  return bits;
}

/// Empty if the reports say the same, else the first site or count that differs.
inline std::string report_difference(ohmic::chip::run_report const& a, ohmic::chip::run_report const& b,
                                     ohmic::program::site_names const& names) {
  auto const actions = ohmic::difference(a.actions(names), b.actions(names));
  if (!actions.empty()) return actions;
  for (std::size_t i = 0; i < names.sites(); ++i)
    if (a.sites[i].clipped_currents != b.sites[i].clipped_currents ||
        a.sites[i].clipped_values != b.sites[i].clipped_values || a.sites[i].coded_values != b.sites[i].coded_values)
      return "counts of " + names.name(i);
  bool const same = a.softmax_rows == b.softmax_rows && a.empty_softmax_rows == b.empty_softmax_rows &&
                    a.saturated_scores == b.saturated_scores && a.clamped_variances == b.clamped_variances;
  return same ? "" : "counts of softmax or variance";
}

}  // namespace ohmic_test
