// ohmic deploy and calibrate with other models, chip files and lists of settings, and what they say to bad input.
#include <string>
#include <unistd.h>

#include "run_program.hpp"
#include "support/catch.hpp"

namespace {

using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

std::string const model_folder = OHMIC_SOURCE_DIR "/examples/models/gpt-kjv";
std::string const model = "'" + model_folder + "'";

/// Two windows to score and three to calibrate on.
struct short_text : scratch_folder {
  short_text() {
    write("data.txt", first_lines("valid.txt", 12));
    write("calib.txt", first_lines("calib.txt", 14));
  }
  [[nodiscard]] std::string arguments() const {
    return "deploy --model " + model + " --data " + (*this / "data.txt") + " --calibration " + (*this / "calib.txt") +
           " --limit 2";
  }
  [[nodiscard]] ohmic_test::program_result deploy(std::string const& more) const {
    return run_program(arguments() + " " + more);
  }
  [[nodiscard]] ohmic_test::program_result with_chip(std::string const& toml) const {
    write("mine.toml", toml);
    return deploy("--chip " + (*this / "mine.toml") + " --json " + (*this / "out.json"));
  }

 private:
  [[nodiscard]] static std::string first_lines(std::string const& name, int lines) {
    std::ifstream in(model_folder + "/" + name);
    std::string text, line;
    while (lines-- > 0 && std::getline(in, line)) text += line + "\n";
    return text;
  }
};

}  // namespace

