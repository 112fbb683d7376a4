// The inner loops of the computation crossbar: column currents of one digit from byte products, converted while in
// registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "ohmic/core/dot4.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/imperfect_kernel.hpp"
#include "ohmic/crossbar/job.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {

/// f(0), f(1), .., f(N - 1) with constants, without a loop, so that what is indexed by them stays in registers.
template <std::size_t N, class F>
[[gnu::always_inline]] inline void unrolled(F const& f) noexcept {
  [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    (f(std::integral_constant<std::size_t, I>()), ...);
  }
  (std::make_index_sequence<N>());
}

/// Runs over the tiles of `Tokens` tokens and hands the sums of every tile to the visitor: p = I+ - I-, q = I+ + I- in
/// product units.
/// Lanes run over outputs, so that nothing depends on the register width.
/// Cost    two byte products per multiplication: w d through w + 128 (128 times the digit sum is taken off again), |w|
///         |d|
template <class Arch, bool Wide, std::size_t Tokens, class Visitor>
inline void visit_tiles(block_job const& job, std::size_t first, Visitor& visitor) noexcept {
  using dot = simd::dot4<Arch>;
  std::size_t const tile_bytes = job.groups * 4, row_bytes = job.tiles * tile_bytes;
  for (std::size_t lane = 0; lane < output_block; lane += dot::lanes) {
    visitor.begin(lane);
    for (std::size_t tile = 0; tile < job.tiles; ++tile) {
      std::size_t const weights = tile * tile_bytes * output_block + 4 * lane;
      std::size_t const row = first * row_bytes + tile * tile_bytes;
      typename dot::sums p[Tokens], q[Tokens];
      detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        dot::start(p[n], job.starts[(first + n) * job.tiles + tile]);
        dot::start(q[n], 0);
      });
      for (std::size_t g = 0; g < job.groups; ++g)
        detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          std::int32_t d, s;
          std::memcpy(&d, job.digits + row + n * row_bytes + 4 * g, 4);
          std::memcpy(&s, job.sizes + row + n * row_bytes + 4 * g, 4);
          dot::template add<Wide>(p[n], job.offset + weights + 4 * output_block * g, d);
          dot::template add<Wide>(q[n], job.magnitude + weights + 4 * output_block * g, s);
        });
      detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        visitor.tile(n, dot::total(p[n]), dot::total(q[n]));
      });
    }
    visitor.end(lane);
  }
}

/// Runs over the tokens of a job in groups that fit the registers. `make.operator()<Tokens>(n)` yields the visitor of
/// Tokens
/// tokens from the n-th of the job.
template <class Arch, class Make>
inline void visit_tokens(block_job const& job, Make const& make) noexcept {
  constexpr std::size_t step = simd::dot4<Arch>::lanes == output_block ? 8 : 4;
  std::size_t n = 0;
  auto const some = [&]<std::size_t Tokens>() {
    while (job.tokens - n >= Tokens) {
      auto visitor = make.template operator()<Tokens>(n);
      if (job.wide) {
        visit_tiles<Arch, true, Tokens>(job, n, visitor);
      } else {
        visit_tiles<Arch, false, Tokens>(job, n, visitor);
      }
      n += Tokens;
    }
  };
  some.template operator()<step>();
  if constexpr (step > 4) some.template operator()<4>();
  some.template operator()<2>();
  some.template operator()<1>();
}

template <class Arch>
inline void add_scaled(sum_target const& z, std::size_t token, std::size_t lane,
                       simd::i32<Arch> const& values) noexcept {
  constexpr std::size_t lanes = simd::dot4<Arch>::lanes;
  alignas(cache_line) std::int32_t buffer[lanes];
  values.store_aligned(buffer);
  double* const row = z.first + token * z.stride + lane;
  for (std::size_t l = 0; l < lanes; ++l) row[l] += z.gain * static_cast<double>(buffer[l]);
}

/// z += gain x sum over some groups of all tiles of I+ - I- of some tokens and blocks of outputs, all of it in registers: a
/// digit that is broadcast meets every block, a register of weights every token.
/// Cost    one byte product per multiplication
template <class Arch, bool Wide, std::size_t Tokens, std::size_t Blocks>
inline void exact_sums(block_job const& job, std::size_t first, std::size_t block, std::size_t from, std::size_t to,
                       sum_target const& z) noexcept {
  using dot = simd::dot4<Arch>;
  std::size_t const groups = job.tiles * job.groups, block_bytes = groups * 4 * output_block;
  std::int8_t const* const digits = job.digits + first * groups * 4;
  for (std::size_t lane = 0; lane < output_block; lane += dot::lanes) {
    std::uint8_t const* const weights = job.offset + block * block_bytes + 4 * lane;
    typename dot::sums sums[Tokens * Blocks];
    detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
      std::int32_t start = 0;
      if (from == 0)
        for (std::size_t tile = 0; tile < job.tiles; ++tile) start += job.starts[(first + n) * job.tiles + tile];
      detail::unrolled<Blocks>([&](auto b) __attribute__((always_inline)) { dot::start(sums[n * Blocks + b], start); });
    });
    for (std::size_t g = from; g < to; ++g)
      detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        std::int32_t d;
        std::memcpy(&d, digits + (n * groups + g) * 4, 4);
        detail::unrolled<Blocks>([&](auto b) __attribute__((always_inline)) {
          dot::template add<Wide>(sums[n * Blocks + b], weights + b * block_bytes + 4 * output_block * g, d);
        });
      });
    detail::unrolled<Tokens * Blocks>([&](auto i) __attribute__((always_inline)) {
      add_scaled<Arch>(z, first + i / Blocks, (block + i % Blocks) * output_block + lane, dot::total(sums[i]));
    });
  }
}

