// ohmic deploy: its JSON contract, its independence of threads and instruction sets, and what it says to bad input.
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

std::string const model_folder = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";
std::string const model = "'" + model_folder + "'";

/// The first lines of a file of the model.
std::string first_lines(std::string const& name, int lines) {
  std::ifstream in(model_folder + "/" + name);
  std::string text, line;
  while (lines-- > 0 && std::getline(in, line)) text += line + "\n";
  return text;
}

/// A folder with 12 texts to score and 16 to calibrate on.
struct small_task : scratch_folder {
  small_task() {
    write("data.tsv", first_lines("test.tsv", 12));
    write("calib.tsv", first_lines("calib.tsv", 16));
  }
  [[nodiscard]] std::string arguments() const {
    return "deploy --model " + model + " --data " + (*this / "data.tsv") + " --calibration " + (*this / "calib.tsv");
  }
};

/// A copy of the model that a test may damage.
struct damaged_model : small_task {
  damaged_model() {
    for (auto const* name : {"config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json"})
      fs::copy_file(fs::path(model_folder) / name, path() / name);
  }
  [[nodiscard]] std::string arguments() const {
    return "deploy --model '" + path().string() + "' --data " + (*this / "data.tsv") + " --calibration " +
           (*this / "calib.tsv");
  }
  void replace(std::string const& file, std::string const& from, std::string const& to) const {
    std::ifstream in(path() / file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    auto const at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("no " + from + " in " + file);
    write(file, text.replace(at, from.size(), to));
  }
};

}  // namespace

