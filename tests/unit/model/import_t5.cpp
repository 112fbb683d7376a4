// Reading T5 folders: what comes back is what was written, matrices in memory or left in their files, and what does not fit.
#include <cstdint>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/t5.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"
#include "support/tiny_t5.hpp"

namespace {

using namespace ohmic::model;
using ohmic::errc;
using ohmic_test::check_failure;
using ohmic_test::failure;

/// A T5 as the contents of a folder of Hugging Face's names.
struct t5_folder {
  t5 m;
  nlohmann::json config;
  ohmic_test::tensor_map tensors;
  ohmic_test::temporary_folder folder;

  explicit t5_folder(bool gated = false) : m(ohmic_test::tiny_t5(ohmic_test::tiny_t5_sizes(gated))) {
    auto const& c = m.config;
    config = {{"model_type", "t5"},
              {"vocab_size", c.vocabulary},
              {"d_model", c.width},
              {"d_kv", c.head_width},
              {"d_ff", c.hidden},
              {"num_heads", c.heads},
              {"num_layers", c.encoder_layers},
              {"num_decoder_layers", c.decoder_layers},
              {"relative_attention_num_buckets", c.buckets},
              {"relative_attention_max_distance", c.reach},
              {"n_positions", c.positions},
              {"layer_norm_epsilon", 1e-5},
              {"decoder_start_token_id", c.start}};
    if (gated) config["feed_forward_proj"] = "gated-gelu", config["tie_word_embeddings"] = false;
    put("shared", m.word);
    std::string const bias = ".block.0.layer.0.SelfAttention.relative_attention_bias";
    put("encoder" + bias, m.encoder_bias);
    put("decoder" + bias, m.decoder_bias);
    for (std::size_t l = 0; l < m.encoder.size(); ++l) {
      std::string const at = "encoder.block." + std::to_string(l) + ".layer.";
      attention(at + "0.", "SelfAttention.", m.encoder[l].attention);
      block(at + "1.", m.encoder[l].block);
    }
    for (std::size_t l = 0; l < m.decoder.size(); ++l) {
      std::string const at = "decoder.block." + std::to_string(l) + ".layer.";
      attention(at + "0.", "SelfAttention.", m.decoder[l].self);
      attention(at + "1.", "EncDecAttention.", m.decoder[l].cross);
      block(at + "2.", m.decoder[l].block);
    }
    norm("encoder.final_layer_norm", m.encoder_norm);
    norm("decoder.final_layer_norm", m.decoder_norm);
    if (gated) put("lm_head", m.head.weight);
  }
  void put(std::string const& name, ohmic::matrix<float> const& w) {
    tensors.tensors[name + ".weight"] = {{w.rows(), w.cols()}, {w.flat().begin(), w.flat().end()}};
  }
  void norm(std::string const& name, norm_weights const& n) {
    tensors.tensors[name + ".weight"] = {{n.gamma.size()}, n.gamma};
  }
  void attention(std::string const& at, std::string const& name, t5_attention const& a) {
    norm(at + "layer_norm", a.norm);
    put(at + name + "q", a.query);
    put(at + name + "k", a.key);
    put(at + name + "v", a.value);
    put(at + name + "o", a.output);
  }
  void block(std::string const& at, t5_block const& b) {
    norm(at + "layer_norm", b.norm);
    put(at + (m.config.gated ? "DenseReluDense.wi_0" : "DenseReluDense.wi"), b.inner);
    if (m.config.gated) put(at + "DenseReluDense.wi_1", b.gate);
    put(at + "DenseReluDense.wo", b.down);
  }
  void put(std::string const& name, linear_weights const& l) { put(name, l.weight); }

  [[nodiscard]] t5 read(matrices kept = matrices::in_memory) const {
    folder.write("config.json", config.dump());
    folder.write("model.safetensors", tensors.bytes());
    return read_t5(folder.path(), kept);
  }
  void refused(errc code, std::vector<std::string> const& parts) const {
    check_failure(failure([&] { static_cast<void>(read()); }), code, parts);
  }
};

}  // namespace

TEST_CASE("a T5 comes back from its folder as it was, with ReLU and tied or gated and untied") {
  for (bool gated : {false, true}) {
    t5_folder const f(gated);
    CHECK((f.read() == f.m));
  }
}

TEST_CASE("what a T5's config.json leaves out has the published defaults") {
  t5_folder f;
  for (char const* key : {"num_decoder_layers", "relative_attention_num_buckets", "relative_attention_max_distance",
                          "n_positions", "layer_norm_epsilon", "decoder_start_token_id"})
    f.config.erase(key);
  f.folder.write("config.json", f.config.dump());
  auto const got = read_t5_config(f.folder.path() / "config.json");
  CHECK(got.config.decoder_layers == 2);
  CHECK(got.config.buckets == 32);
  CHECK(got.config.reach == 128);
  CHECK(got.config.positions == 512);
  CHECK(got.config.norm_epsilon == 1e-6f);
  CHECK(got.config.start == 0);
  CHECK(got.tied);
}

TEST_CASE("a T5 that a later release saved says apart whether its logits are scaled, and has the head that is stored") {
  t5_folder gated(true);
  gated.config["tie_word_embeddings"] = true;
  gated.config["scale_decoder_outputs"] = false;
  CHECK((gated.read() == gated.m));
  gated.config["scale_decoder_outputs"] = true;
  CHECK(gated.read().config.scaled_logits);
  t5_folder tied;
  tied.config["scale_decoder_outputs"] = false;
  auto const m = tied.read();
  CHECK_FALSE(m.config.scaled_logits);
  CHECK((m.head.weight == tied.m.word));
}

