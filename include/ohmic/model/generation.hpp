// Text generation: the next token from logits, and a decoder that continues a prompt.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/model/encoder_decoder.hpp"
#include "ohmic/nonlinear/softmax.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// How the next token is taken from its logits.
/// Range   temperature 0: the likeliest; above: drawn from softmax(logits / temperature)
struct sampling {
  double temperature = 0.0;  ///< 0: the likeliest token
  std::uint64_t seed = 1;    ///< of what is drawn

  /// Errors  config_value
  static void validate(sampling const& s) {
    if (s.temperature >= 0.0 && std::isfinite(s.temperature) && s.temperature <= 1e4) return;
    throw error({errc::config_value, "out of range", "temperature", ohmic::detail::number_text(s.temperature),
                 "0 to 10000", ""});
  }
};

/// The next token of a text.
/// Shape   logits (vocabulary), at least one
/// Random  purpose::next_token, one uniform number for each place in the text
[[nodiscard]] inline std::int32_t next_token(std::span<float const> logits, sampling const& s, std::uint32_t place) {
  std::size_t const best = static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  if (s.temperature == 0.0) return static_cast<std::int32_t>(best);
  std::vector<float> share(logits.begin(), logits.end());
  for (float& l : share) l = static_cast<float>(static_cast<double>(l) / s.temperature);
  softmax_row(share);
  double sum = 0.0;
  for (float const p : share) sum += static_cast<double>(p);
  double const drawn = static_cast<double>(stream{s.seed, purpose::next_token, 0}.uniform(0, place)) * sum;
  double below = 0.0;
  for (std::size_t i = 0; i < share.size(); ++i) {
    below += static_cast<double>(share[i]);
    if (drawn < below) return static_cast<std::int32_t>(i);
  }
  return static_cast<std::int32_t>(best);  // rounding left nothing
}

/// A step of a generation, as it is shown to whoever watches: `tokens` new ones after `past` gave the token `next`.
struct generation_step {
  std::size_t tokens = 0;
  std::size_t past = 0;
  std::int32_t next = 0;
};

namespace detail {
/// Errors  shape if prompt and tokens exceed the positions, or for no prompt
inline void require_room(std::size_t prompt, std::size_t tokens, std::size_t positions) {
  // The last token is never read.
  if (prompt == 0 || tokens > positions || prompt + tokens > positions + 1)
    throw error({errc::shape, "prompt and new tokens do not fit the model", "prompt",
                 std::to_string(prompt) + " + " + std::to_string(tokens) + " tokens",
                 "at least 1 + 0, at most " + std::to_string(positions + 1) + " in all",
                 "shorten the prompt or ask for fewer tokens"});
}

/// Up to `tokens` tokens, or up to and with one of `ends`. The first step takes all of `fresh`, every other the token before;
/// `take(ids)` gives the logits after them.
template <class State, class Take, class Observer>
[[nodiscard]] std::vector<std::int32_t> continued(State const& state, std::vector<std::int32_t> fresh,
                                                  std::size_t tokens, sampling const& how,
                                                  std::span<std::int32_t const> ends, Take const& take,
                                                  Observer const& seen) {
  std::vector<std::int32_t> out;
  while (out.size() < tokens) {
    std::size_t const past = state.tokens();
    matrix<float> const logits = take(std::span<std::int32_t const>(fresh));
    std::int32_t const next =
        next_token(logits.row(logits.rows() - 1), how, static_cast<std::uint32_t>(state.tokens()));
    out.push_back(next);
    seen(generation_step{fresh.size(), past, next});
    if (std::find(ends.begin(), ends.end(), next) != ends.end()) break;
    fresh.assign(1, next);
  }
  return out;
}
}  // namespace detail

/// Continues a prompt by up to `tokens` tokens, or up to and with one of `ends`. The first step takes the whole prompt, every other the
/// token before; `seen(step)` is called after each.
/// Shape   prompt (n) -> (at most tokens)
/// Errors  shape if prompt and tokens exceed the positions, or for no prompt; those of extend
template <engine E, decoder M, class Observer>
[[nodiscard]] std::vector<std::int32_t> generate(E& e, M const& m, std::span<std::int32_t const> prompt,
                                                 std::size_t tokens, sampling const& how,
                                                 std::span<std::int32_t const> ends, Observer const& seen) {
  sampling::validate(how);
  detail::require_room(prompt.size(), tokens, positions_of(m));
  auto state = new_context(e, m);
  return detail::continued(
      state, {prompt.begin(), prompt.end()}, tokens, how, ends,
      [&](std::span<std::int32_t const> ids) { return extend(e, m, state, ids); }, seen);
}

/// What a model answers to a source: up to `tokens` tokens after its start token, or up to and with one of `ends`. The first step encodes
/// the source.
/// Errors  shape if the tokens exceed the positions; those of encode and extend
template <engine E, encoder_decoder M, class Observer>
[[nodiscard]] std::vector<std::int32_t> generate(E& e, M const& m, typename M::source_type const& source,
                                                 std::size_t tokens, sampling const& how,
                                                 std::span<std::int32_t const> ends, Observer const& seen) {
  sampling::validate(how);
  detail::require_room(1, tokens, positions_of(m));
  auto const memory = encode(e, m, source);
  auto state = new_context(e, m);
  return detail::continued(
      state, {start_of(m)}, tokens, how, ends,
      [&](std::span<std::int32_t const> ids) { return extend(e, m, state, memory, ids); }, seen);
}

/// The same with one end, -1: none.
template <engine E, decoder M, class Observer>
[[nodiscard]] std::vector<std::int32_t> generate(E& e, M const& m, std::span<std::int32_t const> prompt,
                                                 std::size_t tokens, sampling const& how, std::int32_t end,
                                                 Observer const& seen) {
  return generate(e, m, prompt, tokens, how, std::span<std::int32_t const>(&end, 1), seen);
}

}  // namespace ohmic::inline OHMIC_ABI::model
