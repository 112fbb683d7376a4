// A device at its place: what is random in its laws, drawn by address; stuck cells; writing with verifying.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Cells that keep a conductance whatever is written.
struct fault_config {
  double stuck_low = 0.0;   ///< share of the cells that stay at the lowest level
  double stuck_high = 0.0;  ///< share of the cells that stay at the highest level
};

/// Write and verify: written again until the cell lies within the tolerance of its target; of a device of so many states, of the
/// mean that its law gives for the target, which is the state that it can reach. A try is what the law of
/// the device describes: one pulse, or, where measured cells were verified already, all the pulses of one such cycle.
struct write_config {
  int max_tries = 1;        ///< 1: written once, not verified
  double tolerance = 0.01;  ///< largest distance from it that verifies, as a share of the cell's range; assumed
  seconds pulse{0.0};       ///< how long a try takes; 0: not known, so that whoever prices it assumes something
};

/// The numbers of an array, and of the time when it is written where that is done again and again.
/// Range   time below 2^24
/// Random  programming: one normal per cell, time and try; drift: one normal per cell; fault: one uniform per cell
struct device_streams {
  device_streams(std::uint64_t seed, std::uint32_t array, std::uint32_t time = 0) noexcept
      : programming{seed, purpose::programming, array},
        drift{seed, purpose::drift, array},
        fault{seed, purpose::fault, array},
        first_try(time * 256) {}
  stream programming, drift, fault;
  std::uint32_t first_try;  ///< of at most 255
};

/// What writing leaves in a cell.
/// Units   uS
struct written_cell {
  double target_uS = 0.0, programmed_uS = 0.0;
  std::uint32_t tries = 1;
  bool verified = true;  ///< always true without verifying
  bool stuck = false;
};

/// Cells of one device as functions of addresses.
/// Range   a law, and settings that resistive_cell_config::validate lets pass
template <device_law Law>
struct device_cell {
  Law law{};
  fault_config faults{};
  write_config writing{};
  double low_uS = 0.0, high_uS = 0.0;  ///< lowest and highest level
  bool drifts = true;                  ///< false: the law does not, and its normal need not be drawn
  bool has_states = true;  ///< false: any conductance can be reached, and verifying looks for the target itself

  /// Writes a cell. Conductances never fall below 0.
  /// Range   first_normal: s.programming.normal(cell, s.first_try) where it is known, or null
  [[nodiscard]] written_cell write(device_streams const& s, std::uint64_t cell, double target_uS,
                                   float const* first_normal = nullptr) const noexcept {
    written_cell out{target_uS, target_uS};
    auto const most = static_cast<std::uint32_t>(writing.max_tries);
    double const mean = law.programming_mean(target_uS), sigma = law.programming_sigma(target_uS);
    // What verifying looks for: the target, or of a table the state that is nearest to it.
    double const aim = has_states ? mean : target_uS;
    auto const near = [&](double g_uS) {
      return most == 1 || std::fabs(g_uS - aim) <= writing.tolerance * (high_uS - low_uS);
    };
    if (faults.stuck_low + faults.stuck_high > 0.0) {
      double const u = static_cast<double>(s.fault.uniform(cell, 0));
      out.stuck = u < faults.stuck_low + faults.stuck_high;
      if (out.stuck) {
        out.programmed_uS = u < faults.stuck_low ? low_uS : high_uS;
        out.verified = near(out.programmed_uS);
        out.tries = out.verified ? 1 : most;
        return out;
      }
    }
    for (out.tries = 0;;) {
      double const g =
          attempt(s, cell, s.first_try + out.tries, target_uS, mean, sigma, out.tries == 0 ? first_normal : nullptr);
      out.programmed_uS = g > 0.0 ? g : 0.0;
      out.verified = near(out.programmed_uS);
      if (++out.tries >= most || out.verified) return out;
    }
  }

  /// True where a cell is what one try leaves in it: not stuck, not verified.
  [[nodiscard]] bool is_written_once() const noexcept {
    return writing.max_tries == 1 && !(faults.stuck_low + faults.stuck_high > 0.0);
  }
  /// The same as `write` where is_written_once, of a law that does not draw by itself, whose normal is known.
  [[nodiscard]] written_cell write_once(double target_uS, float normal) const noexcept {
    double const g = around(law.programming_mean(target_uS), law.programming_sigma(target_uS), normal);
    return {target_uS, g > 0.0 ? g : 0.0};
  }

  /// Mean conductance of a written cell at an age; 0 where the law says less.
  /// Range   normal: s.drift.normal(cell, 0) where it is known, or null
  [[nodiscard]] double aged(device_streams const& s, std::uint64_t cell, written_cell const& w, double age_s,
                            float const* normal = nullptr) const noexcept {
    if (w.stuck) return w.programmed_uS;
    double const z =
        age_s > 0.0 && drifts ? static_cast<double>(normal != nullptr ? *normal : s.drift.normal(cell, 0)) : 0.0;
    double const g = law.aged(w.target_uS, w.programmed_uS, age_s, z);
    return g < 0.0 ? 0.0 : g;
  }

  /// Standard deviation of one read of it; a stuck cell has none.
  [[nodiscard]] double read_sigma(written_cell const& w, double aged_uS, double age_s) const noexcept {
    return w.stuck ? 0.0 : law.read_sigma(w.programmed_uS, aged_uS, age_s);
  }

 private:
  [[nodiscard]] static double around(double mean, double sigma, float z) noexcept {
    return mean + (sigma > 0.0 ? simd::fence(sigma * static_cast<double>(z)) : 0.0);
  }
  /// One try: a normal error around the mean, or what a law that draws by itself makes of the address.
  [[nodiscard]] double attempt(device_streams const& s, std::uint64_t cell, std::uint32_t time, double target_uS,
                               double mean, double sigma, float const* normal) const noexcept {
    if constexpr (requires { law.drawn(s.programming, cell, time, target_uS); })
      if (law.draws()) return law.drawn(s.programming, cell, time, target_uS);
    bool const needs_one = normal == nullptr && sigma > 0.0;
    return around(mean, sigma, needs_one ? s.programming.normal(cell, time) : normal != nullptr ? *normal : 0.0f);
  }
};

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::fault_config, stuck_low, stuck_high);
OHMIC_MEMBERS(ohmic::write_config, max_tries, tolerance, pulse);
