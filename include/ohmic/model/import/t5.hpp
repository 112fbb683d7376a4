// Reads a T5 (T5, T5 v1.1, Flan-T5) from a Hugging Face folder: config.json and safetensors, sharded or not, of
// T5ForConditionalGeneration.
#pragma once

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/activation_names.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/model_keys.hpp"
#include "ohmic/model/import/sharded_safetensors.hpp"
#include "ohmic/model/import/tensor_source.hpp"
#include "ohmic/model/import/unread_tensors.hpp"
#include "ohmic/model/t5.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What config.json says of a T5.
struct t5_files {
  t5_config config;
  bool tied = true;
  bool head_if_stored = false;  ///< tied, but a head of the files' own counts
};

namespace detail {

/// Settings that would change the pass without changing a shape.
inline void refuse_other_t5s(json_file const& json) {
  if (std::string const family = json.string("model_type"); family != "t5")
    throw error({errc::config_value, "is not supported", json.where("model_type"), in_quotes(family), "'t5'", ""});
  refuse_quantised(json);
  require_class(json, "ForConditionalGeneration", {"t5"});  // the published T5WithLMHeadModel is bare in this sense
  if (!json.flag("is_encoder_decoder", true))
    throw error({errc::config_value, "is not supported", json.where("is_encoder_decoder"), "false", "true", ""});
}

/// feed_forward_proj: "relu", "gelu", "gated-gelu" and the like; "gated-gelu" is the form with tanh.
/// Errors  config_value for an activation that is not known, config_conflict where dense_act_fn or is_gated_act say otherwise
inline void read_t5_block(json_file const& json, t5_config& c) {
  std::string const key = "feed_forward_proj", kind = json.has(key) ? json.string(key) : "relu";
  c.gated = kind.starts_with("gated-");
  std::string const act = kind == "gated-gelu" ? "gelu_new" : kind.substr(c.gated ? 6 : 0);
  // What newer releases write beside it, and read instead of it.
  if (json.has("dense_act_fn") && json.string("dense_act_fn") != act)
    throw contradiction(json, "dense_act_fn", key, in_quotes(act));
  if (json.flag("is_gated_act", c.gated) != c.gated)
    throw contradiction(json, "is_gated_act", key, c.gated ? "true" : "false");
  auto const found = activation_named(act);
  if (!found) throw no_activation(json, key, kind, ", or one of them behind 'gated-'");
  c.hidden_activation = *found;
}

}  // namespace detail

/// The sizes in a config.json of Hugging Face's form. Keys that do not change the forward pass are not looked at.
/// Errors  errc::file_missing, errc::file_format, errc::missing_entry, errc::config_value; file and key
[[nodiscard]] inline t5_files read_t5_config(std::filesystem::path const& file) {
  json_file const json(file);
  detail::refuse_other_t5s(json);
  t5_files f;
  t5_config& c = f.config;
  auto const count_or = [&](char const* key, std::size_t otherwise, std::size_t low, std::size_t high) {
    return json.has(key) ? json.count(key, low, high) : otherwise;
  };
  c.vocabulary = json.count("vocab_size", 1, model_limits::vocabulary);
  c.width = detail::count_by(json, {"d_model", "hidden_size"}, 1, model_limits::width);
  c.head_width = detail::count_by(json, {"d_kv", "head_dim"}, 1, model_limits::width);
  c.hidden = json.count("d_ff", 1, model_limits::hidden);
  c.heads = detail::count_by(json, {"num_heads", "num_attention_heads"}, 1, model_limits::width);
  c.encoder_layers = detail::count_by(json, {"num_layers", "num_hidden_layers"}, 1, model_limits::layers);
  c.decoder_layers = count_or("num_decoder_layers", c.encoder_layers, 1, model_limits::layers);
  c.buckets = count_or("relative_attention_num_buckets", 32, 4, std::size_t{1} << 20);
  c.reach = count_or("relative_attention_max_distance", 128, 1, std::size_t{1} << 20);
  c.positions = count_or("n_positions", 512, 1, model_limits::positions);
  if (json.has("layer_norm_epsilon")) c.norm_epsilon = static_cast<float>(json.number("layer_norm_epsilon"));
  detail::read_t5_block(json, c);
  f.tied = json.flag("tie_word_embeddings", true);
  // transformers 5 ties always, but where the files have a head that differs, and says by a key of its own whether logits are scaled.
  f.head_if_stored = json.has("scale_decoder_outputs");
  c.scaled_logits = json.flag("scale_decoder_outputs", f.tied);
  c.start = static_cast<std::int32_t>(count_or("decoder_start_token_id", 0, 0, c.vocabulary - 1));
  validate(c, place(file));
  return f;
}

