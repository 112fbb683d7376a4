// Sizes of a transformer of any common kind, and what follows from them alone: weights, by layer and in all.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"

namespace ohmic::inline OHMIC_ABI::program {

enum class norm_kind : std::uint8_t {
  layer_norm,  ///< mean and mean square: L1 and L2
  rms_norm,    ///< mean square alone: L2
};

/// Sizes of a transformer.
/// Range   heads divisible by key_heads; positions 0: not limited; weights and KV cache within 64 bits
struct transformer_shape {
  std::size_t layers = 0;  ///< of the encoder, or of the decoder where there is no encoder
  std::size_t width = 0;   ///< m
  std::size_t heads = 1;
  std::size_t key_heads = 1;   ///< fewer than heads: queries share keys and values
  std::size_t head_width = 0;  ///< d_k
  std::size_t hidden = 0;      ///< h, of the feed-forward block
  std::size_t vocabulary = 0;
  std::size_t positions = 0;
  std::size_t cross_layers =
      0;                 ///< decoder layers of an encoder-decoder, each with a second attention over the encoder
  bool decoder = false;  ///< generates token by token from a KV cache
  bool gated = false;    ///< two products into the feed-forward block
  bool biases = true;
  bool rotary = false;
  norm_kind norm = norm_kind::layer_norm;
  // Layers whose feed-forward block is one of several, chosen token by token; `hidden` is that of a dense block.
  std::size_t experts = 1;            ///< of a layer
  std::size_t experts_per_token = 1;  ///< that a token takes
  std::size_t expert_hidden = 0;      ///< h of an expert
  std::size_t shared_hidden = 0;      ///< h of the block that every token takes beside its experts, 0: none
  std::size_t dense_layers = 0;       ///< layers with a dense block; all of them where there is one expert
  // Decoder layers of an encoder-decoder, where they differ from those of the encoder. 0: they do not.
  std::size_t cross_heads = 0;
  std::size_t cross_hidden = 0;
  // Layers that share their weights, and layers in which a query meets the nearest keys only.
  std::size_t unique_layers = 0;    ///< sets of weights that all layers share; 0: each has its own
  std::size_t window = 0;           ///< keys that a query meets in a windowed layer, its own among them; 0: no limit
  std::size_t windowed_layers = 0;  ///< layers with that limit
  // Latent attention: keys and values of all heads from one vector a token, which is what the cache keeps.
  std::size_t key_latent = 0;    ///< width of that vector; 0: keys and values of each head
  std::size_t query_latent = 0;  ///< width that queries pass through on their way; 0: none
  std::size_t rotary_width = 0;  ///< part of d_k that turns with the position, its key shared by all heads
  std::size_t value_width = 0;   ///< of a head's value; 0: d_k

