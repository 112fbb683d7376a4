// Properties of the in-situ array: limits in which it is the exact product, counts, noise by address, and refusals.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "in_situ_cases.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

matrix<double> filled(std::size_t rows, std::size_t cols, double value) {
  matrix<double> m(rows, cols);
  for (double& v : m.flat()) v = value;
  return m;
}

std::vector<std::string> const mappings = {"differential", "differential_two_sided", "offset", "offset_unit_column"};
std::string const exact_analog = "inputs.coding=analog; adc.levels=none; ";
std::string const fixed = "inputs.scale=fixed; inputs.largest=1; ";
std::string const coded = fixed + "inputs.coding=sign_magnitude; inputs.bits=8; adc.levels=none; ";

/// Checks two results of n terms with conductances up to 1: at most 4 n roundings of n times the gain of the mapping apart.
/// Offset mappings subtract sums of n halves, times 2 / 0.99, and slices add up at most 2 / 0.99 again.
void check_same(matrix<double> const& a, matrix<double> const& b, std::size_t n) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  double const allowed = 4.0 * static_cast<double>(n) * static_cast<double>(n) * 4.0 * 0x1p-53;
  for (std::size_t k = 0; k < a.size(); ++k) CHECK(std::fabs(a.flat()[k] - b.flat()[k]) <= allowed);
}

/// Values rounded to whole multiples of 1 / top.
matrix<double> rounded(matrix<double> m, double top) {
  for (double& v : m.flat()) v = std::nearbyint(v * top) / top;
  return m;
}

/// Cells that hold the same in both although their noise could tell them apart: 0 is where noise is cut off.
std::uint64_t cells_shared(in_situ::cells const& a, in_situ::cells const& b) {
  std::uint64_t shared = 0;
  for (std::size_t k = 0; k < a.g.size(); ++k) shared += a.g[k] == b.g[k] && a.g[k] != 0.0 ? 1u : 0u;
  return shared;
}

}  // namespace

TEST_CASE("in-situ array: without converters every mapping gives W X, however the inputs are cut into arrays") {
  auto const w = clipped_normals(7, 33, 1), x = clipped_normals(33, 5, 2);
  auto const exact = exact_product(w, x);
  for (auto const& mapping : mappings)
    for (std::string rows : {"0", "1", "8", "32", "33", "64"}) {
      INFO(mapping << " " << rows);
      check_same(
          in_situ_product(w, x, in_situ_settings(exact_analog + "weights.mapping=" + mapping + "; array.rows=" + rows)),
          exact, 33);
    }
}

TEST_CASE("in-situ array: weights and inputs of any size come out in their own units") {
  auto w = clipped_normals(3, 9, 3), x = clipped_normals(9, 2, 4);
  auto const small = in_situ_product(w, x, in_situ_settings(exact_analog));
  for (double& v : w.flat()) v *= 8.0;
  for (double& v : x.flat()) v *= 4.0;
  auto const large = in_situ_product(w, x, in_situ_settings(exact_analog));
  for (std::size_t k = 0; k < small.size(); ++k) CHECK(large.flat()[k] == 32.0 * small.flat()[k]);
}

TEST_CASE("in-situ array: slices add up to the quantised weights") {
  auto const w = clipped_normals(6, 20, 5), x = clipped_normals(20, 4, 6);
  auto const check = [&](std::string const& mapping, std::string const& slices, int bits) {
    INFO(mapping << " " << slices);
    double const top = static_cast<double>((1 << (bits - 1)) - 1);
    auto const c = in_situ_settings(exact_analog + "weights.largest=1; weights.mapping=" + mapping +
                                    "; weights.bits=" + std::to_string(bits) + "; weights.slices=" + slices);
    check_same(in_situ_product(w, x, c), exact_product(rounded(w, top), x), 20);
  };
  for (auto const& mapping : mappings) {
    for (std::string slices : {"2,2,2,2", "8", "1,1,1,1,1,1,1,1", "4,4", "1,2,5", "5,2,1"}) check(mapping, slices, 8);
    check(mapping, "2,2", 4);
  }
  for (std::string slices : {"7", "1,2,4", "3,4"}) check("differential", slices, 8);  // 7 bits of magnitude
}

