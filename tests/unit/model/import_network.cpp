// Sizes from config.json files; the texts follow the published files of the families named.
#include "import_support.hpp"
#include "network_support.hpp"

using namespace ohmic;
using namespace ohmic::model;
using namespace ohmic_test;

namespace {
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

TEST_CASE("heads of families whose class has a width of its own, where the file does not name one") {
  auto const width = [](std::string const& family, std::string const& more = "") {
    return network_of(R"({"hidden_size":1024,"num_hidden_layers":2,"num_attention_heads":16,"model_type":")" + family +
                      "\"" + more + "}")
        .transformer->head_width;
  };
  CHECK(width("qwen3") == 128);
  CHECK(width("qwen3", R"(,"head_dim":null)") == 64);
  CHECK(width("qwen3", R"(,"head_dim":32)") == 32);
  CHECK(width("gemma2") == 256);
  CHECK(width("llama") == 64);
  // Heads of keys too, as the importer of the family has them.
  auto const mistral = [](std::string const& more) {
    return network_of(R"({"hidden_size":1024,"num_hidden_layers":2,"num_attention_heads":16,"model_type":"mistral")" +
                      more + "}")
        .transformer->key_heads;
  };
  CHECK(mistral("") == 8);
  CHECK(mistral(R"(,"num_key_value_heads":null)") == 16);
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
  // Of two families the class has one head of keys where the file does not say.
  auto const silent = [](std::string const& family, std::string const& more = "") {
    return network_of(R"({"n_embd":64,"n_layer":2,"n_head":4,"model_type":")" + family + "\"" + more + "}")
        .transformer->key_heads;
  };
  CHECK(silent("gpt_bigcode") == 1);
  CHECK(silent("gpt_bigcode", R"(,"multi_query":false)") == 4);
  CHECK(silent("falcon") == 1);
  CHECK(silent("gpt2") == 4);
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
  refused(experts + R"(,"num_experts_per_tok":2,"mlp_only_layers":[2]})", errc::config_value, "mlp_only_layers");
  refused(experts + R"(,"num_experts_per_tok":2,"moe_layer_freq":[1]})", errc::config_conflict, "moe_layer_freq");
  std::string const plain = R"({"hidden_size":768,"num_hidden_layers":2,"num_attention_heads":12)";
  refused(plain + R"(,"kv_lora_rank":512})", errc::missing_entry, "qk_rope_head_dim");
  refused(plain + R"(,"hidden_act":"gelo"})", errc::config_value, "hidden_act");
  refused(plain + R"(,"architectures":"BertModel"})", errc::file_format, "architectures");
  for (auto const& [family, of_class] :
       {std::pair("gpt2", "LlamaForCausalLM"), std::pair("llama", "GPT2LMHeadModel"), std::pair("llama", "BertModel"),
        std::pair("bert", "GPT2LMHeadModel"), std::pair("t5", "BartModel")})
    refused(plain + R"(,"model_type":")" + family + R"(","architectures":[")" + of_class + "\"]}",
            errc::config_conflict, "architectures");
  CHECK_NOTHROW(network_of(plain + R"(,"model_type":"mistral","architectures":["LlamaForCausalLM"]})"));
  CHECK_NOTHROW(network_of(plain + R"(,"model_type":"bert","architectures":["JinaBertModel"]})"));
  CHECK(network_of(plain + R"(,"model_type":"wibble"})").remarks.front().find("wibble") != std::string::npos);
  refused(plain + R"(,"tie_word_embeddings":"yes"})", errc::file_format, "tie_word_embeddings");
  for (auto const& [family, of_class] : {std::pair("gpt2_custom", "GPT2LMHeadModel"),
                                         std::pair("phi2", "PhiForCausalLM"), std::pair("bert", "RobertaForMaskedLM")})
    CHECK_NOTHROW(network_of(plain + R"(,"model_type":")" + family + R"(","architectures":[")" + of_class + "\"]}"));
  refused(plain + R"(,"layer_types":["full_attention"]})", errc::config_conflict, "layer_types");
  refused(plain + R"(,"layer_types":["full_attention","linear_attention"]})", errc::config_value, "layer_types");
  refused(plain + R"(,"mamba_d_state":16})", errc::config_value, "mamba_d_state");
  refused(R"({"model_type":"rwkv","hidden_size":768,"num_hidden_layers":2})", errc::config_value, "model_type");
  refused(R"({"num_query_heads":[12,16]})", errc::config_value, "num_query_heads");
  refused(R"({"model_type":"encoder-decoder","encoder":{},"decoder":{}})", errc::config_value, "encoder");
  for (char const* size : {"1e30", "4096.5", "true", "[]", "1000000000000000000000000000000"})
    refused(R"({"num_hidden_layers":2,"num_attention_heads":12,"hidden_size":)" + std::string(size) + "}",
            errc::file_format, "hidden_size");
  refused(R"({"model_type":"llava","text_config":{}})", errc::missing_entry, "text_config.hidden_size");
  refused(R"({"model_type":"llava","text_config":7})", errc::file_format, "text_config");
}

