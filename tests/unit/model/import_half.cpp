#include <cmath>
#include <cstdint>
#include <limits>

#include "ohmic/model/import/half.hpp"
#include "support/catch.hpp"

namespace model = ohmic::model;

namespace {
/// The definition of an IEEE format with these field widths, by powers of two in double; all steps are exact.
double by_definition(unsigned bits, int exponent_bits, int fraction_bits) {
  int const bias = (1 << (exponent_bits - 1)) - 1;
  int const all_ones = (1 << exponent_bits) - 1;
  int const exponent = static_cast<int>(bits >> fraction_bits) & all_ones;
  int const fraction = static_cast<int>(bits) & ((1 << fraction_bits) - 1);
  double const sign = bits >> (exponent_bits + fraction_bits) != 0 ? -1.0 : 1.0;
  if (exponent == all_ones) return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * HUGE_VAL;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

/// Counts the values that differ, the sign of zero included.
template <class F>
int differences(F widen, int exponent_bits, int fraction_bits) {
  int different = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    double const want = by_definition(bits, exponent_bits, fraction_bits);
    float const got = widen(static_cast<std::uint16_t>(bits));
    bool const same = std::isnan(want) ? std::isnan(got)
                                       : static_cast<double>(got) == want && std::signbit(got) == std::signbit(want);
    different += same ? 0 : 1;
  }
  return different;
}
}  // namespace

TEST_CASE("all 65536 values of binary16 widen to the float that their definition says") {
  CHECK(differences(model::from_binary16, 5, 10) == 0);
}

TEST_CASE("all 65536 values of bfloat16 widen to the float that their definition says") {
  CHECK(differences(model::from_bfloat16, 8, 7) == 0);
}
