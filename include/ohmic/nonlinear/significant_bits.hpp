// Results of so many significant bits: what a unit of that width delivers.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI {

/// v with `bits` significant bits, ties to even. 0 and 24 or more: as it is.
/// Range   relative error of normal numbers at most 2^-bits; subnormal ones are off by at most 2^(-126 - bits), and may become 0;
///         from (2 - 2^-bits) 2^127 on infinity; infinity and NaN stay, as zeros do
/// Source  ours: the carry of an addition on the representation moves the exponent, IEEE 754-2019, 3.4
[[nodiscard]] constexpr float rounded_to_bits(float v, int bits) noexcept {
  if (bits < 1 || bits >= 24) return v;
  auto const u = std::bit_cast<std::uint32_t>(v);
  if ((u & 0x7f800000u) == 0x7f800000u) return v;
  int const shift = 24 - bits;
  std::uint32_t const last = 1u << shift, half = (last >> 1) - 1u + ((u >> shift) & 1u);
  return std::bit_cast<float>((u + half) & ~(last - 1u));
}

/// Checks a width of results: 0 for exact, or 4 to 24.
/// Errors  config_value naming the field
inline void check_result_bits(int bits, std::string_view field) {
  if (bits == 0 || (bits >= 4 && bits <= 24)) return;
  throw error({errc::config_value, "bits out of range", std::string(field), std::to_string(bits), "0 (exact), 4..24",
               "set " + std::string(field)});
}

}  // namespace ohmic::inline OHMIC_ABI
