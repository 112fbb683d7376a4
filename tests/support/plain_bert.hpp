// BERT in double precision, from its definition: post-LN encoder, erf GELU, tanh pooler on the first token. For tests; nothing of
// the library but its weights.
// Source  Vaswani et al. 2017 for attention, Devlin et al. 2019 for the block order, Ba et al. 2016 for layer normalisation
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/model/bert.hpp"

namespace ohmic_test {

using doubles = std::vector<double>;
using double_rows = std::vector<doubles>;

inline doubles plain_linear(ohmic::model::linear_weights const& w, doubles const& x) {
  doubles y(w.bias.begin(), w.bias.end());
  for (std::size_t o = 0; o < y.size(); ++o)
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += static_cast<double>(w.weight(o, i)) * x[i];
  return y;
}

inline doubles plain_norm(ohmic::model::norm_weights const& w, double epsilon, doubles const& u) {
  auto const n = static_cast<double>(u.size());
  double mean = 0.0, variance = 0.0;
  for (double v : u) mean += v / n;
  for (double v : u) variance += (v - mean) * (v - mean) / n;
  doubles y(u.size());
  for (std::size_t i = 0; i < u.size(); ++i)
    y[i] = (u[i] - mean) / std::sqrt(variance + epsilon) * static_cast<double>(w.gamma[i]) +
           static_cast<double>(w.beta[i]);
  return y;
}

inline doubles plain_sum(doubles a, doubles const& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

/// All heads of all tokens.
inline double_rows plain_attention(double_rows const& q, double_rows const& k, double_rows const& v,
                                   std::size_t heads) {
  std::size_t const n = q.size(), width = q.front().size() / heads;
  double_rows out(n, doubles(q.front().size(), 0.0));
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t i = 0; i < n; ++i) {
      doubles weight(n, 0.0);
      double sum = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t l = h * width; l < (h + 1) * width; ++l) weight[j] += q[i][l] * k[j][l];
        weight[j] = std::exp(weight[j] / std::sqrt(static_cast<double>(width)));
        sum += weight[j];
      }
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t l = h * width; l < (h + 1) * width; ++l) out[i][l] += weight[j] / sum * v[j][l];
    }
  return out;
}

/// What a pass leaves: the tokens after the embeddings and after each layer, the pooled first token, the logits.
struct plain_pass {
  std::vector<double_rows> tokens;
  doubles pooled, logits;
};

inline plain_pass plain_bert(ohmic::model::bert const& m, std::vector<std::int32_t> const& ids) {
  auto const epsilon = static_cast<double>(m.config.norm_epsilon);
  auto const each = [](double_rows const& rows, auto const& f) {
    double_rows out;
    for (auto const& r : rows) out.push_back(f(r));
    return out;
  };
  double_rows x;
  for (std::size_t n = 0; n < ids.size(); ++n) {
    doubles u;
    for (std::size_t i = 0; i < m.config.width; ++i)
      u.push_back(static_cast<double>(m.word(static_cast<std::size_t>(ids[n]), i)) +
                  static_cast<double>(m.position(n, i)) + static_cast<double>(m.token_type(0, i)));
    x.push_back(plain_norm(m.embedding_norm, epsilon, u));
  }
  plain_pass pass;
  pass.tokens.push_back(x);
  for (auto const& w : m.layers) {
    auto const through = [&](ohmic::model::linear_weights const& l) {
      return each(x, [&](doubles const& r) { return plain_linear(l, r); });
    };
    auto const r = plain_attention(through(w.query), through(w.key), through(w.value), m.config.heads);
    for (std::size_t n = 0; n < x.size(); ++n) {
      doubles const y = plain_norm(w.attention_norm, epsilon, plain_sum(plain_linear(w.attention_output, r[n]), x[n]));
      doubles h = plain_linear(w.intermediate, y);
      for (double& v : h)
        v = m.config.hidden_activation == ohmic::activation::relu ? (v > 0.0 ? v : 0.0)
                                                                  : 0.5 * v * (1.0 + std::erf(v / std::sqrt(2.0)));
      x[n] = plain_norm(w.output_norm, epsilon, plain_sum(plain_linear(w.output, h), y));
    }
    pass.tokens.push_back(x);
  }
  pass.pooled = plain_linear(m.pooler, x.front());
  for (double& v : pass.pooled) v = std::tanh(v);
  pass.logits = plain_linear(m.classifier, pass.pooled);
  return pass;
}

}  // namespace ohmic_test
