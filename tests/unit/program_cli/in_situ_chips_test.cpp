// ohmic deploy on conventional chips: whole models, settings, calibration that is kept, what is refused.
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"

using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

std::string const wordnet = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";

/// deploy of a few texts.
std::string wordnet_deploy(std::string const& more, int limit = 6) {
  return "deploy --model '" + wordnet + "' --data '" + wordnet + "/test.tsv' --limit " + std::to_string(limit) +
         " --quiet --json - " + more;
}

nlohmann::json in_situ_result(std::string const& arguments) {
  auto const r = run_program(arguments);
  INFO(arguments << "\n" << r.text);
  REQUIRE(r.status == 0);  // also: as many actions as planned
  auto j = nlohmann::json::parse(r.text);
  j.erase("run");
  return j;
}

}  // namespace

TEST_CASE("deploy runs a model on conventional chips beside others") {
  auto const j = in_situ_result(wordnet_deploy("--chip isaac,multi_bit,single_bit,wang2024", 24));
  REQUIRE(j.at("chips").size() == 5);
  auto const &int8 = j.at("chips")[0], &isaac = j.at("chips")[1];
  CHECK(isaac.at("id") == "isaac");
  CHECK(isaac.at("score") == int8.at("score"));
  CHECK(isaac.at("agreement") == int8.at("agreement"));
  CHECK(isaac.at("layers").size() == int8.at("layers").size());
  for (std::size_t i = 0; i < isaac.at("layers").size(); ++i) {
    auto const &a = isaac.at("layers")[i], &b = int8.at("layers")[i];
    CHECK(a.at("name") == b.at("name"));
    CHECK(a.at("snr_db") == b.at("snr_db"));  // bit for bit
  }
  for (int chip : {1, 2, 3}) {
    auto const& c = j.at("chips")[static_cast<std::size_t>(chip)];
    CHECK(c.at("actions_equal_plan") == true);
    CHECK(c.at("agreement") >= 0.75);  // 18 of 24
    CHECK(c.at("dense_bank").is_null());
    CHECK(c.at("cost").at("arrays") > 0);
    CHECK(c.at("cost").at("attention_arrays") > 0);
    double sum = 0.0, time = 0.0, area = 0.0;
    for (auto const& row : c.at("cost").at("rows")) {
      CHECK(!row.at("source").get<std::string>().empty());
      if (row.at("unit") == "J") sum += row.at("total").get<double>();
      if (row.at("unit") == "s") time += row.at("total").get<double>();
      if (row.at("unit") == "mm2") area += row.at("total").get<double>();
    }
    for (auto const& [key, total] : {std::pair("latency_s", time), std::pair("area_mm2", area)}) {
      double const got = c.at("cost").at(key);
      CHECK(got > 0.0);
      CHECK(std::fabs(total - got) <= 1e-12 * got);
    }
    double const energy = c.at("cost").at("energy_J");
    CHECK(energy > 0.0);
    CHECK(std::fabs(sum - energy) <= 1e-12 * energy);
  }
  CHECK(j.at("chips")[4].at("cost").is_null());
}

TEST_CASE("deploy on a conventional chip gives the same for every number of threads and every instruction set") {
  std::string const chip =
      "--chip multi_bit,isaac --set cell.device=pcm_joshi --set 'cell.r_on=50e3 ohm' "
      "--set 'cell.r_off=1e6 ohm' ";
  auto const reference = in_situ_result(wordnet_deploy(chip + "--threads 1 --instruction-set baseline"));
  CHECK(in_situ_result(wordnet_deploy(chip + "--threads 3")) == reference);
  auto const other = in_situ_result(wordnet_deploy(chip + "--seed 2"));
  CHECK(other.at("layers") != reference.at("layers"));
}

TEST_CASE("wires of conventional chips cost accuracy, fewer bits too") {
  auto const a1 = [](nlohmann::json const& j) {
    for (auto const& layer : j.at("layers"))
      if (layer.at("name") == "layer.0.A1") return layer.at("snr_db").get<double>();
    return 0.0;
  };
  double const ideal = a1(in_situ_result(wordnet_deploy("--chip multi_bit", 2)));
  CHECK(a1(in_situ_result(wordnet_deploy("--chip multi_bit --set adc.bits=5", 2))) < ideal);
  CHECK(a1(in_situ_result(wordnet_deploy("--chip multi_bit --set 'wires.bit_segment=5 ohm'", 2))) < ideal);
}

TEST_CASE("a calibration of a conventional chip is kept and serves chips with other cells") {
  scratch_folder const folder;
  auto const kept = run_program("calibrate --model '" + wordnet + "' --chip multi_bit --output " + (folder / "r.json"));
  INFO(kept.text);
  REQUIRE(kept.status == 0);
  auto const fresh = in_situ_result(wordnet_deploy("--chip multi_bit"));
  auto const again = in_situ_result(wordnet_deploy("--chip multi_bit --calibration " + (folder / "r.json")));
  CHECK(again.at("layers") == fresh.at("layers"));
  in_situ_result(wordnet_deploy("--chip multi_bit --set 'cell.r_off=1e6 ohm' --calibration " + (folder / "r.json")));
  refused(wordnet_deploy("--chip isaac --calibration " + (folder / "r.json")), {"no calibration", "isaac"});
  refused(wordnet_deploy("--calibration nosuch"), {"--calibration: no such file; got 'nosuch'", "not scored", ".json"});
  // What does nothing is told here too, and kept.
  auto const idle = run_program("calibrate --model '" + wordnet +
                                "' --chip multi_bit --set softmax.entries=16 --output " + (folder / "i.json"));
  CHECK_THAT(idle.text,
             contains("multi_bit: has no effect: softmax.entries: softmax.exponential is not table or base2"));
  CHECK(read_json(folder.path() / "i.json").at("chips")[0].at("idle").size() == 1);
  CHECK(read_json(folder.path() / "r.json").at("chips")[0].at("idle").empty());
}

