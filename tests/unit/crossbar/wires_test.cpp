// Crossbars with wires: Kirchhoff's law against the plain definition, and what must hold of any network of resistances.
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "support/catch.hpp"
#include "support/plain_wires.hpp"
#include "wires_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

double farthest(std::vector<double> const& a, std::vector<double> const& b, double scale) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) most = std::max(most, std::fabs(a[k] - b[k]));
  return scale > 0.0 ? most / scale : most;
}

double farthest(matrix<double> const& a, std::vector<std::vector<double>> const& b) {
  double most = 0.0, scale = 0.0;
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < a.cols(); ++j) {
      most = std::max(most, std::fabs(a(i, j) - b[i][j]));
      scale = std::max(scale, std::fabs(b[i][j]));
    }
  return scale > 0.0 ? most / scale : most;
}

/// Device currents relative to the largest current of a line.
void check_devices(matrix<double> const& got, std::vector<std::vector<double>> const& expected, double scale) {
  double most = 0.0;
  for (std::size_t i = 0; i < got.rows(); ++i)
    for (std::size_t j = 0; j < got.cols(); ++j) most = std::max(most, std::fabs(got(i, j) - expected[i][j]));
  CHECK(most <= exact * scale);
}

void check_plainly(wires_case const& c, wire_settings const& settings) {
  INFO(c.text());
  auto const expected = solve_plainly(c.network, c.volts);
  wire_solver const solver(c.network, settings);
  auto const s = solver.solve(c.volts);
  double const scale = std::max({largest_of(expected.input_A), largest_of(expected.output_A),
                                 largest_of(expected.far_input_A), largest_of(expected.far_output_A)});
  CHECK(farthest(s.output_A, expected.output_A, scale) < exact);
  CHECK(farthest(s.input_A, expected.input_A, scale) < exact);
  CHECK(farthest(s.far_input_A, expected.far_input_A, scale) < exact);
  CHECK(farthest(s.far_output_A, expected.far_output_A, scale) < exact);
  CHECK(farthest(s.word_V, expected.word_V) < exact);
  CHECK(farthest(s.bit_V, expected.bit_V) < exact);
  CHECK(s.report.residual < exact);
  check_devices(s.device_A, expected.device_A, scale);
}

double sum(std::vector<double> const& x) {
  double s = 0.0;
  for (double v : x) s += v;
  return s;
}

/// Largest sum of all currents at a node, from the voltages alone, over the largest current of a line.
double missed(wire_network const& n, wire_solution const& s) {
  double const gw = 1.0 / n.wires.word_segment.si(), gb = 1.0 / n.wires.bit_segment.si();
  std::size_t const m = n.word_lines(), cols = n.bit_lines();
  double most = 0.0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < cols; ++j) {
      double const device = n.g_S(i, j) * (s.word_V(i, j) - s.bit_V(i, j));
      double const word = (j > 0 ? gw * (s.word_V(i, j - 1) - s.word_V(i, j)) : s.input_A[i]) -
                          (j + 1 < cols ? gw * (s.word_V(i, j) - s.word_V(i, j + 1)) : -s.far_input_A[i]);
      double const bit = (i + 1 < m ? gb * (s.bit_V(i, j) - s.bit_V(i + 1, j)) : s.output_A[j]) -
                         (i > 0 ? gb * (s.bit_V(i - 1, j) - s.bit_V(i, j)) : -s.far_output_A[j]);
      most = std::max({most, std::fabs(word - device), std::fabs(bit - device)});
    }
  return most / std::max(largest_of(s.input_A), largest_of(s.output_A));
}

}  // namespace

TEST_CASE("wires: any network is solved as its plain definition says") {
  dice random(11);
  for (int k = 0; k < 60; ++k) check_plainly(random_wires(random, 7), {});
}

TEST_CASE("wires: elimination in a band is the plain definition too") {
  dice random(12);
  wire_settings direct;
  direct.method = wire_method::direct;
  for (int k = 0; k < 60; ++k) check_plainly(random_wires(random, 7), direct);
}

