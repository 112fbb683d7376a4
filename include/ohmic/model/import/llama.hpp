// Reads a Llama-shaped language model from a Hugging Face folder: config.json and safetensors, sharded or not, of LlamaForCausalLM,
// MistralForCausalLM or Qwen2ForCausalLM, or of their bare models.
#pragma once

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/activation_names.hpp"
#include "ohmic/model/import/bare_model.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/model_keys.hpp"
#include "ohmic/model/import/sharded_safetensors.hpp"
#include "ohmic/model/import/tensor_source.hpp"
#include "ohmic/model/import/unread_tensors.hpp"
#include "ohmic/model/llama.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What config.json says of a Llama.
struct llama_files {
  llama_config config;
  bool qkv_biases = false, output_bias = false, block_biases = false;
  bool tied = false;
};

namespace detail {

/// A number that is kept as float, `otherwise` if absent.
[[nodiscard]] inline float float_or(json_file const& json, std::string const& key, float otherwise) {
  return json.has(key) ? static_cast<float>(json.number(key)) : otherwise;
}

/// rope_theta, and what `inner`, rope_scaling or rope_parameters, says of scaling it.
/// Errors  config_value for a scaling that is not known, config_conflict for keys that disagree
[[nodiscard]] inline rotary_config read_rotation(json_file const& json, std::size_t positions,
                                                 std::string const& inner) {
  rotary_config c;
  c.base = float_or(json, "rope_theta", c.base);
  if (!json.has(inner)) return c;
  json_file const scaling = json.inside(inner);
  if (scaling.has("rope_theta") && json.has("rope_theta") && scaling.number("rope_theta") != json.number("rope_theta"))
    throw contradiction(scaling, "rope_theta", "rope_theta", json_file::text(*json.find("rope_theta")));
  c.base = float_or(scaling, "rope_theta", c.base);
  if (scaling.has("rope_type") && scaling.has("type") && scaling.string("rope_type") != scaling.string("type"))
    throw contradiction(scaling, "type", inner + ".rope_type", in_quotes(scaling.string("rope_type")));
  std::string const key = scaling.has("rope_type") ? "rope_type" : "type";
  if (!scaling.has(key) && scaling.has("factor"))
    throw error({errc::missing_entry, "is missing", scaling.where("rope_type"), "",
                 "'default', 'linear', 'llama3': what the factor scales", ""});
  std::string const kind = scaling.has(key) ? scaling.string(key) : "default";
  if (kind == "default") return c;
  if (kind != "linear" && kind != "llama3")
    throw error({errc::config_value, "is not supported", scaling.where(key), in_quotes(kind),
                 "'default', 'linear', 'llama3'", ""});
  c.scaling = kind == "linear" ? rotary_scaling::linear : rotary_scaling::llama3;
  c.factor = static_cast<float>(scaling.number("factor"));
  if (c.scaling == rotary_scaling::llama3) {
    c.low_frequency_factor = static_cast<float>(scaling.number("low_freq_factor"));
    c.high_frequency_factor = static_cast<float>(scaling.number("high_freq_factor"));
    c.original_positions = scaling.has("original_max_position_embeddings")
                               ? scaling.count("original_max_position_embeddings", 1, model_limits::positions)
                               : positions;
  }
  return c;
}

/// The same of a file that may have either key, or both where they agree.
[[nodiscard]] inline rotary_config read_rotation(json_file const& json, std::size_t positions) {
  if (!json.has("rope_parameters")) return read_rotation(json, positions, "rope_scaling");
  rotary_config const c = read_rotation(json, positions, "rope_parameters");
  if (!json.has("rope_scaling")) return c;
  rotary_config other = read_rotation(json, positions, "rope_scaling");
  if (!json.has("rope_theta")) other.base = c.base;  // rope_scaling does not say it
  if (other != c)
    throw contradiction(json, "rope_scaling", "rope_parameters", json_file::text(*json.find("rope_parameters")));
  return c;
}

/// Where a file may say how it rotates: beside the sizes, in rope_parameters, in rope_scaling.
[[nodiscard]] inline std::vector<json_file> rotation_places(json_file const& json) {
  std::vector<json_file> places{json};
  for (char const* inner : {"rope_parameters", "rope_scaling"})
    if (json.has(inner)) places.push_back(json.inside(inner));
  return places;
}

/// Settings that would change the pass without changing a shape.
inline void refuse_other_llamas(json_file const& json, std::string const& family) {
  if (family != "llama" && family != "mistral" && family != "qwen2")
    throw error({errc::config_value, "is not supported", json.where("model_type"), in_quotes(family),
                 "'llama', 'mistral', 'qwen2'", ""});
  refuse_quantised(json);
  if (family == "qwen2")
    require_class(json, "ForCausalLM", {"qwen2"});
  else
    require_class(json, "ForCausalLM", {"llama", "mistral", "yi"});  // one pass under several names
  for (json_file const& at : rotation_places(json))
    if (at.has("partial_rotary_factor") && at.number("partial_rotary_factor") != 1.0)
      throw error({errc::config_value, "is not supported", at.where("partial_rotary_factor"),
                   json_file::text(*at.find("partial_rotary_factor")), "1: whole heads are rotated", ""});
}

/// Keys that a query meets; 0 for all before it, as where the window is no shorter than the context.
/// Errors  config_value for a window in some layers only, or layer_types that say otherwise
[[nodiscard]] inline std::size_t read_window(json_file const& json, std::string const& family, std::size_t positions) {
  std::size_t const layers = json.count("num_hidden_layers", 1, model_limits::layers);
  auto const all_layers = [&](char const* kind, std::size_t of) {
    require_layer_types(json, layers, kind);
    return of;
  };
  bool const windowed = family == "mistral" || json.flag("use_sliding_window", false);
  std::size_t const window = !windowed                     ? 0
                             : !json.has("sliding_window") ? usual_window(json)
                                                           : json.count("sliding_window", 1, model_limits::positions);
  if (window == 0) return all_layers("full_attention", 0);
  if (window >= positions) return all_layers("", 0);  // either kind meets all keys
  if (family == "mistral") return all_layers("sliding_attention", window);
  // Qwen2 has it from a layer on: the 28th where its file does not say.
  std::size_t const first =
      json.has("max_window_layers") ? json.count("max_window_layers", 0, model_limits::layers) : 28;
  if (first >= layers) return all_layers("full_attention", 0);
  if (first > 0)
    throw error({errc::config_value, "a window in some layers only is not supported", json.where("max_window_layers"),
                 std::to_string(first), "0: all layers have it; " + std::to_string(layers) + " or more: none", ""});
  return all_layers("sliding_attention", window);
}

}  // namespace detail

