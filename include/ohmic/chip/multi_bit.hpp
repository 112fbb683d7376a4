// The multi-bit crossbar baseline: cost only; its function comes with the in-situ arrays.
#pragma once

#include "ohmic/chip/resident_crossbar.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Two 8-bit cells (+, -) per weight, all weights resident.
/// Source  Wang et al. 2024, sections 3 and 6.3; energy a MAC fitted on one row of Fig 12b
struct multi_bit {
  static constexpr std::string_view name = "multi_bit";
  static constexpr std::string_view summary = "two 8-bit cells a weight, all weights resident (cost only)";
  static constexpr std::string_view citation = "Wang et al. 2024, Fig 2b and 12";
  static constexpr int cells = 2;

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    return resident_crossbar_block::cost(name, cells, s.constants.multi_bit_mac, w, s);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