TEST_CASE("wires: what the search does not reach is eliminated, and counted") {
  dice random(13);
  wire_settings hasty;
  hasty.max_iterations = 1;
  auto c = binary_wires(12, 9, 200.0);
  auto const s = wire_solver(c.network, hasty).solve(c.volts), exact_one = wire_solver(c.network).solve(c.volts);
  CHECK(s.report.direct == 1);
  CHECK(exact_one.report.direct == 0);
  CHECK(farthest(s.output_A, exact_one.output_A, largest_of(exact_one.output_A)) < exact);
  executor one(1);
  wire_report report;
  auto const w = wire_solver(c.network, hasty).effective_conductances(one, report);
  CHECK(report.direct > 0);
  wire_report fine;
  auto const expected = wire_solver(c.network).effective_conductances(one, fine);
  for (std::size_t k = 0; k < w.size(); ++k) CHECK(w.flat()[k] == Approx(expected.flat()[k]).epsilon(exact));
}

TEST_CASE("wires: elimination takes one solution a word line for an effective matrix of any width") {
  dice random(24);
  wire_settings direct;
  direct.method = wire_method::direct;
  executor one(1), three(3);
  for (auto const& [m, n] : {std::pair{9u, 4u}, {4u, 9u}}) {
    auto c = binary_wires(m, n, 30.0);
    c.network.wires.word_end = far_end::driven;
    wire_report report, again;
    auto const w = wire_solver(c.network, direct).effective_conductances(one, report);
    CHECK(report.direct == m);
    CHECK(w == wire_solver(c.network, direct).effective_conductances(three, again));
    for (std::size_t i = 0; i < m; ++i) {
      std::vector<double> v(m, 0.0);
      v[i] = 1.0;
      auto const expected = solve_plainly(c.network, v).output_A;
      for (std::size_t j = 0; j < n; ++j) CHECK(w(i, j) == Approx(expected[j]).epsilon(exact));
    }
  }
}

TEST_CASE("wires: without resistance the currents are the ideal product") {
  dice random(14);
  for (auto const& [m, n] : {std::pair{1u, 1u}, {5u, 9u}, {33u, 17u}}) {
    auto c = binary_wires(m, n, 0.0, m);
    auto const s = wire_solver(c.network).solve(c.volts);
    for (std::size_t j = 0; j < n; ++j) {
      double ideal = 0.0;
      for (std::size_t i = 0; i < m; ++i) ideal += c.network.g_S(i, j) * c.volts[i];
      // m additions of one sign, in another order
      CHECK(s.output_A[j] == Approx(ideal).epsilon(2.3e-16 * static_cast<double>(m)));
    }
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        CHECK(s.word_V(i, j) == c.volts[i]);
        CHECK(s.bit_V(i, j) == 0.0);
      }
  }
}

TEST_CASE("wires: smaller segments come nearer to the ideal product, in proportion") {
  auto c = binary_wires(16, 16, 0.0);
  auto const ideal = wire_solver(c.network).solve(c.volts).output_A;
  double last = 1.0;
  for (double r = 1.0; r > 1e-8; r *= 0.1) {
    c.network.wires.word_segment = c.network.wires.bit_segment = ohms(r);
    double const off = farthest(wire_solver(c.network).solve(c.volts).output_A, ideal, largest_of(ideal));
    CHECK(off < 0.11 * last);  // a tenth, and what is of second order in r
    last = off;
  }
}