TEST_CASE("latent attention: weights as published, the cache keeps one vector and one rotary key") {
  auto const v3 =
      *network_of(
           R"({"model_type":"deepseek_v3","hidden_size":7168,"num_hidden_layers":61,"num_attention_heads":128,
    "num_key_value_heads":128,"intermediate_size":18432,"moe_intermediate_size":2048,"n_routed_experts":256,"n_shared_experts":1,
    "num_experts_per_tok":8,"first_k_dense_replace":3,"moe_layer_freq":1,"kv_lora_rank":512,"q_lora_rank":1536,"qk_nope_head_dim":128,
    "qk_rope_head_dim":64,"v_head_dim":128,"vocab_size":129280,"hidden_act":"silu","rms_norm_eps":1e-06,"rope_theta":10000})")
           .transformer;
  // 671e9 parameters, of which two matrices of the vocabulary are embeddings and head (DeepSeek-V3, arXiv 2412.19437).
  double const all = static_cast<double>(v3.weights() + 2 * v3.head_weights());
  CHECK(std::abs(all - 671e9) < 0.5e9);
  CHECK(v3.attention_weights() ==
        7168u * 1536 + 1536u * 128 * 192 + 7168u * 576 + 512u * 128 * 256 + 128u * 128 * 7168);
  CHECK(program::kv_cache_bytes(v3, 10, 2) == 61u * 576 * 10 * 2);
  auto const lite = network_of(
      R"({"model_type":"deepseek_v2","hidden_size":2048,"num_hidden_layers":27,"num_attention_heads":16,"intermediate_size":10944,
    "moe_intermediate_size":1408,"n_routed_experts":64,"n_shared_experts":2,"num_experts_per_tok":6,"first_k_dense_replace":1,
    "kv_lora_rank":512,"q_lora_rank":null,"qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128,"vocab_size":102400})");
  CHECK(std::abs(static_cast<double>(lite.weights() + 2 * lite.transformer->head_weights()) - 15.7e9) < 0.05e9);
  CHECK(lite.transformer->decoder);
  CHECK(lite.transformer->query_latent == 0);
}

TEST_CASE("a gated block follows the family before the activation") {
  auto const gated = [](std::string const& more) {
    return network_of(R"({"hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4)" + more + "}")
        .transformer->gated;
  };
  CHECK(gated(R"(,"model_type":"llama","hidden_act":"gelu")"));
  CHECK(gated(R"(,"model_type":"modernbert","hidden_activation":"gelu")"));
  CHECK(gated(R"(,"model_type":"unheard_of","hidden_act":"silu")"));
  CHECK_FALSE(gated(R"(,"model_type":"unheard_of","hidden_act":"gelu")"));
  CHECK_FALSE(gated(R"(,"model_type":"marian","activation_function":"swish")"));
  CHECK_FALSE(gated(R"(,"model_type":"starcoder2","hidden_act":"silu")"));
}

