// Actions of a product on in-situ arrays, from shapes alone: the closed form of what `code_array` counts.
#pragma once

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

}  // namespace ohmic::inline OHMIC_ABI::in_situ
