// The linear DAC.
#include "ohmic/periphery/dac.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using ohmic::linear_dac;

TEST_CASE("a linear DAC drives the magnitudes of its symmetric codes") {
  int const tops[] = {1, 3, 7, 15, 31, 63, 127};
  for (int bits = 2; bits <= 8; ++bits) {
    linear_dac::config const c{bits};
    CHECK_NOTHROW(linear_dac::validate(c));
    CHECK(linear_dac::top(c) == tops[bits - 2]);
  }
}

TEST_CASE("a linear DAC of impossible width is refused") {
  for (int bits : {-1, 0, 1, 9, 16})
    ohmic_test::check_refused([&] { linear_dac::validate({bits}); }, ohmic::errc::config_value,
                              {"dac.bits", "got " + std::to_string(bits), "2..8"});
}
