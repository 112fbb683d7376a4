// In-situ arrays for codes: the fast product is the plain definition, bit for bit, whatever the layout and the converters.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "code_array_cases.hpp"
#include "instruction_sets.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using namespace ohmic_test;
using ohmic::operand_source;
using ohmic::uniform_adc;

namespace {

template <class Adc>
void check_code_case(code_case const& c, typename Adc::config const& adc, ohmic::executor& threads) {
  INFO(c.text() << ", threads " << threads.threads());
  code_run<Adc> const run(c, adc, threads);
  in_situ::code_report plain;
  auto const wanted =
      c.inputs_have_sign
          ? in_situ::reference_product(run.array, run.x, run.y.view(), run.converters, c.source, plain)
          : in_situ::reference_product(run.array, run.unsigned_x, run.y.view(), run.converters, c.source, plain);
  std::size_t wrong = 0;
  for (std::size_t n = 0; n < c.tokens; ++n)
    for (std::size_t o = 0; o < c.outputs; ++o) wrong += static_cast<std::size_t>(run.z(n, o) != wanted(n, o));
  CHECK(wrong == 0);
  CHECK(run.report.clipped == plain.clipped);
  CHECK(action_difference(run.report.actions, plain.actions) == "");
  CHECK(action_difference(run.array.planned({c.tokens, c.inner, c.outputs}, run.digits, c.inputs_have_sign, c.source),
                          plain.actions) == "");
}

std::size_t wrong_code_products(ohmic::product_sums const& z, codes const& x, codes const& y) {
  std::size_t wrong = 0;
  for (std::size_t n = 0; n < x.rows(); ++n)
    for (std::size_t o = 0; o < y.rows(); ++o) {
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < x.cols(); ++k) sum += std::int64_t{x(n, k)} * y(o, k);
      wrong += static_cast<std::size_t>(z(n, o) != static_cast<double>(sum));
    }
  return wrong;
}

/// ISAAC's layout, here with 8-bit weights and inputs.
in_situ::code_layout flipped_layout() {
  in_situ::code_layout c;
  c.weights.flipped = true;
  return c;
}

}  // namespace