TEST_CASE("decoders of an encoder-decoder may differ from its encoder") {
  auto const s = *network_of(R"({"model_type":"bart","d_model":1024,"encoder_layers":12,"encoder_attention_heads":16,
    "encoder_ffn_dim":4096,"decoder_layers":6,"decoder_attention_heads":8,"decoder_ffn_dim":2048,"vocab_size":50264})")
                      .transformer;
  CHECK(s.cross_layers == 6);
  CHECK(s.weights() == 12u * (4 * 1024 * 1024 + 2 * 1024 * 4096) + 6u * (8 * 1024 * 1024 + 2 * 1024 * 2048));
  CHECK(s.cross_shape().heads == 8);
  CHECK(s.cross_shape().head_width == 128);
  auto const t5 = *network_of(R"({"model_type":"mt5","d_model":512,"num_layers":8,"num_heads":6,"d_kv":64,"d_ff":1024,
    "feed_forward_proj":"gated-gelu"})")
                       .transformer;
  CHECK(t5.cross_layers == 8);
  CHECK(t5.gated);
  CHECK(t5.norm == program::norm_kind::rms_norm);
  CHECK_FALSE(t5.biases);
}

TEST_CASE("windows: all layers, every second, five of six, by name, or none of them") {
  auto const windowed = [](std::string const& more) {
    auto const s =
        *network_of(R"({"hidden_size":64,"num_hidden_layers":14,"num_attention_heads":4)" + more + "}").transformer;
    return std::pair{s.windowed_layers, s.window};
  };
  using pair = std::pair<std::size_t, std::size_t>;
  CHECK(windowed(R"(,"model_type":"mistral","sliding_window":4096)") == pair{14, 4096});
  CHECK(windowed(R"(,"model_type":"mistral","sliding_window":null)") == pair{0, 0});
  CHECK(windowed(R"(,"model_type":"mistral")") == pair{14, 4096});
  CHECK(windowed(R"(,"model_type":"qwen2","use_sliding_window":true,"max_window_layers":10)") == pair{4, 4096});
  CHECK(windowed(R"(,"model_type":"qwen2")") == pair{0, 0});
  CHECK(windowed(R"(,"model_type":"gemma2","sliding_window":4096)") == pair{7, 4096});
  CHECK(windowed(R"(,"model_type":"gemma3_text","sliding_window":512)") == pair{12, 512});
  CHECK(windowed(R"(,"model_type":"qwen2","sliding_window":512)") == pair{0, 0});
  CHECK(windowed(R"(,"model_type":"qwen2","sliding_window":512,"use_sliding_window":true,"max_window_layers":10)") ==
        pair{4, 512});
  CHECK(windowed(R"(,"model_type":"gpt_neo","window_size":256)") == pair{7, 256});
  CHECK(windowed(R"(,"model_type":"modernbert","local_attention":128,"global_attn_every_n_layers":3)") == pair{9, 129});
  std::string types;
  for (int i = 0; i < 14; ++i)
    types += std::string(i ? "," : "") + (i < 3 ? "\"sliding_attention\"" : "\"full_attention\"");
  CHECK(windowed(R"(,"model_type":"gpt_oss","sliding_window":128,"layer_types":[)" + types + "]") == pair{3, 128});
}

TEST_CASE(
    "a window whose size the family decides is remarked, keys of biases that its class does not look at are not read") {
  std::string const sizes = R"({"hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":96,
    "vocab_size":100,"attention_bias":)";
  auto const mistral = network_of(sizes + R"(true,"model_type":"mistral"})");
  REQUIRE(mistral.remarks.size() == 1);
  CHECK(mistral.remarks[0] == "sliding_window is not in the file: 4096, as usual for mistral");
  CHECK_FALSE(mistral.transformer->biases);
  CHECK(network_of(sizes + R"(false,"model_type":"qwen2"})").transformer->biases);
  CHECK(network_of(sizes + R"(true,"model_type":"llama"})").transformer->biases);
}

