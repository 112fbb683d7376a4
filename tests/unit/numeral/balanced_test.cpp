// Balanced digits: encoding, decoding, the shift-and-add unit, and the published worked examples.
#include "ohmic/numeral/balanced.hpp"

#include <cstdint>
#include <vector>

#include "ohmic/numeral/shape.hpp"
#include "support/catch.hpp"
#include "support/plain_crossbar.hpp"

using ohmic::balanced;
using ohmic_test::plain_digits;

namespace {

/// Calls f.operator()<S>() for S = 1..7.
template <class F>
void for_every_scale(F&& f) {
  [&]<int... S>(std::integer_sequence<int, S...>) { (f.template operator()<S + 1>(), ...); }
  (std::make_integer_sequence<int, 7>());
}

template <int S>
std::vector<int> digits_of(std::int32_t value, int count) {
  std::vector<std::int8_t> digits(static_cast<std::size_t>(count), 99);
  balanced<S>::encode(value, digits);
  return {digits.begin(), digits.end()};
}

template <int S>
std::int64_t value_of(std::vector<int> const& digits) {
  std::vector<std::int8_t> const bytes(digits.begin(), digits.end());
  return balanced<S>::decode(bytes);
}

/// Values of -limit..limit that do not survive, or whose digits are not those of the definition.
template <int S>
std::size_t wrong_values(std::int32_t limit, int count) {
  std::size_t wrong = 0;
  for (std::int32_t v = -limit; v <= limit; ++v) {
    auto const digits = digits_of<S>(v, count);
    wrong += static_cast<std::size_t>(digits != plain_digits(v, S, count) || value_of<S>(digits) != v);
  }
  return wrong;
}

constexpr std::int64_t exhaustive = 40000;  // largest reach that is walked through value by value

// Digits that an INT8 activation needs, S = 1..7. Source  Wang et al. 2024, Table 7
constexpr int table_7[] = {6, 3, 3, 2, 2, 2, 1};
// Rows of resistors times array cycles that follow: S x digits.
constexpr int table_7_products[] = {6, 6, 9, 8, 10, 12, 7};

static_assert(balanced<2>::base == 7 && balanced<2>::top_digit == 3);
static_assert(balanced<2>::encoded<3>(78) == std::array<std::int8_t, 3>{2, -3, 1});
static_assert(balanced<2>::encoded<3>(-23) == std::array<std::int8_t, 3>{0, -3, -2});
static_assert(balanced<2>::reach(3) == 171 && balanced<2>::reach(4) == 1200);
static_assert(balanced<2>::digits_for(171) == 3 && balanced<2>::digits_for(172) == 4 &&
              balanced<2>::digits_for(1200) == 4);
static_assert(balanced<7>::digits_for(127) == 1 && balanced<7>::digits_for(128) == 2);
static_assert(ohmic::symmetric_top(8) == 127 && ohmic::symmetric_top(2) == 1 && ohmic::symmetric_top(16) == 32767);

}  // namespace

TEST_CASE("an INT8 activation needs the digits of Table 7") {
  for (int scale = 1; scale <= 7; ++scale) {
    CAPTURE(scale);
    CHECK(ohmic::balanced_digits(scale, 127) == table_7[scale - 1]);
    CHECK(scale * ohmic::balanced_digits(scale, 127) == table_7_products[scale - 1]);
  }
}

TEST_CASE("the base of scale factor S is 2^(S+1) - 1 and its largest digit 2^S - 1") {
  int const bases[] = {3, 7, 15, 31, 63, 127, 255}, tops[] = {1, 3, 7, 15, 31, 63, 127};
  for_every_scale([&]<int S>() {
    CHECK(balanced<S>::base == bases[S - 1]);
    CHECK(balanced<S>::top_digit == tops[S - 1]);
    CHECK(ohmic::balanced_base(S) == bases[S - 1]);
    CHECK(ohmic::largest_digit(S) == tops[S - 1]);
  });
}

TEST_CASE("every symmetric INT8 code has its balanced digits for every scale factor") {
  for_every_scale([]<int S>() {
    CAPTURE(S);
    CHECK(wrong_values<S>(127, table_7[S - 1]) == 0);
  });
}

