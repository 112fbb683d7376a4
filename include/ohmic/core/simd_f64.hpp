// Doubles in registers with the fence of simd.hpp: products that are added are rounded by themselves, so that the bits do
// not depend on the instruction set or on contraction.
#pragma once

#include <cstddef>
#include <cstring>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI::simd {

/// Doubles in a register of this instruction set.
template <class Arch>
inline constexpr std::size_t width_f64 = f64<Arch>::size;

/// Returns its argument; the compiler may not look through it.
template <class Arch>
[[nodiscard]] inline f64<Arch> fence_f64(f64<Arch> v) noexcept {
#if defined(__x86_64__) || defined(__i386__)
#if defined(__AVX512F__)
  asm("" : "+v"(v.data));
#else
  asm("" : "+x"(v.data));
#endif
#elif defined(__aarch64__)
  asm("" : "+w"(v.data));
#endif
  return v;
}

/// a * b, rounded by itself.
template <class Arch>
[[nodiscard]] inline f64<Arch> mul_f64(f64<Arch> a, f64<Arch> b) noexcept {
  return simd::fence_f64<Arch>(a * b);
}

/// a * b + c with two roundings.
template <class Arch>
[[nodiscard]] inline f64<Arch> mul_add_f64(f64<Arch> a, f64<Arch> b, f64<Arch> c) noexcept {
  return simd::mul_f64<Arch>(a, b) + c;
}

template <class Arch>
[[nodiscard]] inline f64<Arch> load_f64(double const* p) noexcept {
  return f64<Arch>::load_unaligned(p);
}
template <class Arch>
inline void store_f64(double* p, f64<Arch> v) noexcept {
  v.store_unaligned(p);
}

namespace detail {
/// As many floats as a register has doubles.
template <std::size_t N>
struct float_vector;
template <>
struct float_vector<2> {
  typedef float type __attribute__((vector_size(8)));
};
template <>
struct float_vector<4> {
  typedef float type __attribute__((vector_size(16)));
};
template <>
struct float_vector<8> {
  typedef float type __attribute__((vector_size(32)));
};
}  // namespace detail

/// Floats as doubles, exactly.
template <class Arch>
[[nodiscard]] inline f64<Arch> load_f64(float const* p) noexcept {
  typename detail::float_vector<width_f64<Arch>>::type from;
  std::memcpy(&from, p, sizeof(from));
  return f64<Arch>(__builtin_convertvector(from, decltype(f64<Arch>::data)));
}

template <class Arch>
[[nodiscard]] inline f64<Arch> max_f64(f64<Arch> a, f64<Arch> b) noexcept {
  return xsimd::max(a, b);
}
template <class Arch>
[[nodiscard]] inline f64<Arch> abs_f64(f64<Arch> v) noexcept {
  return xsimd::abs(v);
}

}  // namespace ohmic::inline OHMIC_ABI::simd
