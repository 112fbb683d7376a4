#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/bert.hpp"

namespace model = ohmic::model;
using ohmic::errc;
using namespace ohmic_test;

namespace {
/// What reading the tiny model says after this change.
ohmic::error failure_after(std::function<void(tiny_bert&)> const& change) {
  temporary_folder const folder;
  tiny_bert source;
  change(source);
  source.write(folder);
  return failure([&] { (void)model::read_bert(folder.path()); });
}

void check_config(std::string const& key, nlohmann::json const& value, errc code, std::vector<std::string> parts) {
  INFO(key << " = " << value.dump());
  parts.push_back("config.json, key '" + key + "'");
  check_failure(failure_after([&](tiny_bert& b) { b.config[key] = value; }), code, parts);
}

model::bert read_after(std::function<void(tiny_bert&)> const& change) {
  temporary_folder const folder;
  tiny_bert source;
  change(source);
  source.write(folder);
  return model::read_bert(folder.path());
}
}  // namespace

TEST_CASE("a Hugging Face folder is read with every tensor in its place") {
  temporary_folder const folder;
  tiny_bert source;
  source.write(folder);
  model::bert const m = model::read_bert(folder.path());
  model::validate(m);
  auto const& of = source.weights.tensors;
  auto const same = [&](std::span<float const> got, std::string const& name) {
    INFO(name);
    auto const& want = of.at(name).values;
    CHECK(std::equal(got.begin(), got.end(), want.begin(), want.end()));
  };
  auto const same_linear = [&](model::linear_weights const& got, std::string const& name) {
    same(got.weight.flat(), name + ".weight");
    same(got.bias, name + ".bias");
  };
  auto const same_norm = [&](model::norm_weights const& got, std::string const& name) {
    same(got.gamma, name + ".weight");
    same(got.beta, name + ".bias");
  };
  same(m.word.flat(), "bert.embeddings.word_embeddings.weight");
  same(m.position.flat(), "bert.embeddings.position_embeddings.weight");
  same(m.token_type.flat(), "bert.embeddings.token_type_embeddings.weight");
  same_norm(m.embedding_norm, "bert.embeddings.LayerNorm");
  REQUIRE(m.layers.size() == 2);
  for (std::size_t l = 0; l < 2; ++l) {
    std::string const at = "bert.encoder.layer." + std::to_string(l) + ".";
    same_linear(m.layers[l].query, at + "attention.self.query");
    same_linear(m.layers[l].key, at + "attention.self.key");
    same_linear(m.layers[l].value, at + "attention.self.value");
    same_linear(m.layers[l].attention_output, at + "attention.output.dense");
    same_norm(m.layers[l].attention_norm, at + "attention.output.LayerNorm");
    same_linear(m.layers[l].intermediate, at + "intermediate.dense");
    same_linear(m.layers[l].output, at + "output.dense");
    same_norm(m.layers[l].output_norm, at + "output.LayerNorm");
  }
  same_linear(m.pooler, "bert.pooler.dense");
  same_linear(m.classifier, "classifier");
  CHECK(m.labels == std::vector<std::string>{"low", "middle", "high"});
  CHECK(m.config.hidden == 6);
  CHECK(m.config.head_width() == 2);
}

TEST_CASE("bert-wordnet is read with the sizes of its README") {
  model::bert const m = model::read_bert(OHMIC_SOURCE_DIR "/examples/models/bert-wordnet");
  model::validate(m);
  model::bert_config want;
  want.vocabulary = 4000;
  want.width = 128;
  want.layers = 4;
  want.heads = 4;
  want.hidden = 512;
  want.positions = 64;
  want.token_types = 2;
  want.classes = 26;
  CHECK(m.config == want);
  CHECK(m.labels.at(25) == "noun.time");
  CHECK(m.token_type(1, 0) == 0.0f);  // the unused row
}

TEST_CASE("tensor names of converted checkpoints and tensors that are not needed are accepted") {
  model::bert const want = read_after([](tiny_bert&) {});
  model::bert const got = read_after([](tiny_bert& b) {
    auto& t = b.weights.tensors;
    for (auto const& [old_end, end] : {std::pair{".gamma", ".weight"}, {".beta", ".bias"}}) {
      auto node = t.extract("bert.embeddings.LayerNorm" + std::string(end));
      node.key() = "bert.embeddings.LayerNorm" + std::string(old_end);
      t.insert(std::move(node));
    }
    b.weights.add("bert.embeddings.position_ids", {1, 5});
    b.weights.add("cls.predictions.bias", {11});
  });
  CHECK(got == want);
}

