// The chip of a dense bank and computation crossbars: its settings, its parts, its price books.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/cost/attention_units.hpp"
#include "ohmic/cost/components32.hpp"
#include "ohmic/cost/price_book.hpp"
#include "ohmic/cost/scaling.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Switch registers of a computation crossbar. The paper's count and its printed areas disagree.
enum class register_variant {
  double_buffered,  ///< 2 x (S+1) bit for each of rows/S x pairs: 24,576 at S = 2; fits the printed areas best
  literal,          ///< 6 bit x rows x pairs, as Table 6 reads: 49,152
  single_buffered,  ///< half of the first: 12,288
};

/// How often a product reads an operand from the caches.
enum class operand_reads {
  every_session,  ///< as the plan and the counted runs have it: all activations are streamed again for every output
  held,           ///< once a product where the arrays, and the switch registers with all digits, hold the whole operand
};

/// Which energies stand in the book.
enum class price_set {
  as_published,  ///< what explains the printed numbers: converter and dense read; everything else 0, and said so
  bottom_up,     ///< every part and action
};

/// Settings of the chip as cost sees it.
/// Range   as validate says
/// Source  Wang et al. 2024, Tables 5, 6 and section 6; marked fields are assumptions
struct computation_chip_config {
  array_geometry array{};
  int scale = 2;
  int adc_bits = 8;
  int dac_bits = 8;
  int bank_columns = 65536;  ///< columns of a dense crossbar, read one by one
  int sense_bits = 2;        ///< of the dense bank's converters
  register_variant registers = register_variant::double_buffered;
  operand_reads reads = operand_reads::every_session;
  adc_scaling sense_rule = adc_scaling::exponential;
  dac_scaling dac_rule = dac_scaling::quarter;
  int shift_adders = 4;                   ///< of a computation crossbar; chosen after seeing the printed areas
  int bank_register_bits = 2048;          ///< 8 bit x 256 weights
  std::size_t duplication = 64;           ///< d_c: copies of a column pair that share the weights of a session
  std::size_t cached_columns = 64;        ///< c_k of caches T1 and T2
  seconds cycle{100e-9};                  ///< of an array
  seconds column_time{10e-9};             ///< assumed: one column access of the dense bank
  seconds write_time{10.96875e-6};        ///< of a column of the dense bank; PUMA's write of an array
  double conversions_per_s = 1.28e9;      ///< of one converter, and of one unit of F (assumed the same)
  double cache_bytes_per_s = 1.024e12;    ///< B_a, fits Table 11
  double weight_bytes_per_s = 6 * 819e9;  ///< B_w, six HBM3 stacks, fits Table 11
  attention_unit_config attention{};      ///< where products of two activations are made beside the crossbars

  /// Errors  config_value naming the field
  static void validate(computation_chip_config const& c) {
    array_geometry::validate(c.array);
    auto const in = [](char const* key, double got, double low, double high) {
      if (!(got >= low && got <= high))
        throw error({errc::config_value, "out of range", std::string("cost.") + key, detail::number_text(got),
                     detail::number_text(low) + ".." + detail::number_text(high), std::string("set cost.") + key});
    };
    in("scale", c.scale, 1, 7);
    in("adc_bits", c.adc_bits, 1, 16);
    in("dac_bits", c.dac_bits, 1, 16);
    in("bank_columns", c.bank_columns, 1, 1 << 24);
    in("sense_bits", c.sense_bits, 1, 16);
    in("shift_adders", c.shift_adders, 0, 65536);
    in("bank_register_bits", c.bank_register_bits, 0, 1 << 24);
    in("duplication", static_cast<double>(c.duplication), 1, 1 << 24);
    in("cached_columns", static_cast<double>(c.cached_columns), 1, 1 << 24);
    in("cycle", c.cycle.si(), 1e-12, 1.0);
    in("column_time", c.column_time.si(), 1e-12, 1.0);
    in("write_time", c.write_time.si(), 1e-12, 1.0);
    in("conversions_per_s", c.conversions_per_s, 1.0, 1e15);
    in("cache_bytes_per_s", c.cache_bytes_per_s, 1.0, 1e18);
    in("weight_bytes_per_s", c.weight_bytes_per_s, 1.0, 1e18);
    attention_unit_config::validate(c.attention);
    if (c.array.rows < c.scale)
      throw error({errc::config_conflict, "an activation does not fit a column", "cost.array.rows",
                   std::to_string(c.array.rows), "at least the scale factor", ""});
  }

