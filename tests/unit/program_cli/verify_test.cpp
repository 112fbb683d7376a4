// ohmic verify, and the stamp of results.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "llama_folder.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/import/npy.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

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

TEST_CASE("verify: minus zero is another number than zero") {
  scratch_folder const folder;
  ran("cost --model gpt2 --quiet --json " + (folder / "out.json"));
  auto j = ohmic_test::read_json(folder.path() / "out.json");
  auto const flat = j.flatten();
  bool changed = false;
  for (auto const& [key, value] : flat.items()) {
    if (changed || !value.is_number_float() || value != 0.0 || key.starts_with("/run")) continue;
    j[json::json_pointer(key)] = -0.0;
    changed = true;
  }
  REQUIRE(changed);
  folder.write("out.json", j.dump());
  refused("verify " + (folder / "out.json"), {"1 of ", ": -0.0 recorded, 0.0 now"}, 1);
}

TEST_CASE("verify: numbers beside the result are looked at where they lie") {
  scratch_folder const folder;
  write_product(folder);
  ran(product_of(folder));
  auto numbers = ohmic_test::read_bytes(folder.path() / "y.npy");
  numbers.back() ^= 1;
  folder.write("y.npy", numbers);
  auto const other = run_program("verify " + (folder / "out.json") + " --json " + (folder / "v.json"));
  CHECK(other.status == 0);  // the run is what it was
  CHECK_THAT(other.text, contains("y.npy is no longer what the run wrote"));
  CHECK(read_json(folder.path() / "v.json")["changed_outputs"].size() == 1);
  std::filesystem::remove(folder.path() / "y.npy");  // they may have been moved
  verified(folder);
}

TEST_CASE("verify: what is no result is refused, and plugins run only when they may") {
  scratch_folder const folder;
  refused("verify " + (folder / "none.json"), {"no such file"});
  folder.write("a.json", "{\"command\":\"cost\"}");
  refused("verify " + (folder / "a.json"), {"stamp", "run the command again"});
  folder.write("a.json", "[[[");
  refused("verify " + (folder / "a.json"), {"a.json: is no whole JSON", "'[[['"});
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

#ifdef OHMIC_PLUGIN_CASES
TEST_CASE("verify: a stranger's result runs no plugin and writes no file, however it names them") {
  scratch_folder const folder;
  // Whether its code ran: it ends the process as it is loaded, with a signal.
  std::filesystem::copy_file(OHMIC_PLUGIN_CASES "/crashes_on_load.so", folder.path() / "p.so");
  folder.write("chip.toml", "[plugin]\nfiles = [\"./p.so\"]\n");
  std::filesystem::copy_file(folder.path() / "chip.toml", folder.path() / "chip.text");
  folder.write("victim", "precious");
  std::string const victim = (folder.path() / "victim").string();
  // An option that takes the next one for its value would hide the rest from whoever searches the words.
  std::filesystem::create_directory(folder.path() / "--only");
  folder.write("--only/config.json",
               R"({"model_type":"gpt2","n_embd":8,"n_layer":1,"n_head":2,"vocab_size":8,"n_positions":8})");
  write_product(folder);
  auto const asked = [&](std::string const& words, std::string const& files = "") {
    folder.write("a.json", R"({"command":"x","stamp":{"files":[)" + files + R"(],"outputs":[]},"run":{"folder":")" +
                               folder.path().string() + R"(","arguments":[)" + words + "]}}");
    return run_program("verify " + (folder / "a.json"));
  };
  for (auto const* words :
       {R"("list","devices","--plugin=./p.so","--json","o.json")",
        R"("cost","--model","gpt2","--prices=./p.so:file=x","--json","o.json")",
        R"("cost","--model","gpt2","--chip=chip.toml","--json","o.json")",
        R"("mvm","--weights","w.npy","--inputs","x.npy","--output","y","--array=chip.toml","--json","o.json")",
        R"("cost","--model","gpt2","--compare=chip.toml","--json","o.json")",
        R"("cost","--json","o.json","--model","--only","--prices","./p.so:file=x","--report")",
        R"("cost","--json","o.json","--model","gpt2","--plugin","./q.so","./p.so")",
        R"("plugin","check","./p.so","--json","o.json")", R"("plugin","check","./p.so","--json=o.json")"}) {
    auto const r = asked(words);
    CAPTURE(words, r.text);
    CHECK((r.status == 2 || r.status == 3));
    CHECK(r.text.find("signal") == std::string::npos);
  }
  // Files as they are, so that nothing stands in the way but plugins themselves.
  std::string files;
  for (auto const* name : {"chip.text", "w.npy", "x.npy"}) {
    char digest[17];
    auto const hash = ohmic::fingerprint(ohmic_test::read_bytes(folder.path() / name));
    std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(hash));
    files += std::string(files.empty() ? "" : ",") + R"({"path":")" + name + R"(","digest":")" + digest + R"("})";
  }
  auto const r = asked(
      R"("mvm","--weights","w.npy","--inputs","x.npy","--output","y.npy","--array","chip.text","--json","o.json")",
      files);
  CAPTURE(r.text);
  CHECK_THAT(r.text, contains("--no-plugins"));
  CHECK(r.text.find("signal") == std::string::npos);
  for (auto const& words : {std::string(R"("cost","--model","gpt2","--save-prices=victim","--json","o.json")"),
                            std::string(R"("cost","--model","gpt2","--json=o.json","--report=victim")"),
                            R"("cost","--model","--only","--json","o.json","--report",")" + victim + "\"",
                            R"("cost","--model","--only","--report",")" + victim + R"(","--json","o.json")",
                            R"("cost","--model","gpt2","--json","o.json","--","--report",")" + victim + "\""})
    static_cast<void>(asked(words));
  CHECK(ohmic_test::read_bytes(folder.path() / "victim") == "precious");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "o.json"));
}
#endif

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