TEST_CASE("deploy writes the JSON of its contract") {
  small_task const task;
  auto const r = run_program(task.arguments() + " --json " + (task / "out.json"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  auto const j = read_json(task.path() / "out.json");
  CHECK(j.at("schema") == 1);
  CHECK(j.at("command") == "deploy");
  CHECK(j.at("chip") == "wang2024");
  CHECK(j.at("task") == "classify");
  CHECK(j.at("metric") == "accuracy");
  CHECK(j.at("n") == 12);
  for (auto const* score : {"fp32", "int8", "chip"}) {
    CHECK(j.at("scores").at(score) >= 0.0);
    CHECK(j.at("scores").at(score) <= 1.0);
  }
  CHECK(j.at("agreement") >= 0.75);  // 9 of 12; the 3000 texts of quickstart are the figure
  CHECK(j.at("config").at("adc.bits") == 8);
  CHECK(j.at("calibration").at("n") == 16);
  CHECK(j.at("run").contains("instruction_set"));
  CHECK(j.at("layers").size() == 2 + 4 * 13 + 2);
  for (auto const& layer : j.at("layers")) {
    CHECK(layer.at("name").is_string());
    CHECK((layer.at("snr_db").is_null() || layer.at("snr_db") > 0.0));
    CHECK(layer.at("clip_rate") >= 0.0);
  }
  std::size_t conversions = 0;
  for (auto const& a : j.at("actions"))
    if (a.at("part") == "adc" && a.at("action") == "convert") conversions += a.at("count").get<std::size_t>();
  CHECK(conversions > 1'000'000);
  REQUIRE(j.at("chips").size() == 3);  // int8, wang2024, wang2024_published
  for (auto const& c : j.at("chips")) CHECK(c.at("actions_equal_plan") == true);
  CHECK_THAT(r.text, contains("wang2024_published"));
  CHECK_THAT(r.text, contains("all as planned"));
}

TEST_CASE("deploy gives the same JSON for every number of threads and every instruction set") {
  small_task const task;
  auto const result = [&](std::string const& options) {
    auto const r = run_program(task.arguments() + " --quiet --chip wang2024 --json - " + options);
    INFO(options << ": " << r.text);
    REQUIRE(r.status == 0);
    auto j = nlohmann::json::parse(r.text);
    j.erase("run");
    return j;
  };
  auto const reference = result("--threads 1 --instruction-set baseline");
  CHECK(result("--threads 3") == reference);
  CHECK(result("--threads 7 --instruction-set auto") == reference);
  auto const avx2 = run_program(task.arguments() + " --quiet --chip wang2024 --json - --instruction-set avx2");
  if (avx2.status == 0) CHECK(result("--threads 2 --instruction-set avx2") == reference);
}

TEST_CASE("settings of the chip can be changed by key") {
  small_task const task;
  auto const bits = [&](std::string const& set) {
    auto const r = run_program(task.arguments() + " --quiet --chip wang2024 --json - " + set);
    INFO(r.text);
    REQUIRE(r.status == 0);
    return nlohmann::json::parse(r.text);
  };
  auto const coarse = bits("--set adc.bits=3"), fine = bits("--set adc.bits=12 --set coding.bias=rows");
  CHECK(coarse.at("config").at("adc.bits") == 3);
  CHECK(fine.at("config").at("coding.bias") == "rows");
  CHECK(coarse.at("layers")[5].at("snr_db") < fine.at("layers")[5].at("snr_db"));
  for (auto const* j : {&coarse, &fine})
    for (auto const& c : j->at("chips")) CHECK(c.at("actions_equal_plan") == true);
  auto const lossless = bits("--set adc.lossless=true");
  CHECK(lossless.at("chips")[0].at("score") == lossless.at("chips")[1].at("score"));
  CHECK(lossless.at("agreement") == lossless.at("agreement_int8"));
}

TEST_CASE("list names the chips with their settings") {
  auto const r = run_program("list chips --quiet --json -");
  REQUIRE(r.status == 0);
  auto const j = nlohmann::json::parse(r.text);
  REQUIRE(j.at("chips").size() >= 2);
  CHECK(j.at("chips")[0].at("id") == "wang2024");
  CHECK(j.at("chips")[0].at("settings").at("array.rows") == 128);
  CHECK(run_program("list nothing").status == 2);
}

TEST_CASE("bad input ends with status 2, a message that names the place, and no file") {
  small_task const task;
  struct bad {
    std::string arguments;
    std::vector<std::string> parts;
  };
  auto const with = [&](std::string const& more) {
    return task.arguments() + " --json " + (task / "out.json") + " " + more;
  };
  task.write("label.tsv", "99\ta text\n");
  task.write("no_tab.tsv", "a text without label\n");
  task.write(
      "long.tsv", "3\t" + std::string(400, 'a') + " " + [] {
        std::string s;
        for (int i = 0; i < 100; ++i) s += "road ";
        return s;
      }() + "\n");
  std::size_t const files = task.files();
  std::vector<bad> const cases{
      {with("--set adc.bit=8"), {"adc.bit", "unknown key", "adc.bits"}},
      {with("--set adc.bits=17"), {"adc.bits", "17", "1..16"}},
      {with("--set adc.bits=eight"), {"adc.bits", "eight", "whole number"}},
      {with("--set range.rule=users"), {"range.rule", "did you mean 'user'"}},
      {with("--set range.rule=user"), {"range.user"}},
      {with("--set array.rows=1"), {"array.rows", "at least S = 2"}},
      {with("--set array.columns=7"), {"array.columns", "even"}},
      {with("--set noise.mismatch=0.3"), {"noise.mismatch", "0.3", "0..0.15"}},
      {with("--set dense.cell.bits=9"), {"dense.cell.bits", "got 9", "1..4"}},
      {with("--set nonsense"), {"nonsense", "key=value"}},
      {with("--chip wang2042"), {"--chip", "wang2042", "did you mean 'wang2024'"}},
      {with("--chip wang2024,wang2024"), {"--chip", "twice"}},
      {with("--task translate"), {"--task", "classify"}},
      {with("--instruction-set neon9"), {"--instruction-set", "baseline"}},
      {with("--threads 5000"), {"--threads"}},
      {with("--frobnicate"), {"--frobnicate"}},
      {"deploy --model /nowhere --data " + (task / "data.tsv"), {"/nowhere"}},
      {"deploy --model " + model, {"--data"}},
      {"deploy --model " + model + " --data " + (task / "label.tsv") + " --calibration " + (task / "calib.tsv"),
       {"label.tsv", "line 1", "99", "25"}},
      {"deploy --model " + model + " --data " + (task / "no_tab.tsv") + " --calibration " + (task / "calib.tsv"),
       {"no_tab.tsv", "line 1", "TAB"}},
      {"deploy --model " + model + " --data " + (task / "data.tsv") + " --calibration " + (task / "data.tsv"),
       {"data.tsv", "calibrat"}},
      {"deploy --model " + model + " --data " + (task / "missing.tsv") + " --calibration " + (task / "calib.tsv"),
       {"missing.tsv"}},
      {"deploy --no-truncate --model " + model + " --data " + (task / "long.tsv") + " --calibration " +
           (task / "calib.tsv"),
       {"long.tsv", "line 1", "64"}},
  };
  for (auto const& c : cases) {
    auto const r = run_program(c.arguments);
    INFO(c.arguments << "\n" << r.text);
    CHECK(r.status == 2);
    for (auto const& part : c.parts) CHECK_THAT(r.text, contains(part));
    CHECK(task.files() == files);
  }
}

TEST_CASE("a result that cannot be written ends with status 3 before the run") {
  small_task const task;
  auto const r = run_program(task.arguments() + " --json /nowhere/out.json");
  INFO(r.text);
  CHECK(r.status == 3);
  CHECK_THAT(r.text, contains("/nowhere/out.json"));
}

TEST_CASE("damaged models are named by file and field") {
  struct damage {
    std::string name, file, from, to;
    std::vector<std::string> parts;
  };
  std::vector<damage> const cases{
      {"broken JSON", "config.json", "\"hidden_size\"", "hidden_size", {"config.json"}},
      {"missing key", "config.json", "\"hidden_size\"", "\"hidden_sise\"", {"config.json", "hidden_size"}},
      {"contradicting size",
       "config.json",
       "\"intermediate_size\": 512",
       "\"intermediate_size\": 500",
       {"intermediate_size", "500"}},
      {"heads", "config.json", "\"num_attention_heads\": 4", "\"num_attention_heads\": 5", {"num_attention_heads"}},
      {"model type", "config.json", "\"model_type\": \"bert\"", "\"model_type\": \"brat\"", {"model_type", "brat"}},
      {"zero rows", "config.json", "\"vocab_size\": 4000", "\"vocab_size\": 0", {"vocab_size"}},
      {"missing tensor",
       "model.safetensors",
       "bert.pooler.dense.bias",
       "bert.pooler.dense.bios",
       {"model.safetensors", "bert.pooler.dense.bias"}},
      {"lying dtype", "model.safetensors", "\"F32\"", "\"F64\"", {"model.safetensors"}},
      {"vocabulary", "vocab.txt", "[SEP]", "[SIP]", {"vocab.txt", "[SEP]"}},
  };
  for (auto const& d : cases) {
    damaged_model const m;
    m.replace(d.file, d.from, d.to);
    auto const r = run_program(m.arguments());
    INFO(d.name << "\n" << r.text);
    CHECK(r.status == 2);
    for (auto const& part : d.parts) CHECK_THAT(r.text, contains(part));
  }
  damaged_model const m;
  fs::resize_file(m.path() / "model.safetensors", 1'000'000);
  auto const r = run_program(m.arguments());
  INFO(r.text);
  CHECK(r.status == 2);
  CHECK_THAT(r.text, contains("model.safetensors"));
}

TEST_CASE("NaN and infinity in weights are named by tensor and element") {
  damaged_model const m;
  // Byte 0 of the data is an element of the first tensor; a header of n bytes puts it at 8 + n.
  std::fstream file(m.path() / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  std::uint64_t header = 0;
  file.read(reinterpret_cast<char*>(&header), 8);
  file.seekp(static_cast<std::streamoff>(8 + header + 4 * 10));
  std::uint32_t const infinity = 0x7f800000;
  file.write(reinterpret_cast<char const*>(&infinity), 4);
  file.close();
  auto const r = run_program(m.arguments());
  INFO(r.text);
  CHECK(r.status == 2);
  CHECK_THAT(r.text, contains("model.safetensors"));
  CHECK_THAT(r.text, contains("10"));
}

TEST_CASE("an imperfect chip depends on the seed, and on neither threads nor instruction set") {
  small_task const task;
  auto const layers_of = [&](std::string const& options) {
    auto const r =
        run_program(task.arguments() + " --chip wang2024 --limit 3 --set noise.cell=0.1 --set noise.mismatch=0.02" +
                    options + " --json " + (task / "noise.json"));
    INFO(r.text);
    REQUIRE(r.status == 0);  // also: as many actions as planned
    return read_json(task.path() / "noise.json").at("layers");
  };
  auto const one = layers_of(" --threads 1");
  CHECK(layers_of(" --threads 3 --instruction-set baseline") == one);
  auto const other = layers_of(" --seed 2");
  CHECK(other != one);
  CHECK(layers_of(" --set noise.seed=2") == other);
  auto const refused = run_program(task.arguments() + " --set noise.mismatch=0.5");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.text, contains("noise.mismatch"));
}

TEST_CASE("deploy says how far first-order wires are off on its own operands") {
  small_task const task;
  auto const run = [&](std::string const& options) {
    auto const r = run_program(task.arguments() + " --limit 2 --json " + (task / "wires.json") + options);
    INFO(r.text);
    REQUIRE(r.status == 0);
    return std::pair(r.text, read_json(task.path() / "wires.json").at("chips"));
  };
  std::string const wires = " --chip wang2024 --set 'noise.word_segment=2 ohm' --set 'noise.bit_segment=2 ohm'";
  auto const [text, chips] = run(wires + " --threads 1");
  CHECK_THAT(text, contains("first-order model off by"));
  CHECK(chips[0].at("wires").is_null());  // INT8 has no arrays
  auto const& found = chips[1].at("wires");
  CHECK(found.at("texts") == 2);
  CHECK(found.at("cycles").get<int>() > 100);
  CHECK(found.at("residual").get<double>() < 1e-10);
  // Wires of 2e-5 of a resistor take some per cent of 128 x 128; what is of second order is a hundredth of it.
  double const taken = found.at("taken").at("rms"), error = found.at("first_order_error").at("rms");
  CHECK(taken > 0.005);
  CHECK(taken < 0.1);
  CHECK(error > 0.0);
  CHECK(error < 0.05 * taken);
  CHECK(found.at("layers").size() > 40);
  CHECK(found.at("layers")[0].at("name") == "embeddings.L1");
  CHECK(run(wires + " --threads 3 --instruction-set baseline").second == chips);
  auto const [ideal_text, ideal] = run(" --chip wang2024");
  CHECK(ideal[1].at("wires").is_null());
  CHECK(ideal_text.find("first-order") == std::string::npos);
}
