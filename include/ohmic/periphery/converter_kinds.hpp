// The law of converters that a setting names, as a type.
#pragma once

#include "ohmic/core/config.hpp"
#include "ohmic/periphery/converter.hpp"
#include "ohmic/periphery/flash.hpp"
#include "ohmic/periphery/ideal_converter.hpp"
#include "ohmic/periphery/ramp.hpp"
#include "ohmic/periphery/sar.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Calls f with the law of the converters that settings name, as a type: `f.template operator()<Law>()`.
template <class F>
decltype(auto) with_converter_law(converter_kind kind, F&& f) {
  switch (kind) {
    case converter_kind::sar:
      return f.template operator()<sar_converter>();
    case converter_kind::flash:
      return f.template operator()<flash_converter>();
    case converter_kind::ramp:
      return f.template operator()<ramp_converter>();
    default:
      return f.template operator()<ideal_converter>();
  }
}

}  // namespace ohmic::inline OHMIC_ABI
