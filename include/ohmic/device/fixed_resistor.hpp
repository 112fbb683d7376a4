// The computation crossbar's cell: an ordinary resistor behind a transistor, never programmed.
#pragma once

#include "ohmic/core/config.hpp"
#include "ohmic/device/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Ideal fixed resistor: row a has conductance 1, row b 2, row c 4, ..; nothing flows when the switch is off.
/// Units   conductance of the smallest resistor = 1
/// Source  Wang et al. 2024, section 5.3: "fixed resistance"; values 1, 2, .., 2^(S-1) from Fig 7
struct fixed_resistor {
  [[nodiscard]] constexpr double on(int row) const noexcept { return static_cast<double>(1 << row); }
  [[nodiscard]] constexpr double off() const noexcept { return 0.0; }
};
static_assert(switched_cell<fixed_resistor>);

}  // namespace ohmic::inline OHMIC_ABI
