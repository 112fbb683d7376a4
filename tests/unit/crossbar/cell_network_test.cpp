// Cycles of the computation crossbar as networks: the exact currents, and the order of the first-order model's error.
#include "ohmic/crossbar/cell_network.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/crossbar/imperfect_reference.hpp"
#include "product_cases.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/plain_wires.hpp"

using namespace ohmic_test;
using ohmic::errc;
using ohmic::imperfections;

namespace {

template <int S>
ohmic::cycle_codes random_cycle(std::size_t tokens, std::size_t activations, dice& random) {
  ohmic::cycle_codes c{ohmic::matrix<std::int8_t>(tokens, activations), std::vector<std::int16_t>(activations)};
  int const top = ohmic::balanced<S>::top_digit;
  for (auto& d : c.digits.flat()) d = static_cast<std::int8_t>(random.between(-top, top));
  for (auto& w : c.weights) w = static_cast<std::int16_t>(random.between(-127, 127));
  return c;
}

imperfections wired(double switch_ohm, double word_ohm, double bit_ohm) {
  imperfections c;
  c.switch_resistance = ohmic::ohms(switch_ohm);
  c.word_segment = ohmic::ohms(word_ohm);
  c.bit_segment = ohmic::ohms(bit_ohm);
  return c;
}

double farthest_current(std::vector<double> const& a, std::vector<double> const& b) {
  double most = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) most = std::max(most, std::fabs(a[j] - b[j]));
  return most;
}

}  // namespace

TEST_CASE("without wires a cycle's exact currents are the digits' products") {
  dice random(2100);
  for (int k = 0; k < 10; ++k) {
    auto const codes = random_cycle<2>(static_cast<std::size_t>(random.between(1, 64)),
                                       static_cast<std::size_t>(random.between(1, 64)), random);
    auto const found = ohmic::currents_of_cycle(ohmic::closed_cells<2>(codes, {}, {}), {});
    for (std::size_t n = 0; n < codes.digits.rows(); ++n) {
      double difference = 0.0, sum = 0.0;
      for (std::size_t i = 0; i < codes.weights.size(); ++i) {
        difference += codes.digits(n, i) * codes.weights[i];
        sum += std::abs(codes.digits(n, i) * codes.weights[i]);
      }
      CHECK(std::fabs(found.exact[2 * n] - found.exact[2 * n + 1] - difference) <= 1e-12 * (1.0 + sum));
      CHECK(std::fabs(found.exact[2 * n] + found.exact[2 * n + 1] - sum) <= 1e-12 * (1.0 + sum));
      CHECK(found.without[2 * n] - found.without[2 * n + 1] == difference);
      CHECK(found.first_order[2 * n] == found.without[2 * n]);
    }
  }
}

TEST_CASE("exact currents of a cycle are those of the plain definition, off cells open or leaking") {
  dice random(2110);
  for (int k = 0; k < 8; ++k) {
    auto c = wired(500.0, 3.0, 7.0);
    c.mismatch = 0.05;
    auto const cells = ohmic::closed_cells<3>(random_cycle<3>(5, 4, random), {}, c);
    ohmic::ohms const open(k % 2 == 0 ? INFINITY : 1e7);
    auto const network = ohmic::network_of_cells(cells, c, open);
    std::vector<double> const volts(cells.drives.rbegin(), cells.drives.rend());
    auto expected = solve_plainly(network, volts).output_A;
    for (double& i : expected) i *= 1e5;
    auto const found = ohmic::currents_of_cycle(cells, c, open);
    // The accuracy that the solver states, of the largest current.
    CHECK(farthest_current(found.exact, expected) < 1e-10 * *std::max_element(expected.begin(), expected.end()));
  }
}

TEST_CASE("a cell is resistor and switch in series, a line with one closed cell is exact to first order") {
  // Row 2 of the rows 0..3 and pair 1: 3 segments of the bit line, 3 (I+) of the word line.
  ohmic::cycle_codes codes{ohmic::matrix<std::int8_t>(2, 2), {0, 100}};
  codes.digits(1, 1) = 1;
  auto const c = wired(1000.0, 10.0, 20.0);
  auto const found = ohmic::currents_of_cycle(ohmic::closed_cells<2>(codes, {}, c), c);
  double const expected = 100.0 * 1e5 / (1e5 + 1000.0 + 3 * 10.0 + 3 * 20.0);
  // Conductances lie on a grid of 2^-20.
  CHECK(std::fabs(found.exact[2] - expected) < 100.0 * 0x1p-20);
  CHECK(std::fabs(found.first_order[2] - expected) < 2.0 * 100.0 * 0x1p-20);
  CHECK(found.exact[3] == 0.0);
}

TEST_CASE("the error of the first-order model falls to a quarter where wires halve") {
  dice random(2120);
  auto const codes = random_cycle<2>(64, 64, random);
  for (int which = 0; which < 3; ++which) {
    double last = 0.0;
    // From 10 ohm on the grid of conductances is a thousandth of the error; at the coarse end terms of third order show.
    for (double ohm : {40.0, 20.0, 10.0}) {
      auto c = wired(200.0, which != 1 ? ohm : 0.0, which != 0 ? ohm : 0.0);
      c.resistor = ohmic::ohms(1e7);
      auto const found = ohmic::currents_of_cycle(ohmic::closed_cells<2>(codes, {}, c), c);
      double const error = farthest_current(found.first_order, found.exact);
      INFO("wires " << which << ", " << ohm << " ohm, error " << error << ", before " << last << ", lost "
                    << farthest_current(found.without, found.exact));
      CHECK(error > 0.0);
      if (last > 0.0) {
        CHECK(last / error > 3.6);
        CHECK(last / error < 4.4);
      }
      CHECK(error < 0.1 * farthest_current(found.without, found.exact));
      last = error;
    }
  }
}

TEST_CASE("a comparison of cycles says what wires take and how far the model is off") {
  ohmic::cycle_currents c;
  c.without = {10.0, 5.0};
  c.exact = {9.0, 5.0};
  c.first_order = {8.5, 5.0};
  auto const found = ohmic::compare_lines({c});
  CHECK(found.columns == 2);
  CHECK(std::fabs(found.lost() - 0.1 / std::sqrt(2.0)) < 1e-15);
  CHECK(found.lost_most == 0.1);
  CHECK(found.error_most == 0.05);
  check_refused([&] { (void)ohmic::compare_lines({}); }, errc::shape, {"cycles", "at least one"});
}

TEST_CASE("cycles that do not fit are refused") {
  ohmic::cycle_codes codes{ohmic::matrix<std::int8_t>(2, 3), {1, 2}};
  check_refused([&] { (void)ohmic::closed_cells<2>(codes, {}, {}); }, errc::shape, {"2 x 3 digits, 2 weights"});
  codes.weights.push_back(3);
  codes.digits(1, 2) = 4;
  check_refused([&] { (void)ohmic::closed_cells<2>(codes, {}, {}); }, errc::value, {"digit (1, 2)", "-3..3"});
  check_refused([&] { (void)ohmic::closed_cells<3>(codes, {4, 4}, {}); }, errc::shape, {"2 x 3", "2 x 1"});
}