TEST_CASE("stamp: names with separators are files of a setting, and other values are none, whatever is called so") {
  scratch_folder const folder;
  write_product(folder);
  auto const stamp = [&](char const* middle) {
    folder.write("st,1=2.csv", std::string("conductance_uS,spread_uS\n1,0.1\n10,0.1\n") + middle + ",0.2\n100,0.3\n");
    ran("mvm --weights " + (folder / "w.npy") + " --inputs " + (folder / "x.npy") + " --output " + (folder / "y.npy") +
        " --set cell.device=table --set 'cell.states=" + (folder.path() / "st,1=2.csv").string() + "' --quiet --json " +
        (folder / "out.json"));
    return read_json(folder.path() / "out.json")["stamp"];
  };
  auto const first = stamp("20");
  CHECK(first["files"].size() == 3);
  CHECK(stamp("21")["hash"] != first["hash"]);
  for (char const* name : {"8", "adc.bits", "wang2024"}) folder.write(name, "x");
  ran("--version >/dev/null && cd '" + folder.path().string() +
      "' && '" OHMIC_PROGRAM "' cost --model bert_base --chip wang2024 --set adc.bits=8 --quiet --json c.json");
  CHECK(read_json(folder.path() / "c.json")["stamp"]["files"].empty());
}

TEST_CASE("stamp: weights that an index names by any name are files of the model") {
  scratch_folder const folder, results;
  ohmic_test::write_small_llama(folder);
  auto const weights = ohmic_test::read_bytes(folder.path() / "model.safetensors");
  folder.write("weights.dat", weights);
  std::uint64_t header = 0;
  std::memcpy(&header, weights.data(), sizeof header);
  auto const tensors = nlohmann::json::parse(weights.substr(8, header));
  nlohmann::json map;
  for (auto const& [name, tensor] : tensors.items())
    if (name != "__metadata__") map[name] = "weights.dat";
  folder.write("model.safetensors.index.json", nlohmann::json({{"weight_map", map}}).dump());
  std::filesystem::remove(folder.path() / "model.safetensors");
  folder.write("data.txt", "the cat the mat the hat the cat the mat the hat\n");
  auto const deployed = [&] {
    ran("deploy --model " + (folder / "") + " --data " + (folder / "data.txt") + " --quiet --json " +
        (results / "out.json"));
    return read_json(results.path() / "out.json")["stamp"];
  };
  auto const first = deployed();
  folder.write("s.toml", "kind = \"deploy\"\nmodel = \"" + folder.path().string() + "\"\ndata = \"" +
                             (folder.path() / "data.txt").string() +
                             "\"\n[vary]\nadc.bits = [6]\n[objectives]\nperplexity = \"min\"\n");
  ran("sweep --quiet --spec " + (folder / "s.toml") + " --output " + (results / "s.sqlite"));
  auto other = weights;
  other.back() ^= 1;
  folder.write("weights.dat", other);
  refused("verify " + (results / "out.json"), {"weights.dat has changed"});
  refused("sweep --quiet --spec " + (folder / "s.toml") + " --output " + (results / "s.sqlite"), {"weights.dat"});
  CHECK(deployed()["hash"] != first["hash"]);
}

