// The file of a sweep: what it was made from, who writes it, and that nothing which goes wrong loses or mixes its points.
#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"
#include "sweep_folder.hpp"

namespace {

namespace fs = std::filesystem;
using ohmic_test::contains;
using ohmic_test::first_lines;
using ohmic_test::read_bytes;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;
using ohmic_test::small_grid;
using ohmic_test::sweep_folder;

/// The program with words of sh in front of it.
ohmic_test::program_result run_after(std::string const& shell, std::string const& arguments) {
  return run_program("--version >/dev/null && " + shell + "'" OHMIC_PROGRAM "' " + arguments);
}

/// The lock of a sweep, as another process has it.
class foreign_lock {
 public:
  explicit foreign_lock(fs::path const& file)
      : open_(::open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    REQUIRE(::flock(open_, LOCK_EX | LOCK_NB) == 0);
  }
  foreign_lock(foreign_lock const&) = delete;
  foreign_lock& operator=(foreign_lock const&) = delete;
  ~foreign_lock() { ::close(open_); }

 private:
  int open_;
};

/// The small model with files of its own beside its weights, and a sweep of it.
struct deployed_folder : sweep_folder {
  deployed_folder() : sweep_folder("") {
    fs::create_directory(path() / "m");
    for (char const* name : {"config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"})
      fs::create_symlink(source() / name, path() / "m" / name);
    write("m/calib.tsv", first_lines((source() / "calib.tsv").string(), 3));
    write("m/test.tsv", first_lines((source() / "test.tsv").string(), 2));
    spec("[vary]\nadc.bits = [6, 8]\n");
  }
  static fs::path source() { return OHMIC_SOURCE_DIR "/examples/models/bert-wordnet"; }
  void spec(std::string const& more) const {
    write("s.toml", "kind = \"deploy\"\nmodel = \"" + (path() / "m").string() + "\"\ndata = \"" +
                        (path() / "m/test.tsv").string() + "\"\n" + more);
  }
};

}  // namespace

TEST_CASE("sweep: a file that another process writes is refused, anew and by a link too, and keeps its points") {
  sweep_folder const folder(small_grid);
  auto const rows = folder.rows();
  fs::create_symlink("s.sqlite", folder.path() / "link");
  {
    foreign_lock const lock(folder.path() / "s.sqlite");
    for (std::string const file : {"s.sqlite", "link"})
      for (std::string const more : {"", "--restart"})
        refused(folder.arguments(more, file), {"another process writes this sweep"});
  }
  CHECK(folder.rows() == rows);
  CHECK(folder.rows("", "link") == rows);
  CHECK_FALSE(fs::exists(folder.path() / "s.sqlite.lock"));
  CHECK_FALSE(fs::exists(folder.path() / "link.lock"));
}