  [[nodiscard]] constexpr std::size_t pairs_used() const noexcept { return std::min(duplication, array.pairs()); }
  /// The array with the column pairs that duplication leaves in use.
  [[nodiscard]] constexpr array_geometry used_array() const noexcept {
    array_geometry g = array;
    g.columns = static_cast<int>(2 * pairs_used());
    return g;
  }
  /// The switch registers keep so many digits of each activation: further sessions need not load them again.
  [[nodiscard]] constexpr bool registers_hold(int digits) const noexcept {
    return switch_register_bits() >= static_cast<std::uint64_t>(digits) * (static_cast<std::uint64_t>(scale) + 1) *
                                         array.activations(scale) * array.pairs();
  }
  [[nodiscard]] constexpr std::uint64_t switch_register_bits() const noexcept {
    std::uint64_t const digits = array.activations(scale) * array.pairs();
    switch (registers) {
      case register_variant::double_buffered:
        return 2 * (static_cast<std::uint64_t>(scale) + 1) * digits;
      case register_variant::single_buffered:
        return (static_cast<std::uint64_t>(scale) + 1) * digits;
      case register_variant::literal:
        return 6 * static_cast<std::uint64_t>(array.rows) * array.pairs();
    }
    return 0;
  }
  /// Cells of a dense crossbar, and those of them that hold weights.
  [[nodiscard]] constexpr std::uint64_t bank_cells() const noexcept {
    return array.cells_per_access() * static_cast<std::uint64_t>(bank_columns);
  }
  [[nodiscard]] constexpr std::uint64_t weight_cells() const noexcept {
    return static_cast<std::uint64_t>(array.bank_rows) * static_cast<std::uint64_t>(bank_columns);
  }
  /// Dense crossbars that hold so many weights.
  [[nodiscard]] constexpr std::uint64_t banks_for(std::uint64_t weights) const noexcept {
    std::uint64_t const each = array.weights_per_access() * static_cast<std::uint64_t>(bank_columns);
    return weights == 0 ? 0 : (weights - 1) / each + 1;
  }
  /// Cells that one weight takes when it is read or written, its share of check cells among them.
  [[nodiscard]] constexpr double cells_read_per_weight() const noexcept {
    return array.cells_per_weight * static_cast<double>(array.cells_per_access()) / array.bank_rows;
  }
  /// The write of one cell: in proportion to its bits.
  [[nodiscard]] energy_price cell_write(component_prices const& p) const noexcept {
    return p.cell_write * (sense_bits / 2.0);
  }
  /// Multiply-accumulates of one array and second when it is full. R C / (2 S D t_c).
  [[nodiscard]] double macs_per_s(int digits) const noexcept {
    return static_cast<double>(array.activations(scale) * array.pairs()) / (digits * cycle.si());
  }
};

/// A cycle of an in-situ array whose one converter takes a column after the other: no shorter than so many conversions.
[[nodiscard]] inline seconds cycle_of_columns(computation_chip_config const& c, int columns) noexcept {
  return seconds(std::max(c.cycle.si(), columns / c.conversions_per_s));
}

/// Caches of the chip in bytes, 8 bit an element.
/// Shape   tokens n, width m; D1, D2: n m; T1, T2: n c_k, growing up to n m where more copies than c_k need them; S:
///         n n; all but S, which one sequence after the other uses, for every sequence of a batch
/// Source  Wang et al. 2024, Table 5
struct cache_sizes {
  std::uint64_t d = 0, t = 0, s = 0;
  [[nodiscard]] static constexpr cache_sizes of(std::size_t tokens, std::size_t width, std::size_t cached_columns,
                                                std::size_t duplication, std::size_t batch = 1) noexcept {
    std::uint64_t const n = tokens, all = n * batch;
    return {all * width, all * std::min(width, std::max(cached_columns, duplication)), n * n};
  }
  [[nodiscard]] constexpr std::uint64_t total() const noexcept { return 2 * d + 2 * t + s; }
};

