// The reciprocal square root as a lane function, for layer normalisation.
#pragma once

#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI {

/// 1 / sqrt(x), by the correctly rounded square root and division: no estimate instruction, whose bits differ between
/// processors.
/// Range   error below 1.5 ulp for x > 0; infinity of its sign at 0 (minus infinity at -0), NaN below
/// Cost    1 x "root_unit" "inverse_root" where a chip computes it
/// Source  IEEE 754-2019, 5.4.1
template <simd::lane V>
[[nodiscard]] V lane_inverse_root(V x) noexcept {
  return V(1.0f) / simd::sqrt(x);
}

}  // namespace ohmic::inline OHMIC_ABI
