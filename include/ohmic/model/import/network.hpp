// Sizes of a model from a config.json of Hugging Face's form: no weights, for the cost side.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/catalogue.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/model_keys.hpp"
#include "ohmic/model/import/network_families.hpp"
#include "ohmic/model/import/network_sizes.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// Layers that are not of the kinds modelled here would be counted wrongly: they are refused.
inline void refuse_other_layers(network_source const& from) {
  auto const& json = from.json;
  if (is_recurrent_family(from.family)) refuse_model(json, "model_type", "models whose layers all have attention");
  if (auto const* allowed = other_products(from.family)) refuse_model(json, "model_type", allowed);
  if (json.flag("use_bottleneck", false)) refuse_model(json, "use_bottleneck", "layers without bottlenecks");
  for (char const* key : {"linear_attn_config", "head_ratio", "attn_layers"})
    if (json.has(key)) refuse_model(json, key, "models whose layers all have attention of each query with all keys");
  if (auto const* types = json.find("attn_type_list"); types != nullptr && types->is_array())
    for (auto const& t : *types)
      if (t != 1) refuse_model(json, "attn_type_list", "1 in every layer: attention with a softmax");
  for (char const* key :
       {"q_groups", "k_groups", "v_groups", "post_attention_groups", "intermediate_groups", "output_groups"})
    if (json.has(key) && json.count(key, 1, widest_size) > 1) refuse_model(json, key, "1: products without groups");
  for (char const* key : {"state_size", "ssm_cfg", "mamba_d_state", "attn_layer_period", "linear_num_key_heads"})
    if (json.has(key)) refuse_model(json, key, "models whose layers all have attention");
  if (json.flag("use_cla", false)) refuse_model(json, "use_cla", "layers with keys and values of their own");
  for (char const* key : {"num_query_heads", "block_configs"})
    if (auto const* v = json.find(key); v != nullptr && v->is_array()) refuse_model(json, key, "layers of equal sizes");
  if (json.has("encoder") && json.has("decoder") && !json.has("d_model"))
    refuse_model(json, "encoder", "one configuration: that of the encoder or of the decoder as a file of its own");
}

/// A class of another kind than the family: gated or plain blocks, an encoder, a decoder or both. Families of one kind are
/// counted alike; a name that only begins as a known one does may be of any.
inline void refuse_other_class(network_source const& from) {
  auto const kind = [](std::string_view f) {
    return std::array{is_gated_family(f), is_plain_family(f), is_encoder_family(f), is_encoder_decoder_family(f),
                      is_decoder_family(f)};
  };
  bool const known = kind(from.family) != kind("");
  if (!known && !from.family.empty())
    from.remarks.push_back("model_type " + in_quotes(from.family) +
                           " is not known: what its keys leave open is that of plain blocks");
  auto const* classes = from.json.find("architectures");
  bool const placed = is_gated_family(from.family) || is_plain_family(from.family) || is_t5(from.family);
  if (!placed || classes == nullptr || !classes->is_array()) return;
  for (auto const& name : *classes) {
    if (!name.is_string()) continue;
    auto const other = family_of_class(name.get<std::string>());
    if (!other.empty() && kind(other) != kind(from.family))
      throw error({errc::config_conflict, "is a class of another kind of model", from.json.where("architectures"),
                   json_file::text(name), "one of model_type " + in_quotes(from.family), ""});
  }
}

