// The weights of Moonshine, a speech encoder-decoder, as plain data: where its matrices are and what a pass over a clip does. The pass:
// moonshine.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/checks.hpp"
#include "ohmic/model/pre_norm.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/rotary.hpp"
#include "ohmic/program/speech.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Where the convolutions over the waveform are made.
enum class speech_front_end {
  digital,  ///< in floating point, as the published 8-bit graph has it; the encoder's first tokens are coded
  arrays    ///< as projections of windows, whose values are coded
};

/// Sizes and settings of a Moonshine.
/// Range   see validate(moonshine_config)
/// Source  Jeffries et al. 2024 (Moonshine), section 3; the defaults are those of the published tiny model
struct moonshine_config {
  std::size_t vocabulary = 32768;
  std::size_t width = 288;
  std::size_t heads = 8;
  std::size_t encoder_layers = 6;
  std::size_t decoder_layers = 6;
  std::size_t hidden = 1152;
  std::size_t positions = 194;        ///< tokens of a transcript, its first among them
  std::size_t rate = 16000;           ///< samples a second
  std::size_t tokens_per_second = 6;  ///< of a transcript at most: a model that loops is stopped
  float norm_epsilon = 1e-5f;
  rotary_config rotation{.width = 32};
  std::int32_t first_token = 1, last_token = 2;
  speech_front_end front_end = speech_front_end::arrays;
  program::time_convolution listening{127, 64, 1, 288}, middle{7, 3, 288, 576}, last{3, 2, 576, 288};

  friend bool operator==(moonshine_config const&, moonshine_config const&) = default;
};

/// Weights of a decoder layer: attention to the tokens before, attention to the encoder, a gated block.
/// Shape   query, key, value (width, width); output (width, width); cross as gated_weights
struct moonshine_decoder_weights {
  norm_weights norm;
  linear_weights query, key, value, output;
  gated_weights cross;

  friend bool operator==(moonshine_decoder_weights const&, moonshine_decoder_weights const&) = default;
};

/// A Moonshine. A convolution's weight has a row an output, and in it the window's positions one after the other, channel by channel.
/// Shape   listening.weight (width, kernel), middle.weight (outputs, kernel x width), last.weight (width, kernel x outputs of middle);
///         word, head.weight (vocabulary, width): the embedding is read from memory and the head is programmed
struct moonshine {
  moonshine_config config;
  linear_weights listening, middle, last;
  norm_weights clip_norm;  ///< of all channels and positions of a clip together (width)
  std::vector<pre_norm_weights> encoder;
  norm_weights encoder_norm;
  matrix<float> word;
  std::vector<moonshine_decoder_weights> decoder;
  norm_weights final_norm;
  linear_weights head;
  std::vector<float>
      weight_steps;  ///< by site: the step between the integers that a matrix was published as; 0: it was not

  friend bool operator==(moonshine const&, moonshine const&) = default;
};

/// Errors  errc::config_value, errc::config_conflict, naming the field
inline void validate(moonshine_config const& c, std::string_view where = "moonshine_config") {
  detail::require_size(c.vocabulary, model_limits::vocabulary, "vocabulary", where);
  detail::require_size(c.width, model_limits::width, "width", where);
  detail::require_heads(c.heads, c.width, where);
  detail::require_size(c.encoder_layers, model_limits::layers / 4, "encoder_layers", where);
  detail::require_size(c.decoder_layers, model_limits::layers / 4, "decoder_layers", where);
  detail::require_size(c.hidden, model_limits::hidden, "hidden", where);
  detail::require_size(c.positions, model_limits::positions, "positions", where);
  detail::require_size(c.rate, 1u << 20, "rate", where);
  detail::require_size(c.tokens_per_second, 1024, "tokens_per_second", where);
  detail::require_epsilon(c.norm_epsilon, where);
  static_cast<void>(rotary(c.rotation, c.width / c.heads));
  for (auto const& v : {c.listening, c.middle, c.last}) {
    detail::require_size(v.kernel, 1u << 16, "kernel", where);
    detail::require_size(v.stride, v.kernel, "stride", where);
    detail::require_size(v.channels, model_limits::width, "channels", where);
    detail::require_size(v.outputs, model_limits::width, "outputs", where);
  }
  detail::require_shape(c.listening.channels, c.last.outputs, 1, c.width, "front end", where);
  detail::require_shape(c.middle.channels, c.last.channels, c.listening.outputs, c.middle.outputs, "front end", where);
  std::int32_t const ids[] = {c.first_token, c.last_token};
  check_ids(ids, c.vocabulary, where);
}

