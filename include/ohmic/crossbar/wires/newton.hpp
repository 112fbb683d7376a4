// Crossbars whose devices do not follow Ohm's law: Newton's method around the linear solver, damped so that it cannot diverge.
//
// The network minimises its co-content, which is convex where no current falls with its voltage; currents by which
// Kirchhoff's law is missed are its slope. Every step solves the network of the curves' tangents, and is cut until the slope
// along it no longer points far back. Voltages between two solutions of the wires fit the wires, so that only devices miss.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "ohmic/device/iv_curve.hpp"

namespace ohmic::inline OHMIC_ABI {

struct newton_settings {
  double residual = 1e-11;  ///< largest current missed at a device, relative to the largest current of a line
  std::size_t max_iterations = 100;
  std::size_t max_damping = 60;  ///< halvings of a step
  wire_settings inner{};         ///< of the linear networks
};

/// How Newton's method went. Where it did not converge the solution is its last state: finite, and wrong by `residual`.
struct newton_report {
  bool converged = false;
  std::size_t iterations = 0;  ///< linear networks solved, the first one included
  std::size_t damping = 0;     ///< times that a step was halved
  double residual = 0.0;       ///< as in newton_settings
};

struct nonlinear_solution {
  wire_solution state;
  newton_report newton;
};

namespace detail {

/// Conductance that stands for a slope. Where a curve is flat, a billionth of the device's own keeps the network in one piece:
/// steps stay downhill, and what they lead to does not depend on it. No device of a network conducts less than 1e-30 S.
[[nodiscard]] inline double usable_slope(double slope_S, double nominal_S) noexcept {
  return nominal_S > 0.0 ? std::min(std::max({slope_S, 1e-9 * nominal_S, 1e-30}), 1e6) : std::min(slope_S, 1e6);
}

/// a += share (b - a), for everything that a solution holds.
inline void move_towards(wire_solution& a, wire_solution const& b, double share) noexcept {
  auto const move = [&](auto& x, auto const& y) {
    for (std::size_t k = 0; k < x.size(); ++k) x[k] += simd::fence(share * (y[k] - x[k]));
  };
  for (auto part : {&wire_solution::word_V, &wire_solution::bit_V, &wire_solution::device_A}) {
    auto x = (a.*part).flat();
    move(x, (b.*part).flat());
  }
  for (auto part :
       {&wire_solution::input_A, &wire_solution::far_input_A, &wire_solution::output_A, &wire_solution::far_output_A})
    move(a.*part, b.*part);
  a.power = watts(a.power.si() + simd::fence(share * (b.power.si() - a.power.si())));
  a.report.include(b.report);
}

/// The curves of all devices at the voltages between two solutions.
template <iv_curve Curve>
class curve_step {
 public:
  curve_step(wire_network const& n, Curve const& curve, wire_solution const& from)
      : network_(n), curve_(curve), from_(from) {}

  [[nodiscard]] double volts_at(std::size_t k) const noexcept { return from_.word_V.flat()[k] - from_.bit_V.flat()[k]; }
  /// Largest current that a device carries beside what its wires bring, relative to the largest of a line.
  [[nodiscard]] double missed() const noexcept {
    double most = 0.0, scale = 0.0;
    for (std::size_t k = 0; k < network_.g_S.size(); ++k) {
      double const i = curve_.current(volts_at(k), network_.g_S.flat()[k]),
                   off = std::fabs(i - from_.device_A.flat()[k]);
      if (!(off <= most)) most = off;
    }
    for (auto const* ends : {&from_.input_A, &from_.output_A})
      for (double a : *ends) scale = std::max(scale, std::fabs(a));
    return scale > 0.0 ? most / scale : most;
  }
  /// Slope of the co-content on the way to another solution, after this share of it; not finite where a curve is not.
  [[nodiscard]] double slope(wire_solution const& to, double share) const noexcept {
    double sum = 0.0;
    for (std::size_t k = 0; k < network_.g_S.size(); ++k) {
      double const way = to.word_V.flat()[k] - to.bit_V.flat()[k] - volts_at(k);
      double const i = curve_.current(volts_at(k) + simd::fence(share * way), network_.g_S.flat()[k]);
      double const a = from_.device_A.flat()[k], brought = a + simd::fence(share * (to.device_A.flat()[k] - a));
      sum += simd::fence((i - brought) * way);
    }
    return sum;
  }
  /// Conductances of the tangents, and the currents that they miss at 0 V.
  void tangents(matrix<double>& g_S, matrix<double>& injected_A) const {
    for (std::size_t i = 0; i < g_S.rows(); ++i)
      for (std::size_t j = 0; j < g_S.cols(); ++j) {
        std::size_t const k = i * g_S.cols() + j;
        double const v = volts_at(k), nominal = network_.g_S(i, j);
        double const current = curve_.current(v, nominal), slope_S = curve_.conductance(v, nominal);
        if (!(slope_S >= 0.0) || !std::isfinite(current))
          throw error({errc::value, "curve of a device is not usable", "device " + node_text(i, j),
                       number_text(current) + " A, " + number_text(slope_S) + " S at " + number_text(v) + " V",
                       "a finite current that never falls with the voltage", "check the curve"});
        g_S(i, j) = usable_slope(slope_S, nominal);
        injected_A(i, j) = current - simd::fence(g_S(i, j) * v);
      }
  }

