// Where the products of two activations are made, and their actions off the computation crossbar: from shapes alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "ohmic/core/action.hpp"
#include "ohmic/core/config.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How a chip makes Q K^T and EXP(S) V. In exact numbers the first three are the same.
enum class attention_policy : std::uint8_t {
  shared_array,    ///< on the array that serves the weights: keys and values drive its DACs, nothing is written
  written_arrays,  ///< keys and values are written into the cells of arrays of their own
  decomposed,      ///< (Q W_K^T) X^T: the layer's input stands for the keys, no key is computed; values as shared_array
  digital,         ///< multiply-accumulate units beside the cache
};
[[nodiscard]] constexpr std::string_view name_of(attention_policy p) noexcept {
  constexpr std::string_view names[] = {"shared_array", "written_arrays", "decomposed", "digital"};
  return names[static_cast<std::size_t>(p)];
}

/// The cells that keys and values are written into.
enum class attention_memory : std::uint8_t {
  rram,  ///< two bits a cell
  sram,  ///< one bit a cell
};

namespace program {

/// What makes a product.
enum class product_unit : std::uint8_t {
  array,          ///< the chip's own: computation crossbars, or the arrays that hold its weights
  written_array,  ///< arrays beside them that hold keys and values
  digital,        ///< multiply-accumulate units
};

/// Actions off the chip's own arrays. The converters and row drivers of the arrays of keys and values have names of their own,
/// because they have other prices; caches, adders and shift-and-add units are as everywhere.
using attention_unit_actions =
    action_list<action<"cell", "write">, action<"cache", "read">, action<"input_register", "load">,
                action<"attention_dac", "drive">, action<"attention_array", "cycle">,
                action<"attention_adc", "convert">, action<"subtractor", "subtract">, action<"shift_add", "step">,
                action<"accumulator", "add">, action<"digital_unit", "multiply_add">>;
using attention_unit_tally = tally<attention_unit_actions>;

/// Arrays of keys and values: codes with an offset in `slices` cells beside each other, a unit column, flipped columns, inputs
/// `input_bits` at a time in two's complement.
/// Source  Shafiee et al., ISCA 2016, section V, whose weights are held like that
struct written_array_shape {
  std::size_t rows = 128, columns = 128;
  std::size_t slices = 4;  ///< cells of a code
  int activation_passes = 8, score_passes = 7;

  /// Codes of a row.
  [[nodiscard]] constexpr std::size_t codes() const noexcept { return columns / slices; }
  /// Arrays that Y (inner, outputs) fills.
  [[nodiscard]] constexpr std::uint64_t arrays(product_shape const& p) const noexcept {
    return std::uint64_t{pieces(p.inner, rows)} * pieces(p.outputs, codes());
  }
  friend constexpr bool operator==(written_array_shape const&, written_array_shape const&) = default;
};

namespace detail {
[[nodiscard]] constexpr std::uint64_t counted(auto... factors) noexcept {
  std::uint64_t n = 1;
  ((n = ohmic::detail::saturating_multiply(n, static_cast<std::uint64_t>(factors))), ...);
  return n;
}
}  // namespace detail

/// One product on such arrays: X (tokens, inner) on the rows, Y in the cells; `written` codes of Y are new.
/// Cost    conversions: every column of a code and the unit column, pass by pass
[[nodiscard]] constexpr attention_unit_tally planned_written(written_array_shape const& a, product_shape const& p,
                                                             int passes, std::uint64_t written) noexcept {
  using detail::counted;
  std::size_t const tiles = pieces(p.inner, a.rows), groups = pieces(p.outputs, a.codes());
  std::uint64_t const results = counted(p.tokens, p.outputs, tiles, passes, a.slices);
  attention_unit_tally t;
  t.add<"cell", "write">(counted(written, a.slices));
  t.add<"cache", "read">(counted(p.tokens, p.inner));
  t.add<"input_register", "load">(counted(p.tokens, p.inner, groups));
  t.add<"attention_dac", "drive">(counted(p.tokens, p.inner, groups, passes));
  t.add<"attention_array", "cycle">(counted(p.tokens, tiles, groups, passes));
  t.add<"attention_adc", "convert">(results);
  t.add<"attention_adc", "convert">(counted(p.tokens, tiles, groups, passes));
  t.add<"subtractor", "subtract">(counted(p.tokens, p.outputs, tiles));
  t.add<"shift_add", "step">(results);
  t.add<"accumulator", "add">(counted(p.tokens, p.outputs, tiles - (tiles > 0)));
  return t;
}

/// One product in multiply-accumulate units: each operand read once from its cache; sums of one operand read that alone.
[[nodiscard]] constexpr attention_unit_tally planned_digital(product_shape const& p, operand_source source) noexcept {
  using detail::counted;
  attention_unit_tally t;
  t.add<"cache", "read">(counted(p.tokens, p.inner));
  if (source != operand_source::sums) t.add<"cache", "read">(counted(p.inner, p.outputs));
  t.add<"digital_unit", "multiply_add">(counted(p.tokens, p.inner, p.outputs));
  return t;
}

/// What a chip decides about attention.
struct attention_choices {
  attention_policy policy = attention_policy::shared_array;
  written_array_shape array{};

  friend constexpr bool operator==(attention_choices const&, attention_choices const&) = default;
};

}  // namespace program

template <>
struct enum_names<attention_policy> {
  static constexpr std::pair<std::string_view, attention_policy> value[] = {
      {"shared_array", attention_policy::shared_array},
      {"written_arrays", attention_policy::written_arrays},
      {"decomposed", attention_policy::decomposed},
      {"digital", attention_policy::digital}};
};
template <>
struct enum_names<attention_memory> {
  static constexpr std::pair<std::string_view, attention_memory> value[] = {{"rram", attention_memory::rram},
                                                                            {"sram", attention_memory::sram}};
};

}  // namespace ohmic::inline OHMIC_ABI