namespace detail {

/// Reads the parts of one T5. Linear weights lie as [out, in], none has a bias.
class t5_tensors {
 public:
  t5_tensors(std::filesystem::path const& folder, t5_files const& f) : files_(folder), f_(f) {
    for (char const* copy : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"})
      if (!files_.contains(table_) && files_.contains(copy)) table_ = copy;
    if (f_.head_if_stored && files_.contains("lm_head.weight")) f_.tied = false;
  }

  [[nodiscard]] matrix<float> word() {
    return files_.read_matrix(table_, f_.config.vocabulary, f_.config.width, "vocab_size x d_model");
  }
  [[nodiscard]] matrix<float> bias(std::string const& side) {
    return files_.read_matrix(side + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", f_.config.buckets,
                              f_.config.heads, "relative_attention_num_buckets x num_heads");
  }
  [[nodiscard]] norm_weights norm(std::string const& name) {
    std::size_t const m = f_.config.width;
    return {files_.read_vector(name + ".weight", m, "d_model"), std::vector<float>(m), false};
  }
  /// The matrix of a site.
  [[nodiscard]] linear_weights linear(program::site s) {
    auto const [name, out, in, keys] = place_of(s);
    return {files_.read_matrix(name, out, in, keys), {}};
  }
  /// The same without the matrix, of which only the header is checked.
  [[nodiscard]] linear_weights outline(program::site s) {
    auto const [name, out, in, keys] = place_of(s);
    files_.check_matrix(name, out, in, keys);
    return {{}, {}, out, in};
  }

  /// A head stored beside embeddings that are tied to it, and the copies of those that either side may have.
  void require_tied(matrix<float> const& word) {
    for (char const* copy : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"})
      detail::require_tied(files_, copy, word, table_, "both sides read one table");
    if (f_.tied)
      detail::require_tied(files_, "lm_head.weight", word, table_,
                           "set tie_word_embeddings to false (which changes the scale of the logits too)");
  }
  /// What is left of the files when all is read. The published T5 have biases of the second attention, which nothing reads.
  void refuse_others() const {
    refuse_unread_tensors(files_, {"shared.", "encoder.", "decoder.", "lm_head."},
                          {".layer.1.EncDecAttention.relative_attention_bias.weight"});
  }

  /// Where the parts of a block lie: "encoder.block.0.layer.1.".
  [[nodiscard]] std::string attention_at(std::size_t block) const {
    std::size_t const l = f_.config.encoder_layers;
    if (block <= l) return "encoder.block." + std::to_string(block - 1) + ".layer.0.";
    return "decoder.block." + std::to_string((block - l - 1) / 2) + (crosses(block) ? ".layer.1." : ".layer.0.");
  }
  [[nodiscard]] std::string block_at(std::size_t block) const {
    std::size_t const l = f_.config.encoder_layers;
    if (block <= l) return "encoder.block." + std::to_string(block - 1) + ".layer.1.";
    return "decoder.block." + std::to_string((block - l - 1) / 2) + ".layer.2.";
  }

  /// Files with more layers would be cut silently.
  void refuse_unread() const {
    for (std::string const& name : files_.names()) {
      bool const encoder = name.starts_with("encoder.block.");
      if (!encoder && !name.starts_with("decoder.block.")) continue;
      std::size_t const layers = encoder ? f_.config.encoder_layers : f_.config.decoder_layers;
      std::size_t number = 0, prefix = std::string_view("encoder.block.").size();
      auto const [stop, ec] = std::from_chars(name.data() + prefix, name.data() + name.size(), number);
      bool const bias = std::string_view(stop, name.data() + name.size()).ends_with(".bias");
      if (ec == std::errc{} && number < layers && !bias) continue;
      throw error({errc::shape, bias ? "is a bias, which a T5 has none of" : "belongs to no layer",
                   place(files_.path_of(name), "tensor " + in_quotes(name)), "",
                   "layers 0 to " + std::to_string(layers - 1) + (encoder ? " (num_layers)" : " (num_decoder_layers)") +
                       ", weights only",
                   ""});
    }
  }

 private:
  struct tensor_in_file {
    std::string name;
    std::size_t out = 0, in = 0;
    char const* keys = "";
  };

  [[nodiscard]] bool crosses(std::size_t block) const {
    return layer_stack{f_.config.encoder_layers, f_.config.decoder_layers}.crosses(block);
  }
  [[nodiscard]] tensor_in_file place_of(program::site s) const {
    using program::operation;
    t5_config const& c = f_.config;
    std::size_t const inner = c.heads * c.head_width;
    std::string const dense = block_at(s.block) + "DenseReluDense.";
    if (s.op == operation::lm_head)
      return {f_.tied ? table_ : "lm_head.weight", c.vocabulary, c.width, "vocab_size x d_model"};
    if (s.op == operation::B1)
      return {dense + (c.gated ? "wi_0.weight" : "wi.weight"), c.hidden, c.width, "d_ff x d_model"};
    if (s.op == operation::gate) return {dense + "wi_1.weight", c.hidden, c.width, "d_ff x d_model"};
    if (s.op == operation::B2) return {dense + "wo.weight", c.width, c.hidden, "d_model x d_ff"};
    std::string const at = attention_at(s.block) + (crosses(s.block) ? "EncDecAttention." : "SelfAttention.");
    if (s.op == operation::A7) return {at + "o.weight", c.width, inner, "d_model x num_heads d_kv"};
    char const* const name = s.op == operation::A1 ? "q.weight" : s.op == operation::A2 ? "k.weight" : "v.weight";
    return {at + name, inner, c.width, "num_heads d_kv x d_model"};
  }

  safetensors_folder files_;
  t5_files f_;
  std::string table_ = "shared.weight";  ///< both sides' own names are copies of it, or stand for it
};

}  // namespace detail

/// The encoder-decoder in `folder`: config.json, and model.safetensors or the files of its index.
/// Errors  those of read_t5_config and safetensors_folder; errc::shape where a tensor contradicts config.json, naming both
[[nodiscard]] inline t5 read_t5(std::filesystem::path const& folder, matrices kept = matrices::in_memory) {
  using program::operation;
  t5_files const f = read_t5_config(folder / "config.json");
  t5 m;
  m.config = f.config;
  detail::t5_tensors tensors(folder, f);
  tensors.refuse_unread();
  auto const read = [&](program::site s) {
    return kept == matrices::in_files ? tensors.outline(s) : tensors.linear(s);
  };
  auto const attention = [&](std::size_t b) {
    t5_attention w;
    w.norm = tensors.norm(tensors.attention_at(b) + "layer_norm");
    w.query = read({b, operation::A1});
    w.key = read({b, operation::A2});
    w.value = read({b, operation::A3});
    w.output = read({b, operation::A7});
    return w;
  };
  auto const block = [&](std::size_t b) {
    t5_block w;
    w.norm = tensors.norm(tensors.block_at(b) + "layer_norm");
    w.inner = read({b, operation::B1});
    if (m.config.gated) w.gate = read({b, operation::gate});
    w.down = read({b, operation::B2});
    return w;
  };
  layer_stack const stack{m.config.encoder_layers, m.config.decoder_layers};
  m.word = tensors.word();
  tensors.require_tied(m.word);
  m.encoder_bias = tensors.bias("encoder");
  m.decoder_bias = tensors.bias("decoder");
  for (std::size_t l = 0; l < stack.encoder; ++l) {
    auto a = attention(l + 1);
    m.encoder.push_back({std::move(a), block(l + 1)});
  }
  m.encoder_norm = tensors.norm("encoder.final_layer_norm");
  for (std::size_t l = 0; l < stack.decoder; ++l) {
    auto self = attention(stack.self(l)), cross = attention(stack.cross(l));
    m.decoder.push_back({std::move(self), std::move(cross), block(stack.cross(l))});
  }
  m.decoder_norm = tensors.norm("decoder.final_layer_norm");
  m.head = read({stack.head(), operation::lm_head});
  tensors.refuse_others();
  if (kept == matrices::in_files)
    m.source = std::make_shared<detail::tensor_source<detail::t5_tensors>>(std::move(tensors));
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
