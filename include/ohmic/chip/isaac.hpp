// ISAAC: settings of its arrays, and its cost.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/chip/published.hpp"
#include "ohmic/cost/baseline.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// In-situ arrays of two-bit cells, bit-serial inputs, one 8-bit converter an array; IMAs, tiles, chips linked by
/// HyperTransport.
/// Here with 8-bit weights (four cells) and 8-bit inputs (eight cycles), as the comparison takes it. Weights are biased
/// by 128, columns flipped and read back with the unit column: 8 bits then read every current, so that its numbers are
/// those of INT8. Attention is not treated by the paper: K and V are written into arrays like weights, sums of one operand
/// are digital.
/// Source  Shafiee et al., ISCA 2016, Table I, p. 8; energy as in Wang et al. 2024, Fig 13, p. 14: ADC and DAC power of
///         the IMA alone
struct isaac : in_situ_chip {
  static constexpr std::string_view name = "isaac";
  static constexpr std::string_view summary =
      "in-situ 128 x 128 arrays, 2-bit cells, bit-serial inputs, flipped columns";
  static constexpr std::string_view citation = "Shafiee et al., ISCA 2016";
  static constexpr int imas_per_tile = 12, tiles_per_chip = 168, arrays_per_ima = 8, cells_per_weight = 4,
                       input_bits = 8;
  static constexpr seconds cycle{100e-9};

  /// Departures from the defaults of the slots.
  template <class Config>
  static void configure(Config& c) {
    c.weights = {in_situ::mapping::offset_unit_column, 8, {2, 2, 2, 2}, in_situ::pair_reading::apart, true};
    c.inputs = {in_situ::code_coding::twos_complement, 1, in_situ::input_passes::one};
    c.range.rule = range_rule::full_scale;
  }

  /// Weights that an IMA and a chip hold.
  static constexpr double ima_weights = arrays_per_ima * 128.0 * 128.0 / cells_per_weight;
  static constexpr double chip_weights = ima_weights * imas_per_tile * tiles_per_chip;

  [[nodiscard]] static constexpr auto ima_parts() noexcept {
    return named(part<"adc">(8), part<"dac_1bit">(1024), part<"sample_hold">(1024), part<"memristor_array">(8),
                 part<"shift_add">(4), part<"input_register">(1), part<"output_register">(1));
  }
  /// Without its IMAs; a router serves four tiles.
  [[nodiscard]] static constexpr auto tile_parts() noexcept {
    return named(part<"edram_buffer">(1), part<"edram_ima_bus">(1), part<"router">(0.25), part<"sigmoid">(2),
                 part<"tile_shift_add">(1), part<"max_pool">(1), part<"tile_output_register">(1));
  }
  [[nodiscard]] static constexpr auto chip_parts() noexcept { return named(part<"hyper_transport">(4)); }

  [[nodiscard]] static auto areas(component_prices const& p, baseline_constants const& k = {}) noexcept {
    return named(part<"adc">(p.adc_area), part<"dac_1bit">(p.dac_1bit_area), part<"sample_hold">(p.sample_hold_area),
                 part<"memristor_array">(p.cell_area * 16384.0), part<"shift_add">(p.shift_add_area),
                 part<"input_register">(p.register_bit_area * 16384.0),
                 part<"output_register">(p.output_register_bit_area * 2048.0),
                 part<"edram_buffer">(p.edram_kB_area * 64.0), part<"edram_ima_bus">(k.isaac_bus_area),
                 part<"router">(k.isaac_router_area), part<"sigmoid">(p.sigmoid_area),
                 part<"tile_shift_add">(k.isaac_tile_shift_add_area), part<"max_pool">(k.isaac_max_pool_area),
                 part<"tile_output_register">(k.isaac_tile_output_register_area),
                 part<"hyper_transport">(k.hyper_transport_area));
  }
  /// Powers of busy parts, which is how Table I prints them.
  [[nodiscard]] static auto powers(component_prices const& p, baseline_constants const& k = {}) noexcept {
    return named(part<"adc">(p.adc_power), part<"dac_1bit">(p.dac_1bit_power),
                 part<"sample_hold">(k.isaac_sample_hold_power), part<"memristor_array">(p.array_power),
                 part<"shift_add">(k.isaac_shift_add_power), part<"input_register">(k.isaac_input_register_power),
                 part<"output_register">(k.isaac_output_register_power), part<"edram_buffer">(k.isaac_edram_power),
                 part<"edram_ima_bus">(k.isaac_bus_power), part<"router">(k.isaac_router_power),
                 part<"sigmoid">(k.isaac_sigmoid_power), part<"tile_shift_add">(k.isaac_tile_shift_add_power),
                 part<"max_pool">(k.isaac_max_pool_power),
                 part<"tile_output_register">(k.isaac_tile_output_register_power),
                 part<"hyper_transport">(k.hyper_transport_power));
  }

  /// Area in mm2 and power in W of one IMA, tile, chip.
  struct figure {
    double area_mm2 = 0.0;
    double power_W = 0.0;
  };
  [[nodiscard]] static figure ima(component_prices const& p = {}, baseline_constants const& k = {}) noexcept {
    return figure_of(ima_parts(), p, k);
  }
  [[nodiscard]] static figure tile(component_prices const& p = {}, baseline_constants const& k = {}) noexcept {
    return sum(figure_of(tile_parts(), p, k), ima(p, k), imas_per_tile);
  }
  [[nodiscard]] static figure whole_chip(component_prices const& p = {}, baseline_constants const& k = {}) noexcept {
    return sum(figure_of(chip_parts(), p, k), tile(p, k), tiles_per_chip);
  }