TEST_CASE("layers with experts may alternate with dense ones") {
  auto const dense = [](std::string const& more) {
    return network_of(R"({"hidden_size":64,"num_hidden_layers":6,"num_attention_heads":4,"num_experts":8,
    "num_experts_per_tok":2)" +
                      more + "}")
        .transformer->dense_layers;
  };
  CHECK(dense("") == 0);
  CHECK(dense(R"(,"decoder_sparse_step":2)") == 3);
  CHECK(dense(R"(,"mlp_only_layers":[0,5])") == 2);
  CHECK(dense(R"(,"moe_layer_freq":[0,1,1,1,1,0])") == 2);
  CHECK(dense(R"(,"first_k_dense_replace":1,"moe_layer_freq":2)") == 4);  // with experts: 2, 4
  CHECK(dense(R"(,"first_k_dense_replace":9)") == 6);                     // a shortened model
  // Llama 4 Maverick: every second of 48 layers, 128 experts of 8192 and a shared one, dense blocks of 16384.
  auto const maverick = network_of(
      R"({"model_type":"llama4","architectures":["Llama4ForConditionalGeneration"],"vision_config":{},"text_config":{"model_type":
    "llama4_text","hidden_size":5120,"intermediate_size":8192,"intermediate_size_mlp":16384,"num_attention_heads":40,
    "num_key_value_heads":8,"head_dim":128,"num_hidden_layers":48,"num_local_experts":128,"num_experts_per_tok":1,
    "interleave_moe_layer_step":2,"vocab_size":202048,"hidden_act":"silu","rms_norm_eps":1e-05}})");
  auto const& s = *maverick.transformer;
  CHECK(s.decoder);
  // 400e9 parameters as published; the part that sees has some of them.
  CHECK(std::abs(static_cast<double>(s.weights() + 2 * s.head_weights()) - 400e9) < 3e9);
  REQUIRE(maverick.remarks.size() == 1);
  CHECK(maverick.remarks[0].find("vision_config") == 0);
}

TEST_CASE("layers that share weights store them once, and what is left out is remarked") {
  auto const albert = network_of(
      R"({"model_type":"albert","hidden_size":768,"embedding_size":128,"num_hidden_layers":12,"num_hidden_groups":1,
    "inner_group_num":1,"num_attention_heads":12,"intermediate_size":3072,"vocab_size":30000})");
  CHECK(albert.transformer->layers == 12);
  CHECK(albert.weights() == 12u * 768 * 768);
  CHECK(albert.remarks.size() == 1);
  // A language model saved as a part of another leaves out what its family usually has.
  auto const gemma = network_of(
      R"({"model_type":"gemma3","architectures":["Gemma3ForConditionalGeneration"],"text_config":{"model_type":"gemma3_text",
    "hidden_size":2560,"intermediate_size":10240,"num_hidden_layers":34,"sliding_window":1024},"vision_config":{}})");
  CHECK(gemma.transformer->heads == 8);
  CHECK(gemma.transformer->key_heads == 4);
  CHECK(gemma.transformer->head_width == 256);
  CHECK(gemma.transformer->windowed_layers == 29);
  CHECK(gemma.transformer->norm == program::norm_kind::rms_norm);
  CHECK(std::abs(static_cast<double>(gemma.weights() + gemma.transformer->head_weights()) - 3.88e9) < 0.02e9);
  CHECK(gemma.remarks.size() == 5);
  // A class with one head of keys, and keys of further families.
  auto const glm =
      *network_of(
           R"({"model_type":"chatglm","hidden_size":4096,"num_layers":28,"num_attention_heads":32,"kv_channels":128,
    "ffn_hidden_size":13696,"multi_query_attention":true,"multi_query_group_num":2,"padded_vocab_size":65024,"rmsnorm":true})")
           .transformer;
  CHECK(glm.key_heads == 2);
  CHECK(glm.hidden == 13696);
  CHECK(glm.gated);
  CHECK(glm.decoder);
}

TEST_CASE("sizes that lie in an object of their own are read there") {
  auto const whole = network_of(R"({"model_type":"dbrx","d_model":6144,"n_heads":48,"n_layers":40,"vocab_size":100352,
    "attn_config":{"kv_n_heads":8},"ffn_config":{"ffn_hidden_size":10752,"moe_num_experts":16,"moe_top_k":4}})");
  auto const& dbrx = *whole.transformer;
  CHECK(whole.remarks.empty());  // nothing is guessed
  CHECK(dbrx.hidden == 10752);
  CHECK(dbrx.key_heads == 8);
  CHECK(dbrx.experts == 16);
  CHECK(dbrx.experts_per_token == 4);
  // 132e9 parameters as published.
  CHECK(std::abs(static_cast<double>(dbrx.weights() + 2 * dbrx.head_weights()) - 132e9) < 0.7e9);
  auto const inner = *network_of(R"({"model_type":"internvl_chat","vision_config":{},"llm_config":{"model_type":"qwen2",
    "hidden_size":896,"num_hidden_layers":24,"num_attention_heads":14,"num_key_value_heads":2,"intermediate_size":4864,
    "rms_norm_eps":1e-06,"vocab_size":151655}})")
                          .transformer;
  CHECK(inner.key_heads == 2);
  CHECK(inner.decoder);
}

