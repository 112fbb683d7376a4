// Addressed random numbers: a value is a function of (seed, purpose, array, element, time) and of nothing else.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/philox.hpp"
#include "ohmic/core/philox_lanes.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What a random number is for. The values are part of every address and never change; own purposes start at `user`.
enum class purpose : std::uint32_t {
  programming = 1,
  read = 2,
  rtn = 3,
  adc = 4,
  fault = 5,
  drift = 6,
  resistor = 7,
  dac = 8,
  dac_read = 9,
  memory_read = 10,
  memory_rtn = 11,
  cell_read = 12,
  sample = 13,
  adc_read = 14,
  next_token = 15,
  user = 0x100
};

/// The k-th purpose of a user's own.
[[nodiscard]] constexpr purpose user_purpose(std::uint32_t k) noexcept {
  return static_cast<purpose>(static_cast<std::uint32_t>(purpose::user) + k);
}

/// Room in an address: arrays, elements per array (four share a counter), and times.
inline constexpr std::uint64_t max_arrays = std::uint64_t{1} << 32;
inline constexpr std::uint64_t max_elements = std::uint64_t{1} << 34;
inline constexpr std::uint64_t max_times = std::uint64_t{1} << 32;

/// True if every element of every array has an address of its own at every time.
[[nodiscard]] constexpr bool is_addressable(std::uint64_t arrays, std::uint64_t elements,
                                            std::uint64_t times) noexcept {
  return arrays <= max_arrays && elements <= max_elements && times <= max_times;
}

/// For `validate` functions: refuses what `is_addressable` denies.
/// Errors  errc::capacity, naming the count that is too large
inline void require_addressable(std::uint64_t arrays, std::uint64_t elements, std::uint64_t times,
                                std::string const& where) {
  auto const refuse = [&](char const* what, std::uint64_t got, std::uint64_t room) {
    if (got > room)
      throw error({errc::capacity, std::string("more ") + what + " than random numbers have addresses for", where,
                   std::to_string(got), "at most " + std::to_string(room),
                   "split the run and give each part its own seed"});
  };
  refuse("arrays", arrays, max_arrays);
  refuse("elements", elements, max_elements);
  refuse("times", times, max_times);
}

namespace detail {
/// Natural logarithm.
/// Range   normal positive numbers
template <simd::lane V>
[[nodiscard]] V log_positive(V y) noexcept {
  // Coefficients of (log(1 + f) - f + f^2 / 2) / f^3, lowest power first. Ours: Remez exchange; worst error 6.9e-9 f^3.
  static constexpr float cubic[] = {0.333341658f, -0.250016987f, 0.199548751f, -0.165644258f,
                                    0.149779916f, -0.143790096f, 0.0867219195f};
  using I = simd::integer_of<V>;
  I const sqrt_half(0x3f3504f3);
  I const bits = simd::to_bits(y);
  I const exponent = (bits - sqrt_half) >> 23;  // of two, so that what is left lies in [sqrt(1/2), sqrt(2))
  V const f = simd::from_bits(I(bits - (exponent << 23))) - V(1.0f);
  V p(cubic[6]);
  for (int i = 5; i >= 0; --i) p = simd::mul_add(p, f, V(cubic[i]));
  V const f2 = simd::mul(f, f);
  V const log_f = simd::mul_add(simd::mul(p, f), f2, simd::mul_add(f2, V(-0.5f), f));
  return simd::mul_add(simd::to_float(exponent), V(0.693147181f), log_f);
}
}  // namespace detail

/// The z that a standard normal number exceeds with probability p. With x = 1 - 2p and w = -log(1 - x^2), z / x is
/// smooth in w and nearly linear in sqrt(w) far out. No function of the C library takes part (the square root is the
/// instruction, exact by IEEE 754) and products are fenced, so that a float and each lane of a batch agree in all bits.
/// Range   p in [2^-33, 1/2]
/// Source  ours; error at most 1.2e-6 over the p of `normal_from_word`, see tests/unit/core/stream_test.cpp
template <simd::lane V>
[[nodiscard]] V upper_quantile(V p) noexcept {
  // Coefficients of z / x in powers of w - 3 (w < 6) and of sqrt(w) - 3.5 (above), lowest first. Ours: Remez exchange
  // on the relative error, in 64-bit mantissas; worst 5.0e-8 and 2.7e-8 before the coefficients are rounded.
  static constexpr float inner[] = {2.29603529f,      0.341716886f,     -0.00811557844f,  -0.00118238362f,
                                    0.000276445266f,  -1.80414372e-05f, -2.66626353e-06f, 6.44290026e-07f,
                                    -6.13051476e-09f, -8.24027602e-09f};
  static constexpr float outer[] = {4.71708918f,     1.42463493f,      0.00463935593f,  -0.00292134844f,
                                    0.00151215901f,  -0.000946231536f, 0.000687737134f, -0.000350197573f,
                                    3.94077615e-05f, 2.49979166e-05f};
  V const x = V(1.0f) - (p + p);
  V const w = V(0.0f) - detail::log_positive(simd::mul(V(4.0f) * p, V(1.0f) - p));
  auto const central = w < V(6.0f);
  if (simd::all(central)) {  // nearly always
    V const near = w - V(3.0f);
    V z(inner[9]);
    for (int i = 8; i >= 0; --i) z = simd::mul_add(z, near, V(inner[i]));
    return simd::mul(z, x);
  }
  V const t = simd::select(central, V(w - V(3.0f)), V(simd::sqrt(w) - V(3.5f)));
  V z = simd::select(central, V(inner[9]), V(outer[9]));
  for (int i = 8; i >= 0; --i) z = simd::mul_add(z, t, simd::select(central, V(inner[i]), V(outer[i])));
  return simd::mul(z, x);
}