  /// What a MAC takes of the parts of an IMA: their power over the cycles of an input, shared by its weights. The
  /// comparison counts the ADC and the DAC alone; bottom up all of Table I's parts are there.
  [[nodiscard]] static std::array<energy_per_mac, 7> mac_actions(component_prices const& p, bool all,
                                                                 baseline_constants const& k = {}) noexcept {
    std::array<energy_per_mac, 7> out;
    auto const parts = ima_parts();
    auto const busy = part_prices<watts>(parts, powers(p, k));
    double const cycles = input_bits / ima_weights;  // of an IMA, a MAC
    std::size_t i = 0;
    for_each_part(parts, [&](std::string_view name, auto const& count) {
      bool const counted = all || name == "adc" || name == "dac_1bit";
      energy_price const each{busy[i].value * cycle, busy[i].source, busy[i].from};
      out[i++] = {name, static_cast<double>(count) * cycles, counted ? each : left_out};
    });
    // A converter takes a column after the other in a cycle.
    out[0] = {"adc.convert", out[0].per_mac * 128.0, out[0].each * (1.0 / 128.0)};
    out[1].name = "dac.drive";
    out[3].name = "memristor_array.cycle";
    return out;
  }
  static constexpr energy_price left_out{joules(0.0), "left out of the printed energies, 0", origin::assumption};

  /// ADC and DAC of an IMA over the cycles of an input, shared by the MACs that they make.
  [[nodiscard]] static energy_price mac_energy(component_prices const& p) noexcept {
    double const power = 8.0 * p.adc_power.value.si() + 1024.0 * p.dac_1bit_power.value.si();
    return {joules(power * input_bits * cycle.si() / ima_weights),
            cited<isaac_paper, "Table I", 8, "ADC and DAC power of an IMA over 8 cycles of 100 ns">, origin::table};
  }
  /// Area of the IMAs that a number of weights fills: what Fig 14 compares with.
  [[nodiscard]] static double ima_area_mm2(double weights, component_prices const& p) noexcept {
    return weights / ima_weights * ima(p).area_mm2;
  }

  [[nodiscard]] static cost_report cost(workload const& w, cost_settings const& s) {
    cost_report out;
    out.chip = name;
    out.rows.reserve(32);
    double const imas = std::ceil(static_cast<double>(w.weights) / ima_weights),
                 tiles = std::ceil(imas / imas_per_tile), chips = std::ceil(tiles / tiles_per_chip);
    add_area_rows(out, "ima", imas, ima_parts(), part_prices<square_metres>(ima_parts(), areas(s.prices, s.baselines)));
    add_area_rows(out, "tile", tiles, tile_parts(),
                  part_prices<square_metres>(tile_parts(), areas(s.prices, s.baselines)));
    add_area_rows(out, "chip", chips, chip_parts(),
                  part_prices<square_metres>(chip_parts(), areas(s.prices, s.baselines)));
    auto const work = baseline_work_of(w);
    bool const all = s.choice.prices == price_set::bottom_up;
    add_baseline_energy(out, work, w.decode > 0, mac_actions(s.prices, all, s.baselines));
    for (bool set : {false, true}) {
      double mac = 0.0;
      for (auto const& a : mac_actions(s.prices, set, s.baselines)) mac += a.per_mac * a.each.value.si();
      std::string_view const meaning = set ? "all parts of the IMA at the power of busy parts, leakage in it"
                                           : "ADC and DAC of the IMA alone, as printed";
      out.notes.push_back({set ? "energy.prefill.bottom_up.published" : "energy.prefill.as_published.published",
                           mac * work.prefill.macs, "J", meaning});
      if (w.decode > 0)
        out.notes.push_back(
            {set ? "energy.decode_per_token.bottom_up.published" : "energy.decode_per_token.as_published.published",
             mac * work.decode.macs, "J", meaning});
    }
    seconds const paced = cycle_of_columns(s.chip, 128);
    add_serial_latency(out, w, input_bits * paced.si(),
                       "eight cycles (100 ns, and 128 conversions) an input vector, four serial stages a layer",
                       origin::assumption);
    add_link_rows(out, w, std::ceil(static_cast<double>(w.weights) / chip_weights), s.baselines.links());
    // Table I's powers are those at its own cycle: an action takes the same energy in another.
    out.peak_power_W =
        (imas * ima(s.prices, s.baselines).power_W + tiles * figure_of(tile_parts(), s.prices, s.baselines).power_W) *
            (cycle.si() / paced.si()) +
        chips * figure_of(chip_parts(), s.prices, s.baselines).power_W;
    out.notes.push_back({"area.ima_only", imas * ima(s.prices).area_mm2, "mm2", "IMAs without tiles and links"});
    return out;
  }

 private:
  template <named_list Parts>
  [[nodiscard]] static figure figure_of(Parts const& parts, component_prices const& p,
                                        baseline_constants const& k) noexcept {
    auto const [area, power] = area_and_power(parts, areas(p, k), powers(p, k));
    return {area, power};
  }
  [[nodiscard]] static figure sum(figure own, figure inner, int count) noexcept {
    return {own.area_mm2 + count * inner.area_mm2, own.power_W + count * inner.power_W};
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
