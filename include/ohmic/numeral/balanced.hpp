// Balanced base-B digits of activations, B = 2^(S+1) - 1: encode, decode, recombine, and the resistors that a digit
// turns on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ohmic/core/error.hpp"
#include "ohmic/numeral/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Balanced numeral system of scale factor S: digits -(2^S - 1)..2^S - 1, most significant first.
/// Range   S in 1..7
/// Source  Wang et al. 2024, section 5.2 and Fig 7: 78 = (2,-3,1), -23 = (0,-3,-2) in base 7
template <int S>
struct balanced {
  static_assert(S >= 1 && S <= 7, "balanced<S>: the scale factor S must be 1..7");
  static constexpr int scale = S;
  static constexpr int base = balanced_base(S);
  static constexpr int top_digit = largest_digit(S);

  /// Digits that -top..top needs, and the largest magnitude that `digits` digits hold.
  [[nodiscard]] static constexpr int digits_for(std::int64_t top) noexcept { return balanced_digits(S, top); }
  [[nodiscard]] static constexpr std::int64_t reach(int digits) noexcept { return balanced_reach(S, digits); }

  /// The digits of value.
  /// Shape   digits (D), most significant first
  /// Range   |value| <= reach(D), B^D < 2^63; a larger one is a broken contract
  static constexpr void encode(std::int32_t value, std::span<std::int8_t> digits) noexcept {
    // Balanced digits of v are the ordinary digits of v + (B^D - 1) / 2, each less (B - 1) / 2.
    auto rest = static_cast<std::uint64_t>(value + reach(static_cast<int>(digits.size())));
    for (std::size_t d = digits.size(); d-- > 0;) {
      digits[d] = static_cast<std::int8_t>(static_cast<int>(rest % base) - top_digit);
      rest /= base;
    }
  }

  /// D digits of value as an array.
  template <std::size_t D>
  [[nodiscard]] static constexpr std::array<std::int8_t, D> encoded(std::int32_t value) noexcept {
    std::array<std::int8_t, D> digits{};
    encode(value, digits);
    return digits;
  }

  /// The value of some digits.
  [[nodiscard]] static constexpr std::int64_t decode(std::span<std::int8_t const> digits) noexcept {
    std::int64_t value = 0;
    for (auto d : digits) value = times_base(value) + d;
    return value;
  }

  /// What the shift-and-add unit does between two digits: B acc = (acc << (S + 1)) - acc.
  [[nodiscard]] static constexpr std::int64_t times_base(std::int64_t acc) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(acc) << (S + 1)) - acc;
  }

  /// True where a digit turns on the resistor of value 2^row in the column of its sign.
  /// Range   row in 0..S-1
  [[nodiscard]] static constexpr bool switched_on(int digit, int row) noexcept {
    return ((digit < 0 ? -digit : digit) >> row & 1) != 0;
  }
};

}  // namespace ohmic::inline OHMIC_ABI
