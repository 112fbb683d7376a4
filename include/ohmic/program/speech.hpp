// The sub-operations of a speech encoder-decoder: convolutions over a waveform as products of windows, and decoder layers that attend
// twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "ohmic/program/pre_norm.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// A convolution in time: every `stride` positions a window of `kernel` ones, all their channels together, is a token of a product.
struct time_convolution {
  std::size_t kernel = 1;
  std::size_t stride = 1;
  std::size_t channels = 1;
  std::size_t outputs = 1;

  [[nodiscard]] constexpr std::size_t window() const noexcept { return kernel * channels; }
  /// Windows that fit into so many positions.
  [[nodiscard]] constexpr std::size_t positions(std::size_t n) const noexcept {
    return n < kernel ? 0 : (n - kernel) / stride + 1;
  }
  friend bool operator==(time_convolution const&, time_convolution const&) = default;
};

/// Values that F codes and writes into a cache where no product left them there: windows of a convolution, embeddings.
[[nodiscard]] inline sub_operation written_values(site where, std::size_t values, function_choices const& choices) {
  sub_operation op{where, operand_source::sums, {1, 1, 1}, choices.activation_digits, 0, {}};
  detail::store(op, values, choices);
  return op;
}

/// A layer of a decoder with two attentions.
struct cross_shape {
  std::size_t width = 0, inner = 0, heads = 1, hidden = 0;
  std::size_t encoded = 0;  ///< tokens of the encoder
  std::size_t past = 0;     ///< tokens of the decoder in the cache
  std::size_t rotated = 0;  ///< elements of a token's queries, and of its keys, that turn with the position
  bool hidden_bias = true, block_bias = true;  ///< of the gated block: inside, and of its result
};

/// Keys and values that a decoder layer takes from the encoder's tokens, once a text. `block` is that of its second attention.
inline void cross_keys_program(std::vector<sub_operation>& out, std::size_t block, cross_shape const& s,
                               function_choices const& choices) {
  for (auto const op : {operation::A2, operation::A3})
    out.push_back(detail::projection({block, op}, {s.encoded, s.width, s.inner}, choices, false));
}

/// One decoder layer over one new token: attention to itself in `block`; attention to the encoder and a gated block in the next.
inline void cross_layer_program(std::vector<sub_operation>& out, std::size_t block, cross_shape const& s,
                                function_choices const& choices) {
  std::size_t const m = s.width, q = s.inner, cross = block + 1;
  auto const project = [&](site where, std::size_t inner, std::size_t outputs, bool bias = false) -> post_tally& {
    out.push_back(detail::projection(where, {1, inner, outputs}, choices, bias));
    return out.back().post;
  };
  detail::layer_norm(out, {block, operation::A_L1}, {block, operation::A_L2}, 1, m, choices);
  project({block, operation::A1}, m, q).add<"rotary_unit", "rotate">(s.rotated);
  attention_shape const own{1, q, s.heads, s.past, 0, m};
  detail::key_program(out, block, own, choices, false);
  out.back().post.add<"rotary_unit", "rotate">(s.rotated);
  project({block, operation::A3}, m, q);
  attention_program(out, block, own, choices);
  project({block, operation::A7}, q, m).add<"post", "add_residual">(m);
  detail::layer_norm(out, {cross, operation::A_L1}, {cross, operation::A_L2}, 1, m, choices);
  project({cross, operation::A1}, m, q);
  attention_shape to_encoder{1, q, s.heads, s.past == 0 ? 0 : s.encoded, 0, m};
  to_encoder.keys = s.encoded;
  attention_program(out, cross, to_encoder, choices);
  project({cross, operation::A7}, q, m).add<"post", "add_residual">(m);
  detail::layer_norm(out, {cross, operation::B_L1}, {cross, operation::B_L2}, 1, m, choices);
  project({cross, operation::B1}, m, s.hidden, s.hidden_bias).add<"activation_unit", "apply">(s.hidden);
  project({cross, operation::gate}, m, s.hidden, s.hidden_bias).add<"post", "scale">(s.hidden);
  project({cross, operation::B2}, s.hidden, m, s.block_bias).add<"post", "add_residual">(m);
}

}  // namespace ohmic::inline OHMIC_ABI::program
