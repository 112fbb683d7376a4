// What F does to rows of numbers, compiled for one instruction set, as pointers: the choice at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/numeral/quantiser.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Lane function: round(exp(score - reference) x top) as a float that holds an integer; top + 1 where it saturates.
template <simd::lane V>
[[nodiscard]] V exponential_code(V score, V reference, V top) noexcept {
  V const scaled = simd::mul(lane_exp(score - reference), top);
  // Above top the value only says so. NaN, which no comparison holds for, goes the way of a masked score.
  V const limit = top + V(1.0f);
  return simd::round_even(simd::select(scaled < limit, scaled, simd::select(scaled >= limit, limit, V(0.0f))));
}

/// Codes of exponentials, at most top; returns how many saturated.
/// Shape   scores (n), codes (n)
template <class Arch = simd::native>
std::size_t exponential_codes(float const* scores, std::size_t n, float reference, float top,
                              std::uint16_t* codes) noexcept {
  using batch = simd::f32<Arch>;
  constexpr std::size_t block = 128;
  alignas(cache_line) float rounded[block];
  std::size_t saturated = 0;
  for (std::size_t first = 0; first < n; first += block) {
    std::size_t const here = n - first < block ? n - first : block;
    simd::for_each_lane<Arch>(scores + first, rounded, here, [reference, top](batch s) noexcept {
      return exponential_code(s, batch(reference), batch(top));
    });
    for (std::size_t i = 0; i < here; ++i) {
      bool const above = rounded[i] > top;
      saturated += static_cast<std::size_t>(above);
      codes[first + i] = static_cast<std::uint16_t>(static_cast<std::int32_t>(above ? top : rounded[i]));
    }
  }
  return saturated;
}

/// out = exp(score - reference), 0 where a score is masked by -infinity.
/// Shape   scores (n), out (n); they may be the same memory
template <class Arch = simd::native>
void exponential_row(float const* scores, float* out, std::size_t n, float reference) noexcept {
  using batch = simd::f32<Arch>;
  simd::for_each_lane<Arch>(scores, out, n, [reference](batch s) noexcept {
    // Masked scores by comparison, not by -infinity - reference, so that a wholly masked row is no NaN.
    return simd::select(s > batch(-std::numeric_limits<float>::infinity()), lane_exp(s - batch(reference)),
                        batch(0.0f));
  });
}

/// out = (u - mean) (gamma inverse_root) + beta.
/// Shape   u, gamma, beta, out (n); u and out may be the same memory
template <class Arch = simd::native>
void normalise_row(float const* u, std::size_t n, float mean, float inverse_root, float const* gamma, float const* beta,
                   float* out) noexcept {
  using batch = simd::f32<Arch>;
  auto const at = [mean, inverse_root](float const* x, float const* g, float const* b, float* y) noexcept {
    batch const alpha = simd::mul(simd::load<batch>(g), batch(inverse_root));
    simd::store<batch>(y, simd::mul_add(simd::load<batch>(x) - batch(mean), alpha, simd::load<batch>(b)));
  };
  std::size_t const whole = n - n % batch::size;
  for (std::size_t i = 0; i < whole; i += batch::size) at(u + i, gamma + i, beta + i, out + i);
  if (whole == n) return;
  // The rest in a register too: a scalar copy would carry no instruction set in its name.
  alignas(cache_line) float x[batch::size] = {}, g[batch::size] = {}, b[batch::size] = {};
  for (std::size_t i = whole; i < n; ++i) x[i - whole] = u[i], g[i - whole] = gamma[i], b[i - whole] = beta[i];
  at(x, g, b, x);
  for (std::size_t i = whole; i < n; ++i) out[i] = x[i - whole];
}

/// out = f(in).
/// Shape   in (n), out (n); they may be the same memory
template <class Arch = simd::native>
void activate_row(activation f, float const* in, float* out, std::size_t n) noexcept {
  with_activation(f, [in, out, n](auto const& g) noexcept { simd::for_each_lane<Arch>(in, out, n, g); });
}

/// Row functions of one instruction set. Every set gives the same bits.
struct row_kernels {
  char const* instruction_set;
  decltype(&activate_row<>) activate;
  decltype(&exponential_codes<>) codes;
  decltype(&exponential_row<>) exponentials;
  decltype(&normalise_row<>) normalise;
  quantise_kernel quantise;
};
template <class Arch = simd::native>
inline constexpr row_kernels row_kernels_of{Arch::name(),           &activate_row<Arch>,  &exponential_codes<Arch>,
                                            &exponential_row<Arch>, &normalise_row<Arch>, &quantise_row<Arch>};

}  // namespace ohmic::inline OHMIC_ABI
