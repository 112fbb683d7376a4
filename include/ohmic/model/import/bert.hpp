// Reads a BERT classifier from a Hugging Face folder: config.json and safetensors, sharded or not, of
// BertForSequenceClassification.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/bert.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/activation_names.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/model_keys.hpp"
#include "ohmic/model/import/sharded_safetensors.hpp"
#include "ohmic/model/import/unread_tensors.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// A setting of which only one value can be modelled.
inline void require_text(json_file const& json, std::string const& key, std::string_view only) {
  if (std::string const got = json.string(key); got != only)
    throw error({errc::config_value, "is not supported", json.where(key), in_quotes(got), in_quotes(only), ""});
}

/// Settings that would change the forward pass without changing a shape.
inline void refuse_other_models(json_file const& json) {
  require_text(json, "model_type", "bert");
  if (json.has("position_embedding_type")) require_text(json, "position_embedding_type", "absolute");
  if (json.has("problem_type")) require_text(json, "problem_type", "single_label_classification");
  for (char const* key : {"is_decoder", "add_cross_attention"})
    if (json.flag(key, false))
      throw error({errc::config_value, "is not supported", json.where(key), "true", "false", ""});
  refuse_quantised(json);
  if (auto const* v = json.find("pruned_heads"); v != nullptr && !v->empty())
    throw error({errc::config_value, "is not supported", json.where("pruned_heads"), json_file::text(*v),
                 "absent or empty", ""});
  if (auto const* v = json.find("architectures"); v != nullptr && v->is_array() && !v->empty()) {
    for (auto const& name : *v)
      if (name == "BertForSequenceClassification") return;
    throw error({errc::config_value, "is not supported", json.where("architectures"), json_file::text(*v),
                 "\"BertForSequenceClassification\"", ""});
  }
}

/// The labels of id2label in order. Without it Hugging Face means LABEL_0, LABEL_1, .. for num_labels classes, 2 by
/// default.
inline std::vector<std::string> read_labels(json_file const& json) {
  bool const counted = json.has("num_labels");
  std::size_t const n = counted ? json.count("num_labels", 1, model_limits::classes) : 2;
  nlohmann::json const* map = json.find("id2label");
  std::vector<std::string> labels;
  if (map == nullptr) {
    for (std::size_t i = 0; i < n; ++i) labels.push_back("LABEL_" + std::to_string(i));
    return labels;
  }
  if (!map->is_object()) throw json.wrong_type("id2label", *map, "an object, id -> label");
  if (map->empty() || map->size() > model_limits::classes)
    throw error({errc::config_value, "has no usable number of labels", json.where("id2label"),
                 std::to_string(map->size()), "1 to " + std::to_string(model_limits::classes), ""});
  for (std::size_t i = 0; i < map->size(); ++i) {
    auto const it = map->find(std::to_string(i));
    if (it == map->end())
      throw error({errc::missing_entry, "label " + std::to_string(i) + " is missing", json.where("id2label"), "",
                   "ids 0 to " + std::to_string(map->size() - 1) + " without a gap", ""});
    if (!it->is_string()) throw json.wrong_type("id2label", *it, "a string for id " + std::to_string(i));
    labels.push_back(it->get<std::string>());
  }
  if (counted && n != labels.size())
    throw error({errc::config_conflict, "contradicts id2label", json.where("num_labels"), std::to_string(n),
                 std::to_string(labels.size()) + " as in id2label", ""});
  return labels;
}

/// Reads the parts of one model; keeps what errors need to name the configuration beside the tensor.
class bert_tensors {
 public:
  bert_tensors(std::filesystem::path const& folder, std::filesystem::path const& config)
      : files_(folder), origin_(" of " + printable(config.filename().string())) {}

  matrix<float> read(std::string const& name, std::size_t rows, std::size_t cols, std::string const& keys) {
    return files_.read_matrix(name, rows, cols, keys + origin_);
  }
  linear_weights linear(std::string const& name, std::size_t out, std::size_t in, std::string const& out_key,
                        std::string const& in_key) {
    return {files_.read_matrix(name + ".weight", out, in, out_key + " x " + in_key + origin_),
            files_.read_vector(name + ".bias", out, out_key + origin_)};
  }
  /// Checkpoints converted from TensorFlow call the two tensors gamma and beta.
  norm_weights norm(std::string const& name, std::size_t width) {
    bool const old = !files_.contains(name + ".weight") && files_.contains(name + ".gamma");
    return {files_.read_vector(name + (old ? ".gamma" : ".weight"), width, "hidden_size" + origin_),
            files_.read_vector(name + (old ? ".beta" : ".bias"), width, "hidden_size" + origin_)};
  }
  encoder_weights layer(std::size_t l, bert_config const& c) {
    std::string const at = "bert.encoder.layer." + std::to_string(l) + ".";
    std::string const w = "hidden_size", h = "intermediate_size";
    encoder_weights e;
    e.query = linear(at + "attention.self.query", c.width, c.width, w, w);
    e.key = linear(at + "attention.self.key", c.width, c.width, w, w);
    e.value = linear(at + "attention.self.value", c.width, c.width, w, w);
    e.attention_output = linear(at + "attention.output.dense", c.width, c.width, w, w);
    e.attention_norm = norm(at + "attention.output.LayerNorm", c.width);
    e.intermediate = linear(at + "intermediate.dense", c.hidden, c.width, h, w);
    e.output = linear(at + "output.dense", c.width, c.hidden, w, h);
    e.output_norm = norm(at + "output.LayerNorm", c.width);
    return e;
  }
  /// What is left of the file when all is read. Heads of other tasks lie outside.
  void refuse_unread() const {
    refuse_unread_tensors(files_, {"bert.", "classifier."}, {".position_ids", ".token_type_ids"});
  }
  void refuse_more_layers(std::size_t layers) const {
    detail::refuse_more_layers(files_, "bert.encoder.layer.", layers, "num_hidden_layers" + origin_);
  }

