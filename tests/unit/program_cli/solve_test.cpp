// ohmic solve: files in and out, its JSON, exit statuses, and what it says to bad input.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/model/import/npy.hpp"
#include "run_program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using ohmic::matrix;
using ohmic::model::npy_bytes;
using ohmic::model::read_npy;
using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

std::string golden(std::string const& name) { return "'" OHMIC_SOURCE_DIR "/tests/golden/irdrop/" + name + ".npy'"; }
matrix<double> golden_values(std::string const& name) {
  return read_npy(OHMIC_SOURCE_DIR "/tests/golden/irdrop/" + name + ".npy").values;
}
std::string const binary = "--resistances " + golden("16x8_binary_R") + " --voltages " + golden("16x8_binary_V");

matrix<double> filled(std::size_t rows, std::size_t cols, double value) {
  matrix<double> m(rows, cols);
  for (double& x : m.flat()) x = value;
  return m;
}

/// A folder with g.npy, 3 x 2, v.npy and many.npy.
struct small_case : scratch_folder {
  small_case() {
    write("g.npy", npy_bytes(filled(3, 2, 1e-4).view()));
    write("v.npy", npy_bytes(filled(3, 1, 0.2).view(), true));
    write("many.npy", npy_bytes(filled(3, 9, 0.2).view()));
  }
  [[nodiscard]] std::string arguments(std::string const& more) const {
    return "solve --conductances " + (*this / "g.npy") + " --voltages " + (*this / "v.npy") + " --output " +
           (*this / "i.npy") + " " + more;
  }
  [[nodiscard]] matrix<double> result() const { return read_npy(path() / "i.npy").values; }
};

}  // namespace

TEST_CASE("solve: a file is written once, and is no input") {
  small_case const p;
  refused(p.arguments("--effective " + (p / "i.npy")), {"--effective", "file named twice"});
  refused("solve --conductances " + (p / "g.npy") + " --voltages " + (p / "v.npy") + " --output " + (p / "v.npy"),
          {"--output", "file named twice"});
  refused(p.arguments("--netlist -"), {"--netlist", "is no file"});
}

