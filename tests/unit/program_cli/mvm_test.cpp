// ohmic mvm: golden products through files, array files, forms of .npy, exit statuses, and what it says to bad input.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"
#include "unit/crossbar/in_situ_cases.hpp"

using namespace ohmic_test;
using ohmic::matrix;
using ohmic::model::npy_bytes;
using ohmic::model::read_npy;

namespace {

/// --set for every setting of "key=value; key=value".
std::string set_options(std::string const& settings) {
  std::string out;
  std::istringstream in(settings);
  for (std::string item; std::getline(in, item, ';');) {
    auto const first = item.find_first_not_of(' ');
    if (first != item.npos) out += " --set '" + item.substr(first) + "'";
  }
  return out;
}

matrix<double> small_matrix(std::size_t rows, std::size_t cols) {
  matrix<double> m(rows, cols);
  for (std::size_t k = 0; k < m.size(); ++k) m.flat()[k] = 0.25 * static_cast<double>(k % 5) - 0.5;  // exact in float32
  return m;
}

/// A .npy file of another kind than npy_bytes writes.
std::string npy_of(matrix<double> const& m, std::string const& type, bool by_columns) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + (by_columns ? "True" : "False") +
                       ", 'shape': (" + std::to_string(m.rows()) + ", " + std::to_string(m.cols()) + "), }\n";
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  for (std::size_t i = 0; i < m.size(); ++i) {
    double const v = by_columns ? m(i % m.rows(), i / m.rows()) : m.flat()[i];
    auto const f = static_cast<float>(v);
    std::string bytes(type.back() == '4' ? 4 : 8, '\0');
    std::memcpy(bytes.data(), type.back() == '4' ? static_cast<void const*>(&f) : &v, bytes.size());
    if (type.front() == '>') std::reverse(bytes.begin(), bytes.end());
    out += bytes;
  }
  return out;
}

struct small_case : scratch_folder {
  small_case() {
    write("w.npy", npy_bytes(small_matrix(3, 4).view()));
    write("x.npy", npy_bytes(small_matrix(4, 2).view()));
  }
  [[nodiscard]] std::string arguments(std::string const& more, std::string const& w = "w.npy",
                                      std::string const& x = "x.npy") const {
    return "mvm --weights " + (*this / w) + " --inputs " + (*this / x) + " --output " + (*this / "y.npy") + " " + more;
  }
  [[nodiscard]] matrix<double> result(std::string const& more, std::string const& w = "w.npy",
                                      std::string const& x = "x.npy") const {
    auto const r = run_program(arguments(more + " --quiet", w, x));
    INFO(r.text);
    REQUIRE(r.status == 0);
    CHECK(r.text.empty());
    return read_npy(path() / "y.npy").values;
  }
};

}  // namespace

TEST_CASE("mvm: a file is written once, and is no input") {
  small_case const p;
  refused(p.arguments("--save-conductances " + (p / "y.npy")), {"--save-conductances", "file named twice"});
  refused("mvm --weights " + (p / "w.npy") + " --inputs " + (p / "x.npy") + " --output " + (p / "x.npy"),
          {"--output", "file named twice"});
}

TEST_CASE("mvm: a table of states is an input however its setting is spelt") {
  small_case const p;
  p.write("st.csv", "target,mean,sigma\n");
  auto const before = ohmic_test::read_bytes(p.path() / "st.csv");
  for (std::string const set : {"cell.states=", "cell.states =", " cell.states = "})
    refused("mvm --weights " + (p / "w.npy") + " --inputs " + (p / "x.npy") + " --output " + (p / "st.csv") +
                " --set cell.device=table --set '" + set + (p.path() / "st.csv").string() + "'",
            {"file named twice"});
  CHECK(ohmic_test::read_bytes(p.path() / "st.csv") == before);
}

