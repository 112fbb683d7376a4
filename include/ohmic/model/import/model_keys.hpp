// Keys of a config.json that mean the same in every family: sizes under two names, the class of the model, stored codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// Two keys that say different things of one setting: which of them the model was trained with cannot be told.
[[nodiscard]] inline error contradiction(json_file const& json, std::string const& key, std::string const& other,
                                         std::string const& other_value) {
  auto const* v = json.find(key);
  return error({errc::config_conflict, "contradicts " + in_quotes(other), json.where(key),
                v == nullptr ? "nothing" : json_file::text(*v), other_value + " as in " + in_quotes(other),
                "keep one"});
}

/// A size under any of its names. The first is the family's own, which is named where none is there.
/// Errors  those of json_file::count; config_conflict for two that disagree
[[nodiscard]] inline std::size_t count_by(json_file const& json, std::initializer_list<char const*> keys,
                                          std::size_t low, std::size_t high) {
  char const* found = nullptr;
  std::size_t size = 0;
  for (char const* key : keys) {
    if (!json.has(key)) continue;
    std::size_t const v = json.count(key, low, high);
    if (found != nullptr && v != size) throw contradiction(json, key, found, std::to_string(size));
    size = v;
    found = key;
  }
  return found == nullptr ? json.count(*keys.begin(), low, high) : size;
}

/// The groups of compressed-tensors: what they say of weights is what the reader takes codes for.
/// Errors  config_value, file_format
inline void refuse_other_codes(json_file const& quantised) {
  if (!quantised.has("config_groups")) return;
  json_file const groups = quantised.inside("config_groups");
  for (auto const& [name, unused] : groups.entries()) {
    json_file const group = groups.inside(name);
    if (group.has("format") && group.string("format") != "int-quantized")
      throw error({errc::config_value, "is not supported", group.where("format"), in_quotes(group.string("format")),
                   "'int-quantized'", "use the weights as they were before"});
    if (!group.has("weights")) continue;
    json_file const weights = group.inside("weights");
    auto const require = [&](char const* key, std::initializer_list<nlohmann::json> allowed, char const* text) {
      auto const* v = weights.find(key);
      if (v == nullptr || std::find(allowed.begin(), allowed.end(), *v) != allowed.end()) return;
      throw error({errc::config_value, "is not how codes of 8 bits are read", weights.where(key), json_file::text(*v),
                   text, "use the weights as they were before"});
    };
    require("num_bits", {8}, "8");
    require("type", {"int"}, "'int'");
    require("symmetric", {true}, "true");
    require("strategy", {"tensor", "channel"}, "'tensor', 'channel': one scale, or one a row");
    require("group_size", {-1}, "absent, null or -1: whole rows");
  }
}

/// Weights that are stored as codes of other kinds than the reader of safetensors knows: symmetric ones of 8 bits, as bitsandbytes and
/// compressed-tensors' int-quantized have them.
/// Errors  config_value, file_format
inline void refuse_quantised(json_file const& json) {
  auto const* v = json.find("quantization_config");
  if (v == nullptr || v->empty()) return;
  auto const is = [&](char const* key, nlohmann::json const& value) {
    return v->is_object() && v->contains(key) && (*v)[key] == value;
  };
  if (is("quant_method", "bitsandbytes") && is("load_in_8bit", true) && !is("load_in_4bit", true)) return;
  if (is("quant_method", "compressed-tensors") && is("format", "int-quantized"))
    return refuse_other_codes(json.inside("quantization_config"));
  throw error({errc::config_value, "is not supported", json.where("quantization_config"), json_file::text(*v),
               "absent or empty, 8 bits of bitsandbytes, int-quantized of compressed-tensors",
               "use the weights as they were before"});
}

/// What follows the family in the name of a class.
inline constexpr std::string_view class_kinds[] = {"For", "Model", "LMHead", "WithLMHead", "DoubleHeads", "Encoder"};

/// Names that tools put in front of a class when they save what they wrapped.
inline constexpr std::string_view class_wraps[] = {"FSDP", "TF", "Flax"};

