// Reading Llama folders: sizes and settings, one file or several, half-precision values, and what does not fit.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/llama.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic::model;
using ohmic::errc;
using ohmic_test::check_failure;
using ohmic_test::failure;

/// A Llama as the contents of a folder. Values are multiples of 1/64 below 4, which F16 and BF16 hold too.
struct llama_folder {
  nlohmann::json config = {{"model_type", "llama"},
                           {"vocab_size", 23},
                           {"hidden_size", 12},
                           {"num_hidden_layers", 2},
                           {"num_attention_heads", 4},
                           {"num_key_value_heads", 2},
                           {"head_dim", 6},
                           {"intermediate_size", 20},
                           {"hidden_act", "silu"},
                           {"max_position_embeddings", 80},
                           {"rms_norm_eps", 1e-5},
                           {"rope_theta", 10000.0},
                           {"tie_word_embeddings", false}};
  struct tensor {
    std::vector<std::uint64_t> shape;
    std::vector<float> values;
  };
  std::map<std::string, tensor> tensors;
  ohmic_test::temporary_folder folder;

  explicit llama_folder(bool biases = false) {
    linear("self_attn.q_proj", 24, 12, biases);
    linear("self_attn.k_proj", 12, 12, biases);
    linear("self_attn.v_proj", 12, 12, biases);
    linear("self_attn.o_proj", 12, 24, false);
    linear("mlp.gate_proj", 20, 12, false);
    linear("mlp.up_proj", 20, 12, false);
    linear("mlp.down_proj", 12, 20, false);
    for (std::string const l : {"0", "1"})
      for (char const* norm : {"input_layernorm", "post_attention_layernorm"})
        add("model.layers." + l + "." + norm + ".weight", {12});
    add("model.embed_tokens.weight", {23, 12});
    add("model.norm.weight", {12});
    add("lm_head.weight", {23, 12});
  }
  void linear(std::string const& name, std::uint64_t out, std::uint64_t in, bool bias) {
    for (std::string const l : {"0", "1"}) {
      add("model.layers." + l + "." + name + ".weight", {out, in});
      if (bias) add("model.layers." + l + "." + name + ".bias", {out});
    }
  }
  void add(std::string const& name, std::vector<std::uint64_t> const& shape) {
    std::uint64_t n = 1;
    for (auto s : shape) n *= s;
    tensor t{shape, {}};
    for (std::uint64_t i = 0; i < n; ++i) {
      t.values.push_back(static_cast<float>(static_cast<int>(next_ % 255) - 127) / 64.0f);
      next_ = next_ * 7 + 3;
    }
    tensors[name] = t;
  }

  [[nodiscard]] std::string bytes(std::string const& dtype, std::vector<std::string> const& names) const {
    nlohmann::json header;
    std::string data;
    for (auto const& name : names) {
      auto const& t = tensors.at(name);
      std::string raw;
      for (float v : t.values) raw += dtype == "F32" ? ohmic_test::raw_bytes(std::vector{v}) : half(dtype, v);
      header[name] = {{"dtype", dtype}, {"shape", t.shape}, {"data_offsets", {data.size(), data.size() + raw.size()}}};
      data += raw;
    }
    return ohmic_test::safetensors_bytes(header.dump(), data);
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto const& [name, t] : tensors) all.push_back(name);
    return all;
  }
  void write(std::string const& name, std::string const& text) const {
    std::ofstream(folder.path() / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::filesystem::path const& whole(std::string const& dtype = "F32") const {
    write("config.json", config.dump());
    write("model.safetensors", bytes(dtype, names()));
    return folder.path();
  }
  /// Every third tensor in the same file.
  [[nodiscard]] std::filesystem::path const& sharded() const {
    write("config.json", config.dump());
    std::vector<std::vector<std::string>> parts(3);
    nlohmann::json map;
    std::size_t at = 0;
    for (auto const& name : names()) {
      map[name] = "model-" + std::to_string(at % 3) + ".safetensors";
      parts[at++ % 3].push_back(name);
    }
    for (std::size_t p = 0; p < 3; ++p) write("model-" + std::to_string(p) + ".safetensors", bytes("F32", parts[p]));
    write("model.safetensors.index.json",
          nlohmann::json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump());
    return folder.path();
  }

 private:
  /// The upper bits of a float, exact for these values; F16 has another exponent.
  static std::string half(std::string const& dtype, float v) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &v, 4);
    auto const bf = static_cast<std::uint16_t>(bits >> 16);
    if (dtype == "BF16") return ohmic_test::raw_bytes(std::vector{bf});
    std::uint32_t const sign = bits >> 16 & 0x8000u, mantissa = bits >> 13 & 0x3FFu;
    int const exponent = static_cast<int>(bits >> 23 & 0xFFu) - 127 + 15;
    auto const f16 =
        static_cast<std::uint16_t>(v == 0.0f ? sign : sign | static_cast<std::uint32_t>(exponent) << 10 | mantissa);
    return ohmic_test::raw_bytes(std::vector{f16});
  }
  std::uint32_t next_ = 1;
};