TEST_CASE("mvm: outputs that are not finite are refused, and none is written") {
  small_case const p;
  matrix<double> w(3, 4), x(4, 2);
  for (double& v : w.flat()) v = 1e200;
  for (double& v : x.flat()) v = 1e200;
  p.write("large_w.npy", npy_bytes(w.view()));
  p.write("large_x.npy", npy_bytes(x.view()));
  refused(p.arguments("", "large_w.npy", "large_x.npy"), {"an output is not finite", "output (0, 0)", "inf"});
  CHECK(!std::filesystem::exists(p.path() / "y.npy"));
}

TEST_CASE("mvm: the error against W X does not depend on the unit of the weights, and there is none where W X is 0") {
  small_case const p;
  auto const error_of = [&](double unit) {
    auto w = small_matrix(3, 4);
    for (double& v : w.flat()) v *= unit;
    p.write("unit.npy", npy_bytes(w.view()));
    static_cast<void>(p.result("--set adc.bits=5 --json " + (p / "r.json"), "unit.npy"));
    return read_json(p.path() / "r.json")["relative_error"];
  };
  double const wanted = error_of(1.0).get<double>();
  CHECK(wanted > 0.0);
  for (double unit : {0x1p-600, 0x1p600}) CHECK(error_of(unit).get<double>() == wanted);
  CHECK(error_of(0.0).is_null());
  auto const r = run_program(p.arguments("", "unit.npy"));
  CHECK(r.status == 0);
  CHECK_THAT(r.text, contains("error against W X: none"));
}

TEST_CASE("mvm: what --load would refuse is not saved") {
  small_case const p;
  auto w = small_matrix(3, 4);
  for (double& v : w.flat()) v *= 1e31;
  p.write("large_w.npy", npy_bytes(w.view()));
  refused(p.arguments("--save " + (p / "a.safetensors"), "large_w.npy"), {"weight_scale", "at most 1e30"});
  CHECK(!std::filesystem::exists(p.path() / "a.safetensors"));
  CHECK(!std::filesystem::exists(p.path() / "y.npy"));
}

TEST_CASE("mvm: every golden case comes out of the program: the bits of the function, which is held to the peers") {
  // in_situ_golden_test.cpp holds the function to each file, one step of the converter at a tie.
  scratch_folder const folder;
  auto const check = [&](std::string const& size, in_situ_case const& which, matrix<double> const& w,
                         matrix<double> const& x, matrix<double> const& expected) {
    INFO(size << " " << which.name);
    folder.write("w.npy", npy_bytes(w.view()));
    folder.write("x.npy", npy_bytes(x.view()));
    auto const r = run_program("mvm --weights " + (folder / "w.npy") + " --inputs " + (folder / "x.npy") +
                               " --output " + (folder / "y.npy") + " --quiet" + set_options(which.settings));
    INFO(r.text);
    REQUIRE(r.status == 0);
    auto const y = read_npy(folder.path() / "y.npy").values;
    CHECK(y == in_situ_product(w, x, in_situ_settings(which.settings)));
    REQUIRE(y.size() == expected.size());
    double largest = 0.0;
    for (double v : expected.flat()) largest = std::max(largest, std::fabs(v));
    std::size_t off = 0;
    for (std::size_t k = 0; k < y.size(); ++k)
      off += std::fabs(y.flat()[k] - expected.flat()[k]) > 1e-6 * largest ? 1 : 0;
    CHECK(off <= y.size() / 20);  // ties
  };
  for (std::string size : {"16x8", "64x64"})
    for (auto const& which : crosssim_cases()) {
      auto const at = [&](std::string const& name) {
        return read_npy(golden_folder() + "crosssim/" + size + "_" + name + ".npy").values;
      };
      check(size, which, at("W"), at(which.inputs), at(which.name + "_Y"));
    }
  for (std::string size : {"16x8", "64x64", "128x128"})
    for (auto const& which : aihwkit_cases()) {
      auto const at = [&](std::string const& name) {
        return csv_matrix(golden_folder() + "aihwkit/" + size + "_" + name + ".csv");
      };
      check(size, which, at("W"), ohmic::transposed(at("X").view()), ohmic::transposed(at(which.name + "_Y").view()));
    }
}

