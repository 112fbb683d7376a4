// The forward pass of BERT, written once for every engine, and the places of its weights.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/bert.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/task.hpp"
#include "ohmic/program/encoder.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// The sites of a model with so many layers.
[[nodiscard]] inline program::site_names sites_of(bert const& m) noexcept { return {m.layers.size()}; }

/// Sizes of a pass over `tokens` tokens, for the plan.
[[nodiscard]] inline program::encoder_shape shape_of(bert const& m, std::size_t tokens) noexcept {
  return {tokens, m.config.width, m.config.hidden, m.config.heads, m.layers.size(), m.config.classes};
}

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(bert const& m, F&& f) {
  using program::operation;
  for (std::size_t l = 0; l < m.layers.size(); ++l) {
    encoder_weights const& w = m.layers[l];
    f(program::site{l + 1, operation::A1}, w.query);
    f(program::site{l + 1, operation::A2}, w.key);
    f(program::site{l + 1, operation::A3}, w.value);
    f(program::site{l + 1, operation::A7}, w.attention_output);
    f(program::site{l + 1, operation::B1}, w.intermediate);
    f(program::site{l + 1, operation::B2}, w.output);
  }
  f(program::site{m.layers.size() + 1, operation::pooler}, m.pooler);
  f(program::site{m.layers.size() + 1, operation::classifier}, m.classifier);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] constexpr program::site producer_of(bert const&, program::site s) noexcept {
  using program::operation;
  program::site const before =
      s.block == 1 ? program::site{0, operation::L2} : program::site{s.block - 1, operation::B_L2};
  switch (s.op) {
    case operation::A7:
      return {s.block, operation::A6};
    case operation::B1:
      return {s.block, operation::A_L2};
    case operation::B2:
      return {s.block, operation::B1};
    case operation::classifier:
      return {s.block, operation::pooler};
    default:
      return before;  // A1 to A3 and the pooler
  }
}

/// Sum of word, position and token-type embeddings (type 0) of some ids.
/// Shape   (n) -> (n, width)
/// Errors  shape for no ids or more than the model has positions; value, naming the position, for an id outside the
///         vocabulary
[[nodiscard]] inline matrix<float> embedded(bert const& m, std::span<std::int32_t const> ids) {
  if (ids.empty() || ids.size() > m.config.positions)
    throw error({errc::shape, "number of tokens", "bert input", std::to_string(ids.size()),
                 "1.." + std::to_string(m.config.positions), "give a text, or let the tokenizer truncate it"});
  check_ids(ids, m.config.vocabulary, "bert input");
  matrix<float> x(ids.size(), m.config.width);
  for (std::size_t n = 0; n < ids.size(); ++n)
    for (std::size_t i = 0; i < m.config.width; ++i)
      x(n, i) = m.word(static_cast<std::size_t>(ids[n]), i) + m.position(n, i) + m.token_type(0, i);
  return x;
}

/// Every token of an encoder sees every token.
[[nodiscard]] constexpr attention_mask mask_of(bert const&) noexcept { return attention_mask::none; }

/// The sub-operations of a pass over `tokens` tokens.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(bert const& m, std::size_t tokens,
                                                                    program::function_choices const& choices) {
  return program::encoder_program(shape_of(m, tokens), choices);
}

/// Logits of one text: sub-operations A1 to A7, L, B1, B2, L in every layer, then pooler and classifier on the first token.
/// Shape   ids (n) -> (1, classes)
/// Errors  as embedded
/// Source  Devlin et al. 2019 (post-LN BERT); Wang et al. 2024, Tables 2 to 4, for the numbering
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, bert const& m, std::span<std::int32_t const> ids) {
  using program::operation;
  using options = projection_options<typename E::tensor>;
  float const inverse_root = 1.0f / std::sqrt(static_cast<float>(m.config.head_width()));
  auto x = e.normalise({0, operation::L1}, {0, operation::L2}, m.embedding_norm, m.config.norm_epsilon,
                       e.input({0, operation::input}, embedded(m, ids)));  // (n, m)
  for (std::size_t b = 1; b <= m.layers.size(); ++b) {
    encoder_weights const& w = m.layers[b - 1];
    auto const q = e.project({b, operation::A1}, w.query, x, options{});  // (n, m)
    auto const k =
        e.project({b, operation::A2}, w.key, x, options{activation::identity, inverse_root, nullptr});  // (n, m)
    auto const v = e.project({b, operation::A3}, w.value, x, options{});                                // (n, m)
    auto const r = e.attend(b, q, k, v, m.config.heads, mask_of(m));                                    // (n, m)
    auto const u =
        e.project({b, operation::A7}, w.attention_output, r, options{activation::identity, 1.0f, &x});  // (n, m)
    auto const y =
        e.normalise({b, operation::A_L1}, {b, operation::A_L2}, w.attention_norm, m.config.norm_epsilon, u);  // (n, m)
    auto const h =
        e.project({b, operation::B1}, w.intermediate, y, options{m.config.hidden_activation, 1.0f, nullptr});  // (n, h)
    auto const z = e.project({b, operation::B2}, w.output, h, options{activation::identity, 1.0f, &y});        // (n, m)
    x = e.normalise({b, operation::B_L1}, {b, operation::B_L2}, w.output_norm, m.config.norm_epsilon, z);      // (n, m)
  }
  std::size_t const head = m.layers.size() + 1;
  auto const pooled =
      e.project({head, operation::pooler}, m.pooler, e.row(x, 0), options{activation::tanh, 1.0f, nullptr});  // (1, m)
  return e.output({head, operation::classifier}, m.classifier, pooled, options{});  // (1, classes)
}

/// The same as a vector.
/// Shape   ids (n) -> (classes)
template <engine E>
[[nodiscard]] std::vector<float> classify(E& e, bert const& m, std::span<std::int32_t const> ids) {
  auto const logits = forward(e, m, ids);
  return {logits.flat().begin(), logits.flat().end()};
}

}  // namespace ohmic::inline OHMIC_ABI::model
