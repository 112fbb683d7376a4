// Sizes of published models by id: what cost needs to know of them. Weights come from files, sizes from the papers
// named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/program/convolution.hpp"
#include "ohmic/program/transformer.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// A model as shapes: a transformer, or convolutions.
struct network {
  std::string id;
  std::string source;
  std::optional<program::transformer_shape> transformer{};
  std::vector<program::convolution> convolutions{};
  std::vector<program::convolution> shortcuts{};  ///< projections beside them: of a full count, not of the printed one
  std::size_t classes = 0;                        ///< outputs of the classifier behind them, counted likewise
  std::size_t usual_tokens = 256;                 ///< of the printed comparisons
  std::vector<std::string> remarks{};             ///< what a file names and the counts leave out, or take as usual

  /// Calls f(inner, outputs, copies) for every matrix of the layers: no embeddings, biases, norms, head, shortcuts.
  template <class F>
  void for_each_matrix(F const& f) const {
    if (transformer) transformer->for_each_matrix(f);
    for (auto const& c : convolutions) f(c.patch(), c.output_channels, std::uint64_t{c.times});
  }
  /// The same for those beside: the output head of a model that generates, shortcuts and the classifier of convolutions.
  template <class F>
  void for_each_matrix_beside(F const& f) const {
    if (generates()) f(transformer->width, transformer->vocabulary, std::uint64_t{1});
    for (auto const& c : shortcuts) f(c.patch(), c.output_channels, std::uint64_t{c.times});
    if (classes > 0 && !convolutions.empty()) f(convolutions.back().output_channels, classes, std::uint64_t{1});
  }
  /// Weights of the layers.
  [[nodiscard]] std::uint64_t weights() const noexcept {
    if (transformer) return transformer->weights();
    std::uint64_t n = 0;
    for (auto const& c : convolutions) n += c.weights();
    return n;
  }
  /// Weights of those beside.
  [[nodiscard]] std::uint64_t weights_beside() const noexcept {
    std::uint64_t n = 0;
    for_each_matrix_beside(
        [&n](std::uint64_t inner, std::uint64_t outputs, std::uint64_t copies) { n += inner * outputs * copies; });
    return n;
  }
  [[nodiscard]] bool generates() const noexcept { return transformer && transformer->generates(); }
  /// The prefill pass (or the image).
  [[nodiscard]] program::repeated_program prefill(std::size_t tokens, std::size_t batch,
                                                  program::function_choices const& c) const {
    return transformer ? program::transformer_program(*transformer, {tokens, 0, batch}, c)
                       : program::convolution_program(convolutions, shortcuts, classes, batch, c);
  }
  /// The step that makes token number `generated` after a prompt of `tokens`. Empty for a model that does not
  /// generate, where a
  /// token of an encoder is one pass with one token. `drafted` more tokens are verified with it.
  [[nodiscard]] program::repeated_program decode(std::size_t tokens, std::size_t generated, std::size_t batch,
                                                 program::function_choices const& c, std::size_t drafted = 0) const {
    if (!transformer) return {};
    if (transformer->cross_layers > 0)
      return program::transformer_program(*transformer, {1 + drafted, generated, batch, tokens, true}, c, true);
    return program::transformer_program(*transformer, {1 + drafted, tokens + generated, batch, 0, true}, c, true);
  }
};

namespace detail {

[[nodiscard]] inline std::vector<program::convolution> basic_stages(std::vector<std::size_t> const& blocks) {
  std::vector<program::convolution> out{{224, 3, 7, 2, 64, 1}};
  std::size_t side = 56, channels = 64;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    std::size_t const wide = 64u << stage;
    if (stage == 0) {
      out.push_back({side, channels, 3, 1, wide, 2 * blocks[stage]});
    } else {
      out.push_back({side, channels, 3, 2, wide, 1});
      side /= 2;
      out.push_back({side, wide, 3, 1, wide, 2 * blocks[stage] - 1});
    }
    channels = wide;
  }
  return out;
}

/// The stride of a stage sits in its first 1 x 1 convolution, as in the original network.
[[nodiscard]] inline std::vector<program::convolution> bottleneck_stages(std::vector<std::size_t> const& blocks) {
  std::vector<program::convolution> out{{224, 3, 7, 2, 64, 1}};
  std::size_t side = 56, channels = 64;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    std::size_t const narrow = 64u << stage, wide = 4 * narrow, stride = stage == 0 ? 1 : 2;
    out.push_back({side, channels, 1, stride, narrow, 1});
    side /= stride;
    out.push_back({side, wide, 1, 1, narrow, blocks[stage] - 1});
    out.push_back({side, narrow, 3, 1, narrow, blocks[stage]});
    out.push_back({side, narrow, 1, 1, wide, blocks[stage]});  // the last of a stage: what follows reads it
    channels = wide;
  }
  return out;
}

/// Where a stage changes the width, its input is projected beside it.
[[nodiscard]] inline std::vector<program::convolution> projections(bool bottlenecks) {
  std::vector<program::convolution> out;
  std::size_t side = 56, channels = 64;
  for (std::size_t stage = 0; stage < 4; ++stage) {
    std::size_t const wide = (bottlenecks ? 256u : 64u) << stage, stride = stage == 0 ? 1 : 2;
    if (wide != channels) out.push_back({side, channels, 1, stride, wide, 1});
    side /= stride, channels = wide;
  }
  return out;
}