/// Experts, where a model has them, and the layers that have none.
inline void read_experts(network_source const& from, program::transformer_shape& s) {
  if (auto const* inner = from.json.find("ffn_config");
      inner != nullptr && inner->is_object() && inner->contains("moe_num_experts")) {
    auto const json = from.json.inside("ffn_config");
    return read_experts({json, from.family, false, false, from.remarks}, s);
  }
  auto const& json = from.json;
  s.experts =
      size_by(json, {"num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "n_experts"}, 0, 65536)
          .value_or(1);
  if (s.experts < 2) {
    s.experts = 1;
    return;
  }
  static constexpr std::initializer_list<char const*> taken_keys = {
      "num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_topk", "moe_k", "num_selected_experts"};
  auto const taken = size_by(json, taken_keys, 1, 65536);
  if (!taken) refuse_missing(json, taken_keys);
  s.experts_per_token = *taken;
  s.expert_hidden = size_by(json, {"moe_intermediate_size"}, 1, widest_size).value_or(s.hidden);
  s.shared_hidden = size_by(json, {"shared_expert_intermediate_size"}, 0, widest_size)
                        .value_or(s.expert_hidden * size_by(json,
                                                            {"n_shared_experts", "num_shared_experts",
                                                             "num_shared_expert", "moe_num_shared_experts"},
                                                            0, 4096)
                                                        .value_or(0));
  // Arctic: a dense block as wide as the layer beside the experts.
  if (json.flag("parallel_attn_mlp_res", false)) s.shared_hidden += s.width;
  if (from.family.starts_with("llama4")) {
    s.shared_hidden = s.expert_hidden;
    s.hidden = size_by(json, {"intermediate_size_mlp"}, 1, widest_size).value_or(s.hidden);
  }
  std::size_t const first = size_by(json, {"first_k_dense_replace", "moe_layer_num_skipped", "moe_layer_start_index"},
                                    0, deepest_model)
                                .value_or(0),
                    end = size_by(json, {"moe_layer_end_index"}, 0, deepest_model).value_or(deepest_model),
                    step = size_by(json,
                                   {"decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_frequency",
                                    "moe_layer_interval"},
                                   1, deepest_model)
                               .value_or(1);
  auto const* by_layer = list_of_layers(json, "moe_layer_freq", s.layers);
  std::size_t const every = by_layer ? 1 : size_by(json, {"moe_layer_freq"}, 1, deepest_model).value_or(1);
  std::vector<bool> dense(s.layers, false);
  for (std::size_t i = 0; i < s.layers; ++i)
    dense[i] = i < first || i > end || (i + 1) % step != 0 || i % every != 0 || (by_layer && (*by_layer)[i] == 0);
  if (auto const* only = json.find("mlp_only_layers"); only != nullptr)
    for (auto const& v : *only) {
      if (!v.is_number_unsigned() || v.get<std::size_t>() >= s.layers)
        throw error({errc::config_value, "is not a layer", json.where("mlp_only_layers"), json_file::text(v),
                     "0 to " + std::to_string(s.layers - 1), ""});
      dense[v.get<std::size_t>()] = true;
    }
  s.dense_layers = static_cast<std::size_t>(std::count(dense.begin(), dense.end(), true));
}

/// Keys and values of all heads from one latent vector a token.
inline void read_latent(network_source const& from, program::transformer_shape& s) {
  auto const& json = from.json;
  if (!json.has("kv_lora_rank")) return;
  auto const size = [&](char const* key, std::size_t low) {
    auto const v = size_by(json, {key}, low, widest_size);
    if (!v) throw error({errc::missing_entry, "is missing", json.where(key), "", "a whole number", ""});
    return *v;
  };
  s.key_latent = size("kv_lora_rank", 1);
  s.query_latent = size_by(json, {"q_lora_rank"}, 0, widest_size).value_or(0);
  s.rotary_width = size("qk_rope_head_dim", 0);
  s.head_width = size("qk_nope_head_dim", 1) + s.rotary_width;
  s.value_width = size_by(json, {"v_head_dim"}, 1, widest_size).value_or(s.width / s.heads);
  s.key_heads = s.heads;
}

/// Layers in which a query meets the nearest keys only.
inline void read_window(network_source const& from, program::transformer_shape& s) {
  auto const& json = from.json;
  auto const windowed = [&](std::size_t window, std::size_t layers) {
    if (window > 0 && layers > 0) s.window = window, s.windowed_layers = layers;
  };
  auto const count_layers = [&](auto const& is_windowed) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < s.layers; ++i) n += static_cast<std::size_t>(is_windowed(i));
    return n;
  };
  auto const types_of = [&](char const* key, std::string_view name, std::initializer_list<std::string_view> known) {
    auto const* types = list_of_layers(json, key, s.layers);
    if (types == nullptr) return std::optional<std::size_t>{};
    for (auto const& t : *types)
      if (!t.is_string() || !one_of(t.get<std::string>(), known))
        throw error({errc::config_value, "layers of a kind that is not supported", json.where(key), json_file::text(t),
                     "full or sliding attention", ""});
    return std::optional(count_layers([&](std::size_t i) { return (*types)[i] == name; }));
  };
  constexpr std::size_t longest = std::size_t{1} << 30;
  if (auto const local = types_of("attention_layers", "local", {"global", "local"}))
    return windowed(size_by(json, {"window_size"}, 1, longest).value_or(256), *local);
  if (from.family == "gpt_neo")  // every second layer, in every published size
    return windowed(size_by(json, {"window_size"}, 1, longest).value_or(256), s.layers / 2);
  if (json.has("local_attention") && json.has("global_attn_every_n_layers")) {
    std::size_t const every = json.count("global_attn_every_n_layers", 1, deepest_model);
    return windowed(json.count("local_attention", 1, longest) + 1,
                    count_layers([&](auto i) { return i % every != 0; }));
  }
  bool const qwen = from.family.starts_with("qwen"), by_key = json.flag("use_sliding_window", !qwen),
             usual_size = from.family == "mistral" || qwen;
  auto const size = size_by(json, {"sliding_window"}, 0, longest);
  std::size_t const of_class = by_key && usual_size ? usual_window(json) : 0;
  std::size_t const window = size ? *size : of_class > 0 ? as_usual(from, "sliding_window", of_class) : 0;
  if (auto const sliding =
          types_of("layer_types", "sliding_attention", {"full_attention", "sliding_attention", "chunked_attention"}))
    return windowed(window, *sliding);
  if (window == 0 || !by_key) return;
  if (qwen) {
    std::size_t const full = size_by(json, {"max_window_layers"}, 0, deepest_model).value_or(28);
    return windowed(window, s.layers - std::min(full, s.layers));
  }
  std::size_t const usual = from.family == "gemma2"    ? 2
                            : from.family == "gemma3"  ? 6
                            : from.family == "cohere2" ? 4
                                                       : 0;
  std::size_t const every =
      size_by(json, {"sliding_window_pattern", "_sliding_window_pattern"}, 1, deepest_model).value_or(usual);
  windowed(window, every == 0 ? s.layers : s.layers - s.layers / every);
}

