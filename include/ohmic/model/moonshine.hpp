// The passes of Moonshine for every engine: a waveform becomes tokens by strided convolutions, an encoder reads them, a decoder writes
// the transcript token by token. Reader: import/moonshine.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/model/moonshine_weights.hpp"
#include "ohmic/model/pre_norm.hpp"
#include "ohmic/model/sound.hpp"
#include "ohmic/model/task.hpp"
#include "ohmic/model/transformer.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Windows of a convolution, one a row.
/// Shape   x (n, channels) -> (positions, kernel x channels)
[[nodiscard]] inline matrix<float> windows_of(matrix<float> const& x, program::time_convolution const& v) {
  matrix<float> out(v.positions(x.rows()), v.window());
  for (std::size_t p = 0; p < out.rows(); ++p)
    std::memcpy(out.row(p).data(), x.row(p * v.stride).data(), v.window() * sizeof(float));
  return out;
}

/// All values of a clip, normalised together; gamma and beta by channel.
/// Shape   x (n, channels)
/// Source  Wu, He 2018 (group normalisation), one group
inline void normalise_clip(matrix<float>& x, norm_weights const& g, float epsilon) noexcept {
  double sum = 0.0, squares = 0.0;
  for (float v : x.flat()) sum += static_cast<double>(v);
  double const mean = sum / static_cast<double>(x.size());
  for (float v : x.flat()) squares += simd::fence((static_cast<double>(v) - mean) * (static_cast<double>(v) - mean));
  double const inverse = 1.0 / std::sqrt(squares / static_cast<double>(x.size()) + static_cast<double>(epsilon));
  for (std::size_t n = 0; n < x.rows(); ++n)
    for (std::size_t i = 0; i < x.cols(); ++i)
      x(n, i) = simd::mul(static_cast<float>((static_cast<double>(x(n, i)) - mean) * inverse), g.gamma[i]) + g.beta[i];
}

/// What the encoder left of a clip, and what the decoder has seen: keys and values of both attentions of every layer.
template <class E>
struct speech_context {
  typename E::tensor encoded;
  std::vector<typename E::cache> own, cross;
  std::vector<typename E::tensor> no_keys, no_values;  ///< with their scales, without a token

  [[nodiscard]] std::size_t tokens() const noexcept { return own.empty() ? 0 : own.front().tokens(); }
};

/// What the front end makes of a clip in floating point.
/// Shape   wave (n, 1) -> (tokens, width)
[[nodiscard]] inline matrix<float> digital_front_end(moonshine const& m, matrix<float> const& wave) {
  moonshine_config const& c = m.config;
  auto const convolve = [](matrix<float> const& x, linear_weights const& w, program::time_convolution const& v,
                           activation act) {
    auto const windows = windows_of(x, v);
    auto const packed = fp32_weights::packed(w.weight.view());
    matrix<float> padded(windows.rows(), packed.cols()), y(windows.rows(), w.outputs());
    fp32_product<simd::native>(windows.data(), windows.rows(), windows.cols(), windows.cols(), packed.data(),
                               packed.cols(), padded.data(), padded.cols());
    for (std::size_t n = 0; n < y.rows(); ++n)
      std::memcpy(y.row(n).data(), padded.row(n).data(), y.cols() * sizeof(float));
    fp32_engine::finish(w, {act}, y);
    return y;
  };
  auto heard = convolve(wave, m.listening, c.listening, activation::tanh);
  normalise_clip(heard, m.clip_norm, c.norm_epsilon);
  return convolve(convolve(heard, m.middle, c.middle, activation::gelu), m.last, c.last, activation::gelu);
}

/// The encoder's pass over a clip. On arrays, convolutions are projections of windows; tanh, GELU and the norm of the clip are digital
/// either way.
/// Shape   samples (n), in 2^-23 of full scale
/// Errors  shape for a clip that gives no token
/// Source  Jeffries et al. 2024, section 3.1; the published graph for activations and norms
template <engine E>
[[nodiscard]] speech_context<E> encode(E& e, moonshine const& m, std::span<std::int32_t const> samples) {
  using program::operation;
  using tensor = typename E::tensor;
  using options = projection_options<tensor>;
  moonshine_config const& c = m.config;
  auto const at = detail::names_of(m);
  if (encoder_tokens(c, samples.size()) == 0)
    throw error({errc::shape, "clip is too short", "Moonshine input", std::to_string(samples.size()) + " samples",
                 "enough for a window of every convolution", "leave it out"});
  matrix<float> wave(samples.size(), 1);
  for (std::size_t n = 0; n < samples.size(); ++n)
    wave(n, 0) = static_cast<float>(samples[n]) / static_cast<float>(sound::one);
  tensor x;
  if (c.front_end == speech_front_end::digital) {
    x = e.input(at.samples, digital_front_end(m, wave));
  } else {
    options act{};
    act.act = activation::tanh;
    auto heard = e.output(at.listened, m.listening, e.input(at.samples, windows_of(wave, c.listening)), act);
    normalise_clip(heard, m.clip_norm, c.norm_epsilon);
    act.act = activation::gelu;
    auto const middle = e.output(at.middle, m.middle, e.input(at.windows, windows_of(heard, c.middle)), act);
    x = e.project(at.last, m.last, e.input(at.last_windows, windows_of(middle, c.last)), act);  // (tokens, m)
  }
  rotary const rotation(c.rotation, c.width / c.heads);
  pre_norm_settings settings{c.heads, c.norm_epsilon, activation::gelu, attention_mask::none};
  settings.rotation = &rotation;
  for (std::size_t l = 0; l < m.encoder.size(); ++l) x = pre_norm_layer(e, l + 1, m.encoder[l], settings, x);
  speech_context<E> out;
  out.encoded = e.normalise(at.encoded_mean, at.encoded, m.encoder_norm, c.norm_epsilon, x);
  out.own.resize(m.decoder.size());
  out.cross.resize(m.decoder.size());
  return out;
}