ohmic::error llama_refusal(llama_folder const& f) {
  return failure([&] { static_cast<void>(read_llama(f.whole())); });
}

}  // namespace

TEST_CASE("a Llama is read with its sizes, settings and every weight in its place") {
  llama_folder const f;
  auto const m = read_llama(f.whole());
  CHECK(m.config == ohmic_test::tiny_llama_sizes());
  CHECK_NOTHROW(validate(m));
  auto const equal = [&](ohmic::matrix<float> const& got, std::string const& name) {
    return std::vector<float>(got.flat().begin(), got.flat().end()) == f.tensors.at(name).values;
  };
  CHECK(equal(m.word, "model.embed_tokens.weight"));
  CHECK(equal(m.head.weight, "lm_head.weight"));
  CHECK(m.final_norm.gamma == f.tensors.at("model.norm.weight").values);
  CHECK(!m.final_norm.centred);
  for (std::size_t l = 0; l < 2; ++l) {
    auto const& w = m.layers[l];
    std::string const at = "model.layers." + std::to_string(l) + ".";
    CHECK(equal(w.query.weight, at + "self_attn.q_proj.weight"));
    CHECK(equal(w.key.weight, at + "self_attn.k_proj.weight"));
    CHECK(equal(w.value.weight, at + "self_attn.v_proj.weight"));
    CHECK(equal(w.attention_output.weight, at + "self_attn.o_proj.weight"));
    CHECK(equal(w.gate.weight, at + "mlp.gate_proj.weight"));
    CHECK(equal(w.up.weight, at + "mlp.up_proj.weight"));
    CHECK(equal(w.down.weight, at + "mlp.down_proj.weight"));
    CHECK(w.attention_norm.gamma == f.tensors.at(at + "input_layernorm.weight").values);
    CHECK(w.output_norm.gamma == f.tensors.at(at + "post_attention_layernorm.weight").values);
    CHECK(w.query.bias.empty());
  }
}

TEST_CASE("half-precision and sharded folders give the same Llama") {
  auto const m = read_llama(llama_folder().whole());
  CHECK(read_llama(llama_folder().whole("F16")) == m);
  CHECK(read_llama(llama_folder().whole("BF16")) == m);
  CHECK(read_llama(llama_folder().sharded()) == m);
}

TEST_CASE("tied embeddings need no head, Qwen2 has biases of queries, keys and values") {
  llama_folder f;
  f.config["tie_word_embeddings"] = true;
  f.tensors.erase("lm_head.weight");
  auto const m = read_llama(f.whole());
  CHECK(m.head.weight == m.word);
  llama_folder q(true);
  q.config["model_type"] = "qwen2";
  auto const with = read_llama(q.whole());
  CHECK(with.layers[1].key.bias == q.tensors.at("model.layers.1.self_attn.k_proj.bias").values);
  CHECK(with.layers[1].attention_output.bias.empty());
  CHECK_NOTHROW(validate(with));
}

TEST_CASE("a Llama with tensors in its layers that nothing reads is refused, with stored angles it is not") {
  for (std::string const part :
       {"self_attn.q_norm.weight", "self_attn.k_norm.weight", "self_attn.q_proj.lora_A.weight",
        "self_attn.q_proj.weight_scale", "mlp.experts.0.up_proj.weight", "post_feedforward_layernorm.weight"}) {
    llama_folder f;
    f.add("model.layers.1." + part, {6});
    check_failure(llama_refusal(f), errc::file_format, {"model.layers.1." + part, "no part of the model"});
  }
  llama_folder head, fine, other;
  head.add("lm_head.bias", {23});
  check_failure(llama_refusal(head), errc::file_format, {"lm_head.bias", "no part of the model"});
  for (char const* name : {"model.layers.0.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq", "score.weight",
                           "v_head.summary.weight"})
    fine.add(name, {3});
  CHECK(read_llama(fine.whole()) == read_llama(llama_folder().whole()));
  CHECK(read_llama(fine.whole(), matrices::in_files).layers.size() == 2);
  other.config["tie_word_embeddings"] = true;
  check_failure(llama_refusal(other), errc::config_conflict, {"lm_head.weight", "model.embed_tokens.weight"});
  other.tensors["lm_head.weight"] = other.tensors.at("model.embed_tokens.weight");
  CHECK_NOTHROW(read_llama(other.whole()));
}

