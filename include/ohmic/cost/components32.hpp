// Component prices at 32 nm: Table I of ISAAC, and what a full count needs beyond it. Units of hardware, before any
// rule.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/cost/citation.hpp"
#include "ohmic/cost/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One row of a component table as printed: power and area of all `count` units.
struct component_row {
  std::string_view component;
  std::string_view level;
  int count;
  double power_mW;
  double area_mm2;
};

inline constexpr std::string_view isaac_source = cited<isaac_paper, "Table I", 8, "32 nm">;

/// Source  Shafiee et al., ISCA 2016, Table I, p. 8. An IMA has 8 arrays of 128 x 128 two-bit cells, a tile 12 IMAs, a
///         chip 168 tiles;
///         a router serves 4 tiles. Registers: 2 KB and 256 B in an IMA.
inline constexpr std::array<component_row, 15> isaac_table = {{
    {"adc", "ima", 8, 16.0, 0.0096},
    {"dac", "ima", 1024, 4.0, 0.00017},
    {"sample_hold", "ima", 1024, 0.01, 0.00004},
    {"memristor_array", "ima", 8, 2.4, 0.0002},
    {"shift_add", "ima", 4, 0.2, 0.00024},
    {"input_register", "ima", 1, 1.24, 0.0021},
    {"output_register", "ima", 1, 0.23, 0.00077},
    {"edram_buffer", "tile", 1, 20.7, 0.083},
    {"edram_ima_bus", "tile", 1, 7.0, 0.090},
    {"router", "tile", 1, 42.0, 0.151},
    {"sigmoid", "tile", 2, 0.52, 0.0006},
    {"tile_shift_add", "tile", 1, 0.05, 0.00006},
    {"max_pool", "tile", 1, 0.4, 0.00024},
    {"tile_output_register", "tile", 1, 1.68, 0.0032},
    {"hyper_transport", "chip", 4, 10400.0, 22.88},
}};

[[nodiscard]] consteval component_row isaac_row(std::string_view component) {
  for (auto const& r : isaac_table)
    if (r.component == component) return r;
  throw "isaac_row: no such component";
}
/// Area and power of one unit of a row.
[[nodiscard]] consteval area_price isaac_area(std::string_view component, double units_per_count = 1.0) {
  auto const r = isaac_row(component);
  return {mm2(r.area_mm2 / (r.count * units_per_count)), isaac_source, origin::table};
}
[[nodiscard]] consteval power_price isaac_power(std::string_view component, double units_per_count = 1.0) {
  auto const r = isaac_row(component);
  return {milliwatts(r.power_mW / (r.count * units_per_count)), isaac_source, origin::table};
}

/// Prices per unit of hardware, and per action where a source gives that. Rules make the rest from these: change one
/// and everything that depends on it moves.
struct component_prices {
  // Table I, per unit.
  area_price adc_area = isaac_area("adc");
  area_price dac_1bit_area = isaac_area("dac");
  area_price sample_hold_area = isaac_area("sample_hold");
  area_price cell_area = isaac_area("memristor_array", 128 * 128);
  area_price shift_add_area = isaac_area("shift_add");
  area_price register_bit_area = isaac_area("input_register", 2048 * 8);
  area_price output_register_bit_area = isaac_area("output_register", 256 * 8);
  area_price edram_kB_area = isaac_area("edram_buffer", 64);
  area_price sigmoid_area = isaac_area("sigmoid");
  power_price adc_power = isaac_power("adc");
  power_price dac_1bit_power = isaac_power("dac");
  power_price array_power = isaac_power("memristor_array");
  // An energy: 2 mW at 1.28 GS/s.
  energy_price adc_conversion{
      picojoules(1.5625),
      cited<isaac_paper, "Table I", 8, "16 mW of 8 converters of 8 bits, at the 1.28 GS/s of section V">,
      origin::table};
  // Dense bank as published: one 8-bit weight, four cells and all around them. Set by calibration (chip/published.hpp).
  energy_price dense_read = not_printed<joules>;

