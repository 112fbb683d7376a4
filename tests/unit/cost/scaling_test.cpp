#include "ohmic/cost/scaling.hpp"

#include "support/catch.hpp"

using namespace ohmic;

namespace {
bool near(double a, double b, double relative) { return std::fabs(a - b) <= relative * std::fabs(b); }
}  // namespace

TEST_CASE("adc rules agree at eight bits and shrink with the bits") {
  for (auto rule : {adc_scaling::exponential, adc_scaling::mixed_90, adc_scaling::mixed_50, adc_scaling::survey}) {
    CHECK(near(adc_area_factor(rule, 8), 1.0, 1e-12));
    CHECK(near(adc_energy_factor(rule, 8), 1.0, 1e-12));
    for (int b = 5; b < 12; ++b) CHECK(adc_area_factor(rule, b) < adc_area_factor(rule, b + 1));
  }
}

TEST_CASE("the exponential rule makes a two-bit converter one sixty-fourth, the mixed rule keeps its linear share") {
  CHECK(exponential_rule::area_factor(2) == 1.0 / 64.0);
  CHECK(near(mixed_rule{0.9}.area_factor(2), 0.1 * 2.0 / 8.0 + 0.9 / 64.0, 1e-15));
  CHECK(near(mixed_rule{0.5}.area_factor(2), 0.5 * 2.0 / 8.0 + 0.5 / 64.0, 1e-15));
}

TEST_CASE("the survey regression meets its check values") {
  // Five printed digits of the energies, four of the areas.
  constexpr double digits = 1e-4;
  struct {
    int bits;
    double node_nm, rate, pJ, um2;
  } const checks[] = {{8, 32, 1.2e9, 1.8486, 6313}, {8, 32, 0.1e9, 1.7137, 3939}, {6, 32, 1e9, 1.0651, 5180},
                      {4, 32, 1e9, 0.9237, 4964},   {8, 22, 1e9, 0.8472, 3334},   {7, 22, 1e9, 0.6487, 3078},
                      {8, 65, 1e9, 6.4945, 17983},  {10, 32, 0.1e9, 3.3097, 4796}};
  for (auto const& c : checks) {
    survey_regression const r{c.node_nm, c.rate};
    CHECK(near(r.energy(c.bits).value.si() * 1e12, c.pJ, digits));
    CHECK(near(r.area(c.bits).value.si() * 1e12, c.um2, digits));
    CHECK(r.area(c.bits).from == origin::regression);
  }
  CHECK_THROWS_AS(survey_regression::validate({0.0, 1e9}), error);
  CHECK_THROWS_AS(survey_regression::validate({32.0, -1.0}), error);
}

TEST_CASE("a dac of many bits is so many one-bit dacs, by the rule") {
  CHECK(dac_units(dac_scaling::quarter, 8) == 64.0);
  CHECK(dac_units(dac_scaling::half, 8) == 128.0);
  CHECK(dac_units(dac_scaling::magnitude, 8) == 127.0);
  CHECK(dac_units(dac_scaling::full, 8) == 255.0);
  CHECK(dac_units(dac_scaling::full, 1) == 1.0);
}

TEST_CASE("node scaling is one at home, undone by its inverse, and refuses nodes without data") {
  for (double nm : node_scaling::nodes) {
    CHECK(near(node_scaling::area(nm, nm), 1.0, 1e-15));
    CHECK(near(node_scaling::energy(45, nm) * node_scaling::energy(nm, 45), 1.0, 1e-14));
  }
  CHECK(near(node_scaling::area(130, 32), 0.072, 1e-15));
  CHECK(near(node_scaling::energy(45, 32), 0.659, 1e-3));  // what components32.hpp uses for entries at 45 nm
  CHECK(node_scaling::area(32, 28) < 1.0);
  CHECK(node_scaling::delay(45, 90) == 2.0);
  CHECK_THROWS_AS(node_scaling::area(180, 32), error);
  CHECK_THROWS_AS(node_scaling::energy(32, 5), error);
  CHECK_THROWS_AS(node_scaling::delay(std::nan(""), 32), error);
}

TEST_CASE("memory depth scales area linearly and energy with the 0.78th power") {
  CHECK(memory_depth::area_factor(4.0) == 4.0);
  CHECK(near(memory_depth::energy_factor(4.0), std::pow(4.0, 0.78), 1e-15));
}
