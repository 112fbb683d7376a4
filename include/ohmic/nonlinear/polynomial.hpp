// What the lane functions of this folder share: Horner's scheme with two roundings per step, and the sign bit.
#pragma once

#include <cstdint>
#include <limits>

#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI::detail {

/// c0 + c1 x + c2 x^2 + .., by Horner's scheme, every product rounded by itself.
template <simd::lane V>
[[nodiscard]] V polynomial(V, float c0) noexcept {
  return V(c0);
}
template <simd::lane V, class... Rest>
[[nodiscard]] V polynomial(V x, float c0, Rest... rest) noexcept {
  return simd::mul_add(detail::polynomial(x, rest...), x, V(c0));
}

/// |x| by its bits, so that a zero of either sign and NaN give the same bits in every lane type.
template <simd::lane V>
[[nodiscard]] V magnitude(V x) noexcept {
  using integer = simd::integer_of<V>;
  return simd::from_bits(simd::to_bits(x) & integer(std::numeric_limits<std::int32_t>::max()));
}

/// x, which is not negative, with the sign of `sign`: odd functions are computed on |x| and are exactly odd.
template <simd::lane V>
[[nodiscard]] V with_sign_of(V x, V sign) noexcept {
  using integer = simd::integer_of<V>;
  return simd::from_bits(simd::to_bits(x) | (simd::to_bits(sign) & integer(std::numeric_limits<std::int32_t>::min())));
}

}  // namespace ohmic::inline OHMIC_ABI::detail