/// ADC(I+) - ADC(I-) of every tile, summed; currents above the full scale counted.
template <class Arch, class Adc, std::size_t Tokens>
struct converting {
  using ints = simd::i32<Arch>;
  using floats = simd::f32<Arch>;
  Adc const& adc;
  float full_scale;
  sum_target const& z;
  std::uint64_t& clipped;
  std::size_t first;
  ints difference[Tokens];
  floats over;

  void begin(std::size_t) noexcept {
    for (auto& d : difference) d = ints(0);
    over = floats(0.0f);
  }
  void tile(std::size_t n, ints const& p, ints const& q) noexcept {
    floats const plus = simd::to_float<Arch>((q + p) >> 1), minus = simd::to_float<Arch>((q - p) >> 1);
    floats const limit(full_scale);
    if (simd::any<Arch>(simd::max(plus, minus) > limit)) {  // rare where ranges fit
      floats const one(1.0f), none(0.0f);
      over = over + simd::select<Arch>(plus > limit, one, none) + simd::select<Arch>(minus > limit, one, none);
    }
    difference[n] = difference[n] + simd::to_int<floats>(adc.code(plus) - adc.code(minus));
  }
  void end(std::size_t lane) noexcept {
    for (std::size_t n = 0; n < Tokens; ++n) add_scaled<Arch>(z, first + n, lane, difference[n]);
    alignas(cache_line) float counts[simd::width<floats>];
    over.store_aligned(counts);
    for (float c : counts) clipped += static_cast<std::uint64_t>(c);
  }
};

/// I+ and I- of every tile into a buffer (tokens, tiles, 2, 16).
template <class Arch, std::size_t Tokens>
struct observing {
  using ints = simd::i32<Arch>;
  std::int32_t* out;
  std::size_t tiles, first, lane = 0, next[Tokens] = {};

  void begin(std::size_t at) noexcept {
    lane = at;
    for (auto& t : next) t = 0;
  }
  void tile(std::size_t n, ints const& p, ints const& q) noexcept {
    std::int32_t* const at = out + ((first + n) * tiles + next[n]++) * 2 * output_block + lane;
    ((q + p) >> 1).store_unaligned(at);
    ((q - p) >> 1).store_unaligned(at + output_block);
  }
  void end(std::size_t) noexcept {}
};

}  // namespace detail

/// The kernels of one instruction set, as pointers, so that a program can choose at run time what its translation units
/// were
/// compiled for. All instruction sets give the same bits.
template <adc_policy Adc>
struct product_kernels {
  char const* instruction_set;
  /// z += gain x sum over tiles of (ADC(I+) - ADC(I-)); counts currents above full scale.
  void (*convert)(block_job const&, Adc const&, float full_scale, sum_target const&, std::uint64_t& clipped) noexcept;
  /// z += gain x sum over tiles of (I+ - I-), for all blocks of the job.
  void (*subtract)(block_job const&, sum_target const&) noexcept;
  /// The currents themselves: I+ and I- of every tile, (tokens, tiles, 2, 16).
  void (*observe)(block_job const&, std::int32_t* currents) noexcept;
  /// z += gain x sum over tiles of (ADC(I+) - ADC(I-)), with the imperfections of the job.
  void (*imperfect)(imperfect_job const&, Adc const&, sum_target const&, std::uint64_t& clipped) noexcept;
};

namespace detail {

template <class Arch, class Adc>
void convert_block(block_job const& job, Adc const& adc, float full_scale, sum_target const& z,
                   std::uint64_t& clipped) noexcept {
  visit_tokens<Arch>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return converting<Arch, Adc, Tokens>{adc, full_scale, z, clipped, n, {}, {}};
  });
}
/// All tokens meet a part of the weights while a cache holds it; sums of parts add up exactly, in any order.
template <class Arch>
void subtract_block(block_job const& job, sum_target const& z) noexcept {
  constexpr bool whole = simd::dot4<Arch>::lanes == output_block;  // a register holds a block, and there are many
  std::size_t const groups = job.tiles * job.groups;
  for (std::size_t block = 0; block < job.blocks;) {
    std::size_t const side_by_side = whole && job.blocks - block > 1 ? 2 : 1;
    for (std::size_t from = 0; from < groups;) {
      std::size_t const to = groups - from <= job.part ? groups : from + job.part;
      std::size_t n = 0;
      auto const some = [&]<std::size_t Tokens, std::size_t Blocks>() {
        for (; job.tokens - n >= Tokens; n += Tokens)
          job.wide ? exact_sums<Arch, true, Tokens, Blocks>(job, n, block, from, to, z)
                   : exact_sums<Arch, false, Tokens, Blocks>(job, n, block, from, to, z);
      };
      if constexpr (whole) {
        if (side_by_side == 2) {
          some.template operator()<8, 2>();
          some.template operator()<2, 2>();
          some.template operator()<1, 2>();
        }
        some.template operator()<8, 1>();
      }
      some.template operator()<4, 1>();
      some.template operator()<1, 1>();
      from = to;
    }
    block += side_by_side;
  }
}
template <class Arch>
void observe_block(block_job const& job, std::int32_t* currents) noexcept {
  std::size_t const tiles = job.tiles;
  visit_tokens<Arch>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return observing<Arch, Tokens>{currents, tiles, n};
  });
}

}  // namespace detail

/// The kernels compiled for one instruction set; by default for the one that the flags of this translation unit allow.
template <adc_policy Adc, class Arch = simd::native>
inline constexpr product_kernels<Adc> kernels_of{Arch::name(), &detail::convert_block<Arch, Adc>,
                                                 &detail::subtract_block<Arch>, &detail::observe_block<Arch>,
                                                 &detail::imperfect_block<Arch, Adc>};

}  // namespace ohmic::inline OHMIC_ABI
