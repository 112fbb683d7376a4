// What is written: never over what is read, and nothing to a terminal but text.
#include <filesystem>
#include <string>

#include "llama_folder.hpp"
#include "ohmic/model/import/npy.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"

using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace fs = std::filesystem;

namespace {

/// A copy of the smallest model, with texts beside it.
struct model_copy : scratch_folder {
  model_copy() {
    fs::copy(fs::path(OHMIC_SOURCE_DIR) / "examples/models/bert-wordnet", path() / "m");
    fs::copy_file(path() / "m/test.tsv", path() / "data.tsv");
  }
  [[nodiscard]] std::string deploy(std::string const& more) const {
    return "deploy --limit 1 --quiet --model " + (*this / "m") + " --data " + (*this / "data.tsv") + more;
  }
};

/// No byte that a terminal takes for anything but text.
void is_text(std::string const& s) {
  INFO(s);
  for (char c : s) {
    auto const b = static_cast<unsigned char>(c);
    CHECK((b == '\n' || b == '\t' || (b >= 0x20 && b != 0x7F)));
  }
}

}  // namespace

TEST_CASE("outputs: none is a file that the command reads, by whatever name") {
  model_copy const f;
  refused(f.deploy(" --json " + (f / "m/model.safetensors")), {"--json", "file named twice", "is read as"});
  refused(f.deploy(" --json " + (f / "data.tsv")), {"--json: file named twice", "data.tsv"});
  refused(f.deploy(" --report " + (f / "m/../data.tsv")), {"--report: file named twice", "data.tsv"});
  refused(f.deploy(" --json " + (f / "m/README.md")), {"--json: file named twice"});
  refused("cost --model " + (f / "m/config.json") + " --json " + (f / "m/./config.json"), {"--json: file named twice"});
  refused("cost --model " + (f / "m") + " --json " + (f / "m/model.safetensors"), {"--json: file named twice"});
  refused("calibrate --model " + (f / "m") + " --output " + (f / "m/config.json"), {"--output: file named twice"});
  refused("calibrate --model " + (f / "m") + " --output " + (f / "m/calib.tsv"), {"--output: file named twice"});
  // Through links of either kind.
  fs::create_symlink(f.path() / "m/vocab.txt", f.path() / "soft.json");
  fs::create_hard_link(f.path() / "m/vocab.txt", f.path() / "hard.json");
  fs::create_directory_symlink(f.path() / "m", f.path() / "n");
  for (char const* name : {"soft.json", "hard.json", "n/vocab.txt"})
    refused(f.deploy(" --json " + (f / name)), {"--json: file named twice"});
  // What a TOML file names is read too.
  f.write("states.csv", "states");
  f.write("chip.toml", "chip = \"isaac\"\n[cell]\nstates = \"" + (f.path() / "states.csv").string() + "\"\n");
  refused(f.deploy(" --chip " + (f / "chip.toml") + " --json " + (f / "states.csv")), {"--json: file named twice"});
  // A result may lie in the model's folder, and be written again.
  for (int i = 0; i < 2; ++i) {
    auto const r = run_program(f.deploy(" --json " + (f / "m/result.json")));
    INFO(r.text);
    CHECK(r.status == 0);
  }
  auto const again = run_program("verify " + (f / "m/result.json"));
  INFO(again.text);
  CHECK(again.status == 0);
}

TEST_CASE("outputs: none is another output") {
  model_copy const f;
  std::string const both = " --json " + (f / "x") + " --report " + (f / "./x");
  refused(f.deploy(both), {"--report: file named twice", "which --json writes"});
  refused("reproduce --quiet" + both, {"--report: file named twice", "which --json writes"});
  refused("calibrate --model " + (f / "m") + " --output " + (f / "x") + " --json " + (f / "x"),
          {"--output: file named twice", "which --json writes"});
  f.write("s.toml", "model = \"gpt2\"\n[vary]\nadc.bits = [4, 6]\n[objectives]\narea = \"min\"\n");
  refused("sweep --spec " + (f / "s.toml") + " --output " + (f / "x") + " --report " + (f / "x"),
          {"--report: file named twice"});
  // The file of a sweep that nobody named is where the command is typed.
  refused("sweep --spec " + (f / "s.toml") + " --csv ./s.sqlite", {"--csv: file named twice", "s.sqlite"});
  CHECK_FALSE(fs::exists("s.sqlite"));
  CHECK_FALSE(fs::exists(f.path() / "x"));
  auto const nowhere = run_program("reproduce --quiet --json /dev/null --report /dev/null");
  INFO(nowhere.text);
  CHECK(nowhere.status == 0);
}