TEST_CASE("wires: what goes in comes out, and power is what the resistances take") {
  dice random(15);
  for (int k = 0; k < 20; ++k) {
    auto const c = random_wires(random, 40);
    INFO(c.text());
    auto const s = wire_solver(c.network).solve(c.volts);
    double const in = sum(s.input_A) + sum(s.far_input_A), out = sum(s.output_A) + sum(s.far_output_A);
    double scale = 0.0;
    for (auto const* x : {&s.input_A, &s.far_input_A, &s.output_A, &s.far_output_A})
      for (double a : *x) scale += std::fabs(a);
    CHECK(std::fabs(in - out) <= exact * scale);
  }
  auto c = binary_wires(30, 20, 10.0);
  auto const s = wire_solver(c.network).solve(c.volts);
  double taken = 0.0;
  for (std::size_t i = 0; i < 30; ++i)
    for (std::size_t j = 0; j < 20; ++j) {
      double const before = j == 0 ? c.volts[i] : s.word_V(i, j - 1), after = i == 29 ? 0.0 : s.bit_V(i + 1, j);
      taken += std::pow(before - s.word_V(i, j), 2) / 10.0 + std::pow(s.bit_V(i, j) - after, 2) / 10.0 +
               std::pow(s.word_V(i, j) - s.bit_V(i, j), 2) * c.network.g_S(i, j);
    }
  CHECK(s.power.si() == Approx(taken).epsilon(exact));
}

TEST_CASE("wires: large and resistive arrays converge, and Kirchhoff's law holds at every node", "[slow]") {
  for (auto const& [m, n, r] : {std::tuple{512u, 512u, 20.0}, {1024u, 64u, 20.0}, {64u, 1024u, 20.0}}) {
    auto const c = binary_wires(m, n, r);
    INFO(c.text());
    auto const s = wire_solver(c.network).solve(c.volts);
    CHECK(s.report.direct == 0);
    CHECK(s.report.residual < exact);
    CHECK(missed(c.network, s) < exact);
    CHECK(sum(s.input_A) == Approx(sum(s.output_A)).epsilon(exact));
  }
}

TEST_CASE("wires: currents add up with voltages") {
  dice random(16);
  for (int k = 0; k < 20; ++k) {
    auto const c = random_wires(random, 24);
    INFO(c.text());
    wire_solver const solver(c.network);
    auto const other = random_volts(random, c.volts.size());
    std::vector<double> both;
    for (std::size_t i = 0; i < other.size(); ++i) both.push_back(2.0 * c.volts[i] - 3.0 * other[i]);
    auto const a = solver.solve(c.volts).output_A, b = solver.solve(other).output_A, ab = solver.solve(both).output_A;
    std::vector<double> expected;
    for (std::size_t j = 0; j < a.size(); ++j) expected.push_back(2.0 * a[j] - 3.0 * b[j]);
    CHECK(farthest(ab, expected, largest_of(a) * 2.0 + largest_of(b) * 3.0) < exact);
  }
}

TEST_CASE("wires: one volt at a word line sends to a bit line what it would get from it") {
  dice random(17);
  for (int k = 0; k < 10; ++k) {
    auto c = random_wires(random, 12);
    c.network.wires.word_end = c.network.wires.bit_end = far_end::open;
    INFO(c.text());
    wire_network turned{transposed(c.network.g_S.view()), c.network.wires, c.network.sense_ohm, c.network.driver_ohm};
    std::swap(turned.wires.word_segment, turned.wires.bit_segment);
    std::swap(turned.wires.driver, turned.wires.sense);
    // Drivers of a bit line sit below the last word line, so that the order of lines turns around.
    std::size_t const m = c.network.word_lines(), n = c.network.bit_lines();
    matrix<double> g(n, m);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j) g(n - 1 - j, m - 1 - i) = c.network.g_S(i, j);
    turned.g_S = g;
    std::reverse(turned.driver_ohm.begin(), turned.driver_ohm.end());
    std::reverse(turned.sense_ohm.begin(), turned.sense_ohm.end());
    executor one(1);
    wire_report report;
    auto const a = wire_solver(c.network).effective_conductances(one, report),
               b = wire_solver(turned).effective_conductances(one, report);
    double most = 0.0, scale = 0.0;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        most = std::max(most, std::fabs(a(i, j) - b(n - 1 - j, m - 1 - i)));
        scale = std::max(scale, a(i, j));
      }
    CHECK(most <= exact * scale);
  }
}

