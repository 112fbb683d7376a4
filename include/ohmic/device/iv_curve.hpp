// What current a programmed cell carries at a voltage: in proportion, or by a curve.
#pragma once

#include <cmath>
#include <concepts>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A curve of a cell that is programmed to the conductance g at 0 V. `current(v, g)` never falls with v and is 0 at 0 V,
/// `conductance(v, g)` is its slope; both are 0 for g = 0.
/// Units   v in V, g in S, results in A and S
template <class C>
concept iv_curve = requires(C const& c, double v_V, double g_S) {
  { c.current(v_V, g_S) }
  noexcept->std::convertible_to<double>;
  { c.conductance(v_V, g_S) }
  noexcept->std::convertible_to<double>;
};

/// Ohm's law.
struct linear_iv {
  [[nodiscard]] double current(double v_V, double g_S) const noexcept { return simd::fence(g_S * v_V); }
  [[nodiscard]] double conductance(double, double g_S) const noexcept { return g_S; }
};
static_assert(iv_curve<linear_iv>);

namespace detail {

/// e^x by the library's own operations: the same bits everywhere. Range  any; infinite above 709.7
/// Source  x = k ln 2 + r, Taylor's series of r to r^13, whose rest is below 2^-57 for |r| <= ln 2 / 2
[[nodiscard]] inline double own_exp(double x) noexcept {
  if (!(x > -745.0)) return 0.0;
  if (x > 710.0) return HUGE_VAL;
  double const k = std::floor(simd::fence(x * 1.4426950408889634) + 0.5);
  double const r = (x - simd::fence(k * 0.6931471803691238)) - simd::fence(k * 1.9082149292705877e-10);  // ln 2, split
  double sum = 1.0;
  for (double n = 13.0; n >= 1.0; n -= 1.0) sum = 1.0 + simd::fence(sum * (r / n));
  return std::ldexp(sum, static_cast<int>(k));
}
[[nodiscard]] inline double own_sinh(double x) noexcept {
  if (std::fabs(x) >= 1.0) {
    double const s = 0.5 * (own_exp(std::fabs(x)) - own_exp(-std::fabs(x)));
    return x < 0.0 ? -s : s;
  }
  double const square = simd::fence(x * x);
  double sum = 1.0;  // series to x^19
  for (double n = 18.0; n >= 2.0; n -= 2.0) sum = 1.0 + simd::fence(sum * (square / (n * (n + 1.0))));
  return simd::fence(x * sum);
}

}  // namespace detail

/// I = g v0 sinh(v / v0): ohmic below v0, exponential above, as filaments that are not complete are often fitted.
/// Source  the usual compact form; v0 is a fit, so that there is no default that fits all
struct sinh_iv {
  struct config {
    volts scale{0.5};  ///< v0
    /// Errors  config_value
    static void validate(config const& c) {
      if (!(c.scale.si() >= 1e-3 && c.scale.si() <= 1e6))
        throw error({errc::config_value, "voltage scale out of range", "curve.scale", to_text(c.scale), "1 mV .. 1 MV",
                     "give v0 of g v0 sinh(v / v0)"});
    }
  };

  sinh_iv() : sinh_iv(config{}) {}
  explicit sinh_iv(config const& c) : scale_((config::validate(c), c.scale.si())) {}

  [[nodiscard]] double current(double v_V, double g_S) const noexcept {
    return g_S > 0.0 ? simd::fence(simd::fence(g_S * scale_) * detail::own_sinh(v_V / scale_)) : 0.0;
  }
  [[nodiscard]] double conductance(double v_V, double g_S) const noexcept {
    if (!(g_S > 0.0)) return 0.0;
    double const x = v_V / scale_;
    return simd::fence(g_S * (0.5 * (detail::own_exp(x) + detail::own_exp(-x))));
  }

 private:
  double scale_;
};
static_assert(iv_curve<sinh_iv>);

}  // namespace ohmic::inline OHMIC_ABI
BOOST_HANA_ADAPT_STRUCT(ohmic::sinh_iv::config, scale);
