// Settings of the in-situ array that do nothing beside the others.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/crossbar/in_situ/cell_idle.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// A setting that has no effect, whatever it is, and what would have to be set for it to have one.
struct idle_setting {
  std::string key, why;
};

/// Settings as the rules find them, each once: the first of its reasons is told.
class idle_list {
 public:
  void operator()(bool is, std::string key, std::string why) {
    bool const known = std::any_of(all_.begin(), all_.end(), [&](auto const& i) { return i.key == key; });
    if (is && !known) all_.push_back({std::move(key), std::move(why)});
  }
  [[nodiscard]] std::vector<idle_setting> all() && { return std::move(all_); }

 private:
  std::vector<idle_setting> all_;
};

/// All settings that have no effect beside the others.
/// Range   c validates
[[nodiscard]] inline std::vector<idle_setting> idle_settings(config const& c) {
  idle_list idle;
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
  // Gain and delay are those of all converters, and numbers of noise belong to columns.
  idle(c.converter.mismatch == 0.0 && c.converter.offset == 0.0 && c.converter.slope == 0.0 && c.converter.bow == 0.0,
       "converter.columns", "all converters are alike; ohmic deploy prices them");
  return std::move(idle).all();
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
