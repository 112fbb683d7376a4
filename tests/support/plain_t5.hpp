// A T5 in double precision, from its definition: RMS normalisation, attention without 1 / sqrt(d), biases by buckets of distances, a ReLU or
// gated GELU block. For tests; nothing of the library but its weights and sizes.
// Source  Raffel et al. 2020, section 2.1; Shazeer 2020 for the gated block; Hendrycks, Gimpel 2016 for GELU
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/model/t5.hpp"

namespace ohmic_test {

/// The bucket of a key that lies `distance` after its query (before it: negative).
/// Source  Raffel et al. 2020, section 2.1: half of the buckets for distances that each have their own, the others logarithmically up to
///         `reach`, one for all beyond; one half of all for keys after the query where there are such
inline std::size_t plain_bucket(long distance, std::size_t buckets, std::size_t reach, bool both_sides) {
  std::size_t offset = 0, n = buckets;
  long behind = distance < 0 ? -distance : 0;
  if (both_sides) {
    n = buckets / 2;
    if (distance > 0) offset = n, behind = distance;
  }
  std::size_t const exact = n / 2;
  if (behind < static_cast<long>(exact)) return offset + static_cast<std::size_t>(behind);
  double const steps = std::log(static_cast<double>(behind) / static_cast<double>(exact)) /
                       std::log(static_cast<double>(reach) / static_cast<double>(exact)) *
                       static_cast<double>(n - exact);
  std::size_t const at = exact + static_cast<std::size_t>(std::floor(steps + 1e-9));
  return offset + (at > n - 1 ? n - 1 : at);
}

class plain_t5 {
 public:
  explicit plain_t5(ohmic::model::t5 const& m) : m_(&m) {}

  /// Logits after every token of the target.
  [[nodiscard]] std::vector<std::vector<double>> logits(ohmic::model::t5::input const& text) const {
    rows x = embedded(text.source);
    for (auto const& layer : m_->encoder) {
      x = attended(layer.attention, x, nullptr, &m_->encoder_bias, false);
      fed(layer.block, x);
    }
    rows memory;
    for (auto const& r : x) memory.push_back(norm(m_->encoder_norm, r));
    rows y = embedded(text.target);
    for (auto const& layer : m_->decoder) {
      y = attended(layer.self, y, nullptr, &m_->decoder_bias, true);
      y = attended(layer.cross, y, &memory, nullptr, false);
      fed(layer.block, y);
    }
    rows out;
    for (auto const& r : y) {
      row last = norm(m_->decoder_norm, r);
      if (m_->config.scaled_logits)
        for (double& v : last) v /= std::sqrt(static_cast<double>(m_->config.width));
      out.push_back(linear(m_->head, last));
    }
    return out;
  }

 private:
  using row = std::vector<double>;
  using rows = std::vector<row>;

  [[nodiscard]] rows embedded(std::vector<std::int32_t> const& ids) const {
    rows x;
    for (auto id : ids) {
      auto const word = m_->word.row(static_cast<std::size_t>(id));
      x.emplace_back(word.begin(), word.end());
    }
    return x;
  }
  static row linear(ohmic::model::linear_weights const& w, row const& x) {
    row y(w.weight.rows(), 0.0);
    for (std::size_t o = 0; o < y.size(); ++o)
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += static_cast<double>(w.weight(o, i)) * x[i];
    return y;
  }
  [[nodiscard]] row norm(ohmic::model::norm_weights const& w, row x) const {
    double square = 0.0;
    for (double v : x) square += v * v;
    double const root =
        std::sqrt(square / static_cast<double>(x.size()) + static_cast<double>(m_->config.norm_epsilon));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= static_cast<double>(w.gamma[i]) / root;
    return x;
  }
  void fed(ohmic::model::t5_block const& w, rows& x) const {
    for (row& r : x) {
      row const z = norm(w.norm, r);
      row h = linear(w.inner, z);
      for (double& v : h)
        v = m_->config.gated
                ? 0.5 * v * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (v + 0.044715 * v * v * v)))
                : (v > 0.0 ? v : 0.0);
      if (m_->config.gated) {
        row const g = linear(w.gate, z);
        for (std::size_t i = 0; i < h.size(); ++i) h[i] *= g[i];
      }
      row const d = linear(w.down, h);
      for (std::size_t i = 0; i < r.size(); ++i) r[i] += d[i];
    }
  }
  /// x plus what attention to itself, or to the memory, gives.
  [[nodiscard]] rows attended(ohmic::model::t5_attention const& w, rows x, rows const* memory,
                              ohmic::matrix<float> const* bias, bool causal) const {
    auto const& c = m_->config;
    std::size_t const d = c.head_width;
    rows q, k, v;
    for (row const& r : x) {
      row const y = norm(w.norm, r);
      q.push_back(linear(w.query, y));
      if (memory == nullptr) k.push_back(linear(w.key, y)), v.push_back(linear(w.value, y));
    }
    if (memory != nullptr)
      for (row const& r : *memory) k.push_back(linear(w.key, r)), v.push_back(linear(w.value, r));
    for (std::size_t t = 0; t < x.size(); ++t) {
      row out(c.heads * d, 0.0);
      std::size_t const seen = causal ? t + 1 : k.size();
      for (std::size_t h = 0; h < c.heads; ++h) {
        row weight(seen, 0.0);
        double total = 0.0;
        for (std::size_t s = 0; s < seen; ++s) {
          for (std::size_t i = 0; i < d; ++i) weight[s] += q[t][h * d + i] * k[s][h * d + i];
          if (bias != nullptr)
            weight[s] += static_cast<double>(
                (*bias)(plain_bucket(static_cast<long>(s) - static_cast<long>(t), c.buckets, c.reach, !causal), h));
          weight[s] = std::exp(weight[s]);
          total += weight[s];
        }
        for (std::size_t s = 0; s < seen; ++s)
          for (std::size_t i = 0; i < d; ++i) out[h * d + i] += weight[s] / total * v[s][h * d + i];
      }
      row const r = linear(w.output, out);
      for (std::size_t i = 0; i < r.size(); ++i) x[t][i] += r[i];
    }
    return x;
  }

  ohmic::model::t5 const* m_;
};

}  // namespace ohmic_test
