// A memristor of the dense bank as one cell of a memory: levels, programming, fluctuation, noise, drift, faults.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Amplitude of the two-state telegraph noise of a cell, as a share of full scale; what `rtn_multiple` multiplies.
/// Source  read off, Wang et al. 2024, section 6: "no error at 5 x" with 2-bit cells and at 18 x with 1-bit cells. Half a level
///         is 1/6 and 1/2 of full scale, so that 2.7 % is the value that both statements fit (first errors at 6.2 x and 18.6 x)
inline constexpr double rtn_base_amplitude = 0.027;

/// Programming error of a TaOx cell, as a share of full scale.
/// Source  derived, Wang et al. 2024, section 6: about 1 % of the cells wrong at 32 levels. Half a level is 1/62 there, and a
///         normal number exceeds 2.5758 sigma on either side with 1 %
inline constexpr double taox_programming_error = 1.0 / 62.0 / 2.5758;

/// What a cell of the dense bank does to the level that is written into it. The default is perfect.
/// Units   conductances as shares of full scale: 0 is the lowest level, 1 the highest
/// Range   bits 1..4; standard deviations 0..1; the sum of the two fault rates at most 1
/// Source  assumed: levels are equally spaced over full scale, and the lowest conducts nothing (an offset is subtracted)
struct memory_cell_config {
  int bits = 2;                    ///< of a cell: 2^bits levels
  double programming_error = 0.0;  ///< standard deviation of what one pulse leaves (`taox_programming_error` for TaOx)
  int max_pulses = 1;       ///< 1: one pulse, not verified. More: verified after each, written again until it is right
  double tolerance = 0.02;  ///< largest error that verifies; assumed: below half a level of 16
  double rtn_base = rtn_base_amplitude;
  double rtn_multiple = 0.0;     ///< of rtn_base: the distance of the two states
  double read_noise = 0.0;       ///< standard deviation of a read
  double drift_exponent = 0.0;   ///< nu in G(t) = G(t0) (t / t0)^-nu, its mean over cells
  double drift_spread = 0.0;     ///< standard deviation of nu from cell to cell
  seconds drift_reference{1.0};  ///< t0; assumed: nothing drifts before
  double stuck_low = 0.0;        ///< share of the cells that always read as the lowest level
  double stuck_high = 0.0;       ///< share of the cells that always read as the highest level

  /// Errors  config_value naming the field
  static void validate(memory_cell_config const& c) {
    auto const bad = [](char const* key, std::string got, char const* allowed) {
      return error({errc::config_value, "out of range", std::string("dense.cell.") + key, std::move(got), allowed,
                    std::string("set dense.cell.") + key});
    };
    auto const share = [&](char const* key, double v, double top, char const* allowed) {
      if (!(v >= 0.0 && v <= top)) throw bad(key, detail::number_text(v), allowed);
    };
    if (c.bits < 1 || c.bits > 4) throw bad("bits", std::to_string(c.bits), "1..4");
    if (c.max_pulses < 1 || c.max_pulses > max_pulses_allowed)
      throw bad("max_pulses", std::to_string(c.max_pulses), "1..255");
    share("programming_error", c.programming_error, 1.0, "0..1 of full scale");
    if (!(c.tolerance > 0.0 && c.tolerance <= 1.0))
      throw bad("tolerance", detail::number_text(c.tolerance), "above 0, at most 1 of full scale");
    share("rtn_base", c.rtn_base, 1.0, "0..1 of full scale");
    share("rtn_multiple", c.rtn_multiple, 1000.0, "0..1000 x dense.cell.rtn_base");
    share("read_noise", c.read_noise, 1.0, "0..1 of full scale");
    share("drift_exponent", c.drift_exponent, 1.0, "0..1");
    share("drift_spread", c.drift_spread, 1.0, "0..1");
    if (!(c.drift_reference.si() > 0.0 && std::isfinite(c.drift_reference.si())))
      throw bad("drift_reference", to_text(c.drift_reference), "above 0 s");
    share("stuck_low", c.stuck_low, 1.0, "0..1");
    share("stuck_high", c.stuck_high, 1.0 - c.stuck_low, "0..1 - dense.cell.stuck_low");
  }

  static constexpr int max_pulses_allowed = 255;

  /// True if every level comes back: nothing is drawn then.
  [[nodiscard]] constexpr bool is_perfect() const noexcept {
    return programming_error == 0.0 && rtn_base * rtn_multiple == 0.0 && read_noise == 0.0 && drift_exponent == 0.0 &&
           drift_spread == 0.0 && stuck_low == 0.0 && stuck_high == 0.0;
  }
};

/// What programming leaves in a cell.
struct programmed_cell {
  float held = 0.0f;  ///< conductance; infinite, of either sign, in a stuck cell: beyond every threshold at any noise
  bool upwards = false;      ///< its other state lies above the programmed one
  std::uint32_t pulses = 0;  ///< that it took
  bool verified = true;      ///< always true without verifying
};

