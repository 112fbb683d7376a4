// Settings of cells that do nothing beside the others.
#pragma once

#include <string>

#include "ohmic/device/device_choice.hpp"
#include "ohmic/device/resistive_cell.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// True where a cell may not take what is written, so that there is something to verify.
[[nodiscard]] inline bool writes_err(resistive_cell_config const& cell) {
  return ohmic::detail::facts_of(cell).has_spread || cell.programming_error > 0.0 ||
         cell.faults.stuck_low + cell.faults.stuck_high > 0.0;
}

/// Calls idle(is it, key, why) for the settings of a cell that may do nothing.
/// Range   c validates; bends: a curve changes what rows are driven with; group: what the keys of these cells begin with
template <class Idle>
void find_idle_cell(resistive_cell_config const& cell, bool bends, Idle& idle, std::string const& group = "cell.") {
  auto const facts = ohmic::detail::facts_of(cell);
  bool const spreads = facts.has_spread || cell.programming_error > 0.0;
  bool const stuck = cell.faults.stuck_low + cell.faults.stuck_high > 0.0;
  idle(!writes_err(cell), group + "write.max_tries", "nothing is written wrong");
  idle(cell.write.max_tries == 1, group + "write.tolerance", group + "write.max_tries is 1");
  auto const& r = cell.retention;
  bool const power_law = r.exponent > 0.0 || r.spread > 0.0;
  bool const law_ages = facts.has_drift && r.age.si() > 0.0;
  bool const ages = law_ages || (power_law && r.age > r.reference);
  for (char const* key : {"retention.exponent", "retention.spread"})
    idle(power_law && !ages, group + key, group + "retention.age is not above " + group + "retention.reference");
  idle(power_law && !ages, group + "retention.age", "nothing drifts before " + group + "retention.reference");
  idle(!power_law && cell.device != device_name::table, group + "retention.reference",
       "the power law of " + group + "retention.exponent is off");
  bool const warm = cell.temperature.at != cell.temperature.reference;
  idle(!ages && !warm && !spreads && !stuck, group + "retention.compensation", "every cell holds its target");
  for (char const* key : {"temperature.at", "temperature.reference", "temperature.activation_eV"})
    idle(!warm, group + key, "it is read at the temperature at which it was programmed");
  idle(cell.curve.is_linear(), group + "curve.read", "cells are linear");
  for (char const* key : {"curve.law", "curve.scale", "curve.read"})
    idle(!cell.curve.is_linear() && !bends, group + key, "rows have the full voltage or none");
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
