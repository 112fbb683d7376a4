// Sums along a row in double precision, in an order that no register width or compiler changes.
#pragma once

#include <cstddef>
#include <span>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::detail {

/// Sum of f(x) over a row in eight interleaved partial sums, then pairwise: one fixed order, which a compiler may still
/// vectorise.
/// Range   f returns a double that is exact, or rounded once; it must not end in an inexact product, which a compiler
///         could contract with the addition. A product of two floats has at most 48 bits and is exact in double, so
///         that a fused and a separate addition round the same number
template <class F>
[[nodiscard]] double row_sum(std::span<float const> x, F const& f) noexcept {
  constexpr std::size_t lanes = 8;
  double s[lanes] = {};
  std::size_t const whole = x.size() - x.size() % lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t l = 0; l < lanes; ++l) s[l] += f(x[i + l]);
  for (std::size_t i = whole; i < x.size(); ++i) s[i - whole] += f(x[i]);
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/// Sum of a row.
[[nodiscard]] inline double row_sum(std::span<float const> x) noexcept {
  return row_sum(x, [](float v) { return static_cast<double>(v); });
}

/// Sum of the squares of x - centre, the difference rounded to float.
[[nodiscard]] inline double row_square_sum(std::span<float const> x, float centre) noexcept {
  return row_sum(x, [centre](float v) {
    double const d = static_cast<double>(v - centre);
    return d * d;  // exact, see above
  });
}

}  // namespace ohmic::inline OHMIC_ABI::detail