/// One cell as a definition: every quantity a function of addresses.
/// Shape   levels 0..top, thresholds halfway between
/// Random  programming: one normal per cell and pulse, and the side of its other state; fault: one uniform per cell; rtn: one
///         word per cell and read, its highest bit is the state; read: one normal per cell and read; drift: one normal per cell
/// Source  two states, each half of the time: a cell is programmed in one of them and read in either, so that it reads either
///         as written or off by the amplitude, always to its own side, and up or down with equal chance from write to write.
///         Assumed: pulses are independent attempts, verifying is free of noise, stuck cells show neither noise nor drift
class memory_cell {
 public:
  /// The numbers of one bank.
  struct streams {
    stream programming, read, rtn, fault, drift;

    constexpr streams(std::uint64_t seed, std::uint32_t bank) noexcept
        : programming{seed, purpose::programming, bank},
          read{seed, purpose::memory_read, bank},
          rtn{seed, purpose::memory_rtn, bank},
          fault{seed, purpose::fault, bank},
          drift{seed, purpose::drift, bank} {}
  };

  /// Errors  as memory_cell_config::validate
  explicit memory_cell(memory_cell_config const& c) : config_(c) {
    memory_cell_config::validate(c);
    for (int k = 0; k < top(); ++k)
      threshold_[k] = static_cast<float>((static_cast<double>(k) + 0.5) / static_cast<double>(top()));
    amplitude_ = static_cast<float>(c.rtn_base * c.rtn_multiple);
    read_noise_ = static_cast<float>(c.read_noise);
    programming_error_ = static_cast<float>(c.programming_error);
    tolerance_ = static_cast<float>(c.tolerance);
  }

  [[nodiscard]] memory_cell_config const& settings() const noexcept { return config_; }
  [[nodiscard]] int top() const noexcept { return (1 << config_.bits) - 1; }
  [[nodiscard]] bool verifies() const noexcept { return config_.max_pulses > 1; }
  [[nodiscard]] bool can_stick() const noexcept { return config_.stuck_low > 0.0 || config_.stuck_high > 0.0; }
  [[nodiscard]] bool drifts() const noexcept { return config_.drift_exponent > 0.0 || config_.drift_spread > 0.0; }
  [[nodiscard]] float amplitude() const noexcept { return amplitude_; }
  [[nodiscard]] float read_noise() const noexcept { return read_noise_; }
  [[nodiscard]] float programming_error() const noexcept { return programming_error_; }

  /// Conductance of a level without errors.
  [[nodiscard]] float ideal(int level) const noexcept { return static_cast<float>(level) / static_cast<float>(top()); }

  /// What one pulse leaves, and whether it verifies.
  [[nodiscard]] float after_pulse(float ideal, float z) const noexcept {
    return simd::mul_add(programming_error_, z, ideal);
  }
  [[nodiscard]] bool verifies_as(float held, float ideal) const noexcept {
    return simd::abs<float>(held - ideal) <= tolerance_;
  }

  /// Stuck at infinity of either sign, or 0 for a cell that works.
  [[nodiscard]] float stuck_at(float uniform) const noexcept {
    auto const u = static_cast<double>(uniform);
    constexpr float beyond = std::numeric_limits<float>::infinity();
    return u < config_.stuck_low ? -beyond : u > 1.0 - config_.stuck_high ? beyond : 0.0f;
  }

  /// Times of the addresses: pulses of a write, and the draw of its side.
  static constexpr std::uint32_t times_per_write = 256;
  static constexpr std::uint32_t side_time = 255;
  static constexpr std::uint32_t max_writes = 0xffffffffu / times_per_write;

  /// Programs one cell for the n-th time.
  /// Range   write below max_writes
  [[nodiscard]] programmed_cell program(streams const& s, std::uint64_t cell, std::uint32_t write,
                                        int level) const noexcept {
    programmed_cell out;
    std::uint32_t const time = write * times_per_write;
    out.upwards = s.programming.word(cell, time + side_time) >> 31 != 0;
    float const wanted = ideal(level), stuck = stuck_at(s.fault.uniform(cell, 0));
    auto const pulses = static_cast<std::uint32_t>(config_.max_pulses);
    if (stuck != 0.0f) return stuck_cell(out, stuck, level);
    do {
      out.held = after_pulse(wanted, s.programming.normal(cell, time + out.pulses));
      ++out.pulses;
      out.verified = !verifies() || verifies_as(out.held, wanted);
    } while (!out.verified && out.pulses < pulses);
    return out;
  }

  /// The share of its conductance that is left; log_age = log(t / t0), at least 0.
  [[nodiscard]] float drift_factor(float z, double log_age) const noexcept {
    double const nu = config_.drift_exponent + simd::fence(config_.drift_spread * static_cast<double>(z));
    return static_cast<float>(std::fmin(1e30, std::fmax(1e-30, std::exp(-nu * log_age))));  // so that infinity stays
  }
  /// log(t / t0) of an age; 0 up to t0, and where nothing drifts.
  [[nodiscard]] double log_age(seconds age) const noexcept {
    return drifts() && age > config_.drift_reference ? std::log(age / config_.drift_reference) : 0.0;
  }

