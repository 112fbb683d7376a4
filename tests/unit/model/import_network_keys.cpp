// Keys of further families; sizes against the billions that the models are published with.
#include <string>

#include "network_support.hpp"
#include "support/catch.hpp"

using namespace ohmic;
using namespace ohmic::model;
using namespace ohmic_test;

TEST_CASE("keys of kindred families, lists of equal layers, and what they leave out") {
  // The billions that they are published with.
  auto const billions = [](model::network const& n) {
    return static_cast<double>(n.weights() + n.transformer->head_weights()) / 1e9;
  };
  auto const arctic = network_of(
      R"({"model_type":"arctic","architectures":["ArcticForCausalLM"],"hidden_act":"silu","hidden_size":7168,
    "intermediate_size":4864,"num_attention_heads":56,"num_hidden_layers":35,"num_key_value_heads":8,"num_local_experts":128,
    "num_experts_per_tok":2,"moe_layer_frequency":1,"parallel_attn_mlp_res":true,"vocab_size":32000,"rms_norm_eps":1e-5})");
  CHECK(billions(arctic) == Approx(479).epsilon(0.005));
  auto const ernie = network_of(
      R"({"model_type":"ernie4_5_moe","hidden_act":"silu","hidden_size":2560,"intermediate_size":12288,"num_attention_heads":20,
    "num_hidden_layers":28,"num_key_value_heads":4,"head_dim":128,"moe_num_experts":64,"moe_k":6,"moe_intermediate_size":1536,
    "moe_num_shared_experts":2,"moe_layer_start_index":1,"moe_layer_end_index":27,"moe_layer_interval":1,"vocab_size":103424})");
  CHECK(billions(ernie) == Approx(21.8).epsilon(0.01));
  CHECK(ernie.transformer->dense_layers == 1);
  auto const hunyuan = network_of(
      R"({"model_type":"hunyuan_v1_moe","hidden_act":"silu","hidden_size":4096,"intermediate_size":3072,"num_attention_heads":32,
    "num_hidden_layers":2,"num_key_value_heads":8,"attention_head_dim":128,"num_experts":64,"moe_topk":[8,8],
    "moe_intermediate_size":[3072,3072],"num_shared_expert":[1,1],"moe_layer_num_skipped":0,"vocab_size":128167})");
  CHECK(hunyuan.transformer->experts_per_token == 8);
  CHECK(hunyuan.transformer->shared_hidden == 3072);
  auto const xglm = network_of(
      R"({"model_type":"xglm","activation_function":"gelu","attention_heads":16,"d_model":1024,"ffn_dim":4096,"num_layers":24,
    "vocab_size":256008})");
  CHECK(billions(xglm) == Approx(0.564).epsilon(0.005));
  CHECK(xglm.transformer->decoder);
  auto const small = network_of(
      R"({"model_type":"phi3small","hidden_size":4096,"intermediate_size":null,"ff_intermediate_size":14336,"hidden_act":"gegelu",
    "num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,"blocksparse_block_size":64,"vocab_size":100352})");
  CHECK(billions(small) == Approx(7.39).epsilon(0.005));
  CHECK(small.transformer->norm == program::norm_kind::layer_norm);
  REQUIRE(small.remarks.size() == 1);
  CHECK(small.remarks[0].find("blocksparse_block_size") == 0);
  // Masked although its class is called a language model.
  auto const xlm = network_of(
      R"({"model_type":"xlm","architectures":["XLMWithLMHeadModel"],"emb_dim":2048,"n_layers":12,"n_heads":16,"causal":false,
    "n_words":30145})");
  CHECK(xlm.weights() == 12u * 12 * 2048 * 2048);
  CHECK_FALSE(xlm.generates());
  CHECK(xlm.remarks.empty());
  auto const bird = network_of(
      R"({"model_type":"big_bird","attention_type":"block_sparse","block_size":64,"hidden_act":"gelu_new","hidden_size":768,
    "intermediate_size":3072,"num_attention_heads":12,"num_hidden_layers":12,"vocab_size":50358})");
  REQUIRE(bird.remarks.size() == 1);
  CHECK(bird.remarks[0].find("block_size: counted as full attention") == 0);
  auto const mllama = network_of(
      R"({"model_type":"mllama","text_config":{"model_type":"mllama_text_model","cross_attention_layers":[3,8],"hidden_size":64,
    "intermediate_size":128,"num_attention_heads":8,"num_hidden_layers":10,"vocab_size":100},"vision_config":{}})");
  REQUIRE(mllama.remarks.size() == 2);
  CHECK(mllama.remarks[1].find("cross_attention_layers: 2 layers") == 0);
  // What is missing is said with all keys that were looked for, and the one that comes nearest.
  try {
    static_cast<void>(network_of(R"({"hidden_sise":64,"num_hidden_layers":2,"num_attention_heads":8})"));
    FAIL("accepted");
  } catch (error const& e) {
    CHECK(e.info().allowed.find("d_model") != std::string::npos);
    CHECK(e.info().fix.find("'hidden_sise'") != std::string::npos);
  }
}