/// Errors  those of validate(moonshine_config); errc::shape naming the part and both shapes
inline void validate(moonshine const& m, std::string_view where = "moonshine") {
  moonshine_config const& c = m.config;
  validate(c, where);
  auto const convolution = [&](linear_weights const& w, program::time_convolution const& v, std::string const& part) {
    detail::require_linear(w, v.outputs, v.window(), part, where);
  };
  convolution(m.listening, c.listening, "listening");
  convolution(m.middle, c.middle, "middle");
  convolution(m.last, c.last, "last");
  detail::require_norm(m.clip_norm, c.listening.outputs, "clip_norm", where);
  detail::require_shape(m.encoder.size(), m.decoder.size(), c.encoder_layers, c.decoder_layers, "layers", where);
  for (std::size_t l = 0; l < m.encoder.size(); ++l)
    detail::require_pre_norm(m.encoder[l], c.width, c.width, c.hidden, c.heads, "encoder[" + std::to_string(l) + "].",
                             where);
  detail::require_norm(m.encoder_norm, c.width, "encoder_norm", where);
  detail::require_shape(m.word.rows(), m.word.cols(), c.vocabulary, c.width, "word", where);
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    auto const& w = m.decoder[l];
    std::string const part = "decoder[" + std::to_string(l) + "].";
    for (auto const* norm : {&w.norm, &w.cross.attention_norm, &w.cross.output_norm})
      detail::require_norm(*norm, c.width, part + "norm", where);
    for (auto const* square : {&w.query, &w.key, &w.value, &w.output, &w.cross.query, &w.cross.key, &w.cross.value,
                               &w.cross.attention_output})
      detail::require_linear(*square, c.width, c.width, part + "attention", where);
    detail::require_linear(w.cross.gate, c.hidden, c.width, part + "gate", where);
    detail::require_linear(w.cross.up, c.hidden, c.width, part + "up", where);
    detail::require_linear(w.cross.down, c.width, c.hidden, part + "down", where);
  }
  detail::require_norm(m.final_norm, c.width, "final_norm", where);
  detail::require_linear(m.head, c.vocabulary, c.width, "head", where);
}

/// Block 0 is the front end with the decoder's embedding; then the encoder's layers; then two blocks a layer of the decoder: attention to
/// itself, and attention to the encoder with the gated block; then the head.
[[nodiscard]] inline program::site_names sites_of(moonshine const& m) noexcept {
  return {m.encoder.size() + 2 * m.decoder.size()};
}
/// The decoder's steps are of one token, which sees all that were before.
[[nodiscard]] constexpr attention_mask mask_of(moonshine const&) noexcept { return attention_mask::none; }

namespace detail {
struct moonshine_sites {
  using operation = program::operation;
  using site = program::site;
  static constexpr site samples{0, operation::input}, listened{0, operation::convolution};
  static constexpr site windows{0, operation::A_L2}, middle{0, operation::B1};
  static constexpr site last_windows{0, operation::B_L2}, last{0, operation::B2};
  static constexpr site encoded_mean{0, operation::L1}, encoded{0, operation::L2};
  static constexpr site word{0, operation::embedding};
  std::size_t encoder_layers = 0;

  [[nodiscard]] constexpr std::size_t own(std::size_t layer) const noexcept { return 1 + encoder_layers + 2 * layer; }
  [[nodiscard]] constexpr bool is_cross(std::size_t block) const noexcept {
    return block > encoder_layers && (block - encoder_layers) % 2 == 0;
  }
};
[[nodiscard]] inline moonshine_sites names_of(moonshine const& m) noexcept { return {m.encoder.size()}; }
}  // namespace detail

/// Calls f(site, linear_weights) for every weight-stationary matrix, in the order of the pass.
template <class F>
void for_each_projection(moonshine const& m, F&& f) {
  using program::operation;
  using program::site;
  auto const at = detail::names_of(m);
  if (m.config.front_end == speech_front_end::arrays) {
    f(at.listened, m.listening);
    f(at.middle, m.middle);
    f(at.last, m.last);
  }
  for (std::size_t l = 0; l < m.encoder.size(); ++l) for_each_projection(m.encoder[l], l + 1, f);
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    auto const& w = m.decoder[l];
    std::size_t const b = at.own(l), c = b + 1;
    f(site{b, operation::A1}, w.query);
    f(site{b, operation::A2}, w.key);
    f(site{b, operation::A3}, w.value);
    f(site{b, operation::A7}, w.output);
    f(site{c, operation::A1}, w.cross.query);
    f(site{c, operation::A2}, w.cross.key);
    f(site{c, operation::A3}, w.cross.value);
    f(site{c, operation::A7}, w.cross.attention_output);
    f(site{c, operation::B1}, w.cross.gate);
    f(site{c, operation::gate}, w.cross.up);
    f(site{c, operation::B2}, w.cross.down);
  }
  f(site{sites_of(m).head(), operation::lm_head}, m.head);
}

