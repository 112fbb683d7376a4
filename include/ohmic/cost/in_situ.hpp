// Counts of classical in-situ arrays (weights in the cells, bit-serial inputs) from shapes: for comparisons with
// other tools.
#pragma once

#include <cstdint>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Array and coding of an in-situ design.
struct in_situ_geometry {
  int rows = 128;
  int columns = 128;
  int cell_bits = 2;
  int weight_bits = 8;
  int input_bits = 8;
  int columns_per_adc = 8;

  /// Errors  config_value naming the field
  static void validate(in_situ_geometry const& g) {
    auto const in = [](char const* key, int got, int high) {
      if (got < 1 || got > high)
        throw error({errc::config_value, "out of range", std::string("in_situ.") + key, std::to_string(got),
                     "1.." + std::to_string(high), std::string("set in_situ.") + key});
    };
    in("rows", g.rows, 16384), in("columns", g.columns, 16384), in("cell_bits", g.cell_bits, 16),
        in("weight_bits", g.weight_bits, 16);
    in("input_bits", g.input_bits, 16), in("columns_per_adc", g.columns_per_adc, g.columns);
  }
};

/// Arrays, converters, and conversions of all tokens.
struct in_situ_counts {
  std::uint64_t arrays = 0;
  std::uint64_t adcs = 0;
  std::uint64_t conversions = 0;
};

/// One matrix (inner, outputs) for so many tokens: every column of every array is converted once per input bit.
[[nodiscard]] constexpr in_situ_counts count_in_situ(in_situ_geometry const& g, product_shape const& p) noexcept {
  std::uint64_t const cells = pieces(static_cast<std::size_t>(g.weight_bits), static_cast<std::size_t>(g.cell_bits));
  std::uint64_t const arrays = pieces(p.inner, static_cast<std::size_t>(g.rows)) *
                               pieces(p.outputs * cells, static_cast<std::size_t>(g.columns));
  std::uint64_t const columns = static_cast<std::uint64_t>(g.columns);
  return {arrays, arrays * pieces(columns, static_cast<std::size_t>(g.columns_per_adc)),
          arrays * columns * static_cast<std::uint64_t>(g.input_bits) * p.tokens};
}

}  // namespace ohmic::inline OHMIC_ABI
