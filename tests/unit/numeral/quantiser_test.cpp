// The symmetric quantiser: laws of its codes, its scales, and what it refuses.
#include "ohmic/numeral/quantiser.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using ohmic::errc;
using ohmic::symmetric_quantiser;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Two float roundings (of 1 / scale and of the product with it) move a value by this share of itself.
constexpr double two_roundings = 0x1p-23;

std::vector<std::int16_t> codes_of(symmetric_quantiser const& q, std::vector<float> const& values) {
  std::vector<std::int16_t> codes(values.size(), 12345);
  q.quantise(values, codes);
  return codes;
}

std::vector<float> some_values(std::uint64_t seed, std::size_t n, double largest) {
  ohmic_test::dice dice(seed);
  std::vector<float> values(n);
  for (float& v : values) v = static_cast<float>((2.0 * dice.real() - 1.0) * largest);
  return values;
}

}  // namespace

TEST_CASE("a quantiser rounds ties to even") {
  symmetric_quantiser const q(8, 0.25f);  // a power of two, so that halves of a code are exact
  std::vector<float> halves;
  std::vector<std::int16_t> wanted;
  for (int k = -126; k <= 125; ++k) {
    halves.push_back((static_cast<float>(k) + 0.5f) * 0.25f);
    wanted.push_back(static_cast<std::int16_t>(k % 2 == 0 ? k : k + 1));
  }
  CHECK(codes_of(q, halves) == wanted);
}

TEST_CASE("a quantiser is off by at most half a code inside its range") {
  for (int bits : {2, 3, 5, 8, 11, 16})
    for (float scale : {1.0f, 0.1f, 3.7e-6f, 812.5f}) {
      symmetric_quantiser const q(bits, scale);
      auto const values = some_values(11, 5000, static_cast<double>(scale) * q.top());
      auto const codes = codes_of(q, values);
      double const half_code = static_cast<double>(scale) * (0.5 + q.top() * two_roundings);
      double worst = 0.0;
      for (std::size_t i = 0; i < values.size(); ++i)
        worst = std::max(worst, std::fabs(static_cast<double>(values[i]) - static_cast<double>(scale) * codes[i]));
      CAPTURE(bits, scale);
      CHECK(worst <= half_code);
    }
}

TEST_CASE("a quantiser is monotone and odd") {
  symmetric_quantiser const q(8, 0.031f);
  auto values = some_values(5, 4000, 6.0);
  std::sort(values.begin(), values.end());
  auto const codes = codes_of(q, values);
  CHECK(std::is_sorted(codes.begin(), codes.end()));
  for (float& v : values) v = -v;
  auto const opposite = codes_of(q, values);
  CHECK(std::equal(codes.begin(), codes.end(), opposite.begin(), [](int a, int b) { return a == -b; }));
}