TEST_CASE("deploy measures perplexity and plans what a decoder does", "[slow]") {
  short_text const t;
  auto const r = t.deploy("--task lm --json " + (t / "out.json"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  auto const j = read_json(t.path() / "out.json");
  CHECK(j.at("metric") == "perplexity");
  CHECK(j.at("n") == 2);
  CHECK(j.at("data").at("targets") == 256);
  CHECK(j.at("scores").at("chip").get<double>() < 1.05 * j.at("scores").at("fp32").get<double>());
  for (auto const& chip : j.at("chips")) CHECK(chip.at("actions_equal_plan") == true);
}

TEST_CASE("a deployment from kept ranges is the same as from texts", "[slow]") {
  short_text const t;
  std::string const settings = " --set adc.bits=7 --set softmax.exp_bits=9";
  REQUIRE(t.deploy("--json " + (t / "texts.json") + settings).status == 0);
  auto const c = run_program("calibrate --model " + model + " --calibration " + (t / "calib.txt") + " --output " +
                             (t / "kept.json") + settings);
  INFO(c.text);
  REQUIRE(c.status == 0);
  std::string const with_kept =
      "deploy --model " + model + " --data " + (t / "data.txt") + " --limit 2 --calibration " + (t / "kept.json");
  auto const r = run_program(with_kept + " --json " + (t / "kept-out.json") + settings);
  INFO(r.text);
  REQUIRE(r.status == 0);
  auto const a = read_json(t.path() / "texts.json"), b = read_json(t.path() / "kept-out.json");
  CHECK(a.at("chips") == b.at("chips"));
  CHECK(a.at("scores") == b.at("scores"));

  auto const other = run_program(with_kept + " --set adc.bits=6");
  CHECK(other.status == 2);
  CHECK_THAT(other.text, contains("adc.bits=6 here"));
  auto const scored = run_program("deploy --model " + model + " --data " + (t / "calib.txt") + " --calibration " +
                                  (t / "kept.json") + settings);
  CHECK(scored.status == 2);
  CHECK_THAT(scored.text, contains("scored texts"));

  auto const kept = read_json(t.path() / "kept.json");
  auto const damaged = [&](auto const& change, std::vector<std::string> const& parts) {
    auto other_ranges = kept;
    change(other_ranges);
    t.write("damaged.json", other_ranges.dump());
    refused(
        "deploy --model " + model + " --data " + (t / "data.txt") + " --calibration " + (t / "damaged.json") + settings,
        parts);
  };
  using json = nlohmann::json;
  auto const chip_with = [](char const* key, auto const& change) {
    return [=](json& j) { change(j["chips"][0][key]); };
  };
  damaged([](json& j) { j["chips"][0]["full_scales"].begin().value()[0] = 0; }, {"damaged.json", "not above 0"});
  for (json const& data : {json("hello"), json::array({1}), json{{"path", 1}}})
    damaged([&](json& j) { j["data"] = data; }, {"key 'data'", "not a calibration", "path, digest and n"});
  damaged([](json& j) { j["schema"] = 2; }, {"key 'schema'", "not a calibration"});
  damaged([](json& j) { j["command"] = "deploy"; }, {"key 'command'", "not a calibration"});
  damaged([](json& j) { j["text_digests"].clear(); }, {"key 'text_digests'", "at least one"});
  damaged([](json& j) { j["text_digests"][0] = "0"; }, {"key 'text_digests'", "16 hexadecimal digits"});
  damaged(chip_with("largest", [](json& ranges) { ranges.erase("layer.0.A3"); }), {"chips.largest.layer.0.A3", "E304"});
  damaged([](json& j) { j["chips"].push_back(j["chips"][0]); }, {"two calibrations of one chip", "'wang2024'"});
  damaged(
      [](json& j) {
        auto more = j["chips"][0];
        more["settings"].clear();
        more["largest"].begin().value() = 1e9;
        j["chips"].push_back(more);
      },
      {"contradict each other"});
  for (char const* block : {"foo", "1x", "01", "-1", "99999999999999999999"})
    damaged(chip_with("softmax_full_scale", [=](json& blocks) { blocks[block] = 1.0; }),
            {std::string("softmax_full_scale.") + block, "blocks of the model"});
  damaged(chip_with("largest", [](json& ranges) { ranges.clear(); }), {"chips.largest", "E304"});
  damaged(chip_with("largest", [](json& ranges) { ranges.begin().value() = 1e-45; }), {"largest.", "1e-30"});
  damaged(chip_with("largest", [](json& ranges) { ranges.begin().value() = 3e38; }), {"largest.", "1e30"});
}

TEST_CASE("vary compares settings in one table", "[slow]") {
  short_text const t;
  auto const r = t.deploy("--vary adc.bits=4,8 --json " + (t / "out.json"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(r.text, contains("wang2024 adc.bits=4"));
  auto const chips = read_json(t.path() / "out.json").at("chips");
  REQUIRE(chips.size() == 3);
  CHECK(chips[1].at("config").at("adc.bits") == 4);
  CHECK(chips[2].at("config").at("adc.bits") == 8);
  CHECK(chips[1].at("agreement") < chips[2].at("agreement"));
}

TEST_CASE("deploy runs every attention policy as planned", "[slow]") {
  short_text const t;
  auto const r =
      t.deploy("--vary attention.policy=shared_array,written_arrays,decomposed,digital --json " + (t / "out.json"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  auto const chips = read_json(t.path() / "out.json").at("chips");
  REQUIRE(chips.size() == 5);
  for (auto const& c : chips) CHECK(c.at("actions_equal_plan") == true);
  auto const counted = [&](std::size_t chip, std::string const& part, std::string const& action) {
    std::uint64_t n = 0;
    for (auto const& a : chips[chip].at("actions"))
      if (a.at("part") == part && a.at("action") == action) n += a.at("count").get<std::uint64_t>();
    return n;
  };
  CHECK(counted(1, "cell", "write") + counted(1, "digital_unit", "multiply_add") == 0);
  CHECK(counted(2, "cell", "write") > 0);
  CHECK(counted(4, "digital_unit", "multiply_add") > 0);
  CHECK(counted(4, "operand_register", "load") < counted(1, "operand_register", "load"));
  // Digital units and written arrays lose nothing; their weights' converters are the same.
  CHECK(chips[2].at("scores") == chips[4].at("scores"));
}

TEST_CASE("deploy reports the bit errors of the dense bank, which the seed and nothing else decides") {
  short_text const t;
  std::string const settings = "--chip wang2024 --vary dense.cell.rtn_multiple=0,5,6.2 ";
  auto const errors = [&](std::string const& more) {
    auto const r = t.deploy(settings + more + " --json " + (t / "out.json"));
    INFO(r.text);
    REQUIRE(r.status == 0);
    CHECK_THAT(r.text, contains("wrong bits"));
    auto const chips = read_json(t.path() / "out.json").at("chips");
    CHECK(chips[1].at("dense_bank").at("weights") == 0);  // perfect: not touched
    CHECK(chips[2].at("dense_bank").at("weights") > 0);
    CHECK(chips[2].at("dense_bank").at("bit_errors") == 0);
    CHECK(chips[2].at("scores") == chips[1].at("scores"));
    return chips[3].at("dense_bank").at("bit_errors").get<std::size_t>();
  };
  auto const first = errors("--threads 1");
  CHECK(first > 0);
  CHECK(errors("--threads 2") == first);
  CHECK(errors("--seed 2") != first);
}

TEST_CASE("a slip in a list of settings costs no time") {
  short_text const t;
  auto const wrong = t.deploy("--vary adc.bitz=4,8");
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.text, contains("adc.bits"));
  CHECK(t.deploy("--vary adc.bits").status == 2);
  CHECK(t.deploy("--vary adc.bits=4,eight").status == 2);
}

TEST_CASE("a setting of deploy has one place, and a point is run once") {
  short_text const t;
  auto const refuses = [&](std::string const& options, std::vector<std::string> const& parts) {
    auto const r = t.deploy(options);
    INFO(options << "\n" << r.text);
    CHECK(r.status == 2);
    for (auto const& part : parts) CHECK_THAT(r.text, contains(part));
  };
  refuses("--vary adc.bits=6 --vary adc.bits=8", {"E103", "'adc.bits' is varied twice"});
  refuses("--vary adc.bits=8,8", {"E103", "value is given twice", "'8'"});
  refuses("--vary adc.bits=8,08", {"E103", "value is given twice", "'08'"});
  refuses("--vary adc.bits=6,8 --set adc.bits=7", {"E103", "'adc.bits' is set too"});
  refuses("--chip wang2024,isaac --set noise.thermal=0.1", {"E102", "chip isaac, noise.thermal"});
}

TEST_CASE("of a setting that is given again the last counts, but not beside its own option") {
  scratch_folder const folder;
  REQUIRE(
      run_program("cost --model gpt2 --set adc.bits=6 --set adc.bits=8 --quiet --json " + (folder / "r.json")).status ==
      0);
  CHECK(read_json(folder.path() / "r.json")["function"]["adc.bits"] == 8);
  refused("cost --model gpt2 --attention digital --set attention.policy=decomposed",
          {"E103", "option of its own", "'decomposed', and 'digital' by --attention"});
  CHECK(run_program("cost --model gpt2 --attention digital --set attention.policy=digital").status == 0);
}

TEST_CASE("a chip file changes settings by name", "[slow]") {
  short_text const t;
  auto const r = t.with_chip(
      "chip = 'wang2024'\nname = 'mine'\n[adc]\nbits = 7\n[range]\nrule = 'percentile'\npercentile = 99.9\n");
  INFO(r.text);
  REQUIRE(r.status == 0);
  auto const j = read_json(t.path() / "out.json");
  CHECK(j.at("chip") == "mine");
  CHECK(j.at("config").at("adc.bits") == 7);
  CHECK(j.at("config").at("range.rule") == "percentile");
  CHECK(j.at("config").at("range.percentile") == 99.9);
}

TEST_CASE("a damaged chip file is refused with its line") {
  short_text const t;
  auto const refused = [&](std::string const& toml, std::string const& part) {
    auto const r = t.with_chip(toml);
    INFO(r.text);
    CHECK(r.status == 2);
    CHECK_THAT(r.text, contains(part));
    CHECK_THAT(r.text, contains("mine.toml"));
  };
  refused("[adc]\nbits = \"8\"\n", "line 2");
  refused("[adc]\nbits = \"8\"\n", "a string");
  refused("[adc]\nbits = 8.5\n", "not a whole number");
  refused("[adc]\nlossless = 1\n", "not a truth value");
  refused("[adc]\nbits = true\n", "line 2");
  refused("[range]\nuser = [1, \"a\"]\n", "a list of numbers");
  refused("[adc]\nbits = 1979-05-27\n", "a date or time");
  refused("[adc]\nbitz = 8\n", "did you mean 'adc.bits'");
  refused("[adc\nbits = 8\n", "broken TOML");
  CHECK_THAT(t.with_chip("chip = 'wang2025'\n").text, contains("did you mean 'wang2024'"));
  CHECK(t.deploy("--chip " + (t / "none.toml")).status == 2);
}

TEST_CASE("a text for a language model may have empty lines but must be UTF-8") {
  short_text const t;
  t.write("data.txt", "\n  \n");
  CHECK_THAT(t.deploy("").text, contains("2 empty lines"));
  t.write("data.txt",
          "good\nb\xFF"
          "d\n");
  auto const r = t.deploy("");
  CHECK(r.status == 2);
  CHECK_THAT(r.text, contains("line 2"));
  t.write("data.txt", "too short\n");
  CHECK_THAT(t.deploy("").text, contains("at least 129 ids"));
}

TEST_CASE("a task that does not suit the model is refused") {
  short_text const t;
  auto const r = t.deploy("--task classify");
  CHECK(r.status == 2);
  CHECK_THAT(r.text, contains("lm for a model of type gpt2"));
}
