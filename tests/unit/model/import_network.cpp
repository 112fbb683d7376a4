// Sizes from config.json files; the texts follow the published files of the families named.
#include "import_support.hpp"
#include "ohmic/model/import/network.hpp"

using namespace ohmic;
using namespace ohmic::model;
using namespace ohmic_test;

namespace {
network network_of(std::string const& text) {
  temporary_folder const folder;
  folder.write("config.json", text);
  return read_network(folder.path());
}
bool same_sizes(program::transformer_shape const& a, program::transformer_shape const& b) {
  return a.layers == b.layers && a.width == b.width && a.heads == b.heads && a.key_heads == b.key_heads &&
         a.head_width == b.head_width && a.hidden == b.hidden && a.vocabulary == b.vocabulary &&
         a.cross_layers == b.cross_layers && a.decoder == b.decoder && a.gated == b.gated && a.biases == b.biases &&
         a.rotary == b.rotary && a.norm == b.norm && a.experts == b.experts &&
         a.experts_per_token == b.experts_per_token && a.expert_hidden == b.expert_hidden;
}
bool equals_catalogue(char const* id, std::string const& text) {
  return same_sizes(*network_of(text).transformer, *find_network(id).transformer);
}
}  // namespace

TEST_CASE("config.json files of known families give the catalogue's sizes") {
  CHECK(equals_catalogue(
      "bert_large",
      R"({"model_type":"bert","hidden_size":1024,"num_hidden_layers":24,"num_attention_heads":16,"intermediate_size":4096,
    "vocab_size":30522,"max_position_embeddings":512,"hidden_act":"gelu"})"));
  CHECK(equals_catalogue(
      "gpt2_xl",
      R"({"model_type":"gpt2","n_embd":1600,"n_layer":48,"n_head":25,"n_inner":null,"vocab_size":50257,"n_positions":1024,"n_ctx":1024,
    "activation_function":"gelu_new","architectures":["GPT2LMHeadModel"]})"));
  CHECK(equals_catalogue(
      "llama_3_8b",
      R"({"model_type":"llama","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,
    "intermediate_size":14336,"vocab_size":128256,"hidden_act":"silu","rms_norm_eps":1e-05,"rope_theta":500000.0,"attention_bias":false,
    "architectures":["LlamaForCausalLM"]})"));
  CHECK(equals_catalogue(
      "qwen2_5_7b",
      R"({"model_type":"qwen2","hidden_size":3584,"num_hidden_layers":28,"num_attention_heads":28,"num_key_value_heads":4,
    "intermediate_size":18944,"vocab_size":152064,"hidden_act":"silu","rms_norm_eps":1e-06,"rope_theta":1000000.0})"));
  CHECK(equals_catalogue(
      "phi_1_5",
      R"({"model_type":"phi","hidden_size":2048,"num_hidden_layers":24,"num_attention_heads":32,"num_key_value_heads":null,
    "intermediate_size":8192,"vocab_size":51200,"hidden_act":"gelu_new","partial_rotary_factor":0.5,"rope_theta":10000.0})"));
  CHECK(equals_catalogue(
      "t5_3b",
      R"({"model_type":"t5","d_model":1024,"num_layers":24,"num_decoder_layers":24,"num_heads":32,"d_kv":128,"d_ff":16384,"vocab_size":32128,
    "is_encoder_decoder":true,"feed_forward_proj":"relu"})"));
}

TEST_CASE("the language model inside a model of several kinds, and keys of other families") {
  auto const inner =
      std::string(R"({"model_type":"llama","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,
    "num_key_value_heads":8,"intermediate_size":14336,"vocab_size":128256,"hidden_act":"silu","rms_norm_eps":1e-05,"rope_theta":500000.0,
    "attention_bias":false})");
  CHECK(equals_catalogue("llama_3_8b",
                         R"({"model_type":"llava","vision_config":{"hidden_size":1024},"text_config":)" + inner + "}"));
  // One head of keys for all queries, unless the newer layout says how many.
  auto const falcon = [](std::string const& more) {
    return network_of(
               R"({"model_type":"falcon","hidden_size":4544,"num_hidden_layers":32,"num_attention_heads":71,"multi_query":true)" +
               more + "}")
        .transformer->key_heads;
  };
  CHECK(falcon("") == 1);
  CHECK(falcon(R"(,"new_decoder_architecture":true,"num_kv_heads":1)") == 1);
  CHECK(falcon(R"(,"new_decoder_architecture":true)") == 71);
  auto const bart = *network_of(R"({"model_type":"bart","d_model":768,"encoder_layers":6,"encoder_attention_heads":12,
    "encoder_ffn_dim":3072,"decoder_layers":6,"is_encoder_decoder":true})")
                         .transformer;
  CHECK(bart.layers == 6);
  CHECK(bart.cross_layers == 6);
  CHECK(bart.hidden == 3072);
}