TEST_CASE("solve: golden currents and node voltages come out of the program") {
  scratch_folder const folder;
  auto const r = run_program("solve " + binary + " --r-word 2.5 --r-bit 0.5 --output " + (folder / "i.npy") +
                             " --nodes " + (folder / "n") + " --json " + (folder / "out.json"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(r.text, contains("16 word lines x 8 bit lines, 1 vector\n"));
  auto const got = read_npy(folder.path() / "i.npy");
  CHECK(got.is_vector());
  auto const expected = golden_values("16x8_binary_w2.5_b0.5_I_badcrossbar");
  for (std::size_t j = 0; j < 8; ++j) CHECK(got.values(j, 0) == Approx(expected(j, 0)).epsilon(1e-9));
  for (auto const& [file, name] : {std::pair{"n_word.npy", "Vwl"}, {"n_bit.npy", "Vbl"}}) {
    auto const nodes = read_npy(folder.path() / file).values,
               golden_nodes = golden_values(std::string("16x8_binary_w2.5_b0.5_") + name);
    REQUIRE(nodes.size() == golden_nodes.size());
    for (std::size_t k = 0; k < nodes.size(); ++k) CHECK(std::fabs(nodes.flat()[k] - golden_nodes.flat()[k]) < 1e-10);
  }
  auto const j = read_json(folder.path() / "out.json");
  CHECK(j["schema"] == 1);
  CHECK(j["command"] == "solve");
  CHECK(j["config"]["wires.word_segment"] == "2.5 ohm");
  CHECK(j["exact"] == true);
  CHECK(j["residual"].get<double>() < 1e-10);
  CHECK(j["loss"]["largest"].get<double>() ==
        Approx(0.00851424682668811).epsilon(1e-9));  // cases.json of the golden data
  CHECK(j["loss"]["mean"].get<double>() == Approx(0.005934800278676336).epsilon(1e-9));
  CHECK(j["newton"].is_null());
  CHECK(folder.files() == 4);  // no temporary file is left
}

TEST_CASE("solve: currents and voltages are those of Qucs, where its results are at hand") {
  char const* const golden_folder = std::getenv("OHMIC_GOLDEN");
  if (golden_folder == nullptr) {
    WARN("OHMIC_GOLDEN does not name a folder with irdrop/qucs.json: not compared");
    return;
  }
  scratch_folder const folder;
  auto const cases = read_json(std::filesystem::path(golden_folder) / "irdrop" / "qucs.json");
  CHECK(cases.size() > 0);
  for (auto const& [name, c] : cases.items()) {
    INFO(name);
    auto const number = [](json const& v) {
      return v.is_string() ? std::numeric_limits<double>::infinity() : v.get<double>();  // open devices are "inf"
    };
    auto const values = [&](json const& rows) {
      matrix<double> m(rows.size(), rows[0].is_array() ? rows[0].size() : 1);
      for (std::size_t k = 0; k < m.size(); ++k)
        m.flat()[k] = number(rows[0].is_array() ? rows[k / m.cols()][k % m.cols()] : rows[k]);
      return m;
    };
    folder.write("r.npy", npy_bytes(values(c["R"]).view()));
    folder.write("v.npy", npy_bytes(values(c["V"]).view(), true));
    auto const r = run_program("solve --quiet --resistances " + (folder / "r.npy") + " --voltages " +
                               (folder / "v.npy") + " --r-word " + c["r_word"].dump() + " --r-bit " +
                               c["r_bit"].dump() + " --output " + (folder / "i.npy") + " --nodes " + (folder / "n"));
    INFO(r.text);
    REQUIRE(r.status == 0);
    for (auto const& [file, key] : {std::pair{"i.npy", "I_out"}, {"n_word.npy", "V_word"}, {"n_bit.npy", "V_bit"}}) {
      auto const got = read_npy(folder.path() / file).values, expected = values(c[key]);
      REQUIRE(got.size() == expected.size());
      // What is 0 there may be what rounding leaves here.
      for (std::size_t k = 0; k < got.size(); ++k)
        CHECK(got.flat()[k] == Approx(expected.flat()[k]).epsilon(1e-9).margin(1e-15));
    }
  }
}

TEST_CASE("solve: many vectors, threads and instruction sets give the same bytes") {
  small_case const c;
  auto const out = [&](std::string const& name, std::string const& more) {
    auto const r = run_program("solve --conductances " + (c / "g.npy") + " --voltages " + (c / "many.npy") +
                               " --r-word 3 --r-bit 2 --quiet --output " + (c / name) + " " + more);
    INFO(r.text);
    REQUIRE(r.status == 0);
    CHECK(r.text.empty());
    return read_npy(c.path() / name).values;
  };
  auto const a = out("a.npy", "--threads 1"), b = out("b.npy", "--threads 4 --instruction-set baseline");
  CHECK(a.rows() == 2);
  CHECK(a.cols() == 9);
  CHECK(a == b);
  REQUIRE(run_program(c.arguments("--r-word 3 --r-bit 2")).status == 0);
  for (std::size_t k = 0; k < 9; ++k) CHECK(a(1, k) == c.result()(1, 0));
}

TEST_CASE("solve: an array in which nothing flows is a result of zeros") {
  small_case const p;
  p.write("g.npy", npy_bytes(filled(3, 2, 0.0).view()));
  CHECK(run_program(p.arguments("--r-word 1 --r-bit 1 --quiet")).status == 0);
  CHECK(p.result() == filled(2, 1, 0.0));
  p.write("g.npy", npy_bytes(filled(3, 2, 1e-4).view()));
  CHECK(run_program(p.arguments("--r-word 1 --r-bit 1 --r-sense inf --quiet")).status == 0);
  CHECK(p.result() == filled(2, 1, 0.0));
}

TEST_CASE("solve: without resistance the currents are the product") {
  small_case const c;
  REQUIRE(run_program(c.arguments("")).status == 0);
  auto const got = c.result();
  for (double i : got.flat()) CHECK(i == Approx(3 * 0.2 * 1e-4).epsilon(1e-15));
}

TEST_CASE("solve: the effective matrix times the voltages is what comes out") {
  small_case const c;
  REQUIRE(run_program(c.arguments("--r-word 30 --r-bit 20 --two-sided --effective " + (c / "w.npy"))).status == 0);
  auto const w = read_npy(c.path() / "w.npy").values;
  for (std::size_t j = 0; j < 2; ++j)
    CHECK(c.result()(j, 0) == Approx(0.2 * (w(0, j) + w(1, j) + w(2, j))).epsilon(1e-10));
}

TEST_CASE("solve: ends, drivers and sense resistances change the currents as they should") {
  small_case const c;
  auto const current = [&](std::string const& more) {
    auto const r = run_program(c.arguments("--r-word 100 --r-bit 50 " + more));
    INFO(r.text);
    REQUIRE(r.status == 0);
    return c.result()(1, 0);
  };
  double const plain = current("");
  CHECK(current("--two-sided") > plain);
  CHECK(current("--ground-words") < plain);
  CHECK(current("--ground-bits") < plain);
  CHECK(current("--r-driver 500") < plain);
  CHECK(current("--r-sense 500") < plain);
  CHECK(current("--set 'wires.sense=500 ohm'") == current("--r-sense 500"));
  CHECK(current("--r-sense inf") == 0.0);
  CHECK(current("--direct") == Approx(plain).epsilon(1e-10));
}

TEST_CASE("solve: devices with a curve, and Newton's report") {
  small_case const c;
  auto const r = run_program(c.arguments("--r-word 100 --r-bit 50 --sinh 0.1 --json " + (c / "out.json")));
  INFO(r.text);
  REQUIRE(r.status == 0);
  auto const j = read_json(c.path() / "out.json");
  CHECK(j["newton"]["converged"] == true);
  CHECK(j["newton"]["iterations"].get<int>() > 1);
  CHECK(j["curve"]["scale_V"] == 0.1);
  double const bent = c.result()(0, 0);
  REQUIRE(run_program(c.arguments("--r-word 100 --r-bit 50")).status == 0);
  CHECK(bent > 1.5 * c.result()(0, 0));  // sinh(2) / 2 = 1.8 without wires
  REQUIRE(run_program(c.arguments("--sinh 0.1 --netlist " + (c / "a.cir"))).status == 0);
  CHECK_THAT(ohmic::model::read_whole(c.path() / "a.cir", 1 << 16), contains("*sinh(V(d0,s0)/0.1)\n"));
}

TEST_CASE("solve: a netlist is written, and ngspice agrees where it is installed") {
  scratch_folder const folder;
  auto const r = run_program("solve " + binary + " --r-word 5 --r-bit 5 --quiet --output " + (folder / "i.npy") +
                             " --netlist " + (folder / "a.cir"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  if (std::system("ngspice --version >/dev/null 2>&1") != 0) {
    WARN("ngspice is not installed: the netlist is not run");
    return;
  }
  REQUIRE(std::system(("ngspice -b " + (folder / "a.cir") + " > " + (folder / "text") + " 2>&1").c_str()) >= 0);
  std::ifstream in(folder.path() / "text");
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  auto const got = read_npy(folder.path() / "i.npy").values;
  for (std::size_t j = 0; j < 8; ++j) {
    std::string const name = "i(vs" + std::to_string(j) + ") = ";
    auto const at = text.find(name);
    REQUIRE(at != text.npos);
    CHECK(std::strtod(text.c_str() + at + name.size(), nullptr) == Approx(got(j, 0)).epsilon(1e-9));
  }
}

TEST_CASE("solve: bad input is refused with status 2 and nothing is written") {
  small_case const c;
  std::size_t const before = c.files();
  refused("solve --voltages x --output y", {"no devices", "--resistances"});
  refused("solve --conductances a --resistances b --voltages x --output y", {"--conductances"});
  refused(c.arguments("--r-word -1"), {"wires.word_segment", "got -1 ohm"});
  refused(c.arguments("--r-bit nan"), {"--r-bit", "is no number; got 'nan'"});
  refused(c.arguments("--ground-words"), {"wires.word_end", "0 V"});
  refused(c.arguments("--two-sided --ground-words"), {"--two-sided"});
  refused(c.arguments("--r-driver inf --r-sense inf"), {"word node (0, 0)", "singular"});
  refused(c.arguments("--sinh -1"), {"curve.scale", "got -1 V"});
  refused(c.arguments("--sinh 1 --effective " + (c / "w.npy")), {"--effective", "--sinh"});
  refused(c.arguments("--set wires.sens=1"), {"unknown key", "wires.sense"});
  c.write("bad.npy", npy_bytes(filled(3, 2, -1e-4).view()));
  c.write("wrong.npy", npy_bytes(filled(4, 2, 1e-4).view()));
  c.write("nan.npy", npy_bytes(filled(3, 1, std::numeric_limits<double>::quiet_NaN()).view()));
  c.write("none.npy", "\x93NUMPY");
  auto const with = [&](std::string const& g, std::string const& v) {
    return "solve --conductances " + (c / g) + " --voltages " + (c / v) + " --output " + (c / "i.npy");
  };
  refused(with("bad.npy", "v.npy"), {"device (0, 0)", "got -1e-04 S"});
  refused(with("wrong.npy", "v.npy"), {"v.npy", "got 3 rows", "4, one for every word line"});
  refused(with("v.npy", "v.npy"), {"no matrix", "(3,)"});
  refused(with("g.npy", "nan.npy"), {"voltage", "nan"});
  refused(with("none.npy", "v.npy"), {"none.npy", "too early"});
  refused(with("missing.npy", "v.npy"), {"missing.npy", "no such file"});
  refused(with("g.npy", "many.npy") + " --nodes " + (c / "n"), {"--nodes", "9 vectors"});
  CHECK(c.files() == before + 4);
}

TEST_CASE("solve: what cannot be written ends with status 3") {
  small_case const c;
  refused(
      "solve --conductances " + (c / "g.npy") + " --voltages " + (c / "v.npy") + " --output " + (c / "no folder/i.npy"),
      {"--output", "folder"}, 3);
  refused(c.arguments("--netlist " + (c / "no folder/a.cir")), {"--netlist"}, 3);
}

TEST_CASE("solve: an option and a setting of the same wires do not contradict, and ties that are none are told") {
  small_case const p;
  refused(p.arguments("--r-word 5 --set 'wires.word_segment=7 ohm'"), {"E103", "wires.word_segment", "7 ohm", "5 ohm"});
  refused(p.arguments("--ground-bits --set wires.bit_end=open"), {"E103", "wires.bit_end"});
  CHECK(run_program(p.arguments("--r-word 5 --set 'wires.word_segment=5 ohm'")).status == 0);
  for (auto const& [option, tie] : {std::pair{"word", "words"}, {"bit", "bits"}}) {
    std::string const tied = std::string("--r-word 1 --r-bit 1 --r-") + option + "-ground 5 ";
    CHECK_THAT(run_program(p.arguments(tied)).text,
               contains(std::string("has no effect: wires.") + option + "_ground"));
    CHECK(run_program(p.arguments(tied + "--ground-" + tie)).text.find("no effect") == std::string::npos);
  }
}
