// Sizes of a model from a config.json of Hugging Face's form: no weights, for the cost side.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/model/catalogue.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// A size that model families call by different keys. Two that disagree are an error.
/// Errors  missing_entry naming the first key; config_conflict
[[nodiscard]] inline std::optional<std::size_t> size_by(json_file const& json, std::initializer_list<char const*> keys,
                                                        std::size_t low, std::size_t high) {
  std::optional<std::size_t> found;
  std::string from;
  for (std::string const key : keys) {
    if (!json.has(key)) continue;
    std::size_t const v = json.count(key, low, high);
    if (found && *found != v)
      throw error({errc::config_conflict, "contradicts " + in_quotes(from), json.where(key), std::to_string(v),
                   std::to_string(*found) + " as in " + in_quotes(from), "keep one"});
    found = v;
    from = key;
  }
  return found;
}
[[nodiscard]] inline std::size_t required_size(json_file const& json, std::initializer_list<char const*> keys,
                                               std::size_t high) {
  auto const v = size_by(json, keys, 1, high);
  if (!v)
    throw error({errc::missing_entry, "is missing", json.where(*keys.begin()), "",
                 "a whole number, under this or a kindred key", ""});
  return *v;
}

[[nodiscard]] inline std::string text_or(json_file const& json, std::initializer_list<char const*> keys,
                                         std::string otherwise) {
  for (std::string const key : keys)
    if (json.has(key)) return json.string(key);
  return otherwise;
}

[[nodiscard]] inline bool one_of(std::string_view value, std::initializer_list<std::string_view> names) noexcept {
  for (auto n : names)
    if (n == value) return true;
  return false;
}

/// Generates token by token: by its class name, or by its family.
[[nodiscard]] inline bool is_decoder(json_file const& json, std::string const& family) {
  if (json.flag("is_decoder", false)) return true;
  if (auto const* v = json.find("architectures"); v != nullptr && v->is_array())
    for (auto const& name : *v)
      if (name.is_string()) {
        auto const text = name.get<std::string>();
        if (text.find("CausalLM") != text.npos || text.find("LMHeadModel") != text.npos) return true;
      }
  return one_of(family, {"gpt2",  "gpt_neo", "gpt_neox", "gptj",    "llama",     "mistral",   "qwen2",
                         "qwen3", "gemma",   "gemma2",   "gemma3",  "phi",       "phi3",      "opt",
                         "bloom", "falcon",  "stablelm", "mixtral", "qwen2_moe", "qwen3_moe", "olmoe"});
}

/// Experts, where a model has them. What would change the sizes in a way that is not known here is refused.
inline void read_experts(json_file const& json, program::transformer_shape& s) {
  constexpr std::size_t widest = std::size_t{1} << 20;
  auto const unsupported = [&](char const* key, char const* allowed) {
    throw error(
        {errc::config_value, "is not supported", json.where(key), json_file::text(*json.find(key)), allowed, ""});
  };
  if (json.has("kv_lora_rank")) unsupported("kv_lora_rank", "keys and values of heads, not of a latent vector");
  s.experts = size_by(json, {"num_local_experts", "num_experts", "n_routed_experts"}, 0, 65536).value_or(1);
  if (s.experts < 2) {
    s.experts = 1;
    return;
  }
  s.experts_per_token = required_size(json, {"num_experts_per_tok", "num_experts_per_token", "moe_top_k"}, 65536);
  s.expert_hidden = size_by(json, {"moe_intermediate_size"}, 1, widest).value_or(s.hidden);
  s.shared_hidden =
      size_by(json, {"shared_expert_intermediate_size"}, 0, widest)
          .value_or(s.expert_hidden * size_by(json, {"n_shared_experts", "num_shared_experts"}, 0, 4096).value_or(0));
  s.dense_layers = size_by(json, {"first_k_dense_replace"}, 0, 4096).value_or(0);
  for (char const* key : {"decoder_sparse_step", "moe_layer_freq", "interleave_moe_layer_step"})
    if (json.has(key) && json.count(key, 0, 4096) > 1)
      unsupported(key, "1: experts in every layer after the dense ones");
  if (auto const* only = json.find("mlp_only_layers"); only != nullptr && only->is_array() && !only->empty())
    unsupported("mlp_only_layers", "an empty list: experts in every layer after the dense ones");
}

