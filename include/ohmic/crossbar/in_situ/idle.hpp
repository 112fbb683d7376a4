// Settings of the in-situ array that do nothing beside the others.
#pragma once

#include <cmath>
#include <string_view>
#include <tuple>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/crossbar/in_situ/cell_idle.hpp"
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

  // Bits on the rows, and pulses, have the full voltage or none; backwards too where the curve is odd.
  bool const one_way = x.passes != input_passes::one || x.coding == input_coding::unsigned_levels;
  bool const whole =
      (x.coding == input_coding::pulse_width || x.slice_bits == 1) && (one_way || cell.curve.law == curve_law::sinh);
  find_idle_cell(cell, !whole, idle);
  idle(true, "cell.write.pulse", "here nothing takes time; ohmic deploy prices it");
  return all;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
