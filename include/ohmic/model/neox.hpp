// Language models with rotated positions and feed-forward blocks beside attention as plain data (GPT-NeoX, Pythia, Phi), and their
// forward pass for every engine. Readers: import/neox.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/checks.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/pre_norm.hpp"
#include "ohmic/model/source.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/rotary.hpp"
#include "ohmic/program/pre_norm.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Sizes and settings of a GPT-NeoX.
/// Range   see validate(neox_config)
/// Source  Black et al. 2022; the defaults are Pythia 1.4B's
struct neox_config {
  std::size_t vocabulary = 50304;
  std::size_t width = 2048;
  std::size_t layers = 24;
  std::size_t heads = 16;
  std::size_t hidden = 8192;
  std::size_t positions = 2048;
  float norm_epsilon = 1e-5f;
  rotary_config rotation{.width = 32};
  activation hidden_activation = activation::gelu;
  bool parallel = true;   ///< the feed-forward block reads what attention reads, and both are added
  bool one_norm = false;  ///< through the same normalisation: Phi. Only where parallel

  friend bool operator==(neox_config const&, neox_config const&) = default;
};

/// A GPT-NeoX: layer normalisation, attention with a part of every head rotated, and a feed-forward block beside it or after it.
/// Shape   word, head.weight (vocabulary, width), head.bias (vocabulary) or none; layers: without `residual`; under one_norm their
///         `output_norm` is empty
/// Cost    with a `source` the matrices are empty here and read from files one by one, where for_each_projection calls for them
struct neox {
  neox_config config;
  matrix<float> word;
  std::vector<pre_norm_weights> layers;
  norm_weights final_norm;
  linear_weights head;
  std::shared_ptr<matrix_source const> source{};

  friend bool operator==(neox const&, neox const&) = default;
};

/// Checks that every size is positive and bounded, that heads divide the width, and what turns of them.
/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(neox_config const& c, std::string_view where = "neox_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_size(c.layers, model_limits::layers, "layers", where);
  detail::require_heads(c.heads, c.width, where);
  detail::require_size(c.hidden, model_limits::hidden, "hidden", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  detail::require_epsilon(c.norm_epsilon, where);
  static_cast<void>(rotary(c.rotation, c.width / c.heads));
  if (c.one_norm && !c.parallel)
    throw error({errc::config_conflict, "one normalisation for both, one after the other", std::string(where),
                 "one_norm without parallel", "parallel = true, or one_norm = false", ""});
}

/// Checks that every matrix and vector has the shape that the configuration says.
/// Errors  those of validate(neox_config); errc::shape naming the part and both shapes
inline void validate(neox const& m, std::string_view where = "neox") {
  neox_config const& c = m.config;
  validate(c, where);
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.width, "word", where);
  detail::require_shape(m.layers.size(), 1, c.layers, 1, "layers", where);
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    pre_norm_weights const& w = m.layers[l];
    std::string const part = "layers[" + std::to_string(l) + "].";
    detail::require_norm(w.attention_norm, c.width, part + "attention_norm", where);
    for (auto const& [name, matrix] : {std::pair{"query", &w.query},
                                       {"key", &w.key},
                                       {"value", &w.value},
                                       {"attention_output", &w.attention_output}})
      detail::require_linear(*matrix, c.width, c.width, part + name, where);
    detail::require_norm(w.output_norm, c.one_norm ? 0 : c.width, part + "output_norm", where);
    detail::require_linear(w.intermediate, c.hidden, c.width, part + "intermediate", where);
    detail::require_linear(w.output, c.width, c.hidden, part + "output", where);
    detail::require_shape(w.residual.outputs(), w.residual.inputs(), 0, 0, part + "residual", where);
    // The plan counts a bias of these, or none.
    if (w.key.bias.empty() != w.query.bias.empty() || w.value.bias.empty() != w.query.bias.empty() ||
        w.intermediate.bias.empty() || w.output.bias.empty())
      throw error({errc::shape, part + "has some biases and not others", std::string(where), "",
                   "query, key and value with biases or without; intermediate and output with", ""});
  }
  detail::require_norm(m.final_norm, c.width, "final_norm", where);
  detail::require_linear(m.head, c.vocabulary, c.width, "head", where);
}

[[nodiscard]] inline program::site_names sites_of(neox const& m) noexcept { return {m.layers.size()}; }
[[nodiscard]] constexpr attention_mask mask_of(neox const&) noexcept { return attention_mask::causal; }
/// Longest context in tokens.
[[nodiscard]] inline std::size_t positions_of(neox const& m) noexcept { return m.config.positions; }

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(neox const& m, F&& f) {
  auto const give = [&](program::site s, linear_weights const& w) { give_matrix(m.source.get(), s, w, f); };
  for (std::size_t l = 0; l < m.layers.size(); ++l) for_each_projection(m.layers[l], l + 1, give);
  give(program::site{m.layers.size() + 1, program::operation::lm_head}, m.head);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] constexpr program::site producer_of(neox const& m, program::site s) noexcept {
  using program::operation;
  if (s.op == operation::lm_head) return {s.block, operation::L2};
  if (s.op == operation::B1 && m.config.one_norm) return {s.block, operation::A_L2};
  return pre_norm_producer(s);
}

