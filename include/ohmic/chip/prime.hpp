// PRIME: cost only; its function is not modelled.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Processing in the ReRAM main memory, weights resident: pairs of mats for the positive and the negative part, two
/// four-bit cells for the eight bits of a weight, inputs in two halves; drivers that double as DACs, sense amplifiers
/// that double as ADCs.
/// Adapted to 8 bits as in the comparison, with ISAAC's component prices: a driver of four bits (three in PRIME) is a
/// DAC by the DAC rule, a sense amplifier of eight bits (six) an ADC. All four products of halves are taken, one a
/// cycle; PRIME leaves out the least of them.
/// Source  Chi et al., ISCA 2016: mats and amplifiers section V-A, p. 10, pairs and halves III-A, III-D, banks and
///         synapses IV-B; energy as in Wang et al. 2024, Fig 13, p. 14, fitted. Areas are not printed there: Fig 12,
///         p. 12, of PRIME gives shares of a mat, and the analog subtraction among them has no price of its own
struct prime {
  static constexpr std::string_view name = "prime";
  static constexpr std::string_view summary = "in-situ ReRAM main memory, 256 x 256 mats of 4-bit cells in pairs";
  static constexpr std::string_view citation = "Chi et al., ISCA 2016";
  static constexpr int mat_rows = 256, mat_columns = 256, amplifiers = 8, cells_per_weight = 2;
  static constexpr int subarrays_per_bank = 2, banks_per_chip = 8, chips_of_memory = 8;
  static constexpr int mats_per_subarray = 128;  // assumed: what 2.7e8 synapses (IV-B) on 64 banks come to
  static constexpr int halves = 2;               ///< of an input, and of a weight
  static constexpr double pair_weights = static_cast<double>(mat_rows) * mat_columns / cells_per_weight;
  static constexpr double chip_weights = pair_weights * mats_per_subarray / 2.0 * subarrays_per_bank * banks_per_chip;

  /// A positive and a negative mat behind one set of drivers.
  [[nodiscard]] static constexpr auto pair_parts() noexcept {
    return named(part<"driver">(mat_rows), part<"sense_amplifier">(2 * amplifiers),
                 part<"memory_cell">(2 * mat_rows * mat_columns), part<"subtractor">(mat_columns));
  }
  [[nodiscard]] static auto areas(component_prices const& p, computation_chip_config const& c) noexcept {
    auto const priced = [](area_price v, std::string_view source) {
      return area_price{v.value, source, origin::assumption};
    };
    return named(part<"driver">(priced(
                     p.dac_1bit_area * dac_units(c.dac_rule, 4),
                     cited<isaac_paper, "Table I", 8, "a 4-bit DAC by the DAC rule (assumed for PRIME's driver)">)),
                 part<"sense_amplifier">(
                     priced(p.adc_area * adc_area_factor(c.sense_rule, c.adc_bits),
                            cited<isaac_paper, "Table I", 8, "an 8-bit ADC (assumed for PRIME's sense amplifier)">)),
                 part<"memory_cell">(p.cell_area), part<"subtractor">(not_printed<square_metres>));
  }
  /// Mats of a matrix (inner, outputs) with its remainders: two cells a weight side by side, a bias as one more row.
  [[nodiscard]] static constexpr std::uint64_t mats(product_shape const& p, bool bias = false) noexcept {
    return 2 * pieces(p.inner + (bias ? 1 : 0), mat_rows) * pieces(p.outputs * cells_per_weight, mat_columns);
  }
  /// Mats of the whole memory that can compute.
  static constexpr std::uint64_t memory_mats =
      std::uint64_t{mats_per_subarray} * subarrays_per_bank * banks_per_chip * chips_of_memory;

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(16);
    auto const parts = pair_parts();
    double const weights = static_cast<double>(w.weights);
    add_area_rows(out, "pair_of_mats", std::ceil(weights / pair_weights), parts,
                  part_prices<square_metres>(parts, areas(s.prices, s.chip)));
    add_baseline_energy(out, baseline_work_of(w), w.decode > 0, s.constants.prime_mac);
    add_serial_latency(out, w, halves * halves * s.chip.cycle.si(),
                       "four cycles an input vector, halves by halves; the cycle of the comparison (assumed)",
                       origin::assumption);
    chip_link link =
        s.baselines.links(cited<prime_paper, "Table IV", 10,
                                "533 MHz IO bus, 64 bits at both edges (width assumed); energy of ISAAC's links">);
    link.bytes_per_s = s.baselines.prime_bus_bytes_per_s;
    add_link_rows(out, w, std::ceil(weights / chip_weights), link);
    // Every pair of mats at work in every vector.
    out.peak_power_W = weights * s.constants.prime_mac.value.si() / (halves * halves * s.chip.cycle.si());
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
