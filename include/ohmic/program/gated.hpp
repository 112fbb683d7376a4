// The sub-operations of layers with RMS normalisation, rotated queries and keys, shared keys and a gated feed-forward block: Llama's.
#pragma once

#include <cstddef>
#include <vector>

#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// Sizes of one layer.
struct gated_shape {
  std::size_t width = 0;
  std::size_t heads = 1;
  std::size_t key_heads = 1;
  std::size_t head_width = 0;
  std::size_t hidden = 0;
  std::size_t past = 0;  ///< tokens in the KV cache before the pass
  bool qkv_biases = false, output_bias = false, block_biases = false;
};

/// One layer over `tokens` new tokens.
/// Source  Touvron et al. 2023 (Llama) for the order; Wang et al. 2024, Tables 2 to 4, for the numbering; the second product of the block,
///         which multiplies what B1 left, is `gate`
inline void gated_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens, gated_shape const& s,
                          function_choices const& choices) {
  std::size_t const n = tokens, m = s.width, q = s.heads * s.head_width, kv = s.key_heads * s.head_width;
  auto const project = [&](operation op, std::size_t inner, std::size_t outputs, bool bias) -> post_tally& {
    out.push_back(detail::projection({block, op}, {n, inner, outputs}, choices, bias));
    return out.back().post;
  };
  detail::rms_norm(out, {block, operation::A_L2}, n, m, choices);
  project(operation::A1, m, q, s.qkv_biases).add<"rotary_unit", "rotate">(n * q);
  attention_shape const attention{n, q, s.heads, s.past, s.key_heads, m};
  detail::key_program(out, block, attention, choices, s.qkv_biases, true);
  project(operation::A3, m, kv, s.qkv_biases);
  attention_program(out, block, attention, choices);
  project(operation::A7, q, m, s.output_bias).add<"post", "add_residual">(n * m);
  detail::rms_norm(out, {block, operation::B_L2}, n, m, choices);
  project(operation::B1, m, s.hidden, s.block_biases).add<"activation_unit", "apply">(n * s.hidden);
  project(operation::gate, m, s.hidden, s.block_biases).add<"post", "scale">(n * s.hidden);
  project(operation::B2, s.hidden, m, s.block_biases).add<"post", "add_residual">(n * m);
}

/// What follows the layers: RMS normalisation, and the logits of every token, without bias.
inline void rms_language_head_program(std::vector<sub_operation>& out, std::size_t block, std::size_t tokens,
                                      std::size_t width, std::size_t vocabulary, function_choices const& choices) {
  detail::rms_norm(out, {block, operation::L2}, tokens, width, choices);
  out.push_back(detail::leaving({block, operation::lm_head}, {tokens, width, vocabulary}, choices, false));
}

}  // namespace ohmic::inline OHMIC_ABI::program
