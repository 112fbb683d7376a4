// What the family of a model says where its config.json is silent: gated blocks, norms, who generates, windows.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

[[nodiscard]] inline bool one_of(std::string_view value, std::initializer_list<std::string_view> names) noexcept {
  for (auto n : names)
    if (n == value) return true;
  return false;
}
[[nodiscard]] inline bool starts_with_any(std::string_view value,
                                          std::initializer_list<std::string_view> names) noexcept {
  for (auto n : names)
    if (value.starts_with(n)) return true;
  return false;
}

/// Families, by the start of `model_type`. Source: their published configurations and papers.
[[nodiscard]] inline bool is_t5(std::string_view family) noexcept {
  return one_of(family, {"t5", "mt5", "umt5", "longt5", "byt5", "switch_transformers"});
}
[[nodiscard]] inline bool is_encoder_family(std::string_view family) noexcept {
  return one_of(family, {"bert",
                         "roberta",
                         "xlm-roberta",
                         "camembert",
                         "distilbert",
                         "electra",
                         "albert",
                         "mpnet",
                         "deberta",
                         "deberta-v2",
                         "convbert",
                         "mobilebert",
                         "squeezebert",
                         "vit",
                         "deit",
                         "beit",
                         "clip_text_model",
                         "clip_vision_model",
                         "siglip_vision_model",
                         "hubert",
                         "wav2vec2",
                         "wavlm",
                         "modernbert",
                         "nomic_bert",
                         "longformer",
                         "clip",
                         "layoutlm",
                         "big_bird",
                         "xlm",
                         "flaubert",
                         "new",
                         "siglip"});
}
[[nodiscard]] inline bool is_encoder_decoder_family(std::string_view family) noexcept {
  return is_t5(family) ||
         one_of(family, {"bart", "mbart", "marian", "pegasus", "m2m_100", "whisper", "blenderbot", "blenderbot-small",
                         "led", "speech_to_text", "fsmt", "plbart", "bigbird_pegasus"});
}
[[nodiscard]] inline bool is_decoder_family(std::string_view family) noexcept {
  return starts_with_any(
      family, {"gpt",     "llama",   "mllama", "mistral",    "mixtral",  "ministral", "qwen",   "gemma",    "phi",
               "opt",     "bloom",   "falcon", "RefinedWeb", "stablelm", "olmo",      "cohere", "deepseek", "minicpm",
               "granite", "chatglm", "glm",    "baichuan",   "internlm", "starcoder", "mpt",    "exaone",   "smollm",
               "codegen", "xglm",    "dbrx",   "persimmon",  "nemotron", "hunyuan",   "ernie4"});
}
/// Blocks of two products side by side, whatever the activation is called.
[[nodiscard]] inline bool is_gated_family(std::string_view family) noexcept {
  return starts_with_any(
      family, {"llama",    "mllama",   "mistral", "mixtral",  "ministral", "qwen",    "gemma",   "phi3",      "phimoe",
               "granite",  "olmo",     "cohere",  "stablelm", "deepseek",  "minicpm", "gpt_oss", "chatglm",   "glm",
               "baichuan", "internlm", "exaone",  "dbrx",     "smollm",    "hunyuan", "ernie4",  "modernbert"});
}
[[nodiscard]] inline bool is_plain_family(std::string_view family) noexcept {
  return one_of(family, {"phi", "phi-msft", "gpt2", "gpt_neo", "gpt_neox", "gptj", "gpt_bigcode", "opt", "bloom",
                         "falcon", "RefinedWeb", "RefinedWebModel", "mpt", "xlnet", "starcoder2", "nemotron", "xglm",
                         "codegen", "persimmon"}) ||
         (is_encoder_decoder_family(family) && !is_t5(family)) ||
         (is_encoder_family(family) && !one_of(family, {"modernbert", "nomic_bert", "new"}));
}
/// Family of a class that Hugging Face's files name in `architectures`; empty for others.
[[nodiscard]] inline std::string_view family_of_class(std::string_view name) noexcept {
  constexpr std::pair<std::string_view, std::string_view> classes[] = {
      {"GPT2", "gpt2"},       {"GPTNeoX", "gpt_neox"},
      {"GPTJ", "gptj"},       {"OPT", "opt"},
      {"Bloom", "bloom"},     {"Falcon", "falcon"},
      {"MPT", "mpt"},         {"Mpt", "mpt"},
      {"Llama", "llama"},     {"Mistral", "mistral"},
      {"Mixtral", "mixtral"}, {"Qwen2", "qwen2"},
      {"Gemma", "gemma"},     {"Phi", "phi"},
      {"Phi3", "phi3"},       {"Bert", "bert"},
      {"Roberta", "roberta"}, {"XLMRoberta", "xlm-roberta"},
      {"Albert", "albert"},   {"DistilBert", "distilbert"},
      {"Electra", "electra"}, {"T5", "t5"},
      {"Bart", "bart"},       {"MBart", "mbart"}};
  for (auto const& [of_class, family] : classes)
    if (name.starts_with(of_class))
      for (std::string_view rest : {"For", "Model", "LMHead", "EncoderModel"})
        if (name.substr(of_class.size()).starts_with(rest)) return family;
  return {};
}
/// RMS norm and rotary positions, whether or not the file has their keys.
[[nodiscard]] inline bool is_rms_rotary_family(std::string_view family) noexcept {
  return family != "phi3small" &&
         starts_with_any(family, {"llama", "mllama", "mistral", "mixtral", "ministral", "qwen", "gemma", "phi3",
                                  "deepseek", "minicpm", "granite", "internlm", "smollm", "gpt_oss", "hunyuan"});
}
/// Layers without attention, or with another kind of it in some layers: their sizes say nothing that is modelled here.
[[nodiscard]] inline bool is_recurrent_family(std::string_view family) noexcept {
  return starts_with_any(
      family, {"mamba", "falcon_mamba", "rwkv", "retnet", "jamba", "bamba", "zamba", "recurrent_gemma", "lfm2",
               "falcon_h1", "nemotron_h", "granitemoehybrid", "xlstm", "hyena"});
}

