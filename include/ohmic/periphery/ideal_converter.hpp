// The converter without errors, as a law.
#pragma once

#include <cmath>

#include "ohmic/core/config.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The nearest code, ties to even.
/// Shape   position in steps, 0 the lowest code -> code 0..top
/// Source  ours; level_converter and uniform_adc give the same code
class ideal_converter {
 public:
  ideal_converter(converter_config const&, converter_scale const& s, converter_numbers const&) noexcept : top_(s.top) {}

  template <class Noise>
  [[nodiscard]] double code(double position, Noise const&) const noexcept {
    return std::nearbyint(position < 0.0 ? 0.0 : position > top_ ? top_ : position);
  }

 private:
  double top_;
};
static_assert(converter_law<ideal_converter>);

}  // namespace ohmic::inline OHMIC_ABI