/// What the sizes name and the counts leave out.
inline void remark_on_omissions(network_source const& from, program::transformer_shape const& s) {
  auto const& json = from.json;
  auto const add = [&](std::string text) { from.remarks.push_back(std::move(text)); };
  for (char const* key : {"embedding_size", "word_embed_proj_dim"})
    if (json.has(key) && json.count(key, 1, widest_size) != s.width)
      add(std::string(key) + ": the projection of the embeddings is left out");
  if (json.has("conv_dim") || json.has("num_mel_bins")) add("convolutions before the layers are left out");
  if (json.has("patch_size")) add("the embedding of patches is left out");
  if (json.flag("relative_attention", false) || one_of(from.family, {"xlnet", "transfo-xl"}))
    add("products with positions in attention are left out");
  if (json.has("mem_len") && json.count("mem_len", 0, std::size_t{1} << 30) > 0)
    add("mem_len: keys and values of earlier segments are left out");
  if (s.vocabulary == 0 && !json.has("patch_size") && !json.has("num_mel_bins") && !json.has("conv_dim"))
    add("vocab_size is not in the file: an output head is not counted");
  if (json.has("num_nextn_predict_layers") && json.count("num_nextn_predict_layers", 0, deepest_model) > 0)
    add("num_nextn_predict_layers: layers that predict further tokens are left out");
  if (json.has("attention_chunk_size")) add("attention_chunk_size: chunked attention is counted as full");
  for (char const* key : {"attention_window", "block_size", "blocksparse_block_size"})
    if (json.has(key) && (std::string_view(key) != "block_size" || json.has("attention_type")) &&
        !(json.has("attention_type") && json.string("attention_type") == "original_full"))
      add(std::string(key) + ": counted as full attention");
  if (auto const* v = json.find("cross_attention_layers"); v != nullptr && v->is_array())
    add("cross_attention_layers: " + std::to_string(v->size()) +
        " layers that attend to another model's output are counted as attention of the text");
}

/// Generates token by token: by its class name, or by its family.
[[nodiscard]] inline bool is_decoder(network_source const& from) {
  auto const& json = from.json;
  if (from.generates || json.flag("is_decoder", false)) return true;
  if (json.has("causal")) return json.flag("causal", false);  // XLM: its class of language models is masked too
  if (auto const* v = json.find("architectures"); v != nullptr) {
    if (!v->is_array()) throw json.wrong_type("architectures", *v, "a list of class names");
    for (auto const& name : *v)
      if (name.is_string()) {
        auto const text = name.get<std::string>();
        if (text.find("CausalLM") != text.npos || text.find("LMHeadModel") != text.npos) return true;
      }
  }
  return is_decoder_family(from.family);
}

