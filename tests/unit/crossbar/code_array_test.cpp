// In-situ arrays for codes: the fast product is the plain definition, bit for bit, whatever the layout and the converters.
#include <algorithm>
#include <cmath>
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
  in_situ::write_place const at = c.source == operand_source::weights ? in_situ::write_place{5, 0}
                                                                      : in_situ::write_place{0x80000000u + 5 * 4096, 4};
  auto const wanted = c.inputs_have_sign ? in_situ::reference_product(run.array, run.x, run.y.view(), run.converters,
                                                                      c.source, plain, at, run.place)
                                         : in_situ::reference_product(run.array, run.unsigned_x, run.y.view(),
                                                                      run.converters, c.source, plain, at, run.place);
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

namespace {

/// Cells with a finite range, errors of programming, age and factors against it, noise of reads, lines that resist or a
/// curve: some or all of them.
in_situ::code_cell_settings random_cells(dice& random) {
  using ohmic::device_name;
  in_situ::code_cell_settings c;
  int const kind = random.between(1, 31);
  c.cell.r_on = ohmic::ohms(50e3);
  if ((kind & 1) != 0) c.cell.r_off = ohmic::ohms(1e6);
  if ((kind & 2) != 0)
    c.cell.device = random.of(std::vector<device_name>{device_name::pcm_joshi, device_name::rram_wan});
  if ((kind & 4) != 0) {
    c.wires.word_segment = ohmic::ohms(2.5);
    c.wires.bit_segment = ohmic::ohms(random.between(0, 1) == 0 ? 0.0 : 5.0);
    c.wires.driver = ohmic::ohms(random.between(0, 1) == 0 ? 0.0 : 100.0);
  } else if (random.between(0, 1) == 0) {
    c.cell.curve.scale = ohmic::volts(0.1);
  }
  if ((kind & 8) != 0) c.cell.read_noise = random.between(0, 1) == 0 ? 0.02 : 1.0;
  if ((kind & 16) != 0) {
    if (random.between(0, 1) == 0) {
      c.cell.device = device_name::pcm_nandakumar;
      c.cell.read_noise = 0.0;
    } else {
      c.cell.retention.exponent = 0.05;
      c.cell.retention.spread = 0.02;
    }
    c.cell.retention.age = ohmic::seconds(86400.0);
    c.cell.retention.compensation = static_cast<ohmic::drift_compensation>(random.between(0, 3));
  }
  c.seed = 17;
  return c;
}

}  // namespace

TEST_CASE("products of in-situ arrays are those of cells that are not ideal, through wires") {
  dice random(21);
  for (int i = 0; i < 160; ++i) {
    auto c = random_code_case(random, 2500);
    if (c.layout.array.columns > 40) c.layout.array.columns = 40;  // a network an array
    c.cells = random_cells(random);
    int const bits = 2 + i % 15;
    CAPTURE(bits, c.cells.has_wires(), c.cells.leak(1), c.cells.cell.read_noise, c.cells.cell.retention.age.si());
    check_code_case<uniform_adc>(c, {bits, false}, *thread_counts()[static_cast<std::size_t>(i % 4)]);
    check_code_case<uniform_adc>(c, {8, true}, *thread_counts()[0]);
  }
}

TEST_CASE("a finite range of cells cancels in pairs, and is taken off with the offset elsewhere") {
  dice random(22);
  for (int i = 0; i < 40; ++i) {
    auto c = random_code_case(random, 4000);
    c.inputs_have_sign = true;
    c.cells.cell.r_off = ohmic::ohms(1e6);
    INFO(c.text());
    code_run<uniform_adc> const run(c, {8, true}, *thread_counts()[0]);
    if (c.layout.weights.pairs == in_situ::pair_reading::difference) {
      CHECK(wrong_code_products(run.z, run.x, run.y) == 0);
      continue;
    }
    // A conversion is off by half a unit, of each column of a pair; a leak by the 2^-9 that it is rounded to, on both sides
    // of a flipped column.
    double bound = 0.0;
    std::size_t const slices = c.layout.weights.slices.size();
    in_situ::input_passes_of const law(c.layout, run.digits / static_cast<int>(slices), true);
    auto const tiles = static_cast<double>(run.stored.cut().tiles());
    for (int p = 0; p < run.digits / static_cast<int>(slices); ++p)
      for (std::size_t s = 0; s < slices; ++s)
        bound += std::fabs(static_cast<double>(law.weight(p))) *
                 static_cast<double>(in_situ::slice_weight(c.layout, s)) *
                 (tiles + 0x1p-8 * static_cast<double>(c.inner) * static_cast<double>(c.layout.input_top()));
    double worst = 0.0;
    for (std::size_t n = 0; n < c.tokens; ++n)
      for (std::size_t o = 0; o < c.outputs; ++o) {
        double sum = 0.0;
        for (std::size_t k = 0; k < c.inner; ++k) sum += static_cast<double>(run.x(n, k)) * run.y(o, k);
        worst = std::max(worst, std::fabs(run.z(n, o) - sum));
      }
    CHECK(worst <= bound);
  }
}

