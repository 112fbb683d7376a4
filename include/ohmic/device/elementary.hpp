// exp, log and powers by the library's own operations: the same bits on every machine.
#pragma once

#include <cmath>
#include <cstddef>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI::detail {

/// c[0] + c[1] x + c[2] x^2 + .., by Horner's rule.
template <std::size_t N>
[[nodiscard]] double polynomial(double const (&c)[N], double x) noexcept {
  double sum = c[N - 1];
  for (std::size_t k = N - 1; k > 0; --k) sum = c[k - 1] + simd::fence(sum * x);
  return sum;
}

/// e^x. Range  any; infinite above 709.7
/// Source  x = k ln 2 + r, Taylor's series of r to r^13, whose rest is below 2^-57 for |r| <= ln 2 / 2
[[nodiscard]] inline double own_exp(double x) noexcept {
  if (!(x > -745.0)) return 0.0;
  if (x > 710.0) return HUGE_VAL;
  double const k = std::floor(simd::fence(x * 1.4426950408889634) + 0.5);
  double const r = (x - simd::fence(k * 0.6931471803691238)) - simd::fence(k * 1.9082149292705877e-10);  // ln 2, split
  double sum = 1.0;
  for (double n = 13.0; n >= 1.0; n -= 1.0) sum = 1.0 + simd::fence(sum * (r / n));
  return std::ldexp(sum, static_cast<int>(k));
}

[[nodiscard]] inline double own_sinh(double x) noexcept {
  if (std::fabs(x) >= 1.0) {
    double const s = 0.5 * (own_exp(std::fabs(x)) - own_exp(-std::fabs(x)));
    return x < 0.0 ? -s : s;
  }
  double const square = simd::fence(x * x);
  double sum = 1.0;  // series to x^19
  for (double n = 18.0; n >= 2.0; n -= 2.0) sum = 1.0 + simd::fence(sum * (square / (n * (n + 1.0))));
  return simd::fence(x * sum);
}

/// Natural logarithm. Range  above 0, finite
/// Source  x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)), series to s^21, whose rest
///         is below 2^-57
[[nodiscard]] inline double own_log(double x) noexcept {
  int k = 0;
  double m = std::frexp(x, &k);
  if (m < 0.7071067811865476) m *= 2.0, --k;
  double const s = (m - 1.0) / (m + 1.0), square = simd::fence(s * s);
  double sum = 1.0 / 21.0;
  for (double n = 19.0; n >= 1.0; n -= 2.0) sum = 1.0 / n + simd::fence(sum * square);
  double const exponent = static_cast<double>(k);
  return simd::fence(exponent * 0.6931471803691238) +
         (simd::fence(2.0 * s * sum) + simd::fence(exponent * 1.9082149292705877e-10));
}

/// x^p; 0 for x = 0. Range  x at least 0
[[nodiscard]] inline double own_power(double x, double p) noexcept {
  return x > 0.0 ? own_exp(simd::fence(p * own_log(x))) : 0.0;
}

}  // namespace ohmic::inline OHMIC_ABI::detail
