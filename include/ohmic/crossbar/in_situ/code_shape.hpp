// Actions of a product on in-situ arrays: the plan from shapes alone, and what arrays count as they go.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ohmic/core/action.hpp"
#include "ohmic/crossbar/in_situ/code_config.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Everything that a product does. Products with weights find them in the cells; those of two activations write one of
/// them first; sums of one operand are taken beside the arrays.
using product_actions =
    action_list<action<"cell", "write">, action<"cache", "read">, action<"input_register", "load">,
                action<"dac", "drive">, action<"in_situ_array", "cycle">, action<"adc", "convert">,
                action<"input_counter", "add">, action<"subtractor", "subtract">, action<"shift_add", "step">,
                action<"accumulator", "add">, action<"digital_unit", "multiply_add">>;
using product_tally = tally<product_actions>;

/// What a run of products did: its actions, and how many of the currents lay above the full scale.
struct code_report {
  product_tally actions;
  std::uint64_t clipped = 0;

  code_report& operator+=(code_report const& other) noexcept {
    actions += other.actions;
    clipped += other.clipped;
    return *this;
  }
};

/// Actions of one product of `digits` converter settings: passes x slices.
/// Shape   has_sign: of the inputs; tiles = ceil(inner / rows) times groups = ceil(outputs / weights of a row) arrays
/// Range   counts saturate at 2^64 - 1, which the ledger refuses
[[nodiscard]] inline product_tally planned_product(code_layout const& c, int digits, bool has_sign,
                                                   product_shape const& p, operand_source source) noexcept {
  using ohmic::detail::saturating_multiply;
  auto const product = [](auto... factors) {
    std::uint64_t n = 1;
    ((n = saturating_multiply(n, static_cast<std::uint64_t>(factors))), ...);
    return n;
  };
  product_tally t;
  t.add<"cache", "read">(product(p.tokens, p.inner));
  if (source == operand_source::sums) {
    t.add<"digital_unit", "multiply_add">(product(p.tokens, p.inner, p.outputs));
    return t;
  }
  auto const& w = c.weights;
  std::size_t const slices = w.slices.size(), tiles = pieces(p.inner, c.rows()),
                    groups = pieces(p.outputs, c.weights_per_row());
  std::uint64_t const passes = static_cast<std::uint64_t>(digits) / slices, cycles = c.cycles_of_pass(has_sign);
  bool const pair = w.is_differential(), apart = pair && w.pairs == pair_reading::apart;
  if (source == operand_source::activations) t.add<"cell", "write">(product(p.outputs, p.inner, w.cells()));
  t.add<"input_register", "load">(product(p.tokens, p.inner, groups));
  t.add<"dac", "drive">(product(p.tokens, p.inner, groups, passes, cycles));
  t.add<"in_situ_array", "cycle">(product(p.tokens, tiles, groups, passes, cycles));
  std::uint64_t const results = product(p.tokens, p.outputs, tiles, passes, slices);
  t.add<"adc", "convert">(apart ? product(results, 2) : results);
  if (c.has_unit_column()) t.add<"adc", "convert">(product(p.tokens, tiles, groups, passes));
  if (w.mapping == mapping::offset) t.add<"input_counter", "add">(product(p.tokens, p.inner, passes));
  if (apart) t.add<"subtractor", "subtract">(results);
  if (!pair) t.add<"subtractor", "subtract">(product(p.tokens, p.outputs, tiles));
  t.add<"shift_add", "step">(results);
  t.add<"accumulator", "add">(product(p.tokens, p.outputs, tiles - (tiles > 0)));
  return t;
}

/// Counts what the arrays of a product do, array by array.
inline void count_product(code_layout const& c, product_shape const& p, std::size_t passes, bool has_sign,
                          operand_source source, product_tally& t) noexcept {
  t.add<"cache", "read">(p.tokens * p.inner);
  if (source == operand_source::sums) {
    t.add<"digital_unit", "multiply_add">(p.tokens * p.inner * p.outputs);
    return;
  }
  auto const& w = c.weights;
  std::size_t const slices = w.slices.size();
  std::uint64_t const cycles = passes * c.cycles_of_pass(has_sign);
  std::size_t const readings = w.is_differential() && w.pairs == pair_reading::apart ? 2 : 1;
  for (std::size_t k = 0; k < p.inner; k += c.rows()) {
    std::size_t const rows = std::min(c.rows(), p.inner - k);
    if (w.mapping == mapping::offset) t.add<"input_counter", "add">(p.tokens * passes * rows);
    for (std::size_t o = 0; o < p.outputs; o += c.weights_per_row()) {
      std::size_t const outputs = std::min(c.weights_per_row(), p.outputs - o);
      if (source == operand_source::activations) t.add<"cell", "write">(rows * outputs * w.cells());
      t.add<"input_register", "load">(p.tokens * rows);
      t.add<"dac", "drive">(p.tokens * rows * cycles);
      t.add<"in_situ_array", "cycle">(p.tokens * cycles);
      std::uint64_t const columns = outputs * slices * readings + (c.has_unit_column() ? 1 : 0);
      t.add<"adc", "convert">(p.tokens * passes * columns);
      if (readings == 2) t.add<"subtractor", "subtract">(p.tokens * passes * outputs * slices);
      if (!w.is_differential()) t.add<"subtractor", "subtract">(p.tokens * outputs);
      t.add<"shift_add", "step">(p.tokens * passes * outputs * slices);
      if (k > 0) t.add<"accumulator", "add">(p.tokens * outputs);
    }
  }
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