TEST_CASE("in-situ array: inputs in slices and in two passes are the coded inputs") {
  auto const w = clipped_normals(6, 20, 7), x = clipped_normals(20, 4, 8);
  for (auto const& mapping : mappings)
    for (std::string passes : {"one", "two_summed_analog", "two_summed_digital"})
      for (std::string width : {"0", "1", "2", "3", "7"}) {
        INFO(mapping << " " << passes << " " << width);
        check_same(in_situ_product(w, x,
                                   in_situ_settings(coded + "weights.mapping=" + mapping + "; inputs.passes=" + passes +
                                                    "; inputs.slice_bits=" + width)),
                   exact_product(w, rounded(x, 127.0)), 20);
      }
  auto magnitudes = x;
  for (double& v : magnitudes.flat()) v = std::fabs(v);
  auto const unsigned_codes = in_situ_settings(coded + "inputs.coding=unsigned; inputs.slice_bits=1");
  check_same(in_situ_product(w, magnitudes, unsigned_codes), exact_product(w, rounded(magnitudes, 255.0)), 20);
  auto const signed_by_passes = in_situ_settings(coded + "inputs.coding=unsigned; inputs.passes=two_summed_digital");
  check_same(in_situ_product(w, x, signed_by_passes), exact_product(w, rounded(x, 255.0)), 20);
}

TEST_CASE("in-situ array: -1, 0 and 1 take the conductances that each mapping says") {
  matrix<double> w(1, 3);
  w(0, 0) = -1.0, w(0, 1) = 0.0, w(0, 2) = 1.0;
  auto const cells = [&](std::string const& text) { return in_situ::program(w.view(), in_situ_settings(text)).g; };
  auto const check = [](std::vector<double> const& got, std::vector<double> const& expected) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t k = 0; k < got.size(); ++k) CHECK(got[k] == Approx(expected[k]).epsilon(1e-14));
  };
  double const step = 0.99 / 255.0;
  check(cells("weights.mapping=differential"), {0.01, 0.01, 1.0, 1.0, 0.01, 0.01});
  check(cells("weights.mapping=differential_two_sided"), {0.01, 0.505, 1.0, 1.0, 0.505, 0.01});
  check(cells("weights.mapping=offset"), {0.01, 0.505, 1.0});
  check(cells("weights.mapping=offset; cell.levels=256"), {0.01 + step, 0.01 + 128.0 * step, 1.0});
  check(cells("weights.mapping=offset_unit_column; cell.levels=256"),
        {0.01 + step, 0.01 + 128.0 * step, 1.0, 0.01 + 128.0 * step, 0.01 + 128.0 * step, 0.01 + 128.0 * step});
  // Codes 1, 128, 255 in slices of 4 bits.
  check(cells("weights.mapping=offset; weights.slices=4,4"),
        {0.01 + 0.99 / 15.0, 0.01, 1.0, 0.01, 0.01 + 0.99 * 8.0 / 15.0, 1.0});
}

TEST_CASE("in-situ array: conductances are written in siemens, a column for every line") {
  matrix<double> w(2, 1);
  w(0, 0) = 1.0, w(1, 0) = -0.5;
  auto const g = in_situ::conductances_S(in_situ::program(w.view(), in_situ_settings("")));
  REQUIRE(g.rows() == 1);
  REQUIRE(g.cols() == 4);  // + of both outputs, then -
  double const expected[] = {1e-4, 1e-6, 1e-6, 1e-6 + 0.5 * 0.99e-4};
  for (std::size_t j = 0; j < 4; ++j) CHECK(g(0, j) == Approx(expected[j]).epsilon(1e-14));
}

