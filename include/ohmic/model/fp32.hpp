// The fp32 reference engine: what the model computes without a chip, and where calibration takes its ranges from.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/attention/kv_cache.hpp"
#include "ohmic/attention/position_bias.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/fp32_kernel.hpp"
#include "ohmic/model/source.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/layer_norm.hpp"
#include "ohmic/nonlinear/rms_norm.hpp"
#include "ohmic/nonlinear/row_sums.hpp"
#include "ohmic/nonlinear/softmax.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Weights of a model laid out for the reference kernel, by site: kept, or read from files and laid out each time they are used. Shared
/// by the engines of all threads.
class fp32_weights {
 public:
  /// for_each(f) calls f(site, linear_weights) for every matrix.
  template <class ForEach>
  fp32_weights(std::size_t sites, ForEach const& for_each) : by_site_(sites) {
    for_each([this](program::site s, linear_weights const& w) { by_site_[s.index()] = packed(w.weight.view()); });
  }
  /// Keeps nothing: memory of one matrix for every engine that runs.
  explicit fp32_weights(std::shared_ptr<matrix_source const> source) : source_(std::move(source)) {}

  /// What use(packed matrix of the site) returns.
  /// Errors  those of the source
  template <class Use>
  [[nodiscard]] auto with(program::site s, Use const& use) const {
    if (source_ == nullptr) return use(by_site_[s.index()]);
    return use(packed(source_->read(s).weight.view()));
  }

  /// W^T, its columns padded to whole registers.
  /// Shape   (outputs, inner) -> (inner, padded outputs)
  [[nodiscard]] static matrix<float> packed(matrix_view<float const> w) {
    constexpr std::size_t block = 16;  // of a cache line either way
    matrix<float> t(w.cols, (w.rows + block - 1) / block * block);
    for (std::size_t first = 0; first < w.rows; first += block)
      for (std::size_t i = 0; i < w.cols; ++i)
        for (std::size_t o = first; o < std::min(first + block, w.rows); ++o) t(i, o) = w(o, i);
    return t;
  }

 private:
  std::vector<matrix<float>> by_site_;
  std::shared_ptr<matrix_source const> source_;
};

/// The weights of a model for the reference; kept_in_files: where the model's matrices lie in files, no copy of them is kept.
template <class Model>
[[nodiscard]] fp32_weights fp32_weights_of(Model const& m, bool kept_in_files = false) {
  if constexpr (requires { m.source; })
    if (kept_in_files && m.source != nullptr) return fp32_weights(m.source);
  return fp32_weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
}

/// Engine in fp32, the reference. Reproducible: sums keep one order, transcendental functions are the library's own.
class fp32_engine {
 public:
  using tensor = matrix<float>;
  using cache = kv_cache<float>;

  /// seen: where the values of all sites are recorded, or nullptr.
  explicit fp32_engine(fp32_weights const& weights, recording* seen = nullptr,
                       fp32_kernel const& kernel = fp32_kernel_of<>)
      : weights_(&weights), seen_(seen), kernel_(kernel) {}

  [[nodiscard]] tensor input(program::site s, matrix<float> const& values) {
    record(s, values.flat());
    return values;
  }

  [[nodiscard]] tensor project(program::site s, linear_weights const& w, tensor const& x,
                               projection_options<tensor> const& options) {
    if (x.rows() == 0) return tensor(0, w.outputs());
    tensor y = weights_->with(s, [&](matrix<float> const& packed) { return product(x.view(), packed, w.outputs()); });
    finish(w, options, y, *kernel_.rows);
    record(s, y.flat());
    return y;
  }

  /// What F does to the sums of a projection.
  static void finish(linear_weights const& w, projection_options<tensor> const& options, tensor& y,
                     row_kernels const& rows = row_kernels_of<>) noexcept {
    for (std::size_t n = 0; n < y.rows(); ++n) {
      auto const row = y.row(n);
      for (std::size_t o = 0; o < w.bias.size(); ++o) row[o] += w.bias[o];
      for (std::size_t o = 0; o < row.size(); ++o) row[o] *= options.factor;
      rows.activate(options.act, row.data(), row.data(), row.size());
      if (options.rotation != nullptr) options.rotation->turn(row, options.first + n);
      if (options.gate != nullptr)
        for (std::size_t o = 0; o < row.size(); ++o) row[o] *= (*options.gate)(n, o);
      if (options.residual != nullptr)
        for (std::size_t o = 0; o < row.size(); ++o) row[o] += (*options.residual)(n, o);
    }
  }

