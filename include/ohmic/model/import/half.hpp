// The two 16-bit floating-point formats of weight files, widened to float. Every value of either is a float, so this is
// exact.
#pragma once

#include <bit>
#include <cstdint>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// bfloat16: the upper half of a float.
[[nodiscard]] constexpr float from_bfloat16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits, with subnormals, infinity and NaN.
/// Source  IEEE 754-2008; compared with its definition for all 65536 values in tests/unit/model/import_half.cpp
[[nodiscard]] constexpr float from_binary16(std::uint16_t bits) noexcept {
  std::uint32_t const sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  std::uint32_t const exponent = bits >> 10 & 0x1Fu;
  std::uint32_t const fraction = bits & 0x3FFu;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in float
    float const magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

static_assert(from_binary16(0x3C00) == 1.0f && from_binary16(0xC000) == -2.0f && from_binary16(0x7BFF) == 65504.0f);
static_assert(from_bfloat16(0x3F80) == 1.0f);

}  // namespace ohmic::inline OHMIC_ABI::model
