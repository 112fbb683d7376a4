// Phase-change memories.
#pragma once

#include <algorithm>
#include <cmath>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/device/elementary.hpp"
#include "ohmic/device/ideal.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Mushroom cells after iterative programming.
/// Source  quadratic fit of CrossSim 3.2.0, in uS; it has no drift
struct pcm_joshi : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "pcm_joshi",
            .summary = "PCM to 25 uS: sigma 0.29 to 1.1 uS",
            .source = "Joshi et al., Nat. Commun. 11, 2473 (2020); fit of CrossSim 3.2.0",
            .high_uS = 25.0,
            .has_spread = true,
            .is_activated = true};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    static constexpr double c[] = {0.28638599, 0.07585724, -0.00178767};
    return std::max(0.0, detail::polynomial(c, g_uS));
  }
};
static_assert(device_law<pcm_joshi>);

namespace detail {
/// What programming, drift and 1/f noise of phase-change memories have in common; Fit gives their dependence on g /
/// g_max. G(t) = G((t + t_0) / t_0)^-|nu_mean + nu_sigma z|, t counts from the first read at t_0; a read:
/// G(t) Q sqrt(ln((t + t_0 + t_r) / (2 t_r)))
/// Source  Nandakumar et al., ICECS 2019, as AIHWKit has it, which scales a fit where g_max is another: here it is
///         absolute
template <class Fit>
struct drifting_pcm : ideal_device {
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    return std::max(0.0, Fit::sigma(g_uS / Fit::g_max_uS));
  }
  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    if (!(age_s > 0.0)) return programmed_uS;
    double const g = std::max(target_uS / Fit::g_max_uS, 1e-7);  // AIHWKit's: nu grows with -log g
    double const nu = std::fabs(Fit::nu_mean(g) + fence_product(Fit::nu_sigma(g), z));
    return simd::fence(programmed_uS * own_power((age_s + Fit::t_0_s) / Fit::t_0_s, -nu));
  }
  [[nodiscard]] double read_sigma(double programmed_uS, double aged_uS, double age_s) const noexcept {
    double const t_r = Fit::t_read_s;
    return simd::fence(aged_uS * Fit::q(std::max(programmed_uS / Fit::g_max_uS, 1e-7))) *
           std::sqrt(own_log((age_s + Fit::t_0_s + t_r) / (2.0 * t_r)));
  }

 private:
  static double fence_product(double a, double b) noexcept { return simd::fence(a * b); }
};

/// Source  AIHWKit (PCMLikeNoiseModel)
struct nandakumar_fit {
  static constexpr double g_max_uS = 25.0, t_0_s = 20.0, t_read_s = 250e-9;
  static double sigma(double g) noexcept {
    static constexpr double c[] = {0.26348, 1.9650, -1.1731};
    return polynomial(c, g);
  }
  static double nu_mean(double g) noexcept { return std::clamp(0.0244 - simd::fence(0.0155 * own_log(g)), 0.049, 0.1); }
  static double nu_sigma(double g) noexcept {
    return std::clamp(-0.0059 - simd::fence(0.0125 * own_log(g)), 0.008, 0.045);
  }
  static double q(double g) noexcept { return std::min(0.0088 / std::max(own_power(g, 0.65), 1e-3), 0.2); }
};

/// Source  AIHWKit (HermesNoiseModel), for a unit cell of one or of two devices
template <int Devices>
struct hermes_fit {
  static constexpr bool two = Devices == 2;
  static constexpr double g_max_uS = two ? 20.7 : 10.35, t_0_s = two ? 300.0 : 200.0, t_read_s = 512e-9;
  static double sigma(double g) noexcept {
    static constexpr double of_two[] = {0.16603222, 4.71806468, -8.48101252, 4.68961419};
    static constexpr double of_one[] = {0.15781817, 2.32443916, -2.16310839, 0.68841818};
    return two ? polynomial(of_two, g) : polynomial(of_one, g);
  }
  static double nu_mean(double g) noexcept {
    static constexpr double c[] = {0.0736, -0.0126, -0.0436};
    return g < 0.0945 ? std::clamp(-0.0182 - simd::fence(0.0387 * own_log(g)), 0.0720, 0.13) : polynomial(c, g);
  }
  static double nu_sigma(double g) noexcept {
    static constexpr double of_two[] = {0.0073, 0.0093, -0.0118}, of_one[] = {0.0104, 0.0116, -0.0165};
    if constexpr (two)
      return g < 0.3055 ? std::clamp(-0.0057 - simd::fence(0.0117 * own_log(g)), 0.0091, 0.04) : polynomial(of_two, g);
    return g < 0.3039 ? std::clamp(-0.0023 - simd::fence(0.0120 * own_log(g)), 0.0124, 0.04) : polynomial(of_one, g);
  }
  static double q(double g) noexcept {
    static constexpr double of_two[] = {0.0123, 0.0211, -0.0280, 0.0069}, of_one[] = {0.0088, 0.0768, -0.1352, 0.0664};
    if constexpr (two)
      return g < 0.16 ? std::clamp(-0.0069 - simd::fence(0.0117 * own_log(g)), 0.015, 0.04) : polynomial(of_two, g);
    return g < 0.1591 ? std::clamp(0.0038 - simd::fence(0.0078 * own_log(g)), 0.0179, 0.04) : polynomial(of_one, g);
  }
};
}  // namespace detail

/// PCM with programming error, drift and 1/f noise.
struct pcm_nandakumar : detail::drifting_pcm<detail::nandakumar_fit> {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "pcm_nandakumar",
            .summary = "PCM to 25 uS: programming error, drift from 20 s on, 1/f noise",
            .source = "Nandakumar et al., ICECS 2019; fits of AIHWKit (PCMLikeNoiseModel)",
            .high_uS = 25.0,
            .has_spread = true,
            .has_read_noise = true,
            .has_drift = true,
            .is_activated = true};
  }
};
static_assert(device_law<pcm_nandakumar>);

/// The PCM of IBM's HERMES chip, a unit cell of two devices that hold the same, or of one.
template <int Devices>
struct hermes_cell : detail::drifting_pcm<detail::hermes_fit<Devices>> {
  static_assert(Devices == 1 || Devices == 2, "ohmic: HERMES has unit cells of one or two devices");
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = Devices == 2 ? "pcm_hermes" : "pcm_hermes_single",
            .summary = Devices == 2 ? "PCM of HERMES, two devices a cell, to 20.7 uS: error, drift, 1/f noise"
                                    : "PCM of HERMES, one device a cell, to 10.35 uS: error, drift, 1/f noise",
            .source =
                "Le Gallo et al., Nat. Electron. 6 (2023); Vasilopoulos et al., TED 2023; fits of AIHWKit "
                "(HermesNoiseModel)",
            .high_uS = detail::hermes_fit<Devices>::g_max_uS,
            .has_spread = true,
            .has_read_noise = true,
            .has_drift = true,
            .is_activated = true};
  }
};
struct pcm_hermes : hermes_cell<2> {};
struct pcm_hermes_single : hermes_cell<1> {};
static_assert(device_law<pcm_hermes> && device_law<pcm_hermes_single>);

}  // namespace ohmic::inline OHMIC_ABI
