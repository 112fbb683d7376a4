// The exponential as a lane function: the same bits for a float and in a batch, on every instruction set and compiler.
#pragma once

#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/polynomial.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Smallest and largest argument of `lane_exp`: beyond them the result would be subnormal or infinite.
inline constexpr float exp_argument_min = -0x1.5d589ep+6f;  // -87.336540, just above ln 2^-126
inline constexpr float exp_argument_max = 0x1.62e42ep+6f;   // 88.722832, just below ln of the largest float

/// e^x.
/// Range   error below 1 ulp from exp_argument_min to exp_argument_max, never falling; exactly 1 at 0. Below that 0,
///         also where e^x would be a subnormal, so that no result depends on the flush-to-zero mode. Above it the value
///         at exp_argument_max, 3.4028e38, also for +infinity. NaN stays NaN
/// Cost    1 x "exp_unit" "exp" where a chip computes it
/// Source  ours. x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 in two floats of which the first has 15 bits, so that n
///         times it is exact; e^r = 1 + r + r^2 q(r), q of degree 4 by Remez exchange in 60-digit decimals,
///         coefficients rounded from the lowest up and the others refitted each time: 3.2e-9 relative. Pinned by
///         tests/unit/nonlinear/lane_functions_test.cpp
template <simd::lane V>
[[nodiscard]] V lane_exp(V x) noexcept {
  constexpr float log2_e = 0x1.715476p+0f;
  constexpr float ln2_high = 0x1.62e4p-1f;
  constexpr float ln2_low = 0x1.7f7d1cp-20f;
  // Comparisons with NaN are false, so that it becomes an ordinary argument here and is put back at the end.
  V const above = simd::select(x > V(exp_argument_min), x, V(exp_argument_min));
  V const inside = simd::select(above < V(exp_argument_max), above, V(exp_argument_max));

  V const n = simd::round_even(simd::mul(inside, V(log2_e)));
  V const r = (inside - simd::mul(n, V(ln2_high))) - simd::mul(n, V(ln2_low));
  V const q = detail::polynomial(r, 0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.555858p-5f, 0x1.123da6p-7f, 0x1.6ac144p-10f);
  V const p = simd::mul_add(simd::mul(r, r), q, r) + V(1.0f);

  // p is in [0.7, 1.42) and p 2^n a normal number, so that 2^n is an addition to the exponent field.
  V const scaled = simd::from_bits(simd::to_bits(p) + (simd::to_int(n) << 23));
  V const flushed = simd::select(x < V(exp_argument_min), V(0.0f), scaled);
  return simd::select(x == x, flushed, x);
}

}  // namespace ohmic::inline OHMIC_ABI
