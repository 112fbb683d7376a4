// What current a programmed cell carries at a voltage: in proportion, or by a curve.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

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

/// HfO2 RRAM: I = g v + N2 v^2 + N3 v^3, whose N2 and N3 are polynomials of log10 g; the higher the conductance, the straighter.
/// Range   g 50 to 225 uS (beyond: the N of the end, as a share of g); |v| up to 0.5 V. Measured from 62.5 to 110 uS
/// Source  CrossSim 3.2.0's fit to Fig 1 of Milo et al., IRPS 2021, with a fifth point, N2 = N3 = 0 at 225 uS, which is its
///         authors' assumption. g is the conductance near 0 V
struct milo_iv {
  static constexpr double low_S = 50e-6, high_S = 225e-6, most_V = 0.5;

  [[nodiscard]] double current(double v_V, double g_S) const noexcept {
    auto const n = coefficients(g_S);
    return simd::fence(v_V * (g_S + simd::fence(v_V * (n.second + simd::fence(n.third * v_V)))));
  }
  [[nodiscard]] double conductance(double v_V, double g_S) const noexcept {
    auto const n = coefficients(g_S);
    return g_S + simd::fence(v_V * (2.0 * n.second + simd::fence(3.0 * n.third * v_V)));
  }

 private:
  struct terms {
    double second = 0.0, third = 0.0;
  };
  [[nodiscard]] static terms coefficients(double g_S) noexcept {
    static constexpr double of_second[] = {7.063e-3, 5.711e-3, 1.541e-3, 1.388e-4};
    static constexpr double of_third[] = {1.2968e-3, 6.7919e-4, 8.871e-5};
    if (!(g_S > 0.0)) return {};
    double const g = g_S < low_S ? low_S : g_S > high_S ? high_S : g_S;
    double const decades = detail::own_log(g) / detail::own_log(10.0), share = g_S / g;
    return {simd::fence(share * detail::polynomial(of_second, decades)),
            simd::fence(share * detail::polynomial(of_third, decades))};
  }
};
static_assert(iv_curve<milo_iv>);

/// Whose curve cells of the in-situ array follow.
enum class curve_law {
  sinh,  ///< sinh_iv with `scale`, one shape for all cells
  milo,  ///< milo_iv, a shape for every conductance
};
template <>
struct enum_names<curve_law> {
  static constexpr std::pair<std::string_view, curve_law> value[] = {{"sinh", curve_law::sinh},
                                                                     {"milo", curve_law::milo}};
};

/// A curve for cells whose conductance is measured at the voltage of a full input.
struct read_curve_config {
  curve_law law = curve_law::sinh;
  volts scale{std::numeric_limits<double>::infinity()};  ///< v0 of sinh_iv; inf: Ohm's law
  volts read{0.2};  ///< voltage of a full input; assumed: CiMLoop reads ISAAC's cells so

  [[nodiscard]] bool is_linear() const noexcept { return law == curve_law::sinh && !std::isfinite(scale.si()); }
};

/// Current of a cell at the share x of the full input, over its current at the full one: sinh(x V / v0) / sinh(V / v0).
/// Range   x in -1..1; the law sinh with scale of 1 mV at least, read above 0 and at most 100 x scale
/// Errors  config_conflict for a law whose shape depends on the cell: it has no share that all cells have
[[nodiscard]] inline double read_curve(read_curve_config const& c, double x) {
  if (c.law != curve_law::sinh)
    throw error({errc::config_conflict, "the shape of this curve depends on the cell", "curve.law",
                 field_format<curve_law>::print(c.law), "sinh", "take read_curve(milo_iv, read, x, g)"});
  if (c.is_linear()) return x;
  double const full = c.read / c.scale;
  return detail::own_sinh(simd::fence(x * full)) / detail::own_sinh(full);
}

/// The same of milo_iv, for a cell that conducts g_S at the full input.
/// Range   read above 0 and at most 0.5 V
[[nodiscard]] inline double read_curve(milo_iv const& law, volts read, double x, double g_S) noexcept {
  if (!(g_S > 0.0)) return 0.0;
  return law.current(simd::fence(x * read.si()), g_S) / law.current(read.si(), g_S);
}

}  // namespace ohmic::inline OHMIC_ABI
OHMIC_MEMBERS(ohmic::sinh_iv::config, scale);
OHMIC_MEMBERS(ohmic::read_curve_config, law, scale, read);
