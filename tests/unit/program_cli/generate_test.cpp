// ohmic generate, and ohmic deploy --decode: language models token by token.
#include <fstream>
#include <string>

#include "llama_folder.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"

namespace {

using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

std::string const example_models = OHMIC_SOURCE_DIR "/examples/models/";
std::string const kjv_model = "'" + example_models + "gpt-kjv'";

struct few_lines : scratch_folder {
  few_lines() {
    write("data.txt", first_lines("valid.txt", 12));
    write("calib.txt", first_lines("calib.txt", 14));
  }
  [[nodiscard]] static std::string first_lines(std::string const& name, int lines) {
    std::ifstream in(example_models + "gpt-kjv/" + name);
    std::string text, line;
    while (lines-- > 0 && std::getline(in, line)) text += line + "\n";
    return text;
  }
  [[nodiscard]] std::string calibration() const { return " --calibration " + (*this / "calib.txt"); }
};

}  // namespace

TEST_CASE("deploy --decode scores as the whole pass does, with its plan", "[slow]") {
  few_lines const t;
  std::string const deploy = "deploy --model " + kjv_model + " --data " + (t / "data.txt") + t.calibration() +
                             " --limit 1 --chip wang2024,single_bit";
  auto const whole = run_program(deploy + " --json " + (t / "whole.json"));
  auto const steps = run_program(deploy + " --decode --json " + (t / "steps.json"));
  INFO(whole.text << steps.text);
  REQUIRE(whole.status == 0);
  REQUIRE(steps.status == 0);
  auto const a = read_json(t.path() / "whole.json"), b = read_json(t.path() / "steps.json");
  CHECK(b.at("model").at("decode") == true);
  CHECK(a.at("fp32") == b.at("fp32"));
  REQUIRE(b.at("chips").size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(a.at("chips")[i].at("scores") == b.at("chips")[i].at("scores"));
    CHECK(b.at("chips")[i].at("actions_equal_plan") == true);
  }
}

