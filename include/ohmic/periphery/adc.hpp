// The uniform analog-to-digital converter.
#pragma once

#include <cmath>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Reference voltages are set in steps of 2^-16 product units, rounded up so that no range shrinks: then all
/// recombination of codes is exact arithmetic in double,
/// and its result does not depend on order, width or contraction.
[[nodiscard]] inline double snapped_step(double step) noexcept {
  double const units = std::ceil(step * 65536.0);
  return (units < 1.0 ? 1.0 : units) / 65536.0;
}

/// Uniform converter: rounds to the nearest of 2^bits codes and saturates above its full scale.
/// Units   current in product units (see adc_policy)
/// Range   bits 1..16; `lossless` stands for an ideal converter that returns the current itself
/// Cost    1 x "adc" "convert" per current
/// Source  ours; laws in tests/laws/adc.hpp
class uniform_adc {
 public:
  struct config {
    int bits = 8;
    bool lossless = false;
  };

  /// Errors  config_value if bits is outside 1..16
  static void validate(config const& c) {
    if (c.bits < 1 || c.bits > 16)
      throw error({errc::config_value, "bits out of range", "adc.bits", std::to_string(c.bits), "1..16",
                   "set adc.bits, or adc.lossless=true for an ideal converter"});
  }

  /// Range   full_scale > 0, the current of the largest code
  uniform_adc(config const& c, float full_scale) noexcept
      : top_(top_code(c)),
        step_(c.lossless ? 1.0 : snapped_step(static_cast<double>(full_scale) / static_cast<double>(top_))),
        per_step_(static_cast<float>(1.0 / step_)) {}

  template <simd::lane V>
  [[nodiscard]] V code(V current) const noexcept {
    // Clipping first keeps the rounding trick inside its range.
    return simd::round_even(simd::clamp(simd::mul(current, V(per_step_)), V(0.0f), V(top_)));
  }

  [[nodiscard]] double step() const noexcept { return step_; }
  [[nodiscard]] float full_scale() const noexcept { return static_cast<float>(step_ * static_cast<double>(top_)); }
  /// An ideal converter never saturates: 2^21 is above every current of an array that validates.
  [[nodiscard]] static constexpr float top_code(config const& c) noexcept {
    return c.lossless ? 2097152.0f : static_cast<float>((1 << c.bits) - 1);
  }
  [[nodiscard]] static constexpr bool lossless(config const& c) noexcept { return c.lossless; }

 private:
  float top_;
  double step_;
  float per_step_;
};
static_assert(adc_policy<uniform_adc>);

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::uniform_adc::config, bits, lossless);
