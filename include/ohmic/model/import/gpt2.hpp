// Reads a GPT-2 language model from a Hugging Face folder: config.json and safetensors, sharded or not, of GPT2LMHeadModel
// or GPT2Model.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/import/activation_names.hpp"
#include "ohmic/model/import/bare_model.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/model_keys.hpp"
#include "ohmic/model/import/sharded_safetensors.hpp"
#include "ohmic/model/import/unread_tensors.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// Settings that would change the forward pass without changing a shape.
inline void refuse_other_decoders(json_file const& json) {
  auto const refuse = [&](char const* key, bool when, bool otherwise) {
    if (json.flag(key, otherwise) == when)
      throw error({errc::config_value, "is not supported", json.where(key), when ? "true" : "false",
                   when ? "false" : "true", ""});
  };
  if (std::string const type = json.string("model_type"); type != "gpt2")
    throw error({errc::config_value, "is not supported", json.where("model_type"), in_quotes(type), "'gpt2'", ""});
  refuse_quantised(json);
  require_class(json, "ForCausalLM", {"gpt2"});  // GPT2LMHeadModel and GPT2Model are bare in this sense
  refuse("scale_attn_by_inverse_layer_idx", true, false);
  refuse("add_cross_attention", true, false);
  refuse("scale_attn_weights", false, true);
}

/// Reads the parts of one model. Linear weights lie in the Conv1D layout [in, out].
class gpt2_tensors {
 public:
  gpt2_tensors(std::filesystem::path const& folder, std::filesystem::path const& config)
      : files_(folder),
        origin_(" of " + printable(config.filename().string())),
        prefix_(stem_of(files_, "transformer.", "wte.weight")) {}

  [[nodiscard]] bool contains(std::string const& name) const { return files_.contains(name); }
  matrix<float> plain(std::string const& name, std::size_t rows, std::size_t cols, std::string const& keys) {
    return files_.read_matrix(name, rows, cols, keys + origin_);
  }
  matrix<float> embedding(std::string const& name, std::size_t rows, std::size_t cols, std::string const& keys) {
    return plain(prefix_ + name, rows, cols, keys);
  }
  norm_weights norm(std::string const& name, std::size_t width) {
    return {files_.read_vector(prefix_ + name + ".weight", width, "n_embd" + origin_),
            files_.read_vector(prefix_ + name + ".bias", width, "n_embd" + origin_)};
  }
  linear_weights conv1d(std::string const& name, std::size_t in, std::size_t out, std::string const& keys) {
    return linear_of_columns(files_.read_matrix(prefix_ + name + ".weight", in, out, keys + origin_),
                             files_.read_vector(prefix_ + name + ".bias", out, keys + origin_), 0, out);
  }

  pre_norm_weights layer(std::size_t l, gpt2_config const& c) {
    std::string const at = "h." + std::to_string(l) + ".";
    pre_norm_weights w;
    w.attention_norm = norm(at + "ln_1", c.width);
    matrix<float> const qkv =
        files_.read_matrix(prefix_ + at + "attn.c_attn.weight", c.width, 3 * c.width, "n_embd x 3 n_embd" + origin_);
    std::vector<float> const bias =
        files_.read_vector(prefix_ + at + "attn.c_attn.bias", 3 * c.width, "3 n_embd" + origin_);
    w.query = linear_of_columns(qkv, bias, 0, c.width);
    w.key = linear_of_columns(qkv, bias, c.width, c.width);
    w.value = linear_of_columns(qkv, bias, 2 * c.width, c.width);
    w.attention_output = conv1d(at + "attn.c_proj", c.width, c.width, "n_embd x n_embd");
    w.output_norm = norm(at + "ln_2", c.width);
    w.intermediate = conv1d(at + "mlp.c_fc", c.width, c.hidden, "n_embd x n_inner");
    w.output = conv1d(at + "mlp.c_proj", c.hidden, c.width, "n_inner x n_embd");
    return w;
  }

