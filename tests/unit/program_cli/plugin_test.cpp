// Plugins through the program: devices by name, where they are looked up, lists, checks, and what it says to bad ones.
#include <fstream>
#include <string>
#include <sys/stat.h>

#include "ohmic/core/view.hpp"
#include "ohmic/model/import/npy.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"

#ifdef OHMIC_PLUGIN_FOLDER
using namespace ohmic_test;

namespace {

std::string plugin_file(std::string const& name) {
  return std::string("'") + OHMIC_PLUGIN_FOLDER + "/" + name + ".so'";
}
std::string plugin_case(std::string const& name) { return std::string("'") + OHMIC_PLUGIN_CASES + "/" + name + ".so'"; }
std::string with_path(std::string const& folders) { return "OHMIC_PLUGIN_PATH='" + folders + "' "; }

/// run_program with variables in front of the program.
program_result run_with(std::string const& variables, std::string const& arguments) {
  return run_program("--version >/dev/null && " + variables + "'" OHMIC_PROGRAM "' " + arguments);
}

struct plugin_product : scratch_folder {
  plugin_product() {
    ohmic::matrix<double> w(5, 40), x(40, 2);
    for (std::size_t k = 0; k < w.size(); ++k) w.flat()[k] = 0.1 * static_cast<double>(k % 19) - 0.9;
    for (std::size_t k = 0; k < x.size(); ++k) x.flat()[k] = 0.2 * static_cast<double>(k % 11) - 1.0;
    write("w.npy", ohmic::model::npy_bytes(w.view()));
    write("x.npy", ohmic::model::npy_bytes(x.view()));
  }
  [[nodiscard]] std::string mvm(std::string const& output, std::string const& options) const {
    return "mvm --weights " + (*this / "w.npy") + " --inputs " + (*this / "x.npy") + " --output " + (*this / output) +
           " --set 'cell.r_on=40 kohm' --set 'cell.r_off=inf ohm' " + options;
  }
};

}  // namespace

TEST_CASE("mvm with a device of a plugin writes the bytes of the built-in one, by option and by file") {
  plugin_product const f;
  std::string const more =
      " --set 'cell.retention.age=3600 s' --set cell.write.max_tries=3 --set cell.faults.stuck_low=0.1 --set "
      "array.rows=16";
  REQUIRE(run_program(f.mvm("a.npy", "--set cell.device=pcm_nandakumar" + more)).status == 0);
  auto const r = run_program(
      f.mvm("b.npy", "--plugin " + plugin_file("device_pcm") + " --set cell.device=plugin_pcm_nandakumar" + more));
  INFO(r.text);
  REQUIRE(r.status == 0);
  f.write("c.toml", std::string("[plugin]\nfiles = [\"") + OHMIC_PLUGIN_FOLDER +
                        "/device_pcm.so\"]\n[cell]\ndevice = \"plugin_pcm_nandakumar\"\n");
  REQUIRE(run_program(f.mvm("c.npy", "--array " + (f / "c.toml") + more)).status == 0);
  auto const a = ohmic::model::read_npy(f.path() / "a.npy");
  CHECK(ohmic::model::read_npy(f.path() / "b.npy").values == a.values);
  CHECK(ohmic::model::read_npy(f.path() / "c.npy").values == a.values);
}

TEST_CASE("cost: a plugin's price book is one of a file, with the same checks, in a process of its own too") {
  scratch_folder const folder;
  std::string const of = "cost --model bert_base --quiet --json ", csv = folder / "book.csv";
  REQUIRE(run_program(of + (folder / "own.json") + " --save-prices " + csv).status == 0);
  REQUIRE(run_program(of + (folder / "file.json") + " --prices " + csv).status == 0);
  auto const file = read_json(folder.path() / "file.json");
  std::string const with = " --plugin " + plugin_file("cost_table"), path = folder.path().string();
  for (std::string const& options :
       {with + " --prices cost_table:file=" + csv, with + " --plugin-isolated --prices cost_table:file=" + csv,
        " --prices " + plugin_file("cost_table") + ":file=" + csv}) {
    INFO(options);
    auto const r = run_program(of + (folder / "plugin.json") + options);
    INFO(r.text);
    REQUIRE(r.status == 0);
    auto const plugin = read_json(folder.path() / "plugin.json");
    CHECK(plugin["rows"] == file["rows"]);
    CHECK(plugin["notes"] == file["notes"]);
    CHECK(plugin["unused_prices"].empty());
  }
  std::ifstream in(folder.path() / "book.csv");
  std::string lines, line;
  while (std::getline(in, line))
    if (line.find("energy,dac.drive,") != 0) lines += line + "\n";
  folder.write("less.csv", lines);
  folder.write("more.csv", lines + "energy,dac.drive,1 pJ,assumption,test\narea,laser,1 mm2,assumption,test\n");
  std::string const base = "cost --model bert_base" + with + " --prices ";
  refused(base + "cost_table:file=" + (folder / "less.csv"), {"no energy price", "dac.drive"});
  auto const more =
      run_program(of + (folder / "more.json") + with + " --prices cost_table:file=" + (folder / "more.csv"));
  REQUIRE(more.status == 0);
  CHECK(read_json(folder.path() / "more.json")["unused_prices"] == nlohmann::json::array({"area laser"}));
  refused(base + "cost_table:file=/no/such.csv", {"/no/such.csv"});
  refused(base + "cost_table", {"--prices", "PLUGIN:PARAMETERS", "add ':'"});
  refused("cost --model bert_base --prices no_plugin:file=x", {"no plugin of that name", "no_plugin"});
  refused("cost --model bert_base --plugin " + plugin_file("device_pcm") + " --prices device_pcm:x",
          {"the plugin has no price books"});
  refused(base + "cost_table:file=" + csv + " --chip isaac", {"isaac", "--prices"});
}