//                                                     layers width heads key_heads d_k hidden vocabulary positions
//                                                     cross decoder gated biases rotary norm experts of a token, their hidden
[[nodiscard]] inline std::vector<network> make_catalogue() {
  using program::norm_kind;
  constexpr auto ln = norm_kind::layer_norm, rms = norm_kind::rms_norm;
  std::vector<network> all = {
      {"bert_base", "Devlin et al. 2019, BERT-Base", {{12, 768, 12, 12, 64, 3072, 30522, 512}}},
      {"bert_large", "Devlin et al. 2019, BERT-Large", {{24, 1024, 16, 16, 64, 4096, 30522, 512}}},
      {"gpt2", "Radford et al. 2019, 124M", {{12, 768, 12, 12, 64, 3072, 50257, 1024, 0, true}}},
      {"gpt2_xl", "Radford et al. 2019, 1.5B", {{48, 1600, 25, 25, 64, 6400, 50257, 1024, 0, true}}},
      {"phi_1_5",
       "Li et al. 2023, arXiv 2309.05463",
       {{24, 2048, 32, 32, 64, 8192, 51200, 2048, 0, true, false, true, true, ln}}},
      {"t5_3b",
       "Raffel et al. 2020, 3B",
       {{24, 1024, 32, 32, 128, 16384, 32128, 512, 24, false, false, false, false, rms}}},
      {"t5_11b",
       "Raffel et al. 2020, 11B",
       {{24, 1024, 128, 128, 128, 65536, 32128, 512, 24, false, false, false, false, rms}}},
      {"llama_7b",
       "Touvron et al. 2023, arXiv 2302.13971",
       {{32, 4096, 32, 32, 128, 11008, 32000, 2048, 0, true, true, false, true, rms}}},
      {"llama_13b",
       "Touvron et al. 2023, arXiv 2302.13971",
       {{40, 5120, 40, 40, 128, 13824, 32000, 2048, 0, true, true, false, true, rms}}},
      {"llama_33b",
       "Touvron et al. 2023, arXiv 2302.13971",
       {{60, 6656, 52, 52, 128, 17920, 32000, 2048, 0, true, true, false, true, rms}}},
      {"llama_65b",
       "Touvron et al. 2023, arXiv 2302.13971",
       {{80, 8192, 64, 64, 128, 22016, 32000, 2048, 0, true, true, false, true, rms}}},
      {"gpt3", "Brown et al. 2020, 175B", {{96, 12288, 96, 96, 128, 49152, 50257, 2048, 0, true}}},
      {"llama_3_8b",
       "Llama 3, arXiv 2407.21783, Table 3",
       {{32, 4096, 32, 8, 128, 14336, 128256, 8192, 0, true, true, false, true, rms}}},
      {"llama_3_70b",
       "Llama 3, arXiv 2407.21783, Table 3",
       {{80, 8192, 64, 8, 128, 28672, 128256, 8192, 0, true, true, false, true, rms}}},
      {"mistral_7b",
       "Jiang et al. 2023, arXiv 2310.06825, Table 1",
       {{32, 4096, 32, 8, 128, 14336, 32000, 8192, 0, true, true, false, true, rms}}},
      {"qwen2_5_7b",
       "Qwen2.5, arXiv 2412.15115; sizes from its config.json",
       {{28, 3584, 28, 4, 128, 18944, 152064, 32768, 0, true, true, true, true, rms}}},
      {"mixtral_8x7b",
       "Jiang et al. 2024, arXiv 2401.04088, Table 1",
       {{32, 4096, 32, 8, 128, 14336, 32000, 32768, 0, true, true, false, true, rms, 8, 2, 14336}}},
      {"resnet_34",
       "He et al. 2016, Table 1, 34 layers; shortcut projections and classifier in the full count only",
       {},
       basic_stages({3, 4, 6, 3}),
       projections(false),
       1000,
       1},
      {"resnet_152",
       "He et al. 2016, Table 1, 152 layers; shortcut projections and classifier in the full count only",
       {},
       bottleneck_stages({3, 8, 36, 3}),
       projections(true),
       1000,
       1},
  };
  for (auto& n : all)
    if (n.id == "mistral_7b") n.transformer->window = 4096, n.transformer->windowed_layers = n.transformer->layers;
  return all;
}

}  // namespace detail

/// Every model known by id, in the order of the reports.
[[nodiscard]] inline std::vector<network> const& catalogue() {
  static std::vector<network> const all = detail::make_catalogue();
  return all;
}

/// The model of an id. "Llama-3-8B", "llama_3_8b" and "LLAMA_3_8B" are the same.
/// Errors  unknown_id with the nearest id and the list
[[nodiscard]] inline network const& find_network(std::string_view id) {
  std::string key;
  for (char ch : id)
    key += ch == '-' || ch == '.' ? '_' : ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch - 'A' + 'a') : ch;
  std::vector<std::string> names;
  for (auto const& n : catalogue()) {
    if (n.id == key) return n;
    names.push_back(n.id);
  }
  std::string const near = nearest_name(key, names);
  throw error({errc::unknown_id, "no model with this id", "model", "'" + std::string(id) + "'", joined(names),
               near.empty() ? "name a folder with a config.json, or an id" : "did you mean '" + near + "'?"});
}

}  // namespace ohmic::inline OHMIC_ABI::model
