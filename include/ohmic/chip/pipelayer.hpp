// PipeLayer: cost only; its function is not modelled.
#pragma once

#include <cmath>
#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// In-situ arrays with spike-coded inputs, weights resident: four-bit cells, positive and negative arrays apart, one
/// time slot a bit of the input; integrate-and-fire circuits instead of converters.
/// Adapted to 8 bits as in the comparison: two cells a weight and sign, eight slots. PipeLayer prints no component
/// areas; the area of an array here is its own printed operations a second and mm2, turned around with all arrays busy.
/// Memory subarrays, drivers and counters are in that figure.
/// Source  Song et al., HPCA 2017: slots and read latency section 6.2, p. 9 (549), resolution 5.1, p. 8 (548),
///         efficiencies and area 6.6, p. 11 (551); energy as in Wang et al. 2024, Fig 13, p. 14, fitted. The node is not
///         printed
struct pipelayer {
  static constexpr std::string_view name = "pipelayer";
  static constexpr std::string_view summary = "in-situ ReRAM arrays of 128 x 128 4-bit cells, spike-coded inputs";
  static constexpr std::string_view citation = "Song et al., HPCA 2017";
  static constexpr int rows = 128, columns = 128, cell_bits = 4, own_bits = 16, bits = 8;

  /// Weights of so many bits that an array holds; a sign is a second array.
  [[nodiscard]] static constexpr double array_weights(int of_bits) noexcept {
    return static_cast<double>(rows) * columns * cell_bits / (2.0 * of_bits);
  }
  /// Operations a second of one array that is always busy.
  [[nodiscard]] static double array_operations_per_s(int of_bits, baseline_constants const& k = {}) noexcept {
    return 2.0 * array_weights(of_bits) / (of_bits * k.pipelayer_slot.si());
  }
  [[nodiscard]] static double array_mm2(baseline_constants const& k = {}) noexcept {
    return array_operations_per_s(own_bits, k) / (k.pipelayer_GOPS_mm2 * 1e9);
  }
  [[nodiscard]] static double array_W(baseline_constants const& k = {}) noexcept {
    return array_mm2(k) * k.pipelayer_GOPS_mm2 / k.pipelayer_GOPS_W;
  }

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(16);
    double const arrays = std::ceil(static_cast<double>(w.weights) / array_weights(bits));
    double const each_mm2 = array_mm2(s.baselines);
    area_price const array{mm2(each_mm2),
                           cited<pipelayer_paper, "section 6.6", 11,
                                 "1485 GOPS/s/mm2 at 16 bits, all arrays busy (assumed); node not printed">,
                           origin::assumption};
    auto const parts = named(part<"array">(1));
    add_area_rows(out, "morphable_subarray", arrays, parts,
                  part_prices<square_metres>(parts, named(part<"array">(array))));
    add_baseline_energy(out, baseline_work_of(w), w.decode > 0, s.constants.pipelayer_mac);
    add_serial_latency(out, w, bits * s.baselines.pipelayer_slot.si(),
                       cited<pipelayer_paper, "section 6.2", 9,
                             "eight spikes of 29.31 ns an input vector, four serial stages a layer">,
                       origin::assumption);
    add_link_rows(out, w, std::ceil(arrays * each_mm2 / s.baselines.pipelayer_chip_mm2),
                  s.baselines.links("links of ISAAC, assumed: PipeLayer prints none"));
    out.peak_power_W = arrays * array_W(s.baselines);
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
