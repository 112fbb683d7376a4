// The sub-operations of encoder-decoders: a normalisation and attention, to a layer's own tokens or to those of the encoder, and a
// normalisation and a feed-forward block.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// Sizes of the attention and the block of one layer.
struct stack_shape {
  std::size_t width = 0;
  std::size_t heads = 1;
  std::size_t key_heads = 0;  ///< 0: as many as heads
  std::size_t head_width = 0;
  std::size_t hidden = 0;
  bool centred = false;        ///< LayerNorm; otherwise RMS normalisation
  bool gated = false;          ///< a second product beside B1 multiplies what it left
  bool biased_scores = false;  ///< by position, where tokens meet their own kind
  std::size_t rotated =
      0;  ///< elements of a token's queries that turn with its position, where tokens meet their own kind
  std::size_t rotated_keys = 0;  ///< the same of its keys
  bool qkv_biases = false, output_bias = false, block_biases = false;
};

namespace detail {

/// LayerNorm, or RMS normalisation.
inline void either_norm(std::vector<sub_operation>& out, std::size_t block, operation mean, operation square,
                        std::size_t tokens, stack_shape const& s, function_choices const& c) {
  if (s.centred)
    layer_norm(out, {block, mean}, {block, square}, tokens, s.width, c);
  else
    rms_norm(out, {block, square}, tokens, s.width, c);
}

[[nodiscard]] inline attention_shape attention_of(std::size_t tokens, stack_shape const& s) {
  attention_shape a;
  a.tokens = tokens, a.width = s.heads * s.head_width, a.heads = s.heads, a.key_heads = s.key_heads, a.input = s.width;
  return a;
}

inline void attention_result(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                             stack_shape const& s, function_choices const& c) {
  out.push_back(projection({block, operation::A7}, {tokens, s.heads * s.head_width, s.width}, c, s.output_bias));
  out.back().post.add<"post", "add_residual">(tokens * s.width);
}

}  // namespace detail

/// Normalisation, attention of `tokens` to themselves and to `past` tokens of the cache, and the residual.
/// Errors  config_conflict for rotated keys in a decomposed product
inline void self_attention_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                                   std::size_t past, stack_shape const& s, function_choices const& c) {
  auto a = detail::attention_of(tokens, s);
  a.past = past, a.biased = s.biased_scores;
  std::size_t const kv = a.products() * s.head_width;
  detail::either_norm(out, block, operation::A_L1, operation::A_L2, tokens, s, c);
  out.push_back(detail::projection({block, operation::A1}, {tokens, s.width, a.width}, c, s.qkv_biases));
  out.back().post.add<"rotary_unit", "rotate">(tokens * s.rotated);
  if (s.rotated_keys > 0 && c.attention.policy == attention_policy::decomposed)
    refuse_rotation("block " + std::to_string(block));
  detail::key_program(out, block, a, c, s.qkv_biases);
  out.back().post.add<"rotary_unit", "rotate">(tokens * s.rotated_keys);
  out.push_back(detail::projection({block, operation::A3}, {tokens, s.width, kv}, c, s.qkv_biases));
  attention_program(out, block, a, c);
  detail::attention_result(out, block, tokens, s, c);
}

/// Normalisation, attention of `tokens` to `source` tokens of the encoder, and the residual. `first`: keys and values are made of them;
/// in later steps they are in the cache, or the encoder's tokens where attention is decomposed.
inline void cross_attention_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                                    std::size_t source, bool first, stack_shape const& s, function_choices const& c) {
  auto a = detail::attention_of(tokens, s);
  a.keys = source, a.past = first ? 0 : source;
  std::size_t const kv = a.products() * s.head_width;
  bool const decomposed = c.attention.policy == attention_policy::decomposed;
  detail::either_norm(out, block, operation::A_L1, operation::A_L2, tokens, s, c);
  out.push_back(detail::projection({block, operation::A1}, {tokens, s.width, a.width}, c, s.qkv_biases));
  if (decomposed)
    detail::key_program(out, block, a, c);
  else if (first)
    out.push_back(detail::projection({block, operation::A2}, {source, s.width, kv}, c, s.qkv_biases));
  if (first) out.push_back(detail::projection({block, operation::A3}, {source, s.width, kv}, c, s.qkv_biases));
  attention_program(out, block, a, c);
  detail::attention_result(out, block, tokens, s, c);
}

/// Normalisation, feed-forward block, gated or not, and the residual.
inline void block_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens, stack_shape const& s,
                          function_choices const& c) {
  std::size_t const n = tokens, m = s.width, h = s.hidden;
  detail::either_norm(out, block, operation::B_L1, operation::B_L2, n, s, c);
  out.push_back(detail::projection({block, operation::B1}, {n, m, h}, c, s.block_biases));
  out.back().post.add<"activation_unit", "apply">(n * h);
  if (s.gated) {
    out.push_back(detail::projection({block, operation::gate}, {n, m, h}, c, s.block_biases));
    out.back().post.add<"post", "scale">(n * h);
  }
  out.push_back(detail::projection({block, operation::B2}, {n, h, m}, c, s.block_biases));
  out.back().post.add<"post", "add_residual">(n * m);
}

}  // namespace ohmic::inline OHMIC_ABI::program