TEST_CASE("experts are read with what every token takes beside them") {
  CHECK(equals_catalogue("mixtral_8x7b",
                         R"({"model_type":"mixtral","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,
    "num_key_value_heads":8,"intermediate_size":14336,"vocab_size":32000,"hidden_act":"silu","rms_norm_eps":1e-05,"rope_theta":1000000.0,
    "num_local_experts":8,"num_experts_per_tok":2})"));
  // 46.7e9 parameters, of which 0.26e9 are embeddings and head.
  CHECK(std::abs(static_cast<double>(find_network("mixtral_8x7b").weights()) - 46.44e9) < 0.01e9);
  auto const qwen =
      *network_of(R"({"model_type":"qwen2_moe","hidden_size":2048,"num_hidden_layers":24,"num_attention_heads":16,
    "intermediate_size":5632,"moe_intermediate_size":1408,"shared_expert_intermediate_size":5632,"num_experts":60,"num_experts_per_tok":4,
    "decoder_sparse_step":1,"mlp_only_layers":[],"hidden_act":"silu","rms_norm_eps":1e-06,"rope_theta":1000000.0})")
           .transformer;
  CHECK(qwen.experts == 60);
  CHECK(qwen.expert_hidden == 1408);
  CHECK(qwen.shared_hidden == 5632);
  CHECK(qwen.dense_layers == 0);
  CHECK(qwen.biases);
  auto const deep = *network_of(R"({"model_type":"mine","hidden_size":64,"num_hidden_layers":4,"num_attention_heads":4,
    "moe_intermediate_size":16,"n_routed_experts":6,"num_experts_per_tok":2,"n_shared_experts":2,"first_k_dense_replace":1})")
                         .transformer;
  CHECK(deep.shared_hidden == 32);
  CHECK(deep.dense_layers == 1);
}

TEST_CASE("a file as well as its folder can be named, and the id is the folder's name") {
  temporary_folder const folder;
  auto const file = folder.write("config.json", R"({"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2})");
  CHECK(read_network(file).id == folder.path().filename().string());
  CHECK(read_network(file).transformer->hidden == 32);
}

TEST_CASE("contradictory and unusable configurations are refused, naming file and key") {
  auto const refused = [](std::string const& text, errc code, std::string const& key) {
    check_failure(failure([&] { network_of(text); }), code, {"config.json", key});
  };
  refused(R"({"hidden_size":768,"n_embd":1024,"num_hidden_layers":2,"num_attention_heads":12})", errc::config_conflict,
          "n_embd");
  refused(R"({"hidden_size":768,"num_hidden_layers":2,"n_layer":3,"num_attention_heads":12})", errc::config_conflict,
          "n_layer");
  refused(R"({"hidden_size":770,"num_hidden_layers":2,"num_attention_heads":12})", errc::config_conflict,
          "num_attention_heads");
  refused(R"({"hidden_size":768,"num_hidden_layers":2,"num_attention_heads":12,"num_key_value_heads":5})",
          errc::config_conflict, "num_key_value_heads");
  refused(R"({"num_hidden_layers":2,"num_attention_heads":12})", errc::missing_entry, "hidden_size");
  refused(R"({"hidden_size":-1,"num_hidden_layers":2,"num_attention_heads":12})", errc::config_value, "hidden_size");
  refused(R"({"hidden_size":"768","num_hidden_layers":2,"num_attention_heads":12})", errc::file_format, "hidden_size");
  std::string const experts =
      R"({"hidden_size":768,"num_hidden_layers":2,"num_attention_heads":12,"num_local_experts":8)";
  refused(experts + "}", errc::missing_entry, "num_experts_per_tok");
  refused(experts + R"(,"num_experts_per_tok":2,"decoder_sparse_step":2})", errc::config_value, "decoder_sparse_step");
  refused(experts + R"(,"num_experts_per_tok":2,"mlp_only_layers":[0]})", errc::config_value, "mlp_only_layers");
  refused(R"({"hidden_size":768,"num_hidden_layers":2,"num_attention_heads":12,"kv_lora_rank":512})",
          errc::config_value, "kv_lora_rank");
  refused(R"({"model_type":"llava","text_config":{}})", errc::missing_entry, "text_config.hidden_size");
  refused(R"({"model_type":"llava","text_config":7})", errc::file_format, "text_config");
}