/// Standard normal number of a random word: the lowest bit is its sign, the other 31 are k in p = (k + 1/2) 2^-32, and
/// |z| is the upper quantile of p.
/// Range   |z| <= 6.34; beyond it the exact law has 2.3e-10 of its mass
template <simd::lane V>
[[nodiscard]] V normal_from_word(simd::integer_of<V> word) noexcept {
  using I = simd::integer_of<V>;
  V const p = simd::mul(simd::to_float(I((word >> 1) & I(0x7fffffff))) + V(0.5f), V(0x1p-32f));
  return simd::from_bits(I(simd::to_bits(upper_quantile(p)) ^ (word << 31)));
}

/// Uniform number of a random word in the open interval (0, 1): odd multiples of 2^-24, exact in a float.
[[nodiscard]] constexpr float uniform_from_word(std::uint32_t word) noexcept {
  return static_cast<float>(static_cast<std::int32_t>(word >> 8 | 1u)) * 0x1p-24f;
}

/// A sequence of addresses: everything but element and time. Passed by value; asking twice gives the same number.
/// Range   elements below 2^34, times below 2^32: owners call `require_addressable` once
/// Cost    model of the random effects; no action of the hardware
struct stream {
  std::uint64_t seed = 0;
  purpose use = purpose::user;
  std::uint32_t array = 0;

  /// 32 random bits.
  [[nodiscard]] constexpr std::uint32_t word(std::uint64_t element, std::uint32_t time) const noexcept {
    return philox::encipher(address(element / 4, time), key())[element % 4];
  }
  /// Uniform in (0, 1).
  [[nodiscard]] constexpr float uniform(std::uint64_t element, std::uint32_t time) const noexcept {
    return uniform_from_word(word(element, time));
  }
  /// Normal with mean 0 and standard deviation 1.
  [[nodiscard]] float normal(std::uint64_t element, std::uint32_t time) const noexcept {
    return normal_from_word<float>(static_cast<std::int32_t>(word(element, time)));
  }

  /// out[i] = word(first + i, time), four for the price of one.
  template <class Arch = simd::native>
  void words(std::uint64_t first, std::uint32_t time, std::span<std::uint32_t> out) const noexcept {
    for_each_block<Arch>(first, time, out.size(), [&](std::uint32_t const* block, std::size_t at, std::size_t n) {
      std::copy_n(block, n, out.data() + at);
    });
  }
  /// out[i] = uniform(first + i, time).
  template <class Arch = simd::native>
  void uniforms(std::uint64_t first, std::uint32_t time, std::span<float> out) const noexcept {
    for_each_block<Arch>(first, time, out.size(), [&](std::uint32_t const* block, std::size_t at, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) out[at + i] = uniform_from_word(block[i]);
    });
  }
  /// out[i] = normal(first + i, time), bit for bit.
  template <class Arch = simd::native>
  void normals(std::uint64_t first, std::uint32_t time, std::span<float> out) const noexcept {
    using batch = simd::f32<Arch>;
    for_each_block<Arch>(first, time, out.size(), [&](std::uint32_t const* block, std::size_t at, std::size_t n) {
      std::size_t const whole = n - n % batch::size;
      auto const normal_of = [](std::uint32_t const* word) {
        return normal_from_word<batch>(simd::i32<Arch>::load_unaligned(reinterpret_cast<std::int32_t const*>(word)));
      };
      for (std::size_t i = 0; i < whole; i += batch::size) simd::store(out.data() + at + i, normal_of(block + i));
      if (whole == n) return;
      std::uint32_t rest[batch::size] = {};
      float z[batch::size];
      std::copy_n(block + whole, n - whole, rest);
      simd::store(z, normal_of(rest));
      std::copy_n(z, n - whole, out.data() + at + whole);
    });
  }

  friend constexpr bool operator==(stream const&, stream const&) noexcept = default;

 private:
  /// Counters enciphered together, and their words: enough for the widest registers.
  static constexpr std::size_t block_counters = 16;
  static constexpr std::size_t block_words = 4 * block_counters;

  [[nodiscard]] constexpr philox::key key() const noexcept {
    return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  }
  [[nodiscard]] constexpr philox::counter address(std::uint64_t quad, std::uint32_t time) const noexcept {
    return {static_cast<std::uint32_t>(use), array, static_cast<std::uint32_t>(quad), time};
  }

  /// Calls f(words, at, n): words[0..n) belong to the elements first + at and up.
  template <class Arch, class F>
  void for_each_block(std::uint64_t first, std::uint32_t time, std::size_t size, F const& f) const noexcept {
    constexpr std::size_t width = simd::i32<Arch>::size;
    static_assert(block_counters % width == 0);
    alignas(64) std::uint32_t words[block_words];
    for (std::size_t at = 0; at < size;) {
      auto const quad = (first + at) / 4;
      auto const skipped = static_cast<std::size_t>((first + at) % 4);
      for (std::size_t l = 0; l < block_counters && 4 * l < skipped + size - at; l += width)
        philox::encipher_run<Arch>(address(quad + l, time), key(), words + 4 * l);
      auto const n = std::min(block_words - skipped, size - at);
      f(words + skipped, at, n);
      at += n;
    }
  }
};

}  // namespace ohmic::inline OHMIC_ABI