TEST_CASE("in-situ array: a matrix of zeros gives zeros where a converter has a level for 0") {
  auto const x = clipped_normals(16, 3, 9);
  for (std::string levels : {"none", "sign_magnitude", "aihwkit_steps"})
    for (std::string mapping : {"differential", "differential_two_sided"}) {
      auto const y = in_situ_product(filled(4, 16, 0.0), x,
                                     in_situ_settings("weights.mapping=" + mapping + "; adc.levels=" + levels));
      for (double v : y.flat()) CHECK(v == 0.0);
    }
  // 2^b levels from -n to n have none: half a step is left.
  auto const y = in_situ_product(filled(4, 16, 0.0), x, in_situ_settings(fixed + "adc.bits=4"));
  for (double v : y.flat()) CHECK(std::fabs(v) == Approx(32.0 / 15.0 / 2.0 / 0.99).epsilon(1e-12));
}

TEST_CASE("in-situ array: CrossSim's offset gain is short by the level that it does not use") {
  auto const w = clipped_normals(5, 12, 10), x = clipped_normals(12, 3, 11);
  std::string const text = exact_analog + "weights.mapping=offset; cell.levels=16; weights.offset_gain=";
  auto const right = in_situ_product(w, x, in_situ_settings(text + "exact")),
             short_of = in_situ_product(w, x, in_situ_settings(text + "crosssim_offset_gain"));
  auto scaled = right;
  for (double& v : scaled.flat()) v *= 14.0 / 15.0;
  check_same(short_of, scaled, 12);
}

TEST_CASE("in-situ array: full scale clips nothing, whatever is stored and driven") {
  for (auto const& mapping : mappings)
    for (std::string coding : {"sign_magnitude", "unsigned"})
      for (std::string slices : {"", "2,2,2,2"})
        for (std::string levels : {"uniform", "sign_magnitude"})
          for (double weight : {-1.0, 1.0}) {
            INFO(mapping << " " << coding << " " << slices << " " << levels << " " << weight);
            in_situ::report r;
            auto const cells = in_situ::program(
                filled(2, 24, weight).view(),
                in_situ_settings(fixed + "weights.mapping=" + mapping + "; inputs.coding=" + coding +
                                 "; weights.slices=" + slices + "; adc.range=full_scale; adc.levels=" + levels));
            static_cast<void>(in_situ::multiply(cells, filled(24, 1, 1.0).view(), r));
            CHECK(r.conversions > 0);
            CHECK(r.clipped_conversions == 0);
          }
}

TEST_CASE("in-situ array: a granular converter with codes enough loses nothing, CrossSim's does") {
  auto const w = clipped_normals(6, 40, 12), x = clipped_normals(40, 4, 13);
  // 40 rows of digits 0..3 in one bit of the inputs: at most 120 steps either way; 8 bits have 127.
  std::string const text = fixed + "weights.slices=2,2,2,2; inputs.slice_bits=1; inputs.bits=8; adc.bits=8; ";
  for (std::string levels : {"sign_magnitude", "uniform"}) {
    auto const lossless = in_situ_product(w, x, in_situ_settings(text + "adc.levels=none")),
               granular = in_situ_product(w, x, in_situ_settings(text + "adc.range=granular; adc.levels=" + levels));
    check_same(granular, lossless, 40);
  }
  matrix<double> const ones = filled(1, 100, 1.0);  // 100 steps of 128 / 127 x 1 / 0.99
  auto const peer = in_situ_settings(text + "adc.levels=sign_magnitude; adc.range=crosssim_granular");
  auto const ours = in_situ_settings(text + "adc.levels=sign_magnitude; adc.range=granular");
  auto const ones_of = [&](in_situ::config const& c) {
    return in_situ_product(rounded(ones, 1.0), filled(100, 1, 1.0), c)(0, 0);
  };
  CHECK(ones_of(ours) < 100.0);  // digits of 3 in 100 rows go beyond 127 steps
  matrix<double> third = filled(1, 100, 1.0 / 127.0);
  third(0, 0) = 1.0;  // one weight of full size, so that the others are code 1
  auto const exact = 1.0 + 99.0 / 127.0;
  CHECK(in_situ_product(third, filled(100, 1, 1.0), ours)(0, 0) == Approx(exact).epsilon(1e-12));
  CHECK(std::fabs(in_situ_product(third, filled(100, 1, 1.0), peer)(0, 0) - exact) > 1e-4);
}

