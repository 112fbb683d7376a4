// The in-situ array against CrossSim and AIHWKit: every case of tests/golden/crosssim and tests/golden/aihwkit.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "in_situ_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

/// One rounding of float32.
constexpr double single = 0x1p-24;

double largest_of(matrix<double> const& a) {
  double most = 0.0;
  for (double v : a.flat()) most = std::max(most, std::fabs(v));
  return most;
}

/// How far the outputs may be off because conversions lie on a tie, or as near to one as `doubt(output, vector, slice)`, in
/// currents, says: the sum of the steps of these conversions. Currents are added up here once more, from the programmed cells.
/// Range   all inputs in one array, rows driven both ways, no line effects, inputs scaled by `scale(vector)`
template <class Doubt, class Scale>
matrix<double> steps_in_doubt(in_situ::cells const& cells, matrix<double> const& x, Doubt const& doubt,
                              Scale const& scale) {
  auto const& c = cells.config;
  matrix<double> allowed(cells.outputs, x.cols());
  for (std::size_t n = 0; n < x.cols(); ++n) {
    std::vector<double> scaled;
    for (std::size_t k = 0; k < cells.inputs; ++k) scaled.push_back(x(k, n) / scale(n));
    auto const coded = in_situ::code_inputs(scaled, c.inputs);
    for (std::size_t i = 0; i < cells.slices; ++i) {
      auto const range = in_situ::range_of(c, i, cells.inputs);
      level_converter const adc(c.adc.levels, c.adc.bits, c.adc.steps, range.low, range.high);
      double const base = c.adc.levels == level_convention::aihwkit_steps ? 0.0 : range.low;
      for (std::size_t o = 0; o < cells.outputs; ++o)
        for (auto const& pass : coded.passes) {
          double current = 0.0;
          for (std::size_t k = 0; k < cells.inputs; ++k) {
            double g = cells.row(i, 0, o)[k];
            if (cells.lines == 2) g -= cells.row(i, 1, o)[k];
            current += g * pass.positive[k];
          }
          double const steps = (current - base) / adc.step(), to_tie = std::fabs(steps - std::floor(steps) - 0.5);
          if (to_tie * adc.step() <= doubt(o, n, i))
            allowed(o, n) += adc.step() * pass.gain * cells.slice_gain[i] * scale(n) * cells.weight_scale;
        }
    }
  }
  return allowed;
}

/// The most that sums of n terms of this size can differ by when their order or their numbers' last bits do.
double rounding_of_sum(std::size_t terms, double size_of_sum, double rounding) {
  return static_cast<double>(terms) * rounding * size_of_sum;
}

void check_crosssim(std::string const& folder, std::string const& size, in_situ_case const& which) {
  INFO(size << " " << which.name);
  std::string const file = folder + size + "_";
  auto const w = model::read_npy(file + "W.npy").values;
  auto const x = model::read_npy(file + which.inputs + ".npy").values;
  auto const expected = model::read_npy(file + which.name + "_Y.npy").values;
  auto const cells = in_situ::program(w.view(), in_situ_settings(which.settings));
  in_situ::report report;
  auto const y = in_situ::multiply(cells, x.view(), report);
  REQUIRE(y.rows() == expected.rows());
  REQUIRE(y.cols() == expected.cols());
  double const largest = largest_of(expected);
  // Without an ADC, CrossSim keeps whole weights in float32, and slices in float64.
  bool const converted = cells.config.adc.levels != level_convention::none;
  bool const in_single = !converted && !cells.config.weights.is_sliced();
  double const equal = (in_single ? 1e-6 : 1e-12) * largest;
  matrix<double> steps(y.rows(), y.cols());
  if (converted) {
    double const doubt = rounding_of_sum(x.rows(), static_cast<double>(x.rows()), 0x1p-53);
    steps = steps_in_doubt(
        cells, x, [&](auto...) { return doubt; }, [](std::size_t) { return 1.0; });
  }
  std::size_t off = 0;
  for (std::size_t k = 0; k < y.size(); ++k) {
    double const difference = std::fabs(y.flat()[k] - expected.flat()[k]);
    CHECK(difference <= equal + steps.flat()[k] * (1.0 + 1e-9));
    off += difference > equal ? 1 : 0;
  }
  CHECK(off <= y.size() / 20);  // ties are rare
  if (which.conductances[0] == '\0') return;
  auto const g = npy_numbers(file + which.conductances + ".npy");
  REQUIRE(g.size() == cells.g.size());
  double most = 0.0;
  for (std::size_t k = 0; k < g.size(); ++k) most = std::max(most, std::fabs(g[k] - cells.g[k]));
  CHECK(most < (in_single ? 1e-6 : 1e-12));  // of the highest level
}