  // What a full count needs beyond Table I.
  energy_price register_bit{picojoules(0.00593),
                            cited<aladdin_paper, "component table, as in CiMLoop", 0,
                                  "register 0.009 pJ a bit, 40/45 nm, to 32 nm by Stillmaker-Baas (0.659)">,
                            origin::table};
  energy_price edram_byte{picojoules(20.45 / 32.0),
                          cited<cimloop_paper, "component set of ISAAC", 0, "eDRAM 20.45 pJ a 256-bit access, 32 nm">,
                          origin::table};
  energy_price adder_32{
      picojoules(0.1384),
      cited<aladdin_paper, "component table, as in CiMLoop", 0, "32-bit adder 0.21 pJ, 40/45 nm, to 32 nm (0.659)">,
      origin::table};
  energy_price multiplier_32{picojoules(8.356),
                             cited<aladdin_paper, "component table, as in CiMLoop", 0,
                                   "32-bit multiplier 12.68 pJ, 40/45 nm, to 32 nm (0.659)">,
                             origin::table};
  energy_price shift_add{picojoules(0.021),
                         cited<cimloop_paper, "component set of ISAAC", 0, "shift-and-add 0.021 pJ, 32 nm">,
                         origin::table};
  energy_price comparator{
      picojoules(0.01944),
      cited<aladdin_paper, "component table, as in CiMLoop", 0, "comparator 0.0295 pJ, 40/45 nm, to 32 nm (0.659)">,
      origin::table};
  energy_price exponential{picojoules(7.208),
                           cited<"3D-CIMlet simulator", "peripheral.py", 0,
                                 "softmax unit 8 mW, 512 inputs in 700 ns at 45 nm, to 32 nm (0.659)">,
                           origin::table};
  energy_price division{picojoules(1.081),
                        cited<puma_paper, "constants.py of its simulator", 0, "ALU divide 1.52 mW at 1 GHz x 32/45">,
                        origin::table};
  energy_price inverse_root{picojoules(1.081), "assumed: a division of PUMA's ALU", origin::assumption};
  energy_price activation{picojoules(0.2167), cited<isaac_paper, "Table I", 8, "sigmoid, 0.52 mW of 2, at 1.2 GHz">,
                          origin::table};
  power_price adc_leakage{milliwatts(0.2),
                          cited<puma_paper, "constants.py of its simulator", 0, "ADC leakage 0.025 mW x 8 bits">,
                          origin::table};
  power_price dac_1bit_leakage{milliwatts(0.000390625),
                               cited<puma_paper, "constants.py of its simulator", 0, "DAC leakage 0.39 uW">,
                               origin::table};
  power_price edram_kB_leakage{milliwatts(0.46 / 64.0),
                               cited<puma_paper, "constants.py of its simulator", 0, "eDRAM leakage 0.46 mW for 64 kB">,
                               origin::table};
  energy_price cell_write{
      picojoules(4.6),
      cited<"3D-CIMlet simulator", "tables of its memories", 0, "RRAM write 2.3 pJ a bit at 40 nm, two bits a cell">,
      origin::table};

  // Attention beside the computation crossbars.
  energy_price sram_bit_write{picojoules(0.04218),
                              cited<"3D-CIMlet simulator", "tables of its memories", 0,
                                    "SRAM write 64 fJ a bit at 45 nm, to 32 nm by Stillmaker-Baas (0.659)">,
                              origin::table};
  area_price sram_cell_area{square_metres(0.171e-12),
                            cited<"Natarajan et al., IEDM 2008", "title", 0, "6T cell 0.171 um2 at 32 nm">,
                            origin::table};
  energy_price multiply_add_8{picojoules(0.1977),
                              cited<"Horowitz, ISSCC 2014", "Fig 1.1.9", 0,
                                    "8-bit multiplication 0.2 pJ, 32-bit addition 0.1 pJ at 45 nm, to 32 nm (0.659)">,
                              origin::table};
  area_price multiply_add_8_area{
      square_metres(188.6e-12),
      cited<"Horowitz, ISSCC 2014", "Fig 1.1.9 as Dally has it", 0,
            "8-bit multiplier 282 um2, 32-bit adder 137 um2 at 45 nm, to 32 nm by Stillmaker-Baas (0.45)">,
      origin::table};

