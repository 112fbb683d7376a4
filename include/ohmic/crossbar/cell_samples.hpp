// A cycle of a product of the computation crossbar, drawn from those that it runs: the cells that it closes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/cell_network.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/operand.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One cycle, drawn evenly from the digits, groups of tokens, tiles and outputs of a product, with the resistors and
/// switches of the array that it runs in.
/// Shape   x (tokens, inner) codes; y driven for this array; `digits` as the product has
/// Errors  as closed_cells, and as product_place
/// Random  purpose::sample of the noise's seed, addressed by product and text: the same for any number of threads
/// Cost    of the model: one group of tokens is encoded
template <int S, adc_policy Adc, dac_policy Dac, switched_codes X>
[[nodiscard]] cell_array sampled_cycle(computation_array<S, Adc, Dac> const& array, X const& x, driven_operand const& y,
                                       int digits, read_place const& place, std::string const& where) {
  auto const codes = switched_view(x);
  array_geometry const& geometry = array.settings().array;
  imperfections const& noise = array.settings().noise;
  tiling const& cut = y.cut();
  product_place const at(place, geometry, S, {codes.rows, cut.inner, y.outputs()}, static_cast<std::size_t>(digits), 0,
                         where);
  stream const numbers{noise.seed, purpose::sample, place.product};
  auto const drawn = [&](std::uint64_t element, std::size_t count) {
    return static_cast<std::size_t>(std::uint64_t{numbers.word(element, place.time)} * count >> 32);
  };
  std::size_t const digit = drawn(0, at.digits), group = drawn(1, pieces(codes.rows, geometry.pairs())),
                    tile = drawn(2, at.tiles), output = drawn(3, at.outputs);
  std::size_t const first = group * geometry.pairs(), tokens = std::min(geometry.pairs(), codes.rows - first);
  std::size_t const begin = tile * cut.activations, activations = cut.filled(tile);
  cycle_codes c{matrix<std::int8_t>(tokens, activations), std::vector<std::int16_t>(activations)};
  std::vector<std::int8_t> encoded(at.digits);
  for (std::size_t i = 0; i < activations; ++i) {
    c.weights[i] = static_cast<std::int16_t>(y.code(output, begin + i));
    for (std::size_t n = 0; n < tokens; ++n) {
      balanced<S>::encode(codes(first + n, begin + i), std::span(encoded));
      c.digits(n, i) = encoded[digit];
    }
  }
  std::size_t const number = array.errors().array_of(tile, at.first_copy + group, at.copies);
  return closed_cells<S>(c, geometry, noise, static_cast<std::uint32_t>(number));
}

}  // namespace ohmic::inline OHMIC_ABI