  [[nodiscard]] tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                              attention_scope const& scope) {
    cache fresh;
    return attend(block, q, k, v, heads, scope, fresh);
  }
  /// The tokens follow those of the cache and join them. In cross-attention k and v are those of the encoder in the first step and
  /// have no rows after it.
  [[nodiscard]] tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                              attention_scope const& scope, cache& seen) {
    require_heads(scope.bias, heads);
    require_scores(q.rows(), seen.tokens() + k.rows(), "attention of block " + std::to_string(block));
    seen.append(k, v);
    std::size_t const n = q.rows(), width = q.cols() / heads, c = seen.tokens(), past = c - std::min(n, c);
    std::size_t const sharing = q.cols() / seen.values().cols;  // queries of a key head
    tensor out(n, q.cols());
    for (std::size_t h = 0; h < heads; ++h) {
      auto const keys = fp32_weights::packed(seen.keys().columns(h / sharing * width, width));
      tensor s = product(q.view().columns(h * width, width), keys, c);  // (n, c)
      for (std::size_t i = 0; i < n; ++i) {
        if (scope.bias != nullptr) scope.bias->add(h, past + i, s.row(i));
        auto const visible = visible_range(scope, past + i, c);
        record({block, program::operation::A4}, s.row(i).subspan(visible.first, visible.count));
        apply_mask(scope, past + i, s.row(i));
        softmax_row(s.row(i), *kernel_.rows);
      }
      auto const values = fp32_weights::packed(transposed(seen.values().columns(h / sharing * width, width)).view());
      tensor const r = product(s.view(), values, width);  // (n, d_k)
      record({block, program::operation::A6}, r.flat());
      for (std::size_t i = 0; i < n; ++i) std::memcpy(&out(i, h * width), &r(i, 0), width * sizeof(float));
    }
    return out;
  }

  [[nodiscard]] tensor normalise(program::site mean, program::site square, norm_weights const& g, float epsilon,
                                 tensor const& u) {
    tensor y(u.rows(), u.cols());
    for (std::size_t n = 0; n < u.rows(); ++n) {
      if (!g.centred) {
        rms_norm_row(u.row(n), g.gamma, epsilon, y.row(n));
        continue;
      }
      layer_norm_row(u.row(n), g.gamma, g.beta, epsilon, y.row(n), *kernel_.rows);
      auto const average = static_cast<float>(ohmic::detail::row_sum(u.row(n)) / static_cast<double>(u.cols()));
      record(mean, std::span<float const>(&average, 1));
    }
    record(square, y.flat());
    return y;
  }

  [[nodiscard]] tensor row(tensor const& x, std::size_t n) const {
    tensor y(1, x.cols());
    std::memcpy(y.data(), &x(n, 0), x.cols() * sizeof(float));
    return y;
  }

  [[nodiscard]] tensor none(tensor const& x) const { return tensor(0, x.cols()); }

  [[nodiscard]] tensor mean(program::site s, tensor const& x) {
    tensor y(1, x.cols());
    for (std::size_t n = 0; n < x.rows(); ++n)
      for (std::size_t i = 0; i < x.cols(); ++i) y(0, i) += x(n, i);
    for (float& v : y.flat()) v /= static_cast<float>(x.rows());
    record(s, y.flat());
    return y;
  }

  [[nodiscard]] matrix<float> output(program::site s, linear_weights const& w, tensor const& x,
                                     projection_options<tensor> const& options) {
    return project(s, w, x, options);
  }

 private:
  [[nodiscard]] tensor product(matrix_view<float const> x, matrix<float> const& packed_w, std::size_t outputs) const {
    matrix<float> padded(x.rows, packed_w.cols());
    kernel_.product(x.data, x.rows, packed_w.rows(), x.stride, packed_w.data(), packed_w.cols(), padded.data(),
                    padded.cols());
    if (outputs == packed_w.cols()) return padded;
    tensor y(x.rows, outputs);
    for (std::size_t n = 0; n < x.rows; ++n) std::memcpy(&y(n, 0), &padded(n, 0), outputs * sizeof(float));
    return y;
  }
  void record(program::site s, std::span<float const> values) {
    if (seen_ != nullptr) seen_->record(s, values);
  }

  fp32_weights const* weights_;
  recording* seen_;
  fp32_kernel kernel_;
};
static_assert(engine<fp32_engine>);

}  // namespace ohmic::inline OHMIC_ABI::model
