// A converter of one's own: what periphery/concept.hpp asks for, and nothing more.
#pragma once

#include <boost/hana/adapt_struct.hpp>
#include <ohmic/periphery/adc.hpp>

/// Truncates instead of rounding: code k stands for currents from k to k + 1 steps.
class truncating_adc {
 public:
  struct config {
    int bits = 8;
  };
  static void validate(config const& c) { ohmic::uniform_adc::validate({c.bits, false}); }

  truncating_adc(config const& c, float full_scale) noexcept
      : top_(top_code(c)),
        step_(ohmic::snapped_step(static_cast<double>(full_scale) / static_cast<double>(top_))),
        per_step_(static_cast<float>(1.0 / step_)) {}

  template <ohmic::simd::lane V>
  [[nodiscard]] V code(V current) const noexcept {
    V const steps = ohmic::simd::clamp(ohmic::simd::mul(current, V(per_step_)), V(0.0f), V(top_));
    V const nearest = ohmic::simd::round_even(steps);
    return nearest - ohmic::simd::select(nearest > steps, V(1.0f), V(0.0f));
  }
  [[nodiscard]] double step() const noexcept { return step_; }
  [[nodiscard]] float full_scale() const noexcept { return static_cast<float>(step_ * static_cast<double>(top_)); }
  [[nodiscard]] static constexpr float top_code(config const& c) noexcept {
    return static_cast<float>((1 << c.bits) - 1);
  }
  [[nodiscard]] static constexpr bool lossless(config const&) noexcept { return false; }

 private:
  float top_;
  double step_;
  float per_step_;
};
BOOST_HANA_ADAPT_STRUCT(truncating_adc::config, bits);
static_assert(ohmic::adc_policy<truncating_adc>);
