// Converters with errors in in-situ arrays for codes: the fast product is the definition, and every converter has its own.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "code_array_cases.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/statistics.hpp"

using namespace ohmic_test;
using ohmic::converter_kind;
using ohmic::operand_source;
using ohmic::read_place;
using ohmic::uniform_adc;

namespace {

using array_type = in_situ::code_array<uniform_adc>;
using word_codes = ohmic::matrix<std::uint16_t>;

word_codes without_sign(codes const& x) {
  word_codes out(x.rows(), x.cols());
  for (std::size_t i = 0; i < x.size(); ++i)
    out.flat()[i] = static_cast<std::uint16_t>(x.flat()[i] < 0 ? -x.flat()[i] : x.flat()[i]);
  return out;
}

/// A product on arrays with these converters, its plain definition, and the product with ideal converters.
struct three_products {
  ohmic::product_sums fast{}, ideal{};
  ohmic::matrix<double> plain{};
  in_situ::code_report done{}, counted{};

  template <class X>
  void run(code_case const& c, ohmic::converter_config const& law, int bits, X const& x, codes const& y,
           ohmic::executor& threads) {
    array_type const array({c.layout, {bits, false}, c.range, c.cells, law}),
        as_designed({c.layout, {bits, false}, c.range, c.cells, {}});
    read_place const place{3, 5, 0, 0, 0x80000007u};
    int const digits = array.digits_for(c.x_top, c.inputs_have_sign);
    auto const stored = array.drive(y.view(), "y", c.source, place),
               other = as_designed.drive(y.view(), "y", c.source, place);
    auto seen = array.no_statistics(digits);
    array.observe(x, stored, seen, "x");
    auto const adcs = array.converters(array.full_scales(seen, digits, "y"));
    in_situ::code_report unused;
    fast = array.multiply(x, stored, adcs, c.source, done, threads, "x", place);
    if (!as_designed.lossless()) ideal = as_designed.multiply(x, other, adcs, c.source, unused, threads, "x", place);
    in_situ::write_place const at = c.source == operand_source::weights
                                        ? in_situ::write_place{5, 0}
                                        : in_situ::write_place{0x80000000u + 5 * 4096, 4};
    plain = in_situ::reference_product(array, x, y.view(), adcs, c.source, counted, at, place);
  }
};

ohmic::converter_config errors_of(converter_kind kind, bool noisy) {
  ohmic::converter_config c{
      .kind = kind, .columns = 3, .mismatch = 0.05, .offset = 0.02, .noise = noisy ? 0.03 : 0.0, .gain = 20.0};
  if (kind == converter_kind::ramp) c.slope = 0.05, c.bow = 0.05, c.delay = 0.3;
  return c;
}

/// A pair of 7 bits read as a difference: one conversion a weight.
in_situ::code_layout one_conversion(int columns = 16) {
  in_situ::code_layout l;
  l.array = {20, columns};
  l.weights = {in_situ::mapping::differential, 8, {7}, in_situ::pair_reading::difference, false};
  l.inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::one};
  return l;
}

}  // namespace

TEST_CASE(
    "in-situ arrays for codes: converters with errors give the plain definition, and without errors the nearest code") {
  dice random(77);
  std::size_t off = 0, ran = 0;
  for (int i = 0; i < 120; ++i) {
    auto c = random_code_case(random, 1500);
    int const bits = (c.layout.has_signed_currents() ? 3 : 2) + i % 5;
    auto const kind = static_cast<converter_kind>(1 + i % 3);
    bool const clean = i % 4 == 0;
    auto law = clean ? ohmic::converter_config{.kind = kind} : errors_of(kind, i % 2 == 1);
    if (!clean) law.columns = 1 + i % 5;
    if (i % 3 == 1) {
      c.cells.cell.r_off = ohmic::ohms(1e6);
      c.cells.cell.read_noise = 0.02, c.cells.cell.programming_error = 0.05;
    }
    INFO(c.text() << ", kind " << static_cast<int>(kind));
    dice filled_with(c.seed);
    auto const x = filled(c.tokens, c.inner, c.x_kind, c.x_top, filled_with);
    auto const y = filled(c.outputs, c.inner, c.y_kind, static_cast<int>(c.layout.weight_top()), filled_with);
    auto& threads = *thread_counts()[static_cast<std::size_t>(i % 4)];
    three_products p;
    try {
      c.inputs_have_sign ? p.run(c, law, bits, x, y, threads) : p.run(c, law, bits, without_sign(x), y, threads);
    } catch (ohmic::error const& e) {
      CHECK(e.code() == ohmic::errc::capacity);  // user ranges far beyond what flows, with leaks
      continue;
    }
    ++ran;
    std::size_t wrong = 0, other = 0;
    for (std::size_t n = 0; n < c.tokens; ++n)
      for (std::size_t o = 0; o < c.outputs; ++o) {
        wrong += p.fast(n, o) != p.plain(n, o);
        other += p.ideal.tokens() > 0 && p.fast(n, o) != p.ideal(n, o);
      }
    CHECK(wrong == 0);
    CHECK(p.done.clipped == p.counted.clipped);
    CHECK(action_difference(p.done.actions, p.counted.actions) == "");
    if (clean) CHECK(other == 0);
    off += !clean && other > 0;
  }
  CHECK(ran > 110);
  CHECK(off > 60);
}

