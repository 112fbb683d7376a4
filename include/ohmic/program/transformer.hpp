// Transformers of any common kind from their sizes alone: post-LN encoders, decoders with gated feed-forward blocks
// and shared
// keys, encoder-decoders; prefill and decoding with a KV cache. Equal layers appear once, with how often they are
// there.
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

namespace ohmic::inline OHMIC_ABI::program {

/// A sub-operation that a pass contains `times` over.
struct repeated_operation {
  sub_operation op{};
  std::size_t times = 1;
};
using repeated_program = std::vector<repeated_operation>;

enum class norm_kind : std::uint8_t {
  layer_norm,  ///< mean and mean square: L1 and L2
  rms_norm,    ///< mean square alone: L2
};

/// Sizes of a transformer.
/// Range   heads divisible by key_heads; positions 0: not limited
struct transformer_shape {
  std::size_t layers = 0;  ///< of the encoder, or of the decoder where there is no encoder
  std::size_t width = 0;   ///< m
  std::size_t heads = 1;
  std::size_t key_heads = 1;   ///< fewer than heads: queries share keys and values
  std::size_t head_width = 0;  ///< d_k
  std::size_t hidden = 0;      ///< h, of the feed-forward block
  std::size_t vocabulary = 0;
  std::size_t positions = 0;
  std::size_t cross_layers =
      0;                 ///< decoder layers of an encoder-decoder, each with a second attention over the encoder
  bool decoder = false;  ///< generates token by token from a KV cache
  bool gated = false;    ///< two products into the feed-forward block
  bool biases = true;
  bool rotary = false;
  norm_kind norm = norm_kind::layer_norm;
  // Layers whose feed-forward block is one of several, chosen token by token; `hidden` is that of a dense block.
  std::size_t experts = 1;            ///< of a layer
  std::size_t experts_per_token = 1;  ///< that a token takes
  std::size_t expert_hidden = 0;      ///< h of an expert
  std::size_t shared_hidden = 0;      ///< h of the block that every token takes beside its experts, 0: none
  std::size_t dense_layers = 0;       ///< first layers with a dense block; all of them where there is one expert

  [[nodiscard]] constexpr bool mixed() const noexcept { return experts > 1; }
  [[nodiscard]] constexpr std::size_t mixed_layers() const noexcept { return mixed() ? layers - dense_layers : 0; }
  [[nodiscard]] constexpr std::size_t query_width() const noexcept { return heads * head_width; }
  [[nodiscard]] constexpr std::size_t key_width() const noexcept { return key_heads * head_width; }
  [[nodiscard]] constexpr std::uint64_t attention_weights() const noexcept {
    return 2 * width * (query_width() + key_width());
  }
  [[nodiscard]] constexpr std::uint64_t feed_forward_weights() const noexcept { return block_weights(hidden); }
  [[nodiscard]] constexpr std::uint64_t block_weights(std::size_t h) const noexcept {
    return (gated ? 3 : 2) * width * h;
  }
  /// Router, experts and shared block of a layer.
  [[nodiscard]] constexpr std::uint64_t mixed_weights() const noexcept {
    return width * experts + experts * block_weights(expert_hidden) + block_weights(shared_hidden);
  }
  /// Weights of the layers: what the dense bank holds. No embeddings, biases, norms or output head.
  [[nodiscard]] constexpr std::uint64_t weights() const noexcept {
    return layers * attention_weights() + (layers - mixed_layers()) * feed_forward_weights() +
           mixed_layers() * mixed_weights() + cross_layers * (2 * attention_weights() + feed_forward_weights());
  }
  [[nodiscard]] constexpr bool generates() const noexcept { return decoder || cross_layers > 0; }