TEST_CASE("balanced digits carry their whole reach and nothing twice") {
  for_every_scale([]<int S>() {
    for (int count = 1; balanced<S>::reach(count) <= exhaustive; ++count) {
      CAPTURE(S, count);
      auto const reach = static_cast<std::int32_t>(balanced<S>::reach(count));
      CHECK(wrong_values<S>(reach, count) == 0);
      // As many values as strings of digits: every string is used, so that no other encoding exists.
      std::int64_t strings = 1;
      for (int d = 0; d < count; ++d) strings *= 2 * balanced<S>::top_digit + 1;
      CHECK(strings == 2 * std::int64_t{reach} + 1);
      CHECK(digits_of<S>(reach, count) == std::vector<int>(static_cast<std::size_t>(count), balanced<S>::top_digit));
      CHECK(digits_of<S>(-reach, count) == std::vector<int>(static_cast<std::size_t>(count), -balanced<S>::top_digit));
    }
  });
}

TEST_CASE("balanced digits carry every 32-bit reach at its ends") {
  for_every_scale([]<int S>() {
    for (int count = 1; balanced<S>::reach(count) <= 2147483647; ++count) {
      CAPTURE(S, count);
      auto const reach = static_cast<std::int32_t>(balanced<S>::reach(count));
      for (std::int32_t v : {-reach, 1 - reach, -reach / 2, -1, 0, 1, reach / 3, reach - 1, reach})
        CHECK(digits_of<S>(v, count) == plain_digits(v, S, count));
    }
  });
}

TEST_CASE("the fewest digits that hold a range are found") {
  for_every_scale([]<int S>() {
    for (std::int64_t top : {1, 2, 3, 4, 7, 40, 127, 171, 172, 1023, 1200, 1201, 4095, 32767}) {
      CAPTURE(S, top);
      int const count = balanced<S>::digits_for(top);
      CHECK(balanced<S>::reach(count) >= top);
      CHECK((count == 1 || balanced<S>::reach(count - 1) < top));
    }
  });
}

TEST_CASE("more digits than a value needs are zeros in front") {
  for (std::int32_t v = -171; v <= 171; ++v) {
    auto wanted = digits_of<2>(v, 3);
    wanted.insert(wanted.begin(), 4, 0);
    CHECK(digits_of<2>(v, 7) == wanted);
  }
}

TEST_CASE("the opposite number has the opposite digits") {
  for_every_scale([]<int S>() {
    for (std::int32_t v = 0; v <= 127; ++v) {
      auto digits = digits_of<S>(v, table_7[S - 1]);
      for (int& d : digits) d = -d;
      CHECK(digits_of<S>(-v, table_7[S - 1]) == digits);
    }
  });
}

TEST_CASE("the shift-and-add unit multiplies by the base") {
  for_every_scale([]<int S>() {
    for (std::int64_t acc : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{12345},
                             std::int64_t{-98765}, std::int64_t{1} << 40, -(std::int64_t{1} << 40)})
      CHECK(balanced<S>::times_base(acc) == acc * balanced<S>::base);
  });
}

TEST_CASE("a digit turns on the resistors that add up to its magnitude") {
  for_every_scale([]<int S>() {
    for (int digit = -balanced<S>::top_digit; digit <= balanced<S>::top_digit; ++digit) {
      int sum = 0;
      for (int row = 0; row < S; ++row) sum += balanced<S>::switched_on(digit, row) ? 1 << row : 0;
      CHECK(sum == (digit < 0 ? -digit : digit));
    }
  });
}

// Source  Wang et al. 2024, Fig 7: activations 78 and -23 in base 7
TEST_CASE("Fig 7 digit by digit: 2 w1 - 0 w2, then 11 w1 - 3 w2, then 78 w1 - 23 w2") {
  auto const a = digits_of<2>(78, 3), b = digits_of<2>(-23, 3);
  CHECK(a == std::vector<int>{2, -3, 1});
  CHECK(b == std::vector<int>{0, -3, -2});
  std::size_t wrong = 0;
  for (std::int64_t w1 = -127; w1 <= 127; ++w1)
    for (std::int64_t w2 = -127; w2 <= 127; ++w2) {
      std::int64_t const wanted[] = {2 * w1 - 0 * w2, 11 * w1 - 3 * w2, 78 * w1 - 23 * w2};
      std::int64_t acc = 0;
      for (std::size_t d = 0; d < 3; ++d) {
        acc = balanced<2>::times_base(acc) + a[d] * w1 + b[d] * w2;
        wrong += static_cast<std::size_t>(acc != wanted[d]);
      }
    }
  CHECK(wrong == 0);
}
