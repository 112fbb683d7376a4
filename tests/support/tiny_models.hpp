// Small models with random weights, for tests that need shapes and no accuracy.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/llama.hpp"
#include "ohmic/model/moonshine.hpp"
#include "ohmic/model/sentence_encoder.hpp"

namespace ohmic_test {

/// Fills in one order from one stream, so that every model is the same everywhere.
class weight_source {
 public:
  explicit weight_source(std::uint64_t seed) : stream_{seed, ohmic::purpose::user, 0} {}

  float next(float scale) { return scale * stream_.normal(element_++, 0); }
  ohmic::matrix<float> matrix(std::size_t rows, std::size_t cols, float scale) {
    ohmic::matrix<float> m(rows, cols);
    for (float& v : m.flat()) v = next(scale);
    return m;
  }
  std::vector<float> vector(std::size_t n, float around, float scale) {
    std::vector<float> v(n);
    for (float& x : v) x = around + next(scale);
    return v;
  }
  ohmic::model::linear_weights linear(std::size_t out, std::size_t in) {
    return {matrix(out, in, 0.3f), vector(out, 0.0f, 0.1f)};
  }
  ohmic::model::norm_weights norm(std::size_t width) { return {vector(width, 1.0f, 0.1f), vector(width, 0.0f, 0.1f)}; }

  ohmic::model::pre_norm_weights layer(std::size_t in, std::size_t width, std::size_t hidden) {
    ohmic::model::pre_norm_weights w;
    w.attention_norm = norm(in);
    w.query = linear(in, in);
    w.key = linear(in, in);
    w.value = linear(in, in);
    w.attention_output = linear(width, in);
    if (in != width) w.residual = linear(width, in);
    w.output_norm = norm(width);
    w.intermediate = linear(hidden, width);
    w.output = linear(width, hidden);
    return w;
  }

