// What a cell of a crossbar has to offer.
#pragma once

#include <concepts>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A switched cell: a resistor of a fixed value in series with a transistor, as the computation crossbar uses it.
/// `on(row)` is the current of the cell in its row of the digit, in units of the smallest resistor's current per unit
/// of the
/// DAC code; `off()` what leaks when the transistor is off.
template <class D>
concept switched_cell = requires(D const& d, int row) {
  { d.on(row) }
  noexcept->std::convertible_to<double>;
  { d.off() }
  noexcept->std::convertible_to<double>;
};

}  // namespace ohmic::inline OHMIC_ABI