TEST_CASE("tensors in the parts of a BERT that are computed are refused where nothing reads them") {
  for (std::string const name :
       {"bert.encoder.layer.1.attention.self.query.lora_A.weight", "bert.encoder.layer.0.adapters.a.down.weight",
        "bert.encoder.layer.0.attention.self.distance_embedding.weight", "bert.pooler.dense.weight_scale",
        "bert.embeddings.LayerNorm.gamma", "classifier.modules_to_save.weight", "base_model.q.lora_B.default.weight"})
    check_failure(failure_after([&](tiny_bert& b) { b.weights.add(name, {4}); }), errc::file_format,
                  {"model.safetensors, tensor '" + name + "'", "no part of the model"});
  CHECK_NOTHROW(read_after([](tiny_bert& b) {
    for (char const* name : {"cls.predictions.transform.dense.weight", "cls.seq_relationship.bias", "qa_outputs.bias",
                             "bert.embeddings.token_type_ids"})
      b.weights.add(name, {2});
  }));
}

TEST_CASE("what Hugging Face leaves out of config.json has its default") {
  auto const two_classes = [](tiny_bert& b) {
    b.config.erase("id2label");
    b.config.erase("architectures");
    b.config["position_embedding_type"] = "absolute";
    b.config["problem_type"] = nullptr;
    b.config["hidden_act"] = "relu";
    b.weights.add("classifier.weight", {2, 4});
    b.weights.add("classifier.bias", {2});
  };
  model::bert const m = read_after(two_classes);
  CHECK(m.labels == std::vector<std::string>{"LABEL_0", "LABEL_1"});
  CHECK(m.config.hidden_activation == ohmic::activation::relu);
  model::bert const silent = read_after([](tiny_bert& b) {
    b.config.erase("hidden_act");
    b.config.erase("layer_norm_eps");
  });
  CHECK(silent.config.hidden_activation == ohmic::activation::gelu);
  CHECK(silent.config.norm_epsilon == 1e-12f);
  CHECK(read_after([](tiny_bert& b) {
          b.config.erase("id2label");
          b.config["num_labels"] = 3;
        }).labels.at(2) == "LABEL_2");
}

TEST_CASE("a BERT in several files is the one in one file, and refusals name the file of the tensor") {
  tiny_bert source;
  temporary_folder const folder;
  source.write(folder);
  auto const whole = model::read_bert(folder.path());
  std::filesystem::remove(folder.path() / "model.safetensors");
  source.weights.write_shards(folder);
  CHECK(model::read_bert(folder.path()) == whole);
  source.weights.add("bert.pooler.more", {4});
  source.weights.write_shards(folder);
  std::string const of_file = nlohmann::json::parse(
      std::ifstream(folder.path() / "model.safetensors.index.json"))["weight_map"]["bert.pooler.more"];
  check_failure(failure([&] { (void)model::read_bert(folder.path()); }), errc::file_format,
                {of_file + ", tensor 'bert.pooler.more'"});
}

TEST_CASE("activations of a BERT have all the names that Hugging Face has for them") {
  using ohmic::activation;
  for (auto const& [name, of] : {std::pair{"gelu_python", activation::gelu},
                                 {"gelu_new", activation::gelu_tanh},
                                 {"gelu_pytorch_tanh", activation::gelu_tanh},
                                 {"silu", activation::silu},
                                 {"swish", activation::silu},
                                 {"tanh", activation::tanh}})
    CHECK(read_after([&, n = name](tiny_bert& b) { b.config["hidden_act"] = n; }).config.hidden_activation == of);
  // A plan counts one, and none is made.
  check_config("hidden_act", "linear", errc::config_value, {"'linear'"});
}

TEST_CASE("a config.json that is missing, broken or no object is refused") {
  temporary_folder const folder;
  auto const read = [&] { return failure([&] { (void)model::read_bert(folder.path()); }); };
  check_failure(read(), errc::file_missing, {"config.json", "no such file"});
  auto const with = [&](std::string const& text) {
    folder.write("config.json", text);
    return read();
  };
  check_failure(with(""), errc::file_format, {"config.json", "broken JSON at byte"});
  check_failure(with("{\"model_type\": "), errc::file_format, {"config.json", "broken JSON at byte"});
  check_failure(with("[1]"), errc::file_format, {"config.json", "not a JSON object", "array"});
  check_failure(with(R"({"vocab_size":1,"vocab_size":2})"), errc::file_format, {"key 'vocab_size'", "given twice"});
  check_failure(with(R"({"a":{"b":1,"b":2}})"), errc::file_format, {"key 'b'", "given twice"});
  check_failure(with(R"({"a":)" + std::string(1000, '[')), errc::file_format, {"config.json", "nested too deeply"});
  check_failure(with(R"({"layer_norm_eps":1e999})"), errc::file_format, {"config.json", "no double can hold"});
  check_failure(with(std::string(9 << 20, ' ')), errc::capacity, {"config.json", "too large", "9437184 bytes"});
  tiny_bert{}.write(folder);
  std::filesystem::remove(folder / "model.safetensors");
  check_failure(read(), errc::file_missing, {"model.safetensors", "no such file"});
}