/// Parts of one computation crossbar, of one dense crossbar, of the caches, of one unit of F.
template <fixed_string Adc = "adc", fixed_string Dac = "dac">
struct computation_crossbar_block {
  computation_chip_config const& c;
  [[nodiscard]] constexpr auto parts() const noexcept {
    return named(part<Dac>(c.array.rows), part<Adc>(1), part<"resistor_cell">(c.array.rows * c.array.columns),
                 part<"register_bit">(c.switch_register_bits()), part<"shift_add">(c.shift_adders));
  }
};
struct dense_crossbar_block {
  computation_chip_config const& c;
  [[nodiscard]] constexpr auto parts() const noexcept {
    return named(part<"memory_cell">(c.bank_cells()), part<"column_driver">(c.bank_columns),
                 part<"sense_adc">(c.array.cells_per_access()), part<"register_bit">(c.bank_register_bits));
  }
};
struct cache_block {
  double kB;
  [[nodiscard]] constexpr auto parts() const noexcept { return named(part<"edram_kB">(kB)); }
};
struct function_block {
  [[nodiscard]] static constexpr auto parts() noexcept {
    return named(part<"comparator">(1), part<"exp_unit">(1), part<"divider">(1), part<"root_unit">(1),
                 part<"activation_unit">(1));
  }
};

/// What is priced: the actions of the plan, and the conversions of the dense bank's own converters, one a cell that is
/// read, so that the energy of cells and of converters stands apart.
using cost_actions =
    join<program::site_actions, action_list<action<"sense_adc", "convert">>, program::attention_unit_actions>;

/// What writing a model takes; not part of a phase.
using write_actions = action_list<action<"dense_bank", "cell_write">>;