TEST_CASE("wires: more resistance anywhere never gives more current") {
  dice random(18);
  for (int k = 0; k < 10; ++k) {
    auto c = binary_wires(12, 10, 1.0 + 30.0 * random.real(), static_cast<std::uint64_t>(k) + 50);
    for (double& v : c.volts) v = 0.2;
    auto const total = [&] { return sum(wire_solver(c.network).solve(c.volts).output_A); };
    double const before = total();
    auto const less = [&](auto const& change) {
      auto const kept = c.network;
      change(c.network);
      CHECK(total() < before * (1.0 + exact));
      c.network = kept;
    };
    less([](wire_network& n) { n.wires.word_segment = n.wires.word_segment * 1.5; });
    less([](wire_network& n) { n.wires.bit_segment = n.wires.bit_segment * 1.5; });
    less([](wire_network& n) { n.wires.driver = ohms(3.0); });
    less([](wire_network& n) { n.wires.sense = ohms(3.0); });
    less([&](wire_network& n) { n.g_S(static_cast<std::size_t>(random.between(0, 11)), 3) = 0.0; });
  }
}

TEST_CASE("wires: driving from both sides loses less") {
  auto c = binary_wires(40, 40, 10.0);
  double const one_side = sum(wire_solver(c.network).solve(c.volts).output_A);
  c.network.wires.word_end = far_end::driven;
  double const both = sum(wire_solver(c.network).solve(c.volts).output_A);
  c.network.wires.word_segment = c.network.wires.bit_segment = ohms(0.0);
  double const ideal = sum(wire_solver(c.network).solve(c.volts).output_A);
  CHECK(one_side < both);
  CHECK(both < ideal);
}

TEST_CASE("wires: the effective matrix is the network, for either shape and every end") {
  dice random(19);
  executor two(2);
  for (int k = 0; k < 20; ++k) {
    auto const c = random_wires(random, 20);
    INFO(c.text());
    wire_solver const solver(c.network);
    wire_report report;
    auto const w = solver.effective_conductances(two, report);
    auto const expected = solver.solve(c.volts).output_A;
    std::vector<double> got(expected.size(), 0.0);
    double scale = 0.0;
    for (std::size_t i = 0; i < w.rows(); ++i)
      for (std::size_t j = 0; j < w.cols(); ++j) {
        got[j] += w(i, j) * c.volts[i];
        scale = std::max(scale, std::fabs(w(i, j) * c.volts[i]));
      }
    CHECK(farthest(got, expected, scale * static_cast<double>(w.rows())) < exact);
    CHECK(report.residual < exact);
  }
}

TEST_CASE("wires: a vector has the same bits alone and in any company, on any number of threads") {
  dice random(20);
  for (int k = 0; k < 10; ++k) {
    auto const c = random_wires(random, 21);
    INFO(c.text());
    wire_solver const solver(c.network);
    std::size_t const m = c.network.word_lines(), batch = 19;
    matrix<double> v(m, batch);
    for (double& x : v.flat()) x = random.real() - 0.5;
    for (std::size_t i = 0; i < m; ++i) v(i, 4) = 0.0;  // a set that is done at once
    wire_report report;
    executor one(1), three(3);
    auto const a = solver.currents(v.view(), one, report), b = solver.currents(v.view(), three, report);
    CHECK(a == b);
    for (std::size_t t = 0; t < batch; ++t) {
      std::vector<double> alone;
      for (std::size_t i = 0; i < m; ++i) alone.push_back(v(i, t));
      auto const s = solver.solve(alone);
      for (std::size_t j = 0; j < a.rows(); ++j) CHECK(s.output_A[j] == a(j, t));
    }
  }
}

