// PRIME: cost only; its function is not modelled.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Processing in the ReRAM main memory, weights resident.
/// Source  Chi et al., ISCA 2016; energy as in Wang et al. 2024, Fig 13, fitted. Area and time are not in the
///         comparison, so they have no rows.
struct prime {
  static constexpr std::string_view name = "prime";
  static constexpr std::string_view summary = "in-situ ReRAM main memory (energy only)";
  static constexpr std::string_view citation = "Chi et al., ISCA 2016";

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(8);
    add_baseline_energy(out, baseline_work_of(w), w.decode > 0, {s.constants.prime_mac, not_printed<joules>});
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