TEST_CASE("scaled rotations are read from either form") {
  llama_folder f;
  f.config["rope_theta"] = 500000.0;
  f.config["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", 8.0},
                              {"low_freq_factor", 1.0},
                              {"high_freq_factor", 4.0},
                              {"original_max_position_embeddings", 40}};
  auto const r = read_llama(f.whole()).config.rotation;
  CHECK(r == ohmic::rotary_config{500000.0f, ohmic::rotary_scaling::llama3, 8.0f, 1.0f, 4.0f, 40});
  f.config["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};
  CHECK(read_llama(f.whole()).config.rotation.scaling == ohmic::rotary_scaling::linear);
  f.config.erase("rope_scaling");
  f.config.erase("rope_theta");
  f.config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 1e6}};
  CHECK(read_llama(f.whole()).config.rotation == ohmic::rotary_config{1e6f});
}

TEST_CASE("settings of a Llama that the pass does not have are refused by key") {
  auto const with = [](char const* key, nlohmann::json value, std::string const& model = "llama") {
    llama_folder f;
    f.config["model_type"] = model;
    f.config[key] = std::move(value);
    return llama_refusal(f);
  };
  check_failure(with("model_type", "gemma", "gemma"), errc::config_value, {"model_type", "gemma"});
  check_failure(with("hidden_act", "quick_gelu"), errc::config_value, {"hidden_act", "'silu', 'swish'"});
  check_failure(with("rope_scaling", {{"rope_type", "yarn"}, {"factor", 2}}), errc::config_value,
                {"rope_scaling.rope_type", "yarn"});
  check_failure(with("rope_scaling", {{"type", "dynamic"}, {"factor", 2}}), errc::config_value,
                {"rope_scaling.type", "dynamic"});
  check_failure(with("rope_scaling", {{"rope_type", "llama3"}, {"factor", 2}}), errc::missing_entry,
                {"low_freq_factor"});
  check_failure(with("rope_scaling", {{"rope_type", "linear"}, {"factor", 0.5}}), errc::config_value, {"factor"});
  check_failure(with("partial_rotary_factor", 0.5), errc::config_value, {"partial_rotary_factor"});
  check_failure(with("sliding_window", 0, "mistral"), errc::config_value, {"sliding_window"});
  check_failure(with("num_key_value_heads", 3), errc::config_conflict, {"key_heads"});
  check_failure(with("head_dim", 5), errc::config_value, {"head_width"});
  check_failure(with("hidden_size", 16), errc::shape, {"hidden_size", "[23, 12]"});
  check_failure(with("num_hidden_layers", 1), errc::shape, {"model.layers.1", "num_hidden_layers"});
  check_failure(with("num_hidden_layers", 3), errc::missing_entry, {"model.layers.2"});
  check_failure(with("attention_bias", true), errc::missing_entry, {"q_proj.bias"});
  CHECK_NOTHROW(read_llama([] {
    static llama_folder f;
    f.config["model_type"] = "mistral";
    f.config["sliding_window"] = 80;
    return f.whole();
  }()));
  check_failure(llama_refusal(llama_folder(true)), errc::shape, {"bias", "attention_bias"});
}

TEST_CASE("the activation of a Llama is the one that its file names, SiLU without a name") {
  auto const named = [](nlohmann::json const& name) {
    llama_folder f;
    f.config["hidden_act"] = name;
    return read_llama(f.whole()).config.hidden_activation;
  };
  CHECK(named("swish") == ohmic::activation::silu);
  CHECK(named(nullptr) == ohmic::activation::silu);
  CHECK(named("gelu_pytorch_tanh") == ohmic::activation::gelu_tanh);
}

