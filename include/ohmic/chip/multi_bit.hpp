// The multi-bit crossbar baseline: settings of its arrays, and its cost.
#pragma once

#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/chip/resident_crossbar.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Two 8-bit cells (+, -) per weight, all weights resident. Rows are driven both ways by 8-bit DACs (assumed: the paper
/// does not say how inputs get their sign), both columns are converted by 8-bit converters whose ranges are calibrated:
/// two conversions for the weights of a column.
/// Source  Wang et al. 2024, sections 3 and 6.3; energy a MAC fitted on one row of Fig 12b
struct multi_bit : in_situ_chip {
  static constexpr std::string_view name = "multi_bit";
  static constexpr std::string_view summary = "two 8-bit cells a weight, all weights resident, 8-bit DACs";
  static constexpr std::string_view citation = "Wang et al. 2024, Fig 2b and 12";
  static constexpr int cells = 2;

  /// Departures from the defaults of the slots. A pair keeps the sign, so that its cells hold 7 bits.
  template <class Config>
  static void configure(Config& c) {
    c.weights = {in_situ::mapping::differential, 8, {7}, in_situ::pair_reading::apart, false};
    c.inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::one};
  }

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    return resident_crossbar_block::cost(name, cells, s.constants.multi_bit_mac, w, s);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