TEST_CASE("wires: currents of devices that conduct up to 1e15 of their segments are exact, by search and elimination") {
  dice random(23);
  wire_settings direct;
  direct.method = wire_method::direct;
  for (int k = 0; k < 40; ++k) {
    wires_case c;
    auto const m = static_cast<std::size_t>(random.between(1, 6)), n = static_cast<std::size_t>(random.between(1, 6));
    c.network.g_S = matrix<double>(m, n);
    for (double& g : c.network.g_S.flat()) g = std::pow(10.0, 6.0 * random.real());
    c.network.wires.word_segment = ohms(std::pow(10.0, 9.0 * random.real()));
    c.network.wires.bit_segment = ohms(random.between(0, 3) == 0 ? 0.0 : std::pow(10.0, 9.0 * random.real()));
    c.network.wires.driver = ohms(100.0 * random.real() + 1.0);
    if (random.between(0, 1) == 0) c.network.wires.word_end = far_end::driven;
    c.volts = random_volts(random, m);
    INFO(k << ": " << c.text());
    auto const expected = solve_plainly<quad>(c.network, c.volts);
    double const scale = std::max(largest_of(expected.input_A), largest_of(expected.output_A));
    for (auto const& settings : {wire_settings(), direct}) {
      auto const s = wire_solver(c.network, settings).solve(c.volts);
      check_devices(s.device_A, expected.device_A, scale);
      CHECK(farthest(s.input_A, expected.input_A, scale) < exact);
      CHECK(farthest(s.output_A, expected.output_A, scale) < exact);
      CHECK(s.report.residual < exact);
    }
  }
}

TEST_CASE("wires: small outputs are exact too, where voltages have one sign") {
  // Bit lines that conduct up to a million times less than their neighbours: no bound on the largest current says
  // anything about them.
  dice random(25);
  wire_settings direct;
  direct.method = wire_method::direct;
  executor one(1);
  for (int k = 0; k < 30; ++k) {
    wires_case c;
    auto const m = static_cast<std::size_t>(random.between(1, 6)), n = static_cast<std::size_t>(random.between(1, 6));
    c.network.g_S = matrix<double>(m, n);
    for (std::size_t j = 0; j < n; ++j) {
      double const decades = 6.0 * random.real();
      for (std::size_t i = 0; i < m; ++i) c.network.g_S(i, j) = 1e-3 * std::pow(10.0, -decades - 2.0 * random.real());
    }
    c.network.wires.word_segment = ohms(std::pow(10.0, 5.0 * random.real() - 2.0));
    c.network.wires.bit_segment = ohms(std::pow(10.0, 5.0 * random.real() - 2.0));
    c.network.wires.driver = c.network.wires.sense = ohms(random.between(0, 1) * 100.0);
    for (std::size_t i = 0; i < m; ++i) c.volts.push_back(0.01 + random.real());
    INFO(k << ": " << c.text());
    for (auto const& settings : {wire_settings(), direct}) {
      wire_solver const solver(c.network, settings);
      auto const expected = solve_plainly<quad>(c.network, c.volts).output_A, got = solver.solve(c.volts).output_A;
      for (std::size_t j = 0; j < n; ++j) CHECK(got[j] == Approx(expected[j]).epsilon(exact));
      wire_report report;
      auto const w = solver.effective_conductances(one, report);
      for (std::size_t i = 0; i < m; ++i) {
        std::vector<double> v(m, 0.0);
        v[i] = 1.0;
        auto const of_one = solve_plainly<quad>(c.network, v).output_A;
        for (std::size_t j = 0; j < n; ++j) CHECK(w(i, j) == Approx(of_one[j]).epsilon(exact));
      }
    }
  }
}

