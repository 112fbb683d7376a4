// Imperfections of the computation crossbar: the fast product against the definition that draws every cell by itself.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/crossbar/imperfect_reference.hpp"
#include "product_cases.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/levels_adc.hpp"
#include "support/statistics.hpp"

using namespace ohmic_test;
using ohmic::errc;
using ohmic::imperfections;
using ohmic::uniform_adc;

namespace {

/// A product with imperfections, its converters calibrated on the ideal array.
template <int S, class Adc = uniform_adc>
struct imperfect_run {
  ohmic::computation_array<S, Adc> array;
  codes x, y;
  ohmic::driven_operand driven;
  std::vector<Adc> converters;

  imperfect_run(product_case const& c, imperfections const& noise, typename Adc::config const& adc = {})
      : array({c.array, {}, adc, c.range, noise}) {
    dice random(c.seed);
    x = filled(c.tokens, c.inner, c.x_kind, c.x_top, random);
    y = filled(c.outputs, c.inner, c.y_kind, 127, random);
    driven = array.drive(y, "y");
    auto seen = array.no_statistics(c.digits);
    array.observe(x, driven, seen, "x");
    converters = array.converters(seen, c.digits, "x");
  }
  [[nodiscard]] ohmic::product_sums fast(ohmic::executor& threads, ohmic::product_report& report,
                                         ohmic::read_place const& place = {}) const {
    return array.multiply(x, driven, converters, ohmic::operand_source::weights, report, threads, "x", place);
  }
  [[nodiscard]] ohmic::product_sums fast(ohmic::read_place const& place = {}) const {
    ohmic::product_report report;
    return fast(*thread_counts()[0], report, place);
  }
};

/// Everything that is drawn at the same address by both definitions.
imperfections all_but_cells(std::uint64_t seed) {
  imperfections n;
  n.mismatch = 0.02;
  n.dac_offset = 0.5;
  n.dac_gain = 0.01;
  n.dac_inl = 0.7;
  n.adc_offset = 0.6;
  n.adc_gain = 0.01;
  n.adc_inl = 0.8;
  n.adc_dnl = 0.3;
  n.thermal = 20.0;
  n.row = 0.03;
  n.rtn = 0.05;
  n.arrays = 3;
  n.seed = seed;
  return n;
}
imperfections everything(std::uint64_t seed) {
  auto n = all_but_cells(seed);
  n.cell = 0.05;
  return n;
}

template <int S, class Adc>
void check_against_definition(product_case const& c, imperfections const& noise, typename Adc::config const& adc,
                              ohmic::read_place const& place = {}) {
  INFO("S = " << S << ", " << c.text() << "\n" << ohmic::print(noise));
  imperfect_run<S, Adc> const run(c, noise, adc);
  ohmic::product_report report;
  auto const z = run.fast(*thread_counts()[2], report, place);
  std::uint64_t clipped = 0;
  auto const wanted = ohmic::imperfect_reference(run.array, run.x, run.y, run.converters, clipped, place);
  CHECK(differences(z, wanted, c.tokens, c.outputs) == 0);
  CHECK(report.clipped == clipped);
  CHECK(action_difference(report.actions, ohmic::planned_product(c.array, S, c.digits, {c.tokens, c.inner, c.outputs},
                                                                 ohmic::operand_source::weights)) == "");
}

using ohmic_test::kolmogorov_smirnov;
using ohmic_test::mean_of;
using ohmic_test::variance_of;

/// Errors of 16 outputs over many reads, each over its own sigma: by the fast path and by the definition. Outputs whose
/// sigma is that of the definition's theory; reads are far apart from each other's steps.
/// Four streams of numbers, a product each: a bound on one alone would either trip by chance now and then, or be too wide to
/// see a law that is a little off.
void check_distribution(imperfections noise, std::uint64_t seed, double rtn_sigma) {
  product_case c;
  c.tokens = 2;
  c.inner = 64;
  c.outputs = 16;
  c.digits = 3;
  c.seed = seed;
  c.x_kind = c.y_kind = filling::uniform;  // many closed cells in every column: nothing falls below zero
  // A lossless converter has steps of one unit, far below the noise.
  imperfect_run<2> const run(c, noise, {8, true});
  std::size_t const reads = 400;
  ohmic::product_report none;
  auto const ideal =
      run.array.exact_product(run.x, run.driven, 3, ohmic::operand_source::weights, none, *thread_counts()[0], "x");
  // Theory: squared currents of all closed cells, by digit; digits weigh 49, 7, 1.
  std::vector<double> sigma;
  for (std::size_t n = 0; n < c.tokens; ++n)
    for (std::size_t t = 0; t < c.outputs; ++t) {
      double variance = 0.0;
      for (std::size_t i = 0; i < c.inner; ++i) {
        std::int8_t digit[3];
        ohmic::balanced<2>::encode(run.x(n, i), std::span(digit));
        for (std::size_t d = 0; d < 3; ++d)
          for (int r = 0; r < 2; ++r)
            if (ohmic::balanced<2>::switched_on(digit[d], r)) {
              double const current = run.y(t, i) * (1 << r) * (d == 0 ? 49.0 : d == 1 ? 7.0 : 1.0);
              variance += current * current;
            }
      }
      sigma.push_back(std::sqrt(variance * (noise.cell * noise.cell + rtn_sigma * rtn_sigma) +
                                2.0 * noise.thermal * noise.thermal * (49.0 * 49.0 + 7.0 * 7.0 + 1.0)));
    }
  INFO(ohmic::print(noise));
  std::uint32_t const streams = 4;
  double distance = 0.0;
  for (std::uint32_t product = 0; product < streams; ++product) {
    std::vector<double> fast, plain;
    for (std::uint32_t time = 0; time < reads; ++time) {
      ohmic::read_place const place{time, 5 + product, 0, 0};
      auto const z = run.fast(place);
      std::uint64_t clipped = 0;
      auto const wanted = ohmic::imperfect_reference(run.array, run.x, run.y, run.converters, clipped, place);
      for (std::size_t n = 0; n < c.tokens; ++n)
        for (std::size_t t = 0; t < c.outputs; ++t) {
          fast.push_back((z(n, t) - ideal(n, t)) / sigma[n * c.outputs + t]);
          plain.push_back((wanted(n, t) - ideal(n, t)) / sigma[n * c.outputs + t]);
        }
    }
    auto const count = static_cast<double>(fast.size());
    distance += kolmogorov_smirnov(fast, plain) / std::sqrt(2.0 / count) / streams;
    CAPTURE(product, mean_of(fast), mean_of(plain), variance_of(fast), variance_of(plain));
    // Four sigmas of a mean, and of a variance of normal numbers.
    CHECK(std::abs(mean_of(fast)) < 4.0 / std::sqrt(count));
    CHECK(std::abs(mean_of(plain)) < 4.0 / std::sqrt(count));
    CHECK(std::abs(variance_of(fast) - 1.0) < 4.0 * std::sqrt(2.0 / count));
    CHECK(std::abs(variance_of(plain) - 1.0) < 4.0 * std::sqrt(2.0 / count));
  }
  // Kolmogorov's law has mean sqrt(pi / 2) ln 2 = 0.8687 and sigma 0.2603: four sigmas of a mean of four.
  CHECK(distance < 0.8687 + 4.0 * 0.2603 / std::sqrt(static_cast<double>(streams)));
}

}  // namespace

