// The fast product of the computation crossbar against two plain definitions: the library's own, resistor by resistor, and one
// that was written from the description for these tests.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "product_cases.hpp"
#include "support/catch.hpp"
#include "support/levels_adc.hpp"

using namespace ohmic_test;
using ohmic::operand_source;
using ohmic::range_rule;
using ohmic::uniform_adc;

namespace {

template <class F>
void for_every_scale(F&& f) {
  [&]<int... S>(std::integer_sequence<int, S...>) { (f.template operator()<S + 1>(), ...); }
  (std::make_integer_sequence<int, 7>());
}

ohmic::product_shape shape_of(product_case const& c) { return {c.tokens, c.inner, c.outputs}; }

/// Fast product, reference product and plan agree: sums bit for bit, clip counts, actions.
template <int S, class Adc>
void check_against_reference(product_run<S, Adc> const& run, product_case const& c) {
  ohmic::product_report by_definition;
  auto const wanted =
      ohmic::reference_product<S>(run.array, run.x.view(), run.y.view(), run.converters, c.source, by_definition);
  CHECK(differences(run.z, wanted, c.tokens, c.outputs) == 0);
  CHECK(run.report.clipped == by_definition.clipped);
  CHECK(action_difference(run.report.actions, by_definition.actions) == "");
  CHECK(action_difference(run.report.actions, ohmic::planned_product(c.array, S, c.digits, shape_of(c), c.source)) ==
        "");
}

/// The same against a grid of resistors that shares no code with the library but the converters.
template <int S, class Adc>
void check_against_plain_grid(product_run<S, Adc> const& run, product_case const& c) {
  std::uint64_t clipped = 0;
  std::vector<std::vector<std::int32_t>> currents(static_cast<std::size_t>(c.digits));
  auto const read = [&](std::size_t d, long long current) {
    // Steps are set in units of 2^-16.
    double const step = std::ceil(run.converters[d].step() * 65536.0) / 65536.0;
    return step * static_cast<double>(run.converters[d].code(static_cast<float>(current)));
  };
  auto const see = [&](std::size_t d, long long current) {
    currents[d].push_back(static_cast<std::int32_t>(current));
    clipped += static_cast<std::uint64_t>(static_cast<float>(current) > run.converters[d].full_scale());
  };
  auto const wanted = plain_product(rows_of(run.x), rows_of(run.y), S, c.digits, c.array.rows, read, see);
  CHECK(differences(
            run.z, [&](std::size_t n, std::size_t t) { return wanted[n][t]; }, c.tokens, c.outputs) == 0);
  CHECK(run.report.clipped == clipped);
  for (std::size_t d = 0; d < currents.size(); ++d) {
    ohmic::current_statistics direct(run.array.largest_current());
    direct.observe(currents[d]);
    CAPTURE(d);
    CHECK(run.seen[d].count() == direct.count());
    CHECK(run.seen[d].mean() == direct.mean());
    CHECK(run.seen[d].sigma() == direct.sigma());
    for (double percent : {1.0, 50.0, 99.0, 100.0})
      CHECK(run.seen[d].percentile(percent) == direct.percentile(percent));
  }
}

template <int S, class Adc>
void check_case(product_case const& c, typename Adc::config const& adc, ohmic::executor& threads) {
  INFO("S = " << S << ", " << c.text() << ", threads " << threads.threads());
  product_run<S, Adc> const run(c, adc, threads);
  check_against_reference(run, c);
  check_against_plain_grid(run, c);
}

std::size_t wrong_integers(ohmic::product_sums const& z, codes const& x, codes const& y) {
  auto const wanted = integer_product(rows_of(x), rows_of(y));
  return differences(
      z, [&](std::size_t n, std::size_t t) { return wanted[n][t]; }, x.rows(), y.rows());
}

}  // namespace

TEST_CASE("the fast product is the product of the resistors, with 1 to 16 bits and any range rule") {
  for_every_scale([]<int S>() {
    dice random(100 + S);
    for (int i = 0; i < 128; ++i) {
      int const bits = 1 + i % 16;
      CAPTURE(bits);
      check_case<S, uniform_adc>(random_case<S>(random, 12000), {bits, false},
                                 *thread_counts()[static_cast<std::size_t>(i / 16 % 4)]);
    }
  });
}