  /// The level that the sense amplifiers see: how many thresholds the current exceeds.
  /// Shape   held, drift factor, displacement of the state, normal number -> level
  template <simd::lane V>
  [[nodiscard]] V sensed(V held, V factor, V displacement, V z) const noexcept {
    V const current = simd::mul<V>(held, factor) + displacement + simd::mul<V>(V(read_noise_), z);
    V level(0.0f);
    for (int k = 0; k < top(); ++k) level = level + simd::select(current > V(threshold_[k]), V(1.0f), V(0.0f));
    return level;
  }

  /// Displacement of a cell in this state.
  [[nodiscard]] float displacement(std::uint32_t rtn_word, bool upwards) const noexcept {
    return rtn_word >> 31 == 0 ? 0.0f : upwards ? amplitude_ : -amplitude_;
  }

  /// Reads one cell at this time.
  [[nodiscard]] int read(streams const& s, std::uint64_t cell, std::uint32_t time, programmed_cell const& c,
                         double log_age) const noexcept {
    float const factor = log_age > 0.0 ? drift_factor(s.drift.normal(cell, 0), log_age) : 1.0f;
    return static_cast<int>(
        sensed<float>(c.held, factor, displacement(s.rtn.word(cell, time), c.upwards), s.read.normal(cell, time)));
  }

  /// Completes the programming of a stuck cell: it verifies only where it is stuck at the wanted level.
  [[nodiscard]] programmed_cell stuck_cell(programmed_cell c, float stuck, int level) const noexcept {
    c.held = stuck;
    c.verified = !verifies() || level == (stuck < 0.0f ? 0 : top());
    c.pulses = c.verified ? 1 : static_cast<std::uint32_t>(config_.max_pulses);
    return c;
  }

  /// True if cells that hold low..high at this age read as `level` whatever is drawn.
  /// Source  sensed() grows or falls with each of its four arguments, so that the corners bound it
  [[nodiscard]] bool always_reads(float low, float high, int level, double log_age) const noexcept {
    float const z = largest_normal;
    float const factors[] = {log_age > 0.0 ? drift_factor(z, log_age) : 1.0f,
                             log_age > 0.0 ? drift_factor(-z, log_age) : 1.0f};
    for (float held : {low, high})
      for (float factor : factors)
        for (float side : {-1.0f, 1.0f})
          if (sensed<float>(held, factor, side * amplitude_, side * z) != static_cast<float>(level)) return false;
    return true;
  }

  /// No number of `stream::normal` is larger (6.34), with room for rounding.
  static constexpr float largest_normal = 6.5f;

 private:
  memory_cell_config config_;
  float threshold_[15] = {};
  float amplitude_ = 0.0f, read_noise_ = 0.0f, programming_error_ = 0.0f, tolerance_ = 0.0f;
};

/// Chance that a cell which holds this level reads as another one: the definition, integrated.
/// Range   max_pulses 1, because without verifying programming errors are normal; no drift
/// Errors  as memory_cell_config::validate; config_conflict outside the range
/// Source  ours; held to the definition in tests/unit/device
[[nodiscard]] inline double cell_error_probability(memory_cell_config const& c, int level) {
  memory_cell_config::validate(c);
  if (c.max_pulses > 1 || c.drift_exponent > 0.0 || c.drift_spread > 0.0)
    throw error({errc::config_conflict, "chance of an error has no closed form", "dense.cell",
                 c.max_pulses > 1 ? "max_pulses=" + std::to_string(c.max_pulses) : "drift",
                 "max_pulses=1 without drift", "count the errors of dense_bank reads"});
  double const steps = static_cast<double>((1 << c.bits) - 1), half = 0.5 / steps;
  double const sigma = std::hypot(c.programming_error, c.read_noise), amplitude = c.rtn_base * c.rtn_multiple;
  bool const lowest = level == 0, highest = level + 1 == 1 << c.bits;
  auto const beyond = [&](double distance) {  // chance that noise exceeds it
    if (sigma == 0.0) return distance < 0.0 ? 1.0 : 0.0;
    return 0.5 * std::erfc(distance / sigma / std::sqrt(2.0));
  };
  double wrong = 0.0;
  struct state {
    double at, weight;
  };
  for (auto const& [at, weight] : {state{0.0, 0.5}, state{amplitude, 0.25}, state{-amplitude, 0.25}})
    wrong += weight * ((highest ? 0.0 : beyond(half - at)) + (lowest ? 0.0 : beyond(half + at)));
  return c.stuck_low * (lowest ? 0.0 : 1.0) + c.stuck_high * (highest ? 0.0 : 1.0) +
         (1.0 - c.stuck_low - c.stuck_high) * wrong;
}

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::memory_cell_config, bits, programming_error, max_pulses, tolerance, rtn_base, rtn_multiple,
              read_noise, drift_exponent, drift_spread, drift_reference, stuck_low, stuck_high);
