// What can happen to any device: laws around laws.
#pragma once

#include <algorithm>
#include <cmath>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/device/elementary.hpp"

namespace ohmic::inline OHMIC_ABI {

/// An error of programming of one size at every conductance, added to the device's own.
template <device_law Law>
struct with_spread : Law {
  double spread_uS = 0.0;

  [[nodiscard]] constexpr device_facts facts() const noexcept {
    auto f = Law::facts();
    f.has_spread = f.has_spread || spread_uS > 0.0;
    return f;
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    double const own = Law::programming_sigma(g_uS);
    return spread_uS > 0.0 ? std::sqrt(simd::fence(own * own) + simd::fence(spread_uS * spread_uS)) : own;
  }
};

/// Power-law drift G(t) = G (t / t0)^-(exponent + spread z), nothing before t0. Around a law that drifts itself both exponents follow
/// the one normal of the cell; settings refuse that.
template <device_law Law>
struct with_drift : Law {
  double exponent = 0.0, spread = 0.0;
  double reference_s = 1.0;  ///< t0

  [[nodiscard]] constexpr device_facts facts() const noexcept {
    auto f = Law::facts();
    f.has_drift = f.has_drift || exponent != 0.0 || spread != 0.0;
    return f;
  }
  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    double const g = Law::aged(target_uS, programmed_uS, age_s, z);
    if ((exponent == 0.0 && spread == 0.0) || !(age_s > reference_s)) return g;
    return simd::fence(g * detail::own_power(age_s / reference_s, -(exponent + simd::fence(spread * z))));
  }
};

/// A normal error of every read, added to the device's own.
template <device_law Law>
struct with_read_noise : Law {
  double noise_uS = 0.0;

  [[nodiscard]] constexpr device_facts facts() const noexcept {
    auto f = Law::facts();
    f.has_read_noise = f.has_read_noise || noise_uS > 0.0;
    return f;
  }
  [[nodiscard]] double read_sigma(double programmed_uS, double aged_uS, double age_s) const noexcept {
    double const own = Law::read_sigma(programmed_uS, aged_uS, age_s);
    return noise_uS > 0.0 ? std::sqrt(simd::fence(own * own) + simd::fence(noise_uS * noise_uS)) : own;
  }
};

/// Boltzmann's constant. Units  eV / K. Source  SI 2019, exact k / e, to the digits of a double
inline constexpr double boltzmann_eV = 8.617333262145179e-5;

/// What Arrhenius' law makes of a conductance at another temperature than that of programming: exp(-E / k (1 / T - 1 / T0)).
/// Source  thermally activated conduction; E = 0.1 eV is what AnalogLib assumes
[[nodiscard]] inline double thermal_factor(double activation_eV, double at_K, double reference_K) noexcept {
  return at_K == reference_K
             ? 1.0
             : detail::own_exp(simd::fence(-activation_eV / boltzmann_eV * (1.0 / at_K - 1.0 / reference_K)));
}

/// Conductance at another temperature. Noise that the device has is multiplied alike.
template <device_law Law>
struct with_temperature : Law {
  double factor = 1.0;

  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    return simd::fence(Law::aged(target_uS, programmed_uS, age_s, z) * factor);
  }
  [[nodiscard]] double read_sigma(double programmed_uS, double aged_uS, double age_s) const noexcept {
    return simd::fence(Law::read_sigma(programmed_uS, aged_uS / factor, age_s) * factor);
  }
};

/// All of them around one law, each off until it is set.
template <device_law Law>
using decorated = with_temperature<with_read_noise<with_drift<with_spread<Law>>>>;

}  // namespace ohmic::inline OHMIC_ABI
