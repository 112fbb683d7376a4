// ohmic sweep: points, fronts, files that survive, shards and ranks, and what it says to bad input.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"
#include "sweep_folder.hpp"

using nlohmann::json;
using ohmic_test::contains;
using ohmic_test::first_lines;
using ohmic_test::interrupted;
using ohmic_test::long_grid;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;
using ohmic_test::small_grid;
using ohmic_test::sweep_folder;

namespace {

/// The same command again runs what is missing, and leaves what an undisturbed run leaves.
void check_continues(sweep_folder const& folder) {
  auto const r = run_program("sweep --spec " + (folder / "s.toml") + " --output " + (folder / "s.sqlite"));
  INFO(r.text);
  CHECK(r.status == 0);
  CHECK_THAT(r.text, contains("the others are there"));
  CHECK(folder.csv("s.sqlite") == folder.csv("whole.sqlite"));
}

}  // namespace

TEST_CASE("sweep: every point has the figures that cost has for its settings") {
  sweep_folder const folder(small_grid);
  auto const rows = folder.rows();
  REQUIRE(rows.size() == 6);
  std::vector<std::pair<int, int>> const expected{{4, 16}, {4, 64}, {4, 256}, {8, 16}, {8, 64}, {8, 256}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].dump());
    CHECK(rows[i]["point"] == i);
    CHECK(rows[i]["status"] == "done");
    CHECK(rows[i]["adc.bits"] == expected[i].first);
    CHECK(rows[i]["cost.duplication"] == expected[i].second);
    auto const r = run_program("cost --model bert_base --decode 4 --quiet --json " + (folder / "cost.json") +
                               " --set adc.bits=" + rows[i]["adc.bits"].dump() +
                               " --set cost.duplication=" + rows[i]["cost.duplication"].dump());
    REQUIRE(r.status == 0);
    auto const cost = read_json(folder.path() / "cost.json");
    CHECK(rows[i]["area_mm2"] == cost["area_mm2"]);
    for (std::string const phase : {"prefill", "decode_per_token"}) {
      CHECK(rows[i]["energy_J." + phase] == cost["energy_J"][phase]);
      CHECK(rows[i]["latency_s." + phase] == cost["latency_s"][phase]);
      CHECK(rows[i]["edp_J_s." + phase].get<double>() ==
            cost["energy_J"][phase].get<double>() * cost["latency_s"][phase].get<double>());
      CHECK(rows[i]["adp_mm2_s." + phase].get<double>() ==
            cost["area_mm2"].get<double>() * cost["latency_s"][phase].get<double>());
    }
    CHECK(rows[i]["power_W.peak"] == cost["power_W"]["peak"]);
  }
}

TEST_CASE("sweep: the front is what no point beats, by the definition; ties stay, NaN and broken constraints do not") {
  // wang2024 twice in effect (report.count does not change area or latency): ties. vesti has no area: NaN.
  sweep_folder const folder(
      "model = \"bert_base\"\n[vary]\nchip = [\"wang2024\", \"isaac\", \"vesti\"]\nreport.count = [\"full\", "
      "\"published\"]\ncost.duplication = [8, 32, 64, 128, 512, 4096]\n[objectives]\narea = \"min\"\nlatency = "
      "\"min\"\n[constraints]\narea = \"<= 900\"\n");
  auto const rows = folder.rows();
  auto const out = folder.run();
  std::set<int> expected, got;
  std::size_t nan = 0, outside = 0;
  auto const there = [](json const& r) {
    return r["area_mm2"].is_number() && r["latency_s.prefill"].is_number() && r["area_mm2"] <= 900.0;
  };
  for (auto const& a : rows) {
    if (!there(a)) {
      outside += !a["area_mm2"].is_number() || a["area_mm2"] > 900.0 ? 1 : 0;
      nan += a["area_mm2"].is_null() ? 1 : 0;
      continue;
    }
    bool beaten = false;
    for (auto const& b : rows) {
      if (!there(b)) continue;
      double const ax = a["area_mm2"], ay = a["latency_s.prefill"], bx = b["area_mm2"], by = b["latency_s.prefill"];
      beaten = beaten || (bx <= ax && by <= ay && (bx < ax || by < ay));
    }
    if (!beaten) expected.insert(a["point"].get<int>());
  }
  for (auto const& r : out["front"]) got.insert(r["point"].get<int>());
  CHECK(got == expected);
  CHECK(got.size() >= 4);
  CHECK(got.size() % 2 == 0);  // every design is there twice
  CHECK(nan == 12);
  CHECK(out["points"]["outside_constraints"] == outside);
  CHECK(out["best"][0]["metric"] == "area_mm2");
}