TEST_CASE(
    "with fixed errors, row noise, thermal noise and telegraph states the fast product is the definition bit for bit") {
  dice random(1100);
  for (int i = 0; i < 44; ++i) {
    auto noise = all_but_cells(static_cast<std::uint64_t>(i));
    // Each by itself as well as all together.
    double* const each[] = {&noise.mismatch,   &noise.dac_offset, &noise.dac_gain, &noise.dac_inl,
                            &noise.adc_offset, &noise.adc_gain,   &noise.adc_inl,  &noise.adc_dnl,
                            &noise.thermal,    &noise.row,        &noise.rtn};
    if (i % 2 == 0)
      for (int k = 0; k < 11; ++k)
        if (k != i / 2 % 11) *each[k] = 0.0;
    if (i % 3 == 0) noise.rtn_share = random.between(0, 100) / 100.0;
    ohmic::read_place const place{static_cast<std::uint32_t>(i), 3, 0, 0};
    check_against_definition<2, uniform_adc>(random_case<2>(random, 3000), noise, {8, false}, place);
    check_against_definition<1, uniform_adc>(random_case<1>(random, 1000), noise, {6, false}, place);
    check_against_definition<7, uniform_adc>(random_case<7>(random, 1000), noise, {10, false}, place);
    check_against_definition<2, levels_adc>(random_case<2>(random, 1000), noise, {100}, place);
  }
}

