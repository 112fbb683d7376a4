// Vesti: cost only; its function is not modelled.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// In-memory computing in SRAM; weights come from off-chip memory in every pass, so one chip runs any model.
/// Area and latency have rows of "not printed, 0": its paper lays out one accelerator of 65 nm for small binary networks, and
/// neither what of it a transformer would take at 32 nm nor its time are in the comparison. A bound stands beside the
/// rows: the time to bring the weights in.
/// Source  Yin et al., Vesti: Energy-Efficient In-Memory Computing Accelerator for Deep Neural Networks, IEEE TVLSI 28(1),
///         2020; energy as in Wang et al. 2024, Fig 13, p. 14, fitted
struct vesti {
  static constexpr std::string_view name = "vesti";
  static constexpr std::string_view summary = "in-memory SRAM, weights off chip (energy, and a bound of the time)";
  static constexpr std::string_view citation = "Yin et al., IEEE TVLSI 28(1), 2020";

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(8);
    constexpr std::string_view
        no_area =
            "not printed, 0: one accelerator laid out at 65 nm (Yin et al. 2020), none in Wang et al., Fig 13, p. 14",
        no_time = "not printed, 0: no time of a transformer (Yin et al. 2020), none in Wang et al., Fig 13, p. 14";
    out.add({metric::area, phase::none, {}, "accelerator", 1.0, 0.0, 0.0, no_area, origin::assumption});
    out.add({metric::latency, phase::prefill, {}, "pass", 1.0, 0.0, 0.0, no_time, origin::assumption});
    if (w.decode > 0) out.add({metric::latency, phase::decode, {}, "pass", 1.0, 0.0, 0.0, no_time, origin::assumption});
    auto const work = baseline_work_of(w);
    add_baseline_energy(out, work, w.decode > 0, s.constants.vesti_mac, s.constants.vesti_weight);
    out.notes.push_back({"chips", 1.0, "chips", "weights pass through, whatever the model's size"});
    constexpr std::string_view meaning = "weights once over a channel of DDR4-3200, 25.6 GB/s (assumed)";
    out.notes.push_back(
        {"bound.off_chip_weights.prefill", work.prefill.weights / s.baselines.vesti_bytes_per_s, "s", meaning});
    if (w.decode > 0)
      out.notes.push_back({"bound.off_chip_weights.decode_per_token",
                           work.decode.weights * w.tokens_per_step() / s.baselines.vesti_bytes_per_s, "s", meaning});
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
