// Networks that cannot be solved are refused, and the text names the node.
#include <cmath>
#include <limits>
#include <vector>

#include "ohmic/crossbar/wires/solver.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using namespace ohmic;
using ohmic_test::check_refused;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

wire_network small() {
  wire_network n{matrix<double>(3, 2), {}, {}, {}};
  for (double& g : n.g_S.flat()) g = 1e-4;
  n.wires.word_segment = n.wires.bit_segment = ohms(1.0);
  return n;
}

template <class Change>
auto building(Change change) {
  return [change] {
    auto n = small();
    change(n);
    (void)wire_solver(n);
  };
}

}  // namespace

TEST_CASE("wires: impossible devices are refused by place") {
  for (double g : {-1e-9, not_a_number, infinite, 1e7})
    check_refused(building([g](auto& n) { n.g_S(2, 1) = g; }), errc::value, {"device (2, 1)", "0 for an open device"});
  matrix<double> r(2, 2);
  for (double& x : r.flat()) x = 1e4;
  for (double bad : {-1.0, 0.0, not_a_number, 1e-7}) {
    r(1, 0) = bad;
    check_refused([&] { (void)network_of_resistances(r.view(), {}); }, errc::value, {"device (1, 0)", "inf"});
  }
  r(1, 0) = infinite;
  CHECK(network_of_resistances(r.view(), {}).g_S(1, 0) == 0.0);
}

TEST_CASE("wires: impossible resistances of wires are refused by name") {
  check_refused(building([](auto& n) { n.wires.word_segment = ohms(-1.0); }), errc::config_value,
                {"wires.word_segment", "got -1 ohm"});
  check_refused(building([](auto& n) { n.wires.bit_segment = ohms(not_a_number); }), errc::config_value,
                {"wires.bit_segment"});
  check_refused(building([](auto& n) { n.wires.bit_segment = ohms(infinite); }), errc::config_value,
                {"wires.bit_segment", "got inf"});
  check_refused(building([](auto& n) { n.wires.driver = ohms(-1.0); }), errc::config_value, {"wires.driver"});
  check_refused(building([](auto& n) { n.wires.sense = ohms(not_a_number); }), errc::config_value, {"wires.sense"});
  check_refused(building([](auto& n) {
                  n.driver_ohm = {1.0, -2.0, 1.0};
                }),
                errc::value, {"driver_ohm, word line 1", "got -2 ohm"});
  check_refused(building([](auto& n) { n.sense_ohm = {1.0, not_a_number}; }), errc::value, {"sense_ohm, bit line 1"});
}

TEST_CASE("wires: ends that contradict each other are refused") {
  check_refused(building([](auto& n) { n.wires.bit_end = far_end::driven; }), errc::config_conflict, {"wires.bit_end"});
  check_refused(building([](auto& n) {
                  n.wires.word_segment = ohms(0.0);
                  n.wires.word_end = far_end::grounded;
                }),
                errc::config_conflict, {"wires.word_end", "0 V"});
  check_refused(building([](auto& n) {
                  n.wires.bit_segment = ohms(0.0);
                  n.wires.bit_end = far_end::grounded;
                }),
                errc::config_conflict, {"wires.bit_end", "0 V"});
}

TEST_CASE("wires: a network that floats is refused, with its first node") {
  check_refused(building([](auto& n) {
                  n.driver_ohm = {0.0, infinite, 0.0};
                  n.g_S(1, 0) = n.g_S(1, 1) = 0.0;
                }),
                errc::value, {"word node (1, 0)", "singular", "drive the word line"});
  check_refused(building([](auto& n) {
                  n.sense_ohm = {0.0, infinite};
                  for (std::size_t i = 0; i < 3; ++i) n.g_S(i, 1) = 0.0;
                }),
                errc::value, {"bit node (2, 1)", "sense the bit line"});
  check_refused(building([](auto& n) { n.wires.driver = n.wires.sense = ohms(infinite); }), errc::value,
                {"word node (0, 0)"});
  auto n = small();
  n.wires.sense = ohms(infinite);  // bit lines hang on the word lines: no current, but no contradiction
  auto const s = wire_solver(n).solve(std::vector<double>{0.1, 0.1, 0.1});
  CHECK(s.output_A[0] == 0.0);
  CHECK(s.bit_V(0, 1) == Approx(0.1).epsilon(1e-10));
}

TEST_CASE("wires: shapes that do not fit are refused with both") {
  check_refused([] { (void)wire_solver(wire_network{}); }, errc::shape, {"0 x 0"});
  check_refused(building([](auto& n) { n.driver_ohm = {1.0}; }), errc::shape, {"driver_ohm", "got 1", "3"});
  check_refused(building([](auto& n) { n.sense_ohm = {1.0, 1.0, 1.0}; }), errc::shape, {"sense_ohm", "got 3", "2"});
  wire_solver const solver(small());
  check_refused([&] { (void)solver.solve(std::vector<double>{0.1, 0.1}); }, errc::shape, {"voltages", "got 2", "3"});
  check_refused([&] { (void)solver.solve(std::vector<double>{0.1, not_a_number, 0.1}); }, errc::value, {"word line 1"});
  matrix<double> const injected(2, 3);
  check_refused(
      [&] {
        (void)solver.solve(std::vector<double>{0.1, 0.1, 0.1}, injected.view());
      },
      errc::shape, {"injected_A", "2 x 3", "3 x 2"});
  matrix<double> bad(3, 2);
  bad(2, 1) = not_a_number;
  check_refused(
      [&] {
        (void)solver.solve(std::vector<double>{0.1, 0.1, 0.1}, bad.view());
      },
      errc::value, {"injected_A (2, 1)", "got nan A"});
}

TEST_CASE("wires: a residual above 1e-10, or none, is refused where it cannot be handed on") {
  CHECK_NOTHROW(require_exact({5, 1e-13, 0}, "array 3"));
  check_refused([] { require_exact({5, 2e-10, 0}, "array 3"); }, errc::value, {"array 3", "residual of 2e-10"});
  check_refused([] { require_exact({5, not_a_number, 0}, "array 3"); }, errc::value, {"nan"});
}
