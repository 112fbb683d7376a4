// Decoders: a pass that continues from what it has seen, and the same model run token by token.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "ohmic/core/view.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/model/transformer.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What a decoder has seen: the keys and values of every layer, as the engine keeps them.
template <class E>
struct context {
  std::vector<typename E::cache> layers;

  explicit context(std::size_t n = 0) : layers(n) {}
  [[nodiscard]] std::size_t tokens() const noexcept { return layers.empty() ? 0 : layers.front().tokens(); }
  /// Forgets all tokens but the first ones.
  void keep(std::size_t tokens) noexcept {
    for (auto& layer : layers) layer.keep(tokens);
  }
};

/// A transformer whose pass can be continued: `extend` runs new tokens after those of a context and adds them to it.
/// Shape   extend: ids (n) -> (n, vocabulary), the logits of what follows each; program_of: n tokens after `past`
template <class M>
concept decoder = transformer<M> &&
    requires(M const& m, fp32_engine& e, context<fp32_engine>& seen, std::span<std::int32_t const> ids, std::size_t n,
             program::function_choices const& c) {
  { new_context(e, m) } -> std::same_as<context<fp32_engine>>;
  { extend(e, m, seen, ids) } -> std::same_as<matrix<float>>;
  { program_of(m, n, n, c) } -> std::same_as<std::vector<program::sub_operation>>;
  { positions_of(m) } -> std::same_as<std::size_t>;
};

/// A decoder whose pass takes one token after the other from its cache, as it does when it generates. Refers to the model.
/// Shape   forward: ids (n) -> (n, vocabulary), bit for bit the logits of the whole pass where arrays are ideal
/// Cost    n steps, each of one token: program_of lists them one after the other
template <transformer M>
struct token_by_token {
  using input = input_of<M>;
  M const* model = nullptr;
};

template <transformer M>
[[nodiscard]] program::site_names sites_of(token_by_token<M> const& m) noexcept {
  return sites_of(*m.model);
}
template <transformer M>
[[nodiscard]] attention_mask mask_of(token_by_token<M> const& m) noexcept {
  return mask_of(*m.model);
}
template <transformer M, class F>
void for_each_projection(token_by_token<M> const& m, F&& f) {
  for_each_projection(*m.model, f);
}
template <transformer M>
[[nodiscard]] program::site producer_of(token_by_token<M> const& m, program::site s) noexcept {
  return producer_of(*m.model, s);
}
template <decoder M>
[[nodiscard]] std::vector<program::sub_operation> program_of(token_by_token<M> const& m, std::size_t tokens,
                                                             program::function_choices const& choices) {
  std::vector<program::sub_operation> out;
  for (std::size_t past = 0; past < tokens; ++past) {
    auto const step = program_of(*m.model, 1, past, choices);
    out.insert(out.end(), step.begin(), step.end());
  }
  return out;
}
template <engine E, decoder M>
[[nodiscard]] matrix<float> forward(E& e, token_by_token<M> const& m, std::span<std::int32_t const> ids) {
  auto seen = new_context(e, *m.model);
  matrix<float> logits;
  for (std::size_t n = 0; n < ids.size(); ++n) {
    auto const step = extend(e, *m.model, seen, ids.subspan(n, 1));  // (1, vocabulary)
    if (n == 0) logits = matrix<float>(ids.size(), step.cols());
    std::memcpy(logits.row(n).data(), step.data(), step.size() * sizeof(float));
  }
  return logits;
}

}  // namespace ohmic::inline OHMIC_ABI::model
