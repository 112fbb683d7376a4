// Settings of the conventional in-situ array: weights are stored in cells, inputs drive the rows.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/in_situ/policies.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/periphery/converter.hpp"
#include "ohmic/periphery/levels.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

struct array_config {
  int rows = 0;  ///< inputs of an array; 0: all inputs in one
};

struct weight_config {
  in_situ::mapping mapping = in_situ::mapping::differential;
  int bits = 8;               ///< of a weight, sign included, where it is cut into slices
  std::vector<int> slices{};  ///< bits of each cell of a weight, least significant first; empty: one cell, not sliced
  weight_digits digits = weight_digits::binary;
  double largest = 0.0;  ///< the |w| that takes the highest level; 0: the largest of the matrix
  in_situ::offset_gain offset_gain = in_situ::offset_gain::exact;

  [[nodiscard]] bool is_differential() const noexcept {
    return mapping == in_situ::mapping::differential || mapping == in_situ::mapping::differential_two_sided;
  }
  [[nodiscard]] bool is_sliced() const noexcept { return !slices.empty(); }
  /// What the digit of a slice counts: the product of the bases below it.
  [[nodiscard]] std::int64_t place(std::size_t slice) const noexcept {
    std::int64_t value = 1;
    for (std::size_t i = 0; i < slice; ++i) value *= base(i);
    return value;
  }
  [[nodiscard]] std::int64_t base(std::size_t slice) const noexcept {
    return digits == weight_digits::balanced ? (std::int64_t{2} << slices[slice]) - 1
                                             : std::int64_t{1} << slices[slice];
  }
  /// Largest code of a weight: 2^(bits - 1) - 1.
  [[nodiscard]] std::int64_t top() const noexcept { return (std::int64_t{1} << (bits - 1)) - 1; }
};

struct input_config {
  input_scale scale = input_scale::largest_of_vector;
  double largest = 1.0;  ///< of `fixed`: the |x| that drives a row fully
  input_coding coding = input_coding::sign_magnitude;
  int bits = 8;             ///< sign included, where the coding has one
  double steps = 254.0;     ///< of `aihwkit_steps`, over -1..1; inf: clips and does not round
  int slice_bits = 0;       ///< bits of |x| driven at a time, least significant first; 0: all at once, 1: bit-serial
  double pulse_leak = 0.0;  ///< of `pulse_width`: longest pulse over the time constant with which the integrator leaks
  double pulse_dead_time = 0.0;  ///< of `pulse_width`: clock cycles that edges take from every pulse
  input_passes passes = input_passes::one;

  /// Bits of a magnitude.
  [[nodiscard]] int magnitude_bits() const noexcept {
    return coding == input_coding::unsigned_levels ? bits : bits - 1;
  }
  /// True where codes have a sign of their own.
  [[nodiscard]] bool has_sign() const noexcept {
    return coding == input_coding::sign_magnitude || coding == input_coding::pulse_width;
  }
  /// Clock cycles of the longest pulse of `pulse_width`.
  [[nodiscard]] double longest_pulse() const noexcept {
    return static_cast<double>((std::int64_t{1} << (slice_bits > 0 ? slice_bits : magnitude_bits())) - 1);
  }
  [[nodiscard]] bool has_codes() const noexcept { return has_sign() || coding == input_coding::unsigned_levels; }
};

/// What lines do to the currents; all 0: nothing.
/// Source  AIHWKit's analytic IR drop and output nonlinearity; formulas in README.md
struct line_config {
  double ir_drop = 0.0;           ///< strength of the drop, 1: as AIHWKit's formula has it
  double wire_ratio = 571428.57;  ///< conductance of a wire segment over that of a cell: 1 / (0.35 ohm 5 uS)
  double nonlinearity = 0.0;      ///< bend of the output stage, relative to adc.high
  double slope_point = 0.5;       ///< share of adc.high at which its slope is made right again
};

struct adc_config {
  level_convention levels = level_convention::uniform;
  int bits = 8;
  double steps = 254.0;  ///< of `aihwkit_steps`, over the range; inf: clips and does not round
  in_situ::range_rule range = in_situ::range_rule::full_scale;
  std::vector<double> low{}, high{};  ///< of `user`: one value, or one for each slice of a weight
  double sigmas = 8.0;                ///< of `mean_sigma`
  double percentile = 99.99;          ///< of `percentile`
  double margin = 1.0;                ///< of `largest` and `least_squares`, on their ranges
  bool powers_of_two =
      false;         ///< of calibrated rules: ranges of slices are the widest one over powers of two, so that shifts
                     ///< add them up (CrossSim's calibration)
  int halvings = 0;  ///< where an output is beyond the range, inputs are halved and driven again, at most so many times