TEST_CASE("columns see what the network of wires delivers") {
  dice random(23);
  in_situ::code_cell_settings c;
  c.cell.r_off = ohmic::ohms(1e6);
  c.wires.word_segment = ohmic::ohms(2.0);
  c.wires.bit_segment = ohmic::ohms(3.0);
  c.wires.driver = ohmic::ohms(50.0);
  ohmic::matrix<std::int32_t> digits(60, 20);
  for (auto& d : digits.flat()) d = random.between(0, 3);
  auto const seen = in_situ::code_cells(c).seen(digits.view(), std::vector<std::int64_t>(20, 3), false, 0, 0).digits;
  ohmic::wire_network network{ohmic::matrix<double>(60, 20), c.wires, {}, {}};
  ohmic::matrix<double> volts(60, 1);
  for (std::size_t k = 0; k < 60; ++k) {
    volts(k, 0) = random.between(0, 1);
    for (std::size_t j = 0; j < 20; ++j) network.g_S(k, j) = (0.01 + 0.99 * digits(k, j) / 3.0) / 10e3;
  }
  ohmic::wire_report report;
  auto const amperes = ohmic::wire_solver(network).currents(volts.view(), *thread_counts()[0], report);
  for (std::size_t j = 0; j < 20; ++j) {
    double sum = 0.0, ideal = 0.0;
    for (std::size_t k = 0; k < 60; ++k) {
      sum += volts(k, 0) * static_cast<double>(seen(k, j));
      ideal += volts(k, 0) * (digits(k, j) + 3.0 * 0.01 / 0.99);
    }
    double const delivered = amperes(j, 0) * 10e3 * 3.0 / 0.99;
    CHECK(std::fabs(sum - delivered) < 60 * 0x1p-15 + 1e-6);  // half a step of 2^-14 for each of 60 cells
    CHECK(sum < 0.99 * ideal);                                // and the wires do take something
  }
}

TEST_CASE("errors of devices belong to seed, array and time") {
  in_situ::code_cell_settings c;
  c.cell.r_on = ohmic::ohms(50e3);
  c.cell.device = ohmic::device_name::pcm_joshi;
  ohmic::matrix<std::int32_t> digits(40, 30);
  for (auto& d : digits.flat()) d = 2;
  std::vector<std::int64_t> const tops(30, 3);
  in_situ::code_cells const cells(c);
  auto const first = cells.seen(digits.view(), tops, false, 1, 0).digits;
  CHECK(cells.seen(digits.view(), tops, false, 1, 0).digits == first);
  CHECK(cells.seen(digits.view(), tops, false, 2, 0).digits != first);
  CHECK(cells.seen(digits.view(), tops, false, 1, 1).digits != first);
  double sum = 0.0, squares = 0.0;
  for (float v : first.flat()) {
    sum += double{v} - 2.0;
    squares += (double{v} - 2.0) * (double{v} - 2.0);
  }
  double const sigma = 3.0 * ohmic::pcm_joshi{}.programming_sigma(2.0 / 3.0 * 20.0) / 20.0, n = 1200.0;
  CHECK(std::fabs(sum / n) < 4.0 * sigma / std::sqrt(n));
  CHECK(std::fabs(squares / n / (sigma * sigma) - 1.0) < 4.0 * std::sqrt(2.0 / n));
}

TEST_CASE("products of in-situ arrays take a user's converter") {
  dice random(13);
  for (int levels : {2, 3, 100, 4096})
    for (int i = 0; i < 12; ++i)
      check_code_case<levels_adc>(random_code_case(random, 3000), {levels}, *thread_counts()[1]);
}

