// GPT-NeoX and Phi: the pass against its definition in double precision, on a chip and in steps, its readers, and what is refused.
#include "ohmic/model/neox.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/import/neox.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/plain_neox.hpp"
#include "support/temporary_file.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;
using ohmic_test::check_failure;
using ohmic_test::failure;

model::neox tiny_neox(bool parallel, bool one_norm, bool qkv_biases = true, bool head_bias = false) {
  ohmic_test::weight_source w(8);
  model::neox m;
  m.config.vocabulary = 23, m.config.width = 24, m.config.layers = 2, m.config.heads = 3, m.config.hidden = 20;
  m.config.positions = 80, m.config.rotation.width = 4;
  m.config.hidden_activation = one_norm ? activation::gelu_tanh : activation::gelu;
  m.config.parallel = parallel, m.config.one_norm = one_norm;
  m.word = w.matrix(23, 24, 1.0f);
  for (int l = 0; l < 2; ++l) {
    m.layers.push_back(w.layer(24, 24, 20));
    auto& layer = m.layers.back();
    if (one_norm) layer.output_norm = {};
    if (!qkv_biases)
      layer.query.bias.clear(), layer.key.bias.clear(), layer.value.bias.clear(), layer.attention_output.bias.clear();
  }
  m.final_norm = w.norm(24);
  m.head.weight = w.matrix(23, 24, 0.3f);
  if (head_bias) m.head.bias = w.vector(23, 0.0f, 0.1f);
  return m;
}

/// Every form of the block.
std::vector<model::neox> forms() {
  return {tiny_neox(true, false), tiny_neox(false, false), tiny_neox(true, true, true, true),
          tiny_neox(true, false, false)};
}

/// A small model as the contents of a folder, in Hugging Face's layout.
struct neox_folder {
  nlohmann::json config;
  std::map<std::string, std::pair<std::vector<std::uint64_t>, std::vector<float>>> tensors;
  ohmic_test::temporary_folder folder;

  explicit neox_folder(model::neox const& m, bool phi) {
    config = {{"model_type", phi ? "phi" : "gpt_neox"},
              {"vocab_size", 23},
              {"hidden_size", 24},
              {"num_hidden_layers", 2},
              {"num_attention_heads", 3},
              {"intermediate_size", 20},
              {"max_position_embeddings", 80},
              {"layer_norm_eps", 1e-5}};
    config[phi ? "partial_rotary_factor" : "rotary_pct"] = 0.5;
    if (!phi)
      config["use_parallel_residual"] = m.config.parallel, config["attention_bias"] = !m.layers[0].query.bias.empty();
    std::string const stem = phi ? "model." : "gpt_neox.", attention = phi ? "self_attn." : "attention.";
    add(stem + (phi ? "embed_tokens" : "embed_in"), m.word, {});
    for (std::size_t l = 0; l < 2; ++l) {
      auto const& w = m.layers[l];
      std::string const at = stem + "layers." + std::to_string(l) + ".";
      norm(at + "input_layernorm", w.attention_norm);
      if (!phi) norm(at + "post_attention_layernorm", w.output_norm);
      if (phi) {
        add(at + "self_attn.q_proj", w.query.weight, w.query.bias);
        add(at + "self_attn.k_proj", w.key.weight, w.key.bias);
        add(at + "self_attn.v_proj", w.value.weight, w.value.bias);
      } else {
        // Head by head: its queries, its keys, its values.
        matrix<float> all(72, 24);
        std::vector<float> biases;
        std::size_t row = 0;
        for (std::size_t h = 0; h < 3; ++h)
          for (auto const* part : {&w.query, &w.key, &w.value})
            for (std::size_t i = 0; i < 8; ++i, ++row) {
              for (std::size_t j = 0; j < 24; ++j) all(row, j) = part->weight(8 * h + i, j);
              if (!part->bias.empty()) biases.push_back(part->bias[8 * h + i]);
            }
        add(at + "attention.query_key_value", all, biases);
      }
      add(at + attention + "dense", w.attention_output.weight, w.attention_output.bias);
      add(at + (phi ? "mlp.fc1" : "mlp.dense_h_to_4h"), w.intermediate.weight, w.intermediate.bias);
      add(at + (phi ? "mlp.fc2" : "mlp.dense_4h_to_h"), w.output.weight, w.output.bias);
    }
    norm(stem + (phi ? "final_layernorm" : "final_layer_norm"), m.final_norm);
    add(phi ? "lm_head" : "embed_out", m.head.weight, m.head.bias);
  }
  void norm(std::string const& name, model::norm_weights const& n) {
    tensors[name + ".weight"] = {{n.gamma.size()}, n.gamma};
    tensors[name + ".bias"] = {{n.beta.size()}, n.beta};
  }
  void add(std::string const& name, matrix<float> const& w, std::vector<float> const& bias) {
    tensors[name + ".weight"] = {{w.rows(), w.cols()}, {w.flat().begin(), w.flat().end()}};
    if (!bias.empty()) tensors[name + ".bias"] = {{bias.size()}, bias};
  }
  [[nodiscard]] std::filesystem::path const& written() const {
    nlohmann::json header;
    std::string data;
    for (auto const& [name, t] : tensors) {
      std::string const raw = ohmic_test::raw_bytes(t.second);
      header[name] = {{"dtype", "F32"}, {"shape", t.first}, {"data_offsets", {data.size(), data.size() + raw.size()}}};
      data += raw;
    }
    std::ofstream(folder.path() / "config.json") << config.dump();
    std::ofstream(folder.path() / "model.safetensors", std::ios::binary)
        << ohmic_test::safetensors_bytes(header.dump(), data);
    return folder.path();
  }
};

