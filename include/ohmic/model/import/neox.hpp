// Reads GPT-NeoX (Pythia) and Phi language models from a Hugging Face folder: config.json and safetensors, sharded or not, of
// GPTNeoXForCausalLM or PhiForCausalLM, or of their bare models.
#pragma once

#include <cstddef>
#include <cstring>
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
#include "ohmic/model/import/llama.hpp"
#include "ohmic/model/import/model_keys.hpp"
#include "ohmic/model/import/sharded_safetensors.hpp"
#include "ohmic/model/import/tensor_source.hpp"
#include "ohmic/model/import/unread_tensors.hpp"
#include "ohmic/model/neox.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What config.json says of a GPT-NeoX or Phi.
struct neox_files {
  neox_config config;
  bool phi = false;
  bool attention_biases = true;
  bool tied = false;
};

namespace detail {

/// A number under one of these keys, wherever the file says how it rotates; `otherwise` if nowhere.
/// Shape   place: its key, named as where it lies
/// Errors  config_conflict for two that disagree
struct rotation_number {
  double value = 0.0;
  std::string place{};
};
[[nodiscard]] inline rotation_number read_rotation_number(json_file const& json,
                                                          std::initializer_list<char const*> keys, double otherwise) {
  rotation_number found{otherwise};
  std::string first;
  for (json_file const& at : rotation_places(json))
    for (char const* key : keys) {
      if (!at.has(key)) continue;
      double const v = at.number(key);
      if (!first.empty() && v != found.value)
        throw contradiction(at, key, first, ohmic::detail::number_text(found.value));
      if (first.empty()) first = key, found = {v, at.where(key)};
    }
  return found;
}

/// Elements of a head that turn: the whole part of a share of them.
/// Errors  config_value for a share that leaves no pairs or an odd element; config_conflict
inline std::size_t read_rotated_width(json_file const& json, char const* key, double otherwise,
                                      std::size_t head_width) {
  auto const [share, given] = read_rotation_number(json, {"partial_rotary_factor", key}, otherwise);
  auto const width =
      share > 0.0 && share <= 1.0 ? static_cast<std::size_t>(share * static_cast<double>(head_width)) : 0;
  if (width == 0 || width % 2 != 0)
    throw error({errc::config_value, "does not leave pairs to rotate", given.empty() ? json.where(key) : given,
                 ohmic::detail::number_text(share),
                 "above 0, up to 1, an even number of the " + std::to_string(head_width) + " elements of a head", ""});
  return width;
}

}  // namespace detail

/// The sizes in a config.json of Hugging Face's form. Keys that do not change the forward pass are not looked at.
/// Errors  errc::file_missing, errc::file_format, errc::missing_entry, errc::config_value, errc::config_conflict; file and key
[[nodiscard]] inline neox_files read_neox_config(std::filesystem::path const& file) {
  json_file const json(file);
  std::string const family = json.string("model_type");
  if (family != "gpt_neox" && family != "phi")
    throw error(
        {errc::config_value, "is not supported", json.where("model_type"), in_quotes(family), "'gpt_neox', 'phi'", ""});
  detail::refuse_quantised(json);
  if (family == "phi")
    detail::require_class(json, "ForCausalLM", {"phi"});
  else
    detail::require_class(json, "ForCausalLM", {"gptneox"});
  neox_files f;
  f.phi = family == "phi";
  neox_config& c = f.config;
  c.vocabulary = json.count("vocab_size", 1, model_limits::vocabulary);
  c.width = json.count("hidden_size", 1, model_limits::width);
  c.layers = json.count("num_hidden_layers", 1, model_limits::layers);
  c.heads = json.count("num_attention_heads", 1, model_limits::width);
  c.hidden = json.count("intermediate_size", 1, model_limits::hidden);
  c.positions =
      json.has("max_position_embeddings") ? json.count("max_position_embeddings", 1, model_limits::positions) : 2048;
  c.norm_epsilon = detail::float_or(json, "layer_norm_eps", 1e-5f);
  detail::require_heads(c.heads, c.width, place(file));
  c.rotation = detail::read_rotation(json, c.positions);
  c.rotation.base = static_cast<float>(
      detail::read_rotation_number(json, {"rope_theta", "rotary_emb_base"}, static_cast<double>(c.rotation.base))
          .value);
  c.rotation.width = detail::read_rotated_width(json, f.phi ? "partial_rotary_factor" : "rotary_pct",
                                                f.phi ? 0.5 : 0.25, c.width / c.heads);
  c.hidden_activation = detail::read_activation(json, "hidden_act", f.phi ? activation::gelu_tanh : activation::gelu);
  c.one_norm = f.phi;
  c.parallel = f.phi || json.flag("use_parallel_residual", true);
  f.attention_biases = f.phi || json.flag("attention_bias", true);
  f.tied = json.flag("tie_word_embeddings", false);
  if (f.phi && f.tied)  // its head has a bias, which the table has not
    throw error(
        {errc::config_value, "is not supported for phi", json.where("tie_word_embeddings"), "true", "false", ""});
  if (f.phi && json.flag("qk_layernorm", false))
    throw error({errc::config_value, "is not supported", json.where("qk_layernorm"), "true", "false", ""});
  if (json.has("num_key_value_heads") && json.count("num_key_value_heads", 1, c.heads) != c.heads)
    throw error({errc::config_value, "is not supported", json.where("num_key_value_heads"),
                 json_file::text(*json.find("num_key_value_heads")), "num_attention_heads", ""});
  validate(c, place(file));
  return f;
}

