// A small T5 with random weights, and texts for it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ohmic/model/t5.hpp"
#include "support/tiny_models.hpp"

namespace ohmic_test {

/// Heads that together are wider than the model, more layers in the decoder, and distances beyond the last bucket.
inline ohmic::model::t5_config tiny_t5_sizes(bool gated = false) {
  ohmic::model::t5_config c;
  c.vocabulary = 23, c.width = 12, c.encoder_layers = 2, c.decoder_layers = 3, c.heads = 4, c.head_width = 5;
  c.hidden = 20, c.positions = 80, c.buckets = 8, c.reach = 20, c.norm_epsilon = 1e-5f, c.start = 3;
  c.gated = gated, c.scaled_logits = !gated;
  c.hidden_activation = gated ? ohmic::activation::gelu_tanh : ohmic::activation::relu;
  return c;
}

inline ohmic::model::t5 tiny_t5(ohmic::model::t5_config const& c = tiny_t5_sizes()) {
  weight_source w(9);
  ohmic::model::t5 m;
  m.config = c;
  auto const norm = [&] {
    return ohmic::model::norm_weights{w.vector(c.width, 1.0f, 0.1f), std::vector<float>(c.width), false};
  };
  auto const linear = [&](std::size_t out, std::size_t in, float scale = 0.3f) {
    return ohmic::model::linear_weights{w.matrix(out, in, scale), {}};
  };
  std::size_t const inner = c.heads * c.head_width;
  auto const attention = [&] {
    ohmic::model::t5_attention a;
    a.norm = norm();
    a.query = linear(inner, c.width, 0.15f);
    a.key = linear(inner, c.width, 0.3f);
    a.value = linear(inner, c.width);
    a.output = linear(c.width, inner);
    return a;
  };
  auto const block = [&] {
    ohmic::model::t5_block b;
    b.norm = norm();
    b.inner = linear(c.hidden, c.width);
    if (c.gated) b.gate = linear(c.hidden, c.width);
    b.down = linear(c.width, c.hidden);
    return b;
  };
  m.word = w.matrix(c.vocabulary, c.width, 1.0f);
  m.encoder_bias = w.matrix(c.buckets, c.heads, 1.0f);
  m.decoder_bias = w.matrix(c.buckets, c.heads, 1.0f);
  for (std::size_t l = 0; l < c.encoder_layers; ++l) {
    auto a = attention();
    m.encoder.push_back({std::move(a), block()});
  }
  m.encoder_norm = norm();
  for (std::size_t l = 0; l < c.decoder_layers; ++l) {
    auto self = attention(), cross = attention();
    m.decoder.push_back({std::move(self), std::move(cross), block()});
  }
  m.decoder_norm = norm();
  if (c.scaled_logits)
    m.head.weight = m.word;
  else
    m.head.weight = w.matrix(c.vocabulary, c.width, 0.3f);
  return m;
}

/// Sources shorter and longer than their targets, of one token, and beyond the 64 column pairs of an array; targets begin with the start
/// token.
inline std::vector<ohmic::model::t5::input> tiny_pairs(std::uint64_t seed) {
  auto const texts = tiny_texts(seed), others = tiny_texts(seed + 100);
  std::vector<ohmic::model::t5::input> pairs;
  for (auto const& [source, target] : {std::pair{1, 1}, {1, 3}, {3, 1}, {2, 0}, {0, 3}}) {
    pairs.push_back({texts[static_cast<std::size_t>(source)], others[static_cast<std::size_t>(target)]});
    pairs.back().target.front() = 3;
  }
  return pairs;
}

}  // namespace ohmic_test