/// The site whose result a projection reads, and by that the scale of its input.
[[nodiscard]] inline program::site producer_of(moonshine const& m, program::site s) noexcept {
  using program::operation;
  auto const at = detail::names_of(m);
  if (s == at.listened) return at.samples;
  if (s == at.middle) return at.windows;
  if (s == at.last) return at.last_windows;
  if (s.op == operation::lm_head) return {s.block, operation::L2};
  if (!at.is_cross(s.block)) return pre_norm_producer(s);
  switch (s.op) {
    case operation::A2:
    case operation::A3:
      return at.encoded;
    case operation::gate:
      return {s.block, operation::B_L2};
    case operation::B2:
      return {s.block, operation::gate};
    default:
      return pre_norm_producer(s);
  }
}

/// Tokens of the encoder for so many samples; 0 for a clip that is shorter than a window.
[[nodiscard]] inline std::size_t encoder_tokens(moonshine_config const& c, std::size_t samples) noexcept {
  return c.last.positions(c.middle.positions(c.listening.positions(samples)));
}
/// Steps of the decoder at most.
/// Source  the published transcriber: six tokens a second of sound
[[nodiscard]] inline std::size_t largest_steps(moonshine_config const& c, std::size_t samples) noexcept {
  return std::clamp<std::size_t>(samples * c.tokens_per_second / c.rate, 1, c.positions);
}

/// The sub-operations of a clip of so many samples whose transcript took `steps` steps. What is digital in the front end is not
/// counted.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(moonshine const& m, std::size_t samples,
                                                                    std::size_t steps,
                                                                    program::function_choices const& choices) {
  using program::operation;
  moonshine_config const& c = m.config;
  auto const at = detail::names_of(m);
  std::size_t const heard = std::max<std::size_t>(c.listening.positions(samples), 1),
                    middle = std::max<std::size_t>(c.middle.positions(heard), 1),
                    tokens = std::max<std::size_t>(c.last.positions(middle), 1);
  std::size_t const rotated = rotary(c.rotation, c.width / c.heads).turning(c.width);
  std::vector<program::sub_operation> out;
  auto const activated = [&](program::sub_operation op) {
    op.post.add<"activation_unit", "apply">(op.shape.tokens * op.shape.outputs);
    out.push_back(op);
  };
  if (c.front_end == speech_front_end::arrays) {
    activated(program::detail::leaving(at.listened, {heard, c.listening.window(), c.listening.outputs}, choices,
                                       !m.listening.bias.empty()));
    out.push_back(program::written_values(at.windows, middle * c.middle.window(), choices));
    activated(program::detail::leaving(at.middle, {middle, c.middle.window(), c.middle.outputs}, choices,
                                       !m.middle.bias.empty()));
    out.push_back(program::written_values(at.last_windows, tokens * c.last.window(), choices));
    activated(
        program::detail::projection(at.last, {tokens, c.last.window(), c.last.outputs}, choices, !m.last.bias.empty()));
  }
  for (std::size_t l = 0; l < m.encoder.size(); ++l) {
    auto shape = shape_of(m.encoder[l], c.heads);
    shape.rotated = rotated;
    shape.qkv_biases = !m.encoder[l].query.bias.empty();
    shape.output_bias = !m.encoder[l].attention_output.bias.empty();
    shape.hidden_bias = !m.encoder[l].intermediate.bias.empty();
    shape.block_bias = !m.encoder[l].output.bias.empty();
    program::pre_norm_program(out, l + 1, tokens, shape, choices);
  }
  program::detail::layer_norm(out, at.encoded_mean, at.encoded, tokens, c.width, choices);
  program::cross_shape layer{c.width, c.width, c.heads, c.hidden, tokens, 0, rotated};
  for (std::size_t l = 0; l < m.decoder.size(); ++l) program::cross_keys_program(out, at.own(l) + 1, layer, choices);
  for (layer.past = 0; layer.past < steps; ++layer.past) {
    out.push_back(program::written_values(at.word, c.width, choices));
    for (std::size_t l = 0; l < m.decoder.size(); ++l) {
      layer.hidden_bias = !m.decoder[l].cross.gate.bias.empty();
      layer.block_bias = !m.decoder[l].cross.down.bias.empty();
      program::cross_layer_program(out, at.own(l), layer, choices);
    }
    program::language_head_program(out, sites_of(m).head(), 1, c.width, c.vocabulary, choices);
  }
  return out;
}
/// The same for the longest transcript.
[[nodiscard]] inline std::vector<program::sub_operation> program_of(moonshine const& m, std::size_t samples,
                                                                    program::function_choices const& choices) {
  return program_of(m, samples, largest_steps(m.config, samples), choices);
}

}  // namespace ohmic::inline OHMIC_ABI::model
