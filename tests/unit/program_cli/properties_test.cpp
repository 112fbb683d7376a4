// Properties of whole chips that hold for any weights: what comes out of `ohmic mvm` and `ohmic cost`.
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/model/import/npy.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"

using ohmic::matrix;
using ohmic_test::read_json;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

struct operands {
  matrix<double> w, x;
};

operands drawn(std::uint64_t seed, std::size_t outputs = 12, std::size_t inputs = 40, std::size_t vectors = 5) {
  ohmic_test::dice random(seed);
  operands o{matrix<double>(outputs, inputs), matrix<double>(inputs, vectors)};
  for (double& v : o.w.flat()) v = random.normal();
  for (double& v : o.x.flat()) v = random.normal();
  return o;
}

struct product {
  matrix<double> y;
  double relative_error = 0.0;
};

product multiplied(operands const& o, std::string const& settings) {
  scratch_folder const folder;
  folder.write("w.npy", ohmic::model::npy_bytes(o.w.view()));
  folder.write("x.npy", ohmic::model::npy_bytes(o.x.view()));
  auto const r = run_program("mvm --weights " + (folder / "w.npy") + " --inputs " + (folder / "x.npy") + " --output " +
                             (folder / "y.npy") + " --quiet --json " + (folder / "r.json") + " " + settings);
  INFO(r.text);
  REQUIRE(r.status == 0);
  return {ohmic::model::read_npy(folder.path() / "y.npy").values,
          read_json(folder.path() / "r.json")["relative_error"].get<double>()};
}

/// Places where two products differ in a bit, b read through `row` and multiplied by `factor`.
template <class Row>
std::size_t different(matrix<double> const& a, matrix<double> const& b, double factor, Row const& row) {
  std::size_t n = 0;
  for (std::size_t r = 0; r < a.rows(); ++r)
    for (std::size_t c = 0; c < a.cols(); ++c) n += static_cast<std::size_t>(a(r, c) != factor * b(row(r), c));
  return n;
}

}  // namespace

TEST_CASE("chip: ideal parts give the product of whole numbers") {
  auto o = drawn(1);
  for (double& v : o.w.flat()) v = std::round(20.0 * v);
  for (double& v : o.x.flat()) v = std::round(20.0 * v);
  auto const y = multiplied(o, "--set adc.levels=none --set inputs.coding=analog").y;
  double most = 0.0, largest = 0.0;
  for (std::size_t r = 0; r < y.rows(); ++r)
    for (std::size_t c = 0; c < y.cols(); ++c) {
      double sum = 0.0;
      for (std::size_t k = 0; k < o.x.rows(); ++k) sum += o.w(r, k) * o.x(k, c);
      most = std::fmax(most, std::fabs(y(r, c) - sum));
      largest = std::fmax(largest, std::fabs(sum));
    }
  CHECK(most <= 1e-12 * largest);  // conductances are scaled there and back in double precision
}

TEST_CASE("chip: more bits of the converter never lower the signal-to-noise ratio on average") {
  double before = HUGE_VAL;
  for (int bits = 3; bits <= 12; ++bits) {
    double noise = 0.0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      double const e = multiplied(drawn(seed), "--set adc.bits=" + std::to_string(bits)).relative_error;
      noise += e * e;
    }
    CAPTURE(bits);
    CHECK(noise < before);
    before = noise;
  }
}

TEST_CASE("chip: noise of size 0 is no noise, whatever the seed") {
  auto const o = drawn(2);
  auto const off = multiplied(o, "").y;
  auto const same = [](std::size_t r) { return r; };
  CHECK(different(multiplied(o, "--set cell.programming_error=0 --set cell.read_noise=0 --seed 7").y, off, 1.0, same) ==
        0);
  CHECK(different(multiplied(o, "--set cell.programming_error=0.1").y, off, 1.0, same) > 0);
}

TEST_CASE("chip: scaling and permuting weights or inputs scales and permutes what comes out, bit for bit") {
  auto const o = drawn(3);
  std::string const settings = "--set adc.bits=6";
  auto const y = multiplied(o, settings).y;
  auto const same = [](std::size_t r) { return r; };
  auto scaled = o;
  for (double& v : scaled.w.flat()) v *= 4.0;
  CHECK(different(multiplied(scaled, settings).y, y, 4.0, same) == 0);
  scaled = o;
  for (double& v : scaled.x.flat()) v *= 0.5;
  CHECK(different(multiplied(scaled, settings).y, y, 0.5, same) == 0);
  auto turned = o;
  std::size_t const n = o.w.rows();
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t k = 0; k < o.w.cols(); ++k) turned.w(r, k) = o.w(n - 1 - r, k);
  CHECK(different(multiplied(turned, settings).y, y, 1.0, [n](std::size_t r) { return n - 1 - r; }) == 0);
}

TEST_CASE("chip: costs are sums that are never negative, and two sequences cost no less than one") {
  scratch_folder const folder;
  for (char const* chip : {"wang2024", "isaac", "multi_bit", "single_bit"}) {
    double before = 0.0;
    for (int batch = 1; batch <= 2; ++batch) {
      auto const r = run_program("cost --model gpt2 --decode 2 --quiet --chip " + std::string(chip) + " --batch " +
                                 std::to_string(batch) + " --json " + (folder / "r.json"));
      INFO(chip << "\n" << r.text);
      REQUIRE(r.status == 0);
      auto const j = read_json(folder.path() / "r.json");
      double energy = 0.0, area = 0.0;
      for (auto const& row : j["rows"]) {
        double const total = row["total"].get<double>();
        CHECK(total >= 0.0);
        auto const path = row["path"].get<std::string>();
        if (path.starts_with("area/")) area += total;
        if (path.starts_with("energy/prefill/") || path.starts_with("static_energy/prefill/")) energy += total;
      }
      CHECK(area == Approx(j["area_mm2"].get<double>()).epsilon(1e-12));
      CHECK(energy == Approx(j["energy_J"]["prefill"].get<double>()).epsilon(1e-12));
      CHECK(energy >= before);
      before = energy;
    }
  }
}
