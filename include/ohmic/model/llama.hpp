// Llama-shaped language models as plain data (Llama, Mistral, Qwen2), and their forward pass for every engine. Readers:
// import/llama.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/checks.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/source.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/rotary.hpp"
#include "ohmic/program/gated.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Sizes and settings of a Llama.
/// Range   see validate(llama_config)
/// Source  Touvron et al. 2023; the defaults are Llama 7B
struct llama_config {
  std::size_t vocabulary = 32000;
  std::size_t width = 4096;
  std::size_t layers = 32;
  std::size_t heads = 32;
  std::size_t key_heads = 32;  ///< fewer than heads: grouped queries; 1: multi-query
  std::size_t head_width = 128;
  std::size_t hidden = 11008;
  std::size_t positions = 2048;
  float norm_epsilon = 1e-6f;
  rotary_config rotation{};
  activation hidden_activation = activation::silu;
  std::size_t window = 0;  ///< keys that a query meets, its own among them, in every layer; 0: all before it

  friend bool operator==(llama_config const&, llama_config const&) = default;
};

/// A Llama: RMS normalisation before attention and block, rotated queries and keys, a gated block, logits without bias.
/// Shape   word (vocabulary, width), head.weight (vocabulary, width): tied models hold `word` twice, because the embedding is read from
///         memory and the head is programmed
/// Cost    with a `source` the matrices are empty here and read from files one by one, where for_each_projection calls for them
struct llama {
  llama_config config;
  matrix<float> word;
  std::vector<gated_weights> layers;
  norm_weights final_norm;
  linear_weights head;
  std::shared_ptr<matrix_source const> source{};

  friend bool operator==(llama const&, llama const&) = default;
};

/// Checks that every size is positive and bounded, that key heads divide the heads, and that heads have pairs to rotate.
/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(llama_config const& c, std::string_view where = "llama_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_size(c.layers, model_limits::layers, "layers", where);
  detail::require_size(c.heads, model_limits::width, "heads", where);
  detail::require_size(c.key_heads, c.heads, "key_heads", where);
  detail::require_size(c.head_width, model_limits::width, "head_width", where);
  detail::require_size(c.heads * c.head_width, model_limits::width, "heads x head_width", where);
  detail::require_size(c.hidden, model_limits::hidden, "hidden", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  detail::require_epsilon(c.norm_epsilon, where);
  if (c.heads % c.key_heads != 0)
    throw error({errc::config_conflict, "key_heads does not divide heads", std::string(where),
                 std::to_string(c.key_heads) + " key heads, " + std::to_string(c.heads) + " heads",
                 "a divisor of the heads", ""});
  static_cast<void>(rotary(c.rotation, c.head_width));
}

/// Checks that every matrix and vector has the shape that the configuration says, and that norms are of the RMS kind.
/// Errors  those of validate(llama_config); errc::shape naming the part and both shapes
inline void validate(llama const& m, std::string_view where = "llama") {
  llama_config const& c = m.config;
  validate(c, where);
  auto const norm = [&](norm_weights const& n, std::string const& part) {
    detail::require_rms_norm(n, c.width, part, where);
  };
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.width, "word", where);
  detail::require_shape(m.layers.size(), 1, c.layers, 1, "layers", where);
  std::size_t const q = c.heads * c.head_width, kv = c.key_heads * c.head_width;
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    gated_weights const& w = m.layers[l];
    std::string const part = "layers[" + std::to_string(l) + "].";
    norm(w.attention_norm, part + "attention_norm");
    detail::require_linear(w.query, q, c.width, part + "query", where);
    detail::require_linear(w.key, kv, c.width, part + "key", where);
    detail::require_linear(w.value, kv, c.width, part + "value", where);
    detail::require_linear(w.attention_output, c.width, q, part + "attention_output", where);
    norm(w.output_norm, part + "output_norm");
    detail::require_linear(w.gate, c.hidden, c.width, part + "gate", where);
    detail::require_linear(w.up, c.hidden, c.width, part + "up", where);
    detail::require_linear(w.down, c.width, c.hidden, part + "down", where);
    if (w.key.bias.empty() != w.query.bias.empty() || w.value.bias.empty() != w.query.bias.empty() ||
        w.up.bias.empty() != w.gate.bias.empty() || w.down.bias.empty() != w.gate.bias.empty())
      throw error({errc::shape, part + "has some biases and not others", std::string(where), "",
                   "query, key and value with biases or without; gate, up and down likewise", ""});
  }
  norm(m.final_norm, "final_norm");
  detail::require_shape(m.head.outputs(), m.head.inputs(), c.vocabulary, c.width, "head.weight", where);
  detail::require_shape(m.head.bias.size(), 1, 0, 1, "head.bias", where);
}

