// The error function as a lane function, for GELU.
#pragma once

#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/polynomial.hpp"

namespace ohmic::inline OHMIC_ABI {

/// erf(x) = 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
/// Range   absolute error below 1e-7 everywhere, relative error below 3e-7 for normal |x| < 1; exactly odd, exactly +-1
///         from |x| = 4 on. NaN stays NaN
/// Source  ours. |x| < 1: x + x P(x^2), P of degree 6; else 1 - exp(-R(|x|)), R of degree 6 fitted to -ln(1 - erf) on
///         1..4 with weight 1 - erf. Both by Remez exchange in 60-digit decimals, coefficients rounded from the lowest
///         up and the others refitted each time: 1.4e-9 relative and 1.1e-9 absolute. Pinned by
///         tests/unit/nonlinear/lane_functions_test.cpp
template <simd::lane V>
[[nodiscard]] V lane_erf(V x) noexcept {
  V const size = detail::magnitude(x);
  V const a = simd::select(size < V(4.0f), size, V(4.0f));
  V const z = simd::mul(a, a);
  V const p = detail::polynomial(z, 0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2ce6p-4f, -0x1.b7f71ap-6f, 0x1.53f224p-8f,
                                 -0x1.a3515ep-11f, 0x1.4771fcp-14f);
  V const inner = simd::mul_add(a, p, a);
  V const r = detail::polynomial(a, 0x1.72ed34p-12f, 0x1.2085b0p+0f, 0x1.46c58cp-1f, 0x1.a60a4ap-4f, -0x1.6541b6p-6f,
                                 0x1.814c0cp-9f, -0x1.852c18p-13f);
  V const outer = V(1.0f) - lane_exp(V(0.0f) - r);
  V const value = detail::with_sign_of(simd::select(a < V(1.0f), inner, outer), x);
  return simd::select(x == x, value, x);
}

}  // namespace ohmic::inline OHMIC_ABI