TEST_CASE("digits of cells and passes add up to the codes") {
  dice random(11);
  for (int i = 0; i < 60; ++i) {
    auto const c = random_code_case(random, 100);
    INFO(c.text());
    std::size_t const lines = c.layout.weights.lines(), slices = c.layout.weights.slices.size();
    std::vector<std::int32_t> cells(slices * lines);
    std::size_t wrong = 0;
    auto const top = static_cast<std::int32_t>(c.layout.weight_top());
    for (std::int32_t code = -top; code <= top; ++code) {
      in_situ::cell_digits(c.layout, code, cells);
      std::int64_t sum = lines == 2 ? 0 : -(top + 1);
      for (std::size_t s = 0; s < slices; ++s) {
        sum += in_situ::slice_weight(c.layout, s) * (lines == 2 ? cells[2 * s] - cells[2 * s + 1] : cells[s]);
        for (std::size_t l = 0; l < lines; ++l)
          wrong += static_cast<std::size_t>(cells[lines * s + l] < 0 || cells[lines * s + l] > c.layout.cell_top(s));
      }
      wrong += static_cast<std::size_t>(sum != code);
    }
    for (bool has_sign : {false, true})
      for (int bits : {1, 7, 10}) {
        int const passes = c.layout.passes_for(bits, has_sign);
        in_situ::input_passes_of const law(c.layout, passes, has_sign);
        std::int32_t const most = (1 << bits) - 1;
        CHECK(law.reach() >= most);
        for (std::int32_t code = has_sign ? -most : 0; code <= most; ++code) {
          std::int64_t sum = 0;
          for (int p = 0; p < passes; ++p) {
            std::int32_t const digit = law.digit(code, p);
            sum += law.weight(p) * digit;
            wrong += static_cast<std::size_t>(std::abs(digit) > c.layout.input_top());
          }
          wrong += static_cast<std::size_t>(sum != code);
        }
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("products of in-situ arrays are those of cells, with 1 to 16 bits and any layout and range rule") {
  dice random(12);
  for (int i = 0; i < 400; ++i) {
    auto const c = random_code_case(random, 6000);
    int const lowest = c.layout.has_signed_currents() ? 2 : 1;
    int const bits = lowest + i % (17 - lowest);
    CAPTURE(bits);
    check_code_case<uniform_adc>(c, {bits, false}, *thread_counts()[static_cast<std::size_t>(i / 16 % 4)]);
  }
}

TEST_CASE("products of in-situ arrays take a user's converter") {
  dice random(13);
  for (int levels : {2, 3, 100, 4096})
    for (int i = 0; i < 12; ++i)
      check_code_case<levels_adc>(random_code_case(random, 3000), {levels}, *thread_counts()[1]);
}

TEST_CASE("products of in-situ arrays of the usual size hold where nothing comes out even") {
  dice random(14);
  std::pair<std::size_t, std::pair<std::size_t, std::size_t>> const shapes[] = {
      {1, {1, 1}}, {1, {300, 33}}, {65, {129, 5}}, {5, {128, 32}}, {3, {257, 65}}};
  for (auto const& [tokens, rest] : shapes)
    for (int bits : {5, 8}) {
      code_case c = random_code_case(random, 100);
      c.layout = flipped_layout();
      c.range.rule = ohmic::range_rule::mean_sigma;
      c.tokens = tokens;
      std::tie(c.inner, c.outputs) = rest;
      check_code_case<uniform_adc>(c, {bits, false}, *thread_counts()[2]);
    }
}

TEST_CASE("with lossless converters the product of in-situ arrays is the integer product") {
  dice random(15);
  for (int i = 0; i < 60; ++i) {
    auto c = random_code_case(random, 20000);
    c.inputs_have_sign = true;
    INFO(c.text());
    code_run<uniform_adc> const run(c, {8, true}, *thread_counts()[static_cast<std::size_t>(i % 4)]);
    CHECK(run.array.lossless());
    CHECK(wrong_code_products(run.z, run.x, run.y) == 0);
    CHECK(run.report.clipped == 0);
    check_code_case<uniform_adc>(c, {8, true}, *thread_counts()[0]);
  }
}

TEST_CASE("flipped columns need a bit less: 8 bits read 128 rows of 2-bit cells without loss, 9 without flipping") {
  for (bool flipped : {true, false})
    for (int bits : {7, 8, 9}) {
      in_situ::code_layout layout = flipped_layout();
      layout.weights.flipped = flipped;
      ohmic::range_config range;
      range.rule = ohmic::range_rule::full_scale;
      in_situ::code_array<> const array({layout, {bits, false}, range});
      CAPTURE(flipped, bits);
      CHECK(array.lossless() == (bits >= (flipped ? 8 : 9)));
    }
}

TEST_CASE("converters with a code for every current give the integer product conversion by conversion") {
  // A user's ranges keep the collapse away; a full scale of 255 units at 8 bits is a step of one.
  dice random(16);
  for (auto kind : {filling::normal, filling::extremes, filling::largest}) {
    code_case c = random_code_case(random, 100);
    c.tokens = 9, c.inner = 200, c.outputs = 19;
    c.layout = flipped_layout();
    c.x_kind = c.y_kind = kind;
    c.x_top = 127;
    c.inputs_have_sign = true;
    c.range.rule = ohmic::range_rule::user;
    c.range.user.assign(32, 255.0);
    INFO(c.text());
    code_run<uniform_adc> const run(c, {8, false}, *thread_counts()[0]);
    CHECK(!run.array.lossless());
    CHECK(wrong_code_products(run.z, run.x, run.y) == 0);
    CHECK(run.report.clipped == 0);
  }
}

TEST_CASE("exact products of in-situ arrays count what converted ones do; sums of one operand are digital") {
  dice random(17);
  for (int i = 0; i < 20; ++i) {
    auto c = random_code_case(random, 8000);
    c.inputs_have_sign = true;
    INFO(c.text());
    code_run<uniform_adc> const run(c, {4, false}, *thread_counts()[0]);
    in_situ::code_report report;
    auto const z = run.array.exact_product(run.x, run.stored, run.digits, c.source, report, *thread_counts()[2], "x");
    CHECK(wrong_code_products(z, run.x, run.y) == 0);
    CHECK(action_difference(report.actions, run.report.actions) == "");
    in_situ::code_report digital;
    auto const sums = run.array.multiply(run.x, run.array.drive(run.y, "y", operand_source::sums), run.converters,
                                         operand_source::sums, digital, *thread_counts()[0], "x");
    CHECK(wrong_code_products(sums, run.x, run.y) == 0);
    CHECK(action_difference(digital.actions, run.array.planned({c.tokens, c.inner, c.outputs}, run.digits, true,
                                                               operand_source::sums)) == "");
  }
}

TEST_CASE("products of in-situ arrays are the same bits on every instruction set") {
  dice random(18);
  auto const sets = kernel_sets();
  for (int i = 0; i < 60; ++i) {
    auto const c = random_code_case(random, 100000);
    int const bits = 2 + i % 15;
    code_run<uniform_adc> const first(c, {bits, false}, *thread_counts()[1], *sets[0].columns);
    for (auto const& set : sets) {
      INFO(set.flags << ", " << c.text() << ", bits " << bits);
      code_run<uniform_adc> const other(c, {bits, false}, *thread_counts()[1], *set.columns);
      CHECK(other.z == first.z);
      CHECK(other.report.clipped == first.report.clipped);
      for (std::size_t d = 0; d < first.seen.size(); ++d) {
        CHECK(other.seen[d].count() == first.seen[d].count());
        CHECK(other.seen[d].sigma() == first.seen[d].sigma());
      }
    }
  }
}

TEST_CASE("layouts that contradict themselves are refused by name") {
  using ohmic::errc;
  auto const refused = [](auto const& change, errc code, std::vector<std::string> const& parts, int bits = 8) {
    in_situ::code_array_settings<uniform_adc> c;
    c.adc.bits = bits;
    change(c);
    check_refused([&] { in_situ::code_array<> const a(c); }, code, parts);
  };
  refused([](auto& c) { c.layout.array.rows = 0; }, errc::config_value, {"array.rows", "1..16384"});
  refused([](auto& c) { c.layout.weights.mapping = in_situ::mapping::differential_two_sided; }, errc::config_value,
          {"weights.mapping", "differential, offset"});
  refused([](auto& c) { c.layout.weights.bits = 9; }, errc::config_value, {"weights.bits", "2..8"});
  refused(
      [](auto& c) {
        c.layout.weights.slices = {2, 2, 2};
      },
      errc::config_conflict, {"weights.slices", "together 6"});
  refused([](auto& c) { c.layout.array.columns = 3; }, errc::config_conflict, {"array.columns", "cells of a weight"});
  refused([](auto& c) { c.layout.weights.pairs = in_situ::pair_reading::difference; }, errc::config_conflict,
          {"weights.pairs"});
  refused([](auto& c) { c.layout.inputs.slice_bits = 8; }, errc::config_value, {"inputs.slice_bits", "1..7"});
  refused([](auto& c) { c.layout.inputs.passes = in_situ::input_passes::two_summed_digital; }, errc::config_conflict,
          {"inputs.passes", "twos_complement"});
  refused(
      [](auto& c) {
        c.layout.inputs.coding = in_situ::code_coding::sign_magnitude;
        c.layout.weights.flipped = true;
      },
      errc::config_conflict, {"weights.flipped"});
  refused([](auto& c) { c.layout.inputs.coding = in_situ::code_coding::sign_magnitude; }, errc::config_conflict,
          {"adc.bits", "sign"}, 1);
  refused(
      [](auto& c) {
        c.layout.array.rows = 16384;
        c.layout.weights.slices = {8};
        c.layout.inputs.slice_bits = 7;
      },
      errc::config_conflict, {"array.rows", "product units"});
  in_situ::code_array<> const array({});
  codes const x(2, 5), y(3, 6);
  in_situ::code_report report;
  auto const stored = array.drive(y, "y");
  auto const adcs = array.converters(std::vector<float>(32, 255.0f));
  check_refused(
      [&] { (void)array.multiply(x, stored, adcs, operand_source::weights, report, *thread_counts()[0], "q"); },
      errc::shape, {"q", "2 x 5", "n x 6"});
}