TEST_CASE("with switches and wires to first order the fast product is the definition bit for bit") {
  dice random(1120);
  for (int i = 0; i < 32; ++i) {
    // Each by itself, all together, and with everything else.
    imperfections noise = i % 8 < 4 ? imperfections() : all_but_cells(static_cast<std::uint64_t>(i));
    auto const ohms = [&] { return ohmic::ohms(std::pow(10.0, random.between(-20, 40) / 10.0)); };
    if (i % 4 == 0 || i % 4 == 3) noise.switch_resistance = ohms();
    if (i % 4 == 1 || i % 4 == 3) noise.word_segment = ohms();
    if (i % 4 == 2 || i % 4 == 3) noise.bit_segment = ohms();
    ohmic::read_place const place{static_cast<std::uint32_t>(i), 3, 0, 0};
    check_against_definition<2, uniform_adc>(random_case<2>(random, 1500), noise, {8, false}, place);
    check_against_definition<1, uniform_adc>(random_case<1>(random, 500), noise, {6, false}, place);
    check_against_definition<7, uniform_adc>(random_case<7>(random, 500), noise, {10, false}, place);
    if (noise.adc_dnl == 0.0)
      check_against_definition<2, uniform_adc>(random_case<2>(random, 500), noise, {8, true}, place);
  }
}

TEST_CASE("resistances of 0 ohm leave every bit, whatever the resistors are") {
  dice random(1130);
  for (int i = 0; i < 6; ++i) {
    auto const c = random_case<2>(random, 5000);
    auto noise = all_but_cells(2);
    auto const before = imperfect_run<2>(c, noise).fast();
    noise.resistor = ohmic::ohms(1e3);
    CHECK(imperfect_run<2>(c, noise).fast() == before);
    imperfections quiet;
    quiet.resistor = ohmic::ohms(1e3);
    CHECK(quiet.ideal());
  }
}

TEST_CASE("a lossless converter reads imperfect currents to one unit") {
  dice random(1150);
  for (int i = 0; i < 6; ++i) {
    auto noise = all_but_cells(7);
    noise.adc_dnl = 0.0;
    check_against_definition<2, uniform_adc>(random_case<2>(random, 3000), noise, {8, true});
  }
}

TEST_CASE("noise of cells has the distribution of cells that are drawn one by one") {
  imperfections noise;
  noise.cell = 0.05;
  check_distribution(noise, 1, 0.0);
  noise.thermal = 30.0;
  check_distribution(noise, 2, 0.0);
}

TEST_CASE("one closed cell shows two currents, each with its share, and of I+ and I- one cell is closed") {
  // One activation of 1 and one weight: a single cell of the smallest resistor, in the last digit.
  product_case c;
  c.tokens = 1, c.inner = 1, c.outputs = 16, c.digits = 1, c.x_top = 1;
  for (double share : {0.5, 0.25, 0.9}) {
    imperfections noise;
    noise.rtn = 0.2;
    noise.rtn_share = share;
    ohmic::computation_array<2>::config settings;
    settings.adc.bits = 16;
    settings.range.rule = ohmic::range_rule::user;
    settings.range.user = {200.0};
    settings.noise = noise;
    ohmic::computation_array<2> const a(settings);
    codes x(1, 1), y(16, 1);
    x(0, 0) = 1;
    for (std::size_t t = 0; t < 16; ++t) y(t, 0) = static_cast<std::int16_t>(t % 2 == 0 ? 100 : -100);
    auto const driven = a.drive(y, "y");
    auto const adcs = a.converters({}, 1, "y");
    double const step = 200.0 / 65535.0, low = 100.0 * (1.0 - 0.2 * share), high = low + 20.0;
    std::size_t upper = 0, neither = 0, n = 0;
    for (std::uint32_t time = 0; time < 1000; ++time) {
      ohmic::product_report report;
      auto const z = a.multiply(x, driven, adcs, ohmic::operand_source::weights, report, *thread_counts()[0], "x",
                                {time, 0, 0, 0});
      for (std::size_t t = 0; t < 16; ++t, ++n) {
        double const current = t % 2 == 0 ? z(0, t) : -z(0, t);
        upper += static_cast<std::size_t>(std::abs(current - high) <= step);
        neither += static_cast<std::size_t>(std::abs(current - high) > step && std::abs(current - low) > step);
      }
    }
    CAPTURE(share);
    CHECK(neither == 0);
    double const count = static_cast<double>(n);
    CHECK(std::abs(static_cast<double>(upper) - share * count) < 4.0 * std::sqrt(count * share * (1.0 - share)));
  }
}

