// Digit counts and ranges of the numeral systems as constexpr functions: all that a plan needs to know about them.
#pragma once

#include <cstdint>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Base of the balanced numeral system with scale factor S: 2^(S+1) - 1.
/// Range   S in 1..7
/// Source  Wang et al. 2024 (arXiv 2410.15977), section 5.2
[[nodiscard]] constexpr int balanced_base(int scale) noexcept { return (1 << (scale + 1)) - 1; }

/// Largest digit: 2^S - 1.
[[nodiscard]] constexpr int largest_digit(int scale) noexcept { return (1 << scale) - 1; }

/// Largest magnitude that `digits` balanced digits carry: (B^digits - 1) / 2.
[[nodiscard]] constexpr std::int64_t balanced_reach(int scale, int digits) noexcept {
  std::int64_t power = 1;
  for (int d = 0; d < digits; ++d) power *= balanced_base(scale);
  return (power - 1) / 2;
}

/// Digits needed for every integer in -top..top. 6, 3, 3, 2, 2, 2, 1 for S = 1..7 and top = 127.
/// Source  Wang et al. 2024, Table 7
[[nodiscard]] constexpr int balanced_digits(int scale, std::int64_t top) noexcept {
  int digits = 1;
  while (balanced_reach(scale, digits) < top) ++digits;
  return digits;
}

/// Largest magnitude of a symmetric code of `bits` bits: 127 for 8.
[[nodiscard]] constexpr std::int32_t symmetric_top(int bits) noexcept { return (std::int32_t{1} << (bits - 1)) - 1; }

}  // namespace ohmic::inline OHMIC_ABI