TEST_CASE("every size in config.json must be there, whole, positive and bounded") {
  for (std::string const key : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                                "intermediate_size", "max_position_embeddings", "type_vocab_size"}) {
    check_failure(failure_after([&](tiny_bert& b) { b.config.erase(key); }), errc::missing_entry,
                  {"config.json, key '" + key + "'", "is missing"});
    check_config(key, nullptr, errc::missing_entry, {"is missing"});
    check_config(key, 0, errc::config_value, {"out of range", "got 0", "1 to"});
    check_config(key, -4, errc::config_value, {"out of range", "got -4"});
    check_config(key, std::numeric_limits<std::uint64_t>::max(), errc::config_value, {"18446744073709551615"});
    check_config(key, 4.0, errc::file_format, {"wrong type", "4.0", "a whole number"});
    check_config(key, "4", errc::file_format, {"wrong type", "\"4\""});
    check_config(key, nlohmann::json::array({4}), errc::file_format, {"wrong type"});
  }
}

TEST_CASE("models that are not computed as BERT classifiers are refused by the setting") {
  check_config("model_type", "roberta", errc::config_value, {"'roberta'", "'bert'"});
  check_config("model_type", 5, errc::file_format, {"a string"});
  check_config("hidden_act", "quick_gelu", errc::config_value, {"'quick_gelu'", "'relu', 'gelu'"});
  check_config("hidden_act", nullptr, errc::missing_entry, {"is missing"});
  check_config("position_embedding_type", "relative_key", errc::config_value, {"'relative_key'", "'absolute'"});
  check_config("problem_type", "regression", errc::config_value, {"'regression'", "'single_label_classification'"});
  check_config("is_decoder", true, errc::config_value, {"true", "false"});
  check_config("is_decoder", "no", errc::file_format, {"true or false"});
  check_config("pruned_heads", {{"0", {1}}}, errc::config_value, {"absent or empty"});
  check_config("quantization_config", {{"bits", 8}}, errc::config_value, {"absent or empty"});
  check_config("quantization_config",
               {{"quant_method", "bitsandbytes"}, {"load_in_8bit", true}, {"load_in_4bit", true}}, errc::config_value,
               {"absent or empty"});
  CHECK_NOTHROW(read_after([](tiny_bert& b) {
    b.config["quantization_config"] = {{"quant_method", "bitsandbytes"}, {"load_in_8bit", true}};
  }));
  check_config("architectures", nlohmann::json::array({"BertForMaskedLM"}), errc::config_value, {"BertForMaskedLM"});
  check_config("num_attention_heads", 3, errc::config_conflict, {"does not divide hidden_size", "3 heads"});
  check_config("layer_norm_eps", 0.0, errc::config_value, {"0.0", "more than 0"});
  check_config("layer_norm_eps", -1e-12, errc::config_value, {"-1e-12"});
  check_config("layer_norm_eps", 1e-60, errc::config_value, {"1e-60"});  // zero as a float
  check_config("layer_norm_eps", "1e-12", errc::file_format, {"a number"});
}

TEST_CASE("labels must be contiguous and agree with their number") {
  check_config("id2label", {{"0", "a"}, {"2", "c"}}, errc::missing_entry, {"label 1 is missing", "0 to 1"});
  check_config("id2label", {{"0", "a"}, {"01", "c"}}, errc::missing_entry, {"label 1 is missing"});
  check_config("id2label", nlohmann::json::object(), errc::config_value, {"number of labels", "got 0"});
  check_config("id2label", nlohmann::json::array({"a"}), errc::file_format, {"an object"});
  check_config("id2label", {{"0", 7}}, errc::file_format, {"7", "a string for id 0"});
  check_config("id2label", {{"0", "a"}}, errc::config_value, {"id2label", "is regression", "1 label"});
  check_config("num_labels", 4, errc::config_conflict, {"contradicts id2label", "got 4", "3 as in id2label"});
}