 private:
  safetensors_folder files_;
  std::string origin_;
};
}  // namespace detail

/// The sizes and labels in a config.json of Hugging Face's form. Keys that do not change the forward pass are not
/// looked at.
/// Errors  errc::file_missing, errc::file_format, errc::missing_entry, errc::config_value, errc::config_conflict; file
///         and key
[[nodiscard]] inline std::pair<bert_config, std::vector<std::string>> read_bert_config(
    std::filesystem::path const& file) {
  json_file const json(file);
  detail::refuse_other_models(json);
  bert_config c;
  c.vocabulary = json.count("vocab_size", 1, model_limits::vocabulary);
  c.width = json.count("hidden_size", 1, model_limits::width);
  c.layers = json.count("num_hidden_layers", 1, model_limits::layers);
  c.heads = json.count("num_attention_heads", 1, model_limits::width);
  c.hidden = json.count("intermediate_size", 1, model_limits::hidden);
  c.positions = json.count("max_position_embeddings", 1, model_limits::positions);
  c.token_types = json.count("type_vocab_size", 1, model_limits::token_types);
  if (json.names("hidden_act")) c.hidden_activation = detail::read_activation(json, "hidden_act");
  if (c.width % c.heads != 0)
    throw error({errc::config_conflict, "does not divide hidden_size", json.where("num_attention_heads"),
                 std::to_string(c.heads) + " heads, hidden_size " + std::to_string(c.width), "a divisor of hidden_size",
                 ""});
  if (json.names("layer_norm_eps")) c.norm_epsilon = static_cast<float>(json.number("layer_norm_eps"));
  if (!(c.norm_epsilon > 0.0f && c.norm_epsilon < 1.0f))
    throw error({errc::config_value, "is out of range", json.where("layer_norm_eps"),
                 json_file::text(*json.find("layer_norm_eps")), "more than 0, less than 1", ""});
  std::vector<std::string> labels = detail::read_labels(json);
  // Hugging Face takes one label for regression, but where the file says otherwise.
  if (labels.size() == 1 && !json.has("problem_type"))
    throw error({errc::config_value, "is regression", json.where(json.has("id2label") ? "id2label" : "num_labels"),
                 "1 label", "2 labels and more, or problem_type 'single_label_classification'", ""});
  c.classes = labels.size();
  return {c, std::move(labels)};
}

/// The classifier in `folder`: config.json, and model.safetensors or the files of its index.
/// Errors  those of read_bert_config and safetensors_folder; errc::shape where a tensor contradicts config.json, naming
///         both
[[nodiscard]] inline bert read_bert(std::filesystem::path const& folder) {
  std::filesystem::path const config_file = folder / "config.json";
  bert m;
  std::tie(m.config, m.labels) = read_bert_config(config_file);
  bert_config const& c = m.config;
  detail::bert_tensors tensors(folder, config_file);
  tensors.refuse_more_layers(c.layers);
  std::string const at = "bert.embeddings.";
  m.word = tensors.read(at + "word_embeddings.weight", c.vocabulary, c.width, "vocab_size x hidden_size");
  m.position =
      tensors.read(at + "position_embeddings.weight", c.positions, c.width, "max_position_embeddings x hidden_size");
  m.token_type =
      tensors.read(at + "token_type_embeddings.weight", c.token_types, c.width, "type_vocab_size x hidden_size");
  m.embedding_norm = tensors.norm(at + "LayerNorm", c.width);
  for (std::size_t l = 0; l < c.layers; ++l) m.layers.push_back(tensors.layer(l, c));
  m.pooler = tensors.linear("bert.pooler.dense", c.width, c.width, "hidden_size", "hidden_size");
  m.classifier = tensors.linear("classifier", c.classes, c.width, "number of labels", "hidden_size");
  tensors.refuse_unread();
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