/// Roundings of single precision through two layers of sums of at most 24 products.
constexpr double of_the_largest = 1e-5;

}  // namespace

TEST_CASE("a GPT-NeoX or Phi in fp32 is its definition in double precision, in every form of its block") {
  for (auto const& m : forms()) {
    CHECK_NOTHROW(validate(m));
    CAPTURE(m.config.parallel, m.config.one_norm);
    auto const weights = model::fp32_weights_of(m);
    for (auto const& text : ohmic_test::tiny_texts(2)) {
      model::fp32_engine e(weights);
      auto const got = forward(e, m, text);
      auto const want = ohmic_test::plain_neox(m).logits(text);
      double worst = 0.0, largest = 0.0;
      for (std::size_t n = 0; n < want.size(); ++n)
        for (std::size_t o = 0; o < want[n].size(); ++o) {
          worst = std::max(worst, std::fabs(static_cast<double>(got(n, o)) - want[n][o]));
          largest = std::max(largest, std::fabs(want[n][o]));
        }
      CHECK(worst < of_the_largest * largest);
    }
  }
}

TEST_CASE("a GPT-NeoX or Phi on a chip takes the actions of its plan, and steps give the logits of the whole pass") {
  for (auto const& m : forms()) {
    executor threads(1);
    auto const weights = model::fp32_weights_of(m);
    auto const texts = ohmic_test::tiny_texts(1);
    auto const deployed = chip::deploy<chip::wang2024>(
        m, chip::defaults<chip::wang2024>(), chip::calibrated_values(m, weights, texts, threads), texts, threads);
    auto const text = ohmic_test::tiny_texts(2)[3];
    chip::engine<chip::wang2024> whole(deployed, chip::product_mode::convert, threads),
        steps(deployed, chip::product_mode::convert, threads);
    auto const want = forward(whole, m, text);
    auto const plan = program::plan(
        program_of(m, text.size(), deployed.choices()), [&](auto const& op) { return deployed.planned(op); },
        deployed.names());
    CHECK(difference(plan, whole.report().actions(deployed.names())) == "");
    auto seen = new_context(steps, m);
    for (std::size_t n = 0; n < text.size(); ++n) {
      auto const row = extend(steps, m, seen, std::span<std::int32_t const>(text).subspan(n, 1));
      CHECK(std::equal(row.flat().begin(), row.flat().end(), want.row(n).begin()));
    }
    // The chip computes the model: its logits are near those of fp32.
    model::fp32_engine e(weights);
    auto const exact = forward(e, m, text);
    double signal = 0.0, noise = 0.0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      auto const w = static_cast<double>(exact.flat()[i]), d = static_cast<double>(want.flat()[i]) - w;
      signal += w * w, noise += d * d;
    }
    CHECK(signal > 30.0 * noise);
  }
}

TEST_CASE("a GPT-NeoX or Phi folder is read weight by weight, whole or left in its file") {
  for (bool phi : {false, true}) {
    auto m = tiny_neox(true, phi, true, phi);
    m.config.vocabulary = 23;
    neox_folder const f(m, phi);
    auto const whole = model::read_neox(f.written());
    CHECK(whole == m);
    auto const left = model::read_neox(f.folder.path(), model::matrices::in_files);
    CHECK_NOTHROW(validate(left));
    CHECK(left.layers[0].query.weight.empty());
    std::vector<model::linear_weights> a, b;
    for_each_projection(whole, [&](program::site, auto const& w) { a.push_back(w); });
    for_each_projection(left, [&](program::site, auto const& w) { b.push_back(w); });
    CHECK(a == b);
  }
  auto const m = tiny_neox(false, false, false);
  neox_folder const f(m, false);
  CHECK(model::read_neox(f.written()) == m);
}

