// Settings of the conventional in-situ array: weights are stored in cells, inputs drive the rows.
#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/periphery/levels.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// How a weight w in -1..1 becomes conductances. README.md has the formulas.
enum class mapping {
  differential,            ///< a pair of cells, one of which carries |w|, the other stays at its lowest level
  differential_two_sided,  ///< a pair of cells that move to opposite sides of the middle
  offset,                  ///< one cell above an offset; the digital side subtracts the offset times the sum of inputs
  offset_unit_column,      ///< the same, but the offset is read from a column that holds w = 0
};

/// Gain after the offset was subtracted.
enum class offset_gain {
  exact,                 ///< divides by the span that weights use, (L - 2) / (L - 1) of the cell's
  crosssim_offset_gain,  ///< divides by the whole span of the cell, as CrossSim 3.2.0 does: results are (L - 2) / (L - 1) of
                         ///< what they should be
};

/// What is divided from inputs before they are coded, and multiplied to the outputs.
enum class input_scale {
  largest_of_vector,  ///< the largest |x| among the rows of an array, vector by vector (noise management by maximum)
  fixed,              ///< inputs.largest
};

/// How a scaled input becomes what a row is driven with.
enum class input_coding {
  analog,           ///< as it is, without clipping
  sign_magnitude,   ///< 2^bits - 1 levels of -1..1
  unsigned_levels,  ///< 2^bits levels of 0..1
  aihwkit_steps,    ///< multiples of 2 / steps, then clipped to -1..1
};

/// How negative inputs reach the array.
enum class input_passes {
  one,                 ///< rows are driven both ways
  two_summed_analog,   ///< positive and negative parts one after the other; currents are subtracted, then converted
  two_summed_digital,  ///< the same, but each is converted
};

/// Where the range of the converter comes from. n: rows of the array in use.
enum class range_rule {
  full_scale,         ///< the most that n rows can deliver: -n..n, or 0..n where no current can be negative
  granular,           ///< one step is the smallest product, cell level x input level; centred on 0, or up from 0
  user,               ///< adc.low, adc.high
  crosssim_max,       ///< CrossSim's MAX: full_scale, but sliced offset takes 2^round(log2 n) and its own factors
  crosssim_granular,  ///< CrossSim's GRANULAR, whose step is the smallest product of an infinite on/off ratio, times
                      ///< 2^m / (2^m - 1) for inputs in slices
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ

namespace ohmic::inline OHMIC_ABI {
template <>
struct enum_names<in_situ::mapping> {
  static constexpr std::pair<std::string_view, in_situ::mapping> value[] = {
      {"differential", in_situ::mapping::differential},
      {"differential_two_sided", in_situ::mapping::differential_two_sided},
      {"offset", in_situ::mapping::offset},
      {"offset_unit_column", in_situ::mapping::offset_unit_column}};
};
template <>
struct enum_names<in_situ::offset_gain> {
  static constexpr std::pair<std::string_view, in_situ::offset_gain> value[] = {
      {"exact", in_situ::offset_gain::exact}, {"crosssim_offset_gain", in_situ::offset_gain::crosssim_offset_gain}};
};
template <>
struct enum_names<in_situ::input_scale> {
  static constexpr std::pair<std::string_view, in_situ::input_scale> value[] = {
      {"largest_of_vector", in_situ::input_scale::largest_of_vector}, {"fixed", in_situ::input_scale::fixed}};
};
template <>
struct enum_names<in_situ::input_coding> {
  static constexpr std::pair<std::string_view, in_situ::input_coding> value[] = {
      {"analog", in_situ::input_coding::analog},
      {"sign_magnitude", in_situ::input_coding::sign_magnitude},
      {"unsigned", in_situ::input_coding::unsigned_levels},
      {"aihwkit_steps", in_situ::input_coding::aihwkit_steps}};
};
template <>
struct enum_names<in_situ::input_passes> {
  static constexpr std::pair<std::string_view, in_situ::input_passes> value[] = {
      {"one", in_situ::input_passes::one},
      {"two_summed_analog", in_situ::input_passes::two_summed_analog},
      {"two_summed_digital", in_situ::input_passes::two_summed_digital}};
};
template <>
struct enum_names<in_situ::range_rule> {
  static constexpr std::pair<std::string_view, in_situ::range_rule> value[] = {
      {"full_scale", in_situ::range_rule::full_scale},
      {"granular", in_situ::range_rule::granular},
      {"user", in_situ::range_rule::user},
      {"crosssim_max", in_situ::range_rule::crosssim_max},
      {"crosssim_granular", in_situ::range_rule::crosssim_granular}};
};
}  // namespace ohmic::inline OHMIC_ABI

namespace ohmic::inline OHMIC_ABI::in_situ {

struct array_config {
  int rows = 0;  ///< inputs of an array; 0: all inputs in one
};

struct weight_config {
  in_situ::mapping mapping = in_situ::mapping::differential;
  int bits = 8;               ///< of a weight, sign included, where it is cut into slices
  std::vector<int> slices{};  ///< bits of each cell of a weight, least significant first; empty: one cell, not sliced
  double largest = 0.0;       ///< the |w| that takes the highest level; 0: the largest of the matrix
  in_situ::offset_gain offset_gain = in_situ::offset_gain::exact;