TEST_CASE("mvm: an array file sets what --set does, and --set comes on top") {
  small_case const c;
  c.write("array.toml",
          "[array]\nrows = 2\n[cell]\nr_on = '20 kohm'\nr_off = 'inf ohm'\n[weights]\nmapping = 'offset'\n"
          "bits = 6\nslices = [2, 4]\n[inputs]\nslice_bits = 1\n[adc]\nbits = 5\nrange = 'user'\nlow = [-1.5]\nhigh = "
          "[1.5]\n");
  std::string const same = set_options(
      "array.rows=2; cell.r_on=20 kohm; cell.r_off=inf ohm; weights.mapping=offset; weights.bits=6; "
      "weights.slices=2,4; inputs.slice_bits=1; adc.range=user; adc.low=-1.5; adc.high=1.5");
  auto const from_file = c.result("--array " + (c / "array.toml"));
  CHECK(from_file == c.result(same + set_options("adc.bits=5")));
  refused(c.arguments("--array /dev/stdin"), {"/dev/stdin", "regular file"});
  auto const on_top = c.result("--array " + (c / "array.toml") + set_options("adc.bits=9"));
  CHECK(on_top == c.result(same + set_options("adc.bits=9")));
  CHECK_FALSE(on_top == from_file);
}

TEST_CASE("mvm: its JSON has settings, sizes, counts and the error against W X") {
  small_case const c;
  auto const r =
      run_program(c.arguments("--json " + (c / "out.json") + set_options("adc.levels=none; inputs.coding=analog")));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(r.text, contains("3 outputs x 4 inputs, 2 vectors; 1 array, 2 cells for a weight\n"));
  auto const j = read_json(c.path() / "out.json");
  CHECK(j["schema"] == 1);
  CHECK(j["command"] == "mvm");
  CHECK(j["config"]["adc.levels"] == "none");
  CHECK(j["config"]["cell.r_on"] == "10000 ohm");
  CHECK(j["outputs"] == 3);
  CHECK(j["inputs"] == 4);
  CHECK(j["vectors"] == 2);
  CHECK(j["conversions"] == 0);
  CHECK(j["weight_scale"] == 0.5);
  CHECK(j["relative_error"].get<double>() < 1e-14);
  auto const coarse = run_program(c.arguments("--json - --quiet" + set_options("adc.bits=4")));
  REQUIRE(coarse.status == 0);
  auto const k = nlohmann::json::parse(coarse.text);
  CHECK(k["conversions"] == 6);
  CHECK(k["relative_error"].get<double>() > 0.01);
}

TEST_CASE("mvm: float32, Fortran order, big endian and vectors give the same numbers") {
  small_case const c;
  auto const expected = c.result("");
  for (std::string type : {"<f4", "<f8", ">f4", ">f8"})
    for (bool by_columns : {false, true}) {
      INFO(type << " " << by_columns);
      c.write("w2.npy", npy_of(small_matrix(3, 4), type, by_columns));
      c.write("x2.npy", npy_of(small_matrix(4, 2), type, by_columns));
      CHECK(c.result("", "w2.npy", "x2.npy") == expected);
    }
  c.write("one.npy", npy_bytes(small_matrix(4, 2).view(), true));
  auto const one = c.result("", "w.npy", "one.npy");
  CHECK(read_npy(c.path() / "y.npy").is_vector());
  for (std::size_t o = 0; o < 3; ++o) CHECK(one(o, 0) == expected(o, 0));
}