TEST_CASE("stamp: words that are not UTF-8 are refused where a result would name them") {
  scratch_folder const folder;
  write_product(folder);
  std::filesystem::copy(folder.path() / "w.npy", folder.path() / "w\xff.npy");
  std::string const product = "mvm --weights " + (folder / "w\xff.npy") + " --inputs " + (folder / "x.npy") +
                              " --output " + (folder / "y.npy") + " --quiet";
  refused(product + " --json " + (folder / "out.json"), {"is not UTF-8", "rename the file"});
  ran(product);
  refused("generate --model m --prompt 'a\xff' --tokens 2", {"--prompt", "is not UTF-8 at byte 1"});
}

TEST_CASE("stamp: a list of clips stands for its clips too") {
  scratch_folder const folder, results;
  ohmic_test::write_small_llama(folder);
  std::filesystem::create_directory(folder.path() / "clips");
  std::string list;
  for (char const* name : {"one", "two"}) {
    list += std::string("clips/") + name + ".wav\tthe hat the cat the mat\n";
    folder.write(std::string("clips/") + name + ".wav", name);
  }
  folder.write("clips.tsv", list);
  auto const deployed = [&] {
    ran("deploy --model " + (folder / "") + " --data " + (folder / "clips.tsv") + " --limit 1 --quiet --json " +
        (results / "out.json"));
    return read_json(results.path() / "out.json");
  };
  auto const first = deployed();
  std::size_t clips = 0;
  for (auto const& f : first["stamp"]["files"]) clips += f["path"].get<std::string>().ends_with(".wav");
  CHECK(clips == 2);
  CHECK(deployed()["stamp"] == first["stamp"]);
  folder.write("clips/two.wav", "2");
  refused("verify " + (results / "out.json"), {"two.wav has changed"});
  auto const second = deployed();
  CHECK(second["stamp"]["hash"] != first["stamp"]["hash"]);
  CHECK(second["data"]["digest"] != first["data"]["digest"]);
  folder.write("clips/two.wav", "two");
  CHECK(deployed()["data"] == first["data"]);
}

