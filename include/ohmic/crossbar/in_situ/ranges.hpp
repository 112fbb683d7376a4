// Ranges of the in-situ array's converters.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/periphery/levels.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// A converter's range.
/// Units   currents in units of a cell of 1 / r_on on a fully driven row
struct current_range {
  double low = 0.0, high = 0.0;
};

/// True if no current that is converted can be negative: no pairs, and rows driven one way.
[[nodiscard]] inline bool is_one_way(config const& c) noexcept {
  bool const rows_one_way =
      (c.inputs.coding == input_coding::unsigned_levels && c.inputs.passes == input_passes::one) ||
      c.inputs.passes == input_passes::two_summed_digital;
  return !c.weights.is_differential() && rows_one_way;
}

namespace detail {

/// The current of the lowest level above the bottom, driven by the lowest input level.
inline double smallest_product(config const& c, std::size_t slice) noexcept {
  double const cell_steps = c.weights.is_sliced() ? static_cast<double>((1 << c.weights.slices[slice]) - 1)
                                                  : static_cast<double>(c.cell.levels - 1);
  int const bits = c.inputs.slice_bits > 0 ? c.inputs.slice_bits : c.inputs.magnitude_bits();
  double const input_steps = static_cast<double>((std::int64_t{1} << bits) - 1);
  return resistive_cell(c.cell).span() / cell_steps / input_steps;
}

/// 2^m / (2^m - 1), which CrossSim has in ranges of inputs in slices; m: bits of a magnitude.
inline double crosssim_input_factor(config const& c) noexcept {
  if (c.inputs.slice_bits == 0) return 1.0;
  double const codes = std::ldexp(1.0, c.inputs.magnitude_bits());
  return codes / (codes - 1.0);
}

/// Source  CrossSim 3.2.0 by its results: ranges GRANULAR and MAX of the golden data
inline double crosssim_step(config const& c, std::size_t slice) noexcept {
  double const least = c.weights.is_sliced() ? 1.0 / static_cast<double>((1 << c.weights.slices[slice]) - 1)
                                             : std::ldexp(1.0, -c.weights.bits);
  return least * detail::crosssim_input_factor(c);
}
inline double crosssim_sliced_offset_high(config const& c, std::size_t slice, double rows) noexcept {
  double const levels = std::ldexp(1.0, c.weights.slices[slice]), codes = std::ldexp(1.0, c.adc.bits);
  double const high = std::exp2(std::nearbyint(std::log2(rows))) * levels / (levels - 1.0);
  return high * (codes - (is_one_way(c) ? 1.0 : 2.0)) / codes * detail::crosssim_input_factor(c);
}

}  // namespace detail

/// The range that a rule gives to the converter of a slice.
/// Range   c validates; rows: of the array, in use
/// Errors  missing_calibration for a calibrated rule
/// Source  README.md; the peer's rules are held to its results in tests/unit/crossbar/in_situ_golden_test.cpp
[[nodiscard]] inline current_range range_of(config const& c, std::size_t slice, std::size_t rows) {
  auto const n = static_cast<double>(rows);
  // A symmetric convention keeps its negative half even where nothing is negative.
  bool const upwards = is_one_way(c) && c.adc.levels == level_convention::uniform;
  auto const around = [&](double high) { return current_range{upwards ? 0.0 : -high, high}; };
  double const steps = std::ldexp(1.0, c.adc.bits) - 1.0;  // of 2^bits levels from 0
  // Steps on each side of 0: half the codes, less the one for 0.
  double const steps_of_side = upwards ? steps : std::ldexp(1.0, c.adc.bits - 1) - 1.0;
  auto const granular = [&](double step) {
    bool const even = !upwards && c.adc.levels == level_convention::uniform;  // one code more on the positive side
    return even ? current_range{-steps_of_side * step, (steps_of_side + 1.0) * step} : around(steps_of_side * step);
  };
  switch (c.adc.range) {
    case range_rule::granular:
      return granular(detail::smallest_product(c, slice));
    case range_rule::crosssim_granular:
      return around(steps_of_side * detail::crosssim_step(c, slice));
    case range_rule::user: {
      std::size_t const at = c.adc.low.size() == 1 ? 0 : slice;
      return {c.adc.low[at], c.adc.high[at]};
    }
    case range_rule::crosssim_max:
      if (c.weights.is_sliced() && !c.weights.is_differential())
        return around(detail::crosssim_sliced_offset_high(c, slice, n));
      return around(n);
    case range_rule::full_scale:
      return around(n);
    default:
      throw error({errc::missing_calibration, "the range of the converters comes from currents that nobody has seen",
                   "adc.range", detail::text_of(c.adc.range), "calibration inputs",
                   "give --calibration, in C++ in_situ::calibrated, or set adc.range=full_scale"});
  }
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
