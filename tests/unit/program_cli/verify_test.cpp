// ohmic verify, and the stamp of results.
#include <cstdlib>
#include <string>

#include "ohmic/model/import/npy.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

void write_product(scratch_folder const& folder, double last = 6.0) {
  ohmic::matrix<double> w(2, 3), x(3, 1);
  for (std::size_t i = 0; i < 6; ++i) w.flat()[i] = static_cast<double>(i + 1);
  w(1, 2) = last;
  for (double& v : x.flat()) v = 0.5;
  folder.write("w.npy", ohmic::model::npy_bytes(w.view()));
  folder.write("x.npy", ohmic::model::npy_bytes(x.view()));
}

/// mvm on these files, its result in out.json.
std::string product_of(scratch_folder const& folder, std::string const& more = "") {
  return "mvm --weights " + (folder / "w.npy") + " --inputs " + (folder / "x.npy") + " --output " + (folder / "y.npy") +
         " --set cell.programming_error=0.1 --quiet --json " + (folder / "out.json") + more;
}

void ran(std::string const& arguments) {
  auto const r = run_program(arguments);
  INFO(r.text);
  REQUIRE(r.status == 0);
}

void verified(scratch_folder const& folder, std::string const& more = "") {
  auto const r = run_program("verify " + (folder / "out.json") + more);
  INFO(r.text);
  CHECK(r.status == 0);
  CHECK_THAT(r.text, contains("the same again"));
}

}  // namespace

TEST_CASE("verify: a result is made again, on other threads and instruction sets too") {
  scratch_folder const folder;
  write_product(folder);
  ran(product_of(folder));
  auto const files = folder.files();
  verified(folder);
  verified(folder, " --threads 3 --instruction-set baseline");
  CHECK(folder.files() == files);
  ran("cost --model gpt2 --compare isaac --quiet --json " + (folder / "out.json"));
  verified(folder);
  auto const r = run_program("verify " + (folder / "out.json") + " --quiet --json " + (folder / "v.json"));
  CHECK(r.text.empty());
  auto const v = read_json(folder.path() / "v.json");
  CHECK(v["same"] == true);
  CHECK(v["different"] == 0);
  CHECK(v["values"].get<int>() > 100);
}

TEST_CASE("verify: a sweep is run again beside its file") {
  scratch_folder const folder;
  folder.write("s.toml", "model = \"gpt2\"\n[vary]\nadc.bits = [4, 6]\n[objectives]\narea = \"min\"\n");
  ran("sweep --spec " + (folder / "s.toml") + " --output " + (folder / "s.sqlite") + " --quiet --json " +
      (folder / "out.json"));
  auto const files = folder.files();
  verified(folder);
  CHECK(folder.files() == files);
}

TEST_CASE("verify: files that have changed, gone or come are named") {
  scratch_folder const folder;
  write_product(folder);
  ran(product_of(folder));
  write_product(folder, 7.0);
  refused("verify " + (folder / "out.json"), {"w.npy has changed", "made from other files"});
  std::filesystem::remove(folder.path() / "w.npy");
  refused("verify " + (folder / "out.json"), {"w.npy is missing"});
  write_product(folder);
  verified(folder);
}

TEST_CASE("verify: what differs is said, value by value, with status 1") {
  scratch_folder const folder;
  write_product(folder);
  ran(product_of(folder));
  auto j = nlohmann::ordered_json::parse(ohmic_test::read_json(folder.path() / "out.json").dump());
  j["relative_error"] = 0.125;
  j["stamp"]["outputs"][0]["digest"] = "0";
  j["run"]["wall_time_s"] = 1e6;
  folder.write("out.json", j.dump());
  refused("verify " + (folder / "out.json"),
          {"2 of ", "relative_error: 0.125 recorded", "stamp.outputs[0].digest: \"0\" recorded"}, 1);
}

