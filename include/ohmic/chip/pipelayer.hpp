// PipeLayer: cost only; its function is not modelled.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// In-situ arrays with spike-coded inputs, weights resident.
/// Source  Song et al., HPCA 2017; energy as in Wang et al. 2024, Fig 13, fitted. Area and time are not in the
///         comparison, so they have no rows.
struct pipelayer {
  static constexpr std::string_view name = "pipelayer";
  static constexpr std::string_view summary = "in-situ ReRAM arrays, spike-coded inputs (energy only)";
  static constexpr std::string_view citation = "Song et al., HPCA 2017";

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(8);
    add_baseline_energy(out, baseline_work_of(w), w.decode > 0, {s.constants.pipelayer_mac, not_printed<joules>});
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