TEST_CASE("a saved array of a plugin's device is multiplied again without the plugin") {
  plugin_product const f;
  REQUIRE(run_program(f.mvm("a.npy", "--plugin " + plugin_file("device_ecram") +
                                         " --set cell.device=ecram_lithium --set 'cell.parameters=low_uS=0;high_uS=25'"
                                         " --save " +
                                         (f / "s.safetensors")))
              .status == 0);
  auto const r =
      run_program("mvm --load " + (f / "s.safetensors") + " --inputs " + (f / "x.npy") + " --output " + (f / "b.npy"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK(ohmic::model::read_npy(f.path() / "a.npy").values == ohmic::model::read_npy(f.path() / "b.npy").values);
}

TEST_CASE("plugins are found by name in OHMIC_PLUGIN_PATH and nowhere else") {
  plugin_product const f;
  std::string const use = f.mvm("a.npy", "--plugin device_pcm --set cell.device=plugin_pcm_joshi");
  CHECK(run_with(with_path("/nowhere::" OHMIC_PLUGIN_FOLDER), use).status == 0);
  refused(use, {"--plugin: no plugin of that name; got 'device_pcm'", "OHMIC_PLUGIN_PATH names no folders"});
  auto const relative = run_with(with_path("plugins"), use);
  CHECK(relative.status == 2);
  CHECK_THAT(relative.text, contains("OHMIC_PLUGIN_PATH: a folder that is not absolute; got 'plugins'"));
  auto const here = run_program("--version >/dev/null && cd '" OHMIC_PLUGIN_FOLDER "' && '" OHMIC_PROGRAM
                                "' list plugins --plugin device_pcm.so");
  CHECK(here.status == 2);
  CHECK_THAT(here.text, contains("give ./device_pcm.so"));
}

TEST_CASE("plugins and their devices are listed; one that is broken says why") {
  auto const r = run_with(with_path(OHMIC_PLUGIN_FOLDER), "list plugins --plugin " + plugin_file("template"));
  CHECK(r.status == 0);
  for (auto const* part : {"template", "device_pcm", "cell.device=ecram_lithium"}) CHECK_THAT(r.text, contains(part));
  auto const d = run_program("list devices --plugin " + plugin_file("device_ecram"));
  CHECK_THAT(d.text, contains("ecram_metal_oxide"));
  scratch_folder const f;
  std::filesystem::copy_file(OHMIC_PLUGIN_CASES "/truncated.so", f.path() / "truncated.so");
  auto const bad = run_with(with_path(f.path().string()), "list plugins");
  CHECK(bad.status == 0);
  CHECK_THAT(bad.text, contains("truncated.so: devices[0].struct_size: the table is truncated"));
}

TEST_CASE("what crashes in a folder of plugins is a line of the list where plugins are isolated") {
  scratch_folder const f;
  std::filesystem::copy_file(OHMIC_PLUGIN_CASES "/crashes_on_load.so", f.path() / "a.so");
  std::filesystem::copy_file(OHMIC_PLUGIN_CASES "/good.so", f.path() / "b.so");
  auto const r = run_with(with_path(f.path().string()), "list plugins --plugin-isolated");
  CHECK(r.status == 0);
  for (auto const* part : {"a.so", "signal 6", "cell.device=test_cell"}) CHECK_THAT(r.text, contains(part));
}

TEST_CASE("a chip's file that has no folder in its name may name plugins, and none is loaded where they are refused") {
  plugin_product const f;
  f.write("c.toml", std::string("[plugin]\nfiles = [\"") + OHMIC_PLUGIN_FOLDER +
                        "/device_pcm.so\"]\n[cell]\ndevice = \"plugin_pcm_nandakumar\"\n");
  std::string const here = "--version >/dev/null && cd '" + f.path().string() + "' && '" OHMIC_PROGRAM "' " +
                           f.mvm("a.npy", "--array c.toml --json r.json");
  auto const r = run_program(here);
  CAPTURE(r.text);
  CHECK(r.status == 0);
  CHECK(read_json(f.path() / "r.json")["stamp"]["files"].size() == 4);  // weights, inputs, settings, plugin
  refused(f.mvm("b.npy", "--no-plugins --array " + (f / "c.toml")), {"device_pcm.so", "--no-plugins"});
  refused("plugin check --no-plugins " + plugin_file("template"), {"template.so", "--no-plugins"});
  auto const by_variable = run_with("OHMIC_NO_PLUGINS=1 ", "plugin check " + plugin_file("template"));
  CHECK(by_variable.status == 2);
  CHECK_THAT(by_variable.text,
             contains("template.so: a plugin, which runs its code; got --no-plugins or OHMIC_NO_PLUGINS"));
  CHECK_FALSE(std::filesystem::exists(f.path() / "b.npy"));
}

TEST_CASE("the time of a trial of a plugin is not its result, and a crash at the end of a device is no success") {
  scratch_folder const f;
  for (auto const* name : {"a.json", "b.json"})
    REQUIRE(run_program("plugin check " + plugin_file("template") + " --json " + (f / name)).status == 0);
  auto a = read_json(f.path() / "a.json"), b = read_json(f.path() / "b.json");
  CHECK(a["run"]["times"].size() == 1);
  for (auto* j : {&a, &b}) j->erase("run"), j->erase("stamp");
  CHECK(a == b);
  plugin_product const p;
  refused(p.mvm("c.npy", "--plugin-isolated --plugin " + plugin_case("crashes_at_its_end") +
                             " --set cell.device=test_cell --set 'cell.r_off=1000 kohm'"),
          {"an answer to destroy", "signal 11"}, 3);
}

TEST_CASE("plugin check passes what conforms and says what does not") {
  scratch_folder const f;
  auto const good = run_program("plugin check " + plugin_file("template") + " --json " + (f / "c.json"));
  INFO(good.text);
  CHECK(good.status == 0);
  auto const json = read_json(f.path() / "c.json");
  CHECK(json["pass"] == true);
  CHECK(json["findings"].size() >= 9);
  auto const bad = run_program("plugin check " + plugin_case("not_deterministic"));
  CHECK(bad.status == 1);
  CHECK_THAT(bad.text, contains("FAILED the same bits again"));
  refused("plugin check " + plugin_case("wrong_major"), {"is of another ABI"});
  refused("plugin check", {"FILE"});
}

TEST_CASE("an isolated plugin writes the same bytes, and takes nobody with it") {
  plugin_product const f;
  std::string const use = "--plugin " + plugin_file("device_pcm") + " --set cell.device=plugin_pcm_nandakumar";
  REQUIRE(run_program(f.mvm("a.npy", use)).status == 0);
  auto const r = run_program(f.mvm("b.npy", use + " --plugin-isolated"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK(ohmic::model::read_npy(f.path() / "a.npy").values == ohmic::model::read_npy(f.path() / "b.npy").values);
  auto const bad = [&](std::string const& name) {
    return f.mvm("c.npy", "--plugin-isolated --plugin-timeout 1 --plugin " + plugin_case(name) +
                              " --set cell.device=test_cell --set 'cell.r_off=1000 kohm'");
  };
  refused(bad("crashes"), {"crashes.so: the plugin's process is gone", "signal 11"}, 3);
  refused(bad("hangs"), {"did not answer within 1000 ms"}, 3);
  CHECK_FALSE(std::filesystem::exists(f.path() / "c.npy"));
  auto const check = run_program("plugin check " + plugin_case("crashes"));
  CHECK(check.status == 1);
  CHECK_THAT(check.text, contains("signal 11"));
}

TEST_CASE("what is wrong with a plugin or its device ends the program with words and a status") {
  plugin_product const f;
  refused(f.mvm("a.npy", "--set cell.device=plugin_pcm_joshi"), {"cell.device: no such device", "--plugin FILE"});
  refused(f.mvm("a.npy", "--set cell.device=pcm_josi"), {"did you mean 'pcm_joshi'?"});
  refused(f.mvm("a.npy", "--set cell.parameters=a=1"), {"parameters are given and not used"});
  refused(f.mvm("a.npy", "--plugin " + plugin_case("taken_name")), {"a device of this name is there already", "sonos"});
  refused(f.mvm("a.npy", "--plugin " + plugin_file("device_ecram") +
                             " --set cell.device=ecram_lithium --set cell.parameters=low=1"),
          {"ecram_lithium", "unknown key"});
  refused(f.mvm("a.npy", "--plugin " + plugin_case("not_a_number") +
                             " --set cell.device=test_cell --set 'cell.r_off=1000 kohm'"),
          {"not_a_number.so: test_cell", "program gives what cannot be"}, 3);
  CHECK(f.files() == 2);
  f.write("c.toml", "plugins.file = \"./a.so\"\n");
  refused("cost --model gpt2 --chip " + (f / "c.toml"),
          {"line 1, plugins.file: unknown key, allowed: chip, name, plugin.files, array.*"});
  f.write("c.toml", "adc.bit = 1\n");
  refused("cost --model gpt2 --chip " + (f / "c.toml"), {"unknown key, allowed: adc.bits, adc.lossless"});
  REQUIRE(::mkfifo((f.path() / "p.so").c_str(), 0600) == 0);
  for (auto const* command : {"plugin check ", "list plugins --plugin "})
    refused(command + (f / "p.so"), {"p.so: cannot be read; got no regular file, allowed: a shared library"});
}
#endif