/// True for a class of one of these families, in lower case: "LLaMAForCausalLM" is of "llama", "GPTNeoXForCausalLM" not of "gptneo".
[[nodiscard]] inline bool is_class_of(std::string_view name, std::initializer_list<std::string_view> families) {
  for (auto wrap : class_wraps)
    if (name.starts_with(wrap)) name.remove_prefix(wrap.size());
  if (name.starts_with("PeftModelFor")) return true;  // of any; adapters that are left are tensors that nothing reads
  return std::any_of(families.begin(), families.end(), [&](std::string_view family) {
    bool const same =
        name.size() > family.size() && std::equal(family.begin(), family.end(), name.begin(), [](char f, char c) {
          return f == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        });
    if (!same) return false;
    std::string_view const rest = name.substr(family.size());
    return std::any_of(std::begin(class_kinds), std::end(class_kinds),
                       [&](auto kind) { return rest.starts_with(kind); });
  });
}

/// The class that the weights were saved from. A bare model is taken for what its family is; one for another task, half of one, or one of
/// another family is not.
/// Shape   head: how the names of classes end that are computed, "ForCausalLM"; families: how they begin, in lower case
/// Errors  config_value
inline void require_class(json_file const& json, std::string const& head,
                          std::initializer_list<std::string_view> families) {
  auto const* v = json.find("architectures");
  if (v == nullptr || !v->is_array() || v->empty()) return;
  bool computed = false;
  for (auto const& each : *v) {
    if (!each.is_string()) throw json.wrong_type("architectures", each, "names of classes");
    auto const name = each.get<std::string>();
    if (!is_class_of(name, families))
      throw error({errc::config_value, "is of another family", json.where("architectures"), in_quotes(name),
                   "classes of " + in_quotes(json.string("model_type")), "correct the one that is wrong"});
    bool const bare = name.find("For") == std::string::npos && name.find("Encoder") == std::string::npos;
    computed = computed || bare || name.ends_with(head);
  }
  if (!computed)
    throw error({errc::config_value, "is not supported", json.where("architectures"), json_file::text(*v),
                 "a class that ends with " + in_quotes(head), ""});
}

/// Keys that a query meets in a Mistral or Qwen2 with a window, where `sliding_window` has no size: 4096 if it is absent, all (0) if null.
/// Source  transformers, MistralConfig and Qwen2Config
[[nodiscard]] inline std::size_t usual_window(json_file const& json) { return json.names("sliding_window") ? 0 : 4096; }

/// Heads of keys of a Llama-shaped family where its config.json does not say how many: those of its class, or as many as heads where these are no
/// multiple of them, or null is said.
/// Source  transformers, LlamaConfig, MistralConfig and Qwen2Config
[[nodiscard]] inline std::size_t usual_key_heads(json_file const& json, std::string_view family, std::size_t heads) {
  std::size_t const usual = family == "mistral" ? 8 : family == "qwen2" ? 32 : heads;
  return json.names("num_key_value_heads") || heads % usual != 0 ? heads : usual;
}

/// Positions of such a family where its config.json does not say how many.
/// Source  transformers, LlamaConfig, MistralConfig and Qwen2Config
[[nodiscard]] inline std::size_t usual_positions(std::string_view family) noexcept {
  return family == "mistral" ? 131072 : family == "qwen2" ? 32768 : 2048;
}

/// layer_types, one a layer, where the pass has one kind of attention for all layers.
/// Errors  config_value for a kind that is not the pass's; config_conflict for another number of layers; file_format
inline void require_layer_types(json_file const& json, std::size_t layers, std::string_view kind) {
  auto const* v = json.find("layer_types");
  if (v == nullptr) return;
  if (!v->is_array()) throw json.wrong_type("layer_types", *v, "a list of kinds of layers");
  if (v->size() != layers)
    throw error({errc::config_conflict, "is not of one entry a layer", json.where("layer_types"),
                 std::to_string(v->size()) + " entries", std::to_string(layers), ""});
  for (auto const& each : *v)
    if (each != kind && !(kind.empty() && (each == "full_attention" || each == "sliding_attention")))
      throw error({errc::config_value, "is not the attention that the other keys say", json.where("layer_types"),
                   json_file::text(each),
                   kind.empty() ? "'full_attention', 'sliding_attention'" : in_quotes(kind) + " in all layers",
                   "windows in some layers only are not supported"});
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
