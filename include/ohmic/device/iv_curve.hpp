// What current a programmed cell carries at a voltage: in proportion, or by a curve.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/device/elementary.hpp"

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

/// A curve for cells whose conductance is measured at the voltage of a full input.
struct read_curve_config {
  volts scale{std::numeric_limits<double>::infinity()};  ///< v0 of sinh_iv; inf: Ohm's law
  volts read{0.2};  ///< voltage of a full input; assumed: CiMLoop reads ISAAC's cells so

  [[nodiscard]] bool is_linear() const noexcept { return !std::isfinite(scale.si()); }
};

/// Current of a cell at the share x of the full input, over its current at the full one: sinh(x V / v0) / sinh(V / v0).
/// Range   x in -1..1; a config with scale of 1 mV at least, read above 0 and at most 100 x scale
[[nodiscard]] inline double read_curve(read_curve_config const& c, double x) noexcept {
  if (c.is_linear()) return x;
  double const full = c.read / c.scale;
  return detail::own_sinh(simd::fence(x * full)) / detail::own_sinh(full);
}

}  // namespace ohmic::inline OHMIC_ABI
BOOST_HANA_ADAPT_STRUCT(ohmic::sinh_iv::config, scale);
BOOST_HANA_ADAPT_STRUCT(ohmic::read_curve_config, scale, read);