TEST_CASE("telegraph noise has the mean and the variance of its law, beside normal noise") {
  imperfections noise;
  noise.rtn = 0.1;
  check_distribution(noise, 3, 0.05);
  noise.rtn_share = 0.3;
  check_distribution(noise, 4, 0.1 * std::sqrt(0.3 * 0.7));
  noise.cell = 0.03;
  noise.thermal = 10.0;
  check_distribution(noise, 5, 0.1 * std::sqrt(0.3 * 0.7));
}

TEST_CASE("imperfect results do not depend on threads, and parts of a product are the whole") {
  dice random(1200);
  for (int i = 0; i < 6; ++i) {
    auto c = random_case<2>(random, 60000);
    c.array.columns = random.of(std::vector<int>{2, 6, 8, 30});
    INFO(c.text());
    auto noise = everything(3);
    if (i % 2 == 0) noise.switch_resistance = noise.word_segment = noise.bit_segment = ohmic::ohms(30.0);
    imperfect_run<2> const run(c, noise, {8, false});
    ohmic::read_place const place{4, 2, 0, 0};
    ohmic::product_report one;
    auto const whole = run.fast(*thread_counts()[0], one, place);
    for (auto* threads : thread_counts()) {
      ohmic::product_report report;
      CHECK(run.fast(*threads, report, place) == whole);
      CHECK(report.clipped == one.clipped);
    }
    std::size_t const pairs = c.array.pairs(), cut = (c.tokens / pairs / 2) * pairs;
    if (cut == 0) continue;
    std::size_t wrong = 0;
    for (std::size_t first : {std::size_t{0}, cut}) {
      std::size_t const rows = first == 0 ? cut : c.tokens - cut;
      ohmic::product_report report;
      auto const part =
          run.array.multiply(run.x.view().row_range(first, rows), run.driven, run.converters,
                             ohmic::operand_source::weights, report, *thread_counts()[1], "x", {4, 2, first, c.tokens});
      for (std::size_t n = 0; n < rows; ++n)
        for (std::size_t t = 0; t < c.outputs; ++t) wrong += part(n, t) != whole(first + n, t);
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("without imperfections the product is the ideal one, whatever seed and arrays say") {
  dice random(1300);
  for (int i = 0; i < 10; ++i) {
    auto const c = random_case<2>(random, 20000);
    imperfections quiet;
    quiet.seed = 99;
    quiet.arrays = 1;
    product_run<2, uniform_adc> const ideal(c, {8, false}, *thread_counts()[0]);
    CHECK(imperfect_run<2>(c, quiet, {8, false}).fast({7, 7, 0, 0}) == ideal.z);
  }
}

TEST_CASE("errors too small for their grids leave the ideal product") {
  // The whole imperfect path with nothing to change: the same bits as the fast path.
  dice random(1350);
  for (int i = 0; i < 10; ++i) {
    auto const c = random_case<2>(random, 20000);
    imperfections tiny;
    tiny.mismatch = 1e-7;
    tiny.dac_offset = 1e-7;
    tiny.row = 1e-9;
    product_run<2, uniform_adc> const ideal(c, {8, false}, *thread_counts()[0]);
    CHECK(imperfect_run<2>(c, tiny, {8, false}).fast() == ideal.z);
  }
}

TEST_CASE("noise differs by text, product and seed, fixed errors by seed alone") {
  product_case c;
  c.tokens = 5, c.inner = 70, c.outputs = 20, c.digits = 3;
  imperfections fixed;
  fixed.mismatch = 0.02;
  auto noise = fixed;
  noise.cell = 0.05;
  imperfect_run<2> const quiet(c, fixed), noisy(c, noise);
  CHECK(quiet.fast({0, 0, 0, 0}) == quiet.fast({3, 4, 0, 0}));
  CHECK(noisy.fast({3, 4, 0, 0}) == noisy.fast({3, 4, 0, 0}));
  CHECK_FALSE(noisy.fast({0, 0, 0, 0}) == noisy.fast({1, 0, 0, 0}));
  CHECK_FALSE(noisy.fast({0, 0, 0, 0}) == noisy.fast({0, 1, 0, 0}));
  fixed.seed = 2;
  CHECK_FALSE(quiet.fast() == imperfect_run<2>(c, fixed).fast());
}

TEST_CASE("tile i of copy c lives in array (i copies + c) mod arrays, and mismatch stays there") {
  imperfections noise;
  noise.mismatch = 0.05;
  noise.arrays = 3;
  ohmic::fixed_errors const errors(noise, {}, 2, 127, 255.0f);
  CHECK(errors.array_of(0, 0, 1) == 0);
  CHECK(errors.array_of(4, 0, 1) == 1);
  CHECK(errors.array_of(1, 1, 2) == 0);
  // With one array, two tiles of the same operands give the same currents: twice the product of one.
  noise.arrays = 1;
  product_case c;
  c.tokens = 3, c.inner = 64, c.outputs = 5, c.digits = 3;
  imperfect_run<2> const once(c, noise, {8, true});
  codes x(3, 128), y(5, 128);
  for (std::size_t i = 0; i < 128; ++i) {
    for (std::size_t n = 0; n < 3; ++n) x(n, i) = once.x(n, i % 64);
    for (std::size_t t = 0; t < 5; ++t) y(t, i) = once.y(t, i % 64);
  }
  ohmic::product_report report;
  auto const single = once.fast();
  auto const twice = once.array.multiply(x, once.array.drive(y, "y"), once.converters, ohmic::operand_source::weights,
                                         report, *thread_counts()[0], "x");
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t t = 0; t < 5; ++t) CHECK(twice(n, t) == 2.0 * single(n, t));
}

TEST_CASE("imperfections that cannot be are refused, each by its name") {
  using array = ohmic::computation_array<2>;
  auto const refused = [](char const* key, char const* value, char const* allowed) {
    array::config c;
    ohmic::set(c.noise, key, value);
    INFO(key << " = " << value);
    check_refused([&] { array const a(c); }, errc::config_value, {std::string("noise.") + key, allowed});
  };
  refused("mismatch", "0.2", "0..0.15, relative");
  refused("mismatch", "-0.01", "0..0.15, relative");
  refused("dac_gain", "inf", "0..0.15, relative");
  refused("dac_offset", "17", "0..16 LSB");
  refused("adc_dnl", "1.5", "0..1 LSB");
  refused("thermal", "inf", "0..1048576 product units");
  refused("cell", "1.1", "0..1, relative");
  refused("rtn_share", "1.5", "0..1");
  refused("arrays", "0", "1..65536");
  refused("resistor", "0 ohm", "1..1e+12 ohm");
  refused("switch_resistance", "-1 ohm", "0..1e+05 ohm");
  refused("word_segment", "2e5 ohm", "noise.resistor");
  refused("bit_segment", "1e6 ohm", "noise.resistor");
}

TEST_CASE("noise without addresses, parts inside a group and uneven codes of a lossless converter are refused") {
  product_case c;
  c.tokens = 3, c.inner = 10, c.outputs = 4, c.digits = 3;
  imperfect_run<2> const run(c, everything(1));
  check_refused([&] { (void)run.fast({0, 0, 32, 0}); }, errc::value, {"x first_token", "a multiple of 64"});
  check_refused([&] { (void)run.fast({0, 0, 0, std::size_t{1} << 40}); }, errc::capacity, {"at most 17179869184"});
  ohmic::computation_array<2>::config lossless;
  lossless.adc.lossless = true;
  lossless.noise.adc_dnl = 0.1;
  check_refused([&] { ohmic::computation_array<2> const a(lossless); }, errc::config_conflict,
                {"noise.adc_dnl", "0 with adc.lossless=true"});
}

// Source  this test with g++ 12 -O2. Whoever changes what an imperfect crossbar computes changes these, and says so.
TEST_CASE("imperfect products are the same with every compiler and flag") {
  product_case c;
  c.tokens = 70, c.inner = 130, c.outputs = 20, c.digits = 3;
  imperfect_run<2> const run(c, everything(1));
  auto const z = run.fast({3, 4, 0, 0});
  std::uint64_t hash = 14695981039346656037u;
  for (std::size_t n = 0; n < c.tokens; ++n)
    for (double v : z.row(n)) hash = (hash ^ std::bit_cast<std::uint64_t>(v)) * 1099511628211u;
  CHECK(hash == 0x137c50cec9458e85u);
}