TEST_CASE("the fast product is the product of the resistors where nothing comes out even") {
  for_every_scale([]<int S>() {
    dice random(200 + S);
    std::pair<std::size_t, std::pair<std::size_t, std::size_t>> const shapes[] = {
        {1, {1, 1}},    {1, {200, 1}}, {1, {1, 33}},  {129, {1, 1}}, {129, {65, 3}},
        {65, {63, 17}}, {63, {64, 5}}, {64, {65, 2}}, {3, {200, 33}}};
    for (auto const& [tokens, rest] : shapes) {
      auto c = random_case<S>(random, 100);
      c.tokens = tokens;
      std::tie(c.inner, c.outputs) = rest;
      c.array = {};
      check_case<S, uniform_adc>(c, {8, false}, *thread_counts()[2]);
    }
  });
}

TEST_CASE("a user's converter runs inside the kernel as it does outside") {
  dice random(300);
  for (int levels : {2, 3, 100, 777, 4096}) {
    CAPTURE(levels);
    for (int i = 0; i < 6; ++i) {
      check_case<1, levels_adc>(random_case<1>(random, 4000), {levels}, *thread_counts()[1]);
      check_case<2, levels_adc>(random_case<2>(random, 4000), {levels}, *thread_counts()[1]);
      check_case<7, levels_adc>(random_case<7>(random, 4000), {levels}, *thread_counts()[1]);
    }
  }
}

TEST_CASE("with lossless converters the digit-serial product is the integer product") {
  for_every_scale([]<int S>() {
    dice random(400 + S);
    for (int i = 0; i < 40; ++i) {
      auto const c = random_case<S>(random, 60000);
      INFO("S = " << S << ", " << c.text());
      product_run<S, uniform_adc> const run(c, {8, true}, *thread_counts()[static_cast<std::size_t>(i % 4)]);
      CHECK(wrong_integers(run.z, run.x, run.y) == 0);
      CHECK(run.report.clipped == 0);
      CHECK(action_difference(run.report.actions,
                              ohmic::planned_product(c.array, S, c.digits, shape_of(c), c.source)) == "");
    }
  });
}

TEST_CASE("lossless products agree resistor by resistor") {
  for_every_scale([]<int S>() {
    dice random(500 + S);
    for (int i = 0; i < 8; ++i) {
      auto const c = random_case<S>(random, 8000);
      INFO("S = " << S << ", " << c.text());
      product_run<S, uniform_adc> const run(c, {8, true}, *thread_counts()[0]);
      check_against_reference(run, c);
      check_against_plain_grid(run, c);
    }
  });
}

TEST_CASE("converters as fine as the currents lose nothing") {
  // 16 bits over at most 65535 units: a step of one unit, so that every current is a code.
  for_every_scale([]<int S>() {
    dice random(600 + S);
    for (int i = 0; i < 10; ++i) {
      auto c = random_case<S>(random, 20000);
      c.range.rule = range_rule::full_scale;
      c.array.rows = S * (65535 / (127 * ohmic::largest_digit(S)) < 64 ? 65535 / (127 * ohmic::largest_digit(S)) : 64);
      INFO("S = " << S << ", " << c.text());
      product_run<S, uniform_adc> const run(c, {16, false}, *thread_counts()[3]);
      CHECK(run.converters.front().step() == 1.0);
      CHECK(wrong_integers(run.z, run.x, run.y) == 0);
    }
  });
}

TEST_CASE("exact products are the integer products whatever the converters are") {
  for_every_scale([]<int S>() {
    dice random(700 + S);
    for (int i = 0; i < 10; ++i) {
      auto const c = random_case<S>(random, 30000);
      INFO("S = " << S << ", " << c.text());
      product_run<S, uniform_adc> const run(c, {4, false}, *thread_counts()[0]);
      ohmic::product_report report;
      auto const z = run.array.exact_product(run.x, run.driven, c.digits, c.source, report, *thread_counts()[2], "x");
      CHECK(wrong_integers(z, run.x, run.y) == 0);
      CHECK(action_difference(report.actions, run.report.actions) == "");
      CHECK(report.clipped == 0);
    }
  });
}

TEST_CASE("wide codes have more digits and the same product") {
  dice random(800);
  for (filling kind : {filling::largest, filling::extremes, filling::uniform}) {
    product_case c{9, 70, 18, {}, 4, 1200, kind, filling::uniform, {}, operand_source::weights, 5};
    check_case<2, uniform_adc>(c, {8, false}, *thread_counts()[0]);
    c.x_top = 171;
    c.digits = 3;
    check_case<2, uniform_adc>(c, {8, false}, *thread_counts()[0]);
    c.x_top = 32767;
    for (bool lossless : {false, true}) {
      c.digits = 11;
      check_case<1, uniform_adc>(c, {10, lossless}, *thread_counts()[0]);
      c.digits = 6;
      check_case<2, uniform_adc>(c, {10, lossless}, *thread_counts()[0]);
      c.digits = 2;
      c.x_top = 32512;
      check_case<7, uniform_adc>(c, {10, lossless}, *thread_counts()[0]);
      c.x_top = 32767;
    }
  }
}