/// The sub-operations of a pass over `tokens` tokens after `past` that are in the cache.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(neox const& m, std::size_t tokens, std::size_t past,
                                                                    program::function_choices const& choices) {
  neox_config const& c = m.config;
  std::vector<program::sub_operation> out;
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    auto shape = shape_of(m.layers[l], c.heads);
    shape.past = past;
    shape.rotated = rotary(c.rotation, c.width / c.heads).turning(c.width);
    shape.one_norm = c.one_norm;
    shape.qkv_biases = !m.layers[l].query.bias.empty();
    shape.output_bias = !m.layers[l].attention_output.bias.empty();
    program::pre_norm_program(out, l + 1, tokens, shape, choices);
  }
  program::language_head_program(out, m.layers.size() + 1, tokens, c.width, c.vocabulary, choices,
                                 !m.head.bias.empty());
  return out;
}
/// The same with nothing before the tokens.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(neox const& m, std::size_t tokens,
                                                                    program::function_choices const& choices) {
  return program_of(m, tokens, 0, choices);
}

/// Word embeddings of some ids that come after `first` others.
/// Shape   (n) -> (n, width)
/// Errors  shape for no ids or more than the model has positions; value, naming the position, for an id outside the vocabulary
[[nodiscard]] inline matrix<float> embedded(neox const& m, std::span<std::int32_t const> ids, std::size_t first = 0) {
  return word_embedding(m.word, m.config.positions, ids, first, "GPT-NeoX input");
}

/// A context without tokens.
template <engine E>
[[nodiscard]] context<E> new_context(E const&, neox const& m) {
  return context<E>(m.layers.size());
}

/// Logits of the token that follows each of the new ones, which come after those that were seen.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as embedded
/// Source  Black et al. 2022 (GPT-NeoX-20B), section 2.1; Wang et al. 2024, Tables 2 to 4, for the numbering
template <engine E>
[[nodiscard]] matrix<float> extend(E& e, neox const& m, context<E>& seen, std::span<std::int32_t const> ids) {
  using program::operation;
  using tensor = typename E::tensor;
  using options = projection_options<tensor>;
  neox_config const& c = m.config;
  std::size_t const head_width = c.width / c.heads, first = seen.tokens();
  rotary const rotation(c.rotation, head_width);
  options turned{activation::identity, 1.0f, nullptr, &rotation, first, nullptr}, key = turned;
  key.factor = 1.0f / std::sqrt(static_cast<float>(head_width));
  auto x = e.input({0, operation::input}, embedded(m, ids, first));  // (n, m)
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    std::size_t const b = l + 1;
    pre_norm_weights const& w = m.layers[l];
    auto const y = e.normalise({b, operation::A_L1}, {b, operation::A_L2}, w.attention_norm, c.norm_epsilon, x);
    auto const q = e.project({b, operation::A1}, w.query, y, turned);     // (n, m)
    auto const k = e.project({b, operation::A2}, w.key, y, key);          // (n, m)
    auto const v = e.project({b, operation::A3}, w.value, y, options{});  // (n, m)
    auto const r = e.attend(b, q, k, v, c.heads, mask_of(m), seen.layers[l]);
    options onto{};
    onto.residual = &x;
    auto const u = e.project({b, operation::A7}, w.attention_output, r, onto);  // (n, m)
    options activated{};
    activated.act = c.hidden_activation;
    auto const block = [&](tensor const& z) { return e.project({b, operation::B1}, w.intermediate, z, activated); };
    auto const h = c.one_norm ? block(y)
                              : block(e.normalise({b, operation::B_L1}, {b, operation::B_L2}, w.output_norm,
                                                  c.norm_epsilon, c.parallel ? x : u));  // (n, hidden)
    onto.residual = &u;
    x = e.project({b, operation::B2}, w.output, h, onto);  // (n, m)
  }
  std::size_t const head = m.layers.size() + 1;
  auto const y = e.normalise({head, operation::L1}, {head, operation::L2}, m.final_norm, c.norm_epsilon, x);
  return e.output({head, operation::lm_head}, m.head, y, options{});  // (n, vocabulary)
}

/// Logits of the token that follows each token of a window.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as embedded
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, neox const& m, std::span<std::int32_t const> ids) {
  auto seen = new_context(e, m);
  return extend(e, m, seen, ids);
}
static_assert(decoder<neox>);

}  // namespace ohmic::inline OHMIC_ABI::model
