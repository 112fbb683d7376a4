// A BERT text classifier as plain data: sizes, weights, labels, and the checks at its door. Readers: import/bert.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
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

/// Largest sizes that are taken: far above every published model, small enough that no product of two overflows.
struct bert_limits {
  static constexpr std::size_t vocabulary = std::size_t{1} << 24;
  static constexpr std::size_t width = std::size_t{1} << 16;
  static constexpr std::size_t layers = 1024;
  static constexpr std::size_t hidden = std::size_t{1} << 18;
  static constexpr std::size_t positions = std::size_t{1} << 20;
  static constexpr std::size_t token_types = std::size_t{1} << 16;
  static constexpr std::size_t classes = std::size_t{1} << 20;
};

namespace detail {
inline void require_size(std::size_t got, std::size_t limit, char const* field, std::string_view where) {
  if (got >= 1 && got <= limit) return;
  throw error({errc::config_value, std::string(field) + " is out of range", std::string(where), std::to_string(got),
               "1 to " + std::to_string(limit), ""});
}

inline void require_shape(std::size_t rows, std::size_t cols, std::size_t want_rows, std::size_t want_cols,
                          std::string const& part, std::string_view where) {
  if (rows == want_rows && cols == want_cols) return;
  throw error({errc::shape, part + " has a shape that contradicts the configuration", std::string(where),
               shape_text(rows, cols), shape_text(want_rows, want_cols), ""});
}

inline void require_linear(linear_weights const& l, std::size_t out, std::size_t in, std::string const& part,
                           std::string_view where) {
  require_shape(l.weight.rows(), l.weight.cols(), out, in, part + ".weight", where);
  require_shape(l.bias.size(), 1, out, 1, part + ".bias", where);
}

inline void require_norm(norm_weights const& n, std::size_t width, std::string const& part, std::string_view where) {
  require_shape(n.gamma.size(), 1, width, 1, part + ".gamma", where);
  require_shape(n.beta.size(), 1, width, 1, part + ".beta", where);
}
}  // namespace detail

/// Checks that every size is positive and bounded, that the heads divide the width, and that epsilon is positive.
/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(bert_config const& c, std::string_view where = "bert_config") {
  detail::require_size(c.vocabulary, bert_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, bert_limits::width, "width", where);
  detail::require_size(c.layers, bert_limits::layers, "layers", where);
  detail::require_size(c.heads, bert_limits::width, "heads", where);
  detail::require_size(c.hidden, bert_limits::hidden, "hidden", where);
  detail::require_size(c.positions, bert_limits::positions, "positions", where);
  detail::require_size(c.token_types, bert_limits::token_types, "token_types", where);
  detail::require_size(c.classes, bert_limits::classes, "classes", where);
  if (c.width % c.heads != 0)
    throw error({errc::config_conflict, "heads does not divide width", std::string(where),
                 std::to_string(c.heads) + " heads, width " + std::to_string(c.width), "a divisor of the width", ""});
  if (!(c.norm_epsilon > 0.0f && c.norm_epsilon < 1.0f))
    throw error({errc::config_value, "norm_epsilon is out of range", std::string(where), std::to_string(c.norm_epsilon),
                 "more than 0, less than 1", ""});
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

/// Checks that every token id names a row of the word embedding.
/// Errors  errc::value naming the position and the id; `where` says whose ids they are
inline void check_ids(std::span<std::int32_t const> ids, std::size_t vocabulary, std::string_view where) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0 && static_cast<std::size_t>(ids[i]) < vocabulary) continue;
    throw error({errc::value, "token id out of range at position " + std::to_string(i), std::string(where),
                 std::to_string(ids[i]), vocabulary == 0 ? "none" : "0 to " + std::to_string(vocabulary - 1),
                 "use the vocabulary that belongs to the model"});
  }
}

}  // namespace ohmic::inline OHMIC_ABI::model
