// The inner loops of in-situ arrays: currents of 16 columns from byte products, converted while in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "ohmic/core/dot4.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_bits.hpp"
#include "ohmic/crossbar/in_situ/code_job.hpp"
#include "ohmic/crossbar/in_situ/code_seen.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

namespace detail {

/// Hands the currents of every array to the visitor: p of the first line, q of the second (0 without).
template <class Arch, bool Wide, bool Pair, std::size_t Tokens, class Visitor>
inline void visit_columns(column_job const& job, std::size_t first, Visitor& visitor) noexcept {
  using dot = simd::dot4<Arch>;
  std::size_t const tile_bytes = job.groups * 4, row_bytes = job.tiles * tile_bytes;
  for (std::size_t lane = 0; lane < output_block; lane += dot::lanes) {
    visitor.begin(lane);
    for (std::size_t tile = 0; tile < job.tiles; ++tile) {
      std::size_t const cells = tile * tile_bytes * output_block + 4 * lane;
      std::size_t const row = first * row_bytes + tile * tile_bytes;
      typename dot::sums p[Tokens], q[Tokens];
      std::int32_t const* const sums = job.sums == nullptr ? nullptr : job.sums + first * job.tiles + tile;
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        dot::start(p[n], sums == nullptr ? 0 : -128 * sums[n * job.tiles]);
        if constexpr (Pair) dot::start(q[n], 0);
      });
      for (std::size_t g = 0; g < job.groups; ++g)
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          std::int32_t d;
          std::memcpy(&d, job.digits + row + n * row_bytes + 4 * g, 4);
          dot::template add<Wide>(p[n], job.plus + cells + 4 * output_block * g, d);
          if constexpr (Pair) dot::template add<Wide>(q[n], job.minus + cells + 4 * output_block * g, d);
        });
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        if constexpr (Pair) {
          visitor.tile(n, tile, dot::total(p[n]), dot::total(q[n]));
        } else {
          visitor.tile(n, tile, dot::total(p[n]), simd::i32<Arch>(0));
        }
      });
    }
    visitor.end(lane);
  }
}

template <class Arch, bool BitCount, class Make>
inline void visit_column_tokens(column_job const& job, Make const& make) noexcept {
  std::size_t n = 0;
  auto const some = [&]<std::size_t Tokens>() {
    while (job.tokens - n >= Tokens) {
      auto visitor = make.template operator()<Tokens>(n);
      if (job.input_bits != nullptr) {
        job.pair ? visit_bits<Arch, BitCount, true, Tokens>(job, n, visitor)
                 : visit_bits<Arch, BitCount, false, Tokens>(job, n, visitor);
      } else if (job.minus == nullptr) {
        job.wide ? visit_columns<Arch, true, false, Tokens>(job, n, visitor)
                 : visit_columns<Arch, false, false, Tokens>(job, n, visitor);
      } else {
        job.wide ? visit_columns<Arch, true, true, Tokens>(job, n, visitor)
                 : visit_columns<Arch, false, true, Tokens>(job, n, visitor);
      }
      n += Tokens;
    }
  };
  if constexpr (simd::dot4<Arch>::lanes == output_block) some.template operator()<8>();
  some.template operator()<4>();
  some.template operator()<1>();
}

/// Codes of every array, summed; flipped columns turned back.
template <class Arch, class Adc, std::size_t Tokens>
struct converting_columns {
  using ints = simd::i32<Arch>;
  using floats = simd::f32<Arch>;
  column_job const& job;
  Adc const& adc;
  float full_scale;
  sum_target const& z;
  std::uint64_t& clipped;
  std::size_t first, lane = 0;
  ints sum[Tokens], units[Tokens];
  floats over;

  void begin(std::size_t at) noexcept {
    lane = at;
    for (std::size_t n = 0; n < Tokens; ++n) sum[n] = units[n] = ints(0);
    over = floats(0.0f);
  }
  [[nodiscard, gnu::always_inline]] inline ints read(ints const& current) noexcept {
    return read(simd::to_float<Arch>(current));
  }
  [[nodiscard, gnu::always_inline]] inline ints read(floats const& value) noexcept {
    floats const size = job.has_sign ? simd::abs<floats>(value) : value;
    floats const none(0.0f);
    auto const above = size > floats(full_scale);
    if (simd::any<Arch>(above)) over = over + simd::select<Arch>(above, floats(1.0f), none);  // rare where ranges fit
    floats const code = adc.code(size);
    return simd::to_int<floats>(job.has_sign ? simd::select<Arch>(value < none, -code, code) : code);
  }
  /// Currents of whole digits, or of what columns see.
  template <class Currents>
  [[gnu::always_inline]] inline void tile(std::size_t n, std::size_t at, Currents const& p,
                                          Currents const& q) noexcept {
    if (job.pair) {
      sum[n] = sum[n] + (job.difference ? read(p - q) : read(p) - read(q));
      return;
    }
    ints code = read(p);
    if (job.flips != nullptr) {
      ints const flip = ints::load_unaligned(job.flips + at * output_block + lane);
      code = (code ^ flip) - flip;
      units[n] =
          units[n] + (flip & ints::load_unaligned(job.units + ((first + n) * job.tiles + at) * output_block + lane));
    }
    sum[n] = sum[n] + code;
  }
  void end(std::size_t) noexcept {
    for (std::size_t n = 0; n < Tokens; ++n) {
      ohmic::detail::add_scaled<Arch>(z, first + n, lane, sum[n]);
      if (job.flips != nullptr)
        ohmic::detail::add_scaled<Arch>({job.unit_sums, z.stride, job.unit_gain}, first + n, lane, units[n]);
    }
    alignas(cache_line) float counts[simd::width<floats>];
    over.store_aligned(counts);
    for (float c : counts) clipped += static_cast<std::uint64_t>(c);
  }
};

