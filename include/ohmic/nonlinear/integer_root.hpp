// The root of normalisation in integers: whole roots by Newton's iteration, and their reciprocals.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How a unit computes 1 / sqrt(variance + epsilon).
enum class root_kind {
  exact,    ///< in float
  integer,  ///< the whole root of a normalised integer and the whole quotient of its reciprocal
};

template <>
struct enum_names<root_kind> {
  static constexpr std::pair<std::string_view, root_kind> value[] = {{"exact", root_kind::exact},
                                                                     {"integer", root_kind::integer}};
};

/// The whole part of sqrt(n), by Newton's iteration from above.
/// Source  Kim et al. 2021 (I-BERT), algorithm 4; Crandall, Pomerance, Prime Numbers, algorithm 9.2.11
[[nodiscard]] constexpr std::uint64_t whole_root(std::uint64_t n) noexcept {
  if (n == 0) return 0;
  std::uint64_t x = std::uint64_t{1} << ((64 - std::countl_zero(n) + 1) / 2);
  for (;;) {
    std::uint64_t const next = (x + n / x) / 2;
    if (next >= x) return x;
    x = next;
  }
}

/// 1 / sqrt(v) from integers: v as n 4^e with n of 2 bits - 1 or 2 bits bits, its whole root r of `bits` bits, and the whole part of
/// 4^bits / r.
/// Range   bits 4..24; relative error at most integer_root_error(bits) for v > 0; infinity at 0, NaN below
/// Cost    1 x "root_unit" "inverse_root"
[[nodiscard]] inline float integer_inverse_root(float v, int bits) noexcept {
  if (!(v > 0.0f) || !std::isfinite(v)) return 1.0f / std::sqrt(v);
  int exponent = 0;
  double const fraction =
      std::frexp(static_cast<double>(v), &exponent);          // v = fraction 2^exponent, fraction in [1/2, 1)
  int const odd = exponent & 1, half = (exponent - odd) / 2;  // v = (fraction 2^odd) 4^half
  // n = v 4^(bits - 1 - half), in [4^(bits - 1) / 2, 4^(bits - 1) 2): its root has `bits` bits, or one less
  auto const n = static_cast<std::uint64_t>(std::ldexp(fraction, odd + 2 * (bits - 1)));
  std::uint64_t const r = whole_root(n);
  std::uint64_t const q = (std::uint64_t{1} << (2 * bits)) / r;
  return static_cast<float>(std::ldexp(static_cast<double>(q), -bits - 1 - half));
}

/// Of the whole root 1 / r, of n cut to an integer half of 1 / n, of the whole quotient 1 / q: r from 2^(bits - 1) / sqrt 2, q from
/// 2^(bits + 1) / sqrt 2 on.
[[nodiscard]] constexpr double integer_root_error(int bits) noexcept {
  double const unit = 1.0 / static_cast<double>(std::uint64_t{1} << bits);
  return 2.83 * unit + 4.0 * unit * unit + 0.71 * unit + 8.1 * unit * unit + 0x1p-23;
}

/// Errors  config_value
inline void check_root_bits(int bits) {
  if (bits >= 4 && bits <= 24) return;
  throw error(
      {errc::config_value, "bits out of range", "norm.root_bits", std::to_string(bits), "4..24", "set norm.root_bits"});
}

}  // namespace ohmic::inline OHMIC_ABI
