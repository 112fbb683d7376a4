// GPT-2: golden logits and perplexity of gpt-kjv in fp32, names and layout of the files, refusals.
#include "ohmic/model/import/gpt2.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "import_support.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/model/task.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "ohmic/model/transformer.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic::model;
using ohmic::matrix;
using ohmic_test::check_failure;
using ohmic_test::failure;

std::string const kjv_folder = OHMIC_SOURCE_DIR "/examples/models/gpt-kjv";

gpt2 const& kjv() {
  static gpt2 const m = read_gpt2(kjv_folder);
  return m;
}
nlohmann::json const& golden() {
  static nlohmann::json const g = nlohmann::json::parse(std::ifstream(kjv_folder + "/golden.json"));
  return g;
}
matrix<float> logits_of(std::vector<std::int32_t> const& ids) {
  fp32_weights const weights(sites_of(kjv()).sites(), [](auto const& f) { for_each_projection(kjv(), f); });
  fp32_engine e(weights);
  return forward(e, kjv(), ids);
}

/// Logits of golden.json carry 6 decimals and differ by 1e-5 between fp32 and fp64; ours add in another order.
constexpr double logit_tolerance = 2e-4;

/// A GPT-2 of the least sizes at which every dimension differs.
struct tiny_files {
  nlohmann::json config = {
      {"model_type", "gpt2"}, {"vocab_size", 7}, {"n_embd", 4},      {"n_layer", 1},
      {"n_head", 2},          {"n_inner", 6},    {"n_positions", 5}, {"activation_function", "gelu_new"}};
  ohmic_test::tensor_map weights;
  explicit tiny_files(std::string const& prefix = "transformer.") {
    auto const with_bias = [&](std::string const& name, std::vector<std::uint64_t> const& shape) {
      weights.add(prefix + name + ".weight", shape);
      weights.add(prefix + name + ".bias", {shape.back()});
    };
    weights.add(prefix + "wte.weight", {7, 4});
    weights.add(prefix + "wpe.weight", {5, 4});
    for (char const* norm : {"h.0.ln_1", "h.0.ln_2", "ln_f"}) with_bias(norm, {4});
    with_bias("h.0.attn.c_attn", {4, 12});
    with_bias("h.0.attn.c_proj", {4, 4});
    with_bias("h.0.mlp.c_fc", {4, 6});
    with_bias("h.0.mlp.c_proj", {6, 4});
  }
  [[nodiscard]] gpt2 read() const {
    ohmic_test::temporary_folder const f;
    f.write("config.json", config.dump());
    f.write("model.safetensors", weights.bytes());
    return read_gpt2(f.path());
  }
};

}  // namespace

TEST_CASE("gpt-kjv gives its golden logits in fp32") {
  static_assert(transformer<gpt2>);
  for (auto const& verse : golden()["verses"]) {
    auto const ids = verse["ids"].get<std::vector<std::int32_t>>();
    auto const logits = logits_of(ids);
    auto const last = logits.row(ids.size() - 1);
    auto const top = verse["last_top10_ids"].get<std::vector<std::size_t>>();
    auto const values = verse["last_top10_logits"].get<std::vector<double>>();
    for (std::size_t i = 0; i < top.size(); ++i) CHECK(std::fabs(last[top[i]] - values[i]) < logit_tolerance);
    double const sum = std::accumulate(last.begin(), last.end(), 0.0);
    CHECK(std::fabs(sum - verse["last_logits_sum"].get<double>()) < 1024 * logit_tolerance);
  }
}

TEST_CASE("gpt-kjv gives its golden likelihoods, window by window") {
  std::vector<std::int32_t> stream;
  auto const tokenizer = read_sentencepiece_bpe(kjv_folder + "/sp.model");
  for (auto const& line : read_lines(kjv_folder + "/valid.txt").lines) {
    stream.push_back(1);
    auto const ids = tokenizer.encode(line);
    stream.insert(stream.end(), ids.begin(), ids.end());
    if (stream.size() > 2000) break;
  }
  stream.resize(2000);
  language_task const task(stream, 128, "valid.txt");
  auto const expected = golden()["validation"]["nll_per_window"].get<std::vector<double>>();
  REQUIRE(task.inputs().size() == expected.size());
  for (std::size_t w = 0; w < 3; ++w) {
    double const nll = task.answer_of(w, logits_of(task.inputs()[w])).negative_log_likelihood;
    CHECK(std::fabs(nll - expected[w]) < 128 * logit_tolerance);
  }
}