inline void read_feed_forward(network_source const& from, program::transformer_shape& s) {
  auto const& json = from.json;
  std::optional<std::size_t> hidden;
  if (auto const* v = json.find("ffn_config"); v != nullptr && v->is_object())
    hidden = size_by(json.inside("ffn_config"), {"ffn_hidden_size"}, 1, widest_size);
  if (!hidden)
    hidden = size_or_usual(from,
                           {"intermediate_size", "n_inner", "d_ff", "ffn_dim", "hidden_dim", "encoder_ffn_dim",
                            "ffn_hidden_size", "d_inner", "dff", "feed_forward_size", "ff_intermediate_size"},
                           widest_size);
  if (!hidden && json.has("expansion_ratio")) hidden = json.count("expansion_ratio", 1, 1024) * s.width;
  // OLMo: its activation halves what its first product gives.
  std::string const type = json.has("feed_forward_type") ? json.string("feed_forward_type")
                           : json.has("activation_type") ? json.string("activation_type")
                                                         : "";
  bool const gated_type = one_of(type, {"swiglu", "geglu", "reglu"});
  if (!hidden && (json.has("mlp_hidden_size") || (json.has("activation_type") && json.has("mlp_ratio")))) {
    hidden = json.has("mlp_hidden_size") ? json.count("mlp_hidden_size", 2, widest_size)
                                         : json.count("mlp_ratio", 1, 1024) * s.width;
    if (gated_type) *hidden /= 2;
  }
  if (!hidden && !is_four_fold_family(from.family))
    from.remarks.push_back("intermediate_size is not in the file: 4 x hidden_size");
  s.hidden = hidden.value_or(4 * s.width);
  if (from.family == "qwen") s.hidden /= 2;  // its key counts both products
  std::string key, act;
  for (char const* name :
       {"hidden_act", "hidden_activation", "activation_function", "feed_forward_proj", "activation", "dense_act_fn"})
    if (key.empty() && json.has(name)) key = name, act = json.string(name);
  bool const by_activation = !key.empty() && is_gated_activation(json, key, act);
  s.gated = is_gated_family(from.family) || (by_activation && !is_plain_family(from.family)) ||
            json.flag("is_gated_act", false) || gated_type;
}

[[nodiscard]] inline program::transformer_shape read_sizes(network_source const& from) {
  auto const& json = from.json;
  std::string const& family = from.family;
  refuse_other_layers(from);
  refuse_other_class(from);
  static_cast<void>(json.flag("tie_word_embeddings", false));  // a word there is a slip, whatever it means for counts
  program::transformer_shape s;
  s.width = required_size(from, {"hidden_size", "n_embd", "n_embed", "d_model", "dim", "emb_dim"}, widest_size);
  bool const two_parts = json.flag("is_encoder_decoder", is_encoder_decoder_family(family));
  s.layers = two_parts && json.has("encoder_layers")
                 ? json.count("encoder_layers", 1, deepest_model)
                 : required_size(from, {"num_hidden_layers", "n_layer", "num_layers", "n_layers", "encoder_layers"},
                                 deepest_model);
  s.heads = required_size(
      from, {"num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads", "attention_heads"},
      widest_size);
  bool const usually_shared = one_of(family, {"gpt_bigcode", "falcon"}),
             shared = json.flag("multi_query", usually_shared) && !json.flag("new_decoder_architecture", false);
  auto keys = size_or_usual(from, {"num_key_value_heads", "num_kv_heads", "n_head_kv"}, widest_size);
  if (!keys && json.flag("multi_query_attention", false))
    keys = size_by(json, {"multi_query_group_num"}, 1, widest_size);
  if (auto const* v = json.find("attn_config"); !keys && v != nullptr && v->is_object())
    keys = size_by(json.inside("attn_config"), {"kv_n_heads"}, 1, widest_size);
  if (std::size_t const usual = usual_key_heads(json, family, s.heads); !keys && usual != s.heads)
    keys = as_usual(from, "num_key_value_heads", usual);
  s.key_heads = shared ? 1 : keys.value_or(s.heads);
  auto head_width =
      size_or_usual(from, {"head_dim", "d_kv", "kv_channels", "d_head", "attention_head_dim"}, widest_size);
  if (std::size_t const usual = usual_head_width(family); !head_width && usual != 0 && !json.names("head_dim"))
    head_width = as_usual(from, "head_dim", usual);
  if (json.has("kv_lora_rank")) head_width = 1;  // its heads have sizes of their own
  if (!head_width && s.width % s.heads != 0)
    throw error({errc::config_conflict, "does not divide hidden_size", json.where("num_attention_heads"),
                 std::to_string(s.heads) + " heads, hidden_size " + std::to_string(s.width),
                 "a divisor of hidden_size, or head_dim", ""});
  s.head_width = head_width.value_or(s.width / s.heads);
  if (s.heads % s.key_heads != 0)
    throw error({errc::config_conflict, "does not divide num_attention_heads", json.where("num_key_value_heads"),
                 std::to_string(s.key_heads), "a divisor of " + std::to_string(s.heads), ""});
  read_feed_forward(from, s);
  if (two_parts)
    for (char const* key : {"num_experts", "num_local_experts", "moe_num_experts"})
      if (json.has(key) && json.count(key, 0, 65536) > 1)
        refuse_model(json, key, "1: encoder-decoders without experts");
  read_experts(from, s);
  read_latent(from, s);
  s.vocabulary = size_or_usual(from, {"vocab_size", "padded_vocab_size", "n_words"}, std::size_t{1} << 24).value_or(0);
  for (char const* key : {"max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"})
    if (s.positions == 0 && json.has(key)) s.positions = json.count(key, 1, std::size_t{1} << 30);
  bool const rms =
      json.has("rms_norm_eps") || json.flag("rmsnorm", false) || is_t5(family) || is_rms_rotary_family(family);
  s.norm = rms ? program::norm_kind::rms_norm : program::norm_kind::layer_norm;
  for (char const* key : {"rope_theta", "rotary_pct", "rotary_dim", "partial_rotary_factor", "rotary_emb_base",
                          "rope_embedding_base", "rope_scaling", "rope_parameters", "global_rope_theta"})
    s.rotary = s.rotary || json.has(key);
  s.rotary = s.rotary || family == "chatglm" || is_rms_rotary_family(family) ||
             (one_of(family, {"falcon", "RefinedWeb", "RefinedWebModel"}) && !json.flag("alibi", false));
  bool const usually = !rms || one_of(family, {"qwen2", "qwen2_moe"});
  bool const stated =
      json.flag("attention_bias", json.flag("bias", json.flag("use_bias", !json.flag("no_bias", !usually))));
  // The classes of these two do not look at the keys.
  s.biases = family == "qwen2" || (stated && family != "mistral");
  if (two_parts) {
    s.cross_layers = size_by(json, {"num_decoder_layers", "decoder_layers"}, 1, deepest_model).value_or(s.layers);
    s.cross_hidden = size_by(json, {"decoder_ffn_dim"}, 1, widest_size).value_or(0);
    s.cross_heads = size_by(json, {"decoder_attention_heads"}, 1, widest_size).value_or(0);
  } else {
    s.decoder = is_decoder(from);
  }
  if (family == "albert") {
    std::size_t const inner = size_by(json, {"inner_group_num"}, 1, deepest_model).value_or(1);
    s.unique_layers = inner * size_by(json, {"num_hidden_groups"}, 1, deepest_model).value_or(1);
    s.layers *= inner;
  }
  read_window(from, s);
  remark_on_omissions(from, s);
  program::transformer_shape::validate(s);
  return s;
}

