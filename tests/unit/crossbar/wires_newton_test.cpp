// Crossbars whose devices follow a curve: against bisection, against Ohm's law, and where Newton's method must be damped.
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "ohmic/crossbar/wires/newton.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "wires_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

/// Largest current that a node misses when devices carry their curve, over the largest current of a line. From voltages
/// alone, for open far ends and segments above 0 ohm.
template <class Curve>
double missed(wire_network const& n, Curve const& curve, std::vector<double> const& volts, wire_solution const& s) {
  double const gw = 1.0 / n.wires.word_segment.si(), gb = 1.0 / n.wires.bit_segment.si();
  std::size_t const m = n.word_lines(), cols = n.bit_lines();
  double most = 0.0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < cols; ++j) {
      double const u = s.word_V(i, j), w = s.bit_V(i, j);
      double const device = curve.current(u - w, n.g_S(i, j));
      double const word =
          gw * ((j > 0 ? s.word_V(i, j - 1) : volts[i]) - u) - (j + 1 < cols ? gw * (u - s.word_V(i, j + 1)) : 0);
      double const bit = gb * (w - (i + 1 < m ? s.bit_V(i + 1, j) : 0)) - (i > 0 ? gb * (s.bit_V(i - 1, j) - w) : 0);
      most = std::max({most, std::fabs(word - device), std::fabs(bit - device)});
    }
  return most / std::max(largest_of(s.input_A), largest_of(s.output_A));
}

sinh_iv bent(double scale_V) { return sinh_iv({volts(scale_V)}); }

/// Saturates: its slope goes to 0.
struct saturating {
  [[nodiscard]] double current(double v, double g) const noexcept { return g * v / (1.0 + std::fabs(v) / 0.05); }
  [[nodiscard]] double conductance(double v, double g) const noexcept {
    double const d = 1.0 + std::fabs(v) / 0.05;
    return g / (d * d);
  }
};
/// Flat at 0 V, as two diodes back to back nearly are.
struct cubic {
  [[nodiscard]] double current(double v, double g) const noexcept { return g * v * v * v / 0.01; }
  [[nodiscard]] double conductance(double v, double g) const noexcept { return 3.0 * g * v * v / 0.01; }
};
struct falling {
  [[nodiscard]] double current(double v, double g) const noexcept { return -g * v; }
  [[nodiscard]] double conductance(double, double g) const noexcept { return -g; }
};

}  // namespace

TEST_CASE("curves: a flat one is solved for devices that conduct next to nothing") {
  wire_network n;
  n.g_S = matrix<double>(2, 2);
  for (double& g : n.g_S.flat()) g = 1e-25;
  auto const s = solve_nonlinear(n, cubic(), std::vector<double>{0.1, 0.2});
  CHECK(s.newton.converged);
  for (double a : s.state.output_A) CHECK(a == Approx(1e-25 * (0.001 + 0.008) / 0.01).epsilon(1e-10));
}

TEST_CASE("curves: one that is flat at 0 V is solved, not called singular") {
  auto c = binary_wires(6, 5, 20.0);
  for (double& v : c.volts) v += 0.05;
  auto const s = solve_nonlinear(c.network, cubic(), c.volts);
  CHECK(s.newton.converged);
  CHECK(missed(c.network, cubic(), c.volts, s.state) < 1e-9);
  // Lines that hang on flat devices alone: no line but the first is driven, none but the last is sensed.
  auto const inf = std::numeric_limits<double>::infinity();
  c.network.driver_ohm = {0.0, inf, inf, inf, inf, inf};
  c.network.sense_ohm = {inf, inf, inf, inf, 0.0};
  auto const hanging = solve_nonlinear(c.network, cubic(), c.volts);
  CHECK(hanging.newton.converged);
  CHECK(hanging.state.output_A[4] == Approx(hanging.state.input_A[0]).epsilon(1e-9));
  CHECK(hanging.state.output_A[4] > 0.0);
}

TEST_CASE("curves: sinh and its slope are those of the C library to rounding") {
  for (double x = -40.0; x <= 40.0; x += 0.0371) {
    double const v = 0.3 * x;
    CHECK(bent(0.3).current(v, 1e-5) == Approx(1e-5 * 0.3 * std::sinh(x)).epsilon(4e-15));
    CHECK(bent(0.3).conductance(v, 1e-5) == Approx(1e-5 * std::cosh(x)).epsilon(4e-15));
  }
  CHECK(bent(0.3).current(0.0, 1e-5) == 0.0);
  CHECK(bent(0.001).conductance(10.0, 0.0) == 0.0);  // an open device stays open
  CHECK(std::isinf(bent(0.001).current(10.0, 1e-5)));
}

