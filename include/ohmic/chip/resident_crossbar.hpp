// Crossbars with 8-bit converters that hold all weights: the two straightforward designs that the paper compares with.
#pragma once

#include <array>
#include <string_view>

#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// One 128 x 128 crossbar with 8-bit DACs and one 8-bit ADC.
/// Source  Wang et al. 2024, Fig 2b, gives shares only: DAC 51 %, ADC 45 %, periphery 2 %, register 1 %, memristors 1
///         %. Periphery here:
///         sample and hold of 128 columns and one shift-and-add unit; register: 256 bit, ISAAC's output register an
///         array.
///         The register is a knob chosen after seeing its share (1.2 %).
struct resident_crossbar_block {
  [[nodiscard]] static constexpr auto parts() noexcept {
    return named(part<"dac">(128), part<"adc">(1), part<"resistor_cell">(128 * 128), part<"sample_hold">(128),
                 part<"shift_add">(1), part<"register_bit">(256));
  }
  [[nodiscard]] static auto areas(component_prices const& p, computation_chip_config const& c) noexcept {
    return named(part<"dac">(p.dac_1bit_area * dac_units(c.dac_rule, c.dac_bits)),
                 part<"adc">(p.adc_area * adc_area_factor(c.sense_rule, c.adc_bits)),
                 part<"resistor_cell">(p.cell_area), part<"sample_hold">(p.sample_hold_area),
                 part<"shift_add">(p.shift_add_area), part<"register_bit">(p.register_bit_area));
  }
  [[nodiscard]] static auto prices(component_prices const& p, computation_chip_config const& c) noexcept {
    return part_prices<square_metres>(parts(), areas(p, c));
  }
  [[nodiscard]] static double area_mm2(component_prices const& p, computation_chip_config const& c) noexcept {
    return block_area_mm2(parts(), prices(p, c));
  }

  /// What a MAC takes: a conversion of each of a weight's columns, shared by their 128 rows, and the cells. The fitted
  /// constant is the sum of both at the converter's table price; its rest is what cells take at the resistance that
  /// accuracy demands.
  /// Errors  value where the constant leaves nothing for the cells
  [[nodiscard]] static std::array<energy_per_mac, 2> mac_actions(energy_price const& mac, int cells,
                                                                 component_prices const& p,
                                                                 computation_chip_config const& c) {
    double const conversions = cells / 128.0;
    energy_price rest = mac;
    double const converters = conversions * component_prices{}.adc_conversion.value.si();
    if (mac.value.si() < converters)
      throw error({errc::value, "energy of a MAC is less than that of its conversions", "constants", to_text(mac.value),
                   "at least " + to_text(joules(converters)), "what is above it is taken by the cells"});
    rest.value = joules(mac.value.si() - converters);
    return {{{"adc.convert", conversions, p.adc_conversion * adc_energy_factor(c.sense_rule, c.adc_bits)},
             {"resistor_cell.multiply_accumulate", 1.0, rest}}};
  }
  [[nodiscard]] static double mac_energy_J(energy_price const& mac, int cells, component_prices const& p,
                                           computation_chip_config const& c) {
    double sum = 0.0;
    for (auto const& a : mac_actions(mac, cells, p, c)) sum += a.per_mac * a.each.value.si();
    return sum;
  }

  /// Crossbars for so many weights of `cells` cells each: no remainders, as the printed areas count.
  [[nodiscard]] static double crossbars(double weights, int cells) noexcept {
    return weights * cells / (128.0 * 128.0);
  }

  [[nodiscard]] static cost_report cost(std::string_view name, int cells, energy_price const& mac, workload const& w,
                                        cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(16);
    add_area_rows(out, "crossbar", crossbars(static_cast<double>(w.weights), cells), parts(), prices(s.prices, s.chip));
    add_baseline_energy(out, baseline_work_of(w), w.decode > 0, mac_actions(mac, cells, s.prices, s.chip));
    seconds const cycle = cycle_of_columns(s.chip, 128);
    add_serial_latency(
        out, w, cycle.si(),
        cited<wang_paper, "section 6.3", 13,
              "equal delay: one input vector a cycle (100 ns, and 128 conversions), four serial stages a layer">,
        origin::assumption);
    add_link_rows_by_area(out, w, out.area_mm2(), s.baselines.links());
    // Every weight at work in every vector.
    out.peak_power_W = static_cast<double>(w.weights) * mac_energy_J(mac, cells, s.prices, s.chip) / cycle.si();
    return out;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
