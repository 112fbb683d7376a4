// The uniform converter, and a user's own, against the laws.
#include "ohmic/periphery/adc.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "laws/adc.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/levels_adc.hpp"

using ohmic::errc;
using ohmic::uniform_adc;

namespace {
/// From the finest step that can be set to the largest current that an array may deliver.
std::vector<float> const full_scales{0.01f, 1.0f, 100.3f, 8191.0f, 24384.0f, 65535.0f, 300000.7f, 2097151.0f};
}  // namespace

TEST_CASE("a uniform converter of 1 to 16 bits obeys the laws of a converter") {
  for (int bits = 1; bits <= 16; ++bits)
    for (float full_scale : full_scales) {
      CAPTURE(bits, full_scale);
      ohmic_test::adc_laws<uniform_adc>({bits, false}, full_scale);
    }
}

TEST_CASE("a user's converter obeys the laws of a converter") {
  for (int levels : {2, 3, 100, 255, 4096})
    for (float full_scale : full_scales) {
      CAPTURE(levels, full_scale);
      ohmic_test::adc_laws<ohmic_test::levels_adc>({levels}, full_scale);
    }
}

TEST_CASE("a lossless converter returns the current") {
  for (int bits : {1, 8, 16}) ohmic_test::lossless_adc_laws<uniform_adc>({bits, true});
}

TEST_CASE(
    "the step of a uniform converter is a whole number of 2^-16 units, and the range not narrower than asked for") {
  for (int bits = 1; bits <= 16; ++bits)
    for (float full_scale : full_scales) {
      uniform_adc const adc({bits, false}, full_scale);
      double const units = adc.step() * 65536.0, asked = static_cast<double>(full_scale) / ((1 << bits) - 1) * 65536.0;
      CAPTURE(bits, full_scale);
      CHECK(units == std::round(units));
      CHECK(units >= asked);
      CHECK(units < asked + 1.0);
      CHECK(adc.full_scale() >= full_scale);
    }
}

TEST_CASE("a uniform converter rounds ties to even") {
  uniform_adc const adc({4, false}, 30.0f);  // a step of 2: the odd currents are ties
  CHECK(adc.step() == 2.0);
  std::vector<float> codes;
  for (int current = 1; current <= 29; current += 2) codes.push_back(adc.code(static_cast<float>(current)));
  CHECK(codes == std::vector<float>{0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14});
}

TEST_CASE("a uniform converter of b bits has 2^b codes and uses them all") {
  for (int bits = 1; bits <= 12; ++bits) {
    int const codes = 1 << bits;
    uniform_adc const adc({bits, false}, static_cast<float>(codes - 1));
    std::size_t wrong = 0;
    for (int c = 0; c < codes; ++c)
      wrong += static_cast<std::size_t>(adc.code(static_cast<float>(c)) != static_cast<float>(c));
    CHECK(wrong == 0);
  }
}

TEST_CASE("a uniform converter reads a negative current as none") {
  uniform_adc const adc({8, false}, 1000.0f);
  for (float current : {-0.1f, -3.0f, -1e9f}) CHECK(adc.code(current) == 0.0f);
}

TEST_CASE("a uniform converter of impossible width is refused") {
  for (int bits : {-8, 0, 17, 64})
    for (bool lossless : {false, true})
      ohmic_test::check_refused(
          [&] {
            uniform_adc::validate({bits, lossless});
          },
          errc::config_value, {"adc.bits", "got " + std::to_string(bits), "1..16", "adc.lossless"});
}