TEST_CASE("sweep: a point that cannot be built is marked, and the others are run") {
  sweep_folder const folder("model = \"bert_base\"\n[vary]\nadc.bits = [6, 40, 8]\n[objectives]\nenergy = \"min\"\n");
  auto const r = run_program(folder.arguments("--csv " + (folder / "a.csv")));
  CHECK(r.status == 0);
  auto const out = folder.run();
  CHECK(out["points"]["done"] == 2);
  CHECK(out["points"]["failed"] == 1);
  CHECK(out["failures"][0]["point"] == 1);
  CHECK_THAT(out["failures"][0]["error"].get<std::string>(), contains("adc.bits"));
  auto const rows = folder.rows();
  CHECK(rows[1]["status"] == "failed");
  CHECK_FALSE(rows[1].contains("area_mm2"));
  // The text of an error has commas: it is quoted, and the line has as many cells as the head.
  std::ifstream in(folder.path() / "a.csv");
  std::string line;
  while (std::getline(in, line) && !line.starts_with("1,")) {}
  CHECK_THAT(line, contains("1,failed,\"adc.bits"));
  sweep_folder const none("model = \"bert_base\"\n[vary]\nadc.bits = [39, 40]\n");
  CHECK(run_program(none.arguments()).status == 1);
}

TEST_CASE("sweep: shards, merged, are the whole; a sweep that is there goes on") {
  sweep_folder const folder(small_grid);
  auto const whole = folder.csv("whole.sqlite");
  for (char const* part : {"1/3", "2/3", "3/3"})
    CHECK(run_program(folder.arguments(std::string("--shard ") + part, std::string("part") + part[0])).status == 0);
  auto const merged = run_program("sweep merge --quiet --output " + (folder / "all") + " " + (folder / "part1") + " " +
                                  (folder / "part2") + " " + (folder / "part3") + " " + (folder / "part1") + " --csv " +
                                  (folder / "all.csv"));
  INFO(merged.text);
  CHECK(merged.status == 0);
  // Every row says which sweep it is of: a part says the same, another sweep something else.
  auto const stamp = folder.rows("", "part1")[0]["stamp"].get<std::string>();
  CHECK(stamp.size() == 16);
  CHECK(folder.rows("", "all")[3]["stamp"] == stamp);
  CHECK(whole.find("," + stamp + "\n") != std::string::npos);
  CHECK(whole.substr(0, whole.find('\n')).ends_with(",stamp"));
  std::ifstream in(folder.path() / "all.csv", std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == whole);
  CHECK(folder.csv("part2") == whole);  // what was missing is run
  CHECK(folder.csv("part2") == whole);
  refused("sweep merge --output " + (folder / "m") + " " + (folder / "part1") + " " + (folder / "nothing"),
          {"nothing"});
  folder.write("s.toml", "model = \"bert_base\"\n[vary]\nadc.bits = [4, 8]\n");
  static_cast<void>(folder.run("", "other"));
  refused("sweep merge --output " + (folder / "m") + " " + (folder / "part1") + " " + (folder / "other"),
          {"another sweep", "points"});
}

