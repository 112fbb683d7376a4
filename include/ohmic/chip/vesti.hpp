// Vesti: cost only; its function is not modelled.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// In-memory computing in SRAM; weights come from off-chip memory in every pass, so one chip runs any model.
/// No area and no latency: its paper has one chip of 65 nm, and neither its arrays nor its time are in the comparison. A
/// bound stands beside the rows: the time to bring the weights in.
/// Source  Yin et al., IEEE TVLSI 28(1), 2020; energy as in Wang et al. 2024, Fig 13, fitted
struct vesti {
  static constexpr std::string_view name = "vesti";
  static constexpr std::string_view summary = "in-memory SRAM, weights off chip (energy, and a bound of the time)";
  static constexpr double off_chip_bytes_per_s = 25.6e9;  // assumed: 3200 MT/s of 64 bits, JEDEC JESD79-4
  static constexpr std::string_view citation = "Yin et al., IEEE TVLSI 28(1), 2020";

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(8);
    auto const work = baseline_work_of(w);
    add_baseline_energy(out, work, w.decode > 0, s.constants.vesti_mac, s.constants.vesti_weight);
    out.notes.push_back({"chips", 1.0, "chips", "weights pass through, whatever the model's size"});
    constexpr std::string_view meaning = "weights once over a channel of DDR4-3200, 25.6 GB/s (assumed)";
    out.notes.push_back({"bound.off_chip_weights.prefill", work.prefill.weights / off_chip_bytes_per_s, "s", meaning});
    if (w.decode > 0)
      out.notes.push_back({"bound.off_chip_weights.decode_per_token",
                           work.decode.weights * w.tokens_per_step() / off_chip_bytes_per_s, "s", meaning});
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