[[nodiscard]] inline program::site_names sites_of(llama const& m) noexcept { return {m.layers.size()}; }
[[nodiscard]] constexpr attention_mask mask_of(llama const&) noexcept { return attention_mask::causal; }
/// What every layer does to scores.
[[nodiscard]] constexpr attention_scope scope_of(llama const& m) noexcept { return {mask_of(m), m.config.window}; }
/// Longest context in tokens.
[[nodiscard]] inline std::size_t positions_of(llama const& m) noexcept { return m.config.positions; }

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(llama const& m, F&& f) {
  using program::operation;
  using program::site;
  auto const give = [&](site s, linear_weights const& w) { give_matrix(m.source.get(), s, w, f); };
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    gated_weights const& w = m.layers[l];
    give(site{l + 1, operation::A1}, w.query);
    give(site{l + 1, operation::A2}, w.key);
    give(site{l + 1, operation::A3}, w.value);
    give(site{l + 1, operation::A7}, w.attention_output);
    give(site{l + 1, operation::B1}, w.gate);
    give(site{l + 1, operation::gate}, w.up);
    give(site{l + 1, operation::B2}, w.down);
  }
  give(site{m.layers.size() + 1, operation::lm_head}, m.head);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] constexpr program::site producer_of(llama const&, program::site s) noexcept {
  using program::operation;
  switch (s.op) {
    case operation::A7:
      return {s.block, operation::A6};
    case operation::B1:
    case operation::gate:
      return {s.block, operation::B_L2};
    case operation::B2:
      return {s.block, operation::gate};
    case operation::lm_head:
      return {s.block, operation::L2};
    default:
      return {s.block, operation::A_L2};  // A1 to A3
  }
}

/// The sub-operations of a pass over `tokens` tokens after `past` that are in the cache.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(llama const& m, std::size_t tokens,
                                                                    std::size_t past,
                                                                    program::function_choices const& choices) {
  llama_config const& c = m.config;
  std::vector<program::sub_operation> out;
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    gated_weights const& w = m.layers[l];
    program::gated_program(out, l + 1, tokens,
                           {c.width, c.heads, c.key_heads, c.head_width, c.hidden, past, !w.query.bias.empty(),
                            !w.attention_output.bias.empty(), !w.gate.bias.empty()},
                           choices);
  }
  program::rms_language_head_program(out, m.layers.size() + 1, tokens, c.width, c.vocabulary, choices);
  return out;
}
/// The same with nothing before the tokens.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(llama const& m, std::size_t tokens,
                                                                    program::function_choices const& choices) {
  return program_of(m, tokens, 0, choices);
}

/// Word embeddings of some ids that come after `first` others.
/// Shape   (n) -> (n, width)
/// Errors  shape for no ids or more than the model has positions; value, naming the position, for an id outside the vocabulary
[[nodiscard]] inline matrix<float> embedded(llama const& m, std::span<std::int32_t const> ids, std::size_t first = 0) {
  return word_embedding(m.word, m.config.positions, ids, first, "Llama input");
}

/// A context without tokens.
template <engine E>
[[nodiscard]] context<E> new_context(E const&, llama const& m) {
  return context<E>(m.layers.size());
}

/// Logits of the token that follows each of the new ones, which come after those that were seen.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as embedded
/// Source  Touvron et al. 2023; Ainslie et al. 2023 for shared keys; Wang et al. 2024, Tables 2 to 4, for the numbering
template <engine E>
[[nodiscard]] matrix<float> extend(E& e, llama const& m, context<E>& seen, std::span<std::int32_t const> ids) {
  using program::operation;
  using tensor = typename E::tensor;
  using options = projection_options<tensor>;
  llama_config const& c = m.config;
  rotary const rotation(c.rotation, c.head_width);
  float const inverse_root = 1.0f / std::sqrt(static_cast<float>(c.head_width));
  std::size_t const first = seen.tokens();
  auto x = e.input({0, operation::input}, embedded(m, ids, first));  // (n, m)
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    std::size_t const b = l + 1;
    gated_weights const& w = m.layers[l];
    options turned{activation::identity, 1.0f, nullptr, &rotation, first, nullptr}, key = turned;
    key.factor = inverse_root;
    auto const y = e.normalise({b, operation::A_L1}, {b, operation::A_L2}, w.attention_norm, c.norm_epsilon, x);
    auto const q = e.project({b, operation::A1}, w.query, y, turned);     // (n, heads d_k)
    auto const k = e.project({b, operation::A2}, w.key, y, key);          // (n, key_heads d_k)
    auto const v = e.project({b, operation::A3}, w.value, y, options{});  // (n, key_heads d_k)
    auto const r = e.attend(b, q, k, v, c.heads, scope_of(m), seen.layers[l]);
    options onto{};
    onto.residual = &x;
    auto const u = e.project({b, operation::A7}, w.attention_output, r, onto);  // (n, m)
    auto const z = e.normalise({b, operation::B_L1}, {b, operation::B_L2}, w.output_norm, c.norm_epsilon, u);
    options activated{}, gated{};
    activated.act = c.hidden_activation;
    auto const g = e.project({b, operation::B1}, w.gate, z, activated);  // (n, hidden)
    gated.gate = &g;
    auto const h = e.project({b, operation::gate}, w.up, z, gated);  // (n, hidden)
    onto.residual = &u;
    x = e.project({b, operation::B2}, w.down, h, onto);  // (n, m)
  }
  std::size_t const head = m.layers.size() + 1;
  auto const y = e.normalise({head, operation::L1}, {head, operation::L2}, m.final_norm, c.norm_epsilon, x);
  return e.output({head, operation::lm_head}, m.head, y, options{});  // (n, vocabulary)
}

/// Logits of the token that follows each token of a window.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as embedded
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, llama const& m, std::span<std::int32_t const> ids) {
  auto seen = new_context(e, m);
  return extend(e, m, seen, ids);
}
static_assert(decoder<llama>);

}  // namespace ohmic::inline OHMIC_ABI::model