  [[nodiscard]] bool is_calibrated() const noexcept {
    return range == range_rule::mean_sigma || range == range_rule::percentile || range == range_rule::largest ||
           range == range_rule::least_squares;
  }
};

/// The whole array.
/// Units   conductances in S; currents and ranges in units of a cell of 1 / r_on on a fully driven row
struct config {
  array_config array{};
  resistive_cell_config cell{};
  weight_config weights{};
  input_config inputs{};
  line_config lines{};
  adc_config adc{};
  converter_config converter{};

  /// Errors  config_value for a value out of range, config_conflict for settings that exclude each other
  static void validate(config const& c);
  /// The same where a law with these facts takes the place of cell.device.
  static void validate(config const& c, device_facts const& own);
};

namespace detail {

inline void require(bool good, char const* key, std::string got, char const* allowed, char const* fix) {
  if (!good) throw error({errc::config_value, "out of range", key, std::move(got), allowed, fix});
}
inline void refuse_if(bool bad, char const* what, char const* key, std::string got, std::string allowed,
                      char const* fix) {
  if (bad) throw error({errc::config_conflict, what, key, std::move(got), std::move(allowed), fix});
}
template <class T>
std::string text_of(T const& value) {
  return field_format<T>::print(value);
}

/// Steps of `aihwkit_steps`, far from where a step overflows or vanishes.
[[nodiscard]] inline bool are_steps(double steps) noexcept {
  return steps >= 1e-6 && (steps <= 1e15 || std::isinf(steps));
}
inline constexpr char const* steps_allowed = "1e-6..1e15, or inf";

/// Bits of a code: all of them are in slices.
inline void validate_binary(weight_config const& w) {
  int const sum = std::accumulate(w.slices.begin(), w.slices.end(), 0);
  // A differential pair keeps the sign, so that magnitudes need a bit less.
  refuse_if(w.is_sliced() && sum != w.bits && !(w.is_differential() && sum == w.bits - 1),
            "slices do not add up to the bits of a weight", "weights.slices",
            text_of(w.slices) + ", together " + std::to_string(sum),
            w.is_differential() ? "weights.bits, or one less, together" : "weights.bits together",
            "change weights.slices or weights.bits");
}

/// Balanced digits: they reach the largest code, and none is for nothing.
inline void validate_balanced(weight_config const& w) {
  // Sixteen bits are reached long before the product of bases overflows.
  std::size_t const used = w.slices.size();
  std::size_t needed = 0;
  while (needed < used && (w.place(needed) - 1) / 2 < w.top()) ++needed;
  bool const reached = (w.place(needed) - 1) / 2 >= w.top();
  refuse_if(!reached || needed < used,
            reached ? "a digit is always 0" : "digits do not reach the largest code of a weight", "weights.slices",
            text_of(w.slices) + ", up to +-" + std::to_string((w.place(needed) - 1) / 2),
            "+-" + std::to_string(w.top()) + " and no digit more", "change weights.slices or weights.bits");
}

inline void validate_weights(config const& c) {
  auto const& w = c.weights;
  require(w.bits >= 2 && w.bits <= 16, "weights.bits", text_of(w.bits), "2..16, sign included", "set weights.bits");
  require(w.largest >= 0.0 && std::isfinite(w.largest), "weights.largest", text_of(w.largest),
          "0 (the largest of the matrix) or above", "set weights.largest");
  for (int s : w.slices)
    require(s >= 1 && s <= 16, "weights.slices", text_of(w.slices), "1..16 bits each", "split the slice");
  refuse_if(w.digits == weight_digits::balanced && !w.is_differential(),
            "a balanced digit has a sign, which only a pair of cells holds", "weights.digits",
            text_of(w.digits) + " with weights.mapping=" + text_of(w.mapping), "binary",
            "take weights.mapping=differential or weights.digits=binary");
  refuse_if(w.digits == weight_digits::balanced && !w.is_sliced(), "a weight that is not sliced has no digits",
            "weights.digits", text_of(w.digits) + " without weights.slices", "binary",
            "set weights.slices, for example 2,2,2");
  if (w.digits == weight_digits::balanced) {
    validate_balanced(w);
  } else {
    validate_binary(w);
  }
  for (int s : w.slices)
    refuse_if(c.cell.levels > 0 && (1 << s) > c.cell.levels, "a slice has more levels than the cell", "weights.slices",
              std::to_string(s) + " bits on " + std::to_string(c.cell.levels) + " levels", "at most cell.levels",
              "set cell.levels or use narrower slices");
  for (int s : w.slices)
    refuse_if(c.cell.levels > 0 && (c.cell.levels - 1) % ((1 << s) - 1) != 0,
              "digits lie between the levels of the cell", "weights.slices",
              std::to_string(s) + " bits on " + std::to_string(c.cell.levels) + " levels",
              "slices of s bits where cell.levels - 1 is a multiple of 2^s - 1",
              "set cell.levels to 2^s, or to 0: a level for every digit");
  bool const offset = !w.is_differential() && !w.is_sliced();
  refuse_if(offset && c.cell.levels > 0 && (c.cell.levels < 4 || c.cell.levels % 2 != 0), "a weight of 0 has no level",
            "cell.levels", std::to_string(c.cell.levels), "0, or even and at least 4",
            "change cell.levels or take weights.mapping=differential");
  refuse_if(w.offset_gain != offset_gain::exact && (!offset || c.cell.levels == 0),
            "this gain exists only where one cell of finite levels holds a weight and its offset",
            "weights.offset_gain", text_of(w.offset_gain), "exact", "set weights.offset_gain=exact");
}

inline void validate_inputs(config const& c) {
  auto const& x = c.inputs;
  int const lowest = x.has_sign() ? 2 : 1;
  require(x.bits >= lowest && x.bits <= 16, "inputs.bits", text_of(x.bits), "1..16, 2..16 with a sign",
          "set inputs.bits");
  require(x.largest > 0.0 && std::isfinite(x.largest), "inputs.largest", text_of(x.largest), "above 0",
          "set inputs.largest");
  require(are_steps(x.steps), "inputs.steps", text_of(x.steps), steps_allowed, "set inputs.steps");
  require(x.slice_bits >= 0 && x.slice_bits <= 16, "inputs.slice_bits", text_of(x.slice_bits),
          "0 (all at once) or 1..16", "set inputs.slice_bits");
  refuse_if(x.slice_bits > 0 && !x.has_codes(), "only coded inputs have bits", "inputs.slice_bits",
            text_of(x.slice_bits) + " with inputs.coding=" + text_of(x.coding), "0",
            "set inputs.coding=sign_magnitude, pulse_width or unsigned");
  require(x.pulse_leak >= 0.0 && x.pulse_leak <= 100.0, "inputs.pulse_leak", text_of(x.pulse_leak), "0..100",
          "set inputs.pulse_leak");
  require(x.pulse_dead_time >= 0.0 && x.pulse_dead_time <= 1024.0, "inputs.pulse_dead_time", text_of(x.pulse_dead_time),
          "0..1024 clock cycles", "set inputs.pulse_dead_time");
  for (auto const& [key, value] :
       {std::pair("inputs.pulse_leak", x.pulse_leak), std::pair("inputs.pulse_dead_time", x.pulse_dead_time)})
    refuse_if(x.coding != input_coding::pulse_width && value > 0.0, "only pulses leak and have edges", key,
              text_of(value) + " with inputs.coding=" + text_of(x.coding), "inputs.coding=pulse_width",
              "set inputs.coding=pulse_width, or leave it out");
  refuse_if(x.slice_bits > x.magnitude_bits(), "a slice has more bits than an input", "inputs.slice_bits",
            text_of(x.slice_bits), "at most the bits of a magnitude", "set inputs.slice_bits=0");
  refuse_if(x.coding == input_coding::pulse_width && x.pulse_dead_time >= x.longest_pulse(),
            "edges take the longest pulse whole, so that nothing flows", "inputs.pulse_dead_time",
            text_of(x.pulse_dead_time) + " with pulses of up to " + text_of(x.longest_pulse()) + " cycles",
            "below the longest pulse", "set inputs.pulse_dead_time, or drive more bits at a time");
  refuse_if(
      c.cell.curve.law == curve_law::milo && x.coding == input_coding::pulse_width && x.passes == input_passes::one,
      "this curve carries another current backwards than forwards, and pulses have either sign",
      "cell.curve.law, inputs.coding",
      text_of(c.cell.curve.law) + " with inputs.coding=pulse_width and inputs.passes=one",
      "inputs.passes=two_summed_analog or two_summed_digital", "set inputs.passes, or cell.curve.law=sinh");
}

inline void validate_lines(config const& c) {
  auto const& l = c.lines;
  require(l.ir_drop >= 0.0 && std::isfinite(l.ir_drop), "lines.ir_drop", text_of(l.ir_drop), "0 or above",
          "set lines.ir_drop");
  require(l.wire_ratio > 0.0, "lines.wire_ratio", text_of(l.wire_ratio), "above 0", "set lines.wire_ratio");
  require(l.nonlinearity >= 0.0 && std::isfinite(l.nonlinearity), "lines.nonlinearity", text_of(l.nonlinearity),
          "0 or above", "set lines.nonlinearity");
  require(l.slope_point >= 0.0 && l.slope_point <= 1.0, "lines.slope_point", text_of(l.slope_point), "0..1",
          "set lines.slope_point");
  refuse_if(l.ir_drop > 0.0 &&
                (c.weights.mapping != mapping::differential || c.weights.is_sliced() || c.inputs.slice_bits > 0),
            "the formula is fitted to pairs that hold whole weights and to whole inputs", "lines.ir_drop",
            text_of(l.ir_drop), "0 with this mapping and coding",
            "set lines.ir_drop=0, or solve the wires: crossbar/wires");
}

inline void validate_adc(config const& c) {
  auto const& a = c.adc;
  require(a.bits >= (a.levels == level_convention::sign_magnitude ? 2 : 1) && a.bits <= 24, "adc.bits", text_of(a.bits),
          "1..24, 2..24 with sign_magnitude", "set adc.bits");
  require(are_steps(a.steps), "adc.steps", text_of(a.steps), steps_allowed, "set adc.steps");
  require(a.halvings >= 0 && a.halvings <= 30, "adc.halvings", text_of(a.halvings), "0..30", "set adc.halvings");
  refuse_if(a.halvings > 0 && a.levels == level_convention::none, "nothing is beyond the range without a converter",
            "adc.halvings", text_of(a.halvings), "0 with adc.levels=none", "set adc.levels or adc.halvings=0");
  bool const granular = a.range == range_rule::granular || a.range == range_rule::crosssim_granular;
  refuse_if(granular && !c.weights.is_sliced() && c.cell.levels == 0, "cells without levels have no smallest product",
            "adc.range", text_of(a.range), "full_scale or user with cell.levels=0", "set cell.levels or adc.range");
  refuse_if(granular && !c.inputs.has_codes(), "inputs without codes have no smallest product", "adc.range",
            text_of(a.range) + " with inputs.coding=" + text_of(c.inputs.coding), "full_scale or user",
            "set inputs.coding=sign_magnitude or unsigned, or adc.range");
  refuse_if(granular && (a.levels == level_convention::aihwkit_steps || a.levels == level_convention::none),
            "this convention has no number of codes", "adc.range", text_of(a.range) + " with " + text_of(a.levels),
            "adc.levels=uniform or sign_magnitude", "set adc.levels or adc.range");
  refuse_if(a.range != range_rule::user && (!a.low.empty() || !a.high.empty()), "limits are given and not used",
            "adc.low, adc.high", text_of(a.low) + " and " + text_of(a.high) + " with adc.range=" + text_of(a.range),
            "adc.range=user", "set adc.range=user or leave them out");
  require(a.sigmas >= 0.0 && a.sigmas <= 1000.0, "adc.sigmas", text_of(a.sigmas), "0..1000", "set adc.sigmas");
  require(a.percentile > 0.0 && a.percentile <= 100.0, "adc.percentile", text_of(a.percentile), "above 0, up to 100",
          "set adc.percentile");
  require(a.margin >= 1e-6 && a.margin <= 1000.0, "adc.margin", text_of(a.margin), "1e-6..1000", "set adc.margin");
  refuse_if(a.is_calibrated() && a.levels == level_convention::none, "nothing has a range without a converter",
            "adc.range", text_of(a.range) + " with adc.levels=none", "full_scale or user",
            "set adc.levels or adc.range");
  refuse_if(a.is_calibrated() && c.lines.nonlinearity > 0.0,
            "the bend is relative to the range that is still to be found, so that currents seen with it do not fit",
            "lines.nonlinearity", text_of(c.lines.nonlinearity) + " with adc.range=" + text_of(a.range),
            "0 with calibrated ranges", "set lines.nonlinearity=0, or adc.range=full_scale or user");
  refuse_if(a.powers_of_two && !a.is_calibrated(), "only calibrated ranges are fitted to each other",
            "adc.powers_of_two", "true with adc.range=" + text_of(a.range),
            "false, or adc.range=mean_sigma, percentile, largest, least_squares",
            "set adc.range or leave adc.powers_of_two out");
  refuse_if(c.converter.kind != converter_kind::ideal && a.levels != level_convention::uniform &&
                a.levels != level_convention::sign_magnitude,
            "a converter with errors has codes", "converter.kind",
            text_of(c.converter.kind) + " with adc.levels=" + text_of(a.levels), "adc.levels=uniform or sign_magnitude",
            "set adc.levels or converter.kind=ideal");
  converter_config::validate(c.converter, a.bits);
  if (a.range != range_rule::user) return;
  std::size_t const slices = c.weights.is_sliced() ? c.weights.slices.size() : 1;
  refuse_if(a.low.size() != a.high.size() || (a.low.size() != 1 && a.low.size() != slices),
            "limits do not fit the slices", "adc.low, adc.high",
            std::to_string(a.low.size()) + " and " + std::to_string(a.high.size()) + " values",
            "one each, or one each for every slice", "set adc.low and adc.high");
  for (std::size_t i = 0; i < a.low.size(); ++i) {
    refuse_if(!(a.low[i] < a.high[i] && std::isfinite(a.low[i]) && std::isfinite(a.high[i])), "the range is empty",
              "adc.low", text_of(a.low[i]) + ".." + text_of(a.high[i]), "adc.low < adc.high, both finite",
              "exchange adc.low and adc.high");
    // Far from where differences of limits overflow and steps vanish.
    require(std::fabs(a.low[i]) <= 1e30 && std::fabs(a.high[i]) <= 1e30 && a.high[i] - a.low[i] >= 1e-100,
            "adc.low, adc.high", text_of(a.low[i]) + ".." + text_of(a.high[i]),
            "-1e30..1e30, at least 1e-100 from each other", "set adc.low and adc.high");
    refuse_if(a.levels != level_convention::uniform && a.levels != level_convention::none && a.low[i] != -a.high[i],
              "this convention is symmetric", "adc.low", text_of(a.low[i]) + ".." + text_of(a.high[i]), "-adc.high",
              "set adc.low = -adc.high, or adc.levels=uniform");
  }
}

}  // namespace detail