TEST_CASE("in-situ arrays for codes: every converter has errors of its own, by array, and columns share as they say") {
  dice random(5);
  codes x(30, 20), y(8, 20), row(1, 20);  // equal columns, currents of all sizes
  for (std::size_t n = 0; n < 30; ++n)
    for (std::size_t k = 0; k < 20; ++k)
      x(n, k) = static_cast<std::int16_t>(random.between(0, 4 * static_cast<int>(n)));
  for (auto& v : row.flat()) v = static_cast<std::int16_t>(random.between(90, 127));
  for (std::size_t o = 0; o < 8; ++o) std::copy_n(row.data(), 20, y.row(o).data());
  auto const columns_of = [&](int shared, read_place const& place, std::uint64_t seed = 1,
                              operand_source source = operand_source::weights) {
    ohmic::converter_config law{.kind = converter_kind::sar, .columns = shared, .mismatch = 0.2};
    ohmic::range_config whole;
    whole.rule = ohmic::range_rule::full_scale;
    array_type const a({one_conversion(), {7, false}, whole, {in_situ::ideal_cell(), {}, seed}, law});
    auto const stored = a.drive(y.view(), "y", source, place);
    in_situ::code_report report;
    auto const z = a.multiply(x, stored, a.converters(a.full_scales({}, a.digits_for(127, true), "y")), source, report,
                              *thread_counts()[0], "x", {place.time, 0});
    std::vector<std::vector<double>> columns(8);
    for (std::size_t o = 0; o < 8; ++o)
      for (std::size_t n = 0; n < 30; ++n) columns[o].push_back(z(n, o));
    return columns;
  };
  auto const distinct = [](std::vector<std::vector<double>> const& c) {
    return std::set<std::vector<double>>(c.begin(), c.end()).size();
  };
  auto const own = columns_of(1, {0, 0});
  CHECK(distinct(own) == 8);
  CHECK(distinct(columns_of(2, {0, 0})) == 4);
  CHECK(distinct(columns_of(8, {0, 0})) == 1);
  CHECK(columns_of(1, {0, 0}) == own);
  CHECK(columns_of(1, {7, 0}) == own);  // another text: the same converters
  CHECK(columns_of(1, {0, 1}) != own);  // another array
  CHECK(columns_of(1, {0, 0}, 2) != own);
  // K and V: by site and head, whatever the product is in its text.
  auto const keys = columns_of(1, {0, 3, 0, 0, 0x80000001u}, 1, operand_source::activations);
  CHECK(columns_of(1, {4, 9, 0, 0, 0x80000001u}, 1, operand_source::activations) == keys);
  CHECK(columns_of(1, {0, 3, 0, 0, 0x80000002u}, 1, operand_source::activations) != keys);
}

TEST_CASE("in-situ arrays for codes: mismatch of a SAR has the spread of its definition over converters") {
  // One row at full drive: half the range, where the level of the highest bit decides. Its capacitor and all others together are 2^(b-1)
  // units each, off by m 2^((b-1)/2): the level by half of either, m sqrt(2^b) / 2 together.
  constexpr std::size_t n = 4096;
  in_situ::code_layout l = one_conversion(2 * n);
  l.array.rows = 1;
  codes x(1, 1), y(n, 1);
  x(0, 0) = 127;
  for (auto& v : y.flat()) v = 64;
  ohmic::range_config whole;
  whole.rule = ohmic::range_rule::full_scale;
  array_type const a({l, {9, false}, whole, {}, {.kind = converter_kind::sar, .mismatch = 0.1}});
  auto const adcs = a.converters(a.full_scales({}, a.digits_for(127, true), "y"));
  in_situ::code_report report;
  auto const z = a.multiply(x, a.drive(y.view(), "y"), adcs, operand_source::weights, report, *thread_counts()[0], "x");
  double const step = ohmic::snapped_step(adcs.front().step());
  double mean = 0.0, square = 0.0;
  for (std::size_t o = 0; o < n; ++o) mean += (z(0, o) - 127.0 * 64.0) / step / static_cast<double>(n);
  for (std::size_t o = 0; o < n; ++o) {
    double const d = (z(0, o) - 127.0 * 64.0) / step - mean;
    square += d * d / static_cast<double>(n - 1);
  }
  // Codes are whole, which adds a variance of 1/12; levels that are a step too high give the code below, one in ten.
  double const wanted = std::sqrt(0.1 * 0.1 * 256.0 / 4.0 + 1.0 / 12.0);
  CHECK(std::sqrt(square) == Approx(wanted).epsilon(deviations / std::sqrt(2.0 * n) + 0.05));
}

TEST_CASE("in-situ arrays for codes: converters that cannot be are refused") {
  auto const refused = [](ohmic::converter_config const& law, uniform_adc::config const& adc,
                          std::vector<std::string> const& names) {
    check_refused(
        [&] {
          array_type const a({one_conversion(), adc, {}, {}, law});
        },
        ohmic::errc::config_conflict, names);
  };
  refused({.kind = converter_kind::sar}, {8, true}, {"converter.kind", "adc.lossless"});
  refused({.kind = converter_kind::flash}, {12, false}, {"converter.kind", "10 bits"});
  refused({.mismatch = 0.1}, {8, false}, {"converter.kind", "ideal"});
}
