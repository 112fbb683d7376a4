// Devices in the in-situ array: noise of reads by address, cells that are stuck, age and its compensation.
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "in_situ_cases.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"
#include "support/statistics.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

std::string const nandakumar = "cell.device=pcm_nandakumar; cell.r_on=40 kohm; cell.r_off=inf ohm; ";
std::string const exact_read = "inputs.coding=analog; adc.levels=none; ";

/// Gain that fits y to the exact product best.
double fitted_gain(matrix<double> const& y, matrix<double> const& exact) {
  double both = 0.0, own = 0.0;
  for (std::size_t k = 0; k < y.size(); ++k)
    both += y.flat()[k] * exact.flat()[k], own += exact.flat()[k] * exact.flat()[k];
  return both / own;
}

}  // namespace

TEST_CASE("in-situ devices: reads are the same for any threads, and however a batch is cut") {
  auto const w = clipped_normals(9, 50, 21), x = clipped_normals(50, 23, 22);
  for (std::string more :
       {"", "inputs.slice_bits=1; inputs.passes=two_summed_digital; ", "weights.mapping=offset_unit_column; ",
        "adc.range=user; adc.low=-0.5; adc.high=0.5; adc.halvings=3; adc.levels=sign_magnitude; "}) {
    INFO(more);
    auto const cells = in_situ::program(
        w.view(), in_situ_settings(nandakumar + "array.rows=16; cell.retention.age=60 s; " + more), {3, 7});
    in_situ::report alone;
    auto const whole = in_situ::multiply(cells, x.view(), alone);
    for (unsigned n : {1u, 2u, 7u}) {
      executor threads(n);
      in_situ::report r;
      CHECK(in_situ::multiply(cells, x.view(), r, &threads) == whole);
    }
    for (std::size_t cut : {std::size_t{1}, std::size_t{8}, std::size_t{22}}) {
      in_situ::report r;
      auto const left = in_situ::multiply(cells, some_columns(x, 0, cut).view(), r);
      auto const right = in_situ::multiply(cells, some_columns(x, cut, 23 - cut).view(), r, nullptr, cut);
      CHECK(left == some_columns(whole, 0, cut));
      CHECK(right == some_columns(whole, cut, 23 - cut));
      CHECK(r.halvings == alone.halvings);
    }
    auto const again = in_situ::multiply(cells, some_columns(x, 0, 1).view(), alone, nullptr, 1);
    CHECK_FALSE(again == some_columns(whole, 0, 1));  // another read, other noise
  }
}

TEST_CASE("in-situ devices: the noise of a read has the variance of its cells") {
  auto const w = clipped_normals(1, 64, 23);
  matrix<double> x(64, 4096);
  for (std::size_t k = 0; k < 64; ++k)
    for (std::size_t n = 0; n < 4096; ++n) x(k, n) = k % 2 == 0 ? 1.0 : -0.5;
  auto const cells = in_situ::program(
      w.view(), in_situ_settings(exact_read +
                                 "cell.read_noise=0.001; cell.r_off=20 kohm; inputs.scale=fixed; weights.largest=1"));
  double mean = 0.0;
  for (std::size_t k = 0; k < 64; ++k) mean += w(0, k) * x(k, 0);
  // 2 cells for each of 32 rows at 1 and 32 at 1/2; sigma is 0.001 of the range, which is the weight 1.
  double const sigma = 0.001 * std::sqrt(2.0 * 32.0 * 1.25);
  in_situ::report r;
  std::vector<double> errors;
  auto const y = in_situ::multiply(cells, x.view(), r);
  for (double v : y.flat()) errors.push_back((v - mean) / sigma);
  CHECK(std::fabs(mean_of(errors)) < deviations / 64.0);
  CHECK(std::fabs(variance_of(errors) - 1.0) < deviations * std::sqrt(2.0 / 4096.0));
  CHECK(kolmogorov_smirnov(errors, normal_law) < ks_point / 64.0);
}

TEST_CASE("in-situ devices: two layers with equal weights share no noise, one layer twice shares all of it") {
  auto const w = clipped_normals(6, 20, 24), x = clipped_normals(20, 3, 25);
  auto const c = in_situ_settings(nandakumar + exact_read + "cell.retention.age=60 s");
  auto const at = [&](in_situ::place place) {
    in_situ::report r;
    return in_situ::multiply(in_situ::program(w.view(), c, place), x.view(), r);
  };
  auto const first = at({1, 0}), other = at({1, 1});
  CHECK(at({1, 0}) == first);
  for (std::size_t k = 0; k < first.size(); ++k) CHECK(first.flat()[k] != other.flat()[k]);
}