TEST_CASE("outputs: verify writes over neither the result nor what it was made from") {
  model_copy const f;
  REQUIRE(run_program(f.deploy(" --json " + (f / "r.json"))).status == 0);
  refused("verify " + (f / "r.json") + " --json " + (f / "r.json"), {"--json: file named twice"});
  refused("verify " + (f / "r.json") + " --json " + (f / "data.tsv"), {"--json: file named twice"});
  CHECK(read_json(f.path() / "r.json")["command"] == "deploy");
}

TEST_CASE("outputs: an option that names one needs a name, and is named where it is wrong") {
  scratch_folder const f;
  refused("cost --model gpt2 --json ''", {"--json: names no file"});
  refused("cost --model gpt2 --json=", {"--json"});
  refused("mvm --weights w.npy --inputs x.npy --output ''", {"--output: names no file"});
  refused("calibrate --model '" OHMIC_SOURCE_DIR "/examples/models/bert-wordnet' --output " + (f / "."),
          {"--output: is a folder"}, 3);
}

TEST_CASE("outputs: a word that is no command is told which there are, and the near one") {
  refused("deplyo --model m", {"ohmic: no such command; got 'deplyo'", "deploy, generate", "did you mean 'deploy'?"});
  refused("", {"needs a command", "deploy, generate"});
  refused("plugin chekc x.so", {"ohmic: plugin: no such command", "did you mean 'check'?"});
  refused("list --plugin-timeout nan", {"--plugin-timeout", "nan"});
  refused("list --plugin-timeout inf", {"--plugin-timeout", "inf"});
  refused("list --plugin-timeout -1", {"--plugin-timeout", "-1"});
  refused("generate --model m --prompt a --temperature nan", {"--temperature", "nan"});
}

TEST_CASE("outputs: control characters of files reach no terminal") {
  scratch_folder const f;
  f.write("chip.toml", "name = \"a\\u001b[31mb\\u009bc\\nd\"\nchip = \"isaac\"\n");
  refused("cost --model gpt2 --compare " + (f / "chip.toml") + " --json " + (f / "c.json"),
          {"is no name", "a\\x1b[31mb\\xc2\\x9bc\\x0ad"});

  auto const saved = run_program("cost --model gpt2 --quiet --save-prices " + (f / "book.csv"));
  INFO(saved.text);
  REQUIRE(saved.status == 0);
  std::ifstream in(f.path() / "book.csv");
  std::string book{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t at = 0; (at = book.find('\n', at)) != book.npos; at += 5)
    if (at > 0 && at + 1 < book.size()) book.insert(at, "\x1b[7m");
  f.write("book.csv", book);
  auto const priced = run_program("cost --model gpt2 --prices " + (f / "book.csv"));
  INFO(priced.text);
  CHECK(priced.status == 0);
  CHECK_THAT(priced.text, contains("\\x1b[7m"));
  is_text(priced.text);

  f.write("s.toml", "model = \"gpt2\"\n[vary]\nadc.bits = [4, 99]\n[objectives]\narea = \"min\"\n");
  static_cast<void>(run_program("sweep --quiet --spec " + (f / "s.toml") + " --output " + (f / "s.sqlite")));
  // The text of an error, of the same length, by other hands.
  std::ifstream file(f.path() / "s.sqlite", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  auto const at = bytes.find("adc.bits: ");
  REQUIRE(at != bytes.npos);
  bytes.replace(at, 10, "a\x1b[31m\nx: ");
  f.write("t.sqlite", bytes);
  auto const merged = run_program("sweep merge " + (f / "t.sqlite") + " --output " + (f / "all.sqlite"));
  CHECK_THAT(merged.text, contains("\\x1b[31m\\x0a"));
  is_text(merged.text);

  REQUIRE(run_program("cost --model gpt2 --quiet --json " + (f / "r.json")).status == 0);
  auto result = read_json(f.path() / "r.json");
  result["a\u001b[31m\nb"] = 1;
  f.write("r\x1b[31m.json", result.dump());
  auto const verified = run_program("verify " + (f / "r\x1b[31m.json"));
  CHECK(verified.status == 1);
  CHECK_THAT(verified.text, contains("a\\x1b[31m\\x0ab"));
  CHECK_THAT(verified.text, contains("r\\x1b[31m.json"));
  is_text(verified.text);
}

TEST_CASE("outputs: pieces of a tokenizer are shown as text") {
  scratch_folder const f;
  ohmic_test::write_small_llama(f);
  auto tokenizer = read_json(f.path() / "tokenizer.json");
  auto& vocab = tokenizer["model"]["vocab"];
  vocab["\u011b"] = vocab["z"];  // how byte-level pieces spell ESC
  vocab.erase("z");
  f.write("tokenizer.json", tokenizer.dump());
  f.write("calib.txt", "the quick brown fox\njumps over the dog\n");
  auto const r = run_program("generate --model '" + f.path().string() + "' --prompt 'a\x1b' --tokens 8");
  INFO(r.text);
  CHECK(r.status == 0);
  CHECK_THAT(r.text, contains("a\\x1b"));
  is_text(r.text);
}
