// The floating-point matrix product of the reference path: lanes over outputs, one order of addition everywhere.
#pragma once

#include <cstddef>

#include "ohmic/core/cache.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/nonlinear/row_kernels.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {
/// y[n][o] = sum over i of x[n][i] w[i][o] for `Tokens` rows, in the order of i; `more`: on top of what y holds.
template <class V, std::size_t Tokens>
inline void fp32_rows(float const* x, std::size_t inner, std::size_t x_stride, float const* w, std::size_t w_stride,
                      float* y, std::size_t y_stride, bool more) noexcept {
  V sum[Tokens];
  for (std::size_t n = 0; n < Tokens; ++n) sum[n] = more ? simd::load<V>(y + n * y_stride) : V(0.0f);
  for (std::size_t i = 0; i < inner; ++i) {
    V const weights = simd::load<V>(w + i * w_stride);
    for (std::size_t n = 0; n < Tokens; ++n) sum[n] = simd::mul_add(V(x[n * x_stride + i]), weights, sum[n]);
  }
  for (std::size_t n = 0; n < Tokens; ++n) simd::store<V>(y + n * y_stride, sum[n]);
}
}  // namespace detail

/// Y = X . W in float.
/// Shape   x (tokens, inner), w (inner, outputs), y (tokens, outputs); strides in elements; outputs padded by zeros in
///         w to whole
///         registers (16)
/// Cost    a column of registers of w is a step over a row each: where enough tokens share it, a part of it is first copied
///         to where the first cache holds it
template <class Arch>
void fp32_product(float const* x, std::size_t tokens, std::size_t inner, std::size_t x_stride, float const* w,
                  std::size_t padded_outputs, float* y, std::size_t y_stride) noexcept {
  using batch = simd::f32<Arch>;
  constexpr std::size_t lanes = simd::width<batch>;
  constexpr std::size_t part = core_caches::inner / 2 / sizeof(batch), sharing = 8;
  alignas(cache_line) float held[part * lanes];
  for (std::size_t o = 0; o < padded_outputs; o += lanes)
    for (std::size_t from = 0; from == 0 || from < inner; from += part) {
      std::size_t const here = inner - from < part ? inner - from : part;
      float const* weights = w + from * padded_outputs + o;
      std::size_t stride = padded_outputs;
      if (tokens >= sharing) {
        for (std::size_t i = 0; i < here; ++i)
          simd::store<batch>(held + i * lanes, simd::load<batch>(weights + i * stride));
        weights = held;
        stride = lanes;
      }
      std::size_t n = 0;
      auto const some = [&]<std::size_t Tokens>() {
        for (; tokens - n >= Tokens; n += Tokens)
          detail::fp32_rows<batch, Tokens>(x + n * x_stride + from, here, x_stride, weights, stride,
                                           y + n * y_stride + o, y_stride, from > 0);
      };
      some.template operator()<sharing>();
      some.template operator()<4>();
      some.template operator()<1>();
    }
}

/// The reference kernel of one instruction set, as a pointer (see product_kernels).
struct fp32_kernel {
  char const* instruction_set;
  void (*product)(float const*, std::size_t, std::size_t, std::size_t, float const*, std::size_t, float*,
                  std::size_t) noexcept;
  row_kernels const* rows;
};
template <class Arch = simd::native>
inline constexpr fp32_kernel fp32_kernel_of{Arch::name(), &fp32_product<Arch>, &row_kernels_of<Arch>};

}  // namespace ohmic::inline OHMIC_ABI
