// The sub-operations of layers that normalise first, and of the models made of them: decoders, and encoders that average.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// Sizes of one pre-LN layer.
struct pre_norm_shape {
  std::size_t input = 0;  ///< width of what comes in
  std::size_t inner = 0;  ///< width of all heads together
  std::size_t width = 0;  ///< width of what goes out; where it differs from `input`, the residual is projected
  std::size_t hidden = 0;
  std::size_t heads = 1;
  bool changes_width = false;
  std::size_t past = 0;     ///< tokens in the KV cache before the pass
  std::size_t rotated = 0;  ///< elements of a token's queries, and of its keys, that turn with the position
  bool one_norm = false;    ///< the feed-forward block reads what attention reads
  bool qkv_biases = true, output_bias = true;
  bool hidden_bias = true, block_bias = true;  ///< of the feed-forward block: inside, and of its result
};

/// One pre-LN layer: normalisation, attention, residual, normalisation, feed-forward, residual.
inline void pre_norm_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                             pre_norm_shape const& s, function_choices const& choices) {
  std::size_t const n = tokens;
  detail::layer_norm(out, {block, operation::A_L1}, {block, operation::A_L2}, n, s.input, choices);
  attention_shape const attention{n, s.inner, s.heads, s.past, 0, s.input};
  out.push_back(detail::projection({block, operation::A1}, {n, s.input, s.inner}, choices, s.qkv_biases));
  out.back().post.add<"rotary_unit", "rotate">(n * s.rotated);
  if (s.rotated > 0 && choices.attention.policy == attention_policy::decomposed)
    refuse_rotation("layer " + std::to_string(block - 1));
  detail::key_program(out, block, attention, choices, s.qkv_biases);
  out.back().post.add<"rotary_unit", "rotate">(n * s.rotated);
  out.push_back(detail::projection({block, operation::A3}, {n, s.input, s.inner}, choices, s.qkv_biases));
  attention_program(out, block, attention, choices);
  if (s.changes_width)
    out.push_back(detail::projection({block, operation::A_residual}, {n, s.input, s.width}, choices));
  out.push_back(detail::projection({block, operation::A7}, {n, s.inner, s.width}, choices, s.output_bias));
  out.back().post.add<"post", "add_residual">(n * s.width);
  if (!s.one_norm) detail::layer_norm(out, {block, operation::B_L1}, {block, operation::B_L2}, n, s.width, choices);
  out.push_back(detail::projection({block, operation::B1}, {n, s.width, s.hidden}, choices, s.hidden_bias));
  out.back().post.add<"activation_unit", "apply">(n * s.hidden);
  out.push_back(detail::projection({block, operation::B2}, {n, s.hidden, s.width}, choices, s.block_bias));
  out.back().post.add<"post", "add_residual">(n * s.width);
}

/// What follows the layers of a decoder: normalisation, and the logits of every token, by the embedding, transposed, or a matrix of its
/// own, that may have a bias.
inline void language_head_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                                  std::size_t width, std::size_t vocabulary, function_choices const& choices,
                                  bool bias = false) {
  detail::layer_norm(out, {block, operation::L1}, {block, operation::L2}, tokens, width, choices);
  out.push_back(detail::leaving({block, operation::lm_head}, {tokens, width, vocabulary}, choices, bias));
}

/// What follows the layers of a sentence encoder: the mean over tokens, X^T on the switches and ones on the DACs, and a tanh projection.
inline void sentence_head_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                                  std::size_t width, std::size_t outputs, function_choices const& choices) {
  sub_operation op{
      {block, operation::mean}, operand_source::sums, {width, tokens, 1}, choices.activation_digits, 1, {}};
  op.post.add<"post", "scale">(width);
  detail::store(op, width, choices);
  out.push_back(op);
  out.push_back(detail::leaving({block, operation::embedding}, {1, width, outputs}, choices));
  out.back().post.add<"activation_unit", "apply">(outputs);
}

}  // namespace ohmic::inline OHMIC_ABI::program
