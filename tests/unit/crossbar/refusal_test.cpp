// What the computation crossbar refuses, and what it says then.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/reference.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using ohmic::errc;
using ohmic_test::check_refused;

namespace {

using array = ohmic::computation_array<2>;
using codes = ohmic::matrix<std::int16_t>;

array::config full_range() {
  array::config c;
  c.range.rule = ohmic::range_rule::full_scale;
  return c;
}

codes constant(std::size_t rows, std::size_t cols, std::int16_t code) {
  codes m(rows, cols);
  for (auto& c : m.flat()) c = code;
  return m;
}

/// X . Y with so many digits, lossless or not.
void multiply(codes const& x, codes const& y, int digits, bool lossless = false) {
  auto c = full_range();
  c.adc.lossless = lossless;
  array const a(c);
  ohmic::executor one(1);
  ohmic::product_report report;
  (void)a.multiply(x, a.drive(y, "weights"), a.converters({}, digits, "x"), ohmic::operand_source::weights, report, one,
                   "x");
}

template <class Change>
void build(Change const& change) {
  array::config c;
  change(c);
  array const a(c);
}

}  // namespace

TEST_CASE("an array of impossible size is refused by field") {
  check_refused([] { build([](auto& c) { c.array.rows = 0; }); }, errc::config_value,
                {"array.rows", "got 0", "1..16384"});
  check_refused([] { build([](auto& c) { c.array.rows = 16385; }); }, errc::config_value, {"array.rows", "got 16385"});
  check_refused([] { build([](auto& c) { c.array.columns = 0; }); }, errc::config_value,
                {"array.columns", "got 0", "even"});
  check_refused([] { build([](auto& c) { c.array.columns = 127; }); }, errc::config_value,
                {"array.columns", "got 127", "even"});
  check_refused([] { build([](auto& c) { c.array.columns = -2; }); }, errc::config_value, {"array.columns", "got -2"});
  check_refused([] { build([](auto& c) { c.array.bank_rows = 0; }); }, errc::config_value,
                {"array.bank_rows", "got 0"});
  check_refused([] { build([](auto& c) { c.array.cells_per_weight = 0; }); }, errc::config_value,
                {"array.cells_per_weight", "got 0"});
  check_refused([] { build([](auto& c) { c.array.cells_per_weight = 1025; }); }, errc::config_value,
                {"array.cells_per_weight", "got 1025", "array.bank_rows"});
}

TEST_CASE("an array without room for one activation is refused") {
  array::config c;
  c.array.rows = 6;
  CHECK_NOTHROW(ohmic::computation_array<6>(c));
  check_refused([&] { ohmic::computation_array<7> const a(c); }, errc::config_conflict,
                {"array.rows", "got 6", "at least S = 7"});
}

TEST_CASE("an array whose columns deliver too much is refused") {
  array::config c;
  c.array.rows = 1024;
  check_refused([&] { ohmic::computation_array<7> const a(c); }, errc::config_conflict,
                {"array.rows", "2354834", "2097152"});
  CHECK_NOTHROW(ohmic::computation_array<6>(c));
}

TEST_CASE("settings of the slots are refused by the array") {
  check_refused([] { build([](auto& c) { c.adc.bits = 17; }); }, errc::config_value, {"adc.bits", "got 17"});
  check_refused([] { build([](auto& c) { c.dac.bits = 9; }); }, errc::config_value, {"dac.bits", "got 9"});
  check_refused([] { build([](auto& c) { c.range.percentile = 0.0; }); }, errc::config_value, {"range.percentile"});
}

TEST_CASE("operands of different inner sizes are refused with both shapes") {
  for (bool lossless : {false, true})
    check_refused([=] { multiply(constant(3, 5, 1), constant(2, 6, 1), 3, lossless); }, errc::shape,
                  {"x: inner sizes differ", "3 x 5", "n x 6"});
}

TEST_CASE("empty operands are refused with their shape") {
  array const a(full_range());
  check_refused([&] { (void)a.drive(codes(0, 4), "layer.0.A1"); }, errc::shape,
                {"layer.0.A1", "empty matrix", "0 x 4"});
  check_refused([&] { (void)a.drive(codes(4, 0), "layer.0.A1"); }, errc::shape,
                {"layer.0.A1", "empty matrix", "4 x 0"});
  for (bool lossless : {false, true})
    check_refused([=] { multiply(codes(0, 6), constant(2, 6, 1), 3, lossless); }, errc::shape,
                  {"x: empty matrix", "0 x 6"});
}

TEST_CASE("a weight beyond the DAC is refused with its element") {
  auto y = constant(3, 4, 127);
  array const a(full_range());
  CHECK_NOTHROW(a.drive(y, "w"));
  y(2, 1) = -128;
  check_refused([&] { (void)a.drive(y, "layer.0.B1"); }, errc::value, {"layer.0.B1[2,1]", "got -128", "-127..127"});
  auto c = full_range();
  c.dac.bits = 4;
  y(2, 1) = 8;
  y(0, 0) = y(0, 1) = y(0, 2) = y(0, 3) = 7;
  check_refused([&] { (void)array(c).drive(y, "w"); }, errc::value, {"w[1,0]", "got 127", "-7..7"});
}