TEST_CASE("a config.json that contradicts the tensors is named beside the tensor") {
  auto const contradiction = [](std::string const& key, nlohmann::json const& value, std::string const& tensor,
                                std::vector<std::string> parts) {
    INFO(key);
    parts.push_back("model.safetensors, tensor '" + tensor + "'");
    parts.push_back(" of config.json)");
    check_failure(failure_after([&](tiny_bert& b) { b.config[key] = value; }), errc::shape, parts);
  };
  contradiction("vocab_size", 12, "bert.embeddings.word_embeddings.weight",
                {"[11, 4]", "[12, 4] (vocab_size x hidden_size"});
  contradiction("hidden_size", 8, "bert.embeddings.word_embeddings.weight", {"[11, 4]", "[11, 8]"});
  contradiction("max_position_embeddings", 6, "bert.embeddings.position_embeddings.weight",
                {"[5, 4]", "[6, 4] (max_position_embeddings"});
  contradiction("type_vocab_size", 1, "bert.embeddings.token_type_embeddings.weight", {"[2, 4]", "(type_vocab_size"});
  contradiction("intermediate_size", 7, "bert.encoder.layer.0.intermediate.dense.weight",
                {"[6, 4]", "[7, 4] (intermediate_size x hidden_size"});
  contradiction("id2label", {{"0", "a"}, {"1", "b"}}, "classifier.weight", {"[3, 4]", "[2, 4] (number of labels"});
  contradiction("num_hidden_layers", 1, "bert.encoder.layer.1.attention.output.LayerNorm.bias",
                {"belongs to no layer", "0 to 0 (num_hidden_layers"});
  check_failure(failure_after([&](tiny_bert& b) { b.config["num_hidden_layers"] = 3; }), errc::missing_entry,
                {"tensor 'bert.encoder.layer.2.attention.self.query.weight'",
                 "did you mean 'bert.encoder.layer.0.attention.self.query.weight'?"});
}

TEST_CASE("missing tensors, empty matrices and weights that are not finite are refused") {
  std::string const query = "bert.encoder.layer.1.attention.self.query.weight";
  check_failure(failure_after([&](tiny_bert& b) { b.weights.tensors.erase(query); }), errc::missing_entry,
                {"model.safetensors", query, "did you mean"});
  check_failure(failure_after([&](tiny_bert& b) { b.weights.tensors.erase("bert.pooler.dense.bias"); }),
                errc::missing_entry, {"bert.pooler.dense.bias"});
  check_failure(failure_after([&](tiny_bert& b) {
                  b.weights.add("classifier.weight", {0, 4});
                }),
                errc::shape, {"classifier.weight", "[0, 4]", "[3, 4]"});
  check_failure(failure_after([&](tiny_bert& b) {
                  b.weights.tensors[query].values[6] = std::numeric_limits<float>::quiet_NaN();
                }),
                errc::value, {"model.safetensors", query, "element 6 (row 1, column 2)", "NaN"});
}

TEST_CASE("a BERT made by hand is checked part by part") {
  model::bert const good = read_after([](tiny_bert&) {});
  auto const after = [&](auto change) {
    model::bert m = good;
    change(m);
    return failure([&] { model::validate(m, "mine"); });
  };
  check_failure(after([](model::bert& m) { m.word = ohmic::matrix<float>(10, 4); }), errc::shape,
                {"mine", "word", "10 x 4", "11 x 4"});
  check_failure(after([](model::bert& m) { m.layers[1].output.bias.pop_back(); }), errc::shape,
                {"layers[1].output.bias", "3 x 1", "4 x 1"});
  check_failure(after([](model::bert& m) { m.layers.pop_back(); }), errc::shape, {"layers", "1 x 1", "2 x 1"});
  check_failure(after([](model::bert& m) { m.embedding_norm.beta.clear(); }), errc::shape, {"embedding_norm.beta"});
  check_failure(after([](model::bert& m) { m.labels.pop_back(); }), errc::shape, {"labels"});
  check_failure(after([](model::bert& m) { m.config.heads = 3; }), errc::config_conflict, {"heads does not divide"});
  check_failure(after([](model::bert& m) { m.config.hidden = 0; }), errc::config_value, {"hidden", "got 0"});
  check_failure(after([](model::bert& m) { m.config.norm_epsilon = 0; }), errc::config_value, {"norm_epsilon"});
}

TEST_CASE("token ids outside the vocabulary are refused with their position") {
  std::vector<std::int32_t> ids{2, 0, 10, 3};
  model::check_ids(ids, 11, "text 7");
  check_failure(failure([&] { model::check_ids(ids, 10, "text 7"); }), errc::value,
                {"text 7", "token id out of range at position 2", "got 10", "0 to 9"});
  ids[1] = -1;
  check_failure(failure([&] { model::check_ids(ids, 11, "text 7"); }), errc::value, {"position 1", "got -1"});
  check_failure(failure([&] { model::check_ids(ids, 0, "text 7"); }), errc::value, {"position 0", "allowed: none"});
}
