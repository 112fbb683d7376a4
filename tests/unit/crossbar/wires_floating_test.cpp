// Bit lines that float near the drivers' voltage: node voltages differ by less than they can hold, currents must not.
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "ohmic/crossbar/wires/newton.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "support/catch.hpp"
#include "support/plain_wires.hpp"
#include "wires_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

double largest_current(plain_wires const& p) {
  return std::max(
      {largest_of(p.input_A), largest_of(p.output_A), largest_of(p.far_input_A), largest_of(p.far_output_A)});
}

void check_currents(wire_network const& n, std::vector<double> const& volts, wire_settings const& settings = {}) {
  auto const expected = solve_plainly<quad>(n, volts);
  auto const s = wire_solver(n, settings).solve(volts);
  double const scale = largest_current(expected);
  double ends = 0.0, devices = 0.0, power = 0.0;
  for (auto const& [got, wanted] :
       {std::pair{&s.input_A, &expected.input_A}, std::pair{&s.far_input_A, &expected.far_input_A},
        std::pair{&s.output_A, &expected.output_A}, std::pair{&s.far_output_A, &expected.far_output_A}})
    for (std::size_t k = 0; k < got->size(); ++k) ends = std::max(ends, std::fabs((*got)[k] - (*wanted)[k]));
  for (std::size_t i = 0; i < n.word_lines(); ++i) {
    power += volts[i] * (expected.input_A[i] + (n.wires.word_end == far_end::driven ? expected.far_input_A[i] : 0.0));
    for (std::size_t j = 0; j < n.bit_lines(); ++j)
      devices = std::max(devices, std::fabs(s.device_A(i, j) - expected.device_A[i][j]));
  }
  CHECK(ends <= exact * scale);
  CHECK(devices <= exact * scale);
  CHECK(std::fabs(s.power.si() - power) <= exact * scale * largest_of(volts) * static_cast<double>(volts.size()));
  CHECK(s.report.residual <= exact);
}

/// All bit lines float but the first, which is read through one weak device.
wire_network floating(std::size_t size, double weak_S) {
  wire_network n;
  n.g_S = matrix<double>(size, size);
  for (double& g : n.g_S.flat()) g = 1e-4;
  for (std::size_t i = 0; i < size; ++i) n.g_S(i, 0) = 0.0;
  n.g_S(size / 3, 0) = weak_S;
  n.sense_ohm.assign(size, endless);
  n.sense_ohm[0] = 0.0;
  return n;
}

}  // namespace

TEST_CASE("floating bit lines: currents are those of 113 bits, with equal voltages and lines that are not read") {
  for (double weak : {1e-6, 1e-8, 1e-10, 1e-12})
    for (double segment : {0.0, 1.0})
      for (double sense : {endless, 1e9})
        for (auto end : {far_end::open, far_end::driven})
          for (double driver : {0.0, 50.0, 1e6}) {
            auto n = floating(6, weak);
            n.wires.word_segment = n.wires.bit_segment = ohms(segment);
            n.wires.word_end = end;
            n.wires.driver = ohms(driver);
            for (std::size_t j = 1; j < 6; ++j) n.sense_ohm[j] = sense;
            CAPTURE(weak, segment, sense, static_cast<int>(end), driver);
            check_currents(n, std::vector<double>(6, 0.2));
            check_currents(n, {0.2, 0.2, 0.2, 0.2, 0.2, 0.2 + 1e-9});
          }
}

