// A GPT-NeoX or Phi in double precision, from its definition: layer normalisation, the first elements of every head rotated as complex
// numbers, a feed-forward block beside attention or after it. For tests; nothing of the library but its weights and sizes.
// Source  Black et al. 2022, section 2.1; Su et al. 2021, section 3.2; Javaheripi et al. 2023 for Phi's one normalisation
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/model/neox.hpp"

namespace ohmic_test {

class plain_neox {
 public:
  explicit plain_neox(ohmic::model::neox const& m) : m_(&m) {}

  /// Logits after every token.
  [[nodiscard]] std::vector<std::vector<double>> logits(std::vector<std::int32_t> const& ids) const {
    auto const& c = m_->config;
    rows x;
    for (auto id : ids) {
      auto const word = m_->word.row(static_cast<std::size_t>(id));
      x.emplace_back(word.begin(), word.end());
    }
    for (auto const& w : m_->layers) {
      rows q, k, v, y;
      for (std::size_t t = 0; t < x.size(); ++t) {
        y.push_back(norm(w.attention_norm, x[t]));
        q.push_back(turned(linear(w.query, y[t]), t));
        k.push_back(turned(linear(w.key, y[t]), t));
        v.push_back(linear(w.value, y[t]));
      }
      for (std::size_t t = 0; t < x.size(); ++t) {
        row const attention = linear(w.attention_output, attended(q, k, v, t)), after = sum(x[t], attention);
        row const z = c.one_norm ? y[t] : norm(w.output_norm, c.parallel ? x[t] : after);
        row h = linear(w.intermediate, z);
        for (double& e : h) e = activated(e);
        x[t] = sum(after, linear(w.output, h));
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
    row y;
    for (std::size_t o = 0; o < w.weight.rows(); ++o) {
      double total = w.bias.empty() ? 0.0 : static_cast<double>(w.bias[o]);
      for (std::size_t i = 0; i < x.size(); ++i) total += static_cast<double>(w.weight(o, i)) * x[i];
      y.push_back(total);
    }
    return y;
  }
  static row sum(row a, row const& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }
  [[nodiscard]] double activated(double x) const {
    switch (m_->config.hidden_activation) {
      case ohmic::activation::gelu:
        return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
      case ohmic::activation::gelu_tanh:
        return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
      default:
        return x > 0.0 ? x : 0.0;
    }
  }
  [[nodiscard]] row norm(ohmic::model::norm_weights const& w, row x) const {
    double mean = 0.0, square = 0.0;
    auto const n = static_cast<double>(x.size());
    for (double e : x) mean += e / n;
    for (double e : x) square += (e - mean) * (e - mean) / n;
    double const root = std::sqrt(square + static_cast<double>(m_->config.norm_epsilon));
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = (x[i] - mean) / root * static_cast<double>(w.gamma[i]) + static_cast<double>(w.beta[i]);
    return x;
  }
  [[nodiscard]] row turned(row x, std::size_t position) const {
    auto const& r = m_->config.rotation;
    std::size_t const head = m_->config.width / m_->config.heads, turning = r.width;
    for (std::size_t h = 0; h < x.size(); h += head)
      for (std::size_t i = 0; i < turning / 2; ++i) {
        double const f =
            std::pow(static_cast<double>(r.base), -2.0 * static_cast<double>(i) / static_cast<double>(turning));
        auto const z =
            std::complex<double>(x[h + i], x[h + turning / 2 + i]) * std::polar(1.0, static_cast<double>(position) * f);
        x[h + i] = z.real();
        x[h + turning / 2 + i] = z.imag();
      }
    return x;
  }
  [[nodiscard]] row attended(rows const& q, rows const& k, rows const& v, std::size_t t) const {
    std::size_t const d = m_->config.width / m_->config.heads;
    row out(m_->config.width, 0.0);
    for (std::size_t h = 0; h < m_->config.heads; ++h) {
      row weight;
      double total = 0.0;
      for (std::size_t s = 0; s <= t; ++s) {
        double score = 0.0;
        for (std::size_t i = 0; i < d; ++i) score += q[t][h * d + i] * k[s][h * d + i];
        weight.push_back(std::exp(score / std::sqrt(static_cast<double>(d))));
        total += weight.back();
      }
      for (std::size_t s = 0; s <= t; ++s)
        for (std::size_t i = 0; i < d; ++i) out[h * d + i] += weight[s] / total * v[s][h * d + i];
    }
    return out;
  }

  ohmic::model::neox const* m_;
};

}  // namespace ohmic_test