TEST_CASE("verify: what is no result is refused, and plugins run only when they may") {
  scratch_folder const folder;
  refused("verify " + (folder / "none.json"), {"no such file"});
  folder.write("a.json", "{\"command\":\"cost\"}");
  refused("verify " + (folder / "a.json"), {"stamp", "run the command again"});
  folder.write("a.json", "[[[");
  refused("verify " + (folder / "a.json"), {"no result that can be verified"});
  folder.write("a.json",
               R"({"command":"verify","stamp":{"files":[]},"run":{"arguments":["verify","a.json"],"folder":"/"}})");
  refused("verify " + (folder / "a.json"), {"run.arguments"});
  folder.write("p.so", "no library");
  folder.write(
      "a.json",
      R"({"command":"list","stamp":{"files":[]},"run":{"arguments":["list","--plugin","./p.so","--json","x"],"folder":")" +
          folder.path().string() + R"("}})");
  refused("verify " + (folder / "a.json"), {"p.so", "--allow-plugins"});
  refused("verify " + (folder / "a.json") + " --folder " + (folder / "none"), {"folder of the run", "--folder"});
}

TEST_CASE("stamp: depends on what is asked and on files, not on threads or where results go") {
  scratch_folder const folder;
  write_product(folder);
  auto const stamp = [&](std::string const& more) {
    ran(product_of(folder, more));
    return read_json(folder.path() / "out.json")["stamp"];
  };
  auto const first = stamp("");
  CHECK(first["hash"].get<std::string>().size() == 16);
  CHECK(first["files"].size() == 2);
  CHECK(first["outputs"].size() == 1);
  CHECK(stamp(" --threads 3") == first);
  CHECK(stamp(" --save-conductances " + (folder / "g.npy"))["hash"] == first["hash"]);
  CHECK(stamp(" --seed 2")["hash"] != first["hash"]);
  CHECK(stamp(" --set adc.bits=6")["hash"] != first["hash"]);
  write_product(folder, 7.0);
  CHECK(stamp("")["hash"] != first["hash"]);
}

TEST_CASE("stamp: node voltages are outputs, and what verify writes has a stamp") {
  scratch_folder const folder;
  ohmic::matrix<double> g(2, 3), v(2, 1);
  for (double& s : g.flat()) s = 1e-5;
  for (double& u : v.flat()) u = 0.2;
  folder.write("g.npy", ohmic::model::npy_bytes(g.view()));
  folder.write("v.npy", ohmic::model::npy_bytes(v.view()));
  ran("solve --conductances " + (folder / "g.npy") + " --voltages " + (folder / "v.npy") + " --output " +
      (folder / "i.npy") + " --r-word 2 --nodes " + (folder / "n") + " --quiet --json " + (folder / "out.json"));
  auto const outputs = read_json(folder.path() / "out.json")["stamp"]["outputs"];
  REQUIRE(outputs.size() == 3);
  CHECK(outputs[1]["option"] == "--nodes");
  CHECK(outputs[1]["part"] == "_word.npy");
  CHECK(outputs[2]["part"] == "_bit.npy");
  verified(folder, " --json " + (folder / "v.json"));
  auto const v_json = read_json(folder.path() / "v.json");
  REQUIRE(v_json["stamp"]["files"].size() == 1);
  CHECK(v_json["stamp"]["hash"].get<std::string>().size() == 16);
  CHECK(v_json["run"]["arguments"][0] == "verify");
}

TEST_CASE("verify: a TMPDIR that is no folder is named") {
  scratch_folder const folder;
  write_product(folder);
  ran(product_of(folder));
  setenv("TMPDIR", "/nonexist", 1);
  auto const no = run_program("verify " + (folder / "out.json"));
  unsetenv("TMPDIR");
  INFO(no.text);
  CHECK(no.status == 3);
  CHECK_THAT(no.text, contains("TMPDIR: "));
  CHECK_THAT(no.text, contains("[E401]"));
}
