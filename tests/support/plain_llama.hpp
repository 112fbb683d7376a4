// A Llama in double precision, from its definition: RMS normalisation, rotated pairs, shared keys, SiLU gate. For tests; nothing of
// the library but its weights and sizes.
// Source  Touvron et al. 2023; Su et al. 2021, section 3.2; Ainslie et al. 2023; Shazeer 2020
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/model/llama.hpp"

namespace ohmic_test {

class plain_llama {
 public:
  explicit plain_llama(ohmic::model::llama const& m) : m_(&m) {}

  /// Logits after every token.
  [[nodiscard]] std::vector<std::vector<double>> logits(std::vector<std::int32_t> const& ids) const {
    rows x;
    for (auto id : ids) {
      auto const word = m_->word.row(static_cast<std::size_t>(id));
      x.emplace_back(word.begin(), word.end());
    }
    for (auto const& w : m_->layers) {
      rows q, k, v;
      for (std::size_t t = 0; t < x.size(); ++t) {
        row const y = norm(w.attention_norm, x[t]);
        q.push_back(turned(linear(w.query, y), t));
        k.push_back(turned(linear(w.key, y), t));
        v.push_back(linear(w.value, y));
      }
      for (std::size_t t = 0; t < x.size(); ++t) {
        row const u = sum(x[t], linear(w.attention_output, attended(q, k, v, t)));
        row const z = norm(w.output_norm, u);
        row g = linear(w.gate, z);
        row const up = linear(w.up, z);
        for (std::size_t i = 0; i < g.size(); ++i) g[i] = g[i] / (1.0 + std::exp(-g[i])) * up[i];
        x[t] = sum(u, linear(w.down, g));
      }
    }
    rows out;
    for (auto const& of_token : x) out.push_back(linear(m_->head, norm(m_->final_norm, of_token)));
    return out;
  }

 private:
  using row = std::vector<double>;
  using rows = std::vector<row>;

  static row linear(ohmic::model::linear_weights const& w, row const& x) {
    row y(w.weight.rows(), 0.0);
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += static_cast<double>(w.weight(o, i)) * x[i];
      if (!w.bias.empty()) y[o] += static_cast<double>(w.bias[o]);
    }
    return y;
  }
  static row sum(row a, row const& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }
  [[nodiscard]] row norm(ohmic::model::norm_weights const& w, row x) const {
    double square = 0.0;
    for (double v : x) square += v * v;
    double const root =
        std::sqrt(square / static_cast<double>(x.size()) + static_cast<double>(m_->config.norm_epsilon));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= static_cast<double>(w.gamma[i]) / root;
    return x;
  }
  /// Multiplies pairs, seen as complex numbers, by exp(i position frequency).
  [[nodiscard]] row turned(row x, std::size_t position) const {
    auto const& r = m_->config.rotation;
    std::size_t const d = m_->config.head_width, half = d / 2;
    for (std::size_t h = 0; h < x.size(); h += d)
      for (std::size_t i = 0; i < half; ++i) {
        double f = std::pow(static_cast<double>(r.base), -2.0 * static_cast<double>(i) / static_cast<double>(d));
        if (r.scaling == ohmic::rotary_scaling::linear) f /= static_cast<double>(r.factor);
        if (r.scaling == ohmic::rotary_scaling::llama3) {
          double const wave = 2.0 * std::acos(-1.0) / f, context = static_cast<double>(r.original_positions);
          double const low = static_cast<double>(r.low_frequency_factor),
                       high = static_cast<double>(r.high_frequency_factor);
          if (wave > context / low) {
            f /= static_cast<double>(r.factor);
          } else if (wave >= context / high) {
            double const smooth = (context / wave - low) / (high - low);
            f = (1.0 - smooth) * f / static_cast<double>(r.factor) + smooth * f;
          }
        }
        double const angle = static_cast<double>(position) * f, a = x[h + i], b = x[h + half + i];
        x[h + i] = a * std::cos(angle) - b * std::sin(angle);
        x[h + half + i] = a * std::sin(angle) + b * std::cos(angle);
      }
    return x;
  }
  [[nodiscard]] row attended(rows const& q, rows const& k, rows const& v, std::size_t t) const {
    auto const& c = m_->config;
    std::size_t const d = c.head_width;
    row out(c.heads * d, 0.0);
    for (std::size_t h = 0; h < c.heads; ++h) {
      std::size_t const shared = h * c.key_heads / c.heads;
      row weight(t + 1, 0.0);
      double total = 0.0;
      for (std::size_t s = 0; s <= t; ++s) {
        for (std::size_t i = 0; i < d; ++i) weight[s] += q[t][h * d + i] * k[s][shared * d + i];
        weight[s] = std::exp(weight[s] / std::sqrt(static_cast<double>(d)));
        total += weight[s];
      }
      for (std::size_t s = 0; s <= t; ++s)
        for (std::size_t i = 0; i < d; ++i) out[h * d + i] += weight[s] / total * v[s][shared * d + i];
    }
    return out;
  }

  ohmic::model::llama const* m_;
};

}  // namespace ohmic_test
