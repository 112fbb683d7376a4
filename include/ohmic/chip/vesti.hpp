// Vesti: cost only; its function is not modelled.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// In-memory computing in SRAM; weights come from off-chip memory in every pass.
/// Source  Yin et al., IEEE TVLSI 28(1), 2020; energy as in Wang et al. 2024, Fig 13, fitted. Area and time are not
///         in the comparison, so they have no rows.
struct vesti {
  static constexpr std::string_view name = "vesti";
  static constexpr std::string_view summary = "in-memory SRAM, weights off chip (energy only)";
  static constexpr std::string_view citation = "Yin et al., IEEE TVLSI 28(1), 2020";

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(8);
    add_baseline_energy(out, baseline_work_of(w), w.decode > 0, {s.constants.vesti_mac, s.constants.vesti_weight});
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