/// The sizes in a config.json of Hugging Face's form. Keys that do not change the forward pass are not looked at.
/// Errors  errc::file_missing, errc::file_format, errc::missing_entry, errc::config_value, errc::config_conflict; file and key
[[nodiscard]] inline llama_files read_llama_config(std::filesystem::path const& file) {
  json_file const json(file);
  std::string const family = json.string("model_type");
  detail::refuse_other_llamas(json, family);
  llama_files f;
  llama_config& c = f.config;
  c.vocabulary = json.count("vocab_size", 1, model_limits::vocabulary);
  c.width = json.count("hidden_size", 1, model_limits::width);
  c.layers = json.count("num_hidden_layers", 1, model_limits::layers);
  c.heads = json.count("num_attention_heads", 1, model_limits::width);
  c.key_heads = json.has("num_key_value_heads") ? json.count("num_key_value_heads", 1, c.heads)
                                                : detail::usual_key_heads(json, family, c.heads);
  if (!json.has("head_dim") && c.width % c.heads != 0)
    throw error({errc::config_conflict, "does not divide hidden_size", json.where("num_attention_heads"),
                 std::to_string(c.heads) + " heads, hidden_size " + std::to_string(c.width),
                 "a divisor of hidden_size, or head_dim", ""});
  c.head_width = json.has("head_dim") ? json.count("head_dim", 1, model_limits::width) : c.width / c.heads;
  c.hidden = json.count("intermediate_size", 1, model_limits::hidden);
  c.positions = json.has("max_position_embeddings") ? json.count("max_position_embeddings", 1, model_limits::positions)
                                                    : detail::usual_positions(family);
  c.window = detail::read_window(json, family, c.positions);
  c.norm_epsilon = detail::float_or(json, "rms_norm_eps", 1e-6f);
  c.hidden_activation = detail::read_activation(json, "hidden_act", c.hidden_activation);
  c.rotation = detail::read_rotation(json, c.positions);
  // The classes of Mistral and Qwen2 do not look at these keys.
  bool const asks = family == "llama", all = json.flag("attention_bias", false) && asks;
  f.qkv_biases = all || family == "qwen2";
  f.output_bias = all;
  f.block_biases = json.flag("mlp_bias", false) && asks;
  f.tied = json.flag("tie_word_embeddings", false);
  validate(c, place(file));
  return f;
}