/// The book of the chip, from component prices and rules. Powers of Table I are those of busy parts, leakage included
/// (PUMA splits the same 2 mW of a converter into 1.8 and 0.2): what leaks is a static power here, and what is left of
/// the power is the energy of an action, unless nothing static is added (`leakage_apart` false).
/// Errors  a part or action without an entry does not compile where the book is used
[[nodiscard]] inline auto computation_chip_book(price_set set, component_prices const& p,
                                                computation_chip_config const& c, bool leakage_apart = true) noexcept {
  bool const all = set == price_set::bottom_up;
  double const adc_area = adc_area_factor(c.sense_rule, c.adc_bits),
               sense_area = adc_area_factor(c.sense_rule, c.sense_bits);
  double const adc_energy = adc_energy_factor(c.sense_rule, c.adc_bits),
               sense_energy = adc_energy_factor(c.sense_rule, c.sense_bits);
  double const units = dac_units(c.dac_rule, c.dac_bits);
  bool const apart = all && leakage_apart;
  // Sources of the user's own stay, whatever is made of their prices; the others name what is made of what is printed.
  constexpr component_prices usual;
  auto const own = [](auto const& each, auto const& printed) { return each.source != printed.source; };
  bool const own_dac_area = own(p.dac_1bit_area, usual.dac_1bit_area), own_adc_area = own(p.adc_area, usual.adc_area),
             own_dac_leakage = own(p.dac_1bit_leakage, usual.dac_1bit_leakage),
             own_adc_leakage = own(p.adc_leakage, usual.adc_leakage), own_adc_power = own(p.adc_power, usual.adc_power),
             own_dac_power = own(p.dac_1bit_power, usual.dac_1bit_power) || (apart && own_dac_leakage),
             own_conversion =
                 own(p.adc_conversion, usual.adc_conversion) || (apart && (own_adc_power || own_adc_leakage));
  // Less the leakage: of several of the user's prices the first names the source, and the rest is no table's any more.
  auto const less = [](auto busy, power_price const& power, power_price const& leakage, bool any_own,
                       std::string_view source) {
    if (any_own && busy.from == origin::table) busy.from = origin::assumption;
    return without_leakage(busy, power, leakage, source);
  };
  power_price const dac_power = !apart ? p.dac_1bit_power
                                       : less(p.dac_1bit_power, p.dac_1bit_power, p.dac_1bit_leakage, own_dac_power,
                                              own(p.dac_1bit_power, usual.dac_1bit_power) ? p.dac_1bit_power.source
                                              : own_dac_leakage                           ? p.dac_1bit_leakage.source
                                                                                          : dac_less_leakage);
  energy_price const conversion = !apart ? p.adc_conversion
                                         : less(p.adc_conversion, p.adc_power, p.adc_leakage, own_conversion,
                                                own(p.adc_conversion, usual.adc_conversion) ? p.adc_conversion.source
                                                : own_adc_power                             ? p.adc_power.source
                                                : own_adc_leakage                           ? p.adc_leakage.source
                                                                                            : adc_less_leakage);
  // What a rule makes of a printed price is assumed.
  auto const assumed = [](auto each, bool is_own, std::string_view source) {
    if (!is_own) each.source = source;
    if (each.from == origin::table) each.from = origin::assumption;
    return each;
  };
  auto const scaled = [&](auto const& each, bool is_own, double factor, std::string_view source) {
    return factor == 1.0 ? each : assumed(each * factor, is_own, source);
  };
  constexpr fixed_string puma_place = "constants.py of its simulator";
  constexpr std::string_view dacs = cited<isaac_paper, "Table I", 8, "1-bit DAC, so many of them by the DAC rule">,
                             adcs = cited<isaac_paper, "Table I", 8, "8-bit ADC, by the ADC rule">,
                             driver = cited<isaac_paper, "Table I", 8, "1-bit DAC, taken as the driver of a column">,
                             dacs_leak = cited<puma_paper, puma_place, 0, "DAC leakage 0.39 uW, by the DAC rule">,
                             adcs_leak = cited<puma_paper, puma_place, 0, "ADC leakage of 8 bits, by the ADC rule">,
                             driver_leak = cited<puma_paper, puma_place, 0, "DAC leakage, of the driver of a column">;
  constexpr std::string_view
      dacs_less = cited<isaac_paper, "Table I", 8, "1-bit DAC less the leakage in it (PUMA), so many by the DAC rule">,
      adcs_less = cited<isaac_paper, "Table I", 8, "8-bit conversion less the leakage in it (PUMA), by the ADC rule">,
      conversions = cited<isaac_paper, "Table I", 8, "8-bit conversion, by the ADC rule">;
  std::string_view const dacs_power = apart ? dacs_less : dacs, adcs_power = apart ? adcs_less : conversions;
  area_price const no_area = not_printed<square_metres>;
  area_price const unit_area =
      all ? area_price{p.sigmoid_area.value, "assumed: the area of ISAAC's sigmoid unit", origin::assumption} : no_area;
  auto const or_none = [all](energy_price const& e) { return all ? e : not_printed<joules>; };
  auto const leak = [all](power_price const& w) { return all ? w : not_printed<watts>; };
  auto const over = [](power_price const& w, seconds t) { return energy_price{w.value * t, w.source, w.from}; };
  energy_price const multiply_add{p.multiplier_32.value + p.adder_32.value, p.multiplier_32.source,
                                  p.multiplier_32.from};
  energy_price const cell{p.array_power.value * nanoseconds(100.0) / 16384.0,
                          cited<isaac_paper, "Table I", 8, "2.4 mW of 8 arrays x 100 ns, shared by 16384 cells">,
                          origin::table};
  energy_price const sense = assumed(conversion * sense_energy, own_conversion, adcs_power);
  energy_price const published_cell{p.dense_read.value / static_cast<double>(c.array.cells_per_weight),
                                    p.dense_read.source, p.dense_read.from};
  double const digit_bits = c.scale + 1;
  attention_unit_config const& a = c.attention;
  bool const sram = a.memory == attention_memory::sram;
  double const attention_units = dac_units(c.dac_rule, a.input_bits);
  energy_price const written_cell = sram ? p.sram_bit_write : p.cell_write * (a.cell_bits / 2.0);
  double const cells = static_cast<double>(a.rows) * static_cast<double>(a.columns + 1) / 16384.0;
  return price_book{
      set == price_set::bottom_up ? std::string_view("bottom_up") : std::string_view("as_published"),
      named(part<"dac">(scaled(p.dac_1bit_area, own_dac_area, units, dacs)),
            part<"adc">(scaled(p.adc_area, own_adc_area, adc_area, adcs)), part<"resistor_cell">(p.cell_area),
            part<"memory_cell">(p.cell_area), part<"register_bit">(p.register_bit_area),
            part<"shift_add">(p.shift_add_area), part<"column_driver">(assumed(p.dac_1bit_area, own_dac_area, driver)),
            part<"sense_adc">(scaled(p.adc_area, own_adc_area, sense_area, adcs)), part<"edram_kB">(p.edram_kB_area),
            part<"comparator">(unit_area), part<"exp_unit">(unit_area), part<"divider">(unit_area),
            part<"root_unit">(unit_area), part<"activation_unit">(all ? p.sigmoid_area : no_area),
            part<"attention_dac">(scaled(p.dac_1bit_area, own_dac_area, attention_units, dacs)),
            part<"attention_adc">(scaled(p.adc_area, own_adc_area, adc_area_factor(c.sense_rule, a.adc_bits), adcs)),
            part<"attention_cell">(sram ? p.sram_cell_area : p.cell_area), part<"sample_hold">(p.sample_hold_area),
            part<"digital_unit">(p.multiply_add_8_area)),
      named(part<"dac">(leak(scaled(p.dac_1bit_leakage, own_dac_leakage, units, dacs_leak))),
            part<"adc">(leak(scaled(p.adc_leakage, own_adc_leakage, adc_energy, adcs_leak))),
            part<"resistor_cell">(not_printed<watts>), part<"memory_cell">(not_printed<watts>),
            part<"register_bit">(not_printed<watts>), part<"shift_add">(not_printed<watts>),
            part<"column_driver">(leak(assumed(p.dac_1bit_leakage, own_dac_leakage, driver_leak))),
            part<"sense_adc">(leak(scaled(p.adc_leakage, own_adc_leakage, sense_energy, adcs_leak))),
            part<"edram_kB">(leak(p.edram_kB_leakage)), part<"comparator">(not_printed<watts>),
            part<"exp_unit">(not_printed<watts>), part<"divider">(not_printed<watts>),
            part<"root_unit">(not_printed<watts>), part<"activation_unit">(not_printed<watts>),
            part<"attention_dac">(leak(scaled(p.dac_1bit_leakage, own_dac_leakage, attention_units, dacs_leak))),
            part<"attention_adc">(
                leak(scaled(p.adc_leakage, own_adc_leakage, adc_energy_factor(c.sense_rule, a.adc_bits), adcs_leak))),
            part<"attention_cell">(not_printed<watts>), part<"sample_hold">(not_printed<watts>),
            part<"digital_unit">(not_printed<watts>)),
      named(part<"dense_bank.column_access">(
                or_none(over(assumed(dac_power, own_dac_power, apart ? dac_power.source : driver), c.column_time))),
            part<"dense_bank.cell_read">(all ? cell : published_cell),
            part<"weight_register.load">(or_none(p.register_bit * 8.0)),
            part<"operand_register.load">(or_none(p.register_bit * 8.0)), part<"cache.read">(or_none(p.edram_byte)),
            part<"encoder.encode">(or_none(p.adder_32)),
            part<"switch_register.load">(or_none(p.register_bit * digit_bits)),
            part<"dac.drive">(or_none(over(scaled(dac_power, own_dac_power, units, dacs_power), c.cycle))),
            part<"computation_array.cycle">(or_none(over(p.array_power, c.cycle))),
            part<"adc.convert">(scaled(conversion, own_conversion, adc_energy, adcs_power)),
            part<"subtractor.subtract">(or_none(p.adder_32 * 0.25)), part<"shift_add.step">(or_none(p.shift_add)),
            part<"accumulator.add">(or_none(p.adder_32)), part<"post.scale">(or_none(p.multiplier_32)),
            part<"post.add_bias">(or_none(p.adder_32)), part<"post.add_residual">(or_none(p.adder_32)),
            part<"post.centre">(or_none(p.adder_32)), part<"post.normalise">(or_none(multiply_add)),
            part<"exp_unit.exp">(or_none(p.exponential)), part<"comparator.compare">(or_none(p.comparator)),
            part<"divider.divide">(or_none(p.division)), part<"activation_unit.apply">(or_none(p.activation)),
            part<"root_unit.inverse_root">(or_none(p.inverse_root)), part<"rotary_unit.rotate">(or_none(multiply_add)),
            part<"cache.write">(or_none(p.edram_byte)), part<"sense_adc.convert">(or_none(sense)),
            part<"cell.write">(or_none(written_cell)), part<"input_register.load">(or_none(p.register_bit * 8.0)),
            part<"attention_dac.drive">(
                or_none(over(scaled(dac_power, own_dac_power, attention_units, dacs_power), c.cycle))),
            part<"attention_array.cycle">(or_none(over(p.array_power * cells, c.cycle))),
            part<"attention_adc.convert">(
                scaled(conversion, own_conversion, adc_energy_factor(c.sense_rule, a.adc_bits), adcs_power)),
            part<"digital_unit.multiply_add">(or_none(p.multiply_add_8)),
            part<"dense_bank.cell_write">(c.cell_write(p)))};
}

}  // namespace ohmic::inline OHMIC_ABI