TEST_CASE("in-situ array: conversions, inputs and what is clipped are counted") {
  in_situ::report r;
  auto const c = in_situ_settings(fixed + "array.rows=8; weights.mapping=offset_unit_column; weights.slices=4,4; " +
                                  "inputs.slice_bits=1; inputs.bits=8");
  auto x = filled(20, 3, 0.5);
  x(19, 2) = 1.5;
  static_cast<void>(in_situ::multiply(in_situ::program(clipped_normals(5, 20, 14).view(), c), x.view(), r));
  CHECK(r.inputs == 20 * 3);
  CHECK(r.clipped_inputs == 1);
  CHECK(r.conversions == 3u * 3u * 7u * 2u * 6u);  // vectors, arrays, bits, slices, columns
  CHECK(r.halvings == 0);
}

TEST_CASE("in-situ array: inputs are halved until no output is beyond the range") {
  auto const w = filled(2, 16, 1.0), x = filled(16, 1, 1.0);
  std::string const text =
      "cell.r_off=inf ohm; adc.range=user; adc.low=-4; adc.high=4; adc.levels=aihwkit_steps; adc.steps=256; "
      "inputs.coding=aihwkit_steps; inputs.steps=256; adc.halvings=";
  auto const run = [&](std::string const& halvings, std::uint64_t expected_halvings, double expected) {
    in_situ::report r;
    auto const y = in_situ::multiply(in_situ::program(w.view(), in_situ_settings(text + halvings)), x.view(), r);
    CHECK(r.halvings == expected_halvings);
    CHECK(r.clipped_conversions == (expected == 16.0 ? 0u : 2u));
    CHECK(y(0, 0) == expected);
  };
  run("0", 0, 4.0);
  run("1", 1, 8.0);
  run("2", 2, 16.0);  // 16 is 4 at a quarter of the inputs
  run("5", 2, 16.0);
}

TEST_CASE("in-situ array: threads do not change the result") {
  auto const w = clipped_normals(9, 50, 15), x = clipped_normals(50, 23, 16);
  auto const cells = in_situ::program(w.view(), in_situ_settings("array.rows=16"));
  in_situ::report alone;
  auto const expected = in_situ::multiply(cells, x.view(), alone);
  for (unsigned n : {1u, 2u, 7u}) {
    executor threads(n);
    in_situ::report r;
    CHECK(in_situ::multiply(cells, x.view(), r, &threads) == expected);
    CHECK(r.conversions == alone.conversions);
  }
}

TEST_CASE("in-situ array: programming noise belongs to seed, array and cell") {
  auto const w = clipped_normals(8, 32, 17);
  std::string const text = "cell.r_on=40 kohm; cell.r_off=inf ohm; array.rows=16; cell.device=";
  auto const quiet = in_situ::program(w.view(), in_situ_settings(text + "ideal"));
  auto const at = [&](std::uint64_t seed, std::uint32_t array) {
    return in_situ::program(w.view(), in_situ_settings(text + "pcm_joshi"), {seed, array});
  };
  auto const first = at(1, 0);
  CHECK(first.arrays() == 2);
  CHECK(first.g == at(1, 0).g);
  std::uint64_t cut_off = 0;
  for (double g : first.g) cut_off += g == 0.0 ? 1u : 0u;
  CHECK(cut_off < first.g.size() / 2);
  CHECK(cells_shared(first, at(2, 0)) == 0);
  CHECK(cells_shared(first, at(1, 2)) == 0);
  CHECK(cells_shared(at(1, 1), first) == 0);
  // The second array of this matrix is array 1, wherever it comes from.
  matrix<double> right(8, 16);
  for (std::size_t o = 0; o < 8; ++o)
    for (std::size_t k = 0; k < 16; ++k) right(o, k) = w(o, k + 16);
  auto settings = in_situ_settings(text + "pcm_joshi");
  settings.weights.largest = quiet.weight_scale;
  auto const alone = in_situ::program(right.view(), settings, {1, 1});
  for (std::size_t o = 0; o < 8; ++o)
    for (std::size_t k = 0; k < 16; ++k) CHECK(alone.row(0, 1, o)[k] == first.row(0, 1, o)[k + 16]);
}

