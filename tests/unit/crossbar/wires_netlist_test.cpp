// Netlists of crossbars: their text, and what ngspice makes of them where it is installed.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ohmic/crossbar/wires/netlist.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/temporary_file.hpp"
#include "wires_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

std::string output_of(std::string const& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> buffer{};
  while (std::size_t const n = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), n);
  pclose(pipe);
  return text;
}

}  // namespace

TEST_CASE("netlist: every part of a small array has its line") {
  wire_network n{matrix<double>(1, 2), {ohms(1.0), ohms(0.0), ohms(2.0), ohms(3.0)}, {}, {}};
  n.g_S(0, 0) = 1e-3;  // the other device is open
  CHECK(ngspice_netlist(n, std::vector<double>{0.5}) ==
        "crossbar of 1 x 2, exported by ohmic\n"
        "Vd0 d0 0 0.5\n"
        "R0 d0 w0_0 3\n"
        "R1 w0_0 w0_1 1\n"
        "R2 w0_0 b0 1000\n"
        "R3 b0 s0 3\n"
        "Vs0 s0 0 0\n"
        "R4 b1 s1 3\n"
        "Vs1 s1 0 0\n"
        ".control\nset numdgt=16\nop\nprint i(vs0)\nprint i(vs1)\n.endc\n.end\n");
  check_refused([&] { (void)ngspice_netlist(n, std::vector<double>{0.5, 0.5}); }, errc::shape, {"voltages", "got 2"});
  check_refused([&] { (void)ngspice_netlist(n, std::vector<double>{NAN}); }, errc::value, {"word line 0"});
}

TEST_CASE("netlist: ngspice finds the same currents") {
  if (std::system("ngspice --version >/dev/null 2>&1") != 0) {
    WARN("ngspice is not installed: netlists are not run");
    return;
  }
  dice random(51);
  temporary_folder const folder;
  for (int k = 0; k < 12; ++k) {
    auto const c = random_wires(random, 8);
    INFO(c.text());
    auto const file = folder.write("a.cir", ngspice_netlist(c.network, c.volts));
    std::string const text = output_of("ngspice -b '" + file.string() + "' 2>&1");
    INFO(text);
    auto const s = wire_solver(c.network).solve(c.volts);
    double const scale = largest_of(s.output_A);
    for (std::size_t j = 0; j < s.output_A.size(); ++j) {
      if (!std::isfinite(c.network.sense_side_ohm(j))) continue;
      std::string const name = "i(vs" + std::to_string(j) + ") = ";
      auto const at = text.find(name);
      REQUIRE(at != text.npos);
      // ngspice solves in double with partial pivoting: 1e-9 is what golden data of all tools are compared to.
      CHECK(std::fabs(std::strtod(text.c_str() + at + name.size(), nullptr) - s.output_A[j]) <= 1e-9 * scale);
    }
  }
}