namespace detail {

/// A matrix in its file, and the keys of config.json that say its shape.
struct tensor_place {
  std::string name;  ///< without ".weight" and ".bias"
  std::size_t out = 0, in = 0;
  bool bias = false;
  char const* keys = "";
};

/// Reads the parts of one Llama. Linear weights lie as [out, in].
class llama_tensors {
 public:
  llama_tensors(std::filesystem::path const& folder, llama_files const& f)
      : files_(folder), f_(f), stem_(stem_of(files_, "model.", "embed_tokens.weight")) {}

  [[nodiscard]] matrix<float> table() {
    return files_.read_matrix(stem_ + "embed_tokens.weight", f_.config.vocabulary, f_.config.width,
                              "vocab_size x hidden_size");
  }
  [[nodiscard]] norm_weights norm(std::string const& name) {
    std::size_t const m = f_.config.width;
    return {files_.read_vector(name + ".weight", m, "hidden_size"), std::vector<float>(m), false};
  }
  [[nodiscard]] norm_weights final_norm() { return norm(stem_ + "norm"); }
  /// Where the matrix of a site lies.
  [[nodiscard]] tensor_place place_of(program::site s) const {
    using program::operation;
    llama_config const& c = f_.config;
    std::size_t const q = c.heads * c.head_width, kv = c.key_heads * c.head_width, m = c.width;
    if (s.op == operation::lm_head)
      return {f_.tied ? stem_ + "embed_tokens" : "lm_head", c.vocabulary, m, false, "vocab_size x hidden_size"};
    std::string const at = layers() + std::to_string(s.block - 1) + ".";
    switch (s.op) {
      case operation::A1:
        return {at + "self_attn.q_proj", q, m, f_.qkv_biases, "heads x head width, hidden_size"};
      case operation::A2:
        return {at + "self_attn.k_proj", kv, m, f_.qkv_biases, "key heads x head width, hidden_size"};
      case operation::A3:
        return {at + "self_attn.v_proj", kv, m, f_.qkv_biases, "key heads x head width, hidden_size"};
      case operation::A7:
        return {at + "self_attn.o_proj", m, q, f_.output_bias, "hidden_size, heads x head width"};
      case operation::B1:
        return {at + "mlp.gate_proj", c.hidden, m, f_.block_biases, "intermediate_size, hidden_size"};
      case operation::gate:
        return {at + "mlp.up_proj", c.hidden, m, f_.block_biases, "intermediate_size, hidden_size"};
      default:
        return {at + "mlp.down_proj", m, c.hidden, f_.block_biases, "hidden_size, intermediate_size"};
    }
  }
  [[nodiscard]] linear_weights linear(program::site s) {
    auto const p = place_of(s);
    linear_weights l{files_.read_matrix(p.name + ".weight", p.out, p.in, p.keys), {}};
    if (p.bias) l.bias = files_.read_vector(p.name + ".bias", p.out, p.keys);
    return l;
  }
  /// The same without the matrix, of which only the header is checked.
  [[nodiscard]] linear_weights outline(program::site s) {
    auto const p = place_of(s);
    files_.check_matrix(p.name + ".weight", p.out, p.in, p.keys);
    linear_weights l{{}, {}, p.out, p.in};
    if (p.bias) l.bias = files_.read_vector(p.name + ".bias", p.out, p.keys);
    return l;
  }
  /// read(site) gives the matrices.
  template <class Read>
  [[nodiscard]] gated_weights layer(std::size_t l, Read const& read) {
    using program::operation;
    std::string const at = layers() + std::to_string(l) + ".";
    gated_weights w;
    w.attention_norm = norm(at + "input_layernorm");
    w.query = read({l + 1, operation::A1});
    w.key = read({l + 1, operation::A2});
    w.value = read({l + 1, operation::A3});
    w.attention_output = read({l + 1, operation::A7});
    w.output_norm = norm(at + "post_attention_layernorm");
    w.gate = read({l + 1, operation::B1});
    w.up = read({l + 1, operation::gate});
    w.down = read({l + 1, operation::B2});
    return w;
  }