TEST_CASE("generate writes text, and the energy of every token on every chip", "[slow]") {
  few_lines const t;
  std::string const generate = "generate --model " + kjv_model +
                               " --prompt 'And Jesus said' --tokens 20 --chip wang2024,isaac --set range.sigmas=3" +
                               t.calibration();
  auto const r = run_program(generate + " --json " + (t / "out.json"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(r.text, contains("And Jesus said"));
  CHECK_THAT(r.text, contains("isaac: has no effect: range.sigmas: range.rule is not mean_sigma"));
  auto const j = read_json(t.path() / "out.json");
  REQUIRE(j.at("texts").size() == 4);
  auto const prompt = j.at("prompt").at("ids").size();
  for (auto const& text : j.at("texts")) {
    REQUIRE(text.at("tokens").size() == 20);
    CHECK(text.at("tokens")[0].at("new_tokens") == prompt);
    CHECK(text.at("tokens")[19].at("context") == prompt + 19);
  }
  for (std::size_t chip : {2u, 3u}) {
    CHECK(j.at("texts")[chip].at("actions_equal_plan") == true);
    // A longer context costs more.
    auto const& tokens = j.at("texts")[chip].at("tokens");
    for (std::size_t i = 2; i < 20; ++i)
      CHECK(tokens[i].at("energy_J").get<double>() > tokens[i - 1].at("energy_J").get<double>());
  }
  CHECK(j.at("texts")[2].at("idle").empty());
  CHECK(j.at("texts")[3].at("idle").size() == 1);
  CHECK(j.at("texts")[0].at("tokens")[0].at("energy_J").is_null());
  // isaac computes what int8 does.
  CHECK(j.at("texts")[1].at("text") == j.at("texts")[3].at("text"));
}

TEST_CASE("drawn text follows the seed, not the threads", "[slow]") {
  few_lines const t;
  std::string const generate =
      "generate --model " + kjv_model + " --prompt '' --tokens 10 --temperature 1" + t.calibration();
  auto const texts = [&](std::string const& more) {
    auto const r = run_program(generate + more + " --quiet --json " + (t / "out.json"));
    INFO(r.text);
    REQUIRE(r.status == 0);
    return read_json(t.path() / "out.json").at("texts");
  };
  auto const one = texts(" --seed 5 --threads 1");
  CHECK(one == texts(" --seed 5 --threads 2"));
  CHECK(one[0].at("text") != texts(" --seed 6")[0].at("text"));
}

TEST_CASE("a Llama's folder is scored and generated from, on every kind of chip", "[slow]") {
  scratch_folder const t;
  ohmic_test::write_small_llama(t);
  std::string const folder = "'" + t.path().string() + "'";
  std::string const chips = " --chip wang2024,isaac,single_bit --json " + (t / "out.json");
  auto const scored = run_program("deploy --model " + folder + " --data " + (t / "data.txt") + chips);
  INFO(scored.text);
  REQUIRE(scored.status == 0);
  auto const whole = read_json(t.path() / "out.json");
  CHECK(whole.at("model").at("type") == "llama");
  CHECK(whole.at("n") == 2);
  auto const steps = run_program("deploy --decode --model " + folder + " --data " + (t / "data.txt") + chips);
  INFO(steps.text);
  REQUIRE(steps.status == 0);
  auto const decoded = read_json(t.path() / "out.json");
  for (std::size_t i = 0; i < 4; ++i) CHECK(whole.at("chips")[i].at("scores") == decoded.at("chips")[i].at("scores"));
  auto const generated = run_program("generate --model " + folder + " --prompt 'the fox' --tokens 8" + chips);
  INFO(generated.text);
  REQUIRE(generated.status == 0);
  auto const j = read_json(t.path() / "out.json");
  CHECK(j.at("prompt").at("ids") == nlohmann::json::array({0, 31, 3, 9, 18, 27}));
  for (std::size_t i = 2; i < 5; ++i) CHECK(j.at("texts")[i].at("actions_equal_plan") == true);
  // A tokenizer that ends every text, and generation that ends with the first token that comes then.
  auto tokenizer = read_json(t.path() / "tokenizer.json");
  tokenizer["post_processor"]["single"].push_back({{"SpecialToken", {{"id", "</s>"}, {"type_id", 0}}}});
  tokenizer["post_processor"]["special_tokens"]["</s>"] = {{"id", "</s>"}, {"ids", {1}}, {"tokens", {"</s>"}}};
  t.write("tokenizer.json", tokenizer.dump());
  auto const first = [&] {
    auto const r = run_program("generate --model " + folder + " --prompt 'the fox' --tokens 8" + chips);
    INFO(r.text);
    REQUIRE(r.status == 0);
    return read_json(t.path() / "out.json");
  };
  auto const ended = first();
  CHECK(ended.at("prompt").at("ids") == nlohmann::json::array({0, 31, 3, 9, 18, 27, 1}));
  auto const id = ended.at("texts")[0].at("tokens")[0].at("id").get<int>();
  t.write("generation_config.json", nlohmann::json{{"eos_token_id", {id}}}.dump());
  CHECK(first().at("texts")[0].at("tokens").size() == 1);
}

TEST_CASE("a Phi's folder is scored and generated from", "[slow]") {
  scratch_folder const t;
  ohmic_test::write_small_llama(t, true);
  std::string const folder = "'" + t.path().string() + "'";
  std::string const chips = " --chip wang2024,isaac --json " + (t / "out.json");
  auto const scored = run_program("deploy --model " + folder + " --data " + (t / "data.txt") + chips);
  INFO(scored.text);
  REQUIRE(scored.status == 0);
  CHECK(read_json(t.path() / "out.json").at("model").at("type") == "gpt_neox");
  auto const generated = run_program("generate --model " + folder + " --prompt 'the fox' --tokens 8" + chips);
  INFO(generated.text);
  REQUIRE(generated.status == 0);
  auto const j = read_json(t.path() / "out.json");
  for (std::size_t i = 2; i < 4; ++i) CHECK(j.at("texts")[i].at("actions_equal_plan") == true);
}

TEST_CASE("without a copy in fp32 a run is the same, and speeds are reported", "[slow]") {
  scratch_folder const t;
  ohmic_test::write_small_llama(t);
  std::string const generate = "generate --model '" + t.path().string() +
                               "' --prompt 'the fox' --tokens 8 --window 12 --chip wang2024 --json " + (t / "out.json");
  auto const results = [&](std::string const& more) {
    auto const r = run_program(generate + more);
    INFO(r.text);
    REQUIRE(r.status == 0);
    CHECK_THAT(r.text, contains("tokens/s"));
    return read_json(t.path() / "out.json");
  };
  auto const kept = results(""), read = results(" --layer-wise");
  CHECK(kept.at("texts") == read.at("texts"));
  REQUIRE(kept.at("run").at("generation").size() == 3);
  CHECK(kept.at("run").at("generation")[2].at("tokens_per_s").get<double>() > 0.0);
}

TEST_CASE("units of F are chosen by settings, counted as planned and priced", "[slow]") {
  scratch_folder const t;
  ohmic_test::write_small_llama(t);
  std::string const generate =
      "generate --model '" + t.path().string() + "' --prompt 'the fox' --tokens 4 --json " + (t / "out.json");
  auto const energy = [&](std::string const& settings) {
    auto const r = run_program(generate + settings);
    INFO(r.text);
    REQUIRE(r.status == 0);
    auto const text = read_json(t.path() / "out.json").at("texts")[2];
    CHECK(text.at("actions_equal_plan") == true);
    return text.at("tokens")[3].at("energy_J").get<double>();
  };
  double const exact = energy("");
  for (char const* settings :
       {" --set softmax.exponential=base2 --set softmax.entries=4",
        " --set softmax.exponential=table --set softmax.base=two",
        " --set softmax.exponential=integer --set softmax.divide_bits=8",
        " --set norm.root=integer --set norm.root_bits=10", " --set activation.kind=table --set activation.entries=16",
        " --set activation.kind=integer --set activation.bits=8"}) {
    INFO(settings);
    CHECK(energy(settings) != exact);
  }
}

TEST_CASE("what cannot be generated is refused") {
  std::string const bert = "'" + example_models + "bert-wordnet'";
  refused("generate --model " + bert + " --prompt x", {"does not generate text"});
  refused("deploy --decode --model " + bert + " --data " + bert + "/test.tsv", {"--decode", "language model"});
  refused("generate --model " + kjv_model + " --prompt 'And' --tokens 200", {"129 in all"});
  refused("generate --model " + kjv_model + " --prompt 'And' --temperature -1", {"--temperature"});
  refused("generate --model " + kjv_model + " --prompt 'And' --tokens 0", {"--tokens"});
  refused("generate --model " + kjv_model + " --prompt 'And' --chip wang", {"unknown chip"});
  refused("generate --model " + kjv_model + " --prompt 'And' --layer-wise", {"--layer-wise", "gpt2"});
  refused("generate --model " + kjv_model + " --prompt 'And' --window 129", {"--window", "128"});
  refused("deploy --model " + bert + " --data " + bert + "/test.tsv --window 8", {"--window", "bert"});
  refused("generate --model " + kjv_model + " --prompt 'And' --set softmax.entries=0", {"softmax.entries"});
}