namespace detail {

/// Reads the parts of one model. Linear weights lie as [out, in]; GPT-NeoX keeps query, key and value of a head together.
class neox_tensors {
 public:
  neox_tensors(std::filesystem::path const& folder, neox_files const& f)
      : files_(folder),
        f_(f),
        stem_(f.phi ? stem_of(files_, "model.", "embed_tokens.weight")
                    : stem_of(files_, "gpt_neox.", "embed_in.weight")) {}

  [[nodiscard]] std::string layers() const { return stem_ + "layers."; }
  [[nodiscard]] matrix<float> table() {
    return files_.read_matrix(table_name() + ".weight", f_.config.vocabulary, f_.config.width,
                              "vocab_size x hidden_size");
  }
  [[nodiscard]] norm_weights norm(std::string const& name) {
    std::size_t const m = f_.config.width;
    return {files_.read_vector(name + ".weight", m, "hidden_size"),
            files_.read_vector(name + ".bias", m, "hidden_size"), true};
  }
  [[nodiscard]] norm_weights final_norm() { return norm(stem_ + (f_.phi ? "final_layernorm" : "final_layer_norm")); }

  [[nodiscard]] linear_weights linear(program::site s) { return read(s, true); }
  /// The same without the matrix, of which only the header is checked.
  [[nodiscard]] linear_weights outline(program::site s) { return read(s, false); }

  /// read(site) gives the matrices.
  template <class Read>
  [[nodiscard]] pre_norm_weights layer(std::size_t l, Read const& read) {
    using program::operation;
    std::string const at = layers() + std::to_string(l) + ".";
    pre_norm_weights w;
    w.attention_norm = norm(at + "input_layernorm");
    w.query = read({l + 1, operation::A1});
    w.key = read({l + 1, operation::A2});
    w.value = read({l + 1, operation::A3});
    w.attention_output = read({l + 1, operation::A7});
    if (!f_.config.one_norm) w.output_norm = norm(at + "post_attention_layernorm");
    w.intermediate = read({l + 1, operation::B1});
    w.output = read({l + 1, operation::B2});
    return w;
  }

  /// A head stored beside embeddings that are tied to it.
  void require_tied(matrix<float> const& word) {
    if (f_.tied) require_tied_head(files_, "embed_out.weight", word, table_name() + ".weight");
  }
  /// What is left of the files when all is read. Older releases store masks and the angles of the rotation.
  void refuse_others() const {
    if (f_.phi)
      refuse_unread_tensors(files_, {"model.", "embed_tokens.", "layers.", "final_layernorm.", "lm_head."},
                            {".rotary_emb.inv_freq"});
    else
      refuse_unread_tensors(files_, {"gpt_neox.", "embed_in.", "layers.", "final_layer_norm.", "embed_out."},
                            {".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"});
  }
  /// Files with more layers, or with biases that config.json does not speak of, would be cut silently.
  void refuse_unread() const {
    refuse_more_layers(files_, layers(), f_.config.layers, "num_hidden_layers");
    if (f_.attention_biases) return;
    for (std::string const& name : files_.names())
      if (name.starts_with(layers()) &&
          (name.ends_with(".attention.query_key_value.bias") || name.ends_with(".attention.dense.bias")))
        throw error({errc::shape, "is a bias that config.json does not speak of",
                     place(files_.path_of(name), "tensor " + in_quotes(name)), "", "attention_bias true", ""});
  }
  void require_head() const {
    if (f_.phi)
      detail::require_head(files_, stem_, "lm_head.weight", "save it with its head");
    else if (!f_.tied)
      detail::require_head(files_, stem_, "embed_out.weight");
  }

