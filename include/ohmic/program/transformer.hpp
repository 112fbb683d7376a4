// Transformers of any common kind from their sizes alone: encoders, decoders with gated feed-forward blocks, shared
// keys, windows or latent keys and values, encoder-decoders; prefill and decoding with a KV cache. Equal layers appear
// once, with how often they are there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"
#include "ohmic/program/transformer_shape.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// A sub-operation that a pass contains `times` over.
struct repeated_operation {
  sub_operation op{};
  std::size_t times = 1;
};
using repeated_program = std::vector<repeated_operation>;

/// What runs: `tokens` new ones of each of `batch` sequences, after `past` that are in the KV cache.
struct pass_shape {
  std::size_t tokens = 1;
  std::size_t past = 0;
  std::size_t batch = 1;
  std::size_t encoded = 0;  ///< tokens that the encoder of an encoder-decoder has seen
  bool all_logits = false;  ///< the output head takes every token, not the last of every sequence: drafts are verified

  [[nodiscard]] constexpr std::size_t context() const noexcept { return past + tokens; }
};

namespace detail {

struct layer_kind {
  std::size_t tokens;  ///< of all sequences
  std::size_t per_sequence;
  std::size_t context;  ///< keys and values that a query meets
  std::size_t batch;
  bool new_keys;  ///< keys and values of the new tokens are computed and cached
};

[[nodiscard]] inline sub_operation plain_projection(operation op, product_shape shape, transformer_shape const& s,
                                                    function_choices const& c) {
  return projection({1, op}, shape, c, s.biases);
}

/// The norm of so many vectors of a width.
inline void norm(std::vector<sub_operation>& out, std::size_t vectors, std::size_t width, norm_kind kind,
                 function_choices c, operation mean, operation square) {
  std::vector<sub_operation> both;
  if (kind == norm_kind::rms_norm) c.two_pass_variance = false;  // there is no mean to subtract
  layer_norm(both, {1, mean}, {1, square}, vectors, width, c);
  if (kind == norm_kind::layer_norm) out.push_back(both.front());
  out.push_back(both.back());
}

/// A4 to A6 of `products` independent sets of queries, keys and values.
/// Shape   queries (rows, d), keys (k.context, d), values (k.context, v)
inline void scores_and_values(std::vector<sub_operation>& out, std::size_t products, std::size_t rows, std::size_t d,
                              std::size_t v, std::size_t input, layer_kind const& k, function_choices const& c) {
  std::size_t const fresh = k.new_keys ? k.per_sequence : 0;
  attention_products(out,
                     {{1, operation::A4},
                      {1, operation::A5},
                      {1, operation::A6},
                      products,
                      rows,
                      k.context,
                      d,
                      v,
                      k.context - std::min(fresh, k.context),
                      fresh,
                      k.batch,
                      input},
                     c);
}

/// A1 to A7. Queries that share keys ride as further tokens of one product: the same key column is on the DACs.
/// Errors  config_conflict for rotated keys in a decomposed product
inline void attention(std::vector<sub_operation>& out, transformer_shape const& s, layer_kind const& k,
                      function_choices const& c) {
  std::size_t const q = s.query_width(), kv = s.key_width(), rows = k.per_sequence * (s.heads / s.key_heads);
  bool const decomposed = c.attention.policy == attention_policy::decomposed;
  if (decomposed && s.rotary) refuse_rotation("model");
  out.push_back(plain_projection(operation::A1, {k.tokens, s.width, q}, s, c));
  if (s.rotary) out.back().post.add<"rotary_unit", "rotate">(k.tokens * q);
  if (decomposed)  // the sequences of a batch pass together
    out.push_back(decomposed_queries({1, operation::A2}, s.key_heads, rows * k.batch, s.head_width, s.width, c));
  if (k.new_keys) {
    if (!decomposed) out.push_back(plain_projection(operation::A2, {k.tokens, s.width, kv}, s, c));
    if (s.rotary) out.back().post.add<"rotary_unit", "rotate">(k.tokens * kv);
    out.push_back(plain_projection(operation::A3, {k.tokens, s.width, s.values_width()}, s, c));
  }
  scores_and_values(out, s.key_heads * k.batch, rows, s.head_width, s.value_of_head(), s.width, k, c);
  out.push_back(plain_projection(operation::A7, {k.tokens, s.result_width(), s.width}, s, c));
  out.back().post.add<"post", "add_residual">(k.tokens * s.width);
}

/// The same from one latent vector a token. A prefill expands it to keys and values of every head; a generated token
/// takes its queries to the latent vectors of the cache instead, all heads as further tokens of one product, and its
/// results back from them: the same weights, read once.
/// Source  DeepSeek-V2, arXiv 2405.04434, section 2.1 and appendix C
inline void latent_attention(std::vector<sub_operation>& out, transformer_shape const& s, layer_kind const& k,
                             function_choices const& c, bool generating) {
  std::size_t const n = k.tokens, v = s.value_of_head(), own = s.head_width - s.rotary_width;
  if (c.attention.policy == attention_policy::decomposed)
    throw error({errc::config_conflict, "latent attention already takes its queries to what the cache keeps", "model",
                 "attention.policy=decomposed with a latent vector", "shared_array, written_arrays, digital",
                 "set attention.policy"});
  auto const product = [&](operation op, std::size_t inner, std::size_t outputs, std::size_t repeats = 1) {
    out.push_back(plain_projection(op, {n, inner, outputs}, s, c));
    out.back().repeats = repeats;
    out.back().post *= repeats;
  };
  std::size_t queries = s.width;
  if (s.query_latent > 0) {
    product(operation::A1, s.width, s.query_latent);
    norm(out, n, s.query_latent, norm_kind::rms_norm, c, operation::A_L1, operation::A_L2);
    queries = s.query_latent;
  }
  product(operation::A1, queries, s.query_width());
  out.back().post.add<"rotary_unit", "rotate">(n * s.heads * s.rotary_width);
  product(operation::A2, s.width, s.key_latent + s.rotary_width);
  out.back().post.add<"rotary_unit", "rotate">(n * s.rotary_width);
  norm(out, n, s.key_latent, norm_kind::rms_norm, c, operation::A_L1, operation::A_L2);
  if (generating) {
    product(operation::A1, own, s.key_latent, s.heads);
    scores_and_values(out, k.batch, k.per_sequence * s.heads, s.key_latent + s.rotary_width, s.key_latent, 0, k, c);
    product(operation::A3, s.key_latent, v, s.heads);
  } else {
    product(operation::A3, s.key_latent, s.expanded_width());
    scores_and_values(out, s.heads * k.batch, k.per_sequence, s.head_width, v, 0, k, c);
  }
  product(operation::A7, s.result_width(), s.width);
  out.back().post.add<"post", "add_residual">(n * s.width);
}

/// B1, gate and B2 of width h, `blocks` of them that take `tokens` each.
inline void feed_forward(std::vector<sub_operation>& out, std::size_t tokens, std::size_t h, std::size_t blocks,
                         transformer_shape const& s, function_choices const& c) {
  auto const product = [&](operation op, std::size_t inner, std::size_t outputs) -> post_tally& {
    out.push_back(plain_projection(op, {tokens, inner, outputs}, s, c));
    out.back().repeats = blocks;
    out.back().post *= blocks;
    return out.back().post;
  };
  product(operation::B1, s.width, h).add<"activation_unit", "apply">(blocks * tokens * h);
  // The product of the two branches.
  if (s.gated) product(operation::gate, s.width, h).add<"post", "scale">(blocks * tokens * h);
  product(operation::B2, h, s.width).add<"post", "add_residual">(blocks * tokens * s.width);
}

/// A router of one output an expert with its softmax, the chosen experts, each weighted and added, and the shared block.
/// Source  ours: tokens spread evenly, so that as many experts as there are choices of tokens take part, each with the
///         same number, rounded up; what a token's largest scores are, a comparator finds
inline void mixed_feed_forward(std::vector<sub_operation>& out, std::size_t tokens, transformer_shape const& s,
                               function_choices const& c) {
  std::size_t const choices = tokens * s.experts_per_token, active = std::min(s.experts, choices);
  sub_operation router = plain_projection(operation::router, {tokens, s.width, s.experts}, s, c);
  router.post.add<"exp_unit", "exp">(tokens * s.experts);
  router.post.add<"comparator", "compare">(tokens * s.experts * s.experts_per_token);
  router.post.add<"divider", "divide">(choices);
  out.push_back(router);
  feed_forward(out, pieces(choices, active), s.expert_hidden, active, s, c);
  out.back().post.add<"post", "scale">(choices * s.width);
  if (s.shared_hidden > 0) feed_forward(out, tokens, s.shared_hidden, 1, s, c);
}

/// Keys and values of the encoder's tokens on their way into the arrays of the decoder's second attention: no queries yet.
inline void written_keys(std::vector<sub_operation>& out, transformer_shape const& s, pass_shape const& p,
                         function_choices const& c) {
  std::vector<sub_operation> all;
  scores_and_values(all, s.key_heads * p.batch, 0, s.head_width, s.value_of_head(), 0,
                    {p.tokens * p.batch, p.tokens, p.tokens, p.batch, true}, c);
  out.push_back(all.front());
  out.push_back(all.back());
}

inline void append(repeated_program& out, std::vector<sub_operation>& ops, std::size_t times) {
  for (auto& op : ops) out.push_back({std::move(op), times});
  ops.clear();
}

}  // namespace detail