/// Sum of |w| |x| of an output: what bounds the rounding of its sum.
double size_of_sum(matrix<double> const& w, matrix<double> const& x, std::size_t o, std::size_t n) {
  double sum = 0.0;
  for (std::size_t k = 0; k < w.cols(); ++k) sum += std::fabs(w(o, k) * x(k, n));
  return sum;
}

void check_aihwkit(std::string const& folder, std::string const& size, in_situ_case const& which) {
  INFO(size << " " << which.name);
  std::string const file = folder + size + "_";
  auto const w = csv_matrix(file + "W.csv");
  auto const x = transposed(csv_matrix(file + "X.csv").view());
  auto const expected = transposed(csv_matrix(file + which.name + "_Y.csv").view());
  auto const cells = in_situ::program(w.view(), in_situ_settings(which.settings));
  auto const& c = cells.config;
  in_situ::report report;
  auto const y = in_situ::multiply(cells, x.view(), report);
  REQUIRE(y.rows() == expected.rows());
  REQUIRE(y.cols() == expected.cols());
  std::vector<double> scale(x.cols(), 1.0);
  for (std::size_t n = 0; n < x.cols(); ++n)
    if (c.inputs.scale == in_situ::input_scale::largest_of_vector) {
      scale[n] = 0.0;
      for (std::size_t k = 0; k < x.rows(); ++k) scale[n] = std::max(scale[n], std::fabs(x(k, n)));
    }
  // All of AIHWKit is float32. Largest difference asked for: 1e-6 of the largest output.
  double const equal = 1e-6 * largest_of(expected);
  bool const rounds = c.adc.levels == level_convention::aihwkit_steps && std::isfinite(c.adc.steps);
  matrix<double> steps(y.rows(), y.cols());
  if (rounds && c.adc.halvings == 0)
    steps = steps_in_doubt(
        cells, x,
        // Sums, scaled inputs and the quotient that is rounded: some roundings of float32 more than the terms.
        [&](std::size_t o, std::size_t n, std::size_t) {
          return rounding_of_sum(x.rows() + 8, size_of_sum(w, x, o, n) / scale[n], single);
        },
        [&](std::size_t n) { return scale[n]; });
  // Halved inputs lie on ties (63.5 steps): whether float32 rounds the largest one up or down moves a row of weights by a step
  // of the input, which is half a step of the converter.
  if (c.adc.halvings > 0)
    for (std::size_t n = 0; n < y.cols(); ++n) {
      double largest = 0.0;
      for (std::size_t o = 0; o < y.rows(); ++o) largest = std::max(largest, std::fabs(expected(o, n)));
      double const halved = std::max(0.0, std::ceil(std::log2(largest / scale[n] / c.adc.high[0])));
      for (std::size_t o = 0; o < y.rows(); ++o)
        steps(o, n) = std::exp2(halved) * scale[n] * 2.0 * c.adc.high[0] / c.adc.steps;
    }
  std::size_t off = 0;
  for (std::size_t k = 0; k < y.size(); ++k) {
    double const difference = std::fabs(y.flat()[k] - expected.flat()[k]);
    CHECK(difference <= equal + steps.flat()[k]);
    off += difference > equal ? 1 : 0;
  }
  CHECK(static_cast<double>(off) <= (c.adc.halvings > 0 ? 0.03 : 0.01) * static_cast<double>(y.size()));
  if (c.adc.halvings > 0 && size != "16x8") CHECK(report.halvings > 0);
}

}  // namespace

TEST_CASE("in-situ array: every CrossSim case is met") {
  for (std::string size : {"16x8", "64x64"})
    for (auto const& which : crosssim_cases()) check_crosssim(golden_folder() + "crosssim/", size, which);
}

TEST_CASE("in-situ array: every AIHWKit case is met") {
  for (std::string size : {"16x8", "64x64", "128x128"})
    for (auto const& which : aihwkit_cases()) check_aihwkit(golden_folder() + "aihwkit/", size, which);
}

TEST_CASE("in-situ array: every file of golden results has its case") {
  for (auto const& [folder, cases] : {std::pair("crosssim", crosssim_cases()), {"aihwkit", aihwkit_cases()}}) {
    std::size_t results = 0;
    for (auto const& entry : std::filesystem::directory_iterator(golden_folder() + folder)) {
      std::string const name = entry.path().stem().string();
      if (!name.ends_with("_Y")) continue;
      ++results;
      std::string const which = name.substr(name.find('_') + 1, name.size() - name.find('_') - 3);
      CAPTURE(name);
      CHECK(std::any_of(cases.begin(), cases.end(), [&](in_situ_case const& c) { return c.name == which; }));
    }
    CHECK(results == cases.size() * (folder == std::string("crosssim") ? 2 : 3));  // sizes
  }
}
