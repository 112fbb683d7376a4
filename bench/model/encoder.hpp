// The pass that is timed: an encoder of BERT-Large's sizes with random weights. Two of its 24 layers, which are all alike.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/model/bert.hpp"
#include "ohmic/model/encoder.hpp"
#include "ohmic/model/fp32.hpp"
#include "support/operands.hpp"

namespace ohmic_bench {

inline constexpr std::size_t encoder_tokens = 256, encoder_layers = 2;

/// Weights of deviation 1 / sqrt(inputs), norms around what training leaves.
/// Random  purpose::user, seed 3
inline ohmic::model::bert bert_of(std::size_t width, std::size_t hidden, std::size_t heads, std::size_t layers) {
  ohmic::model::bert_config c;
  c.vocabulary = 256;
  c.width = width;
  c.layers = layers;
  c.heads = heads;
  c.hidden = hidden;
  c.positions = encoder_tokens;
  std::uint32_t next = 0;
  auto const fill = [&](std::span<float> values, float mean, double sigma) {
    ohmic::stream{3, ohmic::purpose::user, next++}.normals(0, 0, values);
    for (float& v : values) v = mean + static_cast<float>(sigma) * v;
  };
  auto const linear = [&](std::size_t out, std::size_t in) {
    ohmic::model::linear_weights w{ohmic::matrix<float>(out, in), std::vector<float>(out)};
    fill(w.weight.flat(), 0.0f, 1.0 / std::sqrt(static_cast<double>(in)));
    fill(w.bias, 0.0f, 0.1);
    return w;
  };
  auto const norm = [&] {
    ohmic::model::norm_weights w{std::vector<float>(width), std::vector<float>(width)};
    fill(w.gamma, 1.0f, 0.1);
    fill(w.beta, 0.0f, 0.1);
    return w;
  };
  ohmic::model::bert m{c, {c.vocabulary, width}, {c.positions, width}, {c.token_types, width}, norm(), {}, {}, {}, {}};
  for (auto* table : {&m.word, &m.position, &m.token_type}) fill(table->flat(), 0.0f, 0.5);
  for (std::size_t l = 0; l < layers; ++l)
    m.layers.push_back({linear(width, width), linear(width, width), linear(width, width), linear(width, width),
                        linear(hidden, width), linear(width, hidden), norm(), norm()});
  m.pooler = linear(width, width);
  m.classifier = linear(c.classes, width);
  for (std::size_t i = 0; i < c.classes; ++i) m.labels.push_back("class " + std::to_string(i));
  return m;
}
inline ohmic::model::bert bert_large_layers() { return ohmic_bench::bert_of(1024, 4096, 16, encoder_layers); }

/// A text of so many tokens.
inline std::vector<std::int32_t> text_of(std::size_t tokens) {
  std::vector<std::int32_t> ids;
  for (std::size_t n = 0; n < tokens; ++n) ids.push_back(static_cast<std::int32_t>(37 * n % 256));
  return ids;
}

/// The multiply-accumulates of a pass, as a shape.
inline shape encoder_shape(ohmic::model::bert_config const& c) {
  std::size_t const of_token =
      c.layers * (4 * c.width * c.width + 2 * c.width * c.hidden + 2 * encoder_tokens * c.width);
  return {encoder_tokens, 1, of_token};
}

inline ohmic::model::fp32_weights fp32_weights_of(ohmic::model::bert const& m) {
  return {ohmic::model::sites_of(m).sites(), [&](auto const& f) { ohmic::model::for_each_projection(m, f); }};
}

}  // namespace ohmic_bench
