// T5 as plain data (T5, T5 v1.1, Flan), and its passes for every engine: an encoder and a decoder with relative position biases.
// Reader: import/t5.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/attention/position_bias.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/checks.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/encoder_decoder.hpp"
#include "ohmic/model/source.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/program/cross_attention.hpp"
#include "ohmic/program/gated.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Sizes and settings of a T5.
/// Range   see validate(t5_config)
/// Source  Raffel et al. 2020; the defaults are T5-small's
struct t5_config {
  std::size_t vocabulary = 32128;
  std::size_t width = 512;
  std::size_t encoder_layers = 6;
  std::size_t decoder_layers = 6;
  std::size_t heads = 8;
  std::size_t head_width = 64;
  std::size_t hidden = 2048;
  std::size_t positions = 512;  ///< of either side: what a text is cut to. The biases know no limit
  std::size_t buckets = 32;     ///< of distances
  std::size_t reach = 128;      ///< distance from which on all are in the last bucket
  float norm_epsilon = 1e-6f;
  activation hidden_activation = activation::relu;
  bool gated = false;         ///< v1.1: a second product multiplies what was activated
  bool scaled_logits = true;  ///< by 1 / sqrt(width), where the embedding is the head
  std::int32_t start = 0;     ///< the token that every target begins with

  friend bool operator==(t5_config const&, t5_config const&) = default;
};

/// Weights of attention behind its RMS normalisation, no biases.
/// Shape   query, key, value (heads x d_k, width); output (width, heads x d_k)
struct t5_attention {
  norm_weights norm;
  linear_weights query, key, value, output;

  friend bool operator==(t5_attention const&, t5_attention const&) = default;
};
/// Weights of a feed-forward block behind its RMS normalisation, no biases.
/// Shape   inner, gate (hidden, width), gate empty where there is none; down (width, hidden)
struct t5_block {
  norm_weights norm;
  linear_weights inner, gate, down;

  friend bool operator==(t5_block const&, t5_block const&) = default;
};
struct t5_encoder_layer {
  t5_attention attention;
  t5_block block;

  friend bool operator==(t5_encoder_layer const&, t5_encoder_layer const&) = default;
};
struct t5_decoder_layer {
  t5_attention self, cross;
  t5_block block;

  friend bool operator==(t5_decoder_layer const&, t5_decoder_layer const&) = default;
};

/// A T5. The biases of a side are those of all its layers, but for attention to the encoder's tokens, which has none.
/// Shape   word, head.weight (vocabulary, width): tied models hold `word` twice, because the embedding is read from memory and the head is
///         programmed; encoder_bias, decoder_bias (buckets, heads)
/// Cost    with a `source` the matrices are empty here and read from files one by one, where for_each_projection calls for them
struct t5 {
  using source_type = std::vector<std::int32_t>;
  using input = source_and_target<source_type>;

  t5_config config;
  matrix<float> word;
  matrix<float> encoder_bias, decoder_bias;
  std::vector<t5_encoder_layer> encoder;
  norm_weights encoder_norm;
  std::vector<t5_decoder_layer> decoder;
  norm_weights decoder_norm;
  linear_weights head;
  std::shared_ptr<matrix_source const> source{};

  friend bool operator==(t5 const&, t5 const&) = default;
};

