// TPUv4 as a roofline: cost only, there is no function to model.
#pragma once

#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Power times peak-rate time, with a time factor and an area factor to 32 nm that the paper does not explain.
/// Source  Wang et al. 2024, section 6.5, p. 14: 275 TOPS, there at 170 W; 192 W is the maximum (Jouppi et al., ISCA
///         2023), taken here; Google Cloud, TPU v4: 32 GiB of HBM2 at 1200 GBps. Area 400 mm2 is assumed
struct tpuv4 {
  static constexpr std::string_view name = "tpuv4";
  static constexpr std::string_view summary = "275 TOPS INT8, 192 W, roofline";
  static constexpr std::string_view citation = "Jouppi et al., ISCA 2023; Wang et al. 2024, Table 10";

  [[nodiscard]] static roofline model(published_constants const& k, baseline_constants const& b = {}) noexcept {
    return {b.tpuv4.operations_per_s,
            b.tpuv4.power,
            b.tpuv4.area,
            k.time_factor,
            k.area_factor,
            b.tpuv4.bytes_per_s,
            cited<wang_paper, "Table 10", 14,
                  "power x peak-rate time; factors fitted on tab10.tpu.energy and tab10.gpu.adp">,
            b.tpuv4.memory_bytes,
            "Google Cloud, TPU v4: HBM2 of 32 GiB, 1200 GBps"};
  }
  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    return roofline_cost(name, model(s.constants, s.baselines), w);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