[[nodiscard]] inline program::transformer_shape read_shape(json_file const& json, std::vector<std::string>& remarks) {
  auto const family_of = [](json_file const& from) {
    std::string family = from.has("model_type") ? from.string("model_type") : "";
    if (family.ends_with("_text")) family.resize(family.size() - 5);
    return family;
  };
  // Models that also see or hear keep their language model's sizes apart.
  for (char const* inner : {"text_config", "llm_config", "language_config"}) {
    if (!json.has(inner) || json.has("hidden_size")) continue;
    auto const text = json.inside(inner);
    for (char const* other : {"vision_config", "audio_config"})
      if (json.has(other)) remarks.push_back(std::string(other) + ": only the language model is counted");
    bool generates = false;
    if (auto const* v = json.find("architectures"); v != nullptr && v->is_array())
      for (auto const& name : *v)
        generates = generates || (name.is_string() && name.get<std::string>().find("Generation") != std::string::npos);
    return read_sizes({text, family_of(text), true, generates, remarks});
  }
  return read_sizes({json, family_of(json), false, false, remarks});
}

}  // namespace detail

/// The network of a config.json, or of the one in a folder. Its id is the folder's name.
/// Range   transformers whose layers all have attention: encoders, decoders, encoder-decoders, with or without experts,
///         windows, latent keys and values, shared layers; the `text_config` of models of several kinds. What decides
///         sizes is read; what its keys leave open (a gated block, RMS norm, who generates) follows the family named in
///         `model_type`, then the activation and `rms_norm_eps`; intermediate size 4 x width where it is not given.
///         `remarks` says what a reader of the counts has to know
/// Errors  file_missing, file_format, missing_entry, config_value, config_conflict, shape, capacity; file and key
[[nodiscard]] inline network read_network(std::filesystem::path path) {
  if (std::filesystem::is_directory(path)) path /= "config.json";
  json_file const json(path);
  network n;
  n.transformer = detail::read_shape(json, n.remarks);
  auto const folder = std::filesystem::absolute(path).parent_path().filename().string();
  n.id = folder.empty() ? "model" : folder;
  n.source = path.string();
  return n;
}

}  // namespace ohmic::inline OHMIC_ABI::model