  /// A head stored beside embeddings that are tied to it.
  void require_tied(matrix<float> const& word) {
    if (f_.tied) require_tied_head(files_, "lm_head.weight", word, stem_ + "embed_tokens.weight");
  }
  /// What is left of the files when all is read. Older releases store the angles of the rotation.
  void refuse_others() const {
    refuse_unread_tensors(files_, {"model.", "embed_tokens.", "layers.", "norm.", "lm_head."},
                          {".rotary_emb.inv_freq", ".rotary_emb.cos_cached", ".rotary_emb.sin_cached"});
  }
  /// Files with more layers, or with biases that config.json does not speak of, would be cut silently.
  void refuse_unread() const {
    refuse_more_layers(files_, layers(), f_.config.layers, "num_hidden_layers");
    for (std::string const& name : files_.names()) {
      if (!name.starts_with(layers()) || !name.ends_with("_proj.bias")) continue;
      bool const block = name.find(".mlp.") != std::string::npos, output = name.ends_with(".self_attn.o_proj.bias");
      if (block ? f_.block_biases : output ? f_.output_bias : f_.qkv_biases) continue;
      throw error({errc::shape, "is a bias that config.json does not speak of",
                   place(files_.path_of(name), "tensor " + in_quotes(name)), "",
                   "attention_bias or mlp_bias true of a Llama; queries, keys and values of a Qwen2", ""});
    }
  }
  void require_head() const {
    if (!f_.tied) detail::require_head(files_, stem_, "lm_head.weight");
  }

 private:
  [[nodiscard]] std::string layers() const { return stem_ + "layers."; }

  safetensors_folder files_;
  llama_files f_;
  std::string stem_;
};

}  // namespace detail

/// The language model in `folder`: config.json, and model.safetensors or the files of its index.
/// Errors  those of read_llama_config and safetensors_folder; errc::shape where a tensor contradicts config.json, naming both
[[nodiscard]] inline llama read_llama(std::filesystem::path const& folder, matrices kept = matrices::in_memory) {
  using program::operation;
  llama_files const f = read_llama_config(folder / "config.json");
  llama m;
  m.config = f.config;
  detail::llama_tensors tensors(folder, f);
  tensors.refuse_unread();
  tensors.require_head();
  auto const read = [&](program::site s) {
    return kept == matrices::in_files ? tensors.outline(s) : tensors.linear(s);
  };
  m.word = tensors.table();
  tensors.require_tied(m.word);
  for (std::size_t l = 0; l < m.config.layers; ++l) m.layers.push_back(tensors.layer(l, read));
  m.final_norm = tensors.final_norm();
  m.head = read({m.config.layers + 1, operation::lm_head});
  tensors.refuse_others();
  if (kept == matrices::in_files)
    m.source = std::make_shared<detail::tensor_source<detail::llama_tensors>>(std::move(tensors));
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