 private:
  wire_network const& network_;
  Curve const& curve_;
  wire_solution const& from_;
};

}  // namespace detail

/// Solves a network whose devices carry curve.current(v, g), starting from its conductances at 0 V. Voltages at which a curve
/// is not finite are left at the start and never entered again.
/// Shape   v_V (m)
/// Errors  as wire_solver; errc::value naming a device whose curve falls or is not finite. Not converged: newton.converged
///         is false
/// Cost    per iteration one linear network with its elimination; 3 to 8 iterations for curves that are bent moderately
/// Source  ours: convexity makes the slope along a step a test that cannot be fooled; tests/unit/crossbar/wires_newton_test.cpp
template <iv_curve Curve>
[[nodiscard]] nonlinear_solution solve_nonlinear(wire_network const& network, Curve const& curve,
                                                 std::span<double const> v_V, newton_settings const& settings = {},
                                                 wire_kernels const& kernels = wire_kernels_of<>) {
  wire_network::validate(network);
  wire_network tangent = network;
  for (std::size_t k = 0; k < network.g_S.size(); ++k)
    tangent.g_S.flat()[k] = detail::usable_slope(curve.conductance(0.0, network.g_S.flat()[k]), network.g_S.flat()[k]);
  nonlinear_solution out{wire_solver(tangent, settings.inner, kernels).solve(v_V), {}};
  out.newton.iterations = 1;
  constexpr double far_too_much = 100.0;  // times the largest current of a line
  matrix<double> injected(network.word_lines(), network.bit_lines());
  detail::curve_step<Curve> const here(network, curve, out.state);
  // Where curves carry far more than wires can bring, devices that conduct more leave them less voltage.
  for (std::size_t k = 0; k < 16 && out.newton.iterations < settings.max_iterations && !(here.missed() <= far_too_much);
       ++k) {
    for (double& g : tangent.g_S.flat()) g = std::min(10.0 * g, 1e6);
    out.state = wire_solver(tangent, settings.inner, kernels).solve(v_V);
    ++out.newton.iterations;
  }
  for (;;) {
    out.newton.residual = here.missed();
    out.newton.converged = out.newton.residual <= settings.residual;
    if (out.newton.converged || out.newton.iterations >= settings.max_iterations) return out;
    here.tangents(tangent.g_S, injected);
    wire_solution const next = wire_solver(tangent, settings.inner, kernels).solve(v_V, injected.view());
    ++out.newton.iterations;
    double const start = here.slope(next, 0.0);
    double share = 1.0;
    for (std::size_t k = 0;; ++k) {
      double const there = here.slope(next, share);
      if (std::isfinite(there) && there <= 0.5 * std::fabs(start)) break;
      if (k == settings.max_damping) return out;
      share *= 0.5;
      ++out.newton.damping;
    }
    detail::move_towards(out.state, next, share);
  }
}

}  // namespace ohmic::inline OHMIC_ABI
