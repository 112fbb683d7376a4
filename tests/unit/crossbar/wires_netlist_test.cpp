// Netlists of crossbars: their text, and what ngspice makes of them where it is installed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ohmic/crossbar/wires/netlist.hpp"
#include "ohmic/crossbar/wires/newton.hpp"
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

bool has_ngspice() {
  if (std::system("ngspice --version >/dev/null 2>&1") == 0) return true;
  WARN("ngspice is not installed: netlists are not run");
  return false;
}

/// Runs a netlist and compares the currents that it prints.
void check_ngspice(wire_network const& n, std::string const& netlist, wire_solution const& s) {
  temporary_folder const folder;
  auto const file = folder.write("a.cir", netlist);
  std::string const text = output_of("ngspice -b '" + file.string() + "' 2>&1");
  INFO(text);
  double const scale = std::max(largest_of(s.input_A), largest_of(s.output_A));
  for (std::size_t j = 0; j < s.output_A.size(); ++j) {
    if (!std::isfinite(n.sense_side_ohm(j))) continue;
    std::string const name = "i(vs" + std::to_string(j) + ") = ";
    auto const at = text.find(name);
    REQUIRE(at != text.npos);
    // Both promise digits of the largest current of a line; ngspice solves in double with partial pivoting: 1e-9 is what
    // golden data of all tools are compared to.
    CHECK(std::fabs(std::strtod(text.c_str() + at + name.size(), nullptr) - s.output_A[j]) <= 1e-9 * scale);
  }
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

TEST_CASE("netlist: a device with a curve is a source of its current") {
  wire_network n{matrix<double>(1, 1), {ohms(1.0), ohms(2.0)}, {}, {}};
  n.g_S(0, 0) = 0.5;
  CHECK(ngspice_netlist(n, std::vector<double>{0.5}, volts(0.25)) ==
        "crossbar of 1 x 1, exported by ohmic\n"
        "Vd0 d0 0 0.5\n"
        "R0 d0 w0_0 1\n"
        "B1 w0_0 b0_0 I=0.125*sinh(V(w0_0,b0_0)/0.25)\n"
        "R2 b0_0 s0 2\n"
        "Vs0 s0 0 0\n"
        ".options reltol=1e-12 abstol=1e-24 vntol=1e-18 itl1=1000\n"
        ".control\nset numdgt=16\nop\nprint i(vs0)\n.endc\n.end\n");
  for (double scale : {0.0, -1.0, static_cast<double>(NAN)})
    check_refused([&] { (void)ngspice_netlist(n, std::vector<double>{0.5}, volts(scale)); }, errc::config_value,
                  {"curve.scale"});
}

TEST_CASE("netlist: ngspice finds the same currents") {
  if (!has_ngspice()) return;
  dice random(51);
  for (int k = 0; k < 12; ++k) {
    auto const c = random_wires(random, 8);
    INFO(c.text());
    check_ngspice(c.network, ngspice_netlist(c.network, c.volts), wire_solver(c.network).solve(c.volts));
  }
}

TEST_CASE("netlist: ngspice finds the same currents of devices with a curve") {
  if (!has_ngspice()) return;
  dice random(52);
  for (double scale : {0.02, 0.1, 1.0})
    for (int k = 0; k < 4; ++k) {
      auto const c = random_wires(random, 6);
      INFO(scale << " V\n" << c.text());
      auto const s = solve_nonlinear(c.network, sinh_iv({volts(scale)}), c.volts);
      REQUIRE(s.newton.converged);
      check_ngspice(c.network, ngspice_netlist(c.network, c.volts, volts(scale)), s.state);
    }
}