/// Checks that every size is positive and bounded, and that distances have buckets.
/// Errors  errc::config_value, naming the field
inline void validate(t5_config const& c, std::string_view where = "t5_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_size(c.encoder_layers, model_limits::layers, "encoder_layers", where);
  detail::require_size(c.decoder_layers, model_limits::layers, "decoder_layers", where);
  detail::require_size(c.heads, model_limits::width, "heads", where);
  detail::require_size(c.head_width, model_limits::width, "head_width", where);
  detail::require_size(c.heads * c.head_width, model_limits::width, "heads x head_width", where);
  detail::require_size(c.hidden, model_limits::hidden, "hidden", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  detail::require_epsilon(c.norm_epsilon, where);
  if (c.buckets < 4 || c.buckets % 2 != 0 || c.reach <= c.buckets / 2 || c.reach > (std::size_t{1} << 20) ||
      c.heads * c.reach > (std::size_t{1} << 22))  // a bias for each distance and head
    throw error({errc::config_value, "buckets of distances are out of range", std::string(where),
                 std::to_string(c.buckets) + " buckets, reach " + std::to_string(c.reach) + ", " +
                     std::to_string(c.heads) + " heads",
                 "an even number of at least 4 buckets, a reach of more than half of them, heads x reach at most 2^22",
                 ""});
  if (c.start < 0 || static_cast<std::size_t>(c.start) >= c.vocabulary)
    throw error({errc::config_value, "start is out of range", std::string(where), std::to_string(c.start),
                 "0 to " + std::to_string(c.vocabulary - 1), ""});
}

namespace detail {

/// RMS normalisation and matrices without biases.
class t5_checks {
 public:
  t5_checks(t5_config const& c, std::string_view where) : c_(&c), where_(where) {}

  void norm(norm_weights const& n, std::string const& part) const { require_rms_norm(n, c_->width, part, where_); }
  void linear(linear_weights const& l, std::size_t out, std::size_t in, std::string const& part) const {
    require_linear(l, out, in, part, where_);
    require_shape(l.bias.size(), 1, 0, 1, part + ".bias", where_);
  }
  void attention(t5_attention const& a, std::string const& part) const {
    std::size_t const inner = c_->heads * c_->head_width, m = c_->width;
    norm(a.norm, part + "norm");
    linear(a.query, inner, m, part + "query");
    linear(a.key, inner, m, part + "key");
    linear(a.value, inner, m, part + "value");
    linear(a.output, m, inner, part + "output");
  }
  void block(t5_block const& b, std::string const& part) const {
    norm(b.norm, part + "norm");
    linear(b.inner, c_->hidden, c_->width, part + "inner");
    linear(b.gate, c_->gated ? c_->hidden : 0, c_->gated ? c_->width : 0, part + "gate");
    linear(b.down, c_->width, c_->hidden, part + "down");
  }

 private:
  t5_config const* c_;
  std::string_view where_;
};

}  // namespace detail

/// Checks that every matrix and vector has the shape that the configuration says, and that there are no biases.
/// Errors  those of validate(t5_config); errc::shape naming the part and both shapes
inline void validate(t5 const& m, std::string_view where = "t5") {
  t5_config const& c = m.config;
  validate(c, where);
  detail::t5_checks const check(c, where);
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.width, "word", where);
  detail::require_shape(m.encoder_bias.rows(), m.encoder_bias.cols(), c.buckets, c.heads, "encoder_bias", where);
  detail::require_shape(m.decoder_bias.rows(), m.decoder_bias.cols(), c.buckets, c.heads, "decoder_bias", where);
  detail::require_shape(m.encoder.size(), 1, c.encoder_layers, 1, "encoder", where);
  detail::require_shape(m.decoder.size(), 1, c.decoder_layers, 1, "decoder", where);
  for (std::size_t l = 0; l < m.encoder.size(); ++l) {
    std::string const part = "encoder[" + std::to_string(l) + "].";
    check.attention(m.encoder[l].attention, part + "attention.");
    check.block(m.encoder[l].block, part + "block.");
  }
  check.norm(m.encoder_norm, "encoder_norm");
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    std::string const part = "decoder[" + std::to_string(l) + "].";
    check.attention(m.decoder[l].self, part + "self.");
    check.attention(m.decoder[l].cross, part + "cross.");
    check.block(m.decoder[l].block, part + "block.");
  }
  check.norm(m.decoder_norm, "decoder_norm");
  check.linear(m.head, c.vocabulary, c.width, "head");
}