TEST_CASE("keys of biases that the class of a Mistral or Qwen2 does not look at are not looked at") {
  auto const read = [](char const* family, bool biases) {
    llama_folder f(family == std::string("qwen2") || biases);
    f.config["model_type"] = family;
    f.config.update({{"attention_bias", true}, {"mlp_bias", true}});
    return read_llama(f.whole());
  };
  CHECK(read("mistral", false).layers[0].query.bias.empty());
  CHECK(read("qwen2", false).layers[0].gate.bias.empty());
  // Tensors that the class would leave unread.
  check_failure(failure([&] { static_cast<void>(read("mistral", true)); }), errc::shape,
                {"model.safetensors, tensor 'model.layers.0.self_attn.k_proj.bias'", "does not speak of"});
}

TEST_CASE("a bare Llama is read where its head is its embeddings, and refused where it has none") {
  for (char const* family : {"llama", "mistral", "qwen2"}) {
    CAPTURE(family);
    llama_folder f(family == std::string("qwen2"));
    f.config["model_type"] = family;
    f.config["tie_word_embeddings"] = true;
    f.tensors.erase("lm_head.weight");
    auto const whole = read_llama(f.whole());
    for (auto const& name : f.names()) {
      auto node = f.tensors.extract(name);
      node.key() = name.substr(std::string("model.").size());
      f.tensors.insert(std::move(node));
    }
    CHECK(read_llama(f.whole()) == whole);
    auto const left = read_llama(f.whole(), matrices::in_files);
    CHECK(left.layers[1].gate.outputs() == 20);
    std::size_t matrices_read = 0;
    for_each_projection(left, [&](ohmic::program::site, auto const& w) { matrices_read += w.weight.empty() ? 0 : 1; });
    CHECK(matrices_read == 15);
    f.config["num_hidden_layers"] = 1;
    check_failure(llama_refusal(f), errc::shape, {"'layers.1.", "belongs to no layer"});
    f.config["num_hidden_layers"] = 2;
    f.config["tie_word_embeddings"] = false;
    check_failure(llama_refusal(f), errc::missing_entry,
                  {"tensor 'lm_head.weight'", "a bare model has no head", "tie_word_embeddings"});
    f.config["tie_word_embeddings"] = true;
    f.add("layers.0.self_attn.q_norm.weight", {6});
    check_failure(llama_refusal(f), errc::file_format, {"'layers.0.self_attn.q_norm.weight'", "no part of the model"});
  }
}

