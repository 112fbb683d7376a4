// A100 as a roofline: cost only, there is no function to model.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Power times peak-rate time, with a time factor and an area factor to 32 nm that the paper does not explain.
/// Source  Wang et al. 2024, Table 10; data sheet of the 40 GB SXM: 624 TOPS INT8, 400 W, 826 mm2, 40 GB at 1555 GB/s
struct a100 {
  static constexpr std::string_view name = "a100";
  static constexpr std::string_view summary = "624 TOPS INT8, 400 W, 826 mm2, roofline";
  static constexpr std::string_view citation = "NVIDIA A100 data sheet, 2020; Wang et al. 2024, Table 10";

  [[nodiscard]] static roofline model(published_constants const& k, baseline_constants const& b = {}) noexcept {
    return {b.a100.operations_per_s,
            b.a100.power,
            b.a100.area,
            k.time_factor,
            k.area_factor,
            b.a100.bytes_per_s,
            cited<wang_paper, "Table 10", 14,
                  "power x peak-rate time; factors fitted on tab10.tpu.energy and tab10.gpu.adp">,
            b.a100.memory_bytes,
            "NVIDIA A100 data sheet, 40 GB SXM: HBM2 of 1555 GB/s"};
  }
  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    return roofline_cost(name, model(s.constants, s.baselines), w);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