TEST_CASE("in-situ array: programming noise has the mean and the variance of its law") {
  std::string const text = "cell.r_on=40 kohm; cell.r_off=inf ohm; weights.largest=2; cell.device=pcm_joshi";
  auto const cells = in_situ::program(filled(64, 64, 1.0).view(), in_situ_settings(text), {7, 3});
  double const n = 4096.0, sigma = pcm_joshi{}.programming_sigma(12.5) / 25.0;
  double sum = 0.0, squares = 0.0;
  for (std::size_t k = 0; k < 4096; ++k) {  // the "+" line, at half of the range
    double const d = cells.g[k] - 0.5;
    sum += d, squares += d * d;
  }
  CHECK(std::fabs(sum / n) < 4.0 * sigma / std::sqrt(n));
  CHECK(std::fabs(squares / n / (sigma * sigma) - 1.0) < 4.0 * std::sqrt(2.0 / n));
}

TEST_CASE("in-situ array: bad settings are refused with the field, what was found and what would do") {
  struct refusal {
    std::string settings;
    std::vector<std::string> parts;
    errc code = errc::config_conflict;
  };
  std::vector<refusal> const all = {
      {"array.rows=-1", {"array.rows", "got -1"}, errc::config_value},
      {"cell.r_on=2 Mohm", {"cell.r_off", "got 1e+06 ohm", "above cell.r_on"}, errc::config_value},
      {"weights.bits=1", {"weights.bits", "got 1", "2..16"}, errc::config_value},
      {"weights.largest=-1", {"weights.largest", "got -1"}, errc::config_value},
      {"weights.slices=2,0,6", {"weights.slices", "2,0,6"}, errc::config_value},
      {"weights.slices=2,2,2", {"weights.slices", "2,2,2, together 6", "weights.bits"}},
      {"weights.mapping=offset; weights.slices=3,4", {"weights.slices", "together 7"}},
      {"weights.slices=4,4; cell.levels=8", {"weights.slices", "4 bits on 8 levels"}},
      {"weights.slices=2,2,2,2; cell.levels=9", {"weights.slices", "2 bits on 9 levels", "between the levels"}},
      {"inputs.coding=pulse_width; inputs.slice_bits=3; inputs.pulse_dead_time=7",
       {"inputs.pulse_dead_time", "up to 7 cycles"}},
      {"inputs.coding=pulse_width; inputs.pulse_dead_time=127", {"inputs.pulse_dead_time", "up to 127 cycles"}},
      {"inputs.coding=pulse_width; cell.curve.law=milo; cell.r_on=5 kohm; cell.r_off=20 kohm",
       {"cell.curve.law", "inputs.passes=two_summed_analog"}},
      {"adc.range=largest; lines.nonlinearity=0.3", {"lines.nonlinearity", "calibrated"}},
      {"weights.mapping=offset; cell.levels=15", {"cell.levels", "got 15", "even"}},
      {"weights.offset_gain=crosssim_offset_gain", {"weights.offset_gain", "exact"}},
      {"inputs.bits=1", {"inputs.bits", "got 1"}, errc::config_value},
      {"inputs.largest=0", {"inputs.largest", "got 0"}, errc::config_value},
      {"inputs.steps=-3", {"inputs.steps", "got -3"}, errc::config_value},
      {"inputs.slice_bits=1; inputs.coding=analog", {"inputs.slice_bits", "inputs.coding=analog"}},
      {"inputs.slice_bits=8", {"inputs.slice_bits", "got 8", "magnitude"}},
      {"lines.ir_drop=-1", {"lines.ir_drop", "got -1"}, errc::config_value},
      {"lines.ir_drop=1; weights.mapping=offset", {"lines.ir_drop", "crossbar/wires"}},
      {"lines.slope_point=2", {"lines.slope_point", "0..1"}, errc::config_value},
      {"adc.bits=0", {"adc.bits", "got 0"}, errc::config_value},
      {"adc.halvings=2; adc.levels=none", {"adc.halvings", "adc.levels=none"}},
      {"adc.range=granular", {"adc.range", "cell.levels=0"}},
      {"adc.range=granular; cell.levels=16; inputs.coding=analog", {"adc.range", "inputs.coding=analog"}},
      {"adc.range=user", {"adc.low", "0 and 0 values"}},
      {"inputs.steps=1e-320", {"inputs.steps", "1e-6..1e15, or inf"}, errc::config_value},
      {"adc.steps=1e-320", {"adc.steps", "1e-6..1e15, or inf"}, errc::config_value},
      {"adc.margin=1e-320", {"adc.margin", "1e-6..1000"}, errc::config_value},
      {"adc.range=user; adc.low=-1e308; adc.high=1e308", {"adc.low", "1e30"}, errc::config_value},
      {"adc.range=user; adc.low=0; adc.high=1e-320", {"adc.low", "1e-100 from each other"}, errc::config_value},
      {"adc.range=user; adc.low=1; adc.high=1", {"adc.low", "1..1", "adc.low < adc.high"}},
      {"adc.range=user; adc.low=2; adc.high=1", {"adc.low", "2..1"}},
      {"adc.range=user; adc.low=-1,-1; adc.high=1,1", {"adc.low", "2 and 2 values"}},
      {"adc.range=user; adc.low=-1; adc.high=2; adc.levels=sign_magnitude", {"adc.low", "-1..2", "symmetric"}},
      {"adc.low=-1; adc.high=1", {"adc.low", "adc.range=full_scale", "user"}},
  };
  for (auto const& r : all) {
    INFO(r.settings);
    check_refused([&] { in_situ::config::validate(in_situ_settings(r.settings)); }, r.code, r.parts);
  }
}