namespace detail {
/// All but the cell.
inline void validate_array(config const& c) {
  require(c.array.rows >= 0 && c.array.rows <= 1 << 20, "array.rows", text_of(c.array.rows),
          "0 (all inputs) or 1..1048576", "set array.rows");
  validate_weights(c);
  validate_inputs(c);
  validate_lines(c);
  validate_adc(c);
}
}  // namespace detail

inline void config::validate(config const& c) {
  resistive_cell_config::validate(c.cell);
  detail::validate_array(c);
}
inline void config::validate(config const& c, device_facts const& own) {
  resistive_cell_config::validate(c.cell, own);
  detail::validate_array(c);
}

/// What still has to be valid of an array that is programmed: nothing is asked of the device any more.
[[nodiscard]] inline config once_programmed(config c) {
  c.cell = {.r_on = c.cell.r_on, .r_off = c.cell.r_off, .levels = c.cell.levels, .curve = c.cell.curve};
  return c;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ

OHMIC_MEMBERS(ohmic::in_situ::array_config, rows);
OHMIC_MEMBERS(ohmic::in_situ::weight_config, mapping, bits, slices, digits, largest, offset_gain);
OHMIC_MEMBERS(ohmic::in_situ::input_config, scale, largest, coding, bits, steps, slice_bits, passes, pulse_leak,
              pulse_dead_time);
OHMIC_MEMBERS(ohmic::in_situ::line_config, ir_drop, wire_ratio, nonlinearity, slope_point);
OHMIC_MEMBERS(ohmic::in_situ::adc_config, levels, bits, steps, range, low, high, sigmas, percentile, margin,
              powers_of_two, halvings);
OHMIC_MEMBERS(ohmic::in_situ::config, array, cell, weights, inputs, lines, adc, converter);
