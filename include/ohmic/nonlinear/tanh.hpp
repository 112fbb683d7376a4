// The hyperbolic tangent as a lane function, for BERT's pooler.
#pragma once

#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/polynomial.hpp"

namespace ohmic::inline OHMIC_ABI {

/// tanh(x).
/// Range   absolute error below 1e-7 everywhere, relative error below 3e-7; exactly odd, exactly +-1 from |x| = 9.1 on.
///         NaN stays NaN
/// Source  ours. |x| < 0.63: x + x z P(z) with z = x^2, P of degree 4 by Remez exchange in 60-digit decimals on z <
///         0.4, coefficients rounded from the lowest up and the others refitted each time: 5.2e-9 relative; else 1 - 2
///         / (exp(2 |x|) + 1). Pinned by tests/unit/nonlinear/lane_functions_test.cpp
template <simd::lane V>
[[nodiscard]] V lane_tanh(V x) noexcept {
  V const a = detail::magnitude(x);
  V const inner_a =
      simd::select(a < V(1.0f), a, V(1.0f));  // keeps the polynomial, where it is not used, from overflowing
  V const z = simd::mul(inner_a, inner_a);
  V const p = detail::polynomial(z, -0x1.55552ep-2f, 0x1.110614p-3f, -0x1.b8173ep-5f, 0x1.512dbap-6f, -0x1.717114p-8f);
  V const inner = simd::mul_add(simd::mul(inner_a, z), p, inner_a);
  V const outer = V(1.0f) - V(2.0f) / (lane_exp(a + a) + V(1.0f));
  V const value = detail::with_sign_of(simd::select(a < V(0.63f), inner, outer), x);
  return simd::select(x == x, value, x);
}

}  // namespace ohmic::inline OHMIC_ABI