TEST_CASE("gpt2 linear layers are read from [in, out], query, key and value from one matrix") {
  tiny_files const files;
  gpt2 const m = files.read();
  auto const& raw = files.weights.tensors.at("transformer.h.0.attn.c_attn.weight").values;
  for (std::size_t o = 0; o < 4; ++o)
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(m.layers[0].query.weight(o, i) == raw[i * 12 + o]);
      CHECK(m.layers[0].key.weight(o, i) == raw[i * 12 + 4 + o]);
      CHECK(m.layers[0].value.weight(o, i) == raw[i * 12 + 8 + o]);
    }
  CHECK(m.layers[0].output.inputs() == 6);
  CHECK(m.head.weight == m.word);
  CHECK(m.head.bias.empty());
  CHECK(m.config.hidden_activation == ohmic::activation::gelu_tanh);
}

TEST_CASE("gpt2 files without the prefix of the language model are read") {
  CHECK(tiny_files("").read() == tiny_files().read());
}

TEST_CASE("a GPT-2 in several files is the one in one file") {
  ohmic_test::temporary_folder const f;
  for (std::string const prefix : {"transformer.", ""}) {
    tiny_files const files(prefix);
    f.write("config.json", files.config.dump());
    files.weights.write_shards(f);
    CHECK(read_gpt2(f.path()) == files.read());
  }
}

TEST_CASE("a bare GPT-2 has no head but its embeddings") {
  tiny_files f("");
  f.config["tie_word_embeddings"] = false;
  check_failure(failure([&] { static_cast<void>(f.read()); }), ohmic::errc::missing_entry,
                {"model.safetensors, tensor 'lm_head.weight'", "a bare model has no head", "tie_word_embeddings"});
  f.weights.add("lm_head.weight", {7, 4});
  CHECK(f.read().head.weight.row(0)[0] == f.weights.tensors.at("lm_head.weight").values[0]);
}

TEST_CASE("gpt2 files hold masks and copies of the tied head, and nothing else beside what is read") {
  for (std::string const prefix : {"transformer.", ""}) {
    tiny_files f(prefix);
    f.weights.add(prefix + "h.0.attn.bias", {1, 1, 5, 5});
    f.weights.add(prefix + "h.0.attn.masked_bias", {1});
    f.weights.add("score.weight", {2, 4});
    f.weights.tensors["lm_head.weight"] = f.weights.tensors.at(prefix + "wte.weight");
    CHECK(f.read() == tiny_files(prefix).read());
    f.weights.tensors["lm_head.weight"].values[3] += 1.0f;
    check_failure(failure([&] { static_cast<void>(f.read()); }), ohmic::errc::config_conflict,
                  {"lm_head.weight", "tied", prefix + "wte.weight"});
    for (std::string const name : {"h.0.crossattention.c_attn.weight", "h.0.attn.c_attn.lora_A.weight",
                                   "h.0.mlp_adapter.weight", "h.0.attn.c_proj.weight_scale"}) {
      tiny_files more(prefix);
      more.weights.add(prefix + name, {4});
      check_failure(failure([&] { static_cast<void>(more.read()); }), ohmic::errc::file_format,
                    {prefix + name, "no part of the model"});
    }
  }
}