TEST_CASE("the widest digits of cells and rows meet in one product") {
  // 255 x 127 twice leaves 16 bits: dot4's wide recipe.
  dice random(24);
  for (auto coding : {in_situ::code_coding::twos_complement, in_situ::code_coding::sign_magnitude})
    for (auto kind : {filling::largest, filling::extremes, filling::uniform}) {
      code_case c = random_code_case(random, 100);
      c.layout = {};
      c.layout.array.rows = 64;
      c.layout.weights.mapping = in_situ::mapping::offset;
      c.layout.weights.slices = {8};
      c.layout.inputs.coding = coding;
      c.layout.inputs.slice_bits = 7;
      c.tokens = 5, c.inner = 100, c.outputs = 17, c.x_top = 127, c.inputs_have_sign = true;
      c.x_kind = c.y_kind = kind;
      for (std::uint64_t seed = 0; seed < 4; ++seed) {
        c.seed = seed;  // both signs of the largest
        check_code_case<uniform_adc>(c, {12, false}, *thread_counts()[0]);
      }
    }
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

TEST_CASE("the sign of a current takes one of the bits of its converter") {
  in_situ::code_array_settings<uniform_adc> c;  // 8 bits
  CHECK(in_situ::code_array<>(c).converters(std::vector<float>{255.0f}).front().step() == 1.0);
  c.layout.inputs.coding = in_situ::code_coding::sign_magnitude;
  CHECK(in_situ::code_array<>(c).converters(std::vector<float>{127.0f}).front().step() == 1.0);
  c.layout.inputs.passes = in_situ::input_passes::two_summed_digital;
  CHECK(in_situ::code_array<>(c).converters(std::vector<float>{255.0f}).front().step() == 1.0);
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
    auto c = random_code_case(random, 100000);
    if (i % 4 == 0) {
      c.cells.cell.r_off = ohmic::ohms(1e6);
      c.cells.cell.r_on = ohmic::ohms(50e3);
      c.cells.cell.device = ohmic::device_name::pcm_joshi;
    }
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
  refused([](auto& c) { c.cells.cell.levels = 4; }, errc::config_conflict, {"cell.levels", "weights.slices"});
  refused([](auto& c) { c.cells.wires.driver = ohmic::ohms(INFINITY); }, errc::config_value, {"wires.driver"});
  in_situ::code_array<> const array({});
  codes const x(2, 5), y(3, 6);
  in_situ::code_report report;
  auto const stored = array.drive(y, "y");
  auto const adcs = array.converters(std::vector<float>(32, 255.0f));
  check_refused(
      [&] { (void)array.multiply(x, stored, adcs, operand_source::weights, report, *thread_counts()[0], "q"); },
      errc::shape, {"q", "2 x 5", "n x 6"});
  // Operands of other arrays, and converters that are no whole number of passes.
  codes const good(2, 6);
  auto const multiply = [&](in_situ::code_array<> const& with, in_situ::stored_operand const& operand, std::size_t n) {
    (void)with.multiply(good, operand, with.converters(std::vector<float>(n, 255.0f)), operand_source::weights, report,
                        *thread_counts()[0], "q");
  };
  in_situ::code_array_settings<uniform_adc> other;
  other.layout.weights.slices = {4, 4};
  check_refused([&] { multiply(in_situ::code_array<>(other), stored, 32); }, errc::shape,
                {"q", "4 cells of a weight", "128, 2"});
  other = {};
  other.layout.array.rows = 64;
  check_refused([&] { multiply(in_situ::code_array<>(other), stored, 32); }, errc::shape, {"q", "128 rows"});
  other.adc.lossless = true;
  check_refused([&] { multiply(in_situ::code_array<>(other), stored, 32); }, errc::shape, {"q", "128 rows"});
  check_refused([&] { multiply(array, stored, 30); }, errc::config_conflict, {"q", "30", "multiple of 4"});
  check_refused([&] { multiply(array, array.drive(y, "y", operand_source::sums), 32); }, errc::shape, {"no cells"});
  codes const none(0, 6);
  check_refused(
      [&] { (void)array.multiply(none, stored, adcs, operand_source::weights, report, *thread_counts()[0], "q"); },
      errc::shape, {"q", "0 x 6"});
}