TEST_CASE("layers of other products are refused with their key; sizes under kindred keys are read") {
  auto const refused = [](std::string const& text, char const* key) {
    INFO(text);
    try {
      static_cast<void>(network_of(R"({"hidden_size":512,"num_hidden_layers":2,"num_attention_heads":8,"vocab_size":100,
        "intermediate_size":1024,)" +
                                   text + "}"));
      FAIL("accepted");
    } catch (error const& e) {
      CHECK(e.code() == errc::config_value);
      CHECK(e.info().where.find(key) != std::string::npos);
    }
  };
  refused(R"("model_type":"mobilebert","use_bottleneck":true)", "model_type");
  refused(R"("use_bottleneck":true)", "use_bottleneck");
  refused(R"("model_type":"squeezebert","q_groups":4)", "model_type");
  refused(R"("q_groups":4)", "q_groups");
  refused(R"("model_type":"kimi_linear")", "model_type");
  refused(R"("linear_attn_config":{"kda_layers":[1,2]})", "linear_attn_config");
  refused(R"("model_type":"minimax_m1","attn_type_list":[0,1])", "attn_type_list");
  refused(R"("model_type":"convbert")", "model_type");
  refused(R"("head_ratio":2)", "head_ratio");
  refused(R"("attn_layers":["local","lsh"])", "attn_layers");
  refused(R"("use_cla":true)", "use_cla");
  refused(R"("model_type":"switch_transformers","num_experts":8)", "num_experts");
  refused(R"("num_experts":4,"moe_topk":[1,2])", "moe_topk");

  auto const ctrl =
      network_of(R"({"model_type":"ctrl","n_embd":1280,"n_layer":48,"n_head":16,"dff":8192,"vocab_size":246534,
    "n_positions":256,"architectures":["CTRLLMHeadModel"]})");
  CHECK(ctrl.transformer->hidden == 8192);
  // The two published sizes of OLMo 1: 11008 and 8192 wide, gated.
  auto const olmo =
      network_of(R"({"model_type":"hf_olmo","d_model":4096,"n_layers":32,"n_heads":32,"mlp_hidden_size":22016,
    "mlp_ratio":4,"activation_type":"swiglu","vocab_size":50280})");
  CHECK(olmo.transformer->hidden == 11008);
  CHECK(olmo.transformer->gated);
  CHECK(static_cast<double>(olmo.weights()) / 1e9 == Approx(6.48).epsilon(0.01));  // 6.9 B with the embedding twice
  CHECK(
      network_of(
          R"({"model_type":"hf_olmo","d_model":2048,"n_layers":16,"n_heads":16,"mlp_ratio":8,"activation_type":"swiglu",
    "vocab_size":50280})")
          .transformer->hidden == 8192);
  auto const jina =
      network_of(R"({"model_type":"bert","hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,
    "intermediate_size":3072,"feed_forward_type":"geglu","hidden_act":"gelu","vocab_size":30528})");
  CHECK(jina.transformer->gated);
  CHECK(
      network_of(
          R"({"hidden_size":512,"num_hidden_layers":2,"num_attention_heads":8,"feed_forward_size":700,"vocab_size":9})")
          .transformer->hidden == 700);

  auto const bare = network_of(R"({"hidden_size":512,"num_hidden_layers":2,"num_attention_heads":8})");
  REQUIRE(bare.remarks.size() == 2);
  CHECK(bare.remarks[0].find("4 x hidden_size") != std::string::npos);
  CHECK(bare.remarks[1].find("vocab_size") != std::string::npos);
  auto const xlnet =
      network_of(R"({"model_type":"xlnet","d_model":1024,"n_layer":24,"n_head":16,"d_inner":4096,"vocab_size":32000})");
  REQUIRE(xlnet.remarks.size() == 1);
  CHECK(xlnet.remarks[0].find("positions") != std::string::npos);
}
