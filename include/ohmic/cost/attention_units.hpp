// What makes products of two activations beside the computation crossbars: its settings, its parts, its counts and its time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/named.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/program/attention_policy.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Arrays of keys and values, and multiply-accumulate units, as cost sees them. Memory, sizes and bits come from the chip's settings
/// (`attention.arrays`).
/// Range   as validate says
/// Source  write_time: PUMA's write of an array, here of a row, assumed as for the dense bank; sram_write_time: a clock of 1 GHz
///         (assumed); units: assumed, so that they keep up with the caches' 1.024e12 B/s eight times over; endurance: Lee et al.,
///         Nature Materials 10, 2011, TaOx, switched between two states. Cells of more levels endure less: set it.
struct attention_unit_config {
  attention_memory memory = attention_memory::rram;
  std::size_t rows = 128, columns = 128;
  int cell_bits = 2;
  int input_bits = 1;
  int adc_bits = 8;
  seconds write_time{10.96875e-6};  ///< of a row of RRAM
  seconds sram_write_time{1e-9};    ///< of a row of SRAM
  std::size_t digital_units = 8192;
  double digital_rate = 1e9;  ///< multiply-accumulates of a unit, 1/s
  double endurance = 1e12;    ///< writes of an RRAM cell

  [[nodiscard]] constexpr std::size_t slices() const noexcept { return static_cast<std::size_t>(8 / cell_bits); }
  [[nodiscard]] constexpr program::written_array_shape shape() const noexcept {
    return {rows, columns, slices(), 0, 0};
  }
  [[nodiscard]] constexpr seconds row_write() const noexcept {
    return memory == attention_memory::sram ? sram_write_time : write_time;
  }

  /// Errors  config_value naming the field
  static void validate(attention_unit_config const& c) {
    auto const in = [](char const* key, double got, double low, double high) {
      if (!(got >= low && got <= high))
        throw error({errc::config_value, "out of range", std::string("cost.attention.") + key, detail::number_text(got),
                     detail::number_text(low) + ".." + detail::number_text(high),
                     std::string("set cost.attention.") + key});
    };
    in("rows", static_cast<double>(c.rows), 1, 16384);
    in("columns", static_cast<double>(c.columns), 1, 16384);
    if (c.cell_bits < 1 || c.cell_bits > 8 || 8 % c.cell_bits != 0)
      throw error({errc::config_value, "bits of a cell do not divide those of a code", "cost.attention.cell_bits",
                   std::to_string(c.cell_bits), "1, 2, 4, 8", "set attention.arrays.cell_bits"});
    in("input_bits", c.input_bits, 1, 7);
    in("adc_bits", c.adc_bits, 1, 16);
    in("write_time", c.write_time.si(), 1e-12, 1.0);
    in("sram_write_time", c.sram_write_time.si(), 1e-12, 1.0);
    in("digital_units", static_cast<double>(c.digital_units), 1, 1 << 24);
    in("digital_rate", c.digital_rate, 1.0, 1e12);
    in("endurance", c.endurance, 1.0, 1e18);
    if (c.columns < c.slices())
      throw error({errc::config_conflict, "a code does not fit a row", "cost.attention.columns",
                   std::to_string(c.columns), "at least " + std::to_string(c.slices()), ""});
  }
};

/// Parts of one array of keys or values. A cell is of RRAM or of SRAM.
struct attention_array_block {
  attention_unit_config const& c;
  [[nodiscard]] constexpr auto parts() const noexcept {
    // One column more: the unit column.
    return named(part<"attention_dac">(c.rows), part<"attention_adc">(1),
                 part<"attention_cell">(c.rows * (c.columns + 1)), part<"sample_hold">(c.columns + 1));
  }
};
/// Multiply-accumulate units.
struct digital_block {
  attention_unit_config const& c;
  [[nodiscard]] constexpr auto parts() const noexcept { return named(part<"digital_unit">(c.digital_units)); }
};

/// Actions of a sub-operation that is made beside the computation crossbars.
[[nodiscard]] inline program::attention_unit_tally planned_beside(attention_unit_config const& c,
                                                                  program::sub_operation const& op) noexcept {
  auto t = op.unit == program::product_unit::digital
               ? program::planned_digital(op.shape, op.source)
               : program::planned_written(c.shape(), op.shape, op.digits, op.written_codes());
  t *= op.repeats;
  return t;
}

/// Arrays of keys and values that a program takes.
[[nodiscard]] inline double attention_arrays(attention_unit_config const& c, auto const& program) noexcept {
  double arrays = 0.0;
  for (auto const& r : program)
    if (r.op.unit == program::product_unit::written_array)
      arrays += static_cast<double>(c.shape().arrays(r.op.shape)) * static_cast<double>(r.op.repeats) *
                static_cast<double>(r.times);
  return arrays;
}
/// True where a program has products in multiply-accumulate units.
[[nodiscard]] inline bool has_digital_products(auto const& program) noexcept {
  return std::any_of(program.begin(), program.end(), [](auto const& r) {
    return r.op.unit == program::product_unit::digital && r.op.source == operand_source::activations;
  });
}

/// How often the arrays of keys or values are filled in one sub-operation: more than once behind a window.
[[nodiscard]] inline std::size_t fills_of(program::sub_operation const& op) noexcept {
  std::size_t const of_keys = op.where.op == program::operation::A4 ? op.shape.outputs : op.shape.inner,
                    held = std::max<std::size_t>(1, of_keys);
  return (op.fresh + held - 1) / held;
}

/// Times of such a sub-operation. Arrays of all heads, sequences and keys work side by side; rows are written one after the other, all
/// cells of a row and all arrays at once; queries of a product come one after the other, pass by pass.
/// Units   s
struct beside_times {
  double cycles = 0.0, converters = 0.0, units = 0.0, writing = 0.0;
};
[[nodiscard]] inline beside_times times_beside(attention_unit_config const& c, program::sub_operation const& op,
                                               seconds cycle, double conversions_per_s) noexcept {
  auto const d = [](auto v) { return static_cast<double>(v); };
  auto const& s = op.shape;
  beside_times t;
  if (op.unit == program::product_unit::digital) {
    t.units = d(s.tokens) * d(s.inner) * d(s.outputs) * d(op.repeats) / (d(c.digital_units) * c.digital_rate);
    return t;
  }
  double const vectors = d(s.tokens) * d(op.digits);
  t.cycles = vectors * cycle.si();
  t.converters = vectors * d(std::min(c.shape().codes(), s.outputs) * c.slices() + 1) / conversions_per_s;
  // A key lies across all rows of its array, a value in one.
  bool const keys = op.where.op == program::operation::A4;
  if (op.fresh > 0) {
    // Behind a window the arrays are filled again and again.
    std::size_t const held = std::max<std::size_t>(1, keys ? s.outputs : s.inner), fills = fills_of(op);
    t.writing = d(std::min(c.rows, keys ? s.inner : std::min(op.fresh, held)) * fills) * c.row_write().si();
  }
  return t;
}

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::attention_unit_config, memory, rows, columns, cell_bits, input_bits, adc_bits, write_time,
              sram_write_time, digital_units, digital_rate, endurance);
