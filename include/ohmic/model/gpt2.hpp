// GPT-2 as plain data, and its forward pass for every engine. Readers: import/gpt2.hpp.
#pragma once

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
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/pre_norm.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/program/pre_norm.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Sizes and settings of a GPT-2 language model.
/// Range   see validate(gpt2_config)
/// Source  Radford et al. 2019; the defaults are GPT-2 small
struct gpt2_config {
  std::size_t vocabulary = 50257;
  std::size_t width = 768;
  std::size_t layers = 12;
  std::size_t heads = 12;
  std::size_t hidden = 3072;
  std::size_t positions = 1024;  ///< longest window in tokens
  float norm_epsilon = 1e-5f;
  activation hidden_activation = activation::gelu_tanh;

  friend bool operator==(gpt2_config const&, gpt2_config const&) = default;
};

/// A GPT-2 language model: pre-LN decoder, final normalisation, logits without bias.
/// Shape   word (vocabulary, width), position (positions, width), head.weight (vocabulary, width): tied models hold `word` twice,
///         because the embedding is read from memory and the head is programmed
struct gpt2 {
  gpt2_config config;
  matrix<float> word;
  matrix<float> position;
  std::vector<pre_norm_weights> layers;
  norm_weights final_norm;
  linear_weights head;

  friend bool operator==(gpt2 const&, gpt2 const&) = default;
};

/// Checks that every size is positive and bounded, that the heads divide the width, and that epsilon is positive.
/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(gpt2_config const& c, std::string_view where = "gpt2_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_size(c.layers, model_limits::layers, "layers", where);
  detail::require_size(c.hidden, model_limits::hidden, "hidden", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  detail::require_heads(c.heads, c.width, where);
  detail::require_epsilon(c.norm_epsilon, where);
}

/// Checks that every matrix and vector has the shape that the configuration says.
/// Errors  those of validate(gpt2_config); errc::shape naming the part and both shapes
inline void validate(gpt2 const& m, std::string_view where = "gpt2") {
  gpt2_config const& c = m.config;
  validate(c, where);
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.width, "word", where);
  detail::require_shape(m.position.rows(), m.position.cols(), c.positions, c.width, "position", where);
  detail::require_shape(m.layers.size(), 1, c.layers, 1, "layers", where);
  for (std::size_t l = 0; l < m.layers.size(); ++l)
    detail::require_pre_norm(m.layers[l], c.width, c.width, c.hidden, c.heads, "layers[" + std::to_string(l) + "].",
                             where);
  detail::require_norm(m.final_norm, c.width, "final_norm", where);
  detail::require_shape(m.head.weight.rows(), m.head.weight.cols(), c.vocabulary, c.width, "head.weight", where);
  detail::require_shape(m.head.bias.size(), 1, 0, 1, "head.bias", where);
}

[[nodiscard]] inline program::site_names sites_of(gpt2 const& m) noexcept { return {m.layers.size()}; }
/// A token of a decoder sees itself and what came before.
[[nodiscard]] constexpr attention_mask mask_of(gpt2 const&) noexcept { return attention_mask::causal; }

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(gpt2 const& m, F&& f) {
  for (std::size_t l = 0; l < m.layers.size(); ++l) for_each_projection(m.layers[l], l + 1, f);
  f(program::site{m.layers.size() + 1, program::operation::lm_head}, m.head);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] constexpr program::site producer_of(gpt2 const&, program::site s) noexcept {
  return s.op == program::operation::lm_head ? program::site{s.block, program::operation::L2} : pre_norm_producer(s);
}

/// The sub-operations of a pass over `tokens` tokens after `past` that are in the cache.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(gpt2 const& m, std::size_t tokens, std::size_t past,
                                                                    program::function_choices const& choices) {
  std::vector<program::sub_operation> out;
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    auto shape = shape_of(m.layers[l], m.config.heads);
    shape.past = past;
    program::pre_norm_program(out, l + 1, tokens, shape, choices);
  }
  program::language_head_program(out, m.layers.size() + 1, tokens, m.config.width, m.config.vocabulary, choices);
  return out;
}

/// The sub-operations of a pass over `tokens` tokens, nothing before them.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(gpt2 const& m, std::size_t tokens,
                                                                    program::function_choices const& choices) {
  return program_of(m, tokens, 0, choices);
}

/// Longest context in tokens.
[[nodiscard]] inline std::size_t positions_of(gpt2 const& m) noexcept { return m.config.positions; }

/// Sum of word and position embeddings of some ids; positions start at `first`.
/// Shape   (n) -> (n, width)
/// Errors  shape for no ids or more than the model has positions; value, naming the position, for an id outside the vocabulary
[[nodiscard]] inline matrix<float> embedded(gpt2 const& m, std::span<std::int32_t const> ids, std::size_t first = 0) {
  if (ids.empty() || first + ids.size() > m.config.positions)
    throw error({errc::shape, "number of tokens", "GPT-2 input",
                 std::to_string(ids.size()) + (first == 0 ? "" : " after " + std::to_string(first)),
                 "1.." + std::to_string(m.config.positions) + " in all", "cut the text into windows"});
  check_ids(ids, m.config.vocabulary, "GPT-2 input");
  matrix<float> x(ids.size(), m.config.width);
  for (std::size_t n = 0; n < ids.size(); ++n)
    for (std::size_t i = 0; i < m.config.width; ++i)
      x(n, i) = m.word(static_cast<std::size_t>(ids[n]), i) + m.position(first + n, i);
  return x;
}

/// A context without tokens.
template <engine E>
[[nodiscard]] context<E> new_context(E const&, gpt2 const& m) {
  return context<E>(m.layers.size());
}

/// Logits of the token that follows each of the new ones, which come after those that were seen.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as embedded
/// Source  Radford et al. 2019; Wang et al. 2024, Tables 2 to 4, for the numbering
template <engine E>
[[nodiscard]] matrix<float> extend(E& e, gpt2 const& m, context<E>& seen, std::span<std::int32_t const> ids) {
  using program::operation;
  pre_norm_settings const settings{m.config.heads, m.config.norm_epsilon, m.config.hidden_activation, mask_of(m)};
  auto x = e.input({0, operation::input}, embedded(m, ids, seen.tokens()));  // (n, m)
  for (std::size_t l = 0; l < m.layers.size(); ++l)
    x = pre_norm_layer(e, l + 1, m.layers[l], settings, x, &seen.layers[l]);  // (n, m)
  std::size_t const head = m.layers.size() + 1;
  auto const y =
      e.normalise({head, operation::L1}, {head, operation::L2}, m.final_norm, m.config.norm_epsilon, x);  // (n, m)
  return e.output({head, operation::lm_head}, m.head, y, projection_options<typename E::tensor>{});  // (n, vocabulary)
}

/// Logits of the token that follows each token of a window.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as embedded
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, gpt2 const& m, std::span<std::int32_t const> ids) {
  auto seen = new_context(e, m);
  return extend(e, m, seen, ids);
}
static_assert(decoder<gpt2>);

}  // namespace ohmic::inline OHMIC_ABI::model
