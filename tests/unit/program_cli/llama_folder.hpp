// A small Llama or Phi with a tokenizer, as a folder that the program reads: random weights, letters as tokens.
#pragma once

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace ohmic_test {

/// Writes config.json, model.safetensors (F32), tokenizer.json and calib.txt into a scratch folder.
inline void write_small_llama(scratch_folder const& folder, bool phi = false) {
  constexpr std::uint64_t width = 16, hidden = 24, vocabulary = 32;
  nlohmann::json config = {{"model_type", "llama"},       {"vocab_size", vocabulary}, {"hidden_size", width},
                           {"num_hidden_layers", 2},      {"num_attention_heads", 4}, {"num_key_value_heads", 2},
                           {"intermediate_size", hidden}, {"hidden_act", "silu"},     {"max_position_embeddings", 24},
                           {"rms_norm_eps", 1e-5},        {"bos_token_id", 0},        {"eos_token_id", {1, 2}}};
  if (phi) {
    config["model_type"] = "phi", config["num_key_value_heads"] = 4, config["hidden_act"] = "gelu_new";
    config["partial_rotary_factor"] = 0.5, config["layer_norm_eps"] = 1e-5;
  }
  nlohmann::json header;
  std::string data;
  std::uint32_t state = 1;
  auto const add = [&](std::string const& name, std::vector<std::uint64_t> const& shape, float around, float spread) {
    std::uint64_t n = 1;
    for (auto s : shape) n *= s;
    std::size_t const begin = data.size();
    for (std::uint64_t i = 0; i < n; ++i) {
      state = state * 1664525u + 1013904223u;
      float const v = around + spread * (static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
      data.append(reinterpret_cast<char const*>(&v), sizeof v);
    }
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  };
  add("model.embed_tokens.weight", {vocabulary, width}, 0.0f, 1.0f);
  add("lm_head.weight", {vocabulary, width}, 0.0f, 0.7f);
  if (phi) {
    auto const biased = [&](std::string const& name, std::uint64_t out, std::uint64_t in) {
      add(name + ".weight", {out, in}, 0.0f, 0.4f);
      add(name + ".bias", {out}, 0.0f, 0.1f);
    };
    auto const norm = [&](std::string const& name) {
      add(name + ".weight", {width}, 1.0f, 0.1f);
      add(name + ".bias", {width}, 0.0f, 0.1f);
    };
    add("lm_head.bias", {vocabulary}, 0.0f, 0.1f);
    norm("model.final_layernorm");
    for (std::string const l : {"0", "1"}) {
      std::string const at = "model.layers." + l + ".";
      norm(at + "input_layernorm");
      for (char const* part : {"q_proj", "k_proj", "v_proj", "dense"}) biased(at + "self_attn." + part, width, width);
      biased(at + "mlp.fc1", hidden, width);
      biased(at + "mlp.fc2", width, hidden);
    }
  } else {
    add("model.norm.weight", {width}, 1.0f, 0.1f);
  }
  for (std::string const l : {"0", "1"}) {
    if (phi) break;
    std::string const at = "model.layers." + l + ".";
    add(at + "input_layernorm.weight", {width}, 1.0f, 0.1f);
    add(at + "post_attention_layernorm.weight", {width}, 1.0f, 0.1f);
    for (char const* part : {"q_proj", "o_proj"}) add(at + "self_attn." + part + ".weight", {width, width}, 0.0f, 0.4f);
    for (char const* part : {"k_proj", "v_proj"})
      add(at + "self_attn." + part + ".weight", {width / 2, width}, 0.0f, 0.4f);
    for (char const* part : {"gate_proj", "up_proj"}) add(at + "mlp." + part + ".weight", {hidden, width}, 0.0f, 0.4f);
    add(at + "mlp.down_proj.weight", {width, hidden}, 0.0f, 0.4f);
  }
  nlohmann::json vocab = {{"<s>", 0}, {"</s>", 1}, {"<pad>", 2}, {"\xC4\xA0", 3}};  // the byte of a space
  for (int i = 0; i < 26; ++i) vocab[std::string(1, static_cast<char>('a' + i))] = 4 + i;
  vocab["th"] = 30, vocab["the"] = 31;
  nlohmann::json const first = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
                       text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  nlohmann::json special = nlohmann::json::array();
  for (int id = 0; id < 3; ++id)
    special.push_back({{"id", id}, {"content", id == 0 ? "<s>" : id == 1 ? "</s>" : "<pad>"}, {"special", true}});
  nlohmann::json const tokenizer = {
      {"added_tokens", special},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", nlohmann::json::array({first, text})},
        {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", nlohmann::json::array({0})}}}}}}},
      {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", nlohmann::json::array({"t h", "th e"})}}}};
  std::string const head = header.dump();
  std::string file(8, '\0');
  std::uint64_t const length = head.size();
  std::memcpy(file.data(), &length, 8);
  folder.write("config.json", config.dump());
  folder.write("model.safetensors", file + head + data);
  folder.write("tokenizer.json", tokenizer.dump());
  std::string lines;
  for (char const* line :
       {"the quick brown fox", "jumps over the lazy dog", "pack my box with five", "dozen liquor jugs"})
    lines += std::string(line) + "\n";
  folder.write("calib.txt", lines);
  folder.write("data.txt", "in the beginning was the word\nand the word was short\nand all that came after\n");
}

}  // namespace ohmic_test