TEST_CASE("the embeddings of a T5 go by the name of either side, too") {
  for (std::string const side : {"encoder", "decoder"}) {
    t5_folder f(true);
    f.tensors.tensors.erase("shared.weight");
    f.put(side + ".embed_tokens", f.m.word);
    CHECK((f.read() == f.m));
  }
  t5_folder f;
  f.tensors.tensors.erase("shared.weight");
  f.refused(errc::missing_entry, {"shared.weight"});
}

TEST_CASE("a T5 whose matrices stay in their files gives the same logits") {
  t5_folder const f(true);
  auto const away = f.read(matrices::in_files);
  CHECK_NOTHROW(validate(away));
  CHECK(away.encoder[0].block.gate.weight.empty());
  fp32_weights const here = fp32_weights_of(f.m), there = fp32_weights_of(away, true);
  fp32_engine a(here), b(there);
  auto const text = ohmic_test::tiny_pairs(2)[1];
  CHECK((forward(a, f.m, text) == forward(b, away, text)));
  CHECK((forward(a, f.m, text) == forward(b, token_by_token<t5>{&away}, text)));
}

TEST_CASE("T5 folders that do not fit are refused, naming key or tensor") {
  auto const spoiled = [](auto const& spoil, errc code, std::vector<std::string> const& parts) {
    t5_folder f;
    spoil(f);
    f.refused(code, parts);
  };
  spoiled([](auto& f) { f.config["model_type"] = "bart"; }, errc::config_value, {"model_type", "bart"});
  spoiled([](auto& f) { f.config["feed_forward_proj"] = "gated-mish"; }, errc::config_value,
          {"feed_forward_proj", "gated-mish", "behind 'gated-'"});
  spoiled([](auto& f) { f.config.erase("d_kv"); }, errc::missing_entry, {"d_kv"});
  spoiled([](auto& f) { f.config["relative_attention_num_buckets"] = 7; }, errc::config_value, {"buckets"});
  spoiled([](auto& f) { f.config["decoder_start_token_id"] = 23; }, errc::config_value, {"decoder_start_token_id"});
  spoiled([](auto& f) { f.config["d_ff"] = 21; }, errc::shape, {"DenseReluDense.wi.weight", "d_ff"});
  spoiled([](auto& f) { f.config["num_decoder_layers"] = 2; }, errc::shape, {"decoder.block.2", "num_decoder_layers"});
  spoiled([](auto& f) { f.config["feed_forward_proj"] = "gated-gelu"; }, errc::missing_entry, {"wi_0"});
  spoiled([](auto& f) { f.config["tie_word_embeddings"] = false; }, errc::missing_entry, {"lm_head.weight"});
  spoiled([](auto& f) { f.put("lm_head", ohmic::matrix<float>(f.m.word.rows(), f.m.word.cols())); },
          errc::config_conflict, {"lm_head.weight", "tied"});
  for (std::string const side : {"encoder", "decoder"}) {
    spoiled([&](auto& f) { f.put(side + ".embed_tokens", ohmic::matrix<float>(f.m.word.rows(), f.m.word.cols())); },
            errc::config_conflict, {side + ".embed_tokens.weight", "shared.weight"});
    spoiled(
        [&](auto& f) {
          f.tensors.add(side + ".block.0.layer.0.SelfAttention.q.lora_A.weight", {2, 12});
        },
        errc::file_format, {"lora_A", "no part of the model"});
  }
  spoiled([](auto& f) { f.put("encoder.block.1.layer.1.DenseReluDense.wi_1", f.m.encoder[1].block.inner); },
          errc::file_format, {"wi_1", "no part of the model"});
  auto const changed = [&](char const* key, nlohmann::json const& value, errc code,
                           std::vector<std::string> const& parts) {
    spoiled([&](auto& f) { f.config[key] = value; }, code, parts);
  };
  changed("num_attention_heads", 3, errc::config_conflict, {"num_attention_heads", "num_heads"});
  changed("hidden_size", 7, errc::config_conflict, {"hidden_size", "d_model"});
  changed("num_hidden_layers", 1, errc::config_conflict, {"num_hidden_layers", "num_layers"});
  changed("dense_act_fn", "gelu", errc::config_conflict, {"dense_act_fn", "'relu' as in 'feed_forward_proj'"});
  changed("is_gated_act", true, errc::config_conflict, {"is_gated_act", "feed_forward_proj"});
  changed("is_encoder_decoder", false, errc::config_value, {"is_encoder_decoder"});
  changed("architectures", {"T5EncoderModel"}, errc::config_value, {"architectures", "T5EncoderModel"});
  changed("architectures", {"MT5ForConditionalGeneration"}, errc::config_value, {"MT5For", "another family"});
  changed("architectures", {"T5ForTokenClassification"}, errc::config_value, {"architectures"});
  changed("quantization_config", {{"quant_method", "awq"}}, errc::config_value, {"quantization_config", "awq"});
  t5_folder flan(true);
  flan.config.update({{"dense_act_fn", "gelu_new"},
                      {"is_gated_act", true},
                      {"is_encoder_decoder", true},
                      {"architectures", {"T5ForConditionalGeneration"}},
                      {"num_attention_heads", flan.m.config.heads}});
  CHECK((flan.read() == flan.m));
  t5_folder published;
  published.config["architectures"] = {"T5WithLMHeadModel"};
  published.put("encoder.embed_tokens", published.m.word);
  published.put("decoder.embed_tokens", published.m.word);
  published.put("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias", published.m.decoder_bias);
  CHECK((published.read() == published.m));
  t5_folder same;
  same.put("lm_head", same.m.word);
  CHECK_NOTHROW(same.read());
  spoiled([](auto& f) { f.tensors.add("encoder.block.0.layer.0.SelfAttention.q.bias", {20}); }, errc::shape,
          {"SelfAttention.q.bias"});
}