TEST_CASE("keys of a Llama that contradict each other are refused, those that agree are not") {
  auto const with = [](nlohmann::json const& changes) {
    llama_folder f;
    f.config.update(changes);
    return llama_refusal(f);
  };
  nlohmann::json const linear = {{"rope_type", "linear"}, {"factor", 4.0}, {"rope_theta", 10000.0}};
  check_failure(with({{"rope_scaling", linear}, {"rope_parameters", {{"rope_type", "default"}}}}),
                errc::config_conflict, {"rope_scaling", "rope_parameters"});
  CHECK(with({{"rope_scaling", {{"type", "linear"}, {"factor", 4.0}}}, {"rope_parameters", linear}}).code() == errc{});
  check_failure(with({{"rope_theta", 10.0}, {"rope_parameters", linear}}), errc::config_conflict,
                {"rope_parameters.rope_theta", "10.0 as in 'rope_theta'"});
  check_failure(with({{"rope_scaling", {{"type", "yarn"}, {"rope_type", "default"}, {"factor", 4.0}}}}),
                errc::config_conflict, {"rope_scaling.type", "yarn", "'default' as in"});
  for (char const* inner : {"rope_scaling", "rope_parameters"}) {
    check_failure(with({{inner, {{"factor", 4.0}}}}), errc::missing_entry, {std::string(inner) + ".rope_type"});
    check_failure(with({{inner, {{"rope_type", "default"}, {"partial_rotary_factor", 0.5}}}}), errc::config_value,
                  {std::string(inner) + ".partial_rotary_factor", "got 0.5", "whole heads"});
  }
  CHECK(with({{"rope_parameters", {{"partial_rotary_factor", 1.0}}}}).code() == errc{});
  check_failure(with({{"quantization_config", {{"quant_method", "gptq"}, {"bits", 4}}}}), errc::config_value,
                {"quantization_config", "gptq"});
  CHECK(with({{"quantization_config", {{"quant_method", "compressed-tensors"}, {"format", "int-quantized"}}}}).code() ==
        errc{});
  auto const codes = [&](nlohmann::json const& changes, nlohmann::json const& group = nlohmann::json::object()) {
    nlohmann::json weights = {{"num_bits", 8},         {"type", "int"},         {"symmetric", true},
                              {"strategy", "channel"}, {"group_size", nullptr}, {"dynamic", false}};
    weights.update(changes);
    nlohmann::json all = {{"weights", weights}, {"targets", {"Linear"}}, {"format", nullptr}};
    all.update(group);
    return with({{"quantization_config",
                  {{"quant_method", "compressed-tensors"},
                   {"format", "int-quantized"},
                   {"config_groups", {{"group_0", all}}}}}});
  };
  for (nlohmann::json const& read :
       {nlohmann::json::object(), nlohmann::json{{"strategy", "tensor"}}, nlohmann::json{{"group_size", -1}}})
    CHECK(codes(read).code() == errc{});
  std::string const at = "quantization_config.config_groups.group_0.";
  check_failure(codes({{"num_bits", 4}}), errc::config_value, {at + "weights.num_bits", "got 4"});
  check_failure(codes({{"num_bits", {{"mlp", 4}}}}), errc::config_value, {at + "weights.num_bits"});
  check_failure(codes({{"type", "float"}}), errc::config_value, {at + "weights.type", "float"});
  check_failure(codes({{"symmetric", false}}), errc::config_value, {at + "weights.symmetric", "got false"});
  check_failure(codes({{"strategy", "group"}}), errc::config_value, {at + "weights.strategy", "group"});
  check_failure(codes({{"group_size", 128}}), errc::config_value, {at + "weights.group_size", "got 128"});
  check_failure(codes(nlohmann::json::object(), {{"format", "pack-quantized"}}), errc::config_value,
                {at + "format", "pack-quantized"});
  check_failure(codes(nlohmann::json::object(), {{"weights", 8}}), errc::file_format, {at + "weights"});
  check_failure(with({{"architectures", {"LlamaForSequenceClassification"}}}), errc::config_value,
                {"architectures", "LlamaForSequenceClassification", "'ForCausalLM'"});
  check_failure(with({{"architectures", {1}}}), errc::file_format, {"architectures"});
  for (char const* name : {"GPT2ForCausalLM", "Qwen2ForCausalLM", "GPT2LMHeadModel", "Llama4ForCausalLM", "Llama"})
    check_failure(with({{"architectures", nlohmann::json::array({name})}}), errc::config_value,
                  {"architectures", name, "another family", "classes of 'llama'"});
  check_failure(with({{"architectures", {"LlamaForCausalLM", "GPTJForCausalLM"}}}), errc::config_value,
                {"'GPTJForCausalLM'"});
  for (char const* name : {"LlamaForCausalLM", "LLaMAForCausalLM", "YiForCausalLM", "LlamaModel", "MistralForCausalLM",
                           "FSDPLlamaForCausalLM", "PeftModelForCausalLM"})
    CHECK(with({{"architectures", nlohmann::json::array({name})}}).code() == errc{});
}

TEST_CASE("kinds of layers are read where all are of one, and refused where the window says otherwise") {
  auto const with = [](char const* family, std::vector<std::string> const& types, nlohmann::json const& changes) {
    llama_folder f(std::string(family) == "qwen2");
    f.config["model_type"] = family;
    f.config["layer_types"] = types;
    f.config.update(changes);
    return llama_refusal(f);
  };
  std::vector<std::string> const full(2, "full_attention"), sliding(2, "sliding_attention");
  nlohmann::json const none = nlohmann::json::object(), window = {{"sliding_window", 16}},
                       qwen = {{"sliding_window", 16}, {"use_sliding_window", true}, {"max_window_layers", 0}},
                       wide = {{"sliding_window", 4096}, {"use_sliding_window", true}, {"max_window_layers", 0}};
  CHECK(with("llama", full, none).code() == errc{});
  CHECK(with("mistral", sliding, window).code() == errc{});
  CHECK(with("qwen2", full, window).code() == errc{});
  CHECK(with("qwen2", sliding, qwen).code() == errc{});
  CHECK(with("qwen2", {full[0], sliding[0]}, wide).code() == errc{});
  check_failure(with("llama", sliding, none), errc::config_value, {"layer_types", "sliding_attention"});
  check_failure(with("mistral", full, window), errc::config_value, {"layer_types", "full_attention"});
  check_failure(with("qwen2", full, qwen), errc::config_value, {"layer_types", "full_attention"});
  check_failure(with("qwen2", {full[0], sliding[0]}, window), errc::config_value, {"layer_types"});
  check_failure(with("qwen2", {full[0], "chunked_attention"}, wide), errc::config_value, {"chunked_attention"});
  check_failure(with("qwen2", {full[0]}, none), errc::config_conflict, {"layer_types", "1 entries"});
}

