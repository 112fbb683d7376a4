// Wires are solved to the same bits on every instruction set, with contraction and without.
#include "wires_instruction_sets.hpp"

#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "support/catch.hpp"
#include "wires_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

TEST_CASE("wires: solutions are the same bits on every instruction set") {
  dice random(41);
  auto const sets = wire_kernel_sets();
  for (int k = 0; k < 20; ++k) {
    auto const c = random_wires(random, 33);
    INFO(c.text());
    executor one(1);
    wire_report report;
    auto const first = wire_solver(c.network, {}, *sets[0].second).solve(c.volts);
    auto const effective = wire_solver(c.network, {}, *sets[0].second).effective_conductances(one, report);
    for (auto const& [name, kernels] : sets) {
      INFO(name);
      wire_solver const solver(c.network, {}, *kernels);
      auto const s = solver.solve(c.volts);
      CHECK(s.word_V == first.word_V);
      CHECK(s.bit_V == first.bit_V);
      CHECK(s.output_A == first.output_A);
      CHECK(s.input_A == first.input_A);
      CHECK(s.report.residual == first.report.residual);
      CHECK(s.report.iterations == first.report.iterations);
      CHECK(solver.effective_conductances(one, report) == effective);
    }
    CHECK(wire_solver(c.network).solve(c.volts).output_A == first.output_A);  // this translation unit's flags
  }
}
