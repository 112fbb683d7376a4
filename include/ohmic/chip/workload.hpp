// A model of the catalogue (or of a config.json) in use, as the cost side takes it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/cost/workload.hpp"
#include "ohmic/model/catalogue.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// How a model is used.
/// Range   tokens 0: the model's usual number (256; convolutional networks take one image); drafted up to 1024; acceptance 0..1
struct usage {
  std::size_t tokens = 0;
  std::size_t decode = 1;
  std::size_t batch = 1;
  std::size_t drafted =
      0;  ///< tokens that something cheaper proposes for a step, which verifies them all with one read of the weights
  double acceptance = 0.8;  ///< that a drafted token is right, if those before it were
};

/// Tokens that a step with drafts adds on average: those that are right, up to the first that is not, and the one that the step itself
/// gives. (1 - a^(k + 1)) / (1 - a).
/// Source  Leviathan et al., ICML 2023 (arXiv 2211.17192), eq. 1
[[nodiscard]] inline double accepted_tokens(std::size_t drafted, double acceptance) noexcept {
  double sum = 0.0, power = 1.0;
  for (std::size_t i = 0; i <= drafted; ++i) sum += power, power *= acceptance;
  return sum;
}

/// Programs of prefill and generation. An encoder generates as a decoder of its size would.
/// Shape   array_activations: activations of one column pair; counts are even between its multiples
/// Errors  shape for sizes out of range; capacity where the KV cache leaves 64 bits
[[nodiscard]] inline workload workload_of(model::network const& n, usage u, program::function_choices const& choices,
                                          std::size_t array_activations = 64) {
  if (u.batch < 1) throw error({errc::shape, "no sequence", "batch", "0", "at least 1", "set batch"});
  if (u.drafted > 1024)
    throw error({errc::shape, "too many drafted tokens", "speculate", std::to_string(u.drafted), "0..1024", ""});
  if (!(u.acceptance >= 0.0 && u.acceptance <= 1.0))
    throw error(
        {errc::config_value, "not a share", "acceptance", ohmic::detail::number_text(u.acceptance), "0..1", ""});
  workload w;
  w.drafted = u.drafted;
  w.accepted = accepted_tokens(u.drafted, u.acceptance);
  w.model = n.id;
  for (bool const beside : {false, true}) {
    auto const add = [&](std::uint64_t inner, std::uint64_t outputs, std::uint64_t copies) {
      if (inner > 0 && outputs > 0 && copies > 0) w.matrices.push_back({inner, outputs, copies, beside});
    };
    beside ? n.for_each_matrix_beside(add) : n.for_each_matrix(add);
  }
  w.weights = n.weights();
  w.head_weights = n.weights_beside();
  w.tokens = u.tokens == 0 ? n.usual_tokens : u.tokens;
  w.batch = u.batch;
  w.digits = choices.activation_digits;
  w.prefill = n.prefill(w.tokens, w.batch, choices);
  if (!n.transformer) {
    for (auto const& c : n.convolutions) w.serial_vectors += static_cast<double>(c.positions() * c.times * w.batch);
    return w;
  }
  auto const& t = *n.transformer;
  w.width = t.width;
  w.layers = t.layers;
  // Q, K and V side by side, then A7, B1 and B2: four stages a layer; one more where they pass a latent vector. A generated token
  // of an encoder-decoder passes the decoder alone, and there Q and A7 of the second attention too.
  double const stages = t.latent() ? 5.0 : 4.0;
  double const in_step = t.cross_layers > 0 ? (stages + 2.0) * static_cast<double>(t.cross_layers)
                                            : stages * static_cast<double>(t.layers);
  w.serial_steps = in_step * static_cast<double>(w.tokens_in_step());
  w.serial_vectors = stages * static_cast<double>(t.layers) * static_cast<double>(w.batch * w.tokens);
  if (u.decode == 0) return w;
  constexpr std::size_t longest = std::size_t{1} << 20;
  if (u.decode > longest)
    throw error({errc::shape, "too many generated tokens", "decode", std::to_string(u.decode),
                 "0.." + std::to_string(longest), "the mean over so many differs little from that of fewer"});
  w.decode = u.decode;
  // An encoder that stands in for a decoder of its size keeps the area of the encoder.
  if (t.generates()) {
    if (double const bytes = static_cast<double>(program::kv_cache_bytes(t, 1, 1, choices.attention.policy)) *
                             static_cast<double>(w.tokens + w.decode) * static_cast<double>(w.batch);
        bytes > 9e18)
      throw error({errc::capacity, "the KV cache does not fit 64 bits", "tokens", ohmic::detail::number_text(bytes),
                   "at most 9e18 bytes", "use fewer tokens or a smaller batch"});
    w.kv_bytes = program::kv_cache_bytes(t, w.tokens + w.decode, w.batch, choices.attention.policy);
  }
  // Counts are even between multiples of what an array holds.
  std::array<std::size_t, 3> holds{array_activations, array_activations, array_activations};
  if (choices.attention.policy == attention_policy::written_arrays)
    holds = {array_activations, choices.attention.array.rows, choices.attention.array.codes()};
  std::size_t const own = t.cross_layers > 0 ? 0 : w.tokens;  // context before the first step
  w.held_keys = own + u.decode;
  if (t.windowed_layers > 0) w.held_keys = std::min(w.held_keys, t.window);
  for (std::size_t i = 0; i < u.decode;) {
    std::size_t const context = own + i + 1 + u.drafted;
    std::size_t even = pieces(context, holds[0]) * holds[0];
    for (std::size_t h : holds) even = std::min(even, pieces(context, h) * h);
    if (t.windowed_layers > 0 && context <= t.window) even = std::min(even, t.window);  // beyond it counts stand still
    std::size_t const last = std::min(u.decode - 1, i + (even - context));
    w.segments.push_back({n.decode(w.tokens, i, w.batch, choices, u.drafted),
                          n.decode(w.tokens, last, w.batch, choices, u.drafted), static_cast<double>(last - i + 1)});
    i = last + 1;
  }
  return w;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
