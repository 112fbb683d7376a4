// The arithmetic of published 8-bit graphs: activations are coded tensor by tensor while the model runs (DynamicQuantizeLinear), products
// are of integers (MatMulInteger). What such a model's own figures were measured with; not a chip.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/fp32.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Codes of a tensor, 0 to 255, less their zero point.
/// Source  ONNX operator DynamicQuantizeLinear, opset 11
struct dynamic_codes {
  std::vector<std::int16_t> values;
  float scale = 1.0f;
  std::int16_t zero = 0;

  explicit dynamic_codes(std::span<float const> x) : values(x.size()) {
    float low = 0.0f, high = 0.0f;
    for (float v : x) low = std::min(low, v), high = std::max(high, v);
    scale = (high - low) / 255.0f;
    if (!(scale > 0.0f)) scale = 1.0f;
    zero = static_cast<std::int16_t>(simd::clamp(simd::round_even(-low / scale), 0.0f, 255.0f));
    for (std::size_t i = 0; i < x.size(); ++i) {
      float const code = simd::round_even(x[i] / scale) + static_cast<float>(zero);
      values[i] = static_cast<std::int16_t>(static_cast<std::int16_t>(simd::clamp(code, 0.0f, 255.0f)) - zero);
    }
  }
};

/// Integers that a matrix was published as, less their zero point.
/// Shape   (outputs, inner)
struct integer_weights {
  matrix<std::int16_t> codes;
  float step = 0.0f;  ///< 0: the matrix is none of integers

  integer_weights() = default;
  integer_weights(matrix<float> const& w, float s) : codes(w.rows(), w.cols()), step(s) {
    for (std::size_t i = 0; i < w.size(); ++i)
      codes.data()[i] = static_cast<std::int16_t>(simd::round_even(w.data()[i] / s));
  }
};

/// The reference engine with products of integers where the matrix was published as such; all else as fp32_engine does it.
/// Cost    a plain loop: it is for reference
class dynamic_int8_engine : public fp32_engine {
 public:
  /// weights by site; both outlive the engine.
  dynamic_int8_engine(fp32_weights const& floats, std::vector<integer_weights> const& weights,
                      fp32_kernel const& kernel = fp32_kernel_of<>)
      : fp32_engine(floats, nullptr, kernel), weights_(&weights) {}

  [[nodiscard]] tensor project(program::site s, linear_weights const& w, tensor const& x,
                               projection_options<tensor> const& options) {
    auto const& integers = (*weights_)[s.index()];
    if (integers.step == 0.0f) return fp32_engine::project(s, w, x, options);
    dynamic_codes const codes(x.flat());
    float const scale = codes.scale * integers.step;
    tensor y(x.rows(), w.outputs());
    for (std::size_t n = 0; n < x.rows(); ++n)
      for (std::size_t o = 0; o < y.cols(); ++o) {
        std::int16_t const *const a = codes.values.data() + n * x.cols(), *const b = integers.codes.row(o).data();
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < x.cols(); ++i) sum += static_cast<std::int32_t>(a[i]) * b[i];
        y(n, o) = static_cast<float>(sum) * scale;
      }
    finish(w, options, y);
    return y;
  }
  [[nodiscard]] matrix<float> output(program::site s, linear_weights const& w, tensor const& x,
                                     projection_options<tensor> const& options) {
    return project(s, w, x, options);
  }

 private:
  std::vector<integer_weights> const* weights_;
};
static_assert(engine<dynamic_int8_engine>);

/// The integers of a model that keeps the steps between them (`weight_steps`), by site.
template <class Model>
[[nodiscard]] std::vector<integer_weights> integer_weights_of(Model const& m) {
  std::vector<integer_weights> out(sites_of(m).sites());
  for_each_projection(m, [&](program::site s, linear_weights const& w) {
    if (s.index() < m.weight_steps.size() && m.weight_steps[s.index()] > 0.0f)
      out[s.index()] = integer_weights(w.weight, m.weight_steps[s.index()]);
  });
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::model