TEST_CASE("chip files and lists know conventional chips") {
  scratch_folder const folder;
  folder.write(
      "mine.toml",
      "chip = \"isaac\"\nname = \"half\"\n[array]\nrows = 64\n[weights]\nslices = [2, 2, 4]\n[adc]\nbits = 7\n");
  auto const j = in_situ_result(wordnet_deploy("--chip " + (folder / "mine.toml"), 2));
  CHECK(j.at("chip") == "half");
  CHECK(j.at("config").at("array.rows") == 64);
  CHECK(j.at("chips")[1].at("layers") == j.at("layers"));
  CHECK(j.at("config").at("weights.slices") == "2,2,4");
  refused("cost --model bert_base --chip " + (folder / "mine.toml"), {"mine.toml", "ohmic deploy"});
  // A value that is out of range has a place too, unless another is set on top of it.
  folder.write("wires.toml", "chip = \"isaac\"\n[wires]\nword_segment = \"-1 ohm\"\nbit_segment = \"1 ohm\"\n");
  std::string const broken = "--chip " + (folder / "wires.toml");
  refused(wordnet_deploy(broken), {"wires.toml, line 3, wires.word_segment"});
  auto const other = run_program(wordnet_deploy(broken + " --set 'wires.word_segment=-2 ohm'"));
  CHECK(other.status == 2);
  CHECK(other.text.find("line 3") == other.text.npos);
  folder.write("dense.toml", "[adc]\nbits = 60\n");
  refused("cost --model bert_base --chip " + (folder / "dense.toml"), {"dense.toml, line 2, adc.bits"});
  auto const list = nlohmann::json::parse(run_program("list chips --quiet --json -").text);
  std::size_t with_settings = 0;
  for (auto const& c : list.at("chips")) {
    if (c.at("id") == "prime") CHECK(c.at("cost_only") == true);
    if (c.contains("settings") && c.at("settings").contains("weights.slices")) ++with_settings;
  }
  CHECK(with_settings == 3);
}

TEST_CASE("deploy has converters with errors, prices tries of writing, and tells settings that do nothing") {
  std::string const chip = "--chip multi_bit --set cell.programming_error=0.05 --set cell.write.tolerance=0.02 ";
  auto const once = in_situ_result(wordnet_deploy(chip, 2)),
             tried = in_situ_result(wordnet_deploy(chip + "--set cell.write.max_tries=5", 2)),
             odd = in_situ_result(wordnet_deploy(
                 "--chip multi_bit --set converter.kind=sar --set converter.mismatch=0.02 --set converter.noise=0.001 "
                 "--set converter.columns=128 --set range.percentile=99",
                 2));
  CHECK(once.at("chips")[1].at("idle").dump().find("cell.write.tolerance") != std::string::npos);
  CHECK(tried.at("chips")[1].at("idle").empty());
  CHECK(odd.at("chips")[1].at("idle").dump().find("range.percentile: range.rule is not percentile") !=
        std::string::npos);
  auto const &a = once.at("chips")[1].at("cost"), &b = tried.at("chips")[1].at("cost");
  for (char const* what : {"weights", "attention"}) {
    CHECK(a.at("writing").at(what).at("tries") == a.at("writing").at(what).at("cells"));
    CHECK(b.at("writing").at(what).at("cells") == a.at("writing").at(what).at("cells"));
    CHECK(b.at("writing").at(what).at("tries") > b.at("writing").at(what).at("cells"));
  }
  CHECK(b.at("energy_J") > a.at("energy_J"));
  CHECK(b.at("latency_s") > a.at("latency_s"));
  CHECK(b.at("area_mm2") == a.at("area_mm2"));
  CHECK(odd.at("layers") != in_situ_result(wordnet_deploy("--chip multi_bit", 2)).at("layers"));
  CHECK(odd.at("chips")[1].at("actions_equal_plan") == true);
}

TEST_CASE("settings that a conventional chip does not have or cannot keep are refused by name") {
  refused(wordnet_deploy("--chip isaac --set adc.lossless=true --set converter.kind=sar"),
          {"converter.kind", "adc.lossless"});
  refused(wordnet_deploy("--chip isaac --set converter.mismatch=0.1"), {"converter.kind", "ideal"});
  refused(wordnet_deploy("--chip isaac --set weights.slice=2"), {"weights.slice", "did you mean 'weights.slices'"});
  refused(wordnet_deploy("--chip isaac --set dense.cell.bits=1"), {"dense.cell.bits", "unknown key"});
  refused(wordnet_deploy("--chip isaac --set weights.slices=2,2,2"), {"weights.slices", "together 6"});
  refused(wordnet_deploy("--chip multi_bit --set weights.flipped=true"), {"weights.flipped", "pairs"});
  refused(wordnet_deploy("--chip isaac --set cell.levels=4"), {"cell.levels", "weights.slices"});
  refused(wordnet_deploy("--chip isaac --set 'wires.word_segment=-1 ohm'"), {"wires.word_segment"});
  refused(wordnet_deploy("--chip isaac --set cell.device=pcm_joshi"), {"cell.device", "2.5e-05 S"});
}