 private:
  [[nodiscard]] std::string table_name() const { return stem_ + (f_.phi ? "embed_tokens" : "embed_in"); }

  /// Where the matrix of a site lies; of a fused one the whole.
  [[nodiscard]] tensor_place place_of(program::site s) const {
    using program::operation;
    neox_config const& c = f_.config;
    if (s.op == operation::lm_head)
      return {f_.tied  ? table_name()
              : f_.phi ? "lm_head"
                       : "embed_out",
              c.vocabulary, c.width, f_.phi, "vocab_size x hidden_size"};
    std::string const at = layers() + std::to_string(s.block - 1) + ".",
                      attention = at + (f_.phi ? "self_attn." : "attention.");
    switch (s.op) {
      case operation::A7:
        return {attention + "dense", c.width, c.width, f_.attention_biases, "hidden_size x hidden_size"};
      case operation::B1:
        return {at + (f_.phi ? "mlp.fc1" : "mlp.dense_h_to_4h"), c.hidden, c.width, true,
                "intermediate_size x hidden_size"};
      case operation::B2:
        return {at + (f_.phi ? "mlp.fc2" : "mlp.dense_4h_to_h"), c.width, c.hidden, true,
                "hidden_size x intermediate_size"};
      default:
        break;
    }
    if (!f_.phi)
      return {attention + "query_key_value", 3 * c.width, c.width, f_.attention_biases, "3 hidden_size x hidden_size"};
    char const* const part = s.op == operation::A1 ? "q_proj" : s.op == operation::A2 ? "k_proj" : "v_proj";
    return {attention + part, c.width, c.width, f_.attention_biases, "hidden_size x hidden_size"};
  }

  [[nodiscard]] linear_weights read(program::site s, bool with_matrix) {
    using program::operation;
    auto const p = place_of(s);
    linear_weights l;
    if (with_matrix)
      l.weight = files_.read_matrix(p.name + ".weight", p.out, p.in, p.keys);
    else
      files_.check_matrix(p.name + ".weight", p.out, p.in, p.keys), l.away_outputs = p.out, l.away_inputs = p.in;
    if (p.bias) l.bias = files_.read_vector(p.name + ".bias", p.out, p.keys);
    bool const fused = !f_.phi && (s.op == operation::A1 || s.op == operation::A2 || s.op == operation::A3);
    return fused ? part_of_heads(l, s.op == operation::A1 ? 0 : s.op == operation::A2 ? 1 : 2) : l;
  }

  /// Queries (0), keys (1) or values (2) of a matrix that has, head by head, the rows of all three.
  [[nodiscard]] linear_weights part_of_heads(linear_weights const& all, std::size_t part) const {
    std::size_t const outputs = all.outputs() / 3, inputs = all.inputs(), head = f_.config.width / f_.config.heads;
    linear_weights l;
    if (all.weight.empty())
      l.away_outputs = outputs, l.away_inputs = inputs;
    else
      l.weight = matrix<float>(outputs, inputs);
    l.bias.resize(all.bias.size() / 3);
    for (std::size_t o = 0; o < outputs; ++o) {
      std::size_t const from = (o / head * 3 + part) * head + o % head;
      if (!all.weight.empty()) std::memcpy(l.weight.row(o).data(), all.weight.row(from).data(), inputs * sizeof(float));
      if (!l.bias.empty()) l.bias[o] = all.bias[from];
    }
    return l;
  }

  safetensors_folder files_;
  neox_files f_;
  std::string stem_;
};

}  // namespace detail

/// The language model in `folder`: config.json, and model.safetensors or the files of its index.
/// Errors  those of read_neox_config and safetensors_folder; errc::shape where a tensor contradicts config.json, naming both
[[nodiscard]] inline neox read_neox(std::filesystem::path const& folder, matrices kept = matrices::in_memory) {
  neox_files const f = read_neox_config(folder / "config.json");
  neox m;
  m.config = f.config;
  detail::neox_tensors tensors(folder, f);
  tensors.refuse_unread();
  tensors.require_head();
  auto const read = [&](program::site s) {
    return kept == matrices::in_files ? tensors.outline(s) : tensors.linear(s);
  };
  m.word = tensors.table();
  tensors.require_tied(m.word);
  for (std::size_t l = 0; l < m.config.layers; ++l) m.layers.push_back(tensors.layer(l, read));
  m.final_norm = tensors.final_norm();
  m.head = read({m.config.layers + 1, program::operation::lm_head});
  tensors.refuse_others();
  if (kept == matrices::in_files)
    m.source = std::make_shared<detail::tensor_source<detail::neox_tensors>>(std::move(tensors));
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