TEST_CASE("sweep: a changed spec is refused with what differs; objectives may change") {
  sweep_folder const folder(small_grid);
  static_cast<void>(folder.run());
  folder.write("s.toml",
               "model = \"bert_base\"\ndecode = 4\n[vary]\nadc.bits = [4, 9]\ncost.duplication = {from = 16, to = "
               "256, steps = 3, log = true}\n");
  refused(folder.arguments(), {"another sweep", "vary.adc.bits", "\"8\"", "\"9\"", "--restart"});
  folder.write("s.toml", small_grid + "energy = \"min\"\n[constraints]\narea = \">= 0\"\n");
  CHECK(folder.run()["objectives"].size() == 3);
  refused(folder.arguments("--set cost.cycle=50ns"), {"set", "cost.cycle=50ns"});
  CHECK(folder.run("--restart --set cost.cycle=50ns")["points"]["done"] == 6);
  folder.write("text", "no database");
  refused(folder.arguments("", "text"), {"text", "is not the file of a sweep"});
  refused(folder.arguments("--restart", "text"), {"is not the file of a sweep"});
  CHECK(std::filesystem::file_size(folder.path() / "text") == 11);
}

TEST_CASE("sweep: samples are addressed by the seed, and a longer sample begins with the shorter one") {
  auto const spec = [](std::string const& method, int points) {
    return "model = \"bert_base\"\n[sample]\nmethod = \"" + method + "\"\npoints = " + std::to_string(points) +
           "\n[vary]\ncost.cycle = {from = \"10 ns\", to = \"26 ns\"}\nadc.bits = {from = 3, to = "
           "10}\ncost.duplication = "
           "{from = 1, to = 1024, log = true}\nreport.prices = [\"bottom_up\", \"as_published\"]\n";
  };
  for (std::string const method : {"random", "sobol"}) {
    INFO(method);
    sweep_folder const folder(spec(method, 16));
    auto const rows = folder.rows(), again = folder.rows("", "again"), other = folder.rows("--seed 2", "other");
    CHECK(rows == again);
    CHECK(rows != other);
    sweep_folder const longer(spec(method, 64));
    auto const more = longer.rows();
    std::vector<json> begin(more.begin(), more.begin() + 16);
    for (auto& r : begin) {
      CHECK(r.at("stamp") != rows[0].at("stamp"));  // another sweep
      r["stamp"] = rows[0].at("stamp");
    }
    CHECK(begin == rows);
    std::map<int, int> bits;
    std::map<std::string, int> prices;
    std::set<int> sixteenths;
    for (auto const& r : more) {
      auto const text = r["cost.cycle"].get<std::string>();
      double const ns = std::stod(text);
      CHECK(text.ends_with(" ns"));
      CHECK((ns >= 10.0 && ns < 26.0));
      CHECK(r["adc.bits"].is_number_integer());
      CHECK((r["adc.bits"] >= 3 && r["adc.bits"] <= 10));
      CHECK((r["cost.duplication"] >= 1 && r["cost.duplication"] <= 1024));
      ++bits[r["adc.bits"].get<int>()];
      ++prices[r["report.prices"].get<std::string>()];
    }
    for (auto const& r : rows)
      sixteenths.insert(static_cast<int>(std::stod(r["cost.cycle"].get<std::string>()) - 10.0));
    if (method == "sobol") {  // a net in base 2: every dyadic interval has its share, exactly
      CHECK(sixteenths.size() == 16);
      CHECK(bits.size() == 8);
      for (auto const& [value, n] : bits) CHECK(n == 8);
      for (auto const& [value, n] : prices) CHECK(n == 32);
    }
  }
}

TEST_CASE("sweep: threads change nothing") {
  sweep_folder const folder(small_grid);
  CHECK(folder.csv("a") == [&] {
    static_cast<void>(folder.run("--threads 5", "b"));
    return folder.csv("b");
  }());
}

TEST_CASE("sweep: killed with -9, it loses what was running and continues to the same results", "[slow]") {
  sweep_folder const folder(long_grid);
  CHECK(interrupted(folder, "KILL") == 137);
  check_continues(folder);
}

