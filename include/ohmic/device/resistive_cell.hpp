// A memristor that is programmed once to one of many conductances, and how far off it lands.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Published laws of the error that programming leaves: a normal number times a sigma that depends on the conductance.
enum class programming_law {
  none,
  pcm_joshi,  ///< phase-change memory, up to 25 uS
  rram_milo,  ///< HfO2 RRAM, 50 to 225 uS
  rram_wan,   ///< the RRAM of NeuRRAM one second after programming, up to 39.26 uS
};

template <>
struct enum_names<programming_law> {
  static constexpr std::pair<std::string_view, programming_law> value[] = {{"none", programming_law::none},
                                                                           {"pcm_joshi", programming_law::pcm_joshi},
                                                                           {"rram_milo", programming_law::rram_milo},
                                                                           {"rram_wan", programming_law::rram_wan}};
};

/// Range of conductances for which a law was measured.
/// Units   S
struct conductance_range {
  double low_S = 0.0, high_S = 0.0;
};
[[nodiscard]] constexpr conductance_range measured_range(programming_law law) noexcept {
  switch (law) {
    case programming_law::pcm_joshi:
      return {0.0, 25e-6};
    case programming_law::rram_milo:
      return {50e-6, 225e-6};
    case programming_law::rram_wan:
      return {0.0, 39.26e-6};
    default:
      return {0.0, 1e300};
  }
}

/// Standard deviation of the conductance that programming leaves.
/// Units   S -> S
/// Range   g_S within measured_range(law)
/// Source  polynomials as CrossSim 3.2.0 carries them. pcm_joshi: Joshi et al., Nat. Commun. 11, 2473 (2020); rram_milo: Milo
///         et al., IRPS 2021; rram_wan: Wan et al., Nature 608, 504 (2022). Check values in tests/unit/device
[[nodiscard]] inline double programming_sigma(programming_law law, double g_S) noexcept {
  double const g = g_S * 1e6;  // in uS, as the fits are
  double sigma = 0.0;
  switch (law) {
    case programming_law::pcm_joshi:
      sigma = simd::fence((simd::fence(-0.00178767 * g) + 0.07585724) * g) + 0.28638599;
      break;
    case programming_law::rram_milo:
      sigma = simd::fence(-0.009107 * g) + 4.782321;
      break;
    case programming_law::rram_wan:
      sigma = simd::fence((simd::fence((simd::fence(1.536e-4 * g) - 1.167e-2) * g) + 0.2374) * g) + 1.053;
      break;
    default:
      break;
  }
  return sigma > 0.0 ? sigma * 1e-6 : 0.0;
}

/// Settings of a cell that keeps a conductance between 1 / r_off and 1 / r_on.
struct resistive_cell_config {
  ohms r_on{10e3};
  ohms r_off{1e6};  ///< inf: the lowest level conducts nothing
  int levels = 0;   ///< evenly spaced, both ends included; 0: any conductance
  programming_law programming = programming_law::none;

  /// Errors  config_value, config_conflict, naming the field
  static void validate(resistive_cell_config const& c) {
    double const on = c.r_on.si(), off = c.r_off.si();
    if (!(on > 0.0 && std::isfinite(on)))
      throw error({errc::config_value, "conductance is not positive and finite", "cell.r_on", to_text(c.r_on),
                   "above 0 ohm", "set cell.r_on to the resistance of the highest level"});
    if (!(off > on))
      throw error({errc::config_value, "the lowest level conducts no less than the highest", "cell.r_off",
                   to_text(c.r_off), "above cell.r_on = " + to_text(c.r_on) + ", or inf ohm",
                   "exchange cell.r_on and cell.r_off"});
    if (c.levels != 0 && (c.levels < 2 || c.levels > 65536))
      throw error({errc::config_value, "out of range", "cell.levels", std::to_string(c.levels),
                   "0 (any conductance) or 2..65536", "set cell.levels"});
    auto const range = measured_range(c.programming);
    // A part in 10^9 of room: 25 uS is 1 / 40 kohm but for a rounding.
    if (c.g_max_S() > range.high_S * (1.0 + 1e-9) || c.g_min_S() < range.low_S * (1.0 - 1e-9))
      throw error(
          {errc::config_conflict, "conductances are outside what the law was measured on", "cell.programming",
           field_format<programming_law>::print(c.programming) + " with " + to_text(c.r_on) + " to " + to_text(c.r_off),
           to_text(siemens(range.low_S)) + " to " + to_text(siemens(range.high_S)),
           "set cell.r_on and cell.r_off, or cell.programming=none"});
  }

  [[nodiscard]] double g_max_S() const noexcept { return 1.0 / r_on.si(); }
  [[nodiscard]] double g_min_S() const noexcept { return std::isfinite(r_off.si()) ? 1.0 / r_off.si() : 0.0; }
};

/// The cell: from a share of its range to a conductance.
/// Units   conductances relative to that of the highest level, so that 1 is 1 / r_on
/// Random  purpose::programming, one normal per cell, where a law is set
class resistive_cell {
 public:
  /// Range   a config that validates
  explicit resistive_cell(resistive_cell_config const& c) noexcept
      : law_(c.programming),
        g_max_S_(c.g_max_S()),
        low_(std::isfinite(c.r_off.si()) ? c.r_on.si() / c.r_off.si() : 0.0),
        span_(1.0 - low_),
        steps_(c.levels > 0 ? static_cast<double>(c.levels - 1) : 0.0) {}

  [[nodiscard]] double low() const noexcept { return low_; }
  [[nodiscard]] double span() const noexcept { return span_; }  ///< 1 - low()
  [[nodiscard]] double g_max_S() const noexcept { return g_max_S_; }

  /// The level nearest to this share of the range, ties to even; without finite levels the share itself.
  /// Range   share in 0..1
  [[nodiscard]] double target(double share) const noexcept {
    double const level = steps_ > 0.0 ? std::nearbyint(share * steps_) / steps_ : share;
    return low_ + simd::fence(span_ * level);
  }

  /// What programming leaves of a target: never below 0.
  [[nodiscard]] double programmed(double target, float normal) const noexcept {
    if (law_ == programming_law::none) return target;
    double const sigma = programming_sigma(law_, target * g_max_S_) / g_max_S_;
    double const g = target + simd::fence(sigma * static_cast<double>(normal));
    return g > 0.0 ? g : 0.0;
  }
  [[nodiscard]] bool is_random() const noexcept { return law_ != programming_law::none; }

 private:
  programming_law law_;
  double g_max_S_, low_, span_, steps_;
};

}  // namespace ohmic::inline OHMIC_ABI

BOOST_HANA_ADAPT_STRUCT(ohmic::resistive_cell_config, r_on, r_off, levels, programming);
