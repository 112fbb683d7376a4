// The Universal Sentence Encoder lite as plain data, and its forward pass for every engine. Readers: import/sentence_encoder.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/checks.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/pre_norm.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/program/pre_norm.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Sizes and settings of the sentence encoder.
/// Range   see validate(sentence_encoder_config)
struct sentence_encoder_config {
  std::size_t vocabulary = 8002;
  std::size_t embedding = 256;  ///< width of the embeddings, and of the first layer's attention
  std::size_t width = 512;
  std::size_t layers = 2;
  std::size_t heads = 4;
  std::size_t positions = 128;  ///< longer texts are clipped
  float norm_epsilon = 1e-6f;

  friend bool operator==(sentence_encoder_config const&, sentence_encoder_config const&) = default;
};

/// A sentence encoder: pre-LN layers, the first of which widens; mean over tokens; tanh projection to a vector of unit length.
/// Shape   word (vocabulary, embedding), frequencies (embedding / 2), layers (layers), head.weight (width, width)
struct sentence_encoder {
  sentence_encoder_config config;
  matrix<float> word;
  std::vector<float> frequencies;
  std::vector<pre_norm_weights> layers;
  linear_weights head;

  friend bool operator==(sentence_encoder const&, sentence_encoder const&) = default;
};

/// Checks that every size is positive and bounded, that the embedding splits into sines and cosines, and that epsilon is positive.
/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(sentence_encoder_config const& c, std::string_view where = "sentence_encoder_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.embedding, model_limits::width, "embedding", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_size(c.layers, model_limits::layers, "layers", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  if (c.embedding % 2 != 0)
    throw error({errc::config_conflict, "embedding is odd", std::string(where), std::to_string(c.embedding),
                 "an even width: one half takes sines, the other cosines", ""});
  detail::require_epsilon(c.norm_epsilon, where);
}

/// Checks that every matrix and vector has the shape that the configuration says; the first layer takes the embeddings to the width.
/// Errors  those of validate(sentence_encoder_config); errc::config_conflict for heads; errc::shape naming the part and both shapes
inline void validate(sentence_encoder const& m, std::string_view where = "sentence_encoder") {
  sentence_encoder_config const& c = m.config;
  validate(c, where);
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.embedding, "word", where);
  detail::require_shape(m.frequencies.size(), 1, c.embedding / 2, 1, "frequencies", where);
  detail::require_shape(m.layers.size(), 1, c.layers, 1, "layers", where);
  for (std::size_t l = 0; l < m.layers.size(); ++l)
    detail::require_pre_norm(m.layers[l], l == 0 ? c.embedding : c.width, c.width, m.layers[l].intermediate.outputs(),
                             c.heads, "layers[" + std::to_string(l) + "].", where);
  detail::require_linear(m.head, c.width, c.width, "head", where);
}

[[nodiscard]] inline program::site_names sites_of(sentence_encoder const& m) noexcept { return {m.layers.size()}; }
[[nodiscard]] constexpr attention_mask mask_of(sentence_encoder const&) noexcept { return attention_mask::none; }

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(sentence_encoder const& m, F&& f) {
  for (std::size_t l = 0; l < m.layers.size(); ++l) for_each_projection(m.layers[l], l + 1, f);
  f(program::site{m.layers.size() + 1, program::operation::embedding}, m.head);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] constexpr program::site producer_of(sentence_encoder const&, program::site s) noexcept {
  return s.op == program::operation::embedding ? program::site{s.block, program::operation::mean}
                                               : pre_norm_producer(s);
}

/// The sub-operations of a pass over `tokens` tokens.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(sentence_encoder const& m, std::size_t tokens,
                                                                    program::function_choices const& choices) {
  std::vector<program::sub_operation> out;
  for (std::size_t l = 0; l < m.layers.size(); ++l)
    program::pre_norm_program(out, l + 1, tokens, shape_of(m.layers[l], m.config.heads), choices);
  program::sentence_head_program(out, m.layers.size() + 1, tokens, m.config.width, m.head.outputs(), choices);
  return out;
}

/// Twice the word embedding plus sines and cosines of the position: the published graph adds the embedding a second time.
/// Shape   (n) -> (n, embedding)
/// Errors  shape for no ids or more than the model has positions; value, naming the position, for an id outside the vocabulary
/// Source  the graph of the published model; golden embeddings in tests
[[nodiscard]] inline matrix<float> embedded(sentence_encoder const& m, std::span<std::int32_t const> ids) {
  if (ids.empty() || ids.size() > m.config.positions)
    throw error({errc::shape, "number of tokens", "sentence encoder input", std::to_string(ids.size()),
                 "1.." + std::to_string(m.config.positions), "give a text, or let the tokenizer clip it"});
  check_ids(ids, m.config.vocabulary, "sentence encoder input");
  matrix<float> x(ids.size(), m.config.embedding);
  std::size_t const half = m.frequencies.size();
  for (std::size_t n = 0; n < ids.size(); ++n)
    for (std::size_t i = 0; i < m.config.embedding; ++i) {
      // In double, which the digits of the published frequencies do not reach; an input table and no function of the chip.
      double const angle = static_cast<double>(n) * static_cast<double>(m.frequencies[i % half]);
      auto const position = static_cast<float>(i < half ? std::sin(angle) : std::cos(angle));
      float const e = m.word(static_cast<std::size_t>(ids[n]), i);
      x(n, i) = e + (e + position);
    }
  return x;
}

/// Embedding of one text, before it is brought to unit length.
/// Shape   ids (n) -> (1, width)
/// Errors  as embedded
/// Source  Cer et al. 2018; golden embeddings in tests/golden
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, sentence_encoder const& m, std::span<std::int32_t const> ids) {
  using program::operation;
  using options = projection_options<typename E::tensor>;
  pre_norm_settings const settings{m.config.heads, m.config.norm_epsilon, activation::relu, mask_of(m)};
  auto x = e.input({0, operation::input}, embedded(m, ids));  // (n, embedding)
  for (std::size_t l = 0; l < m.layers.size(); ++l)
    x = pre_norm_layer(e, l + 1, m.layers[l], settings, x);  // (n, width)
  std::size_t const head = m.layers.size() + 1;
  auto const pooled = e.mean({head, operation::mean}, x);  // (1, width)
  return e.output({head, operation::embedding}, m.head, pooled,
                  options{activation::tanh, 1.0f, nullptr});  // (1, width)
}

}  // namespace ohmic::inline OHMIC_ABI::model