TEST_CASE("a quantiser gives back every code of its own") {
  for (int bits = 2; bits <= 16; ++bits) {
    std::size_t wrong = 0;
    symmetric_quantiser const q(bits, 0.0173f);
    for (std::int32_t c = -q.top(); c <= q.top(); ++c)
      wrong += static_cast<std::size_t>(q.code(static_cast<float>(c) * q.scale()) != static_cast<float>(c));
    CAPTURE(bits);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a quantiser saturates at its top codes and counts what was lost") {
  symmetric_quantiser const q(8, 1.0f);
  std::vector<float> const values{127.0f,  127.49f,  127.5f,  127.51f, 128.0f, 1e30f,
                                  -127.0f, -127.49f, -127.6f, -1e30f,  0.0f};
  std::vector<std::int16_t> codes(values.size());
  // Up to half a code above the top the nearest code is the top: rounded, not lost.
  CHECK(q.quantise(values, codes) == 5);
  CHECK(codes == std::vector<std::int16_t>{127, 127, 127, 127, 127, 127, -127, -127, -127, -127, 0});
  std::vector<float> const beyond{infinity, -infinity};
  CHECK(q.quantise(beyond, std::span(codes).first(2)) == 2);
  CHECK(codes[0] == 127);
  CHECK(codes[1] == -127);
}

TEST_CASE("a quantiser counts NaN as lost, wherever it stands") {
  symmetric_quantiser const q(8, 1.0f);
  std::vector<std::int16_t> codes(37);
  for (std::size_t at = 0; at < codes.size(); ++at) {
    std::vector<float> values(codes.size(), 3.0f);
    values[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK(q.quantise(values, codes) == 1);
    CHECK(codes[(at + 1) % codes.size()] == 3);
  }
}

TEST_CASE("the largest value takes the largest code and nothing is lost") {
  ohmic_test::dice dice(3);
  for (int bits = 2; bits <= 16; ++bits)
    for (int i = 0; i < 200; ++i) {
      auto const largest = static_cast<float>(std::ldexp(0.5 + dice.real(), dice.between(-60, 60)));
      symmetric_quantiser const q(bits, symmetric_quantiser::scale_for(largest, bits));
      std::vector<float> const values{largest, -largest};
      std::vector<std::int16_t> codes(2);
      bool const fits = q.quantise(values, codes) == 0 && codes[0] == q.top() && codes[1] == -q.top();
      if (!fits) FAIL_CHECK("bits " << bits << ", largest " << largest);
    }
}

TEST_CASE("a tensor of zeros, or of values too small to divide by, has scale 1") {
  for (int bits : {2, 8, 16}) {
    CHECK(symmetric_quantiser::scale_for(0.0f, bits) == 1.0f);
    CHECK(symmetric_quantiser::scale_for(std::numeric_limits<float>::denorm_min(), bits) == 1.0f);
  }
  symmetric_quantiser const q(8, 1.0f);
  CHECK(codes_of(q, std::vector<float>(5, 0.0f)) == std::vector<std::int16_t>(5, 0));
}

TEST_CASE("codes do not depend on where in a row a value stands") {
  symmetric_quantiser const q(8, 0.0471f);
  auto const values = some_values(9, 131, 8.0);
  for (std::size_t first = 0; first < 17; ++first)
    for (std::size_t n = 0; first + n <= values.size(); n += 1 + n / 3) {
      std::vector<std::int16_t> codes(n);
      std::size_t wrong = 0;
      q.quantise(std::span(values).subspan(first, n), codes);
      for (std::size_t i = 0; i < n; ++i)
        wrong += static_cast<std::size_t>(static_cast<float>(codes[i]) != q.code(values[first + i]));
      CHECK(wrong == 0);
    }
}

TEST_CASE("the largest magnitude is found, and NaN or infinity is named with its place") {
  CHECK(ohmic::largest_magnitude(std::vector<float>{1.0f, -3.5f, 2.0f}, "w") == 3.5f);
  CHECK(ohmic::largest_magnitude(std::vector<float>{}, "w") == 0.0f);
  CHECK(ohmic::largest_magnitude(std::vector<float>(3, -0.0f), "w") == 0.0f);
  ohmic_test::check_refused(
      [] {
        (void)ohmic::largest_magnitude(std::vector<float>{1.0f, not_a_number}, "layer.0.A1");
      },
      errc::value, {"layer.0.A1[1]", "nan"});
  ohmic_test::check_refused([] { (void)ohmic::largest_magnitude(std::vector<float>{-infinity}, "w"); }, errc::value,
                            {"w[0]", "inf"});
}

TEST_CASE("a scale cannot be made of NaN, infinity or a negative number") {
  for (float largest : {not_a_number, infinity, -1.0f})
    ohmic_test::check_refused([&] { (void)symmetric_quantiser::scale_for(largest, 8); }, errc::value,
                              {"quantiser", "finite and >= 0"});
}

TEST_CASE("a quantiser refuses widths and scales that have no codes") {
  for (int bits : {-1, 0, 1, 17, 32})
    ohmic_test::check_refused([&] { symmetric_quantiser(bits, 1.0f); }, errc::config_value,
                              {"quantiser.bits", "got " + std::to_string(bits), "2..16"});
  for (float scale : {0.0f, -1.0f, not_a_number, infinity, std::numeric_limits<float>::denorm_min()})
    ohmic_test::check_refused([&] { symmetric_quantiser(8, scale); }, errc::config_value,
                              {"quantiser.scale", "finite and > 0"});
  ohmic_test::check_refused([] { symmetric_quantiser(8, -1e-20f); }, errc::config_value, {"got -1e-20"});
}

TEST_CASE("an INT8 code of -128 is refused with its element, or clipped on request") {
  std::vector<std::int8_t> const codes{-127, 0, 127, -128, -128};
  ohmic_test::check_refused([&] { (void)ohmic::symmetric_codes(codes, ohmic::below_range::reject, "query.weight"); },
                            errc::value, {"query.weight[3]", "-128", "-127..127"});
  CHECK(ohmic::symmetric_codes(codes, ohmic::below_range::clip, "w") ==
        std::vector<std::int16_t>{-127, 0, 127, -127, -127});
  std::vector<std::int8_t> every;
  for (int c = -127; c <= 127; ++c) every.push_back(static_cast<std::int8_t>(c));
  auto const kept = ohmic::symmetric_codes(every, ohmic::below_range::reject, "w");
  CHECK(std::equal(kept.begin(), kept.end(), every.begin(), every.end()));
}