 private:
  ohmic::stream stream_;
  std::uint32_t element_ = 0;
};

inline ohmic::model::moonshine tiny_moonshine() {
  using ohmic::model::linear_weights;
  weight_source w(11);
  ohmic::model::moonshine m;
  auto& c = m.config;
  c.vocabulary = 19, c.width = 12, c.heads = 2, c.encoder_layers = 2, c.decoder_layers = 2, c.hidden = 20;
  c.positions = 9, c.rate = 100, c.tokens_per_second = 5, c.rotation.width = 4;
  c.listening = {9, 4, 1, 12}, c.middle = {5, 3, 12, 24}, c.last = {3, 2, 24, 12};
  auto const plain = [&](std::size_t out, std::size_t in) { return linear_weights{w.matrix(out, in, 0.3f), {}}; };
  m.listening = plain(12, 9), m.middle = w.linear(24, 60), m.last = w.linear(12, 72);
  m.clip_norm = w.norm(12);
  for (std::size_t l = 0; l < c.encoder_layers; ++l) {
    m.encoder.push_back(w.layer(12, 12, 20));
    for (auto* square :
         {&m.encoder.back().query, &m.encoder.back().key, &m.encoder.back().value, &m.encoder.back().attention_output})
      square->bias.clear();
  }
  m.encoder_norm = w.norm(12);
  m.word = w.matrix(19, 12, 1.0f);
  for (std::size_t l = 0; l < c.decoder_layers; ++l)
    m.decoder.push_back({w.norm(12),
                         plain(12, 12),
                         plain(12, 12),
                         plain(12, 12),
                         plain(12, 12),
                         {w.norm(12), plain(12, 12), plain(12, 12), plain(12, 12), plain(12, 12), w.norm(12),
                          w.linear(20, 12), w.linear(20, 12), w.linear(12, 20)}});
  m.final_norm = w.norm(12);
  m.head = {m.word, {}};
  return m;
}

/// A clip of tones and noise, in 2^-23 of full scale.
inline std::vector<std::int32_t> tiny_clip(std::size_t samples, std::uint64_t seed) {
  weight_source w(seed);
  std::vector<std::int32_t> out(samples);
  for (auto& s : out) s = static_cast<std::int32_t>(w.next(0.2f) * 8388608.0f);
  return out;
}

inline ohmic::model::gpt2 tiny_gpt2() {
  weight_source w(3);
  ohmic::model::gpt2 m;
  m.config = {23, 12, 2, 3, 20, 80, 1e-5f, ohmic::activation::gelu_tanh};
  m.word = w.matrix(23, 12, 1.0f);
  m.position = w.matrix(80, 12, 0.3f);
  for (int l = 0; l < 2; ++l) m.layers.push_back(w.layer(12, 12, 20));
  m.final_norm = w.norm(12);
  m.head = {m.word, {}};
  return m;
}

inline ohmic::model::sentence_encoder tiny_sentence_encoder() {
  weight_source w(4);
  ohmic::model::sentence_encoder m;
  m.config = {23, 8, 12, 2, 2, 80, 1e-6f};
  m.word = w.matrix(23, 8, 1.0f);
  m.frequencies = {1.0f, 0.3f, 0.1f, 0.03f};
  m.layers = {w.layer(8, 12, 20), w.layer(12, 12, 20)};
  m.head = w.linear(12, 12);
  return m;
}

/// Sizes of a small Llama: `key_heads` of its four heads, whose width is not that of the model over the heads.
inline ohmic::model::llama_config tiny_llama_sizes(std::size_t key_heads = 2) {
  ohmic::model::llama_config c;
  c.vocabulary = 23, c.width = 12, c.layers = 2, c.heads = 4, c.key_heads = key_heads, c.head_width = 6, c.hidden = 20;
  c.positions = 80, c.norm_epsilon = 1e-5f;
  return c;
}

inline ohmic::model::llama tiny_llama(ohmic::model::llama_config const& c = tiny_llama_sizes(), bool biases = false) {
  weight_source w(6);
  ohmic::model::llama m;
  m.config = c;
  auto const linear = [&](std::size_t out, std::size_t in) {
    ohmic::model::linear_weights l{w.matrix(out, in, 0.3f), {}};
    if (biases) l.bias = w.vector(out, 0.0f, 0.1f);
    return l;
  };
  auto const norm = [&] {
    return ohmic::model::norm_weights{w.vector(c.width, 1.0f, 0.1f), std::vector<float>(c.width), false};
  };
  std::size_t const q = c.heads * c.head_width, kv = c.key_heads * c.head_width;
  m.word = w.matrix(c.vocabulary, c.width, 1.0f);
  for (std::size_t l = 0; l < c.layers; ++l) {
    ohmic::model::gated_weights g;
    g.attention_norm = norm();
    g.query = linear(q, c.width);
    g.key = linear(kv, c.width);
    g.value = linear(kv, c.width);
    g.attention_output = linear(c.width, q);
    g.output_norm = norm();
    g.gate = linear(c.hidden, c.width);
    g.up = linear(c.hidden, c.width);
    g.down = linear(c.width, c.hidden);
    m.layers.push_back(std::move(g));
  }
  m.final_norm = norm();
  m.head.weight = w.matrix(c.vocabulary, c.width, 0.3f);
  return m;
}

/// Texts of several lengths, one of them longer than the 64 column pairs of an array.
inline std::vector<std::vector<std::int32_t>> tiny_texts(std::uint64_t seed) {
  ohmic::stream const s{seed, ohmic::purpose::user, 1};
  std::vector<std::vector<std::int32_t>> texts;
  std::uint32_t at = 0;
  for (std::size_t n : {1u, 5u, 70u, 9u}) {
    texts.emplace_back();
    for (std::size_t i = 0; i < n; ++i) texts.back().push_back(static_cast<std::int32_t>(s.word(at++, 0) % 23));
  }
  return texts;
}

}  // namespace ohmic_test