[[nodiscard]] inline layer_stack stack_of(t5 const& m) noexcept { return {m.encoder.size(), m.decoder.size()}; }
[[nodiscard]] inline program::site_names sites_of(t5 const& m) noexcept { return stack_of(m).names(); }
/// Of the decoder's own tokens.
[[nodiscard]] constexpr attention_mask mask_of(t5 const&) noexcept { return attention_mask::causal; }
/// What a text of either side is cut to.
[[nodiscard]] inline std::size_t positions_of(t5 const& m) noexcept { return m.config.positions; }
[[nodiscard]] inline std::int32_t start_of(t5 const& m) noexcept { return m.config.start; }

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(t5 const& m, F&& f) {
  using program::operation;
  using program::site;
  auto const give = [&](site s, linear_weights const& w) { give_matrix(m.source.get(), s, w, f); };
  auto const attention = [&](std::size_t b, t5_attention const& w) {
    give(site{b, operation::A1}, w.query);
    give(site{b, operation::A2}, w.key);
    give(site{b, operation::A3}, w.value);
    give(site{b, operation::A7}, w.output);
  };
  auto const block = [&](std::size_t b, t5_block const& w) {
    give(site{b, operation::B1}, w.inner);
    if (m.config.gated) give(site{b, operation::gate}, w.gate);
    give(site{b, operation::B2}, w.down);
  };
  layer_stack const stack = stack_of(m);
  for (std::size_t l = 0; l < m.encoder.size(); ++l) {
    attention(l + 1, m.encoder[l].attention);
    block(l + 1, m.encoder[l].block);
  }
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    attention(stack.self(l), m.decoder[l].self);
    attention(stack.cross(l), m.decoder[l].cross);
    block(stack.cross(l), m.decoder[l].block);
  }
  give(site{stack.head(), operation::lm_head}, m.head);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] inline program::site producer_of(t5 const& m, program::site s) noexcept {
  using program::operation;
  switch (s.op) {
    case operation::A2:
    case operation::A3:
      return stack_of(m).crosses(s.block) ? stack_of(m).memory() : program::site{s.block, operation::A_L2};
    case operation::A7:
      return {s.block, operation::A6};
    case operation::B1:
    case operation::gate:
      return {s.block, operation::B_L2};
    case operation::B2:
      return {s.block, m.config.gated ? operation::gate : operation::B1};
    case operation::lm_head:
      return {s.block, operation::L2};
    default:
      return {s.block, operation::A_L2};  // A1
  }
}

/// The sub-operations of `target` tokens after `past`; before the first, those of the encoder.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(t5 const& m, pair_lengths const& n,
                                                                    std::size_t past,
                                                                    program::function_choices const& choices) {
  using program::operation;
  t5_config const& c = m.config;
  layer_stack const stack = stack_of(m);
  program::stack_shape s;
  s.width = c.width, s.heads = c.heads, s.head_width = c.head_width, s.hidden = c.hidden, s.gated = c.gated;
  s.biased_scores = true;
  std::vector<program::sub_operation> out;
  if (past == 0) {
    for (std::size_t b = 1; b <= stack.encoder; ++b) {
      program::self_attention_program(out, b, n.source, 0, s, choices);
      program::block_program(out, b, n.source, s, choices);
    }
    program::detail::rms_norm(out, stack.memory(), n.source, c.width, choices);
  }
  for (std::size_t l = 0; l < stack.decoder; ++l) {
    program::self_attention_program(out, stack.self(l), n.target, past, s, choices);
    program::cross_attention_program(out, stack.cross(l), n.target, n.source, past == 0, s, choices);
    program::block_program(out, stack.cross(l), n.target, s, choices);
  }
  program::rms_language_head_program(out, stack.head(), n.target, c.width, c.vocabulary, choices);
  return out;
}
/// The same with nothing before the tokens.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(t5 const& m, pair_lengths const& n,
                                                                    program::function_choices const& choices) {
  return program_of(m, n, 0, choices);
}

namespace detail {

/// Normalisation, attention to the layer's own tokens or to `memory`, and the residual. `seen`: what a decoder keeps, or nullptr.
template <engine E>
[[nodiscard]] typename E::tensor t5_attend(E& e, t5_config const& c, std::size_t b, t5_attention const& w,
                                           typename E::tensor const& x, typename E::tensor const* memory,
                                           attention_scope const& scope, typename E::cache* seen) {
  using program::operation;
  using options = projection_options<typename E::tensor>;
  auto const y = e.normalise({b, operation::A_L1}, {b, operation::A_L2}, w.norm, c.norm_epsilon, x);
  auto const& from = memory == nullptr ? y : *memory;
  auto const q = e.project({b, operation::A1}, w.query, y, options{});   // (n, heads d_k)
  auto const k = e.project({b, operation::A2}, w.key, from, options{});  // no 1 / sqrt(d_k): it is in the weights
  auto const v = e.project({b, operation::A3}, w.value, from, options{});
  auto const r = seen == nullptr ? e.attend(b, q, k, v, c.heads, scope) : e.attend(b, q, k, v, c.heads, scope, *seen);
  options onto{};
  onto.residual = &x;
  return e.project({b, operation::A7}, w.output, r, onto);  // (n, m)
}

/// Normalisation, feed-forward block and the residual.
template <engine E>
[[nodiscard]] typename E::tensor t5_feed_forward(E& e, t5_config const& c, std::size_t b, t5_block const& w,
                                                 typename E::tensor const& x) {
  using program::operation;
  using options = projection_options<typename E::tensor>;
  auto const z = e.normalise({b, operation::B_L1}, {b, operation::B_L2}, w.norm, c.norm_epsilon, x);
  options activated{}, onto{};
  activated.act = c.hidden_activation;
  onto.residual = &x;
  auto const h = e.project({b, operation::B1}, w.inner, z, activated);  // (n, hidden)
  if (!c.gated) return e.project({b, operation::B2}, w.down, h, onto);
  options gated{};
  gated.gate = &h;
  return e.project({b, operation::B2}, w.down, e.project({b, operation::gate}, w.gate, z, gated), onto);
}

}  // namespace detail

