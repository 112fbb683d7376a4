// What is checked of every model that is made in memory, and of every text before a pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/weights.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Largest sizes that are taken: far above every published model, small enough that no product of two overflows.
struct model_limits {
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

inline void require_heads(std::size_t heads, std::size_t width, std::string_view where) {
  require_size(heads, model_limits::width, "heads", where);
  if (width % heads != 0)
    throw error({errc::config_conflict, "heads does not divide width", std::string(where),
                 std::to_string(heads) + " heads, width " + std::to_string(width), "a divisor of the width", ""});
}

inline void require_epsilon(float epsilon, std::string_view where) {
  if (!(epsilon > 0.0f && epsilon < 1.0f))
    throw error({errc::config_value, "norm_epsilon is out of range", std::string(where),
                 ohmic::detail::number_text(epsilon), "more than 0, less than 1", ""});
}

inline void require_shape(std::size_t rows, std::size_t cols, std::size_t want_rows, std::size_t want_cols,
                          std::string const& part, std::string_view where) {
  if (rows == want_rows && cols == want_cols) return;
  throw error({errc::shape, part + " has a shape that contradicts the configuration", std::string(where),
               shape_text(rows, cols), shape_text(want_rows, want_cols), ""});
}

/// A bias may be missing.
inline void require_linear(linear_weights const& l, std::size_t out, std::size_t in, std::string const& part,
                           std::string_view where) {
  require_shape(l.outputs(), l.inputs(), out, in, part + ".weight", where);
  if (!l.bias.empty()) require_shape(l.bias.size(), 1, out, 1, part + ".bias", where);
}

inline void require_norm(norm_weights const& n, std::size_t width, std::string const& part, std::string_view where) {
  require_shape(n.gamma.size(), 1, width, 1, part + ".gamma", where);
  require_shape(n.beta.size(), 1, width, 1, part + ".beta", where);
}

/// One that subtracts no mean and adds nothing.
inline void require_rms_norm(norm_weights const& n, std::size_t width, std::string const& part,
                             std::string_view where) {
  require_norm(n, width, part, where);
  bool offset = n.centred;
  for (float b : n.beta) offset = offset || b != 0.0f;
  if (offset)
    throw error({errc::config_value, part + " is no RMS normalisation", std::string(where), "a mean or an offset",
                 "centred = false, beta all zero", ""});
}

/// A pre-LN layer of `heads` heads from width `in` to `width`; the width inside attention is its own.
inline void require_pre_norm(pre_norm_weights const& w, std::size_t in, std::size_t width, std::size_t hidden,
                             std::size_t heads, std::string const& part, std::string_view where) {
  std::size_t const inner = w.query.outputs();
  require_size(inner, model_limits::width, (part + "query outputs").c_str(), where);
  require_size(hidden, model_limits::hidden, (part + "hidden").c_str(), where);
  require_heads(heads, inner, where);
  require_norm(w.attention_norm, in, part + "attention_norm", where);
  require_linear(w.query, inner, in, part + "query", where);
  require_linear(w.key, inner, in, part + "key", where);
  require_linear(w.value, inner, in, part + "value", where);
  require_linear(w.attention_output, width, inner, part + "attention_output", where);
  if (in != width || w.changes_width()) require_linear(w.residual, width, in, part + "residual", where);
  require_norm(w.output_norm, width, part + "output_norm", where);
  require_linear(w.intermediate, hidden, width, part + "intermediate", where);
  require_linear(w.output, width, hidden, part + "output", where);
}

}  // namespace detail

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

/// Rows of a word embedding for ids that come after `first` others; `where` says whose input they are.
/// Shape   word (vocabulary, width), ids (n) -> (n, width)
/// Errors  shape for no ids or more than there are positions; value, naming the position, for an id outside the vocabulary
[[nodiscard]] inline matrix<float> word_embedding(matrix<float> const& word, std::size_t positions,
                                                  std::span<std::int32_t const> ids, std::size_t first,
                                                  std::string_view where) {
  if (ids.empty() || first + ids.size() > positions)
    throw error({errc::shape, "number of tokens", std::string(where),
                 std::to_string(ids.size()) + (first == 0 ? "" : " after " + std::to_string(first)),
                 "1.." + std::to_string(positions) + " in all", "cut the text into windows"});
  check_ids(ids, word.rows(), where);
  matrix<float> x(ids.size(), word.cols());
  for (std::size_t n = 0; n < ids.size(); ++n)
    std::memcpy(x.row(n).data(), word.row(static_cast<std::size_t>(ids[n])).data(), word.cols() * sizeof(float));
  return x;
}

}  // namespace ohmic::inline OHMIC_ABI::model