TEST_CASE("floating bit lines: conductances over nine decades, groups of lines at voltages of their own") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    dice random(seed);
    wire_network n;
    n.g_S = matrix<double>(7, 5);
    for (double& g : n.g_S.flat()) g = random.between(0, 5) == 0 ? 0.0 : std::pow(10.0, -3.0 - 9.0 * random.real());
    n.wires.word_segment = ohms(random.between(0, 1) == 0 ? 0.0 : 10.0 * random.real());
    n.wires.bit_segment = ohms(random.between(0, 1) == 0 ? 0.0 : 10.0 * random.real());
    for (std::size_t i = 0; i < 7; ++i) n.driver_ohm.push_back(random.between(0, 4) == 0 && i > 0 ? 1e9 : 0.0);
    for (std::size_t j = 0; j < 5; ++j) n.sense_ohm.push_back(j == 0 ? 1.0 : random.between(0, 1) == 0 ? endless : 1e9);
    n.g_S(0, 0) = 1e-9;
    for (std::size_t j = 0; j < 5; ++j) n.g_S(1, j) = n.g_S(1, j) > 0.0 ? n.g_S(1, j) : 1e-6;
    bool const equal = random.between(0, 1) == 0;
    std::vector<double> volts(7, 0.3);
    if (!equal) volts[6] = 0.3 + 1e-7;
    CAPTURE(seed);
    check_currents(n, volts);
    wire_settings direct;
    direct.method = wire_method::direct;
    check_currents(n, volts, direct);
  }
}

TEST_CASE("floating bit lines: where elimination would be dear the search itself keeps currents") {
  for (double weak : {1e-7, 1e-8}) {
    auto n = floating(128, weak);
    n.wires.word_segment = n.wires.bit_segment = ohms(1.0);
    auto const s = wire_solver(n).solve(std::vector<double>(128, 0.2));
    double in = 0.0, others = 0.0;
    for (double a : s.input_A) in += a;
    // All lines but the first float at the voltage of the one that feeds it, but for the drops of its own wires.
    for (std::size_t j = 1; j < 128; ++j) {
      double of_line = 0.0;
      for (std::size_t i = 0; i < 128; ++i) of_line += s.device_A(i, j);
      others = std::max(others, std::fabs(of_line));
    }
    CAPTURE(weak);
    CHECK(s.report.direct == 0);
    CHECK(std::fabs(in - s.output_A[0]) < 1e-12 * s.output_A[0]);
    CHECK(std::fabs(s.power.si() - 0.2 * s.output_A[0]) < 1e-12 * s.power.si());
    CHECK(others < 1e-12 * s.output_A[0]);
    CHECK(s.report.residual < 1e-12);
  }
}

TEST_CASE("a residual sees what a line misses, wherever that is") {
  auto const c = binary_wires(12, 9, 2.0);
  auto const good = wire_solver(c.network).solve(c.volts);
  double const largest = std::max(largest_of(good.input_A), largest_of(good.output_A));
  CHECK(detail::residual_of(good, 0.0) < 1e-12);
  auto const seen = [&](auto const& change) {
    wire_solution s = good;
    change(s);
    return detail::residual_of(s, 0.0);
  };
  double const off = 1e-7 * largest;
  CHECK(seen([&](auto& s) { s.device_A(3, 4) += off; }) == Approx(1e-7).epsilon(1e-4));
  CHECK(seen([&](auto& s) { s.input_A[5] += off; }) == Approx(1e-7).epsilon(1e-4));
  CHECK(seen([&](auto& s) { s.far_output_A[2] -= off; }) == Approx(1e-7).epsilon(1e-4));
  CHECK(seen([&](auto& s) {
          for (double& a : s.input_A) a += off;
        }) == Approx(12e-7).epsilon(1e-4));
  CHECK(detail::residual_of(good, off) == Approx(1e-7).epsilon(1e-4));
}

TEST_CASE("a band that is too large is refused each time that it is asked for") {
  wire_settings direct;
  direct.method = wire_method::direct;
  auto const c = binary_wires(512, 512, 1.0);
  wire_solver const solver(c.network, direct);
  for (int k = 0; k < 2; ++k) {
    INFO(k);
    try {
      (void)solver.solve(c.volts);
      FAIL("was solved");
    } catch (error const& e) { CHECK(e.code() == errc::capacity); }
  }
}
