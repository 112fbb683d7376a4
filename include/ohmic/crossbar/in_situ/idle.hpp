// Settings of the in-situ array that do nothing beside the others.
#pragma once

#include <cmath>
#include <string_view>
#include <tuple>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// A setting that has no effect, whatever it is, and what would have to be set for it to have one.
struct idle_setting {
  std::string_view key, why;
};

/// All settings that have no effect beside the others.
/// Range   c validates
[[nodiscard]] inline std::vector<idle_setting> idle_settings(config const& c) {
  std::vector<idle_setting> all;
  auto const idle = [&](bool is, std::string_view key, std::string_view why) {
    if (is) all.push_back({key, why});
  };
  auto const& [w, x, a, l, cell] = std::tie(c.weights, c.inputs, c.adc, c.lines, c.cell);
  idle(!w.is_sliced(), "weights.bits", "weights.slices is empty: a cell holds a weight whole");
  idle(x.scale != input_scale::fixed, "inputs.largest", "inputs.scale is not fixed");
  idle(!x.has_codes(), "inputs.bits", "inputs.coding has no bits");
  idle(x.coding != input_coding::aihwkit_steps, "inputs.steps", "inputs.coding is not aihwkit_steps");
  idle(l.ir_drop == 0.0, "lines.wire_ratio", "lines.ir_drop is 0");
  idle(l.nonlinearity == 0.0, "lines.slope_point", "lines.nonlinearity is 0");
  idle(a.levels == level_convention::none || a.levels == level_convention::aihwkit_steps, "adc.bits",
       "adc.levels has no bits");
  idle(a.levels != level_convention::aihwkit_steps, "adc.steps", "adc.levels is not aihwkit_steps");
  bool const ranged = a.levels != level_convention::none || l.nonlinearity > 0.0;
  for (auto key : {"adc.range", "adc.low", "adc.high"}) idle(!ranged, key, "adc.levels is none");
  idle(a.range != range_rule::mean_sigma, "adc.sigmas", "adc.range is not mean_sigma");
  idle(a.range != range_rule::percentile, "adc.percentile", "adc.range is not percentile");
  idle(a.range != range_rule::largest && a.range != range_rule::least_squares, "adc.margin",
       "adc.range is not largest or least_squares");

  auto const facts = ohmic::detail::facts_of(cell);
  bool const spreads = facts.has_spread || cell.programming_error > 0.0;
  bool const stuck = cell.faults.stuck_low + cell.faults.stuck_high > 0.0;
  idle(!spreads && !stuck, "cell.write.max_tries", "nothing is written wrong");
  idle(cell.write.max_tries == 1, "cell.write.tolerance", "cell.write.max_tries is 1");
  auto const& r = cell.retention;
  bool const power_law = r.exponent > 0.0 || r.spread > 0.0;
  bool const law_ages = facts.has_drift && r.age.si() > 0.0;
  bool const ages = law_ages || (power_law && r.age > r.reference);
  idle(power_law && !ages, "cell.retention.exponent", "cell.retention.age is not above cell.retention.reference");
  idle(power_law && !ages, "cell.retention.spread", "cell.retention.age is not above cell.retention.reference");
  idle(power_law && !ages, "cell.retention.age", "nothing drifts before cell.retention.reference");
  idle(!power_law && cell.device != device_name::table, "cell.retention.reference",
       "the power law of cell.retention.exponent is off");
  bool const warm = cell.temperature.at != cell.temperature.reference;
  idle(!ages && !warm && !spreads && !stuck, "cell.retention.compensation", "every cell holds its target");
  for (auto key : {"cell.temperature.at", "cell.temperature.reference", "cell.temperature.activation_eV"})
    idle(!warm, key, "it is read at the temperature at which it was programmed");
  idle(cell.curve.is_linear(), "cell.curve.read", "cells are linear");
  // Bits on the rows, and pulses, have the full voltage or none; backwards too where the curve is odd.
  bool const one_way = x.passes != input_passes::one || x.coding == input_coding::unsigned_levels;
  bool const whole =
      (x.coding == input_coding::pulse_width || x.slice_bits == 1) && (one_way || cell.curve.law == curve_law::sinh);
  for (auto key : {"cell.curve.law", "cell.curve.scale", "cell.curve.read"})
    idle(!cell.curve.is_linear() && whole, key, "rows have the full voltage or none");
  return all;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