/// Magnitudes of the currents that are converted, into a buffer (tokens, tiles, readings, 16).
template <class Arch, std::size_t Tokens>
struct observing_columns {
  using ints = simd::i32<Arch>;
  column_job const& job;
  std::int32_t* out;
  std::size_t first, lane = 0;

  void begin(std::size_t at) noexcept { lane = at; }
  void tile(std::size_t n, std::size_t at, ints const& p, ints const& q) noexcept {
    bool const two = job.pair && !job.difference;
    std::int32_t* const to = out + ((first + n) * job.tiles + at) * (two ? 2 : 1) * output_block + lane;
    if (two) {
      size(p).store_unaligned(to);
      size(q).store_unaligned(to + output_block);
    } else {
      size(p - q).store_unaligned(to);
    }
  }
  [[nodiscard]] static ints size(ints const& v) noexcept {
    ints const sign = v >> 31;
    return (v ^ sign) - sign;
  }
  void end(std::size_t) noexcept {}
};

/// Currents as they reach the converters, into a buffer (tokens, tiles, readings, 16).
template <class Arch, std::size_t Tokens>
struct reading_columns {
  using ints = simd::i32<Arch>;
  using floats = simd::f32<Arch>;
  column_job const& job;
  float* out;
  std::size_t first, lane = 0;

  void begin(std::size_t at) noexcept { lane = at; }
  void tile(std::size_t n, std::size_t at, ints const& p, ints const& q) noexcept {
    tile(n, at, simd::to_float<Arch>(p), simd::to_float<Arch>(q));
  }
  void tile(std::size_t n, std::size_t at, floats const& p, floats const& q) noexcept {
    bool const two = job.pair && !job.difference;
    float* const to = out + ((first + n) * job.tiles + at) * (two ? 2 : 1) * output_block + lane;
    simd::store(to, two ? p : p - q);
    if (two) simd::store(to + output_block, q);
  }
  void end(std::size_t) noexcept {}
};

}  // namespace detail

/// The kernels of one instruction set, as pointers (see product_kernels).
template <adc_policy Adc>
struct column_kernels {
  char const* instruction_set;
  /// z += gain x sum over arrays of the codes, and unit_gain x codes of the sums of inputs of flipped columns; counts
  /// currents above full scale.
  void (*convert)(column_job const&, Adc const&, float full_scale, sum_target const&, std::uint64_t& clipped) noexcept;
  /// Magnitudes of what is converted, (tokens, tiles, 2 for pairs that are read apart, 16).
  void (*observe)(column_job const&, std::int32_t* currents) noexcept;
  /// z += gain x sum over arrays of the integer products of codes.
  void (*subtract)(block_job const&, sum_target const&) noexcept;
  /// What is converted, as reads find it, (tokens, tiles, 2 for pairs that are read apart, 16).
  void (*read)(column_job const&, float* currents) noexcept;
};

namespace detail {

/// Hands the currents of a job to visitors of some tokens each: make.template operator()<Tokens>(first token).
template <class Arch, bool BitCount, class Make>
inline void visit_currents(column_job const& job, Make const& make) noexcept {
  if (job.seen_plus == nullptr && job.fixed_plus == nullptr) return visit_column_tokens<Arch, BitCount>(job, make);
  if (job.normals != nullptr) {
    std::size_t const lines = job.pair ? 2 : 1;
    job.reads.template normals<Arch>(job.first_read, job.time,
                                     std::span<float>(job.normals, job.tokens * job.tiles * lines * output_block));
  }
  std::size_t n = 0;
  auto const some = [&]<std::size_t Tokens>() {
    for (; job.tokens - n >= Tokens; n += Tokens) {
      auto visitor = make.template operator()<Tokens>(n);
      if (job.normals != nullptr) {
        visit_seen<Arch, Tokens, true>(job, n, visitor);
      } else {
        visit_seen<Arch, Tokens, false>(job, n, visitor);
      }
    }
  };
  if constexpr (simd::dot4<Arch>::lanes == output_block) some.template operator()<8>();
  some.template operator()<4>();
  some.template operator()<1>();
}

template <class Arch, bool BitCount, class Adc>
void convert_columns(column_job const& job, Adc const& adc, float full_scale, sum_target const& z,
                     std::uint64_t& clipped) noexcept {
  visit_currents<Arch, BitCount>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return converting_columns<Arch, Adc, Tokens>{job, adc, full_scale, z, clipped, n, 0, {}, {}, {}};
  });
}
template <class Arch, bool BitCount>
void read_columns(column_job const& job, float* currents) noexcept {
  visit_currents<Arch, BitCount>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return reading_columns<Arch, Tokens>{job, currents, n};
  });
}
template <class Arch, bool BitCount>
void observe_columns(column_job const& job, std::int32_t* currents) noexcept {
  visit_column_tokens<Arch, BitCount>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return observing_columns<Arch, Tokens>{job, currents, n};
  });
}

}  // namespace detail

/// The kernels compiled for one instruction set; by default for the one that the flags of this translation unit allow.
template <adc_policy Adc, class Arch = simd::native, bool BitCount = simd::native_bit_count>
inline constexpr column_kernels<Adc> column_kernels_of{
    Arch::name(), &detail::convert_columns<Arch, BitCount, Adc>, &detail::observe_columns<Arch, BitCount>,
    &ohmic::detail::subtract_block<Arch>, &detail::read_columns<Arch, BitCount>};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
