// The weights of transformer parts as plain data: what importers fill and forward passes read.
#pragma once

#include <cstddef>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Weights of a linear layer, y = weight x + bias.
/// Shape   weight (out, in), bias (out), or empty where the layer has none
struct linear_weights {
  matrix<float> weight;
  std::vector<float> bias;
  std::size_t away_outputs = 0, away_inputs = 0;  ///< sizes of a weight that stays in its file and is empty here

  [[nodiscard]] std::size_t inputs() const noexcept { return weight.empty() ? away_inputs : weight.cols(); }
  [[nodiscard]] std::size_t outputs() const noexcept { return weight.empty() ? away_outputs : weight.rows(); }
  friend bool operator==(linear_weights const&, linear_weights const&) = default;
};

/// Outputs [first, first + out) of a layer whose file keeps its weight the other way round.
/// Shape   weight (in, total), bias (total)
[[nodiscard]] inline linear_weights linear_of_columns(matrix<float> const& weight, std::vector<float> const& bias,
                                                      std::size_t first, std::size_t out) {
  linear_weights l{matrix<float>(out, weight.rows()), std::vector<float>(out)};
  for (std::size_t o = 0; o < out; ++o) {
    l.bias[o] = bias[first + o];
    for (std::size_t i = 0; i < weight.rows(); ++i) l.weight(o, i) = weight(i, first + o);
  }
  return l;
}

/// Scale and offset of a layer normalisation, y = gamma (x - mean) / deviation + beta; RMS normalisation is one that is not
/// centred: no mean, beta all zero.
/// Shape   gamma (width), beta (width)
struct norm_weights {
  std::vector<float> gamma;
  std::vector<float> beta;
  bool centred = true;

  friend bool operator==(norm_weights const&, norm_weights const&) = default;
};

/// Weights of one post-LN encoder layer: attention, residual, normalisation, feed-forward, residual, normalisation.
/// Shape   query, key, value, attention_output (width, width); intermediate (hidden, width); output (width, hidden)
struct encoder_weights {
  linear_weights query;
  linear_weights key;
  linear_weights value;
  linear_weights attention_output;
  linear_weights intermediate;
  linear_weights output;
  norm_weights attention_norm;
  norm_weights output_norm;

  friend bool operator==(encoder_weights const&, encoder_weights const&) = default;
};

/// Weights of one pre-LN layer: normalisation, attention, residual, normalisation, feed-forward, residual. A layer that changes the
/// width has a projection on the residual of its attention.
/// Shape   query, key, value (inner, in); attention_output (width, inner); residual (width, in) or empty, then in = width;
///         intermediate (hidden, width); output (width, hidden)
struct pre_norm_weights {
  norm_weights attention_norm;
  linear_weights query;
  linear_weights key;
  linear_weights value;
  linear_weights attention_output;
  linear_weights residual;
  norm_weights output_norm;
  linear_weights intermediate;
  linear_weights output;

  [[nodiscard]] bool changes_width() const noexcept { return !residual.weight.empty(); }
  friend bool operator==(pre_norm_weights const&, pre_norm_weights const&) = default;
};

/// Weights of one layer of a Llama: RMS normalisation, attention with shared keys, residual, RMS normalisation, gated feed-forward block,
/// residual.
/// Shape   query (heads x d_k, width); key, value (key_heads x d_k, width); attention_output (width, heads x d_k); gate, up (hidden, width);
///         down (width, hidden)
struct gated_weights {
  norm_weights attention_norm;
  linear_weights query;
  linear_weights key;
  linear_weights value;
  linear_weights attention_output;
  norm_weights output_norm;
  linear_weights gate;
  linear_weights up;
  linear_weights down;

  friend bool operator==(gated_weights const&, gated_weights const&) = default;
};

}  // namespace ohmic::inline OHMIC_ABI::model
