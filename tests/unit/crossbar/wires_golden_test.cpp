// Output currents and node voltages of crossbars with wires against badcrossbar, ngspice and CrossSim:
// tests/golden/irdrop, and what a folder outside has beside.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "ohmic/crossbar/wires/solver.hpp"
#include "ohmic/model/import/npy.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {

// Asked for by the tools' own agreement of 3e-12 and a margin; ours is 1e-12.
constexpr double allowed = 1e-9;

using model::npy_array;
using model::read_npy;

npy_array golden(std::string const& name) {
  return read_npy(std::string(OHMIC_SOURCE_DIR) + "/tests/golden/irdrop/" + name + ".npy");
}

struct wire_text {
  char const* name;
  double word, bit;
};
constexpr wire_text wires[] = {{"w1", 1, 1}, {"w5", 5, 5}, {"w20", 20, 20}, {"w2.5_b0.5", 2.5, 0.5}};

double worst(npy_array const& expected, std::vector<double> const& got) {
  REQUIRE(expected.values.size() == got.size());
  double most = 0.0;
  for (std::size_t j = 0; j < got.size(); ++j) most = std::max(most, std::fabs(got[j] / expected.values(j, 0) - 1.0));
  return most;
}

void check_cases(std::string const& array, std::vector<std::string> const& patterns, wire_settings const& settings) {
  for (auto const& pattern : patterns)
    for (auto const& wire : wires) {
      std::string const name = array + "_" + pattern;
      INFO(name << " " << wire.name);
      wire_config c;
      c.word_segment = ohms(wire.word), c.bit_segment = ohms(wire.bit);
      wire_solver const solver(network_of_resistances(golden(name + "_R").values, c), settings);
      auto const s = solver.solve(golden(name + "_V").values.flat());
      for (char const* tool : {"badcrossbar", "ngspice", "crosssim"})
        CHECK(worst(golden(name + "_" + wire.name + "_I_" + tool), s.output_A) < allowed);
      CHECK(s.report.residual < 1e-10);
      if (array != "16x8") continue;
      auto const word = golden(name + "_" + wire.name + "_Vwl"), bit = golden(name + "_" + wire.name + "_Vbl");
      double most = 0.0;
      for (std::size_t k = 0; k < s.word_V.size(); ++k)
        most = std::max({most, std::fabs(s.word_V.flat()[k] - word.values.flat()[k]),
                         std::fabs(s.bit_V.flat()[k] - bit.values.flat()[k])});
      CHECK(most < allowed * 0.2);  // of the largest voltage
    }
}

}  // namespace

TEST_CASE("wires: currents and voltages are those of independent tools, 16 x 8") {
  check_cases("16x8", {"binary", "uniformG", "allon"}, {});
}
TEST_CASE("wires: currents are those of independent tools, 64 x 64") { check_cases("64x64", {"binary", "allon"}, {}); }
TEST_CASE("wires: elimination in a band gives the same, 16 x 8") {
  wire_settings s;
  s.method = wire_method::direct;
  check_cases("16x8", {"binary", "uniformG", "allon"}, s);
}

TEST_CASE("wires: every current of a folder outside is met") {
  char const* const folder = std::getenv("OHMIC_GOLDEN");
  if (folder == nullptr) {
    WARN("OHMIC_GOLDEN does not name a folder with irdrop/{m}x{n}_{pattern}_w{r}[_b{rb}]_I_{tool}.npy: not compared");
    return;
  }
  int compared = 0;
  for (auto const& entry : std::filesystem::directory_iterator(std::filesystem::path(folder) / "irdrop")) {
    std::string const file = entry.path().stem().string();
    auto const tool = file.find("_I_"), wire = file.find("_w");
    if (entry.path().extension() != ".npy" || tool == file.npos || wire == file.npos) continue;
    INFO(file);
    double const word = std::strtod(file.c_str() + wire + 2, nullptr);
    auto const bit = file.find("_b", wire);
    wire_config c;
    c.word_segment = ohms(word);
    c.bit_segment = bit < tool ? ohms(std::strtod(file.c_str() + bit + 2, nullptr)) : c.word_segment;
    std::string const array = (entry.path().parent_path() / file.substr(0, wire)).string();
    wire_solver const solver(network_of_resistances(read_npy(array + "_R.npy").values, c));
    CHECK(worst(read_npy(entry.path()), solver.solve(read_npy(array + "_V.npy").values.flat()).output_A) < allowed);
    ++compared;
  }
  CHECK(compared > 0);
}