TEST_CASE("newton: Ohm's law needs one network and has the linear solution") {
  dice random(31);
  for (int k = 0; k < 10; ++k) {
    auto const c = random_wires(random, 12);
    INFO(c.text());
    auto const n = solve_nonlinear(c.network, linear_iv{}, c.volts);
    CHECK(n.newton.converged);
    CHECK(n.newton.iterations == 1);
    CHECK(n.state.output_A == wire_solver(c.network).solve(c.volts).output_A);
  }
}

TEST_CASE("newton: one device behind resistances is where bisection puts it") {
  for (double scale : {0.02, 0.1, 1.0})
    for (double ohm : {0.5, 50.0, 5e4}) {
      wire_network n{matrix<double>(1, 1), {ohms(ohm), ohms(ohm)}, {}, {}};
      n.g_S(0, 0) = 1e-4;
      double low = 0.0, high = 1.0;
      for (int k = 0; k < 200; ++k) {
        double const v = 0.5 * (low + high);
        (v + 2.0 * ohm * bent(scale).current(v, 1e-4) > 1.0 ? high : low) = v;
      }
      auto const s = solve_nonlinear(n, bent(scale), std::vector<double>{1.0});
      INFO(scale << " V, " << ohm << " ohm");
      CHECK(s.newton.converged);
      CHECK(s.state.output_A[0] == Approx(bent(scale).current(low, 1e-4)).epsilon(exact));
    }
}

TEST_CASE("newton: devices carry their curves and Kirchhoff's law holds at every node") {
  dice random(32);
  for (double scale : {2.0, 0.2, 0.05, 0.02})
    for (double ohm : {0.5, 20.0}) {
      auto c = binary_wires(24, 18, ohm);
      for (double& v : c.volts) v = 2.0 * random.real() - 1.0;
      INFO(scale << " V, " << ohm << " ohm");
      auto const s = solve_nonlinear(c.network, bent(scale), c.volts);
      CHECK(s.newton.converged);
      CHECK(missed(c.network, bent(scale), c.volts, s.state) < exact);
      CHECK(s.newton.residual < exact);
    }
  auto const c = binary_wires(24, 18, 5.0);
  auto const s = solve_nonlinear(c.network, saturating{}, c.volts);
  CHECK(s.newton.converged);
  CHECK(missed(c.network, saturating{}, c.volts, s.state) < exact);
}

TEST_CASE("newton: a straight curve's limit is the linear network") {
  auto const c = binary_wires(10, 10, 10.0);
  auto const linear = wire_solver(c.network).solve(c.volts).output_A;
  auto const s = solve_nonlinear(c.network, bent(1e4), c.volts);
  // sinh(x) / x - 1 = x^2 / 6 with x = 0.2 V / 10 kV
  for (std::size_t j = 0; j < linear.size(); ++j) CHECK(s.state.output_A[j] == Approx(linear[j]).epsilon(exact));
}

TEST_CASE("newton: an overflowing curve is damped, not entered") {
  auto c = binary_wires(6, 6, 10.0);
  for (double& v : c.volts) v = 1.0;
  auto const s = solve_nonlinear(c.network, bent(0.001), c.volts);  // sinh(1000) at the start
  INFO(s.newton.iterations << " iterations, " << s.newton.damping << " halvings, " << s.newton.residual);
  CHECK(s.newton.converged);
  for (double a : s.state.output_A) CHECK(std::isfinite(a));
  CHECK(missed(c.network, bent(0.001), c.volts, s.state) < exact);
}

TEST_CASE("newton: what did not converge says so and is finite") {
  auto c = binary_wires(12, 12, 10.0);
  for (double& v : c.volts) v = 1.0;
  newton_settings few;
  few.max_iterations = 2;
  auto const s = solve_nonlinear(c.network, bent(0.05), c.volts, few);
  CHECK_FALSE(s.newton.converged);
  CHECK(s.newton.iterations == 2);
  CHECK(s.newton.residual > few.residual);
  for (double a : s.state.output_A) CHECK(std::isfinite(a));
}

TEST_CASE("newton: curves and settings that cannot be are refused") {
  auto const c = binary_wires(3, 3, 1.0);
  check_refused([&] { (void)solve_nonlinear(c.network, falling{}, c.volts); }, errc::value, {"device (0, 0)"});
  check_refused([] { (void)bent(0.0); }, errc::config_value, {"curve.scale", "got 0 V"});
  wire_network n{matrix<double>(1, 1), {}, {}, {}};
  n.g_S(0, 0) = 1.0;
  check_refused([&] { (void)solve_nonlinear(n, bent(0.001), std::vector<double>{1.0}); }, errc::value,
                {"device (0, 0)", "inf A"});  // nothing takes voltage from it
}