TEST_CASE("mvm: saved conductances times the inputs are the product, by way of ohmic solve") {
  small_case const c;
  auto const y = c.result("--save-conductances " + (c / "g.npy") +
                          set_options("inputs.coding=analog; adc.levels=none; cell.levels=64; inputs.scale=fixed"));
  REQUIRE(run_program("solve --conductances " + (c / "g.npy") + " --voltages " + (c / "x.npy") + " --output " +
                      (c / "i.npy") + " --quiet")
              .status == 0);
  auto const i = read_npy(c.path() / "i.npy").values;
  REQUIRE(i.rows() == 6);  // + of three outputs, then -
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t n = 0; n < 2; ++n)  // (G+ - G-) x = 0.99 g_max W X / largest weight
      CHECK((i(o, n) - i(o + 3, n)) * 0.5 / 0.99e-4 == Approx(y(o, n)).margin(1e-12));
}

TEST_CASE("mvm: the seed moves programming noise, threads move nothing") {
  small_case const c;
  std::string const noisy = set_options("cell.r_on=40 kohm; cell.device=pcm_joshi");
  auto const first = c.result(noisy + " --seed 1");
  CHECK(c.result(noisy + " --seed 1 --threads 3") == first);
  CHECK_FALSE(c.result(noisy + " --seed 2") == first);
  CHECK(c.result("--seed 1") == c.result("--seed 2"));
}

TEST_CASE("mvm: a saved array multiplies as it did, with another converter if that is asked for") {
  small_case const c;
  std::string const device =
      set_options("cell.device=pcm_nandakumar; cell.r_on=40 kohm; cell.r_off=inf ohm; cell.retention.age=60 s");
  auto const y = c.result(device + " --seed 5 --save " + (c / "a.safetensors"));
  auto const loaded = [&](std::string const& more) {
    auto const r = run_program("mvm --load " + (c / "a.safetensors") + " --inputs " + (c / "x.npy") + " --output " +
                               (c / "y2.npy") + " --quiet " + more);
    INFO(r.text);
    REQUIRE(r.status == 0);
    return read_npy(c.path() / "y2.npy").values;
  };
  CHECK(loaded("") == y);
  CHECK(loaded("--threads 3") == y);
  CHECK(loaded("--weights " + (c / "w.npy")) == y);
  CHECK(loaded("--save " + (c / "b.safetensors")) == y);
  CHECK(read_bytes(c.path() / "a.safetensors") == read_bytes(c.path() / "b.safetensors"));
  CHECK(loaded("--set adc.bits=4") == c.result(device + " --seed 5 --set adc.bits=4"));
  std::string const load =
      "mvm --load " + (c / "a.safetensors") + " --inputs " + (c / "x.npy") + " --output " + (c / "y2.npy") + " ";
  refused(load + "--set cell.faults.stuck_low=0.1", {"cell.faults.stuck_low", "programmed already", "got 0.1"});
  refused(load + "--set weights.bits=4", {"weights.bits", "programmed already"});
  refused(load + "--seed 5", {"--seed", "keeps the seed"});
  refused(load + "--set adc.bits=0", {"adc.bits"});
  // Limits that calibration left go with the rule that has them.
  REQUIRE(run_program(c.arguments(device + " --seed 5 --set adc.range=user --set adc.low=-2 --set adc.high=2 --save " +
                                  (c / "user.safetensors")))
              .status == 0);
  std::string const of_user = "mvm --load " + (c / "user.safetensors") + " --inputs " + (c / "x.npy") + " --output " +
                              (c / "y2.npy") + " --set adc.range=full_scale ";
  REQUIRE(run_program(of_user).status == 0);
  CHECK(read_npy(c.path() / "y2.npy").values == y);
  refused(of_user + "--set adc.low=-1", {"adc.low", "not used"});
  refused(of_user + "--set 'adc.low = -1'", {"adc.low", "not used"});
  c.write("tall.npy", npy_bytes(small_matrix(5, 4).view()));
  refused(load + "--weights " + (c / "tall.npy"), {"tall.npy", "5 x 4", "3 x 4"});
  refused("mvm --inputs " + (c / "x.npy") + " --output " + (c / "y2.npy"), {"--weights or --load"});
  refused("mvm --load " + (c / "w.npy") + " --inputs " + (c / "x.npy") + " --output " + (c / "y2.npy"), {"w.npy"});
  refused(c.arguments("--save " + (c / "w.npy")), {"--save", "file named twice"});
  refused(c.arguments("--save " + (c / "./w.npy")), {"--save", "file named twice"});
  refused(c.arguments("--json " + (c / "w.npy")), {"--json", "file named twice"});
  c.write("states.csv", "conductance_uS,spread_uS\n1,0.1\n100,1\n");
  refused(
      c.arguments("--set cell.device=table --set cell.states=" + (c / "states.csv") + " --save " + (c / "states.csv")),
      {"--save", "file named twice"});
  refused("mvm --weights '' --inputs " + (c / "x.npy") + " --output " + (c / "y2.npy"), {"--weights or --load"});
}