TEST_CASE("a bare GPT-NeoX or Phi is read where it has a head") {
  for (bool phi : {false, true}) {
    auto const m = tiny_neox(true, phi, true, phi);
    neox_folder f(m, phi);
    std::string const stem = phi ? "model." : "gpt_neox.", head = phi ? "lm_head.weight" : "embed_out.weight";
    std::vector<std::string> names;
    for (auto const& [name, t] : f.tensors) names.push_back(name);
    for (auto const& name : names)
      if (name.starts_with(stem)) {
        auto node = f.tensors.extract(name);
        node.key() = name.substr(stem.size());
        f.tensors.insert(std::move(node));
      }
    CHECK(model::read_neox(f.written()) == m);
    f.tensors["layers.0.attention.more"] = {{1}, {1.0f}};
    auto const refusal = [&] { return failure([&] { static_cast<void>(model::read_neox(f.written())); }); };
    check_failure(refusal(), errc::file_format, {"layers.0.attention.more", "no part of the model"});
    f.tensors.erase("layers.0.attention.more");
    f.tensors.erase(head);
    check_failure(refusal(), errc::missing_entry, {"tensor '" + head + "'", "a bare model has no head"});
    f.config["tie_word_embeddings"] = true;
    if (!phi) CHECK(model::read_neox(f.written()).head.weight == m.word);
  }
}

TEST_CASE("what a GPT-NeoX reader does not know is refused by key") {
  auto const with = [](char const* key, nlohmann::json value, bool phi = false) {
    neox_folder f(tiny_neox(true, phi, true, phi), phi);
    f.config[key] = std::move(value);
    return failure([&] { static_cast<void>(model::read_neox(f.written())); });
  };
  check_failure(with("model_type", "gptj"), errc::config_value, {"model_type", "gptj"});
  check_failure(with("hidden_act", "relu2"), errc::config_value, {"hidden_act", "relu2"});
  for (char const* name : {"silu", "gelu_python", "gelu_fast", "relu"})
    CHECK(with("hidden_act", name).code() == errc{});
  check_failure(with("rotary_pct", 0.1), errc::config_value, {"rotary_pct"});
  check_failure(with("rotary_pct", 1.5), errc::config_value, {"rotary_pct"});
  check_failure(with("rotary_pct", 0.4), errc::config_value, {"rotary_pct"});  // three elements
  check_failure(with("qk_layernorm", true, true), errc::config_value, {"qk_layernorm"});
  check_failure(with("num_key_value_heads", 1, true), errc::config_value, {"num_key_value_heads"});
  check_failure(with("tie_word_embeddings", true, true), errc::config_value, {"tie_word_embeddings"});
  check_failure(with("quantization_config", {{"quant_method", "gptq"}}), errc::config_value, {"quantization_config"});
  check_failure(with("architectures", {"GPTNeoXForQuestionAnswering"}), errc::config_value, {"architectures"});
  check_failure(with("architectures", {"GPTNeoForCausalLM"}), errc::config_value,
                {"GPTNeoForCausalLM", "another family"});
  check_failure(with("architectures", {"GPTNeoXJapaneseForCausalLM"}), errc::config_value, {"another family"});
  check_failure(with("architectures", {"Phi3ForCausalLM"}, true), errc::config_value, {"Phi3ForCausalLM"});
  CHECK(with("architectures", {"GPTNeoXForCausalLM"}).code() == errc{});
  CHECK(with("architectures", {"PhiForCausalLM"}, true).code() == errc{});
  check_failure(with("num_attention_heads", 5), errc::config_conflict, {"heads"});
  check_failure(with("num_hidden_layers", 1), errc::shape, {"layers.1", "num_hidden_layers"});
  check_failure(with("num_hidden_layers", 3), errc::missing_entry, {"layers.2"});
  check_failure(with("intermediate_size", 21), errc::shape, {"intermediate_size"});
}