  /// Errors  shape, config_conflict naming the field
  static void validate(transformer_shape const& s) {
    auto const bad = [](errc code, char const* what, char const* key, std::size_t got, std::string allowed) {
      throw error({code, what, std::string("model.") + key, std::to_string(got), std::move(allowed),
                   std::string("set model.") + key});
    };
    constexpr std::size_t most = std::size_t{1} << 24;  // keeps every size product below 2^64
    for (auto [key, value] : {std::pair{"layers", s.layers},
                              {"width", s.width},
                              {"heads", s.heads},
                              {"key_heads", s.key_heads},
                              {"head_width", s.head_width},
                              {"hidden", s.hidden}})
      if (value < 1 || value > most) bad(errc::shape, "size out of range", key, value, "1.." + std::to_string(most));
    if (s.heads % s.key_heads != 0)
      bad(errc::config_conflict, "does not divide the heads", "key_heads", s.key_heads,
          "a divisor of " + std::to_string(s.heads));
    if (s.layers + s.cross_layers > 1 << 16)
      bad(errc::shape, "too many layers", "layers", s.layers + s.cross_layers, "at most 65536");
    if (s.mixed()) {
      if (s.expert_hidden < 1 || s.expert_hidden > most)
        bad(errc::shape, "size out of range", "expert_hidden", s.expert_hidden, "1.." + std::to_string(most));
      if (s.shared_hidden > most)
        bad(errc::shape, "size out of range", "shared_hidden", s.shared_hidden, "0.." + std::to_string(most));
      if (s.experts > 65536) bad(errc::shape, "too many experts", "experts", s.experts, "at most 65536");
      if (s.experts_per_token < 1 || s.experts_per_token > s.experts)
        bad(errc::config_conflict, "more experts of a token than there are", "experts_per_token", s.experts_per_token,
            "1.." + std::to_string(s.experts));
      if (s.dense_layers > s.layers)
        bad(errc::config_conflict, "more dense layers than layers", "dense_layers", s.dense_layers,
            "at most " + std::to_string(s.layers));
      if (s.cross_layers > 0) bad(errc::config_conflict, "experts in an encoder-decoder", "experts", s.experts, "1");
    }
    if (s.query_width() > most)
      bad(errc::shape, "heads x head_width too large", "heads", s.query_width(), "at most " + std::to_string(most));
  }
};

/// What runs: `tokens` new ones of each of `batch` sequences, after `past` that are in the KV cache.
struct pass_shape {
  std::size_t tokens = 1;
  std::size_t past = 0;
  std::size_t batch = 1;
  std::size_t encoded = 0;  ///< tokens that the encoder of an encoder-decoder has seen

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
                                                    function_choices const& c, bool cached) {
  sub_operation p = cached ? projection({1, op}, shape, c) : leaving({1, op}, shape, c);
  if (!s.biases) {
    post_tally without;
    without.add<"post", "scale">(shape.tokens * shape.outputs);
    if (cached) without.add<"cache", "write">(shape.tokens * shape.outputs);
    p.post = without;
  }
  return p;
}

inline void norm(std::vector<sub_operation>& out, std::size_t tokens, transformer_shape const& s, function_choices c,
                 operation mean, operation square) {
  std::vector<sub_operation> both;
  if (s.norm == norm_kind::rms_norm) c.two_pass_variance = false;  // there is no mean to subtract
  layer_norm(both, {1, mean}, {1, square}, tokens, s.width, c);
  if (s.norm == norm_kind::layer_norm) out.push_back(both.front());
  out.push_back(both.back());
}

/// A1 to A7. Queries that share keys ride as further tokens of one product: the same key column is on the DACs.
inline void attention(std::vector<sub_operation>& out, transformer_shape const& s, layer_kind const& k,
                      function_choices const& c) {
  std::size_t const q = s.query_width(), kv = s.key_width(), d = s.head_width,
                    rows = k.per_sequence * (s.heads / s.key_heads);
  std::size_t const products = s.key_heads * k.batch, scores = products * rows * k.context;
  out.push_back(plain_projection(operation::A1, {k.tokens, s.width, q}, s, c, true));
  if (s.rotary) out.back().post.add<"rotary_unit", "rotate">(k.tokens * q);
  if (k.new_keys)
    for (operation op : {operation::A2, operation::A3}) {
      out.push_back(plain_projection(op, {k.tokens, s.width, kv}, s, c, true));
      if (s.rotary && op == operation::A2) out.back().post.add<"rotary_unit", "rotate">(k.tokens * kv);
    }
  sub_operation a4{
      {1, operation::A4}, operand_source::activations, {rows, d, k.context}, c.activation_digits, products, {}};
  a4.post.add<"post", "scale">(scores);
  if (c.row_maximum) a4.post.add<"comparator", "compare">(scores);
  a4.post.add<"exp_unit", "exp">(scores);
  a4.post.add<"cache", "write">(scores);
  out.push_back(a4);
  sub_operation a5{{1, operation::A5}, operand_source::sums, {rows, k.context, 1}, c.score_digits, products, {}};
  a5.post.add<"cache", "write">(products * rows);
  out.push_back(a5);
  sub_operation a6{{1, operation::A6}, operand_source::activations, {rows, k.context, d}, c.score_digits, products, {}};
  a6.post.add<"post", "scale">(k.tokens * q);
  a6.post.add<"divider", "divide">(k.tokens * q);
  a6.post.add<"cache", "write">(k.tokens * q);
  out.push_back(a6);
  out.push_back(plain_projection(operation::A7, {k.tokens, q, s.width}, s, c, true));
  out.back().post.add<"post", "add_residual">(k.tokens * s.width);
}

/// B1, gate and B2 of width h, `blocks` of them that take `tokens` each.
inline void feed_forward(std::vector<sub_operation>& out, std::size_t tokens, std::size_t h, std::size_t blocks,
                         transformer_shape const& s, function_choices const& c) {
  auto const product = [&](operation op, std::size_t inner, std::size_t outputs) -> post_tally& {
    out.push_back(plain_projection(op, {tokens, inner, outputs}, s, c, true));
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
  sub_operation router = plain_projection(operation::router, {tokens, s.width, s.experts}, s, c, true);
  router.post.add<"exp_unit", "exp">(tokens * s.experts);
  router.post.add<"comparator", "compare">(tokens * s.experts * s.experts_per_token);
  router.post.add<"divider", "divide">(choices);
  out.push_back(router);
  feed_forward(out, pieces(choices, active), s.expert_hidden, active, s, c);
  out.back().post.add<"post", "scale">(choices * s.width);
  if (s.shared_hidden > 0) feed_forward(out, tokens, s.shared_hidden, 1, s, c);
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
  repeated_program out;
  std::vector<sub_operation> ops;
  bool const decoding = generating || p.past > 0;
  if (!(s.cross_layers > 0 && decoding)) {
    if (!s.decoder) detail::norm(ops, n, s, c, operation::L1, operation::L2);
    detail::append(out, ops, 1);
    auto const layers = [&](bool mixed, std::size_t times) {
      if (times == 0) return;
      detail::attention(ops, s, {n, p.tokens, p.context(), p.batch, true}, c);
      detail::norm(ops, n, s, c, operation::A_L1, operation::A_L2);
      if (mixed) {
        detail::mixed_feed_forward(ops, n, s, c);
      } else {
        detail::feed_forward(ops, n, s.hidden, 1, s, c);
      }
      detail::norm(ops, n, s, c, operation::B_L1, operation::B_L2);
      detail::append(out, ops, times);
    };
    layers(false, s.layers - s.mixed_layers());
    layers(true, s.mixed_layers());
    if (s.cross_layers > 0) {
      for (operation op : {operation::A2, operation::A3})
        ops.push_back(detail::plain_projection(op, {n, s.width, s.key_width()}, s, c, true));
      detail::append(out, ops, s.cross_layers);
    }
  } else {
    detail::attention(ops, s, {n, p.tokens, p.context(), p.batch, true}, c);
    detail::norm(ops, n, s, c, operation::A_L1, operation::A_L2);
    detail::attention(ops, s, {n, p.tokens, std::max<std::size_t>(p.encoded, 1), p.batch, false}, c);
    detail::norm(ops, n, s, c, operation::A_L1, operation::A_L2);
    detail::feed_forward(ops, n, s.hidden, 1, s, c);
    detail::norm(ops, n, s, c, operation::B_L1, operation::B_L2);
    detail::append(out, ops, s.cross_layers);
  }
  if (s.generates() && (decoding || s.cross_layers == 0)) {
    detail::norm(ops, n, s, c, operation::L1, operation::L2);
    if (s.vocabulary > 0)
      ops.push_back(detail::leaving({1, operation::classifier}, {p.batch, s.width, s.vocabulary}, c));
    detail::append(out, ops, 1);
  }
  return out;
}

/// The KV cache in 8-bit elements: keys and values of every token of every layer.
[[nodiscard]] constexpr std::uint64_t kv_cache_bytes(transformer_shape const& s, std::size_t context,
                                                     std::size_t batch) noexcept {
  return std::uint64_t{2} * (s.layers + 2 * s.cross_layers) * s.key_width() * context * batch;
}

}  // namespace ohmic::inline OHMIC_ABI::program