  /// What is left of the file when all is read. Masks are stored beside weights by older releases.
  void refuse_unread() const {
    refuse_unread_tensors(files_, {"transformer.", "h.", "wte.", "wpe.", "ln_f.", "lm_head."},
                          {".attn.bias", ".attn.masked_bias"});
  }
  /// A head stored beside embeddings that are tied to it.
  void require_tied(matrix<float> const& word) {
    require_tied_head(files_, "lm_head.weight", word, prefix_ + "wte.weight");
  }
  void refuse_more_layers(std::size_t layers) const {
    detail::refuse_more_layers(files_, prefix_ + "h.", layers, "n_layer" + origin_);
  }
  void require_head() const { detail::require_head(files_, prefix_, "lm_head.weight"); }

 private:
  safetensors_folder files_;
  std::string origin_, prefix_;
};
}  // namespace detail

/// The sizes in a config.json of Hugging Face's form. Keys that do not change the forward pass are not looked at.
/// Errors  errc::file_missing, errc::file_format, errc::missing_entry, errc::config_value, errc::config_conflict; file and key
[[nodiscard]] inline gpt2_config read_gpt2_config(std::filesystem::path const& file) {
  json_file const json(file);
  detail::refuse_other_decoders(json);
  gpt2_config c;
  c.vocabulary = json.count("vocab_size", 1, model_limits::vocabulary);
  c.width = detail::count_by(json, {"n_embd", "hidden_size"}, 1, model_limits::width);
  c.layers = detail::count_by(json, {"n_layer", "num_hidden_layers"}, 1, model_limits::layers);
  c.heads = detail::count_by(json, {"n_head", "num_attention_heads"}, 1, model_limits::width);
  c.hidden = json.has("n_inner") ? json.count("n_inner", 1, model_limits::hidden) : 4 * c.width;
  c.positions = detail::count_by(json, {"n_positions", "max_position_embeddings"}, 1, model_limits::positions);
  c.hidden_activation = detail::read_activation(json, "activation_function", c.hidden_activation);
  if (c.width % c.heads != 0)
    throw error({errc::config_conflict, "does not divide n_embd", json.where("n_head"),
                 std::to_string(c.heads) + " heads, n_embd " + std::to_string(c.width), "a divisor of n_embd", ""});
  c.norm_epsilon = json.has("layer_norm_epsilon") ? static_cast<float>(json.number("layer_norm_epsilon")) : 1e-5f;
  if (!(c.norm_epsilon > 0.0f && c.norm_epsilon < 1.0f))
    throw error({errc::config_value, "is out of range", json.where("layer_norm_epsilon"),
                 json_file::text(*json.find("layer_norm_epsilon")), "more than 0, less than 1", ""});
  return c;
}

/// The language model in `folder`: config.json, and model.safetensors or the files of its index. The head is tied to the embedding unless
/// config.json says otherwise.
/// Errors  those of read_gpt2_config and safetensors_folder; errc::shape where a tensor contradicts config.json, naming both
[[nodiscard]] inline gpt2 read_gpt2(std::filesystem::path const& folder) {
  std::filesystem::path const config_file = folder / "config.json";
  gpt2 m;
  m.config = read_gpt2_config(config_file);
  gpt2_config const& c = m.config;
  bool const tied = json_file(config_file).flag("tie_word_embeddings", true);
  detail::gpt2_tensors tensors(folder, config_file);
  tensors.refuse_more_layers(c.layers);
  if (!tied) tensors.require_head();
  m.word = tensors.embedding("wte.weight", c.vocabulary, c.width, "vocab_size x n_embd");
  m.position = tensors.embedding("wpe.weight", c.positions, c.width, "n_positions x n_embd");
  for (std::size_t l = 0; l < c.layers; ++l) m.layers.push_back(tensors.layer(l, c));
  m.final_norm = tensors.norm("ln_f", c.width);
  if (tied) tensors.require_tied(m.word);
  m.head.weight = tied ? m.word : tensors.plain("lm_head.weight", c.vocabulary, c.width, "vocab_size x n_embd");
  tensors.refuse_unread();
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
