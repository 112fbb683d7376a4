// Room for the sums of in-situ arrays: codes in 32 bits, values in double, both without rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/crossbar/in_situ/code_cells.hpp"
#include "ohmic/crossbar/in_situ/code_digits.hpp"
#include "ohmic/crossbar/in_situ/code_operand.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Codes add up in 32 bits, their values in double: both exactly, so that no order and no contraction shows.
/// Range   any_code: converters with errors, whose codes do not follow currents
/// Errors  capacity where that could fail: sums of codes from 2^31, values from 2^53 of their steps
template <adc_policy Adc>
void require_exact_sums(code_layout const& c, code_cell_settings const& cells, input_operand const& x,
                        stored_operand const& y, std::vector<Adc> const& adcs, Adc const& unit_converter, double top,
                        bool any_code, std::string const& where) {
  auto const tiles = static_cast<double>(y.cut().tiles());
  double const lines = c.weights.is_differential() ? 2 : 1, unit_step = snapped_step(unit_converter.step());
  if (lines * tiles * top >= 2147483648.0)
    throw error({errc::capacity, "too many arrays for 32-bit sums of codes", where,
                 std::to_string(y.cut().tiles()) + " arrays", "arrays x largest code below 2^31",
                 "use more rows in an array or fewer ADC bits"});
  double largest = 0.0;
  auto const rows = static_cast<double>(std::min(y.cut().activations, y.cut().inner));
  auto const x_top = static_cast<double>(c.input_top());
  // Columns deliver no more than their cells conduct and their reads add, no normal number is beyond 6.4, and a conversion
  // adds half a step.
  double const of_full_cells = x_top * (y.largest_share() * rows + 6.4 * std::sqrt(rows * y.largest_variance()));
  double const units = c.weights.is_differential() ? 0.0
                       : any_code                  ? tiles * top * unit_step
                                                   : tiles * (of_full_cells + 0.5 * unit_step);
  for (std::size_t d = 0; d < adcs.size(); ++d) {
    std::size_t const i = d % c.weights.slices.size();
    double const weight = std::fabs(static_cast<double>(x.weight(d / c.weights.slices.size()))),
                 step = snapped_step(adcs[d].step()), cell_top = static_cast<double>(c.cell_top(i));
    largest += weight * static_cast<double>(in_situ::slice_weight(c, i)) *
               (lines * tiles * (any_code ? top * step : std::min(top * step, of_full_cells * cell_top + 0.5 * step)) +
                (cell_top + 3.0 * cells.leak(c.cell_top(i))) * units);
    if (i == 0) largest += weight * static_cast<double>(c.weight_top() + 1) * units;
  }
  // Values are multiples of 2^-16; of leaks of 2^-8 times the step of the unit column.
  double const unit = c.has_unit_column() ? unit_step : 1.0;
  double const room = cells.leak(c.cell_top(0)) > 0.0 && unit != std::floor(unit) ? 0x1p29 : 0x1p37;
  if (largest >= room)
    throw error({errc::capacity, "sums too large for exact arithmetic", where,
                 "up to " + ohmic::detail::number_text(largest) + " product units",
                 "below " + ohmic::detail::number_text(room), "split the matrix"});
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
