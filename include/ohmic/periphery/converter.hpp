// Converters with errors: their settings, their scale, and the random numbers that a converter is made with.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/stream.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How a converter finds its code.
enum class converter_kind {
  ideal,  ///< the nearest code
  sar,    ///< successive approximation: a comparator and a capacitor DAC search bit by bit
  flash,  ///< a comparator for every threshold, on a ladder of resistors
  ramp,   ///< a ramp that all columns of an array share, a comparator and a counter for each
};
template <>
struct enum_names<converter_kind> {
  static constexpr std::pair<std::string_view, converter_kind> value[] = {{"ideal", converter_kind::ideal},
                                                                          {"sar", converter_kind::sar},
                                                                          {"flash", converter_kind::flash},
                                                                          {"ramp", converter_kind::ramp}};
};

/// What is wrong with converters. Each is a standard deviation over converters, comparators or comparisons, but for gain and
/// delay, which all have alike. Every default is the ideal part (ours); README.md has published values.
/// Units   shares of the converter's range, but for mismatch (of a unit element), slope (of the ramp's) and delay (clock
///         cycles); gain is a ratio
/// Source  M. Spear et al., IEEE JXCDC 9 (2023), for what a SAR and a ramp converter suffer from, capacitor mismatch that
///         falls with the root of the capacitor, and offsets relative to the reference
struct converter_config {
  converter_kind kind = converter_kind::ideal;
  int columns = 1;        ///< neighbouring columns that share a converter; of a ramp a comparator
  double mismatch = 0.0;  ///< relative sigma of a unit: capacitor of a SAR, resistor of a flash ladder, step of a ramp
  double offset = 0.0;    ///< sigma of a comparator's, of the range
  double noise = 0.0;     ///< sigma of every comparison's, of the range
  double gain =
      std::numeric_limits<double>::infinity();  ///< open-loop gain of the amplifier that buffers the reference
  double slope = 0.0;                           ///< of a ramp, from array to array
  double bow = 0.0;                             ///< of a ramp at half scale, from array to array
  double delay = 0.0;  ///< of a ramp's comparator, in clock cycles: how long the counter goes on

  /// True where two conversions of one current may differ.
  [[nodiscard]] bool is_noisy() const noexcept { return kind != converter_kind::ideal && noise > 0.0; }

  /// The most bits that a kind is built with: a flash has 2^bits - 1 comparators, a ramp takes 2^bits cycles.
  [[nodiscard]] static constexpr int most_bits(converter_kind kind) noexcept {
    return kind == converter_kind::flash ? 10 : kind == converter_kind::ramp ? 14 : 24;
  }

  /// Errors  config_value, config_conflict, naming the field behind `where`; bits: of the converter
  static void validate(converter_config const& c, int bits, std::string const& where = "converter.") {
    auto const within = [&](char const* key, double v, double low, double high, char const* allowed) {
      if (!(v >= low && v <= high))
        throw error({errc::config_value, "out of range", where + key, field_format<double>::print(v), allowed,
                     "set " + where + key});
    };
    auto const refuse_if = [&](bool bad, char const* what, std::string const& key, std::string got, std::string allowed,
                               std::string fix) {
      if (bad)
        throw error({errc::config_conflict, what, where + key, std::move(got), std::move(allowed), std::move(fix)});
    };
    within("columns", c.columns, 1, 65536, "1..65536 columns that share a converter");
    within("mismatch", c.mismatch, 0.0, 0.5, "0..0.5 of a unit element");
    within("offset", c.offset, 0.0, 1.0, "0..1 of the range");
    within("noise", c.noise, 0.0, 1.0, "0..1 of the range");
    within("gain", c.gain, 1.0, std::numeric_limits<double>::infinity(), "1 and above, or inf");
    within("slope", c.slope, 0.0, 0.5, "0..0.5 of the slope");
    within("bow", c.bow, 0.0, 0.5, "0..0.5 of the range");
    within("delay", c.delay, 0.0, 1024.0, "0..1024 clock cycles");
    std::string const kind = field_format<converter_kind>::print(c.kind), own = where + "kind=";
    bool const ideal = c.kind == converter_kind::ideal, ramp = c.kind == converter_kind::ramp;
    auto const refuse_given = [&](bool bad, char const* what, char const* key, auto v, auto unset,
                                  std::string allowed) {
      refuse_if(bad && v != unset, what, key, field_format<decltype(v)>::print(v) + " with " + own + kind,
                own + std::move(allowed), "set " + where + "kind, or leave " + where + key + " out");
    };
    converter_config const none;
    auto const of_all = [&](char const* key, auto v, auto unset) {
      refuse_given(ideal, "an ideal converter has no errors", key, v, unset, "sar, flash or ramp");
    };
    auto const of_ramp = [&](char const* key, double v, double unset) {
      refuse_given(!ramp, ideal ? "an ideal converter has no errors" : "only a ramp has a slope, a bow and a delay",
                   key, v, unset, "ramp");
    };
    of_all("columns", c.columns, none.columns);
    of_all("mismatch", c.mismatch, none.mismatch);
    of_all("offset", c.offset, none.offset);
    of_all("noise", c.noise, none.noise);
    of_all("gain", c.gain, none.gain);
    of_ramp("slope", c.slope, none.slope);
    of_ramp("bow", c.bow, none.bow);
    of_ramp("delay", c.delay, none.delay);
    refuse_if(bits > most_bits(c.kind), "nobody builds this kind with so many bits", "kind",
              kind + " with " + std::to_string(bits) + " bits",
              "at most " + std::to_string(most_bits(c.kind)) + " bits", "set adc.bits, or " + where + "kind=sar");
  }
};

/// Codes of a converter, which are whole numbers 0..top, a step apart.
struct converter_scale {
  int bits = 8;
  double top = 255.0;  ///< the largest code: 2^bits - 1, or one less in conventions with a code for 0 in the middle
  double zero = 0.0;   ///< where no current lies, in steps: references shrink to it where amplifiers lack gain
};

/// The random numbers of one converter: what it was made with, whatever it converts.
/// Range   numbers of a converter and common ones below `of_one`, converters below 2^19 - 1
/// Random  `made`: standard normal numbers at the time `place`, which tells arrays apart that grow and so have no fixed number
struct converter_numbers {
  static constexpr std::uint64_t of_one = 1u << 15;
  stream made{0, purpose::adc, 0};
  std::uint64_t converter = 0;
  std::uint32_t place = 0;

  [[nodiscard]] double own(std::uint64_t k) const noexcept {
    return static_cast<double>(made.normal((converter + 1) * of_one + k, place));
  }
  /// Those that all converters of an array share.
  [[nodiscard]] double common(std::uint64_t k) const noexcept { return static_cast<double>(made.normal(k, place)); }
};

/// Comparisons without noise.
struct no_noise {
  constexpr double operator()(std::uint64_t) const noexcept { return 0.0; }
};

namespace detail {

/// What a comparator says of x and the threshold below `code`. A tie goes to the even code, as in a converter that rounds to the
/// nearest.
[[nodiscard]] inline bool is_above(double x, double threshold, double code) noexcept {
  return x > threshold || (x == threshold && std::fmod(code, 2.0) == 0.0);
}

/// A reference behind an amplifier of this gain with unity feedback.
[[nodiscard]] inline double buffered(double level, double zero, double gain) noexcept {
  return std::isfinite(gain) ? zero + (level - zero) / (1.0 + 1.0 / gain) : level;
}

}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::converter_config, kind, columns, mismatch, offset, noise, gain, slope, bow, delay);
