// The forward pass of a layer that normalises first, written once for every engine.
#pragma once

#include <cmath>
#include <cstddef>

#include "ohmic/attention/concept.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/program/pre_norm.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What a pre-LN layer needs to know besides its weights.
struct pre_norm_settings {
  std::size_t heads = 1;
  float norm_epsilon = 1e-5f;
  activation hidden_activation = activation::gelu;
  attention_mask mask = attention_mask::none;
  rotary const* rotation = nullptr;  ///< turns queries and keys by their position, from 0
};

/// Sizes of a layer, for the plan.
[[nodiscard]] inline program::pre_norm_shape shape_of(pre_norm_weights const& w, std::size_t heads) noexcept {
  return {w.query.inputs(), w.query.outputs(), w.output.outputs(), w.intermediate.outputs(), heads, w.changes_width()};
}

/// Calls f(site, linear_weights) for the matrices of layer `block` (from 1), in the order of the pass.
template <class F>
void for_each_projection(pre_norm_weights const& w, std::size_t block, F&& f) {
  using program::operation;
  using program::site;
  f(site{block, operation::A1}, w.query);
  f(site{block, operation::A2}, w.key);
  f(site{block, operation::A3}, w.value);
  if (w.changes_width()) f(site{block, operation::A_residual}, w.residual);
  f(site{block, operation::A7}, w.attention_output);
  f(site{block, operation::B1}, w.intermediate);
  f(site{block, operation::B2}, w.output);
}

/// The site that leaves what a layer, or what follows the layers, reads: the layer before it, or the embeddings.
[[nodiscard]] constexpr program::site stream_before(std::size_t block) noexcept {
  return block == 1 ? program::site{0, program::operation::input} : program::site{block - 1, program::operation::B2};
}

/// The site whose result a projection of a pre-LN layer reads.
[[nodiscard]] constexpr program::site pre_norm_producer(program::site s) noexcept {
  using program::operation;
  switch (s.op) {
    case operation::A7:
      return {s.block, operation::A6};
    case operation::B1:
      return {s.block, operation::B_L2};
    case operation::B2:
      return {s.block, operation::B1};
    case operation::A_residual:
      return stream_before(s.block);
    default:
      return {s.block, operation::A_L2};  // A1 to A3
  }
}

/// One layer. A decoder's attends to what its cache holds and to the new tokens, which it leaves there.
/// Shape   x (n, in) -> (n, width)
/// Source  Radford et al. 2019 for the order; Wang et al. 2024, Tables 2 to 4, for the numbering; the projected residual as in the Universal
///         Sentence Encoder lite
template <engine E>
[[nodiscard]] typename E::tensor pre_norm_layer(E& e, std::size_t b, pre_norm_weights const& w,
                                                pre_norm_settings const& s, typename E::tensor const& x,
                                                typename E::cache* cache = nullptr) {
  using program::operation;
  using tensor = typename E::tensor;
  using options = projection_options<tensor>;
  float const inverse_root = 1.0f / std::sqrt(static_cast<float>(w.query.outputs() / s.heads));
  auto const y =
      e.normalise({b, operation::A_L1}, {b, operation::A_L2}, w.attention_norm, s.norm_epsilon, x);  // (n, in)
  auto const q = e.project({b, operation::A1}, w.query, y,
                           options{activation::identity, 1.0f, nullptr, s.rotation});  // (n, inner)
  auto const k = e.project({b, operation::A2}, w.key, y,
                           options{activation::identity, inverse_root, nullptr, s.rotation});  // (n, inner)
  auto const v = e.project({b, operation::A3}, w.value, y, options{});                         // (n, inner)
  auto const r = cache == nullptr ? e.attend(b, q, k, v, s.heads, s.mask)
                                  : e.attend(b, q, k, v, s.heads, s.mask, *cache);  // (n, inner)
  tensor widened;
  if (w.changes_width()) widened = e.project({b, operation::A_residual}, w.residual, x, options{});  // (n, width)
  tensor const& residual = w.changes_width() ? widened : x;
  auto const u = e.project({b, operation::A7}, w.attention_output, r,
                           options{activation::identity, 1.0f, &residual});  // (n, width)
  auto const z =
      e.normalise({b, operation::B_L1}, {b, operation::B_L2}, w.output_norm, s.norm_epsilon, u);  // (n, width)
  auto const h =
      e.project({b, operation::B1}, w.intermediate, z, options{s.hidden_activation, 1.0f, nullptr});  // (n, hidden)
  return e.project({b, operation::B2}, w.output, h, options{activation::identity, 1.0f, &u});         // (n, width)
}

}  // namespace ohmic::inline OHMIC_ABI::model
