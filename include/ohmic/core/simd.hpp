// The only header that includes xsimd. Lane functions that read the same for a float and for a batch of floats, and the
// fence
// that keeps a product from being contracted into a fused multiply-add.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::simd {

/// The instruction set that the flags of this translation unit allow.
using native = xsimd::default_arch;

/// A register full of floats, of 32-bit integers.
template <class Arch>
using f32 = xsimd::batch<float, Arch>;
template <class Arch>
using i32 = xsimd::batch<std::int32_t, Arch>;
/// A register full of doubles: for sums that are exact in double, in any order and with or without contraction.
template <class Arch>
using f64 = xsimd::batch<double, Arch>;

namespace detail {
template <class V>
struct lane_traits;
template <>
struct lane_traits<float> {
  using integer = std::int32_t;
  static constexpr std::size_t size = 1;
};
template <class Arch>
struct lane_traits<xsimd::batch<float, Arch>> {
  using integer = xsimd::batch<std::int32_t, Arch>;
  static constexpr std::size_t size = xsimd::batch<float, Arch>::size;
};
template <class V>
inline constexpr bool doubles = false;
template <class Arch>
inline constexpr bool doubles<xsimd::batch<double, Arch>> = true;
}  // namespace detail

/// V is what a lane function computes on: one float, or a batch of them.
template <class V>
concept lane = requires {
  typename detail::lane_traits<V>::integer;
};

/// The 32-bit integers that go with V, and the number of values in V.
template <lane V>
using integer_of = typename detail::lane_traits<V>::integer;
template <lane V>
inline constexpr std::size_t width = detail::lane_traits<V>::size;

/// Returns its argument; the compiler may not look through it, so that a * b + c stays two roundings with every flag
/// set.
template <lane V>
[[nodiscard]] constexpr V fence(V v) noexcept {
  if (std::is_constant_evaluated()) return v;
#if defined(__x86_64__) || defined(__i386__)
  if constexpr (std::is_same_v<V, float>) {
    asm("" : "+x"(v));
  } else {
#if defined(__AVX512F__)
    asm("" : "+v"(v.data));
#else
    asm("" : "+x"(v.data));
#endif
  }
#elif defined(__aarch64__)
  if constexpr (std::is_same_v<V, float>) {
    asm("" : "+w"(v));
  } else {
    asm("" : "+w"(v.data));
  }
#endif
  return v;
}

/// The same for one double: `fence(a * b) + c` is never contracted.
[[nodiscard]] constexpr double fence(double v) noexcept {
  if (std::is_constant_evaluated()) return v;
#if defined(__x86_64__) || defined(__i386__)
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

/// The same for a register of doubles.
template <class V>
  requires detail::doubles<V>
[[nodiscard]] inline V fence(V v) noexcept {
#if defined(__AVX512F__)
  asm("" : "+v"(v.data));
#elif defined(__x86_64__) || defined(__i386__)
  asm("" : "+x"(v.data));
#elif defined(__aarch64__)
  asm("" : "+w"(v.data));
#endif
  return v;
}

/// a * b, rounded by itself.
template <lane V>
[[nodiscard]] constexpr V mul(V a, V b) noexcept {
  return fence<V>(a * b);
}

/// a * b + c with two roundings: the same bits with and without FMA instructions.
template <lane V>
[[nodiscard]] constexpr V mul_add(V a, V b, V c) noexcept {
  return simd::mul<V>(a, b) + c;
}

/// Nearest integer, ties to even. Range  |v| < 2^22
template <lane V>
[[nodiscard]] constexpr V round_even(V v) noexcept {
  // Adding 1.5 * 2^23 leaves no room for a fraction, so that the addition itself rounds to nearest even.
  V const shift(12582912.0f);
  return fence<V>(v + shift) - shift;
}

template <lane V>
[[nodiscard]] constexpr V min(V a, V b) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return b < a ? b : a;
  } else {
    return xsimd::min(a, b);
  }
}
template <lane V>
[[nodiscard]] constexpr V max(V a, V b) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return a < b ? b : a;
  } else {
    return xsimd::max(a, b);
  }
}
template <lane V>
[[nodiscard]] constexpr V clamp(V v, V low, V high) noexcept {
  return simd::min<V>(simd::max<V>(v, low), high);
}
/// Magnitude: the sign bit cleared, also that of -0.
template <lane V>
[[nodiscard]] constexpr V abs(V v) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) & 0x7fffffffu);
  } else {
    return xsimd::abs(v);
  }
}
template <lane V>
[[nodiscard]] V sqrt(V v) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return std::sqrt(v);
  } else {
#if defined(__aarch64__)
    // xsimd 8 iterates from an estimate here; the processor's root is the rounded one.
    alignas(64) float values[V::size];
    v.store_aligned(values);
    for (float& f : values) f = std::sqrt(f);
    return V::load_aligned(values);
#else
    return xsimd::sqrt(v);
#endif
  }
}