  [[nodiscard]] constexpr bool mixed() const noexcept { return experts > 1; }
  [[nodiscard]] constexpr bool latent() const noexcept { return key_latent > 0; }
  [[nodiscard]] constexpr std::size_t mixed_layers() const noexcept { return mixed() ? layers - dense_layers : 0; }
  [[nodiscard]] constexpr std::size_t value_of_head() const noexcept {
    return value_width > 0 ? value_width : head_width;
  }
  [[nodiscard]] constexpr std::size_t query_width() const noexcept { return heads * head_width; }
  [[nodiscard]] constexpr std::size_t key_width() const noexcept { return key_heads * head_width; }
  /// Of the values of all key heads, and of the results of all heads.
  [[nodiscard]] constexpr std::size_t values_width() const noexcept { return key_heads * value_of_head(); }
  [[nodiscard]] constexpr std::size_t result_width() const noexcept { return heads * value_of_head(); }
  /// Outputs of the product that expands a latent vector: keys without their rotary part, values.
  [[nodiscard]] constexpr std::size_t expanded_width() const noexcept {
    return heads * (head_width - rotary_width + value_of_head());
  }
  [[nodiscard]] constexpr std::uint64_t attention_weights() const noexcept {
    return sum_of([this](auto const& f) { attention_matrices(1, f); });
  }
  [[nodiscard]] constexpr std::uint64_t feed_forward_weights() const noexcept {
    return sum_of([this](auto const& f) { block_matrices(hidden, 1, f); });
  }
  /// A decoder layer of an encoder-decoder as a shape of its own: what the encoder's layers have where nothing else is
  /// said.
  [[nodiscard]] constexpr transformer_shape cross_shape() const noexcept {
    transformer_shape s = *this;
    if (cross_hidden > 0) s.hidden = cross_hidden;
    if (cross_heads > 0) s.heads = s.key_heads = cross_heads, s.head_width = query_width() / cross_heads;
    return s;
  }
  /// Calls f(inner, outputs, copies) for every matrix of the layers, what the dense bank holds. No embeddings, biases, norms or
  /// output head.
  template <class F>
  constexpr void for_each_matrix(F const& f) const {
    std::uint64_t const sets = unique_layers > 0 ? unique_layers : layers;
    attention_matrices(sets, f);
    block_matrices(hidden, sets - mixed_layers(), f);
    if (mixed()) {
      f(width, experts, std::uint64_t{mixed_layers()});  // the router
      block_matrices(expert_hidden, std::uint64_t{mixed_layers()} * experts, f);
      block_matrices(shared_hidden, mixed_layers(), f);
    }
    if (cross_layers == 0) return;
    transformer_shape const d = cross_shape();
    d.attention_matrices(2 * std::uint64_t{cross_layers}, f);
    d.block_matrices(d.hidden, cross_layers, f);
  }
  /// Weights of these matrices.
  [[nodiscard]] constexpr std::uint64_t weights() const noexcept {
    return sum_of([this](auto const& f) { for_each_matrix(f); });
  }
  /// Weights of the output head of a model that generates: a matrix beside the layers.
  [[nodiscard]] constexpr std::uint64_t head_weights() const noexcept {
    return generates() ? std::uint64_t{width} * vocabulary : 0;
  }
  [[nodiscard]] constexpr bool generates() const noexcept { return decoder || cross_layers > 0; }

  /// Errors  shape, config_conflict naming the field; capacity where the weights leave 64 bits
  static void validate(transformer_shape const& s) {
    auto const bad = [](errc code, char const* what, char const* key, std::size_t got, std::string allowed) {
      throw error({code, what, std::string("model.") + key, std::to_string(got), std::move(allowed),
                   std::string("set model.") + key});
    };
    constexpr std::size_t most = std::size_t{1} << 24;
    auto const at_most = [&](char const* key, std::size_t value, std::size_t limit) {
      if (value > limit) bad(errc::shape, "size out of range", key, value, "0.." + std::to_string(limit));
    };
    for (auto [key, value] : {std::pair{"layers", s.layers},
                              {"width", s.width},
                              {"heads", s.heads},
                              {"key_heads", s.key_heads},
                              {"head_width", s.head_width},
                              {"hidden", s.hidden}})
      if (value < 1 || value > most) bad(errc::shape, "size out of range", key, value, "1.." + std::to_string(most));
    for (auto [key, value] : {std::pair{"cross_hidden", s.cross_hidden},
                              {"key_latent", s.key_latent},
                              {"query_latent", s.query_latent},
                              {"value_width", s.value_width},
                              {"vocabulary", s.vocabulary}})
      at_most(key, value, most);
    at_most("rotary_width", s.rotary_width, s.latent() ? s.head_width - 1 : 0);
    at_most("windowed_layers", s.windowed_layers, s.window > 0 ? s.layers : 0);
    at_most("unique_layers", s.unique_layers, s.layers);
    if (s.heads % s.key_heads != 0)
      bad(errc::config_conflict, "does not divide the heads", "key_heads", s.key_heads,
          "a divisor of " + std::to_string(s.heads));
    if (s.layers + s.cross_layers > 1 << 16)
      bad(errc::shape, "too many layers", "layers", s.layers + s.cross_layers, "at most 65536");
    if (s.query_width() > most)
      bad(errc::shape, "heads x head_width too large", "heads", s.query_width(), "at most " + std::to_string(most));
    if (s.result_width() > most)
      bad(errc::shape, "heads x value_width too large", "heads", s.result_width(), "at most " + std::to_string(most));
    if (s.cross_heads > 0 && s.query_width() % s.cross_heads != 0)
      bad(errc::config_conflict, "does not divide the width of all heads", "cross_heads", s.cross_heads,
          "a divisor of " + std::to_string(s.query_width()));
    if (s.latent() && (s.key_heads != s.heads || s.cross_layers > 0 || s.windowed_layers > 0))
      bad(errc::config_conflict, "latent attention with shared keys, a window or an encoder", "key_latent",
          s.key_latent, "0");
    if (s.query_latent > 0 && !s.latent())
      bad(errc::config_conflict, "queries through a latent vector, keys not", "query_latent", s.query_latent, "0");
    if (s.mixed()) validate_experts(s, bad);
    // Products of sizes are formed in 64 bits everywhere else: here once in double, which cannot wrap.
    auto const d = [](std::size_t v) { return static_cast<double>(v); };
    double const blocks = d(s.mixed() ? s.experts : 1) * d(std::max(s.hidden, s.expert_hidden)) +
                          d(std::max({s.shared_hidden, s.cross_hidden, s.hidden})),
                 attention = 2.0 * (d(s.query_width()) + d(s.result_width()) + d(s.query_latent) + d(s.key_latent));
    double const bound =
        d(s.layers + s.cross_layers) *
            (d(s.width) * (3.0 * blocks + 2.0 * attention + d(s.experts)) + d(s.query_latent) * d(s.query_width()) +
             d(s.key_latent) * d(s.heads) * 2.0 * d(std::max(s.head_width, s.value_of_head()))) +
        d(s.width) * d(s.vocabulary);
    if (bound > 9e18)
      throw error({errc::capacity, "the weights of the layers do not fit 64 bits", "model",
                   ohmic::detail::number_text(bound), "at most 9e18 weights", "use smaller sizes"});
  }