TEST_CASE("in-situ devices: with every noise at 0 the result is that of the ideal device, bit for bit") {
  auto const w = clipped_normals(6, 20, 26), x = clipped_normals(20, 3, 27);
  for (std::string more : {"", "weights.slices=1,1,1,1,1,1,1,1; cell.levels=2; ", "weights.mapping=offset; "}) {
    auto const expected = in_situ_product(w, x, in_situ_settings(more));
    for (std::string same :
         {"cell.device=fixed_resistor", "cell.write.max_tries=9", "cell.temperature.activation_eV=0.5",
          "cell.retention.exponent=0.1", "cell.retention.exponent=0.1; cell.retention.age=1 s"}) {
      INFO(more << same);
      CHECK(in_situ_product(w, x, in_situ_settings(more + same)) == expected);
    }
    if (more.find("levels=2") != more.npos)
      CHECK(in_situ_product(w, x, in_situ_settings(more + "cell.device=sram")) == expected);
  }
}

TEST_CASE("in-situ devices: writing is counted") {
  auto const w = clipped_normals(40, 100, 28);
  auto const quiet = in_situ::program(w.view(), in_situ_settings("")).written;
  CHECK(quiet.cells == 8000);
  CHECK(quiet.tries == 8000);
  CHECK((quiet.missed == 0 && quiet.stuck == 0));
  auto const loud =
      in_situ::program(w.view(), in_situ_settings("cell.programming_error=0.05; cell.write.max_tries=3; "
                                                  "cell.write.tolerance=0.05; cell.faults.stuck_low=0.05"))
          .written;
  CHECK(loud.cells == 8000);
  double const n = 8000.0;
  CHECK(std::fabs(static_cast<double>(loud.stuck) / n - 0.05) < deviations * std::sqrt(0.05 * 0.95 / n));
  CHECK(loud.tries > loud.cells);
  CHECK(loud.missed > 0);
}

TEST_CASE("in-situ devices: drift shrinks results, and compensation restores their size") {
  auto const w = clipped_normals(12, 200, 29), x = clipped_normals(200, 16, 30);
  std::string const text =
      exact_read +
      "cell.r_off=inf ohm; cell.retention.age=1000000 s; cell.retention.exponent=0.05; cell.retention.spread=0.005; ";
  auto const exact = in_situ_product(w, x, in_situ_settings(exact_read));
  auto const gain = [&](std::string const& kind) {
    return fitted_gain(in_situ_product(w, x, in_situ_settings(text + "cell.retention.compensation=" + kind)), exact);
  };
  CHECK(gain("none") == Approx(std::pow(1e6, -0.05)).epsilon(0.02));
  for (std::string kind : {"global", "per_column", "exact"}) {
    INFO(kind);
    CHECK(gain(kind) == Approx(1.0).epsilon(0.01));
  }
  // Without a spread every cell drifts alike: any of them undoes it but for roundings.
  for (std::string kind : {"global", "per_column", "exact"}) {
    auto const y =
        in_situ_product(w, x, in_situ_settings(text + "cell.retention.spread=0; cell.retention.compensation=" + kind));
    for (std::size_t k = 0; k < y.size(); ++k) CHECK(y.flat()[k] == Approx(exact.flat()[k]).margin(1e-10));
  }
  // A temperature is one factor of all cells, too.
  auto const warm =
      in_situ_product(w, x, in_situ_settings(exact_read + "cell.r_off=inf ohm; cell.temperature.at=350 K"));
  CHECK(fitted_gain(warm, exact) == Approx(std::exp(0.1 / 8.617333262e-5 * (1.0 / 300.0 - 1.0 / 350.0))).epsilon(1e-9));
}

TEST_CASE("in-situ devices: factors against drift act on offset columns before the offset comes off") {
  auto const w = clipped_normals(6, 60, 35), x = clipped_normals(60, 5, 36);
  for (std::string mapping : {"offset", "offset_unit_column"})
    for (std::string cut : {"", "weights.slices=2,2,2,2; ", "array.rows=16; "}) {
      std::string const text = exact_read + "weights.mapping=" + mapping + "; " + cut;
      std::string const aged = text + "cell.retention.age=1e4 s; cell.retention.exponent=0.05; ";
      auto const young = in_situ_product(w, x, in_situ_settings(text));
      for (std::string kind : {"global", "per_column", "exact"}) {
        INFO(mapping << " " << cut << kind);
        auto const y = in_situ_product(w, x, in_situ_settings(aged + "cell.retention.compensation=" + kind));
        for (std::size_t k = 0; k < y.size(); ++k) CHECK(y.flat()[k] == Approx(young.flat()[k]).margin(1e-9));
      }
      // A count of inputs does not drift with the cells: without a factor far off.
      if (mapping == "offset") CHECK(fitted_gain(in_situ_product(w, x, in_situ_settings(aged)), young) < 0.9);
      // A spread of exponents: a factor each for the columns and the unit column.
      auto const each = in_situ::program(
          w.view(), in_situ_settings(aged + "cell.retention.spread=0.02; cell.retention.compensation=per_column"));
      CHECK(each.output_gain.size() == each.columns);
      CHECK(each.output_gain.front() != each.output_gain.back());
    }
}

