// RMS normalisation of the fp32 reference: a layer normalisation without a mean and without an offset.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/row_sums.hpp"

namespace ohmic::inline OHMIC_ABI {

/// out_i = u_i gamma_i / sqrt(E(u^2) + epsilon), the sum of squares in double in a fixed order.
/// Shape   u, gamma, out (m); u and out may be the same memory
/// Range   epsilon > 0; the error of a result is below 2^-22 |result|
/// Source  Zhang, Sennrich 2019, equation 4
inline void rms_norm_row(std::span<float const> u, std::span<float const> gamma, float epsilon,
                         std::span<float> out) noexcept {
  if (u.empty()) return;
  double const square = detail::row_square_sum(u, 0.0f) / static_cast<double>(u.size());
  auto const inverse_root = static_cast<float>(1.0 / std::sqrt(square + static_cast<double>(epsilon)));
  for (std::size_t i = 0; i < u.size(); ++i) out[i] = simd::mul(u[i], simd::mul(gamma[i], inverse_root));
}

}  // namespace ohmic::inline OHMIC_ABI
