// Policies of the conventional in-situ array, by name: mappings, digits, input codings, range rules.
#pragma once

#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/reflect.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// How a weight w in -1..1 becomes conductances. README.md has the formulas.
enum class mapping {
  differential,            ///< a pair of cells, one of which carries |w|, the other stays at its lowest level
  differential_two_sided,  ///< a pair of cells that move to opposite sides of the middle
  offset,                  ///< one cell above an offset; the digital side subtracts the offset times the sum of inputs
  offset_unit_column,      ///< the same, but the offset is read from a column that holds w = 0
};

/// What the slices of a weight count.
enum class weight_digits {
  binary,    ///< bits of the code: 2^k values each
  balanced,  ///< balanced digits of base 2^(k + 1) - 1, each with a sign: -(2^k - 1)..2^k - 1. Pairs only
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
  pulse_width,      ///< the same levels as times for which a row has its full voltage of either sign
  unsigned_levels,  ///< 2^bits levels of 0..1
  aihwkit_steps,    ///< multiples of 2 / steps, then clipped to -1..1
};

/// How negative inputs reach the array.
enum class input_passes {
  one,                 ///< rows are driven both ways
  two_summed_analog,   ///< positive and negative parts one after the other; currents are subtracted, then converted
  two_summed_digital,  ///< the same, but each is converted
};

/// Where the range of the converter comes from. n: rows of the array in use. The calibrated ones need currents: `calibrated` in
/// calibration.hpp makes `user` of them.
enum class range_rule {
  full_scale,         ///< the most that n rows can deliver: -n..n, or 0..n where no current can be negative
  granular,           ///< one step is the smallest product, cell level x input level; centred on 0, or up from 0
  user,               ///< adc.low, adc.high
  mean_sigma,         ///< calibrated: mean +- adc.sigmas standard deviations of the currents seen
  percentile,         ///< calibrated: adc.percentile of them lie within
  largest,            ///< calibrated: all of them lie within
  least_squares,      ///< calibrated: rounding and clipping them has the least squared error
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
struct enum_names<in_situ::weight_digits> {
  static constexpr std::pair<std::string_view, in_situ::weight_digits> value[] = {
      {"binary", in_situ::weight_digits::binary}, {"balanced", in_situ::weight_digits::balanced}};
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
      {"pulse_width", in_situ::input_coding::pulse_width},
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
      {"mean_sigma", in_situ::range_rule::mean_sigma},
      {"percentile", in_situ::range_rule::percentile},
      {"largest", in_situ::range_rule::largest},
      {"least_squares", in_situ::range_rule::least_squares},
      {"crosssim_max", in_situ::range_rule::crosssim_max},
      {"crosssim_granular", in_situ::range_rule::crosssim_granular}};
};
}  // namespace ohmic::inline OHMIC_ABI