/// One pass of a transformer. `past` > 0 or `generating`: the decoder's step from its cache; otherwise the prefill,
/// which for an
/// encoder-decoder is the encoder's pass and the keys and values that the decoder's second attention takes from it.
/// The output head takes the last token of every sequence. Embeddings are looked up, not multiplied.
/// Errors  as transformer_shape::validate; shape for no tokens; capacity if sizes leave 64 bits
[[nodiscard]] inline repeated_program transformer_program(transformer_shape const& s, pass_shape const& p,
                                                          function_choices const& c, bool generating = false) {
  transformer_shape::validate(s);
  constexpr std::size_t most = std::size_t{1} << 26;
  if (p.tokens < 1 || p.batch < 1 || p.context() > most || p.batch > most || p.batch * p.context() > most)
    throw error(
        {errc::shape, "tokens or batch out of range", "pass",
         std::to_string(p.tokens) + " tokens after " + std::to_string(p.past) + ", batch " + std::to_string(p.batch),
         "at least 1 each, batch x context at most " + std::to_string(most), ""});
  std::size_t const n = p.tokens * p.batch;
  double const largest = static_cast<double>(n) *
                         (static_cast<double>(s.heads) * static_cast<double>(std::max(p.context(), p.encoded)) +
                          static_cast<double>(std::max(s.experts, std::size_t{1})) * static_cast<double>(s.width));
  if (largest > 9e18)
    throw error({errc::capacity, "the count of an action does not fit 64 bits", "pass",
                 ohmic::detail::number_text(largest), "at most 9e18 scores of a layer",
                 "use fewer tokens or a smaller batch"});
  repeated_program out;
  std::vector<sub_operation> ops;
  bool const decoding = generating || p.past > 0;
  auto const norm = [&](operation mean, operation square) { detail::norm(ops, n, s.width, s.norm, c, mean, square); };
  if (!(s.cross_layers > 0 && decoding)) {
    if (!s.decoder) norm(operation::L1, operation::L2);
    detail::append(out, ops, 1);
    auto const attentions = [&](std::size_t times, std::size_t context) {
      if (times == 0) return;
      detail::layer_kind const k{n, p.tokens, context, p.batch, true};
      s.latent() ? detail::latent_attention(ops, s, k, c, decoding) : detail::attention(ops, s, k, c);
      norm(operation::A_L1, operation::A_L2);
      detail::append(out, ops, times);
    };
    attentions(s.layers - s.windowed_layers, p.context());
    attentions(s.windowed_layers, std::min(p.context(), s.window));
    auto const blocks = [&](std::size_t times, bool mixed) {
      if (times == 0) return;
      mixed ? detail::mixed_feed_forward(ops, n, s, c) : detail::feed_forward(ops, n, s.hidden, 1, s, c);
      norm(operation::B_L1, operation::B_L2);
      detail::append(out, ops, times);
    };
    blocks(s.layers - s.mixed_layers(), false);
    blocks(s.mixed_layers(), true);
    if (s.cross_layers > 0) {
      auto const d = s.cross_shape();
      bool const decomposed = c.attention.policy == attention_policy::decomposed;
      if (!decomposed) ops.push_back(detail::plain_projection(operation::A2, {n, d.width, d.key_width()}, d, c));
      ops.push_back(detail::plain_projection(operation::A3, {n, d.width, d.values_width()}, d, c));
      if (c.attention.policy == attention_policy::written_arrays) detail::written_keys(ops, d, p, c);
      detail::append(out, ops, s.cross_layers);
    }
  } else {
    auto const d = s.cross_shape();
    detail::attention(ops, d, {n, p.tokens, p.context(), p.batch, true}, c);
    norm(operation::A_L1, operation::A_L2);
    detail::attention(ops, d, {n, p.tokens, std::max<std::size_t>(p.encoded, 1), p.batch, false}, c);
    norm(operation::A_L1, operation::A_L2);
    detail::feed_forward(ops, n, d.hidden, 1, d, c);
    norm(operation::B_L1, operation::B_L2);
    detail::append(out, ops, s.cross_layers);
  }
  if (s.generates() && (decoding || s.cross_layers == 0)) {
    norm(operation::L1, operation::L2);
    if (s.vocabulary > 0)
      ops.push_back(
          detail::leaving({1, operation::classifier}, {p.all_logits ? n : p.batch, s.width, s.vocabulary}, c));
    detail::append(out, ops, 1);
  }
  return out;
}

/// The KV cache in 8-bit elements: keys and values of every token of every layer that attends to the past; of a window
/// no more than it holds; one latent vector and one rotary key a token where attention is latent. An encoder-decoder
/// keeps, in its decoder's layers alone, those of the prompt for the second attention and those of its own tokens. Nothing is in a
/// cache that is written into arrays; in a decomposed product the layer's input stands for the keys.
[[nodiscard]] constexpr std::uint64_t kv_cache_bytes(
    transformer_shape const& s, std::size_t context, std::size_t batch,
    attention_policy policy = attention_policy::shared_array) noexcept {
  if (policy == attention_policy::written_arrays) return 0;
  transformer_shape const d = s.cross_shape();
  std::size_t const keys = policy == attention_policy::decomposed ? d.width : d.key_width();
  std::uint64_t const token = s.latent() ? s.key_latent + s.rotary_width : keys + d.values_width();
  if (s.cross_layers > 0) return token * s.cross_layers * context * batch;
  std::uint64_t const kept = (s.layers - s.windowed_layers) * context + s.windowed_layers * std::min(context, s.window);
  return token * kept * batch;
}

}  // namespace ohmic::inline OHMIC_ABI::program