TEST_CASE("gpt2 settings that the forward pass does not have are refused") {
  auto const refusal = [](std::string const& key, nlohmann::json const& value) {
    tiny_files f;
    f.config[key] = value;
    return failure([&] { static_cast<void>(f.read()); });
  };
  check_failure(refusal("activation_function", "mish"), ohmic::errc::config_value, {"activation_function", "mish"});
  for (char const* name : {"silu", "swish", "gelu_fast", "tanh"})
    CHECK(refusal("activation_function", name).code() == ohmic::errc{});
  check_failure(refusal("scale_attn_by_inverse_layer_idx", true), ohmic::errc::config_value,
                {"scale_attn_by_inverse_layer_idx"});
  check_failure(refusal("scale_attn_weights", false), ohmic::errc::config_value, {"scale_attn_weights"});
  check_failure(refusal("n_head", 3), ohmic::errc::config_conflict, {"n_head"});
  check_failure(refusal("n_embd", 8), ohmic::errc::shape, {"wte.weight"});
  check_failure(refusal("tie_word_embeddings", false), ohmic::errc::missing_entry, {"lm_head.weight"});
  check_failure(refusal("num_attention_heads", 1), ohmic::errc::config_conflict,
                {"key 'num_attention_heads'", "contradicts 'n_head'", "got 1", "2 as in"});
  check_failure(refusal("hidden_size", 8), ohmic::errc::config_conflict, {"hidden_size", "n_embd"});
  check_failure(refusal("num_hidden_layers", 2), ohmic::errc::config_conflict, {"num_hidden_layers", "n_layer"});
  check_failure(refusal("max_position_embeddings", 4), ohmic::errc::config_conflict,
                {"max_position_embeddings", "n_positions"});
  check_failure(refusal("quantization_config", {{"quant_method", "gptq"}}), ohmic::errc::config_value,
                {"quantization_config", "gptq"});
  check_failure(refusal("architectures", {"GPT2ForSequenceClassification"}), ohmic::errc::config_value,
                {"architectures", "ForCausalLM"});
  for (char const* name : {"GPT2LMHeadModel", "GPT2Model", "GPT2DoubleHeadsModel"})
    CHECK(refusal("architectures", nlohmann::json::array({name})).code() == ohmic::errc{});
  tiny_files other;
  for (auto const& [own, name] : {std::pair{"n_embd", "hidden_size"},
                                  {"n_layer", "num_hidden_layers"},
                                  {"n_head", "num_attention_heads"},
                                  {"n_positions", "max_position_embeddings"}}) {
    other.config[name] = other.config[own];
    other.config.erase(own);
  }
  CHECK(other.read() == tiny_files().read());
  tiny_files more;
  more.weights.add("transformer.h.1.ln_1.weight", {4});
  check_failure(failure([&] { static_cast<void>(more.read()); }), ohmic::errc::shape, {"h.1.ln_1.weight", "n_layer"});
}

TEST_CASE("two equal logits have a perplexity of 2, however large they are") {
  std::int32_t const target = 1;
  for (float logit : {0.0f, 1e10f, -1e20f, 1e30f}) {
    matrix<float> logits(1, 2);
    for (float& l : logits.flat()) l = logit;
    auto const a = language_task::answer_to(logits, {&target, 1});
    CHECK(a.negative_log_likelihood == std::log(2.0));
  }
}

TEST_CASE("a text shorter than a window has no perplexity") {
  check_failure(failure([] {
                  language_task({1, 2, 3}, 3, "short.txt");
                }),
                ohmic::errc::shape, {"short.txt", "3 ids", "at least 4 ids"});
}

TEST_CASE("a GPT-2 made by hand is checked part by part") {
  auto const after = [&](auto change) {
    gpt2 m = ohmic_test::tiny_gpt2();
    change(m);
    return failure([&] { validate(m, "mine"); });
  };
  validate(ohmic_test::tiny_gpt2());
  auto unbiased = ohmic_test::tiny_gpt2();
  unbiased.layers[0].key.bias.clear();
  CHECK_NOTHROW(validate(unbiased));
  check_failure(after([](gpt2& m) {
                  for (auto* l : {&m.layers[0].query, &m.layers[0].key, &m.layers[0].value})
                    *l = {matrix<float>(0, 12), {}};
                  m.layers[0].attention_output = {matrix<float>(12, 0), {}};
                }),
                ohmic::errc::config_value, {"layers[0].query outputs", "got 0"});
  check_failure(after([](gpt2& m) { m.word = matrix<float>(22, 12); }), ohmic::errc::shape,
                {"mine", "word", "22 x 12", "23 x 12"});
  check_failure(after([](gpt2& m) { m.layers[1].output.bias.pop_back(); }), ohmic::errc::shape,
                {"layers[1].output.bias", "11 x 1", "12 x 1"});
  check_failure(after([](gpt2& m) { m.layers[0].key.weight = matrix<float>(9, 12); }), ohmic::errc::shape,
                {"layers[0].key.weight", "9 x 12", "12 x 12"});
  check_failure(after([](gpt2& m) { m.layers.pop_back(); }), ohmic::errc::shape, {"layers", "1 x 1", "2 x 1"});
  check_failure(after([](gpt2& m) { m.head.bias.push_back(0.0f); }), ohmic::errc::shape, {"head.bias"});
  check_failure(after([](gpt2& m) { m.config.heads = 5; }), ohmic::errc::config_conflict, {"heads does not divide"});
  check_failure(after([](gpt2& m) { m.config.heads = 0; }), ohmic::errc::config_value, {"heads", "got 0"});
  check_failure(after([](gpt2& m) { m.config.norm_epsilon = -1.0f; }), ohmic::errc::config_value, {"norm_epsilon"});
}