/// A source as the decoder attends to it.
/// Shape   ids (n) -> (n, width)
/// Errors  shape for no ids or more than the model has positions; value, naming the position, for an id outside the vocabulary
/// Source  Raffel et al. 2020, section 2.1, and its published code; Wang et al. 2024, Tables 2 to 4, for the numbering
template <engine E>
[[nodiscard]] typename E::tensor encode(E& e, t5 const& m, std::span<std::int32_t const> ids) {
  using program::operation;
  t5_config const& c = m.config;
  layer_stack const stack = stack_of(m);
  auto const bias = relative_bias(m.encoder_bias.view(), c.reach, true);
  attention_scope const scope(attention_mask::none, 0, &bias);
  auto x = e.input(stack.source_input(), word_embedding(m.word, c.positions, ids, 0, "T5 source"));  // (n, m)
  for (std::size_t l = 0; l < m.encoder.size(); ++l) {
    auto const u = detail::t5_attend(e, c, l + 1, m.encoder[l].attention, x, nullptr, scope, nullptr);
    x = detail::t5_feed_forward(e, c, l + 1, m.encoder[l].block, u);
  }
  program::site const last = stack.memory();
  return e.normalise({last.block, operation::L1}, last, m.encoder_norm, c.norm_epsilon, x);
}

/// A decoder that has seen nothing.
template <engine E>
[[nodiscard]] cross_context<E> new_context(E const&, t5 const& m) {
  return cross_context<E>(m.decoder.size());
}

/// Logits of the token that follows each of the new ones, which come after those that were seen. `memory` is the encoded source; its keys
/// and values are made in the first step.
/// Shape   ids (n) -> (n, vocabulary)
/// Errors  as encode, of the decoder's ids
template <engine E>
[[nodiscard]] matrix<float> extend(E& e, t5 const& m, cross_context<E>& seen, typename E::tensor const& memory,
                                   std::span<std::int32_t const> ids) {
  using program::operation;
  using tensor = typename E::tensor;
  t5_config const& c = m.config;
  layer_stack const stack = stack_of(m);
  auto const bias = relative_bias(m.decoder_bias.view(), c.reach, false);
  attention_scope const own(attention_mask::causal, 0, &bias), all(attention_mask::none);
  tensor const none = e.none(memory);
  auto x = e.input(stack.target_input(), word_embedding(m.word, c.positions, ids, seen.tokens(), "T5 target"));
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    t5_decoder_layer const& w = m.decoder[l];
    auto& encoder = seen.encoder[l];
    tensor const* const from = encoder.tokens() == 0 ? &memory : &none;
    auto const u = detail::t5_attend(e, c, stack.self(l), w.self, x, nullptr, own, &seen.own.layers[l]);
    auto const r = detail::t5_attend(e, c, stack.cross(l), w.cross, u, from, all, &encoder);
    x = detail::t5_feed_forward(e, c, stack.cross(l), w.block, r);
  }
  std::size_t const head = stack.head();
  auto const y = e.normalise({head, operation::L1}, {head, operation::L2}, m.decoder_norm, c.norm_epsilon, x);
  projection_options<tensor> scaled{};
  if (c.scaled_logits) scaled.factor = 1.0f / std::sqrt(static_cast<float>(c.width));
  return e.output({head, operation::lm_head}, m.head, y, scaled);  // (n, vocabulary)
}

/// Logits of the token that follows each token of a target.
/// Shape   target (n) -> (n, vocabulary)
/// Errors  as encode and extend
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, t5 const& m, t5::input const& text) {
  return encode_and_extend(e, m, text);
}
static_assert(encoder_decoder<t5> && transformer<token_by_token<t5>>);

}  // namespace ohmic::inline OHMIC_ABI::model
