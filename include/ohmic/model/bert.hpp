// A BERT text classifier as plain data: sizes, weights, labels, and the checks at its door. Readers: import/bert.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/checks.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/activation.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Sizes and settings of a BERT classifier.
/// Range   see validate(bert_config)
/// Source  Devlin 2019; the defaults are BERT-Base, uncased
struct bert_config {
  std::size_t vocabulary = 30522;  ///< rows of the word embedding
  std::size_t width = 768;         ///< of every token vector
  std::size_t layers = 12;
  std::size_t heads = 12;       ///< divides width
  std::size_t hidden = 3072;    ///< width inside the feed-forward part
  std::size_t positions = 512;  ///< longest input in tokens
  std::size_t token_types = 2;
  std::size_t classes = 2;
  float norm_epsilon = 1e-12f;                      ///< added to the variance in LayerNorm
  activation hidden_activation = activation::gelu;  ///< between the feed-forward layers

  /// Width of one attention head.
  [[nodiscard]] std::size_t head_width() const noexcept { return heads == 0 ? 0 : width / heads; }
  friend bool operator==(bert_config const&, bert_config const&) = default;
};

/// A BERT classifier: post-LN encoder, tanh pooler on the first token, linear classifier.
/// Shape   word (vocabulary, width), position (positions, width), token_type (token_types, width), layers (layers),
///         pooler (width, width), classifier (classes, width), labels (classes)
struct bert {
  bert_config config;
  matrix<float> word;
  matrix<float> position;
  matrix<float> token_type;
  norm_weights embedding_norm;
  std::vector<encoder_weights> layers;
  linear_weights pooler;
  linear_weights classifier;
  std::vector<std::string> labels;

  friend bool operator==(bert const&, bert const&) = default;
};

/// Checks that every size is positive and bounded, that the heads divide the width, and that epsilon is positive.
/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(bert_config const& c, std::string_view where = "bert_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_size(c.layers, model_limits::layers, "layers", where);
  detail::require_size(c.hidden, model_limits::hidden, "hidden", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  detail::require_size(c.token_types, model_limits::token_types, "token_types", where);
  detail::require_size(c.classes, model_limits::classes, "classes", where);
  detail::require_heads(c.heads, c.width, where);
  detail::require_epsilon(c.norm_epsilon, where);
}

/// Checks that every matrix and vector has the shape that the configuration says.
/// Errors  those of validate(bert_config); errc::shape naming the part and both shapes
inline void validate(bert const& m, std::string_view where = "bert") {
  bert_config const& c = m.config;
  validate(c, where);
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.width, "word", where);
  detail::require_shape(m.position.rows(), m.position.cols(), c.positions, c.width, "position", where);
  detail::require_shape(m.token_type.rows(), m.token_type.cols(), c.token_types, c.width, "token_type", where);
  detail::require_norm(m.embedding_norm, c.width, "embedding_norm", where);
  detail::require_shape(m.layers.size(), 1, c.layers, 1, "layers", where);
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    encoder_weights const& e = m.layers[l];
    std::string const at = "layers[" + std::to_string(l) + "].";
    detail::require_linear(e.query, c.width, c.width, at + "query", where);
    detail::require_linear(e.key, c.width, c.width, at + "key", where);
    detail::require_linear(e.value, c.width, c.width, at + "value", where);
    detail::require_linear(e.attention_output, c.width, c.width, at + "attention_output", where);
    detail::require_linear(e.intermediate, c.hidden, c.width, at + "intermediate", where);
    detail::require_linear(e.output, c.width, c.hidden, at + "output", where);
    detail::require_norm(e.attention_norm, c.width, at + "attention_norm", where);
    detail::require_norm(e.output_norm, c.width, at + "output_norm", where);
  }
  detail::require_linear(m.pooler, c.width, c.width, "pooler", where);
  detail::require_linear(m.classifier, c.classes, c.width, "classifier", where);
  detail::require_shape(m.labels.size(), 1, c.classes, 1, "labels", where);
}

}  // namespace ohmic::inline OHMIC_ABI::model
