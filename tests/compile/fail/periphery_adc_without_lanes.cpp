// message: adc_policy
#include "ohmic/periphery/concept.hpp"

/// A converter whose code is no lane function: it knows floats, not batches of them.
struct one_by_one_adc {
  struct config {};
  static void validate(config const&) {}
  one_by_one_adc(config const&, float) noexcept {}
#ifdef OHMIC_EXPECT_FAIL
  float code(float current) const noexcept { return current; }
#else
  template <ohmic::simd::lane V>
  V code(V current) const noexcept {
    return current;
  }
#endif
  double step() const noexcept { return 1.0; }
  float full_scale() const noexcept { return 255.0f; }
  static constexpr float top_code(config const&) noexcept { return 255.0f; }
  static constexpr bool lossless(config const&) noexcept { return false; }
};

static_assert(ohmic::adc_policy<one_by_one_adc>);
