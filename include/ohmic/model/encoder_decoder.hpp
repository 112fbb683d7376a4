// Encoder-decoders: a source is encoded once, and a decoder continues from it token by token. What the source is, token ids or values
// of a front end, is the model's.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "ohmic/core/view.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/transformer.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What a pass of an encoder-decoder takes: a source, and the tokens that the decoder reads, the start token first.
template <class Source>
struct source_and_target {
  Source source{};
  std::vector<std::int32_t> target{};

  friend bool operator==(source_and_target const&, source_and_target const&) = default;
};

/// Tokens of the encoder, and of the decoder.
struct pair_lengths {
  std::size_t source = 1, target = 1;

  friend constexpr auto operator<=>(pair_lengths const&, pair_lengths const&) = default;
};
/// Tokens of an encoder whose source is ids, or rows of values.
[[nodiscard]] inline std::size_t source_length(std::vector<std::int32_t> const& ids) noexcept { return ids.size(); }
[[nodiscard]] inline std::size_t source_length(matrix<float> const& rows) noexcept { return rows.rows(); }
template <class Source>
[[nodiscard]] pair_lengths length_of(source_and_target<Source> const& text) noexcept {
  return {source_length(text.source), text.target.size()};
}

/// The layers of both sides, and the blocks that they are: layer i of the encoder is block i + 1; layer j of the decoder is a block of
/// attention to its own tokens, and one of attention to the encoder's with the feed-forward block. The encoder's last normalisation is
/// L1, L2 of the block before the decoder's first; the decoder's input is that of its first block.
struct layer_stack {
  std::size_t encoder = 0, decoder = 0;

  [[nodiscard]] constexpr std::size_t self(std::size_t j) const noexcept { return encoder + 2 * j + 1; }
  [[nodiscard]] constexpr std::size_t cross(std::size_t j) const noexcept { return encoder + 2 * j + 2; }
  [[nodiscard]] constexpr std::size_t head() const noexcept { return encoder + 2 * decoder + 1; }
  /// True for blocks of attention to the encoder's tokens.
  [[nodiscard]] constexpr bool crosses(std::size_t block) const noexcept {
    return block > encoder && block < head() && (block - encoder) % 2 == 0;
  }
  /// Where the encoder's tokens come from: its last normalisation.
  [[nodiscard]] constexpr program::site memory() const noexcept { return {encoder, program::operation::L2}; }
  [[nodiscard]] constexpr program::site source_input() const noexcept { return {0, program::operation::input}; }
  [[nodiscard]] constexpr program::site target_input() const noexcept { return {self(0), program::operation::input}; }
  [[nodiscard]] constexpr program::site_names names() const noexcept { return {encoder + 2 * decoder, encoder}; }
};

/// What a decoder has seen of its own tokens, and of the encoder's: keys and values of every layer, as the engine keeps them.
template <class E>
struct cross_context {
  context<E> own;
  std::vector<typename E::cache> encoder;  ///< empty until the first step

  explicit cross_context(std::size_t layers = 0) : own(layers), encoder(layers) {}
  [[nodiscard]] std::size_t tokens() const noexcept { return own.tokens(); }
  /// Forgets all of its own tokens but the first ones.
  void keep(std::size_t tokens) noexcept { own.keep(tokens); }
};

/// A transformer that encodes a source and continues from it. Its `source_type` is what is encoded.
/// Shape   encode: a source -> (tokens, width), a tensor of the engine; extend: ids (n) -> (n, vocabulary), the logits of what follows
///         each; the memory is read in the first step alone, but where attention is decomposed its kind in every step
///         program_of: `target` tokens after `past`; with none before them the encoder's pass, and its keys and values, are a part of it
///         start_of: the id that every target begins with
template <class M>
concept encoder_decoder = transformer<M> && std::same_as<input_of<M>, source_and_target<typename M::source_type>> &&
    requires(M const& m, fp32_engine& e, cross_context<fp32_engine>& seen, typename M::source_type const& source,
             fp32_engine::tensor const& memory, std::span<std::int32_t const> ids, std::size_t past,
             program::function_choices const& c) {
  { stack_of(m) } -> std::same_as<layer_stack>;
  { encode(e, m, source) } -> std::same_as<fp32_engine::tensor>;
  { new_context(e, m) } -> std::same_as<cross_context<fp32_engine>>;
  { extend(e, m, seen, memory, ids) } -> std::same_as<matrix<float>>;
  { program_of(m, pair_lengths{}, past, c) } -> std::same_as<std::vector<program::sub_operation>>;
  { positions_of(m) } -> std::same_as<std::size_t>;
  { start_of(m) } -> std::same_as<std::int32_t>;
};

/// The logits of a target in one pass: a model's `forward`.
/// Shape   target (n) -> (n, vocabulary)
template <engine E, class M>
[[nodiscard]] matrix<float> encode_and_extend(E& e, M const& m, input_of<M> const& text) {
  auto const memory = encode(e, m, text.source);
  auto seen = new_context(e, m);
  return extend(e, m, seen, memory, std::span<std::int32_t const>(text.target));
}

/// The steps of a target, token by token; the encoder's pass is in the first.
template <encoder_decoder M>
[[nodiscard]] std::vector<program::sub_operation> program_of(token_by_token<M> const& m, pair_lengths const& n,
                                                             program::function_choices const& choices) {
  std::vector<program::sub_operation> out;
  for (std::size_t past = 0; past < n.target; ++past) {
    auto const step = program_of(*m.model, {n.source, 1}, past, choices);
    out.insert(out.end(), step.begin(), step.end());
  }
  return out;
}
template <engine E, encoder_decoder M>
[[nodiscard]] matrix<float> forward(E& e, token_by_token<M> const& m, input_of<M> const& text) {
  auto const memory = encode(e, *m.model, text.source);
  auto seen = new_context(e, *m.model);
  std::span<std::int32_t const> const ids(text.target);
  matrix<float> logits;
  for (std::size_t n = 0; n < ids.size(); ++n) {
    auto const step = extend(e, *m.model, seen, memory, ids.subspan(n, 1));  // (1, vocabulary)
    if (n == 0) logits = matrix<float>(ids.size(), step.cols());
    std::memcpy(logits.row(n).data(), step.data(), step.size() * sizeof(float));
  }
  return logits;
}

}  // namespace ohmic::inline OHMIC_ABI::model
