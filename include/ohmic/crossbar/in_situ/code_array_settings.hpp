// Settings of in-situ arrays for codes, and what operands have to be for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/in_situ/code_bits.hpp"
#include "ohmic/crossbar/in_situ/code_cells.hpp"
#include "ohmic/crossbar/in_situ/code_config.hpp"
#include "ohmic/crossbar/in_situ/code_operand.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/periphery/range.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Settings of in-situ arrays for codes.
template <class Adc>
struct code_array_settings {
  code_layout layout{};
  typename Adc::config adc{};
  range_config range{};
  code_cell_settings cells{};
  converter_config converter{};  ///< errors of the converters; ideal: the ADC as it is
};

/// Weights fill arrays one after the other, once; activations are written again for every product of every text.
/// Errors  capacity for more arrays than a product has addresses for
[[nodiscard]] inline write_place written_at(std::size_t arrays, operand_source source, read_place const& place,
                                            std::string const& where) {
  if (source == operand_source::weights) return {place.product, 0};
  constexpr std::uint32_t per_product = 4096, products = 1u << 18, texts = (1u << 24) - 1;
  if (arrays > per_product || place.product >= products || place.time >= texts)
    throw error({errc::capacity, "more arrays than random numbers have addresses for", where,
                 std::to_string(arrays) + " arrays in product " + std::to_string(place.product) + " of text " +
                     std::to_string(place.time),
                 "4096 arrays, 262144 products, 16777215 texts", "use larger arrays or shorter texts"});
  return {0x80000000u + place.product * per_product, place.time + 1};
}

/// Errors  shape for an operand that was stored for an array of another layout, or without cells where `cells` need to be
///         there; config_conflict for converters that are not a whole number of passes
inline void require_stored_for(code_layout const& c, stored_operand const& y, std::size_t digits, bool cells,
                               std::string const& where) {
  std::size_t const slices = c.weights.slices.size();
  if (y.cut().activations != c.rows() ||
      (cells &&
       (!y.in_cells() || y.slices() != slices || y.lines() != c.weights.lines() ||
        y.is_subtracted() != (c.weights.pairs == pair_reading::difference) || y.in_bits() != in_situ::counts_bits(c))))
    throw error({errc::shape, "operand was stored for another array", where,
                 std::to_string(y.cut().activations) + " rows, " +
                     (y.in_cells() ? std::to_string(y.slices() * y.lines()) + " cells of a weight" : "no cells"),
                 std::to_string(c.rows()) + ", " + std::to_string(c.weights.cells()), "store it with this array"});
  if (digits % slices != 0)
    throw error({errc::config_conflict, "converters of a part of a pass", where, std::to_string(digits),
                 "a multiple of " + std::to_string(slices) + ", the slices", "take digits_for"});
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