TEST_CASE("a Mistral's window is read, a Qwen2's where all layers have it") {
  llama_folder f;
  f.config["sliding_window"] = 16;
  CHECK(read_llama(f.whole()).config.window == 0);  // a Llama has none
  f.config["model_type"] = "mistral";
  CHECK(read_llama(f.whole()).config.window == 16);
  llama_folder q(true);
  q.config["model_type"] = "qwen2";
  q.config["sliding_window"] = 16;
  q.config["max_window_layers"] = 1;
  CHECK(read_llama(q.whole()).config.window == 0);
  q.config["use_sliding_window"] = true;
  check_failure(llama_refusal(q), errc::config_value, {"max_window_layers"});
  q.config["max_window_layers"] = 0;
  CHECK(read_llama(q.whole()).config.window == 16);
  q.config.erase("max_window_layers");  // 28
  CHECK(read_llama(q.whole()).config.window == 0);
  q.config["max_window_layers"] = 2;  // from the layer after the last: none has it
  CHECK(read_llama(q.whole()).config.window == 0);
}

TEST_CASE("sizes that a Llama's file leaves out are those of its class") {
  llama_folder f;
  auto const read = [&] { return read_llama_config(f.folder.write("config.json", f.config.dump())).config; };
  f.config["num_attention_heads"] = 32;
  f.config["head_dim"] = 6;
  f.config.erase("num_key_value_heads");
  f.config.erase("max_position_embeddings");
  auto const expect = [&](char const* family, std::size_t keys, std::size_t positions) {
    f.config["model_type"] = family;
    f.config.erase("num_key_value_heads");
    CHECK(read().key_heads == keys);
    CHECK(read().positions == positions);
    f.config["num_key_value_heads"] = nullptr;
    CHECK(read().key_heads == 32);
  };
  expect("llama", 32, 2048);
  expect("mistral", 8, 131072);
  expect("qwen2", 32, 32768);
}

TEST_CASE("a window whose size is not in the file is the class's, and null means none") {
  llama_folder f;
  f.config["model_type"] = "mistral";
  f.config["max_position_embeddings"] = 8192;
  CHECK(read_llama(f.whole()).config.window == 4096);
  f.config["sliding_window"] = nullptr;
  CHECK(read_llama(f.whole()).config.window == 0);
  llama_folder q(true);
  q.config.update({{"model_type", "qwen2"}, {"max_position_embeddings", 8192}, {"max_window_layers", 0}});
  CHECK(read_llama(q.whole()).config.window == 0);
  q.config["use_sliding_window"] = true;
  CHECK(read_llama(q.whole()).config.window == 4096);
  q.config["sliding_window"] = nullptr;
  CHECK(read_llama(q.whole()).config.window == 0);
}

TEST_CASE("an index that does not fit its folder is refused") {
  auto const spoiled = [](auto const& spoil) {
    llama_folder const f;
    auto const folder = f.sharded();
    nlohmann::json index = nlohmann::json::parse(std::ifstream(folder / "model.safetensors.index.json"));
    spoil(index, folder);
    f.write("model.safetensors.index.json", index.dump());
    return failure([&] { static_cast<void>(read_llama(folder)); });
  };
  check_failure(spoiled([](auto& j, auto&) { j["weight_map"]["model.norm.weight"] = "../model-0.safetensors"; }),
                errc::file_format, {"model.norm.weight", "without folders"});
  check_failure(spoiled([](auto& j, auto&) { j["weight_map"]["model.norm.weight"] = 3; }), errc::file_format,
                {"model.norm.weight"});
  // A copy of a tied tensor, say, that no file has: nothing needs it.
  CHECK(spoiled([](auto& j, auto&) { j["weight_map"]["extra.weight"] = "model-0.safetensors"; }).code() == errc{});
  check_failure(spoiled([](auto&, auto& folder) { std::filesystem::remove(folder / "model-1.safetensors"); }),
                errc::file_missing, {"model-1.safetensors"});
  check_failure(spoiled([](auto& j, auto&) { j.erase("weight_map"); }), errc::missing_entry, {"weight_map"});
  check_failure(spoiled([](auto& j, auto&) { j["weight_map"] = nlohmann::json::object(); }), errc::file_format,
                {"weight_map"});
}

