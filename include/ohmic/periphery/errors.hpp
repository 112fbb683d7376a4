// Errors of converters: what a DAC drives and an ADC reads that have offset, gain and a bow, and codes of uneven width.
#pragma once

#include <cstddef>

#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI::converter_errors {

/// Steps of a drive: 2^-8 LSB, so that sums of currents are exact.
inline constexpr float drive_grid = 256.0f;

/// 4 u (1 - u): zero at both ends of the scale, 1 in the middle.
template <simd::lane V>
[[nodiscard]] V bow(V u) noexcept {
  return simd::mul<V>(simd::mul<V>(V(4.0f), u), V(1.0f) - u);
}

/// What a DAC drives for a magnitude.
/// Shape   errors: gain (relative), offset (LSB), bow (LSB at half scale)
/// Units   LSB, in steps of 2^-8; not below 0
template <simd::lane V>
[[nodiscard]] V drive(V size, float const* errors, float top) noexcept {
  V const straight = simd::mul<V>(size, V(1.0f + errors[0])) + V(errors[1]);
  V const bent = straight + simd::mul<V>(V(errors[2]), converter_errors::bow<V>(simd::mul<V>(size, V(1.0f / top))));
  V const steps = simd::round_even<V>(simd::mul<V>(bent, V(drive_grid)));
  return simd::mul<V>(simd::max<V>(steps, V(0.0f)), V(1.0f / drive_grid));
}

/// Noise of a drive: relative to its magnitude, in steps of 2^-8 LSB.
template <simd::lane V>
[[nodiscard]] V drive_noise(V size, V normal, float sigma) noexcept {
  V const noise = simd::mul<V>(simd::mul<V>(normal, V(sigma)), size);
  return simd::mul<V>(simd::round_even<V>(simd::mul<V>(noise, V(drive_grid))), V(1.0f / drive_grid));
}

/// The current that an ideal ADC would have to see to say what one with errors says.
/// Shape   errors: gain (relative), offset (LSB), bow (LSB at half scale)
/// Units   product units; LSB = step
template <simd::lane V>
[[nodiscard]] V reading(V current, float const* errors, float full_scale, float step) noexcept {
  V const u = simd::clamp<V>(simd::mul<V>(current, V(1.0f / full_scale)), V(0.0f), V(1.0f));
  V const straight = simd::mul<V>(current, V(1.0f + errors[0])) + V(simd::mul<float>(errors[1], step));
  return straight + simd::mul<V>(V(simd::mul<float>(errors[2], step)), converter_errors::bow<V>(u));
}

/// The code of a converter whose edges between codes are shifted.
/// Shape   shifts (top + 1): of the edge below each code, in LSB, within -0.49..0.49; the first is not used
/// Range   code: what evenly spaced edges give, which is off by one at most
[[nodiscard]] inline __attribute__((always_inline)) float moved_code(float current, float code, float const* shifts,
                                                                     float top, double step) noexcept {
  auto const at = static_cast<std::size_t>(code);
  auto const edge = [&](std::size_t k) {
    return simd::fence((static_cast<double>(k) - 0.5 + static_cast<double>(shifts[k])) * step);
  };
  auto const x = static_cast<double>(current);
  if (code > 0.0f && x < edge(at)) return code - 1.0f;
  if (code < top && x >= edge(at + 1)) return code + 1.0f;
  return code;
}

}  // namespace ohmic::inline OHMIC_ABI::converter_errors