 private:
  template <class F>
  constexpr void attention_matrices(std::uint64_t copies, F const& f) const {
    if (query_latent > 0) f(width, query_latent, copies);
    f(query_latent > 0 ? query_latent : width, query_width(), copies);
    f(width, latent() ? key_latent + rotary_width : key_width() + values_width(), copies);
    if (latent()) f(key_latent, expanded_width(), copies);
    f(result_width(), width, copies);
  }
  /// A feed-forward block of a hidden width.
  template <class F>
  constexpr void block_matrices(std::size_t h, std::uint64_t copies, F const& f) const {
    f(width, gated ? 2 * h : h, copies);
    f(h, width, copies);
  }
  template <class EachMatrix>
  [[nodiscard]] static constexpr std::uint64_t sum_of(EachMatrix const& each) noexcept {
    std::uint64_t n = 0;
    each([&n](std::uint64_t inner, std::uint64_t outputs, std::uint64_t copies) { n += inner * outputs * copies; });
    return n;
  }
  template <class Bad>
  static void validate_experts(transformer_shape const& s, Bad const& bad) {
    constexpr std::size_t most = std::size_t{1} << 24;
    if (s.expert_hidden < 1 || s.expert_hidden > most)
      bad(errc::shape, "size out of range", "expert_hidden", s.expert_hidden, "1.." + std::to_string(most));
    if (s.shared_hidden > most)
      bad(errc::shape, "size out of range", "shared_hidden", s.shared_hidden, "0.." + std::to_string(most));
    if (s.experts > 65536) bad(errc::shape, "too many experts", "experts", s.experts, "at most 65536");
    if (s.experts_per_token < 1 || s.experts_per_token > s.experts)
      bad(errc::config_conflict, "more experts of a token than there are", "experts_per_token", s.experts_per_token,
          "1.." + std::to_string(s.experts));
    if (s.dense_layers > s.layers)
      bad(errc::config_conflict, "more dense layers than layers", "dense_layers", s.dense_layers,
          "at most " + std::to_string(s.layers));
    if (s.cross_layers > 0) bad(errc::config_conflict, "experts in an encoder-decoder", "experts", s.experts, "1");
    if (s.unique_layers > 0)
      bad(errc::config_conflict, "experts in layers that share weights", "unique_layers", s.unique_layers, "0");
  }
};

}  // namespace ohmic::inline OHMIC_ABI::program