TEST_CASE("an activation code without digits is refused with its element, lossless or not") {
  for (bool lossless : {false, true}) {
    CAPTURE(lossless);
    auto x = constant(3, 4, 171);
    CHECK_NOTHROW(multiply(x, constant(2, 4, 1), 3, lossless));
    x(1, 3) = -172;
    check_refused([&] { multiply(x, constant(2, 4, 1), 3, lossless); }, errc::value,
                  {"x[1,3]", "got -172", "-171..171"});
    CHECK_NOTHROW(multiply(x, constant(2, 4, 1), 4, lossless));
  }
}

TEST_CASE("digit counts that no register holds are refused") {
  for (int digits : {0, 17, 1000})
    for (bool lossless : {false, true})
      check_refused([=] { multiply(constant(1, 4, 0), constant(1, 4, 1), digits, lossless); }, errc::config_conflict,
                    {"number of digits", "got " + std::to_string(digits)});
}

TEST_CASE("an operand has as many digits as 16-bit codes need and no more") {
  // Digits of 0..65535, S = 1..7; of -32767..32767 one fewer at S = 2.
  int const most[] = {11, 7, 5, 4, 3, 3, 3}, activation[] = {11, 6, 5, 4, 3, 3, 3};
  [&]<int... Before>(std::integer_sequence<int, Before...>) {
    auto const check = [&]<int S>() {
      typename ohmic::computation_array<S>::config c;
      c.adc.lossless = true;
      ohmic::computation_array<S> const a(c);
      ohmic::executor one(1);
      auto const product = [&](auto code, int digits) {
        ohmic::product_report report;
        ohmic::matrix<decltype(code)> x(1, 1);
        x(0, 0) = code;
        return a.multiply(x, a.drive(constant(1, 1, -127), "w"), a.converters({}, digits, "x"),
                          ohmic::operand_source::weights, report, one, "x")(0, 0);
      };
      CAPTURE(S);
      CHECK(product(std::uint16_t{65535}, most[S - 1]) == 65535.0 * -127.0);
      CHECK(product(std::int16_t{32767}, activation[S - 1]) == 32767.0 * -127.0);
      check_refused([&] { (void)product(std::uint16_t{65535}, most[S - 1] - 1); }, errc::value,
                    {"x[0,0]", "got 65535"});
      check_refused([&] { (void)product(std::int16_t{32767}, activation[S - 1] - 1); }, errc::value,
                    {"x[0,0]", "got 32767"});
      check_refused([&] { (void)product(std::int16_t{1}, most[S - 1] + 1); }, errc::config_conflict,
                    {"number of digits"});
    };
    (check.template operator()<Before + 1>(), ...);
  }
  (std::make_integer_sequence<int, 7>());
}

TEST_CASE("sums that could leave 32 bits are refused") {
  // One activation a tile and 65535 codes: 40000 tiles would add up to 2.6e9.
  ohmic::computation_array<1>::config c;
  c.array.rows = 1;
  c.array.columns = 2;
  c.adc.bits = 16;
  c.range.rule = ohmic::range_rule::user;
  c.range.user = {0.5};
  ohmic::computation_array<1> const a(c);
  ohmic::executor one(1);
  auto const run = [&](std::size_t inner) {
    ohmic::product_report report;
    auto const x = constant(1, inner, 1), y = constant(1, inner, 127);
    return a.multiply(x, a.drive(y, "w"), a.converters({}, 1, "x"), ohmic::operand_source::weights, report, one, "x")(
        0, 0);
  };
  check_refused([&] { (void)run(40000); }, errc::capacity, {"x", "tiles", "32-bit"});
  CHECK(run(32000) == 32000 * 65535 / 65536.0);
}

TEST_CASE("sums whose values could leave exact arithmetic are refused, by their digits and not by a guess") {
  // S = 1: the digits of 49207 add up to 88573 in magnitude. 127 x 88573 x inner reaches 2^37 at 12218.05.
  auto const run = [&]<class Code>(Code code, std::size_t inner, double mismatch) {
    ohmic::computation_array<1>::config c;
    c.range.rule = ohmic::range_rule::full_scale;
    c.noise.mismatch = mismatch;
    ohmic::computation_array<1> const a(c);
    ohmic::executor one(1);
    ohmic::product_report report;
    ohmic::matrix<Code> x(1, inner);
    for (auto& v : x.flat()) v = code;
    auto const y = constant(1, inner, 127);
    return a.multiply(x, a.drive(y, "w"), a.converters({}, 11, "x"), ohmic::operand_source::weights, report, one, "x")(
        0, 0);
  };
  check_refused([&] { (void)run(std::uint16_t{49207}, 12300, 0.0); }, errc::capacity,
                {"x", "exact arithmetic", "2^37"});
  CHECK(std::abs(run(std::uint16_t{49207}, 11500, 0.0) / (49207.0 * 127.0 * 11500.0) - 1.0) < 0.01);
  // The digits of 1 are small, however many there could be; imperfect currents have only the converters to bound them.
  CHECK_NOTHROW(run(std::uint16_t{1}, 40000, 0.0));
  check_refused([&] { (void)run(std::uint16_t{1}, 40000, 0.01); }, errc::capacity, {"exact arithmetic"});
}

