// A BERT with random weights, small enough to be run by the plain definitions, and texts for it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/model/bert.hpp"
#include "support/dice.hpp"

namespace ohmic_test {

/// Sizes that are no multiples of registers, tiles or pairs.
inline ohmic::model::bert_config small_bert_sizes() {
  ohmic::model::bert_config c;
  c.vocabulary = 40;
  c.width = 24;
  c.layers = 2;
  c.heads = 3;
  c.hidden = 40;
  c.positions = 20;
  c.token_types = 2;
  c.classes = 5;
  return c;
}

/// Weights of deviation gain / sqrt(inputs), biases and norms around what training leaves.
inline ohmic::model::bert small_bert(ohmic::model::bert_config const& c = small_bert_sizes(), std::uint64_t seed = 1,
                                     double gain = 1.5) {
  dice random(seed);
  auto const fill = [&](auto&& values, double mean, double sigma) {
    for (float& v : values) v = static_cast<float>(mean + sigma * random.normal());
  };
  auto const linear = [&](std::size_t out, std::size_t in) {
    ohmic::model::linear_weights w{ohmic::matrix<float>(out, in), std::vector<float>(out)};
    fill(w.weight.flat(), 0.0, gain / std::sqrt(static_cast<double>(in)));
    fill(w.bias, 0.0, 0.2);
    return w;
  };
  auto const norm = [&] {
    ohmic::model::norm_weights w{std::vector<float>(c.width), std::vector<float>(c.width)};
    fill(w.gamma, 1.0, 0.1);
    fill(w.beta, 0.0, 0.1);
    return w;
  };
  ohmic::model::bert m{c, {c.vocabulary, c.width}, {c.positions, c.width}, {c.token_types, c.width}, norm(), {}, {}, {},
                       {}};
  for (auto* table : {&m.word, &m.position, &m.token_type}) fill(table->flat(), 0.0, 0.5);
  for (std::size_t l = 0; l < c.layers; ++l)
    m.layers.push_back({linear(c.width, c.width), linear(c.width, c.width), linear(c.width, c.width),
                        linear(c.width, c.width), linear(c.hidden, c.width), linear(c.width, c.hidden), norm(),
                        norm()});
  m.pooler = linear(c.width, c.width);
  m.classifier = linear(c.classes, c.width);
  for (std::size_t i = 0; i < c.classes; ++i) m.labels.push_back("class " + std::to_string(i));
  return m;
}

/// n texts of 1 to `longest` tokens; the first has one token, the second as many as fit.
inline std::vector<std::vector<std::int32_t>> small_texts(ohmic::model::bert_config const& c, std::size_t n,
                                                          std::uint64_t seed, std::size_t longest = 16) {
  dice random(seed);
  std::vector<std::vector<std::int32_t>> texts(n);
  for (std::size_t i = 0; i < n; ++i) {
    texts[i].resize(i == 0   ? 1
                    : i == 1 ? longest
                             : static_cast<std::size_t>(random.between(1, static_cast<int>(longest))));
    for (auto& id : texts[i]) id = random.between(0, static_cast<int>(c.vocabulary) - 1);
  }
  return texts;
}

}  // namespace ohmic_test