  /// Errors  value naming the price: negative, not finite, or without a source
  static void validate(component_prices const& p);
};

/// Calls f(name, price) for every price, so that a sensitivity or a file can address it by name.
template <class Prices, class F>
constexpr void for_each_price(Prices& p, F&& f) {
  f("adc_area", p.adc_area), f("dac_1bit_area", p.dac_1bit_area), f("sample_hold_area", p.sample_hold_area),
      f("cell_area", p.cell_area);
  f("shift_add_area", p.shift_add_area), f("register_bit_area", p.register_bit_area),
      f("output_register_bit_area", p.output_register_bit_area);
  f("edram_kB_area", p.edram_kB_area), f("sigmoid_area", p.sigmoid_area), f("adc_power", p.adc_power),
      f("dac_1bit_power", p.dac_1bit_power);
  f("array_power", p.array_power), f("adc_conversion", p.adc_conversion), f("dense_read", p.dense_read),
      f("register_bit", p.register_bit);
  f("edram_byte", p.edram_byte), f("adder_32", p.adder_32), f("multiplier_32", p.multiplier_32),
      f("shift_add", p.shift_add), f("comparator", p.comparator);
  f("exponential", p.exponential), f("division", p.division), f("inverse_root", p.inverse_root),
      f("activation", p.activation);
  f("adc_leakage", p.adc_leakage), f("sram_bit_write", p.sram_bit_write), f("sram_cell_area", p.sram_cell_area),
      f("multiply_add_8", p.multiply_add_8), f("multiply_add_8_area", p.multiply_add_8_area);
  f("dac_1bit_leakage", p.dac_1bit_leakage), f("edram_kB_leakage", p.edram_kB_leakage), f("cell_write", p.cell_write);
}

inline constexpr std::string_view adc_less_leakage =
    cited<isaac_paper, "Table I", 8, "16 mW of 8 at 1.28 GS/s, less the leakage in it, which is a static power (PUMA)">;
inline constexpr std::string_view dac_less_leakage =
    cited<isaac_paper, "Table I", 8, "4 mW of 1024 of 1 bit, less the leakage in it, which is a static power (PUMA)">;

/// What is left of the price of a busy part when its leakage is priced apart.
template <class Q>
[[nodiscard]] constexpr price<Q> without_leakage(price<Q> busy, power_price const& power, power_price const& leakage,
                                                 std::string_view source) noexcept {
  double const share = power.value.si() > 0.0 ? leakage.value.si() / power.value.si() : 0.0;
  return {busy.value * (share < 1.0 ? 1.0 - share : 0.0), source, busy.from};
}

namespace detail {
/// Errors  value: negative, above largest_price, or without a source
template <class Q>
void check_price(char const* name, price<Q> const& p) {
  if (!is_price(p.value))
    throw error({errc::value, "price out of range", std::string("prices.") + name, to_text(p.value),
                 "0 to " + to_text(largest_price<Q>), "correct it"});
  if (p.source.empty())
    throw error({errc::value, "price without a source", std::string("prices.") + name, to_text(p.value),
                 "paper, table or section, page", "say where it is from"});
}
}  // namespace detail

inline void component_prices::validate(component_prices const& p) {
  for_each_price(p, [](char const* name, auto const& each) { detail::check_price(name, each); });
}

}  // namespace ohmic::inline OHMIC_ABI