/// Layers of other products than attention of equal heads and one feed-forward block; nullptr for none. Bottlenecks,
/// products in groups, convolutions as heads, hashed attention.
[[nodiscard]] inline char const* other_products(std::string_view family) noexcept {
  if (family == "mobilebert") return "layers without bottlenecks";
  if (family == "squeezebert") return "products without groups";
  if (family == "convbert") return "layers whose heads all are attention";
  if (family == "reformer") return "attention of each query with all keys";
  if (family == "kimi_linear") return "models whose layers all have attention";
  return nullptr;
}
/// 4 x width is the family's own rule where its file has no size.
[[nodiscard]] inline bool is_four_fold_family(std::string_view family) noexcept {
  return one_of(family, {"gpt2", "gpt_neo", "gptj", "gpt_bigcode", "codegen", "bloom", "falcon", "RefinedWeb",
                         "RefinedWebModel", "mpt", "xlm", "flaubert"});
}

/// Activations known by name; a gated one brings its own second product.
/// Errors  config_value with the nearest name
[[nodiscard]] inline bool is_gated_activation(json_file const& json, std::string const& key, std::string const& name) {
  if (one_of(name, {"silu", "swiglu", "geglu", "reglu", "gegelu"}) || name.starts_with("gated")) return true;
  std::vector<std::string> const known{"gelu",          "gelu_new",
                                       "gelu_fast",     "gelu_pytorch_tanh",
                                       "gelu_python",   "gelu_python_tanh",
                                       "gelu_10",       "quick_gelu",
                                       "gelu_accurate", "relu",
                                       "relu2",         "relu6",
                                       "leaky_relu",    "swish",
                                       "tanh",          "sigmoid",
                                       "mish",          "linear",
                                       "laplace",       "elu",
                                       "silu",          "swiglu",
                                       "geglu",         "gegelu",
                                       "gated-gelu",    "gated-relu",
                                       "gated-silu"};
  for (auto const& n : known)
    if (n == name) return false;
  std::string const near = nearest_name(name, known);
  throw error({errc::config_value, "no activation of that name", json.where(key), in_quotes(name), joined(known),
               near.empty() ? "" : "did you mean '" + near + "'?"});
}

/// Width of a head where a file does not name it; 0: hidden_size / num_attention_heads.
/// Source  the families' published configuration classes
[[nodiscard]] inline std::size_t usual_head_width(std::string_view family) noexcept {
  if (family == "qwen3") return 128;
  return one_of(family, {"gemma", "gemma2", "gemma3"}) ? 256 : 0;
}

/// Sizes that files leave out because they are the family's own; only inside a `text_config`, which is saved that way.
/// Source  the families' published configuration classes
[[nodiscard]] inline std::size_t usual_size(std::string_view family, std::string_view key) noexcept {
  struct row {
    std::string_view family;
    std::array<std::pair<std::string_view, std::size_t>, 7> sizes;
  };
  static constexpr row rows[] = {
      {"llama",
       {{{"hidden_size", 4096},
         {"intermediate_size", 11008},
         {"num_hidden_layers", 32},
         {"num_attention_heads", 32},
         {"vocab_size", 32000},
         {"", 0},
         {"", 0}}}},
      {"mistral",
       {{{"hidden_size", 4096},
         {"intermediate_size", 14336},
         {"num_hidden_layers", 32},
         {"num_attention_heads", 32},
         {"num_key_value_heads", 8},
         {"vocab_size", 32000},
         {"", 0}}}},
      {"gemma3",
       {{{"hidden_size", 2304},
         {"intermediate_size", 9216},
         {"num_hidden_layers", 26},
         {"num_attention_heads", 8},
         {"num_key_value_heads", 4},
         {"head_dim", 256},
         {"vocab_size", 262208}}}},
  };
  for (auto const& r : rows)
    if (r.family == family)
      for (auto const& [name, value] : r.sizes)
        if (name == key) return value;
  return 0;
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