TEST_CASE("inner sizes that integer sums cannot hold are refused") {
  check_refused([] { multiply(constant(1, 65537, 1), constant(1, 65537, 1), 3, true); }, errc::capacity,
                {"x", "65537", "65536"});
  CHECK_NOTHROW(multiply(constant(1, 65536, 127), constant(1, 65536, 127), 3, true));
}

TEST_CASE("converters without calibration are refused with the site") {
  array const a(array::config{});
  check_refused([&] { (void)a.converters(a.no_statistics(3), 3, "layer.2.A6"); }, errc::missing_calibration,
                {"layer.2.A6", "range.rule=full_scale"});
  check_refused([&] { (void)a.converters({}, 3, "layer.2.A6"); }, errc::missing_calibration, {"layer.2.A6"});
}

TEST_CASE("a user range without a value for every digit is refused") {
  array::config c;
  c.range.rule = ohmic::range_rule::user;
  c.range.user = {1000.0, 2000.0};
  array const a(c);
  CHECK_NOTHROW(a.converters({}, 2, "w"));
  check_refused([&] { (void)a.converters({}, 3, "w"); }, errc::config_value, {"range.user", "2 values"});
}

TEST_CASE("an operand of impossible activations or codes, or without magnitudes, is refused") {
  auto const y = constant(2, 8, 3);
  auto const driven = [&](std::size_t activations, std::int32_t top) {
    return ohmic::driven_operand(y, activations, top, "w");
  };
  check_refused([&] { (void)driven(0, 127); }, errc::config_value, {"w", "0 activations"});
  check_refused([&] { (void)driven(64, 0); }, errc::config_value, {"w", "1..127"});
  check_refused([&] { (void)driven(64, 128); }, errc::config_value, {"w", "got 128"});

  array const a(full_range());
  ohmic::executor one(1);
  ohmic::product_report report;
  auto const x = constant(1, 8, 5);
  std::size_t const activations = a.settings().array.activations(2);
  ohmic::driven_operand const bare(y, activations, 127, "w", false);
  auto const source = ohmic::operand_source::weights;
  check_refused([&] { (void)a.multiply(x, bare, a.converters({}, 3, "x"), source, report, one, "x"); },
                errc::config_conflict, {"x", "magnitudes"});
  auto seen = a.no_statistics(3);
  check_refused([&] { a.observe(x, bare, seen, "x"); }, errc::config_conflict, {"x", "magnitudes"});
  CHECK(a.exact_product(x, bare, 3, source, report, one, "x")(0, 1) == 8 * 5 * 3);
  auto c = full_range();
  c.adc.lossless = true;
  array const lossless(c);
  CHECK(lossless.multiply(x, bare, lossless.converters({}, 3, "x"), source, report, one, "x")(0, 1) == 8 * 5 * 3);
}

TEST_CASE("integers and statistics refuse an operand of another array, and less than one digit") {
  array const a(full_range());
  ohmic::executor one(1);
  ohmic::product_report report;
  auto const x = constant(1, 8, 5), y = constant(2, 8, 3);
  ohmic::driven_operand const other(y, a.settings().array.activations(2) + 1, 127, "w");
  auto const source = ohmic::operand_source::weights;
  check_refused([&] { (void)a.exact_product(x, other, 3, source, report, one, "x"); }, errc::shape, {"another array"});
  auto seen = a.no_statistics(3);
  check_refused([&] { a.observe(x, other, seen, "x"); }, errc::shape, {"another array"});
  for (int digits : {0, -1})
    check_refused([&] { (void)a.exact_product(x, a.drive(y, "w"), digits, source, report, one, "x"); },
                  errc::config_conflict, {"digits", std::to_string(digits)});
}

TEST_CASE("full scales that are no current are refused with their digit") {
  array const a(full_range());
  for (float bad : {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    check_refused(
        [&] {
          (void)a.converters(std::vector<float>{255.0f, bad});
        },
        errc::config_value, {"full_scales[1]", "finite and > 0"});
}

TEST_CASE("the definition refuses what the kernels refuse: sizes and digits") {
  array const a(full_range());
  ohmic::product_report report;
  auto const defined = [&](codes const& x, codes const& y, int digits) {
    (void)ohmic::reference_product(a, x, y, a.converters({}, digits, "x"), ohmic::operand_source::weights, report);
  };
  check_refused([&] { defined(constant(1, 3, 1), constant(1, 4, 1), 3); }, errc::shape, {"1 x 3", "n x 4"});
  check_refused([&] { defined(constant(1, 4, 1), codes(0, 4), 3); }, errc::shape, {"0 x 4"});
  check_refused([&] { defined(constant(1, 4, 127), constant(1, 4, 1), 2); }, errc::value, {"[0,0]", "127"});
  check_refused([&] { defined(constant(1, 4, 1), constant(1, 4, 1), 0); }, errc::config_conflict, {"digits"});
}