TEST_CASE("a GPT-NeoX or Phi whose keys say two rotations is refused") {
  auto const with = [](nlohmann::json const& changes, bool phi = false) {
    neox_folder f(tiny_neox(true, phi, true, phi), phi);
    f.config.update(changes);
    return failure([&] { static_cast<void>(model::read_neox(f.written())); });
  };
  neox_folder const plain(tiny_neox(true, false, true, false), false);
  double const share = plain.config["rotary_pct"], other = share == 1.0 ? 0.5 : 1.0;
  for (char const* inner : {"rope_parameters", "rope_scaling"})
    check_failure(with({{"rotary_emb_base", 10000}, {inner, {{"rope_type", "default"}, {"rope_theta", 5000}}}}),
                  errc::config_conflict, {"rotary_emb_base", "rope_theta"});
  check_failure(with({{"rotary_emb_base", 10000}, {"rope_theta", 5000}}), errc::config_conflict, {"rotary_emb_base"});
  check_failure(with({{"partial_rotary_factor", other}}), errc::config_conflict,
                {"rotary_pct", "partial_rotary_factor"});
  check_failure(with({{"rope_parameters", {{"partial_rotary_factor", other}}}}), errc::config_conflict,
                {"rope_parameters.partial_rotary_factor"});
  CHECK(with({{"partial_rotary_factor", share}, {"rope_parameters", {{"partial_rotary_factor", share}}}}).code() ==
        errc{});
  check_failure(with({{"partial_rotary_factor", 0.5}, {"rope_parameters", {{"partial_rotary_factor", 1.0}}}}, true),
                errc::config_conflict, {"rope_parameters.partial_rotary_factor", "0.5 as in"});
}

TEST_CASE("what a GPT-NeoX or Phi folder holds beside its weights is refused where it belongs to the pass") {
  auto const m = tiny_neox(true, false, true);
  auto const with = [&](std::string const& name, bool phi = false) {
    neox_folder f(phi ? tiny_neox(true, true, true, true) : m, phi);
    f.tensors[name] = {{3}, {1, 2, 3}};
    return failure([&] { static_cast<void>(model::read_neox(f.written())); });
  };
  for (std::string const name : {"gpt_neox.layers.0.attention.q_norm.weight", "gpt_neox.embed_in.weight_scale",
                                 "gpt_neox.layers.1.mlp.dense_4h_to_h.lora_B.weight", "embed_out.bias"})
    check_failure(with(name), errc::file_format, {name, "no part of the model"});
  check_failure(with("model.layers.0.self_attn.q_layernorm.weight", true), errc::file_format, {"q_layernorm"});
  for (std::string const part : {"bias", "masked_bias", "rotary_emb.inv_freq"})
    CHECK(with("gpt_neox.layers.0.attention." + part).code() == errc{});
  CHECK(with("model.layers.0.self_attn.rotary_emb.inv_freq", true).code() == errc{});
  neox_folder unspoken(m, false), tied(m, false);
  unspoken.config["attention_bias"] = false;
  check_failure(failure([&] { static_cast<void>(model::read_neox(unspoken.written())); }), errc::shape,
                {"attention.dense.bias", "attention_bias true"});
  tied.config["tie_word_embeddings"] = true;
  check_failure(failure([&] { static_cast<void>(model::read_neox(tied.written())); }), errc::config_conflict,
                {"embed_out.weight", "gpt_neox.embed_in.weight"});
}

TEST_CASE("a GPT-NeoX made by hand is checked part by part") {
  auto const refused = [](auto const& spoil, std::string const& part, bool one_norm = false) {
    auto m = tiny_neox(true, one_norm);
    spoil(m);
    try {
      validate(m);
      FAIL_CHECK("not refused: " << part);
    } catch (error const& e) { CHECK_THAT(std::string(e.what()), ohmic_test::contains(part)); }
  };
  refused([](auto& m) { m.config.rotation.width = 10; }, "rotary.width");
  refused([](auto& m) { m.config.rotation.width = 3; }, "width");
  refused([](auto& m) { m.config.parallel = false; }, "one normalisation", true);
  refused([](auto& m) { m.layers[1].output_norm.gamma.assign(24, 1.0f); }, "layers[1].output_norm", true);
  refused([](auto& m) { m.layers[0].output_norm = {}; }, "layers[0].output_norm");
  refused([](auto& m) { m.layers[0].key.bias.clear(); }, "biases");
  refused([](auto& m) { m.layers[0].output.weight = matrix<float>(20, 24); }, "layers[0].output.weight");
  refused([](auto& m) { m.head.bias.assign(5, 0.0f); }, "head.bias");
}