/// Logits of what follows a token, which comes after those of the context.
/// Shape   -> (1, vocabulary)
/// Errors  as word_embedding
/// Source  Jeffries et al. 2024, section 3.1; Wang et al. 2024, Tables 2 to 4, for the numbering
template <engine E>
[[nodiscard]] matrix<float> extend(E& e, moonshine const& m, speech_context<E>& seen, std::int32_t id) {
  using program::operation;
  using program::site;
  using tensor = typename E::tensor;
  using options = projection_options<tensor>;
  moonshine_config const& c = m.config;
  auto const at = detail::names_of(m);
  rotary const rotation(c.rotation, c.width / c.heads);
  float const inverse_root = 1.0f / std::sqrt(static_cast<float>(c.width / c.heads));
  std::size_t const first = seen.tokens();
  tensor x = e.input(at.word, word_embedding(m.word, c.positions, std::span(&id, 1), first, "Moonshine transcript"));
  options const key{activation::identity, inverse_root};
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    std::size_t const b = at.own(l), d = b + 1;
    auto const& w = m.decoder[l];
    options turned{activation::identity, 1.0f, nullptr, &rotation, first, nullptr}, turned_key = turned, onto{};
    turned_key.factor = inverse_root;
    onto.residual = &x;
    auto const y = e.normalise({b, operation::A_L1}, {b, operation::A_L2}, w.norm, c.norm_epsilon, x);
    auto const q = e.project({b, operation::A1}, w.query, y, turned);
    auto const k = e.project({b, operation::A2}, w.key, y, turned_key);
    auto const v = e.project({b, operation::A3}, w.value, y, options{});
    auto const r = e.attend(b, q, k, v, c.heads, attention_mask::none, seen.own[l]);
    auto const u = e.project({b, operation::A7}, w.output, r, onto);
    // The encoder's keys and values, once a clip.
    tensor keys, values;
    if (first == 0) {
      keys = e.project({d, operation::A2}, w.cross.key, seen.encoded, key);
      values = e.project({d, operation::A3}, w.cross.value, seen.encoded, options{});
      seen.no_keys.push_back(e.none(keys));
      seen.no_values.push_back(e.none(values));
    }
    auto const z = e.normalise({d, operation::A_L1}, {d, operation::A_L2}, w.cross.attention_norm, c.norm_epsilon, u);
    auto const asked = e.project({d, operation::A1}, w.cross.query, z, options{});
    auto const heard = e.attend(d, asked, first == 0 ? keys : seen.no_keys[l], first == 0 ? values : seen.no_values[l],
                                c.heads, attention_mask::none, seen.cross[l]);
    onto.residual = &u;
    auto const t = e.project({d, operation::A7}, w.cross.attention_output, heard, onto);
    auto const f = e.normalise({d, operation::B_L1}, {d, operation::B_L2}, w.cross.output_norm, c.norm_epsilon, t);
    options activated{}, gated{};
    activated.act = activation::silu;
    auto const g = e.project({d, operation::B1}, w.cross.gate, f, activated);
    gated.gate = &g;
    auto const h = e.project({d, operation::gate}, w.cross.up, f, gated);
    onto.residual = &t;
    x = e.project({d, operation::B2}, w.cross.down, h, onto);
  }
  std::size_t const head = sites_of(m).head();
  auto const y = e.normalise({head, operation::L1}, {head, operation::L2}, m.final_norm, c.norm_epsilon, x);
  return e.output({head, operation::lm_head}, m.head, y, options{});
}

/// The transcript of a clip: the likeliest token after the other, until the last one or as many as a clip of its length may have.
/// Shape   samples (n) -> (steps, 1), ids as numbers, the last token among them
/// Errors  as encode
template <engine E>
[[nodiscard]] matrix<float> forward(E& e, moonshine const& m, std::span<std::int32_t const> samples) {
  auto seen = encode(e, m, samples);
  std::vector<float> ids;
  std::int32_t id = m.config.first_token;
  for (std::size_t steps = largest_steps(m.config, samples.size()); ids.size() < steps;) {
    auto const logits = extend(e, m, seen, id);
    id = static_cast<std::int32_t>(largest_index(logits.row(0)));
    ids.push_back(static_cast<float>(id));  // exact: a vocabulary has at most 2^24 pieces
    if (id == m.config.last_token) break;
  }
  matrix<float> out(ids.size(), 1);
  std::copy(ids.begin(), ids.end(), out.data());
  return out;
}
static_assert(transformer<moonshine>);

}  // namespace ohmic::inline OHMIC_ABI::model