[[nodiscard]] inline program::transformer_shape read_shape(json_file const& json) {
  constexpr std::size_t widest = std::size_t{1} << 20, deepest = 4096;
  // Models that also see or hear keep their language model's sizes apart.
  if (json.has("text_config") && !json.has("hidden_size")) return read_shape(json.inside("text_config"));
  std::string family = text_or(json, {"model_type"}, "");
  if (family.ends_with("_text")) family.resize(family.size() - 5);
  program::transformer_shape s;
  s.width = required_size(json, {"hidden_size", "n_embd", "d_model", "dim"}, widest);
  s.layers = required_size(json, {"num_hidden_layers", "n_layer", "num_layers", "n_layers", "encoder_layers"}, deepest);
  s.heads =
      required_size(json, {"num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads"}, widest);
  bool const shared = json.flag("multi_query", false) && !json.flag("new_decoder_architecture", false);
  s.key_heads =
      shared ? 1 : size_by(json, {"num_key_value_heads", "num_kv_heads", "n_head_kv"}, 1, widest).value_or(s.heads);
  auto const head_width = size_by(json, {"head_dim", "d_kv"}, 1, widest);
  if (!head_width && s.width % s.heads != 0)
    throw error({errc::config_conflict, "does not divide hidden_size", json.where("num_attention_heads"),
                 std::to_string(s.heads) + " heads, hidden_size " + std::to_string(s.width),
                 "a divisor of hidden_size, or head_dim", ""});
  s.head_width = head_width.value_or(s.width / s.heads);
  if (s.heads % s.key_heads != 0)
    throw error({errc::config_conflict, "does not divide num_attention_heads", json.where("num_key_value_heads"),
                 std::to_string(s.key_heads), "a divisor of " + std::to_string(s.heads), ""});
  s.hidden =
      size_by(json, {"intermediate_size", "n_inner", "d_ff", "ffn_dim", "hidden_dim", "encoder_ffn_dim"}, 1, widest)
          .value_or(4 * s.width);
  read_experts(json, s);
  s.vocabulary = size_by(json, {"vocab_size"}, 1, std::size_t{1} << 24).value_or(0);
  s.positions = size_by(json, {"max_position_embeddings", "n_positions", "n_ctx"}, 1, std::size_t{1} << 30).value_or(0);
  std::string const act =
      text_or(json, {"hidden_act", "hidden_activation", "activation_function", "feed_forward_proj"}, "");
  s.gated =
      act == "silu" || act == "swiglu" || act.starts_with("gated") || one_of(family, {"gemma", "gemma2", "gemma3"});
  bool const rms = json.has("rms_norm_eps") || family == "t5";
  s.norm = rms ? program::norm_kind::rms_norm : program::norm_kind::layer_norm;
  s.rotary =
      json.has("rope_theta") || json.has("rotary_pct") || json.has("rotary_dim") || json.has("partial_rotary_factor");
  s.biases =
      json.has("attention_bias") ? json.flag("attention_bias", false) : !rms || one_of(family, {"qwen2", "qwen2_moe"});
  if (json.flag("is_encoder_decoder", false)) {
    s.cross_layers = size_by(json, {"num_decoder_layers", "decoder_layers"}, 1, deepest).value_or(s.layers);
  } else {
    s.decoder = is_decoder(json, family);
  }
  program::transformer_shape::validate(s);
  return s;
}

}  // namespace detail

/// The network of a config.json, or of the one in a folder. Its id is the folder's name.
/// Range   transformers with or without experts: encoders, decoders, encoder-decoders, the `text_config` of models of several kinds; a gated block by its activation (silu, gated-*),
///         RMS norm by
///         rms_norm_eps; intermediate size 4 x width where it is not given
/// Errors  file_missing, file_format, missing_entry, config_value, config_conflict; file and key
[[nodiscard]] inline network read_network(std::filesystem::path path) {
  if (std::filesystem::is_directory(path)) path /= "config.json";
  json_file const json(path);
  network n;
  n.transformer = detail::read_shape(json);
  auto const folder = std::filesystem::absolute(path).parent_path().filename().string();
  n.id = folder.empty() ? "model" : folder;
  n.source = path.string();
  return n;
}

}  // namespace ohmic::inline OHMIC_ABI::model
