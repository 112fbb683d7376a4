// Arrays whose rows carry one bit: currents from bits that cells and inputs have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ohmic/core/bit_count.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_config.hpp"
#include "ohmic/crossbar/in_situ/code_job.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Rows of a word of bits.
inline constexpr std::size_t word_rows = 32;

/// Most bits of a cell that are worth being counted apart: a count takes 1.5 instructions of the widest set where products of
/// bytes take 8.
inline constexpr int most_counted_bits = 2;

/// True where rows carry 0 or 1 and cells so few bits that counting them is the fastest product.
[[nodiscard]] inline bool counts_bits(code_layout const& c) noexcept {
  if (c.inputs.slice_bits != 1) return false;
  if (c.inputs.coding == code_coding::sign_magnitude && c.inputs.passes != input_passes::two_summed_digital)
    return false;
  if (c.weights.is_differential() && c.weights.pairs == pair_reading::difference)
    return false;  // one line of differences
  for (int const bits : c.weights.slices)
    if (bits > most_counted_bits) return false;
  return true;
}

namespace detail {

/// Hands the currents of every array to the visitor, as visit_columns does: bit by bit of the cells, the highest first, each
/// the number of rows where cell and input have a 1.
/// Cost    an and, a count and a sum for each bit of 32 cells
template <class Arch, bool BitCount, bool Pair, std::size_t Tokens, class Visitor>
inline void visit_bits(column_job const& job, std::size_t first, Visitor& visitor) noexcept {
  using ints = simd::i32<Arch>;
  using counter = simd::bit_count<Arch, BitCount>;
  std::size_t const words = job.words, stride = job.tiles * words;
  // The counts of one line and array, added to twice what the higher bits gave.
  auto const of_line = [&](std::uint32_t const* cells, std::uint32_t const* inputs, ints(&sum)[Tokens])
      __attribute__((always_inline)) {
    for (std::size_t b = 0; b < job.bits; ++b) {
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) { sum[n] = sum[n] + sum[n]; });
      for (std::size_t from = 0; from < words; from += counter::most_words) {
        std::size_t const to = words - from < counter::most_words ? words : from + counter::most_words;
        typename counter::counts counts[Tokens];
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) { counter::start(counts[n]); });
        for (std::size_t k = from; k < to; ++k) {
          auto const cell =
              ints::load_unaligned(reinterpret_cast<std::int32_t const*>(cells + (b * words + k) * output_block));
          ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
            counter::add(counts[n], cell & ints(static_cast<std::int32_t>(inputs[n * stride + k])));
          });
        }
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          sum[n] = sum[n] + counter::total(counts[n]);
        });
      }
    }
  };
  for (std::size_t lane = 0; lane < output_block; lane += simd::width<simd::f32<Arch>>) {
    visitor.begin(lane);
    for (std::size_t tile = 0; tile < job.tiles; ++tile) {
      std::uint32_t const* const inputs = job.input_bits + first * stride + tile * words;
      std::size_t const cells = tile * job.bits * words * output_block + lane;
      ints p[Tokens], q[Tokens];
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) { p[n] = q[n] = ints(0); });
      of_line(job.plus_bits + cells, inputs, p);
      if constexpr (Pair) of_line(job.minus_bits + cells, inputs, q);
      ohmic::detail::unrolled<Tokens>([&](auto n)
                                          __attribute__((always_inline)) { visitor.tile(n, tile, p[n], q[n]); });
    }
    visitor.end(lane);
  }
}

}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI::in_situ