TEST_CASE("mvm: an array of a table of states is multiplied when the table is gone") {
  small_case const c;
  c.write("states.csv", "conductance_uS,spread_uS\n0,0.1\n50,0.2\n100,1\n");
  auto const y = c.result("--set cell.device=table --set 'cell.r_off=inf ohm' --set cell.states=" + (c / "states.csv") +
                          " --save " + (c / "a.safetensors"));
  std::filesystem::remove(c.path() / "states.csv");
  auto const r = run_program("mvm --load " + (c / "a.safetensors") + " --inputs " + (c / "x.npy") + " --output " +
                             (c / "y2.npy") + " --set adc.bits=8");
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK(read_npy(c.path() / "y2.npy").values == y);
}

TEST_CASE("mvm: what writing took is told") {
  small_case const c;
  auto const r = run_program(
      c.arguments("--json " + (c / "out.json") +
                  set_options("cell.programming_error=0.05; cell.write.max_tries=9; cell.faults.stuck_high=0.3")));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(r.text, contains("written: "));
  CHECK_THAT(r.text, contains(" tries a cell, "));
  auto const j = read_json(c.path() / "out.json");
  CHECK(j["written_cells"] == 24);
  CHECK(j["write_tries"] > 24);
  CHECK(j["stuck_cells"] > 0);
  CHECK(j["config"]["cell.write.max_tries"] == 9);
}

TEST_CASE("mvm: a table of states that is wrong is refused with its line and column") {
  small_case const c;
  c.write("states.csv", "conductance_uS,spread_uS\n0,0.1\n50,-1\n100,0\n");
  refused(c.arguments("--set 'cell.r_off=inf ohm' --set cell.device=table --set cell.states=" + (c / "states.csv")),
          {"states.csv, line 3, column spread_uS", "negative"});
  refused("mvm --set cell.device=table --set cell.states=/dev/stdin" + c.arguments("").substr(3),
          {"/dev/stdin", "no ordinary file"});
}

TEST_CASE("mvm: converters with errors, by settings; the seed moves them, a saved array keeps them") {
  small_case const c;
  auto const ideal = c.result("");
  for (std::string kind : {"sar", "flash", "ramp"}) {
    INFO(kind);
    std::string const wrong = set_options("converter.kind=" + kind +
                                          "; converter.mismatch=0.2; converter.offset=0.05; "
                                          "converter.noise=0.02; converter.gain=50; adc.bits=6");
    CHECK(c.result(set_options("converter.kind=" + kind)) == ideal);
    auto const y = c.result(wrong + " --save " + (c / "a.safetensors"));
    CHECK_FALSE(y == c.result(set_options("adc.bits=6")));
    CHECK_FALSE(y == c.result(wrong + " --seed 9"));
    CHECK(y == c.result(wrong + " --threads 3"));
    REQUIRE(run_program("mvm --load " + (c / "a.safetensors") + " --inputs " + (c / "x.npy") + " --output " +
                        (c / "y2.npy") + " --quiet")
                .status == 0);
    CHECK(read_npy(c.path() / "y2.npy").values == y);
  }
  refused(c.arguments("--set converter.offset=0.1"), {"converter.kind", "ideal"});
  refused(c.arguments("--set converter.kind=flash --set adc.bits=12"), {"converter.kind", "at most 10 bits"});
  refused(c.arguments("--set converter.kind=sar --set adc.levels=none"), {"converter.kind", "adc.levels=none"});
}