TEST_CASE("in-situ array: weights and inputs that do not fit are refused") {
  in_situ::report r;
  auto w = clipped_normals(3, 4, 18);
  in_situ::config const c;
  auto const cells = in_situ::program(w.view(), c);
  auto const times = [&](matrix<double> const& x) {
    return [&] { static_cast<void>(in_situ::multiply(cells, x.view(), r)); };
  };
  auto const programmed = [&](matrix<double> const& m, std::string const& text) {
    return [&m, text] { static_cast<void>(in_situ::program(m.view(), in_situ_settings(text))); };
  };
  matrix<double> const short_x = filled(3, 2, 0.0), no_vectors(4, 0), empty;
  check_refused(times(short_x), errc::shape, {"inputs", "got 3 x 2", "4 rows"});
  check_refused(times(no_vectors), errc::shape, {"inputs", "got 4 x 0"});
  check_refused(programmed(empty, ""), errc::shape, {"weights", "got 0 x 0"});
  check_refused(programmed(w, "weights.largest=0.001"), errc::value, {"weights.largest", "at most 0.001"});
  check_refused(programmed(w, "weights.largest=1e-9"), errc::value, {"weights.largest", "at most 1e-09"});
  auto x = filled(4, 2, 0.0);
  x(3, 1) = std::numeric_limits<double>::infinity();
  check_refused(times(x), errc::value, {"input (3, 1)", "inf"});
  w(1, 2) = std::nan("");
  check_refused(programmed(w, ""), errc::value, {"weight (1, 2)", "nan"});
}
