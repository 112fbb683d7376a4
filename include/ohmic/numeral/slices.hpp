// Bit slices of integer weights, for cells that hold fewer bits than a weight: two's complement and sign-magnitude.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/numeral/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Widths in bits of the slices of a weight, least significant first; e.g. {2, 2, 2, 2}.
class slice_widths {
 public:
  /// Errors  config_value if a width is outside 1..16 or the total outside 1..32
  explicit slice_widths(std::vector<int> widths)
      : widths_(std::move(widths)), bits_(std::accumulate(widths_.begin(), widths_.end(), 0)) {
    for (int w : widths_)
      if (w < 1 || w > 16)
        throw error({errc::config_value, "slice width out of range", "slices", std::to_string(w), "1..16 bits",
                     "split the slice"});
    if (bits_ < 1 || bits_ > 32)
      throw error({errc::config_value, "total width out of range", "slices", std::to_string(bits_), "1..32 bits",
                   "name other slices"});
  }

  [[nodiscard]] std::span<int const> widths() const noexcept { return widths_; }
  [[nodiscard]] std::size_t size() const noexcept { return widths_.size(); }
  [[nodiscard]] int bits() const noexcept { return bits_; }

 private:
  std::vector<int> widths_;
  int bits_ = 0;
};

/// Two's complement slices: unsigned slices of the bit pattern; the top bit of the top slice counts negative.
/// Range   value in -2^(b-1)..2^(b-1)-1 with b = widths.bits()
/// Source  ours; exhaustive over 8 bits in tests/unit/numeral
struct twos_complement {
  static void encode(std::int64_t value, slice_widths const& widths, std::span<std::int32_t> slices) noexcept {
    auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      int const w = widths.widths()[i];
      slices[i] = static_cast<std::int32_t>(bits & ((std::uint64_t{1} << w) - 1));
      bits >>= w;
    }
  }

  [[nodiscard]] static std::int64_t decode(slice_widths const& widths, std::span<std::int32_t const> slices) noexcept {
    std::int64_t value = 0;
    int shift = 0;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      value += std::int64_t{slices[i]} << shift;
      shift += widths.widths()[i];
    }
    std::int64_t const half = std::int64_t{1} << (widths.bits() - 1);
    return value >= half ? value - 2 * half : value;
  }
};

/// Sign-magnitude slices: slices of |value|, each carrying the sign (one cell of a differential pair, or the other).
/// Range   |value| < 2^b with b = widths.bits()
/// Source  ours; exhaustive over -127..127 in tests/unit/numeral
struct sign_magnitude {
  static void encode(std::int64_t value, slice_widths const& widths, std::span<std::int32_t> slices) noexcept {
    std::int32_t const sign = value < 0 ? -1 : 1;
    auto bits = static_cast<std::uint64_t>(value < 0 ? -value : value);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      int const w = widths.widths()[i];
      slices[i] = sign * static_cast<std::int32_t>(bits & ((std::uint64_t{1} << w) - 1));
      bits >>= w;
    }
  }

  [[nodiscard]] static std::int64_t decode(slice_widths const& widths, std::span<std::int32_t const> slices) noexcept {
    std::int64_t value = 0;
    int shift = 0;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      value += std::int64_t{slices[i]} * (std::int64_t{1} << shift);
      shift += widths.widths()[i];
    }
    return value;
  }
};

/// Balanced slices: a digit of k bits and a sign counts in base 2^(k + 1) - 1, so that bases may differ from slice to slice. Of one
/// width they are the digits of `balanced`, least significant first.
/// Range   |value| <= (product of bases - 1) / 2
/// Source  ours; held to `balanced` in tests/unit/numeral
struct balanced_slices {
  static void encode(std::int64_t value, slice_widths const& widths, std::span<std::int32_t> slices) noexcept {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      std::int64_t const top = (std::int64_t{1} << widths.widths()[i]) - 1, base = 2 * top + 1;
      std::int64_t digit = (value + top) % base;
      if (digit < 0) digit += base;
      slices[i] = static_cast<std::int32_t>(digit - top);
      value = (value - slices[i]) / base;
    }
  }

  [[nodiscard]] static std::int64_t decode(slice_widths const& widths, std::span<std::int32_t const> slices) noexcept {
    std::int64_t value = 0, place = 1;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      value += place * slices[i];
      place *= (std::int64_t{2} << widths.widths()[i]) - 1;
    }
    return value;
  }
};

}  // namespace ohmic::inline OHMIC_ABI