TEST_CASE("mvm: calibrated ranges come from inputs of their own, and stay with a saved array") {
  small_case const c;
  matrix<double> seen(4, 6);
  for (std::size_t k = 0; k < seen.size(); ++k) seen.flat()[k] = std::sin(static_cast<double>(k));
  c.write("seen.npy", npy_bytes(seen.view()));
  std::string const rule = set_options("adc.range=percentile; adc.percentile=99; weights.slices=4,4; adc.bits=6");
  auto const calibrated = c.result(rule + " --calibration " + (c / "seen.npy") + " --save " + (c / "a.safetensors") +
                                   " --json " + (c / "out.json"));
  auto const config = read_json(c.path() / "out.json")["config"];
  CHECK(config["adc.range"] == "user");
  CHECK(calibrated == c.result(set_options("weights.slices=4,4; adc.bits=6; adc.range=user; adc.low=" +
                                           config["adc.low"].get<std::string>() +
                                           "; adc.high=" + config["adc.high"].get<std::string>())));
  CHECK_FALSE(calibrated == c.result(set_options("weights.slices=4,4; adc.bits=6")));
  REQUIRE(run_program("mvm --load " + (c / "a.safetensors") + " --inputs " + (c / "x.npy") + " --output " +
                      (c / "y2.npy") + " --quiet")
              .status == 0);
  CHECK(read_npy(c.path() / "y2.npy").values == calibrated);
  refused(c.arguments(rule), {"adc.range", "--calibration"});
  refused(c.arguments("--calibration " + (c / "seen.npy")), {"adc.range", "full_scale", "given and not used"});
  refused(c.arguments(rule + " --calibration " + (c / "x.npy")), {"--calibration", "held-out"});
  c.write("some.npy", npy_bytes(small_matrix(4, 1).view()));
  auto one = small_matrix(4, 2);
  c.write("overlap.npy", npy_bytes(one.view()));
  refused(c.arguments(rule + " --calibration " + (c / "overlap.npy")), {"--calibration", "held-out"});
  c.write("tall.npy", npy_bytes(small_matrix(5, 2).view()));
  refused(c.arguments(rule + " --calibration " + (c / "tall.npy")), {"tall.npy", "got 5 rows"});
  refused(c.arguments(rule + " --calibration " + (c / "seen.npy") + " --save " + (c / "seen.npy")),
          {"--save", "file named twice"});
}