template <>
struct ohmic::enum_names<ohmic::register_variant> {
  static constexpr std::pair<std::string_view, ohmic::register_variant> value[] = {
      {"double_buffered", ohmic::register_variant::double_buffered},
      {"literal", ohmic::register_variant::literal},
      {"single_buffered", ohmic::register_variant::single_buffered}};
};
template <>
struct ohmic::enum_names<ohmic::operand_reads> {
  static constexpr std::pair<std::string_view, ohmic::operand_reads> value[] = {
      {"every_session", ohmic::operand_reads::every_session}, {"held", ohmic::operand_reads::held}};
};
template <>
struct ohmic::enum_names<ohmic::price_set> {
  static constexpr std::pair<std::string_view, ohmic::price_set> value[] = {
      {"as_published", ohmic::price_set::as_published}, {"bottom_up", ohmic::price_set::bottom_up}};
};
template <>
struct ohmic::enum_names<ohmic::adc_scaling> {
  static constexpr std::pair<std::string_view, ohmic::adc_scaling> value[] = {
      {"exponential", ohmic::adc_scaling::exponential},
      {"mixed_90", ohmic::adc_scaling::mixed_90},
      {"mixed_50", ohmic::adc_scaling::mixed_50},
      {"survey", ohmic::adc_scaling::survey}};
};
template <>
struct ohmic::enum_names<ohmic::dac_scaling> {
  static constexpr std::pair<std::string_view, ohmic::dac_scaling> value[] = {
      {"quarter", ohmic::dac_scaling::quarter},
      {"half", ohmic::dac_scaling::half},
      {"magnitude", ohmic::dac_scaling::magnitude},
      {"full", ohmic::dac_scaling::full}};
};
OHMIC_MEMBERS(ohmic::computation_chip_config, array, scale, adc_bits, dac_bits, bank_columns, sense_bits, registers,
              reads, sense_rule, dac_rule, shift_adders, bank_register_bits, duplication, cached_columns, cycle,
              column_time, write_time, conversions_per_s, cache_bytes_per_s, weight_bytes_per_s, attention);