TEST_CASE("stamp: files that the command refuses are not read for it first") {
  scratch_folder const folder;
  write_product(folder);
  folder.write("x.npy", "");
  std::filesystem::resize_file(folder.path() / "x.npy", std::uintmax_t{100} << 30);  // a hole
  refused(product_of(folder), {"x.npy"});
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
  CHECK(outputs[0]["option"] == "--nodes");
  CHECK(outputs[0]["part"] == "_word.npy");
  CHECK(outputs[1]["part"] == "_bit.npy");
  CHECK(outputs[2]["option"] == "--output");
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

TEST_CASE("stamp: another order or spelling of the same is the same, and files of the words' names are nothing to it") {
  scratch_folder const folder, empty;
  auto const hash = [](scratch_folder const& in, std::string const& arguments) {
    ran("--version >/dev/null && cd '" + in.path().string() + "' && '" OHMIC_PROGRAM "' " + arguments +
        " --quiet --json r.json");
    auto const h = read_json(in.path() / "r.json")["stamp"]["hash"].get<std::string>();
    std::filesystem::remove(in.path() / "r.json");
    return h;
  };
  for (char const* name : {"cost", "16", "true", "tab11"}) folder.write(name, name);
  auto const first = hash(empty, "cost --model gpt2 --batch 16");
  for (char const* same : {"cost --batch 16 --model gpt2", "cost --model=gpt2 --batch=16",
                           "cost --model gpt2 --batch 16 --seed 1", "cost --model gpt2 --batch 16 --chip wang2024",
                           "cost --model gpt2 --batch 16 --acceptance 0.80", "cost --model gpt2 --batch 016",
                           "cost --model gpt2 --batch 16 --plugin-isolated --plugin-timeout 3 --no-plugins",
                           "cost --model gpt2 --batch 16 --sensitivity=false"}) {
    CAPTURE(same);
    CHECK(hash(empty, same) == first);
    CHECK(hash(folder, same) == first);
  }
  for (char const* other :
       {"cost --model gpt2 --batch 17", "cost --model gpt2 --batch 16 --seed 2",
        "cost --model gpt2 --batch 16 --sensitivity", "cost --model gpt2 --decode 16",
        "cost --model gpt2 --batch 16 --set ar_lanes=2", "cost --model gpt2 --batch 16 --chip isaac",
        "cost --model gpt2 --batch 16 --acceptance 0.5"}) {
    CAPTURE(other);
    if (run_program(std::string(other) + " --quiet").status == 0) CHECK(hash(empty, other) != first);
  }
  // Settings by what they come to: their order, blanks, units, earlier values and defaults are nothing.
  auto const set = hash(empty, "cost --model gpt2 --set adc.bits=6 --set 'cost.cycle=50 ns'");
  for (char const* same :
       {"--set 'cost.cycle=50 ns' --set adc.bits=6", "--set 'adc.bits = 6' --set 'cost.cycle=5e-8 s'",
        "--set adc.bits=7 --set adc.bits=6 --set 'cost.cycle=50 ns' --set dac.bits=8"}) {
    CAPTURE(same);
    CHECK(hash(empty, std::string("cost --model gpt2 ") + same) == set);
  }
  CHECK(hash(empty, "cost --model gpt2 --set adc.bits=8") == hash(empty, "cost --model gpt2"));
  // A chip that a result is compared with takes the settings too, where its file does not say otherwise.
  empty.write("six.toml", "name = \"six\"\n[adc]\nbits = 6\n");
  std::string const compared = "cost --model gpt2 --chip six.toml --compare wang2024";
  CHECK(hash(empty, compared + " --set adc.bits=6") != hash(empty, compared));
  CHECK(hash(empty, "cost --model gpt2 --set adc.bits=6") != set);
  CHECK(hash(folder, "reproduce --only tab11") == hash(empty, "reproduce --only tab11"));
}

TEST_CASE("verify: values that look like options, and flags with values, are what they are") {
  scratch_folder const folder;
  std::string const to_file = " --json " + (folder / "out.json");
  ran("cost --quiet=true --model=gpt2" + to_file);
  verified(folder);
  CHECK(read_json(folder.path() / "out.json")["run"]["arguments"] ==
        json::array({"cost", "--json", (folder.path() / "out.json").string(), "--model", "gpt2", "--quiet"}));
  folder.write("victim", "precious");
  std::string const model = OHMIC_SOURCE_DIR "/examples/models/gpt-kjv";
  auto const texts = ohmic_test::read_bytes(model + "/calib.txt");
  folder.write("calib.text", texts.substr(0, texts.rfind('\n', 2000) + 1));
  for (std::string const text : {"-- a=b", "--json", "--report=victim", ""}) {
    CAPTURE(text);
    ran("generate --model '" + model + "' --calibration " + (folder / "calib.text") + " --tokens 1 --quiet --prompt=" +
        (text.empty() ? "" : "'" + text + "'") + (text.empty() ? " ''" : "") + to_file);
    CHECK(read_json(folder.path() / "out.json")["prompt"]["text"] == text);
    verified(folder);
  }
  CHECK(ohmic_test::read_bytes(folder.path() / "victim") == "precious");
}

TEST_CASE("verify: what the recorded run has is not asked again") {
  scratch_folder const folder;
  ran("cost --model gpt2 --quiet --json " + (folder / "out.json"));
  for (std::string const option : {"--seed 2", "--set adc.bits=3", "--plugin ./p.so"})
    refused("verify " + (folder / "out.json") + " " + option, {"no such option", option.substr(0, option.find(' '))});
}

TEST_CASE("verify: files in a model's folder that no model is read from are nothing to it; a missing key is a value") {
  scratch_folder const folder, results;
  ohmic_test::write_small_llama(folder);
  folder.write("data.text", "the hat the cat the mat\nthe cat the mat the hat\nthe mat the hat the cat\n");
  ran("deploy --model " + (folder / "") + " --data " + (folder / "data.text") + " --limit 1 --quiet --json " +
      (results / "out.json"));
  for (char const* name : {"NOTES.txt", "s.sqlite", "s.sqlite-wal", "x.lock"}) folder.write(name, name);
  verified(results);
  auto j = read_json(results.path() / "out.json");
  j.erase("scores");
  j["more"] = 1;
  results.write("out.json", j.dump());
  auto const r = run_program("verify " + (results / "out.json") + " --quiet --json " + (results / "v.json"));
  CHECK(r.status == 1);
  auto const v = read_json(results.path() / "v.json");
  CHECK(v["different"] == 2);
  CHECK(v["values"].get<int>() > 2);
  folder.write("generation_config.json", "{}");
  refused("verify " + (results / "out.json"), {"generation_config.json is new"});
}

#ifdef OHMIC_PLUGIN_CASES
TEST_CASE("verify: plugins that are listed are refused until they are allowed, and isolated if that is asked") {
  scratch_folder const folder, plugins;
  auto const with_path = [&](std::string const& arguments) {
    setenv("OHMIC_PLUGIN_PATH", plugins.path().c_str(), 1);
    auto r = run_program(arguments);
    unsetenv("OHMIC_PLUGIN_PATH");
    return r;
  };
  std::filesystem::copy_file(OHMIC_PLUGIN_FOLDER "/template.so", plugins.path() / "template.so");
  REQUIRE(with_path("list plugins --quiet --json " + (folder / "out.json")).status == 0);
  CHECK(read_json(folder.path() / "out.json")["stamp"]["files"].size() == 1);
  auto const no = with_path("verify " + (folder / "out.json"));
  CHECK(no.status == 2);
  CHECK_THAT(no.text, contains("--allow-plugins"));
  CHECK(with_path("verify " + (folder / "out.json") + " --allow-plugins --no-plugins").status == 2);
  auto const yes = with_path("verify " + (folder / "out.json") + " --allow-plugins");
  INFO(yes.text);
  CHECK(yes.status == 0);
  // One that ends its process as it is loaded: in a process of its own that is an error of the list.
  std::filesystem::copy_file(OHMIC_PLUGIN_CASES "/crashes_on_load.so", plugins.path() / "crash.so");
  REQUIRE(with_path("list plugins --plugin-isolated --quiet --json " + (folder / "out.json")).status == 0);
  auto j = read_json(folder.path() / "out.json");
  auto& words = j["run"]["arguments"];
  words.erase(std::remove(words.begin(), words.end(), "--plugin-isolated"), words.end());
  folder.write("out.json", j.dump());
  auto const isolated =
      with_path("verify " + (folder / "out.json") + " --allow-plugins --plugin-isolated --plugin-timeout 20");
  INFO(isolated.text);
  CHECK(isolated.status == 0);
}
#endif