TEST_CASE("in-situ devices: per column mends what differs between columns, global does not") {
  // Column 0 holds small conductances and column 1 large ones, which PCM lets drift at different speeds.
  matrix<double> w(2, 400);
  for (std::size_t k = 0; k < 400; ++k) w(0, k) = 0.02, w(1, k) = 1.0;
  matrix<double> x(400, 1);
  for (double& v : x.flat()) v = 1.0;
  auto const at = [&](std::string const& kind) {
    return in_situ_product(
        w, x,
        in_situ_settings(nandakumar + exact_read + "cell.retention.age=1e7 s; cell.retention.compensation=" + kind));
  };
  auto const young = in_situ_product(w, x, in_situ_settings(nandakumar + exact_read));
  auto const off = [&](matrix<double> const& y) { return std::fabs(y(0, 0) / young(0, 0) - 1.0); };
  // 500000^-(0.085 - 0.049) = 0.62, and 1.17 more because the slow cells of a spread of 0.043 count more: 27 % are missing.
  CHECK(off(at("global")) > 0.2);
  CHECK(off(at("per_column")) < 0.02);
}

TEST_CASE("in-situ devices: a curve bends analog inputs, and leaves full ones and bits alone") {
  auto const w = clipped_normals(4, 16, 31);
  std::string const bent = "cell.curve.scale=0.1 V; cell.curve.read=0.2 V; ";
  std::string const fixed_inputs = exact_read + "inputs.scale=fixed; ";
  for (double x : {-1.0, -0.5, 0.25, 1.0}) {
    matrix<double> in(16, 1);
    for (double& v : in.flat()) v = x;
    auto const straight = in_situ_product(w, in, in_situ_settings(fixed_inputs)),
               curved = in_situ_product(w, in, in_situ_settings(bent + fixed_inputs));
    for (std::size_t o = 0; o < 4; ++o)
      CHECK(curved(o, 0) == Approx(straight(o, 0) * std::sinh(2.0 * x) / std::sinh(2.0) / x).epsilon(1e-12));
  }
  auto const x = clipped_normals(16, 5, 32);
  std::string const bits = "inputs.slice_bits=1; ";
  CHECK(in_situ_product(w, x, in_situ_settings(bent + bits)) == in_situ_product(w, x, in_situ_settings(bits)));
  for (auto const& [settings, part] : {std::pair("cell.curve.scale=0 V", "cell.curve.scale"),
                                       {"cell.curve.scale=1 mV; cell.curve.read=0.2 V", "cell.curve.read"}})
    check_refused([&, text = settings] { in_situ::config::validate(in_situ_settings(text)); }, errc::config_value,
                  {part});
}

TEST_CASE("in-situ devices: cells, noise and results have the same bits with every compiler and instruction set") {
  std::string const devices[] = {
      "rram_taox",
      "rram_milo; cell.r_on=4.5 kohm; cell.r_off=20 kohm",
      "rram_wan; cell.r_on=26 kohm",
      "rram_wan_retention; cell.r_on=25 kohm; cell.retention.age=100000 s",
      "reram_cmo; cell.r_on=12 kohm; cell.r_off=100 kohm; cell.retention.age=5000 s",
      "pcm_nandakumar; cell.r_on=40 kohm; cell.r_off=inf ohm; cell.retention.age=777 s; cell.temperature.at=341 K",
      "pcm_hermes; cell.r_on=50 kohm; cell.retention.age=777 s",
      "sonos; cell.r_on=62.5 kohm; cell.retention.age=200000 s",
      "ideal; cell.programming_error=0.05; cell.read_noise=0.01; cell.retention.age=333 s; "
      "cell.retention.exponent=0.07; "
      "cell.retention.spread=0.01"};
  matrix<double> w(6, 40), x(40, 5);
  for (std::size_t k = 0; k < w.size(); ++k) w.flat()[k] = static_cast<double>(k * 37 % 64) / 32.0 - 1.0;
  for (std::size_t k = 0; k < x.size(); ++k) x.flat()[k] = static_cast<double>(k * 29 % 64) / 32.0 - 1.0;
  std::uint64_t bits = fingerprint(std::string_view());
  auto const add = [&](double const* values, std::size_t n) {
    bits = fingerprint(std::string_view(reinterpret_cast<char const*>(values), n * sizeof(double)), bits);
  };
  for (auto const& device : devices) {
    auto const cells = in_situ::program(
        w.view(),
        in_situ_settings("cell.device=" + device +
                         "; cell.faults.stuck_low=0.05; cell.write.max_tries=5; cell.write.tolerance=0.02; "
                         "cell.curve.scale=0.13 V; cell.retention.compensation=per_column"),
        {7, 3});
    in_situ::report r;
    auto const y = in_situ::multiply(cells, x.view(), r);
    add(cells.g.data(), cells.g.size());
    add(cells.read_sigma.data(), cells.read_sigma.size());
    add(y.data(), y.size());
  }
  CHECK(bits == 0xdd9325c4154c9075u);  // from g++ 12; clang 14, AVX2 and AVX-512 with contraction give the same
}
