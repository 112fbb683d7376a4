// An ADC policy of a user, for tests: any number of levels instead of a power of two, and a step that is not snapped.
#pragma once

#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic_test {

class levels_adc {
 public:
  struct config {
    int levels = 200;
  };

  static void validate(config const& c) {
    if (c.levels < 2 || c.levels > 4096)
      throw ohmic::error({ohmic::errc::config_value, "levels out of range", "adc.levels", std::to_string(c.levels),
                          "2..4096", "set adc.levels"});
  }
  levels_adc(config const& c, float full_scale) noexcept
      : top_(top_code(c)),
        step_(static_cast<double>(full_scale) / static_cast<double>(top_)),
        per_step_(static_cast<float>(1.0 / step_)) {}

  template <ohmic::simd::lane V>
  [[nodiscard]] V code(V current) const noexcept {
    return ohmic::simd::round_even(ohmic::simd::clamp(ohmic::simd::mul(current, V(per_step_)), V(0.0f), V(top_)));
  }
  [[nodiscard]] double step() const noexcept { return step_; }
  [[nodiscard]] float full_scale() const noexcept { return static_cast<float>(step_ * static_cast<double>(top_)); }
  [[nodiscard]] static constexpr float top_code(config const& c) noexcept { return static_cast<float>(c.levels - 1); }
  [[nodiscard]] static constexpr bool lossless(config const&) noexcept { return false; }

 private:
  float top_;
  double step_;
  float per_step_;
};
static_assert(ohmic::adc_policy<levels_adc>);

}  // namespace ohmic_test

BOOST_HANA_ADAPT_STRUCT(ohmic_test::levels_adc::config, levels);
