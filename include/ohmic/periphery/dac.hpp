// The digital-to-analog converter of a row: drives the magnitude of a weight.
#pragma once

#include <cstdint>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/numeral/shape.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Linear DAC without error: an operand of `bits` bits, sign included, is driven as its magnitude; the sign swaps
/// columns.
/// Units   one code = one product unit on the smallest resistor
/// Range   bits 2..8
/// Cost    1 x "dac" "drive" per row and array cycle
/// Source  Wang et al. 2024, section 5.3 and Table 6 (8-bit DACs)
struct linear_dac {
  struct config {
    int bits = 8;
  };

  /// Errors  config_value if bits is outside 2..8
  static void validate(config const& c) {
    if (c.bits < 2 || c.bits > 8)
      throw error(
          {errc::config_value, "bits out of range", "dac.bits", std::to_string(c.bits), "2..8", "set dac.bits"});
  }

  /// Largest magnitude that the DAC drives.
  [[nodiscard]] static constexpr std::int32_t top(config const& c) noexcept { return symmetric_top(c.bits); }
};
static_assert(dac_policy<linear_dac>);

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::linear_dac::config, bits);