TEST_CASE("mvm: settings that do nothing are told") {
  small_case const c;
  c.write("array.toml", "[weights]\nbits = 6\n[adc]\nbits = 7\n");
  auto const r = run_program(
      c.arguments("--array " + (c / "array.toml") + " --json " + (c / "out.json") + " --set inputs.steps=9"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(r.text, contains("has no effect: weights.bits: weights.slices is empty"));
  CHECK_THAT(r.text, contains("has no effect: inputs.steps"));
  CHECK_THAT(r.text, !contains("adc.bits"));
  CHECK(read_json(c.path() / "out.json")["idle"].size() == 2);
  auto const busy = run_program(c.arguments("--json - --quiet --set adc.bits=7"));
  CHECK(nlohmann::json::parse(busy.text)["idle"].empty());
}

TEST_CASE("list names the devices with their sources") {
  auto const r = run_program("list devices --quiet --json -");
  REQUIRE(r.status == 0);
  auto const j = nlohmann::json::parse(r.text);
  REQUIRE(j["devices"].size() == 17);
  for (auto const& d : j["devices"]) CHECK_FALSE(d["source"].get<std::string>().empty());
  CHECK(j["devices"][9]["id"] == "pcm_nandakumar");
  CHECK(j["devices"][9]["range_uS"][1] == 25.0);
  CHECK_THAT(run_program("list devices").text, contains("pcm_nandakumar       PCM to 25 uS"));
}

TEST_CASE("mvm: bad input is refused with status 2 and nothing is written") {
  small_case const c;
  c.write("vector.npy", npy_bytes(small_matrix(4, 1).view(), true));
  c.write("tall.npy", npy_bytes(small_matrix(5, 2).view()));
  c.write("int.npy", npy_of(small_matrix(4, 2), "<i8", false));
  std::string const whole = npy_bytes(small_matrix(4, 2).view());
  c.write("short.npy", whole.substr(0, whole.size() - 8));
  c.write("text.npy", "1 2 3");
  auto nan = small_matrix(3, 4);
  nan(2, 1) = std::nan("");
  c.write("nan.npy", npy_bytes(nan.view()));
  c.write("broken.toml", "adc bits\n");
  c.write("wrong.toml", "[adc]\nbits = 'many'\n");
  c.write("unknown.toml", "[adc]\nbit = 8\n");
  std::size_t const before = c.files();
  refused("mvm --weights a --inputs b", {"--output"});
  refused(c.arguments("", "vector.npy"), {"vector.npy", "no matrix", "(4,)", "(outputs, inputs)"});
  refused(c.arguments("", "w.npy", "tall.npy"), {"tall.npy", "got 5 rows", "4, one for every input"});
  refused(c.arguments("", "w.npy", "int.npy"), {"int.npy", "descr", "<i8"});
  refused(c.arguments("", "w.npy", "short.npy"), {"short.npy", "fewer numbers"});
  refused(c.arguments("", "text.npy"), {"text.npy", ".npy"});
  refused(c.arguments("", "missing.npy"), {"missing.npy", "no such file"});
  refused(c.arguments("", "nan.npy"), {"weight (2, 1)", "nan"});
  refused(c.arguments("--set adc.bit=8"), {"unknown key", "did you mean 'adc.bits'"});
  refused(c.arguments("--set 'cell.r_on=2 Mohm'"), {"cell.r_off", "above cell.r_on"});
  refused(c.arguments("--set cell.r_on=5"), {"cell.r_on", "unit"});
  refused(c.arguments("--set weights.slices=2,2"), {"weights.slices", "together 4"});
  refused(c.arguments("--set adc.range=user --set adc.low=1 --set adc.high=0"), {"adc.low", "1..0"});
  refused(c.arguments("--array " + (c / "broken.toml")), {"broken.toml", "line 1"});
  refused(c.arguments("--array " + (c / "wrong.toml")), {"wrong.toml", "line 2", "adc.bits", "a number"});
  refused(c.arguments("--array " + (c / "unknown.toml")), {"unknown.toml", "line 2", "did you mean 'adc.bits'"});
  refused(c.arguments("--array " + (c / "none.toml")), {"none.toml", "no such file"});
  refused("mvm --weights " + (c / "w.npy") + " --inputs " + (c / "x.npy") + " --output -", {"--output", "file name"});
  CHECK(c.files() == before);
}

TEST_CASE("mvm: what cannot be written ends with status 3") {
  small_case const c;
  refused("mvm --weights " + (c / "w.npy") + " --inputs " + (c / "x.npy") + " --output " + (c / "no folder/y.npy"),
          {"--output", "folder"}, 3);
  refused(c.arguments("--save-conductances " + (c / "no folder/g.npy")), {"--save-conductances"}, 3);
}