TEST_CASE("a tensor that the index does not name is there; one that lies in two files is refused") {
  llama_folder f;
  f.add("model.layers.0.self_attn.q_proj.bias", {24});
  auto const folder = f.sharded();
  auto const whole = nlohmann::json::parse(std::ifstream(folder / "model.safetensors.index.json"));
  auto index = whole;
  index["weight_map"].erase("model.layers.0.self_attn.q_proj.bias");
  f.write("model.safetensors.index.json", index.dump());
  auto const read = [&] { return failure([&] { static_cast<void>(safetensors_folder(folder)); }); };
  CHECK(read().code() == errc{});
  CHECK(safetensors_folder(folder).contains("model.layers.0.self_attn.q_proj.bias"));
  f.write("model.safetensors.index.json", whole.dump());
  CHECK(read().code() == errc{});
  std::string const other = whole["weight_map"]["lm_head.weight"] == "model-0.safetensors" ? "1" : "0";
  f.write("model-" + other + ".safetensors", f.bytes("F32", f.names()));
  check_failure(read(), errc::file_format, {"weight_map", "lies in two files"});
}

TEST_CASE("a file that shrinks after its header was read is an error") {
  llama_folder const f;
  auto const folder = f.sharded();
  safetensors_folder files(folder);
  std::filesystem::resize_file(folder / "model-0.safetensors", 900);
  std::filesystem::resize_file(folder / "model-1.safetensors", 900);
  std::filesystem::resize_file(folder / "model-2.safetensors", 900);
  check_failure(failure([&] { static_cast<void>(files.read_matrix("lm_head.weight", 23, 12)); }), errc::file_truncated,
                {"lm_head.weight", "ended while it was read"});
}

TEST_CASE("matrices that are left in their files are read where they are used, and are the same") {
  llama_folder f(true);
  f.config["attention_bias"] = false;
  f.config["model_type"] = "qwen2";
  auto const folder = f.sharded();
  auto const whole = read_llama(folder), left = read_llama(folder, matrices::in_files);
  CHECK_NOTHROW(validate(left));
  CHECK(left.layers[1].gate.weight.empty());
  CHECK(left.layers[1].gate.outputs() == 20);
  CHECK(left.layers[1].key.bias == whole.layers[1].key.bias);
  std::vector<linear_weights> a, b;
  for_each_projection(whole, [&](ohmic::program::site, auto const& w) { a.push_back(w); });
  for_each_projection(left, [&](ohmic::program::site, auto const& w) { b.push_back(w); });
  CHECK(a == b);
  std::vector<std::int32_t> const text{3, 1, 4, 1, 5};
  auto const logits = [&](llama const& m, bool in_files) {
    auto const weights = fp32_weights_of(m, in_files);
    fp32_engine e(weights);
    return forward(e, m, text);
  };
  CHECK(logits(left, true) == logits(whole, false));
  CHECK(logits(left, false) == logits(whole, false));
}

TEST_CASE("files that shrink or hold no numbers while a model runs from them are errors") {
  llama_folder const f;
  auto const folder = f.whole();
  auto const m = read_llama(folder, matrices::in_files);
  auto const weights = fp32_weights_of(m, true);
  std::filesystem::resize_file(folder / "model.safetensors", 2500);
  check_failure(failure([&] {
                  fp32_engine e(weights);
                  static_cast<void>(forward(e, m, std::vector<std::int32_t>{1, 2}));
                }),
                errc::file_truncated, {"model.layers.", "ended while it was read"});
  llama_folder spoiled;
  spoiled.tensors["model.layers.1.mlp.up_proj.weight"].values[7] = std::numeric_limits<float>::infinity();
  auto const other = read_llama(spoiled.whole(), matrices::in_files);
  check_failure(failure([&] { for_each_projection(other, [](ohmic::program::site, auto const&) {}); }), errc::value,
                {"layers.1.mlp.up_proj", "element 7"});
}