/// yes where the condition holds, no elsewhere.
[[nodiscard]] constexpr float select(bool condition, float yes, float no) noexcept { return condition ? yes : no; }
template <class Arch>
[[nodiscard]] f32<Arch> select(xsimd::batch_bool<float, Arch> condition, f32<Arch> yes, f32<Arch> no) noexcept {
  return xsimd::select(condition, yes, no);
}

/// True if the condition holds in a lane.
template <class Arch>
[[nodiscard]] bool any(xsimd::batch_bool<float, Arch> condition) noexcept {
  return xsimd::any(condition);
}

/// True if the condition holds in every lane.
[[nodiscard]] constexpr bool all(bool condition) noexcept { return condition; }
template <class Arch>
[[nodiscard]] bool all(xsimd::batch_bool<float, Arch> condition) noexcept {
  return xsimd::all(condition);
}

/// Integral floats as 32-bit integers, and back. Range  |v| < 2^31, a fraction is cut off
template <lane V>
[[nodiscard]] integer_of<V> to_int(V v) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return static_cast<std::int32_t>(v);
  } else {
    return xsimd::to_int(v);
  }
}
[[nodiscard]] inline float to_float(std::int32_t v) noexcept { return static_cast<float>(v); }
template <class Arch>
[[nodiscard]] f32<Arch> to_float(i32<Arch> v) noexcept {
  return xsimd::to_float(v);
}

/// The float that has these bits.
[[nodiscard]] inline float from_bits(std::int32_t v) noexcept { return std::bit_cast<float>(v); }
template <class Arch>
[[nodiscard]] f32<Arch> from_bits(i32<Arch> v) noexcept {
#if XSIMD_VERSION_MAJOR >= 11
  return xsimd::bitwise_cast<float>(v);
#else
  return xsimd::bitwise_cast<f32<Arch>>(v);
#endif
}
template <lane V>
[[nodiscard]] integer_of<V> to_bits(V v) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return std::bit_cast<std::int32_t>(v);
  } else {
#if XSIMD_VERSION_MAJOR >= 11
    return xsimd::bitwise_cast<std::int32_t>(v);
#else
    return xsimd::bitwise_cast<integer_of<V>>(v);
#endif
  }
}

template <lane V>
[[nodiscard]] V load(float const* p) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return *p;
  } else {
    return V::load_unaligned(p);
  }
}
template <lane V>
void store(float* p, V v) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    *p = v;
  } else {
    v.store_unaligned(p);
  }
}

/// Applies a lane function to every element: out[i] = f(in[i]). f is called with batches only, the last one filled up
/// by zeros,
/// so that no scalar copy of it, which would carry no instruction set in its name, is left behind.
/// Shape   in (n), out (n); they may be the same memory
template <class Arch = native, class F>
void for_each_lane(float const* in, float* out, std::size_t n, F const& f) noexcept {
  using batch = f32<Arch>;
  std::size_t const whole = n - n % batch::size;
  for (std::size_t i = 0; i < whole; i += batch::size) store<batch>(out + i, f(load<batch>(in + i)));
  if (whole == n) return;
  alignas(64) float rest[batch::size] = {};
  for (std::size_t i = whole; i < n; ++i) rest[i - whole] = in[i];
  store<batch>(rest, f(load<batch>(rest)));
  for (std::size_t i = whole; i < n; ++i) out[i] = rest[i - whole];
}

}  // namespace ohmic::inline OHMIC_ABI::simd
