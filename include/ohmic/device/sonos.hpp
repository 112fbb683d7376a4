// Charge-trapping transistors.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/device/elementary.hpp"
#include "ohmic/device/ideal.hpp"

namespace ohmic::inline OHMIC_ABI {

/// SONOS, 40 nm: spread A (1 - exp(-I / B)), drift of the mean by a polynomial of I, both at 0 to 5 days, and read
/// noise.
/// Units   fits in nA at one drain voltage: 1600 nA stand for 16 uS, which is 0.1 V
/// Source  CrossSim 3.2.0's fits to Figs 10 and 11; linear between days, as there; assumed: what time adds to the
///         spread is independent of the error of programming
struct sonos : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "sonos",
            .summary = "40 nm SONOS to 16 uS: spread, drift over 5 days, read noise",
            .source = "Agrawal et al., IEDM 2022, 21.7, Figs 10 and 11; fits of CrossSim 3.2.0",
            .high_uS = 16.0,
            .has_spread = true,
            .has_read_noise = true,
            .has_drift = true,
            .last_s = 5.0 * day_s};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    return saturating(days[0], g_uS * nA_per_uS) / nA_per_uS;
  }
  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    if (!(age_s > 0.0)) return programmed_uS;
    double const i_nA = simd::fence(target_uS * nA_per_uS);
    measured const now = at(age_s / day_s);
    double const shift = detail::polynomial(now.drift, i_nA);
    double const first = saturating(days[0], i_nA), spread = saturating(now, std::max(0.0, i_nA + shift));
    double const added = std::sqrt(std::max(0.0, simd::fence(spread * spread) - simd::fence(first * first)));
    return std::max(0.0, programmed_uS + (shift + simd::fence(added * z)) / nA_per_uS);
  }
  [[nodiscard]] double read_sigma(double, double aged_uS, double) const noexcept {
    return saturating({12.58037, 215.36557, {}}, aged_uS * nA_per_uS) / nA_per_uS;
  }

 private:
  static constexpr double day_s = 86400.0, nA_per_uS = 100.0;

  struct measured {
    double a_nA, b_nA;
    double drift[11];
  };
  static constexpr measured days[] = {{19.88665, 176.3115, {}},
                                      {25.59102,
                                       186.85544,
                                       {6.83650e-01, 6.51250e-03, -4.03163e-04, 3.37944e-06, -1.87435e-08, 5.88902e-11,
                                        -1.07685e-13, 1.17751e-16, -7.60016e-20, 2.67255e-23, -3.94954e-27}},
                                      {28.72753,
                                       193.56834,
                                       {6.60925e-01, 8.60627e-03, -1.72936e-04, 7.44096e-07, -5.94866e-09, 2.36734e-11,
                                        -4.83740e-14, 5.56072e-17, -3.65397e-20, 1.28405e-23, -1.87450e-27}},
                                      {31.04318,
                                       198.90332,
                                       {1.15821e+00, 1.96116e-02, -4.70807e-04, 3.67510e-06, -2.08786e-08, 6.59752e-11,
                                        -1.19499e-13, 1.28435e-16, -8.11574e-20, 2.78802e-23, -4.02057e-27}},
                                      {33.76214,
                                       204.77023,
                                       {8.72216e-01, 1.70926e-02, -2.23370e-04, 1.57526e-06, -1.32779e-08, 5.08256e-11,
                                        -1.01251e-13, 1.14633e-16, -7.46124e-20, 2.60559e-23, -3.78724e-27}},
                                      {34.57909,
                                       207.34309,
                                       {1.15294e+00, 1.03149e-02, -6.05199e-05, 1.76086e-08, -6.46690e-09, 3.39044e-11,
                                        -7.53872e-14, 8.98185e-17, -6.00346e-20, 2.12615e-23, -3.11099e-27}}};

  static double saturating(measured const& m, double i_nA) noexcept {
    return simd::fence(m.a_nA * (1.0 - detail::own_exp(-i_nA / m.b_nA)));
  }
  /// Range  day in 0..5
  static measured at(double day) noexcept {
    auto const first = static_cast<std::size_t>(std::clamp(std::floor(day), 0.0, 4.0));
    measured const &from = days[first], &to = days[first + 1];
    double const share = day - static_cast<double>(first);
    auto const between = [&](double a, double b) { return a + simd::fence((b - a) * share); };
    measured out{between(from.a_nA, to.a_nA), between(from.b_nA, to.b_nA), {}};
    for (std::size_t k = 0; k < std::size(out.drift); ++k) out.drift[k] = between(from.drift[k], to.drift[k]);
    return out;
  }
};
static_assert(device_law<sonos>);

}  // namespace ohmic::inline OHMIC_ABI
