// The single-bit crossbar baseline: settings of its arrays, and its cost.
#pragma once

#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/chip/resident_crossbar.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Seven bit planes of two cells (+, -) per weight. Seven, not eight, planes: a knob chosen after seeing the printed
/// areas.
/// Source  Wang et al. 2024, section 6.3, Fig 12; energy a MAC fitted on the printed mean ratio
struct single_bit : in_situ_chip {
  static constexpr std::string_view name = "single_bit";
  static constexpr std::string_view summary = "seven bit planes of two 1-bit cells a weight, 8-bit DACs";
  static constexpr std::string_view citation = "Wang et al. 2024, Fig 12";
  static constexpr int cells = 7 * 2;

  /// Departures from the defaults of the slots; inputs and converters as those of multi_bit.
  template <class Config>
  static void configure(Config& c) {
    c.weights = {in_situ::mapping::differential, 8, {1, 1, 1, 1, 1, 1, 1}, in_situ::pair_reading::apart, false};
    c.inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::one};
  }

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    return resident_crossbar_block::cost(name, cells, s.constants.single_bit_mac, w, s);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