TEST_CASE("wires: where no current flows results are zeros, with a residual of 0") {
  executor one(1);
  auto const inf = std::numeric_limits<double>::infinity();
  for (auto method : {wire_method::automatic, wire_method::direct})
    for (int which = 0; which < 4; ++which) {
      INFO("network " << which);
      auto c = binary_wires(5, 4, 3.0);
      c.volts.assign(5, 0.2);
      if (which == 0) c.network.wires.sense = ohms(inf);  // all at one voltage
      if (which == 1)
        for (double& g : c.network.g_S.flat()) g = 0.0;  // all devices open
      if (which == 2) c.volts.assign(5, 0.0);
      if (which == 3) {  // two halves, each at its own voltage
        c.network.wires.sense = ohms(inf);
        for (std::size_t i = 0; i < 5; ++i)
          for (std::size_t j = 0; j < 4; ++j)
            if ((i < 2) != (j < 2)) c.network.g_S(i, j) = 0.0;
        c.volts[0] = c.volts[1] = -0.1;
      }
      wire_settings settings;
      settings.method = method;
      wire_solver const solver(c.network, settings);
      auto const s = solver.solve(c.volts);
      for (auto const* ends : {&s.input_A, &s.output_A, &s.far_input_A, &s.far_output_A})
        CHECK(largest_of(*ends) == 0.0);
      for (double a : s.device_A.flat()) CHECK(a == 0.0);
      CHECK(s.report.residual == 0.0);
      CHECK(s.power.si() == 0.0);
      CHECK(s.word_V(0, 3) == c.volts[0]);
      CHECK(s.bit_V(0, 3) == (which == 0 || which == 3 ? 0.2 : 0.0));
      matrix<double> v(5, 2);
      for (std::size_t i = 0; i < 5; ++i) v(i, 0) = c.volts[i], v(i, 1) = 0.01 * static_cast<double>(i);
      wire_report report;
      auto const many = solver.currents(v.view(), one, report);
      for (std::size_t j = 0; j < 4; ++j) CHECK(many(j, 0) == 0.0);
      // One row of floating bit lines: 1 V on it, and nothing flows.
      c.network.wires.sense = ohms(inf);
      wire_network row{matrix<double>(1, 4), c.network.wires, {}, {}};
      for (double& g : row.g_S.flat()) g = 1e-5;
      wire_report of_row;
      auto const w = wire_solver(row, settings).effective_conductances(one, of_row);
      for (double g : w.flat()) CHECK(g == 0.0);
      CHECK(of_row.residual == 0.0);
    }
}

TEST_CASE("wires: resistances over twenty decades, floating and grounded lines: as eliminated") {
  dice random(21);
  wire_settings direct;
  direct.method = wire_method::direct;
  int solved = 0;
  for (int k = 0; k < 150; ++k) {
    wires_case c;
    auto const m = static_cast<std::size_t>(random.between(1, 18)), n = static_cast<std::size_t>(random.between(1, 18));
    c.network.g_S = matrix<double>(m, n);
    double const decades = 12.0 * random.real();
    int const open_in_ten = random.between(0, 6);
    for (double& g : c.network.g_S.flat())
      g = random.between(1, 10) <= open_in_ten ? 0.0 : 1e-3 * std::pow(10.0, -decades * random.real());
    auto const ohm = [&] { return random.between(0, 4) == 0 ? 0.0 : std::pow(10.0, 14.0 * random.real() - 6.0); };
    auto& w = c.network.wires;
    for (auto* r : {&w.word_segment, &w.bit_segment, &w.driver, &w.sense}) *r = ohms(ohm());
    for (auto* r : {&w.word_ground, &w.bit_ground}) *r = ohms(1.0 + ohm());
    w.word_end = static_cast<far_end>(random.between(0, 2));
    w.bit_end = random.between(0, 1) == 0 ? far_end::open : far_end::grounded;
    for (std::size_t i = 0; i < c.network.word_lines(); ++i)
      c.network.driver_ohm.push_back(random.between(0, 3) == 0 ? std::numeric_limits<double>::infinity() : ohm());
    c.volts = random_volts(random, c.network.word_lines());
    INFO(k << ": " << c.text());
    try {
      wire_network::validate(c.network);
    } catch (error const& e) {
      CHECK_THAT(std::string(e.what()), contains("singular"));
      continue;
    }
    ++solved;
    wire_solver const solver(c.network);
    auto const a = solver.solve(c.volts), b = wire_solver(c.network, direct).solve(c.volts);
    CHECK(farthest(a.output_A, b.output_A, largest_of(b.output_A)) < exact);
    // In company of others, some of which take more rounds: the same bits.
    matrix<double> v(m, 8);
    for (double& x : v.flat()) x = random.real() - 0.5;
    for (std::size_t i = 0; i < m; ++i) v(i, 3) = c.volts[i];
    executor one(1);
    wire_report report;
    auto const together = solver.currents(v.view(), one, report);
    std::size_t differ = 0;
    for (std::size_t j = 0; j < n; ++j) differ += together(j, 3) != a.output_A[j];
    CHECK(differ == 0);
  }
  CHECK(solved > 75);
}