TEST_CASE("codes without a sign have a sixteenth bit and the same product") {
  for_every_scale([]<int S>() {
    for (bool lossless : {false, true}) {
      typename ohmic::computation_array<S>::config c;
      c.adc = {8, lossless};
      c.range.rule = range_rule::full_scale;
      ohmic::computation_array<S> const a(c);
      dice random(900 + S);
      ohmic::matrix<std::uint16_t> x(5, 150);
      ohmic::matrix<std::int16_t> y(18, 150);
      for (auto& code : x.flat())
        code = static_cast<std::uint16_t>(random.between(0, 3) == 0 ? 65535 : random.between(0, 65535));
      for (auto& code : y.flat()) code = static_cast<std::int16_t>(random.between(-127, 127));
      auto const driven = a.drive(y, "y");
      auto const adcs = a.converters({}, ohmic::balanced<S>::digits_for(65535), "y");
      ohmic::product_report fast, plain;
      auto const z = a.multiply(x, driven, adcs, operand_source::activations, fast, *thread_counts()[0], "x");
      auto const wanted = ohmic::reference_product(a, x, y, adcs, operand_source::activations, plain);
      CAPTURE(S, lossless);
      std::size_t wrong = 0;
      for (std::size_t n = 0; n < x.rows(); ++n)
        for (std::size_t t = 0; t < y.rows(); ++t) {
          std::int64_t sum = 0;
          for (std::size_t i = 0; i < x.cols(); ++i) sum += std::int64_t{x(n, i)} * y(t, i);
          wrong += static_cast<std::size_t>(z(n, t) != (lossless ? static_cast<double>(sum) : wanted(n, t)));
        }
      CHECK(wrong == 0);
      CHECK(action_difference(fast.actions, plain.actions) == "");
    }
  });
}

TEST_CASE("the largest codes everywhere give the largest current, which a full-scale range holds") {
  for_every_scale([]<int S>() {
    for (int bits = 1; bits <= 16; ++bits) {
      auto const top = static_cast<int>(std::min<std::int64_t>(ohmic::balanced<S>::reach(2), 32767));
      product_case c{3, 128 / S, 5, {}, 2, top, filling::largest, filling::largest, {}, operand_source::weights, 3};
      c.range.rule = range_rule::full_scale;
      CAPTURE(S, bits);
      product_run<S, uniform_adc> const run(c, {bits, false}, *thread_counts()[0]);
      CHECK(run.seen[0].percentile(100.0) >= static_cast<double>(run.array.largest_current()));
      CHECK(run.report.clipped == 0);
    }
  });
}

TEST_CASE("a product of zeros is zero, through any converter") {
  for (int bits : {1, 8, 16}) {
    product_case c{5, 40, 20, {}, 3, 127, filling::zeros, filling::uniform, {}, operand_source::activations, 2};
    for (int side = 0; side < 2; ++side, std::swap(c.x_kind, c.y_kind)) {
      product_run<2, uniform_adc> const run(c, {bits, false}, *thread_counts()[0]);
      double sum = 0.0;
      for (std::size_t n = 0; n < c.tokens; ++n)
        for (double z : run.z.row(n)) sum += z < 0.0 ? -z : z;
      CHECK(sum == 0.0);
    }
  }
}

TEST_CASE("results and counts do not depend on the number of threads") {
  dice random(900);
  for (int i = 0; i < 12; ++i) {
    auto const c = random_case<2>(random, 300000);
    INFO(c.text());
    product_run<2, uniform_adc> const one(c, {6, false}, *thread_counts()[0]);
    for (auto* threads : thread_counts()) {
      product_run<2, uniform_adc> const run(c, {6, false}, *threads);
      CHECK(run.z == one.z);
      CHECK(run.report.clipped == one.report.clipped);
      CHECK(run.report.actions == one.report.actions);
    }
  }
}

TEST_CASE("a report adds up over products") {
  dice random(1000);
  auto const c = random_case<2>(random, 5000);
  product_run<2, uniform_adc> run(c, {3, false}, *thread_counts()[0]);
  auto once = run.report;
  (void)run.array.multiply(run.x, run.driven, run.converters, c.source, run.report, *thread_counts()[2], "x");
  once += product_run<2, uniform_adc>(c, {3, false}, *thread_counts()[0]).report;
  CHECK(run.report.actions == once.actions);
  CHECK(run.report.clipped == once.clipped);
}