TEST_CASE("sweep: one that is started anew on a full disk has its old points") {
  sweep_folder const folder(small_grid);
  auto const rows = folder.rows();
  auto const r = run_after("ulimit -f 4; ", folder.arguments("--restart --set cost.cycle=50ns"));
  INFO(r.text);
  CHECK(r.status == 3);
  CHECK(folder.rows() == rows);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("sweep: a point that finds no memory is missing, not failed") {
  sweep_folder const folder(
      "model = \"gpt2\"\n[sample]\nmethod = \"sobol\"\npoints = 2000\n[vary]\nadc.bits = {from = 3, to = 12}\n"
      "cost.duplication = {from = 1, to = 64, log = true}\n");
  // From where not even the libraries can be loaded (127) to where all is well.
  std::size_t ended = 0;
  for (int kib = 24000, status = 3; kib <= 80000 && status != 0; kib += 1000) {
    auto const r = run_after("ulimit -v " + std::to_string(kib) + "; ",
                             folder.arguments("--threads 1 --json " + (folder / "out.json"), "s.sqlite"));
    INFO(kib << "\n" << r.text);
    status = r.status;
    CHECK((status == 0 || status == 3 || status == 127));
    ended += status == 3 ? 1 : 0;
    if (status == 0) CHECK(read_json(folder.path() / "out.json")["points"]["failed"] == 0);
  }
  CHECK(ended > 0);
  CHECK(folder.run("", "s.sqlite")["points"]["done"] == 2000);
}
#endif

TEST_CASE("sweep: a plugin whose process dies ends it, and its points are run again") {
  deployed_folder const folder;
  folder.spec("chip = \"isaac\"\n[vary]\nadc.bits = [6, 8]\n");
  auto const r = run_program(folder.arguments(
      "--plugin-isolated --plugin '" OHMIC_PLUGIN_CASES
      "/crashes.so' --set cell.device=test_cell --set 'cell.r_on=40 kohm' --set 'cell.r_off=1000 kohm'"));
  INFO(r.text);
  CHECK(r.status == 3);
  CHECK_THAT(r.text, contains("the plugin's process is gone"));
  CHECK(read_bytes(folder.path() / "s.sqlite").find("process is gone") == std::string::npos);
}

TEST_CASE("sweep: a file that its points read is another sweep's when it changes; one that they do not is not") {
  deployed_folder const folder;
  auto const there = folder.path() / "m";
  // Results, texts of others and the file itself may lie beside the model.
  auto const rows = folder.rows("", "m/results.sqlite");
  for (char const* name : {"README.md", "notes.txt", "r.json", "other.sqlite", "train.tsv"})
    folder.write(std::string("m/") + name, "anything");
  CHECK(folder.rows("", "m/results.sqlite") == rows);
  auto const calibration = read_bytes(there / "calib.tsv");
  folder.write("m/calib.tsv", first_lines((folder.source() / "calib.tsv").string(), 4));
  refused(folder.arguments("", "m/results.sqlite"), {"holds another sweep: file.", "m/calib.tsv", "--restart"});
  folder.write("m/calib.tsv", calibration);
  folder.write("m/model-00002-of-00002.safetensors", "more weights");
  refused(folder.arguments("", "m/results.sqlite"), {"m/model-00002-of-00002.safetensors: nothing there"});
  fs::remove(there / "model-00002-of-00002.safetensors");
  CHECK(folder.rows("", "m/results.sqlite") == rows);
}

TEST_CASE("sweep: plugins and tables of states are told by their content, not their place") {
  deployed_folder const folder;
  folder.write("a.csv", "conductance_uS,spread_uS\n1,0.1\n10,0.1\n20,0.2\n30,0.3\n");
  std::string const states = "--set cell.states=" + (folder / "a.csv");
  fs::create_directory(folder.path() / "other");
  fs::copy_file(OHMIC_PLUGIN_FOLDER "/template.so", folder.path() / "other/template.so");
  auto const with = [&](std::string const& plugin) { return "--plugin '" + plugin + "' "; };
  static_cast<void>(folder.run(with(OHMIC_PLUGIN_FOLDER "/template.so")));
  static_cast<void>(folder.run(with((folder.path() / "other/template.so").string())));
  std::ofstream(folder.path() / "other/template.so", std::ios::app) << "more";
  refused(folder.arguments(with((folder.path() / "other/template.so").string())),
          {"holds another sweep: file.template.so"});
  folder.spec("chip = \"isaac\"\n[vary]\nadc.bits = [6, 8]\n");
  auto const r = run_program(folder.arguments(states, "states"));
  INFO(r.text);
  REQUIRE(r.status < 2);  // whether a design can be built is another question
  folder.write("a.csv", "conductance_uS,spread_uS\n1,0.1\n10,0.1\n20,0.2\n31,0.3\n");
  refused(folder.arguments(states, "states"), {"holds another sweep: file.", "a.csv"});
}

TEST_CASE("sweep merge: one that is refused leaves no file, or the one that was there") {
  sweep_folder const folder(small_grid);
  for (char const* part : {"1/2", "2/2"})
    REQUIRE(run_program(folder.arguments(std::string("--shard ") + part, std::string("part") + part[0])).status == 0);
  static_cast<void>(folder.run("--set cost.cycle=50ns", "other"));
  auto const merge = [&](std::string const& to, std::string const& parts) {
    return "sweep merge --quiet --output " + (folder / to) + parts;
  };
  std::string const one = " " + (folder / "part1"), two = " " + (folder / "part2"), other = " " + (folder / "other");
  refused(merge("new", one + two + other), {"other: is of another sweep than the first", "set"});
  CHECK_FALSE(fs::exists(folder.path() / "new"));
  REQUIRE(run_program(merge("old", one)).status == 0);
  auto const old = read_bytes(folder.path() / "old");
  refused(merge("old", two + other), {"is of another sweep than the first"});
  CHECK(read_bytes(folder.path() / "old") == old);
  // A full disk in the middle.
  for (char const* to : {"new", "old"}) {
    auto const r = run_after("ulimit -f 4; ", merge(to, one + two));
    INFO(r.text);
    CHECK(r.status == 3);
  }
  CHECK_FALSE(fs::exists(folder.path() / "new"));
  CHECK(folder.csv("old") == folder.csv("part2"));  // and goes on
}

TEST_CASE("sweep: no text of a CSV file is a formula, and numbers are numbers") {
  sweep_folder const folder("");
  folder.write("=HYPERLINK(1).toml", "adc.bits = 7\n");
  folder.write("s.toml", "model = \"bert_base\"\n[vary]\nchip = [\"" + (folder.path() / "=HYPERLINK(1).toml").string() +
                             "\", \"wang2024\"]\nrange.sigmas = [-1, 3]\n");
  auto const csv = folder.csv("s.sqlite");
  INFO(csv);
  CHECK(csv.find(",'=HYPERLINK(1),3,") != csv.npos);
  CHECK(csv.find(",=") == csv.npos);
  CHECK(csv.find(",-1,") != csv.npos);
}

TEST_CASE("sweep merge: what is no file is told what it is") {
  scratch_folder const f;
  refused("sweep merge --output " + (f / "all") + " " + (f / "."), {"a folder", "a regular file"});
  refused("sweep merge --output " + (f / "all") + " /dev/null", {"/dev/null", "a device or pipe"});
  refused("sweep merge --output " + (f / "all") + " " + (f / "none"), {"none", "no such file"});
}

TEST_CASE("sweep merge: the order of the parts changes nothing") {
  sweep_folder const folder(
      "model = \"bert_base\"\n[vary]\nchip = [\"wang2024\", \"isaac\"]\nadc.bits = [4, 6, 8]\ncost.duplication = [1, "
      "64]\n[objectives]\narea = \"min\"\nlatency = \"min\"\n");
  std::vector<std::string> parts;
  for (char const* part : {"1/3", "2/3", "3/3"}) {
    parts.push_back(" " + (folder / (std::string("part") + part[0])));
    REQUIRE(run_program(folder.arguments(std::string("--shard ") + part, std::string("part") + part[0])).status == 0);
  }
  std::vector<nlohmann::json> results;
  std::vector<std::string> hashes;
  for (auto const& order : {parts[0] + parts[1] + parts[2], parts[2] + parts[0] + parts[1]}) {
    REQUIRE(run_program("sweep merge --quiet --output " + (folder / std::to_string(results.size())) + order +
                        " --json " + (folder / "out.json"))
                .status == 0);
    auto out = read_json(folder.path() / "out.json");
    hashes.push_back(out["stamp"]["hash"]);
    for (char const* key : {"run", "stamp", "output", "merged"}) out.erase(key);
    results.push_back(std::move(out));
  }
  CHECK(results[0] == results[1]);
  CHECK(hashes[0] == hashes[1]);
  std::ofstream(folder / "part1", std::ios::app) << '\0';  // the same points in other bytes
  REQUIRE(run_program("sweep merge --quiet --output " + (folder / "again") + parts[0] + parts[1] + parts[2] +
                      " --json " + (folder / "out.json"))
              .status == 0);
  CHECK(read_json(folder.path() / "out.json")["stamp"]["hash"] == hashes[0]);
  for (std::size_t i = 0; i < 3; ++i) {  // other points are another result
    REQUIRE(run_program("sweep merge --quiet --output " + (folder / ("alone" + std::to_string(i))) + parts[i] +
                        " --json " + (folder / "out.json"))
                .status == 0);
    hashes.push_back(read_json(folder.path() / "out.json")["stamp"]["hash"]);
  }
  CHECK(std::set<std::string>(hashes.begin(), hashes.end()).size() == 4);
  std::vector<nlohmann::json> front;
  for (auto const& row : results[0]["front"]) front.push_back(row["point"]);
  CHECK_FALSE(results[0]["sources"].empty());
  for (auto const& s : results[0]["sources"]) CHECK(std::count(front.begin(), front.end(), s["point"]) == 1);
}

TEST_CASE("sweep merge: a part that a killed process left is read and not changed", "[slow]") {
  sweep_folder const folder(ohmic_test::long_grid);
  CHECK(ohmic_test::interrupted(folder, "KILL") == 137);
  auto const wal = folder.path() / "s.sqlite-wal";
  REQUIRE(fs::exists(wal));
  auto const before = read_bytes(folder.path() / "s.sqlite") + read_bytes(wal);
  auto const r = run_program("sweep merge --output " + (folder / "all") + " " + (folder / "s.sqlite"));
  INFO(r.text);
  CHECK(r.status == 0);
  CHECK(read_bytes(folder.path() / "s.sqlite") + read_bytes(wal) == before);
}

TEST_CASE("sweep merge: parts may lie where nothing can be written") {
  if (geteuid() == 0) return;  // who may write everywhere
  sweep_folder const folder(small_grid);
  fs::create_directory(folder.path() / "fixed?");
  static_cast<void>(folder.run("", "fixed?/part"));
  fs::permissions(folder.path() / "fixed?", fs::perms::owner_read | fs::perms::owner_exec);
  auto const r = run_program("sweep merge --output " + (folder / "all") + " " + (folder / "fixed?/part"));
  fs::permissions(folder.path() / "fixed?", fs::perms::owner_all);
  INFO(r.text);
  CHECK(r.status == 0);
  CHECK(folder.csv("all") == folder.csv("fixed?/part"));
}