TEST_CASE("sweep: of a trained model killed with -9, it continues to the same results, random errors and all",
          "[slow]") {
  std::string const m = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";
  sweep_folder const folder("");
  folder.write("calib.tsv", first_lines(m + "/calib.tsv", 3));
  folder.write("s.toml", "kind = \"deploy\"\nmodel = \"" + m + "\"\ndata = \"" + m + "/test.tsv\"\ncalibration = \"" +
                             (folder.path() / "calib.tsv").string() +
                             "\"\nlimit = 3\nseed = 9\n[vary]\nadc.bits = [5, 6, 8]\n"
                             "range.rule = [\"mean_sigma\", \"percentile\"]\ndense.cell.rtn_multiple = [0, 4, 6.2, 8]\n"
                             "[objectives]\nagreement = \"max\"\n");
  CHECK(interrupted(folder, "KILL") == 137);
  check_continues(folder);
}

TEST_CASE("sweep: Ctrl-C, SIGTERM and a terminal that goes leave a file that continues", "[slow]") {
  auto const [signal, status] = GENERATE(table<char const*, int>({{"INT", 130}, {"TERM", 143}, {"HUP", 129}}));
  sweep_folder const folder(long_grid);
  CHECK(interrupted(folder, signal) == status);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "s.sqlite-wal"));  // closed in order
  check_continues(folder);
}

#if defined(OHMIC_TEST_MPIRUN)
TEST_CASE("sweep: under mpirun the results are those of one process, point for point", "[slow]") {
  if (std::system("mpirun --version >/dev/null 2>&1") != 0) {
    WARN("no mpirun: skipped");
    return;
  }
  sweep_folder const folder(
      "model = \"bert_base\"\n[vary]\nadc.bits = [4, 40, 6, 8]\ntokens = {from = 1, to = 50, step = "
      "1}\n[objectives]\nenergy = \"min\"\n");
  std::string const command =
      "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 3 '" +
      std::string(OHMIC_PROGRAM) + "' " + folder.arguments("--threads 1 --json " + (folder / "r.json"), "ranks") +
      " >/dev/null 2>&1 </dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
  auto const r = read_json(folder.path() / "r.json");
  CHECK(r["run"]["ranks"] == 3);
  CHECK(r["run"]["points"] == 200);
  CHECK(r["points"]["failed"] == 50);
  CHECK(folder.csv("ranks") == folder.csv("alone"));
}

TEST_CASE("sweep: a rank that dies loses no point: the others go on where mpirun lets them, else the same command does",
          "[slow]") {
  if (std::system("mpirun --version >/dev/null 2>&1") != 0) {
    WARN("no mpirun: skipped");
    return;
  }
  sweep_folder const folder(long_grid);
  // Rank 1 ends itself with -9 once rank 0 has written something.
  auto const run = [&](std::string const& file, std::string const& options) {
    folder.write("rank.sh", "if [ \"$OMPI_COMM_WORLD_RANK\" = 1 ]; then (for i in $(seq 6000); do size=$(stat -c %s " +
                                (folder / file) +
                                "-wal 2>/dev/null || echo 0); [ \"$size\" -gt 40000 ] && kill -9 $$; kill -0 $$ "
                                "2>/dev/null || break; sleep 0.01; done) >/dev/null 2>&1 & fi\nexec '" +
                                std::string(OHMIC_PROGRAM) + "' " +
                                folder.arguments("--threads 1 --json " + (folder / "r.json"), file) + "\n");
    return std::system(
        ("OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 300 mpirun --oversubscribe " + options +
         " -n 3 sh " + (folder / "rank.sh") + " >" + (folder / "log") + " 2>&1 </dev/null")
            .c_str());
  };
  CHECK(run("ended", "") != 0);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "r.json"));
  CHECK(run("goes_on", "--enable-recovery") == 0);
  std::ifstream log(folder.path() / "log");
  INFO(std::string(std::istreambuf_iterator<char>(log), {}));
  auto const r = read_json(folder.path() / "r.json");
  CHECK(r["run"]["lost_ranks"] == json{1});  // and not rank 2, whatever was on its way to or from rank 1
  CHECK(r["points"]["missing"] == 0);
  auto const alone = folder.csv("alone");
  CHECK(folder.csv("goes_on") == alone);
  CHECK(folder.csv("ended") == alone);
}
#endif

