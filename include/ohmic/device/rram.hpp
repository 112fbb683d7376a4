// Resistive memories: filaments in metal oxides.
#pragma once

#include <algorithm>
#include <cmath>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/device/elementary.hpp"
#include "ohmic/device/ideal.hpp"
#include "ohmic/device/memory_cell.hpp"

namespace ohmic::inline OHMIC_ABI {

/// TaOx, whose error is published as a share of cells at wrong levels: a share of full scale, whatever that is in S.
struct rram_taox : ideal_device {
  double full_scale_uS = 100.0;  ///< highest level less the lowest

  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "rram_taox",
            .summary = "TaOx RRAM: sigma 0.63 % of full scale",
            .source =
                "Wang et al., arXiv 2410.15977, section 6: about 1 % of cells wrong at 32 levels, solved for a normal "
                "error",
            .has_spread = true,
            .is_activated = true};
  }
  [[nodiscard]] double programming_sigma(double) const noexcept { return taox_programming_error * full_scale_uS; }
};
static_assert(device_law<rram_taox>);

/// HfO2 RRAM after incremental programming with verifying.
/// Source  sigma = -0.009107 g + 4.782321 uS: fit of CrossSim 3.2.0 to Fig 4 (IGVVA-100); no drift is published
struct rram_milo : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "rram_milo",
            .summary = "HfO2 RRAM, 50 to 225 uS: sigma 4.3 to 2.7 uS",
            .source = "Milo et al., IRPS 2021, Fig 4; fit of CrossSim 3.2.0",
            .low_uS = 50.0,
            .high_uS = 225.0,
            .has_spread = true,
            .is_activated = true};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    static constexpr double c[] = {4.782321, -0.009107};
    return std::max(0.0, detail::polynomial(c, g_uS));
  }
};
static_assert(device_law<rram_milo>);

/// The RRAM of the NeuRRAM chip, one second after programming with verifying.
/// Source  cubic fit of CrossSim 3.2.0 to Extended Data Fig 3, t = 1 s
struct rram_wan : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "rram_wan",
            .summary = "RRAM of NeuRRAM after 1 s, to 39.26 uS: sigma 1.1 to 2.5 uS",
            .source = "Wan et al., Nature 608, 504 (2022), Ext. Data Fig 3; fit of CrossSim 3.2.0",
            .high_uS = 39.26,
            .has_spread = true,
            .is_activated = true};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    static constexpr double c[] = {1.053, 0.2374, -1.167e-2, 1.536e-4};
    return std::max(0.0, detail::polynomial(c, g_uS));
  }
};
static_assert(device_law<rram_wan>);

/// The same measurements as AIHWKit fits them, with what two days add.
/// Source  polynomials of AIHWKit in g / 40 uS at 1 s, 1 day, 2 days, whose distributions are met; assumed: between
///         them sigma is linear in log t, and what is added to the error of programming is independent of it
struct rram_wan_retention : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "rram_wan_retention",
            .summary = "RRAM of NeuRRAM over two days, to 40 uS: sigma 2 uS grows to 4 uS",
            .source = "Wan et al., Nature 608, 504 (2022), Ext. Data Fig 3; fits of AIHWKit (ReRamWan2022NoiseModel)",
            .high_uS = 40.0,
            .has_spread = true,
            .has_drift = true,
            .is_activated = true,
            .first_s = 1.0,
            .last_s = 2.0 * day_s};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept { return sigma(g_uS, 1.0); }
  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    if (!(age_s > 1.0)) return programmed_uS;
    double const now = sigma(target_uS, age_s), first = sigma(target_uS, 1.0);
    double const added = simd::fence(now * now) - simd::fence(first * first);
    return std::max(0.0, programmed_uS + simd::fence(std::sqrt(std::max(0.0, added)) * z));
  }

 private:
  static constexpr double day_s = 86400.0;

  /// Standard deviation of the distance from the target.
  [[nodiscard]] static double sigma(double g_uS, double age_s) noexcept {
    static constexpr double second[] = {0.348, 16.030, -43.853, 45.393, -16.815};
    static constexpr double day[] = {0.701, 22.086, -50.773, 47.095, -16.458};
    static constexpr double two_days[] = {0.782, 20.274, -43.507, 37.062, -11.934};
    double const g = g_uS / 40.0;
    double const one = std::max(0.0, detail::polynomial(day, g));
    if (age_s == day_s) return one;
    bool const early = age_s < day_s;
    double const from = early ? std::max(0.0, detail::polynomial(second, g)) : one;
    double const to = early ? one : std::max(0.0, detail::polynomial(two_days, g));
    double const share =
        early ? detail::own_log(age_s) / detail::own_log(day_s) : detail::own_log(age_s / day_s) / detail::own_log(2.0);
    return from + simd::fence((to - from) * share);
  }
};
static_assert(device_law<rram_wan_retention>);

/// Conductive metal oxide over HfOx: error of programming by the width of its acceptance, relaxation, 1/f noise.
/// Source  AIHWKit (ReRamCMONoiseModel), g in uS: sigma 0.0112185391 + 0.01129027418 g accepted within 2 %,
///         0.00081107 + 0.00106879 g within 0.2 %; relaxation: mean -0.08900206 ln t, sigma 0.04201137 ln t +
///         0.41183342, t in s; a read: 0.0277316483 log10(g) sqrt(ln((t + t_r) / (2 t_r))), t_r = 1 us. Its clipping
///         to g_min..g_max is left out: only 0 is a wall
template <bool Fine>
struct reram_cmo_within : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = Fine ? "reram_cmo_fine" : "reram_cmo",
            .summary = Fine ? "CMO/HfOx ReRAM, 9 to 88.19 uS, accepted within 0.2 %; relaxes, 1/f noise"
                            : "CMO/HfOx ReRAM, 9 to 88.19 uS, accepted within 2 %; relaxes, 1/f noise",
            .source = "Falcone et al., and Lombardo et al., DRC 2024; fits of AIHWKit (ReRamCMONoiseModel)",
            .low_uS = 9.0,
            .high_uS = 88.19,
            .has_spread = true,
            .has_read_noise = true,
            .has_drift = true,
            .is_activated = true,
            .first_s = 1.0};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    static constexpr double fine[] = {0.00081107, 0.00106879}, coarse[] = {0.0112185391, 0.01129027418};
    return Fine ? detail::polynomial(fine, g_uS) : detail::polynomial(coarse, g_uS);
  }
  [[nodiscard]] double aged(double, double programmed_uS, double age_s, double z) const noexcept {
    if (!(age_s > 0.0)) return programmed_uS;
    double const log_t = detail::own_log(age_s), sigma = 0.41183342 + simd::fence(0.04201137 * log_t);
    return std::max(0.0, programmed_uS - simd::fence(0.08900206 * log_t) + simd::fence(sigma * z));
  }
  [[nodiscard]] double read_sigma(double, double aged_uS, double age_s) const noexcept {
    double const t_r = 1e-6;
    if (!(age_s > t_r) || !(aged_uS > 1.0)) return 0.0;
    double const decades = detail::own_log(aged_uS) / detail::own_log(10.0);
    return simd::fence(0.0277316483 * decades) * std::sqrt(detail::own_log((age_s + t_r) / (2.0 * t_r)));
  }
};
struct reram_cmo : reram_cmo_within<false> {};
struct reram_cmo_fine : reram_cmo_within<true> {};
static_assert(device_law<reram_cmo> && device_law<reram_cmo_fine>);

}  // namespace ohmic::inline OHMIC_ABI
