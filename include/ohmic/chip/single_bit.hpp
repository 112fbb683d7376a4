// The single-bit crossbar baseline: cost only; its function comes with the in-situ arrays.
#pragma once

#include "ohmic/chip/resident_crossbar.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Seven bit planes of two cells (+, -) per weight. Seven, not eight, planes: a knob chosen after seeing the printed
/// areas.
/// Source  Wang et al. 2024, section 6.3, Fig 12; energy a MAC fitted on the printed mean ratio
struct single_bit {
  static constexpr std::string_view name = "single_bit";
  static constexpr std::string_view summary = "seven bit planes of two 1-bit cells a weight (cost only)";
  static constexpr std::string_view citation = "Wang et al. 2024, Fig 12";
  static constexpr int cells = 7 * 2;

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    return resident_crossbar_block::cost(name, cells, s.constants.single_bit_mac, w, s);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