TEST_CASE("sweep: points of language models and of sentence encoders have the scores that deploy has", "[slow]") {
  auto const set = [](char const* name) {
    char const* const text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  std::string const data = !set("OHMIC_DATA").empty()       ? set("OHMIC_DATA")
                           : !set("XDG_CACHE_HOME").empty() ? set("XDG_CACHE_HOME") + "/ohmic"
                                                            : set("HOME") + "/.cache/ohmic";
  for (auto const& [m, texts, calibration] :
       {std::tuple(std::string(OHMIC_SOURCE_DIR "/examples/models/gpt-kjv"), "valid.txt", "calib.txt"),
        std::tuple(data + "/use-lite", "test.tsv", "calib.tsv")}) {
    CAPTURE(m);
    if (!std::filesystem::exists(m + "/" + texts)) {
      WARN("not there, skipped: " << m << " (examples/models/use-lite/fetch.sh)");
      continue;
    }
    sweep_folder const folder("");
    folder.write("data", first_lines(m + "/" + texts, 3));
    folder.write("calib", first_lines(m + "/" + calibration, 8));
    folder.write("s.toml", "kind = \"deploy\"\nmodel = \"" + m + "\"\ndata = \"" + (folder.path() / "data").string() +
                               "\"\ncalibration = \"" + (folder.path() / "calib").string() +
                               "\"\n[vary]\nadc.bits = [4, 8]\n");
    auto const rows = folder.rows();
    REQUIRE(rows.size() == 2);
    auto const d = run_program("deploy --model '" + m + "' --data " + (folder / "data") + " --calibration " +
                               (folder / "calib") + " --vary adc.bits=4,8 --quiet --json " + (folder / "d.json"));
    INFO(d.text);
    REQUIRE(d.status == 0);
    auto const chips = read_json(folder.path() / "d.json")["chips"];
    for (std::size_t i = 0; i < 2; ++i) {
      INFO(rows[i].dump());
      CHECK(rows[i]["agreement"] == chips[i + 1]["agreement"]);
      for (auto const& [name, value] : chips[i + 1]["scores"].items()) CHECK(rows[i][name] == value);
    }
  }
}

TEST_CASE("sweep: settings that do nothing at any point are told once, and are in the JSON of a merge too") {
  sweep_folder const folder(
      "model = \"bert_base\"\n[set]\ndense.levels = \"gray\"\narray.cells_per_weight = 5\nadc.lossless = false\n"
      "[vary]\ndense.protection = [\"secded\", \"none\"]\nadc.bits = [4, 8]\n[objectives]\narea = \"min\"\n");
  // The weights of a protected bank take the cells that they need: array.cells_per_weight does nothing at the first point alone.
  std::vector<std::string> const idle = {"dense.levels: no metric depends on it"};
  CHECK(folder.run("--shard 1/2", "a.sqlite")["idle"] == idle);
  CHECK(folder.run("--shard 2/2", "b.sqlite")["idle"] == idle);
  auto const all = run_program("sweep merge --quiet --output " + (folder / "all.sqlite") + " " + (folder / "a.sqlite") +
                               " " + (folder / "b.sqlite") + " --json " + (folder / "all.json"));
  INFO(all.text);
  REQUIRE(all.status == 0);
  CHECK(read_json(folder.path() / "all.json")["idle"] == idle);
  auto const loud = run_program("sweep --spec " + (folder / "s.toml") + " --output " + (folder / "s.sqlite"));
  CHECK_THAT(loud.text, contains("has no effect: dense.levels"));
  CHECK(loud.text.find("has no effect: array.cells_per_weight") == loud.text.npos);
}

TEST_CASE("sweep: a failed point is the same wherever its chip file lies, and parts of both merge") {
  auto const spec = [](std::string const& file) {
    return "model = \"bert_base\"\nchip = \"" + file +
           "\"\n[vary]\ndense.protection = [\"none\", \"secded\"]\n[objectives]\narea = \"min\"\n";
  };
  scratch_folder const chips;
  std::string const chip =
      "name = \"odd\"\n[array]\ncheck_rows = 128\n";  // fits no bank that is protected, or none that is not
  sweep_folder const folder("");
  folder.write("z.toml", chip);
  folder.write("s.toml", spec((folder.path() / "z.toml").string()));
  auto const here = run_program(folder.arguments("", "a.sqlite"));
  chips.write("z.toml", chip);
  folder.write("s.toml", spec((chips.path() / "z.toml").string()));
  auto const there = run_program(folder.arguments("", "b.sqlite"));
  INFO(here.text << there.text);
  CHECK(here.status == there.status);
  auto const merged = [&](std::string const& first, std::string const& second) {
    auto const r = run_program("sweep merge --quiet --output " + (folder / (first + second)) + " " + (folder / first) +
                               " " + (folder / second) + " --json " + (folder / "m.json"));
    INFO(r.text);
    CHECK(r.text.find("another result") == r.text.npos);
    auto const j = read_json(folder.path() / "m.json");
    CHECK(j["points"]["failed"] == 1);
    return j["points"]["digest"];
  };
  CHECK(merged("a.sqlite", "b.sqlite") == merged("b.sqlite", "a.sqlite"));
}

TEST_CASE("sweep: settings of deployed points that do nothing are those that deploy names", "[slow]") {
  std::string const m = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";
  sweep_folder const folder("");
  folder.write("data.tsv", first_lines(m + "/test.tsv", 2));
  folder.write("calib.tsv", first_lines(m + "/calib.tsv", 2));
  folder.write("s.toml", "kind = \"deploy\"\nmodel = \"" + m + "\"\ndata = \"" + (folder.path() / "data.tsv").string() +
                             "\"\ncalibration = \"" + (folder.path() / "calib.tsv").string() +
                             "\"\n[set]\nrange.sigmas = 3\nrange.percentile = 99\n[vary]\n"
                             "range.rule = [\"largest\", \"mean_sigma\"]\n[objectives]\nagreement = \"max\"\n");
  CHECK(folder.run()["idle"] == std::vector<std::string>{"range.percentile: range.rule is not percentile"});
  folder.write("n.toml",
               "kind = \"deploy\"\nmodel = \"" + m + "\"\ndata = \"" + (folder.path() / "data.tsv").string() +
                   "\"\ncalibration = \"nosuch\"\n[vary]\nadc.bits = [4]\n[objectives]\nagreement = \"max\"\n");
  refused("sweep --quiet --spec " + (folder / "n.toml") + " --output " + (folder / "n.sqlite"),
          {"n.toml, key 'calibration': no such file", "nosuch"});
}

TEST_CASE("sweep: a deployment's points have the scores that deploy has", "[slow]") {
  std::string const m = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";
  sweep_folder const folder("");
  folder.write("data.tsv", first_lines(m + "/test.tsv", 12));
  folder.write("calib.tsv", first_lines(m + "/calib.tsv", 16));
  std::string const data = (folder.path() / "data.tsv").string(), calib = (folder.path() / "calib.tsv").string();
  folder.write("s.toml",
               "kind = \"deploy\"\nmodel = \"" + m + "\"\ndata = \"" + data + "\"\ncalibration = \"" + calib +
                   "\"\n[vary]\nchip = [\"wang2024\", \"isaac\"]\nadc.bits = [3, 8, 77]\n[objectives]\nagreement = "
                   "\"max\"\nenergy = \"min\"\n");
  auto const rows = folder.rows();
  REQUIRE(rows.size() == 6);
  auto const d = run_program("deploy --model '" + m + "' --data '" + data + "' --calibration '" + calib +
                             "' --chip wang2024,isaac --vary adc.bits=3,8 --quiet --json " + (folder / "d.json"));
  REQUIRE(d.status == 0);
  auto const deployed = read_json(folder.path() / "d.json");
  std::size_t const place[] = {1, 2, 0, 3, 4, 0};  // int8 is the first of deploy
  for (std::size_t i = 0; i < 6; ++i) {
    INFO(rows[i].dump());
    if (place[i] == 0) {
      CHECK(rows[i]["status"] == "failed");
      continue;
    }
    auto const& chip = deployed["chips"][place[i]];
    CHECK(rows[i]["accuracy"] == chip["scores"]["accuracy"]);
    CHECK(rows[i]["agreement"] == chip["agreement"]);
    double lowest = 1e9;
    for (auto const& layer : chip["layers"])
      if (layer["snr_db"].is_number() && layer["clip_rate"].is_number())
        lowest = std::min(lowest, layer["snr_db"].get<double>());
    CHECK(rows[i]["snr_db.lowest"].get<double>() == lowest);
    if (i >= 3) {
      CHECK(rows[i]["area_mm2"] == chip["cost"]["area_mm2"]);
      CHECK(rows[i]["energy_J.per_text"].get<double>() ==
            Approx(chip["cost"]["energy_J"].get<double>() / 12).epsilon(1e-12));
      CHECK(rows[i]["latency_s.prefill"].is_null());
    } else {
      CHECK(rows[i]["area_mm2"].is_number());
    }
  }
  CHECK(folder.run()["facts"]["fp32"]["accuracy"] == deployed["fp32"]["accuracy"]);
}

TEST_CASE("sweep: bad specs are refused before anything runs, with file, line and key") {
  struct bad {
    std::string spec;
    std::vector<std::string> parts;
  };
  std::string const head = "model = \"bert_base\"\n[vary]\n";
  for (auto const& b : std::vector<bad>{
           {"modl = \"bert_base\"\n", {"s.toml, line 1", "modl", "did you mean 'model'"}},
           {"model = \"bert_base\"\n", {"[vary]"}},
           {"[vary]\nadc.bits = [4]\n", {"no model"}},
           {head + "adc.bit = [4]\n", {"line 3", "did you mean 'adc.bits'"}},
           {head + "adc.bits = [4, \"x\"]\n", {"line 3", "adc.bits", "'x'", "not a whole number"}},
           {head + "adc.bits = []\n", {"line 3", "at least one value"}},
           {head + "adc.bits = 4\n", {"line 3", "a list"}},
           {head + "adc.bits = {from = 4, to = 8}\n", {"line 3", "steps"}},
           {head + "adc.bits = {from = 9, to = 8, steps = 2}\n", {"line 3", "from <= to"}},
           {head + "adc.bits = {from = 4, steps = 2}\n", {"line 3", "both ends"}},
           {head + "cost.cycle = {from = \"1 ns\", to = \"1 us\", steps = 2}\n", {"different units"}},
           {head + "cost.duplication = {from = 0, to = 8, steps = 2, log = true}\n", {"0 < from"}},
           {head + "adc.bits = [4]\n[objectives]\nenergi = \"min\"\n", {"energi"}},
           {head + "adc.bits = [4]\n[objectives]\nenergy = \"low\"\n", {"line 5", "min, max"}},
           {head + "adc.bits = [4]\n[constraints]\nenergy = 3\n", {"line 5", "<= NUMBER"}},
           {head + "adc.bits = [4]\n[sample]\nmethod = \"sobol\"\n", {"points"}},
           {head + "chip = [\"wang2024\", \"isaak\"]\n", {"isaak", "did you mean 'isaac'"}},
           {head + "tokens = [-4]\n", {"line 3", "tokens"}},
           {"kind = \"deploy\"\nmodel = \"x\"\n[vary]\nadc.bits = [4]\n", {"no data"}},
           {"data = \"x\"\n" + head + "adc.bits = [4]\n", {"line 1", "kind = \"deploy\""}},
           {head + "a = [", {"broken TOML", "line 3"}},
           {head + "tokens = {from = 1, to = 1000, step = 1}\ndecode = {from = 1, to = 1000, step = 1}\nbatch = {from "
                   "= 1, to = "
                   "1000, step = 1}\n",
            {"too many points", "got 1000000000,"}},
           {head + "adc.bits = {from = 4, to = 8}\n[sample]\nmethod = \"sobol\"\npoints = 1000000000000\n",
            {"too many points", "got 1000000000000,"}},
           {"batch = 0\n" + head + "adc.bits = [4]\n", {"line 1", "'batch'", "1 or more"}},
           {head + "batch = [1, 0]\n", {"line 3", "batch", "'0'", "1 or more"}},
           // a few bytes that ask for gigabytes
           {head + "tokens = {from = 1, to = 10000000, steps = 10000000}\n[sample]\nmethod = \"sobol\"\npoints = 2\n",
            {"line 3", "tokens", "10000000", "at most 100000"}},
           {head + "tokens = {from = 1, to = 60000, step = 1}\nbatch = {from = 1, to = 60000, steps = 60000}\n",
            {"line 4", "120000", "too many values of all keys together"}},
           {head + "adc.bits = [4]\n[constraints]\narea = \"<= inf\"\n", {"line 5", "area", "'<= inf'", "finite"}},
           {head + "adc.bits = [4]\n[constraints]\narea = \">= nan\"\n", {"line 5", ">= NUMBER"}},
           // what contradicts itself
           {head + "adc.bits = [4, 5, 4]\n", {"line 3", "'4'", "given twice"}},
           {head + "\"adc.bits\" = [4]\nadc.bits = [5]\n", {"line 4", "adc.bits", "given twice", "line 3"}},
           {head + "adc.bits = [4]\n[set]\nadc.bits = 5\n", {"line 5", "'adc.bits' is varied too", "line 3"}},
           {head + "adc.bits = [4]\n[set]\ntokens = 5\n", {"line 5", "'tokens' is no setting", "above the tables"}},
           {head + "adc.bits = [4]\n[set]\nchip = \"isaac\"\n", {"line 5", "'chip' is no setting"}},
           {head + "adc.bits = [4]\n[set]\nmodel = \"gpt2\"\n", {"line 5", "'model' is no setting"}},
           {"tokens = 7\n" + head + "tokens = [10]\n", {"line 1", "'tokens' is varied too", "line 4"}},
           {"chip = \"isaac\"\n" + head + "chip = [\"wang2024\"]\n", {"line 1", "'chip' is varied too"}},
       }) {
    sweep_folder const folder(b.spec);
    refused(folder.arguments(), b.parts);
    CHECK(folder.files() == 1);
  }
  sweep_folder const folder(small_grid);
  refused(folder.arguments("--shard 3/2"), {"--shard", "3/2"});
  refused(folder.arguments("--set adc.bits=6"), {"--set", "'adc.bits' is varied too", "line 4"});
  refused(folder.arguments("--set tokens=6"), {"--set", "'tokens' is no setting"});
  refused("sweep", {"--spec"});
  refused("sweep --spec " + (folder / "none.toml"), {"none.toml"});
  refused(folder.arguments("--csv " + (folder / "s.toml")), {"--csv", "named twice"});
}

TEST_CASE("sweep: the example runs as README says") {
  sweep_folder const folder("");
  auto const r = run_program("sweep --spec '" OHMIC_SOURCE_DIR "/examples/sweeps/converters.toml' --output " +
                             (folder / "c.sqlite"));
  INFO(r.text);
  CHECK(r.status == 0);
  CHECK_THAT(r.text, contains("63 points: 63 done, 0 failed, 0 missing"));
  auto const s =
      run_program("sweep --spec '" OHMIC_SOURCE_DIR "/examples/sweeps/sample.toml' --output " + (folder / "d.sqlite"));
  INFO(s.text);
  CHECK(s.status == 0);
  CHECK_THAT(s.text, contains("1000 points: 1000 done"));
}
