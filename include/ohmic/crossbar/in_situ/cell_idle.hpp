// Settings of cells that do nothing beside the others.
#pragma once

#include <string_view>

#include "ohmic/device/device_choice.hpp"
#include "ohmic/device/resistive_cell.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// True where a cell may not take what is written, so that there is something to verify.
[[nodiscard]] inline bool writes_err(resistive_cell_config const& cell) {
  return ohmic::detail::facts_of(cell).has_spread || cell.programming_error > 0.0 ||
         cell.faults.stuck_low + cell.faults.stuck_high > 0.0;
}

/// Calls idle(is it, key, why) for the settings of a cell that may do nothing.
/// Range   c validates; bends: a curve changes what rows are driven with
template <class Idle>
void find_idle_cell(resistive_cell_config const& cell, bool bends, Idle const& idle) {
  auto const facts = ohmic::detail::facts_of(cell);
  bool const spreads = facts.has_spread || cell.programming_error > 0.0;
  bool const stuck = cell.faults.stuck_low + cell.faults.stuck_high > 0.0;
  idle(!writes_err(cell), "cell.write.max_tries", "nothing is written wrong");
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
  for (auto key : {"cell.curve.law", "cell.curve.scale", "cell.curve.read"})
    idle(!cell.curve.is_linear() && !bends, key, "rows have the full voltage or none");
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