  [[nodiscard]] bool is_differential() const noexcept {
    return mapping == in_situ::mapping::differential || mapping == in_situ::mapping::differential_two_sided;
  }
  [[nodiscard]] bool is_sliced() const noexcept { return !slices.empty(); }
};

struct input_config {
  input_scale scale = input_scale::largest_of_vector;
  double largest = 1.0;  ///< of `fixed`: the |x| that drives a row fully
  input_coding coding = input_coding::sign_magnitude;
  int bits = 8;          ///< sign included, where the coding has one
  double steps = 254.0;  ///< of `aihwkit_steps`, over -1..1; inf: clips and does not round
  int slice_bits = 0;    ///< bits of |x| driven at a time, least significant first; 0: all at once, 1: bit-serial
  input_passes passes = input_passes::one;

  /// Bits of a magnitude.
  [[nodiscard]] int magnitude_bits() const noexcept {
    return coding == input_coding::unsigned_levels ? bits : bits - 1;
  }
  [[nodiscard]] bool has_codes() const noexcept {
    return coding == input_coding::sign_magnitude || coding == input_coding::unsigned_levels;
  }
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
  int halvings = 0;  ///< where an output is beyond the range, inputs are halved and driven again, at most so many times
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

  /// Errors  config_value for a value out of range, config_conflict for settings that exclude each other
  static void validate(config const& c);
};

namespace detail {

inline void require(bool good, char const* key, std::string got, char const* allowed, char const* fix) {
  if (!good) throw error({errc::config_value, "out of range", key, std::move(got), allowed, fix});
}
inline void refuse_if(bool bad, char const* what, char const* key, std::string got, char const* allowed,
                      char const* fix) {
  if (bad) throw error({errc::config_conflict, what, key, std::move(got), allowed, fix});
}
template <class T>
std::string text_of(T const& value) {
  return field_format<T>::print(value);
}

inline void validate_weights(config const& c) {
  auto const& w = c.weights;
  require(w.bits >= 2 && w.bits <= 16, "weights.bits", text_of(w.bits), "2..16, sign included", "set weights.bits");
  require(w.largest >= 0.0 && std::isfinite(w.largest), "weights.largest", text_of(w.largest),
          "0 (the largest of the matrix) or above", "set weights.largest");
  for (int s : w.slices)
    require(s >= 1 && s <= 16, "weights.slices", text_of(w.slices), "1..16 bits each", "split the slice");
  int const sum = std::accumulate(w.slices.begin(), w.slices.end(), 0);
  // A differential pair keeps the sign, so that magnitudes need a bit less.
  refuse_if(w.is_sliced() && sum != w.bits && !(w.is_differential() && sum == w.bits - 1),
            "slices do not add up to the bits of a weight", "weights.slices",
            text_of(w.slices) + ", together " + std::to_string(sum),
            w.is_differential() ? "weights.bits, or one less, together" : "weights.bits together",
            "change weights.slices or weights.bits");
  for (int s : w.slices)
    refuse_if(c.cell.levels > 0 && (1 << s) > c.cell.levels, "a slice has more levels than the cell", "weights.slices",
              std::to_string(s) + " bits on " + std::to_string(c.cell.levels) + " levels", "at most cell.levels",
              "set cell.levels or use narrower slices");
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
  int const lowest = x.coding == input_coding::sign_magnitude ? 2 : 1;
  require(x.bits >= lowest && x.bits <= 16, "inputs.bits", text_of(x.bits), "1..16, 2..16 with a sign",
          "set inputs.bits");
  require(x.largest > 0.0 && std::isfinite(x.largest), "inputs.largest", text_of(x.largest), "above 0",
          "set inputs.largest");
  require(x.steps > 0.0, "inputs.steps", text_of(x.steps), "above 0, or inf", "set inputs.steps");
  require(x.slice_bits >= 0 && x.slice_bits <= 16, "inputs.slice_bits", text_of(x.slice_bits),
          "0 (all at once) or 1..16", "set inputs.slice_bits");
  refuse_if(x.slice_bits > 0 && !x.has_codes(), "only coded inputs have bits", "inputs.slice_bits",
            text_of(x.slice_bits) + " with inputs.coding=" + text_of(x.coding), "0",
            "set inputs.coding=sign_magnitude or unsigned");
  refuse_if(x.slice_bits > x.magnitude_bits(), "a slice has more bits than an input", "inputs.slice_bits",
            text_of(x.slice_bits), "at most the bits of a magnitude", "set inputs.slice_bits=0");
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
  require(a.steps > 0.0, "adc.steps", text_of(a.steps), "above 0, or inf", "set adc.steps");
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
    refuse_if(a.levels != level_convention::uniform && a.levels != level_convention::none && a.low[i] != -a.high[i],
              "this convention is symmetric", "adc.low", text_of(a.low[i]) + ".." + text_of(a.high[i]), "-adc.high",
              "set adc.low = -adc.high, or adc.levels=uniform");
  }
}

}  // namespace detail

inline void config::validate(config const& c) {
  detail::require(c.array.rows >= 0 && c.array.rows <= 1 << 20, "array.rows", detail::text_of(c.array.rows),
                  "0 (all inputs) or 1..1048576", "set array.rows");
  resistive_cell_config::validate(c.cell);
  detail::refuse_if(
      c.cell.retention.compensation != drift_compensation::none && !c.weights.is_differential(),
      "the offset drifts with the cells, and no factor mends that", "cell.retention.compensation",
      detail::text_of(c.cell.retention.compensation) + " with weights.mapping=" + detail::text_of(c.weights.mapping),
      "none", "take weights.mapping=differential");
  detail::validate_weights(c);
  detail::validate_inputs(c);
  detail::validate_lines(c);
  detail::validate_adc(c);
}

/// What still has to be valid of an array that is programmed: nothing is asked of the device any more.
[[nodiscard]] inline config once_programmed(config c) {
  c.cell = {.r_on = c.cell.r_on, .r_off = c.cell.r_off, .levels = c.cell.levels, .curve = c.cell.curve};
  return c;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ

BOOST_HANA_ADAPT_STRUCT(ohmic::in_situ::array_config, rows);
BOOST_HANA_ADAPT_STRUCT(ohmic::in_situ::weight_config, mapping, bits, slices, largest, offset_gain);
BOOST_HANA_ADAPT_STRUCT(ohmic::in_situ::input_config, scale, largest, coding, bits, steps, slice_bits, passes);
BOOST_HANA_ADAPT_STRUCT(ohmic::in_situ::line_config, ir_drop, wire_ratio, nonlinearity, slope_point);
BOOST_HANA_ADAPT_STRUCT(ohmic::in_situ::adc_config, levels, bits, steps, range, low, high, halvings);
BOOST_HANA_ADAPT_STRUCT(ohmic::in_situ::config, array, cell, weights, inputs, lines, adc);
