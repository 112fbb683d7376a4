// Ranges by the largest current and by least squared error, against their plain definitions.
#include <cmath>
#include <string>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/periphery/range.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {

/// Currents with a heavy tail: cubes of normals.
std::vector<std::int32_t> tailed(std::size_t n, float scale) {
  stream const s{9, purpose::user, 0};
  std::vector<std::int32_t> currents;
  for (std::size_t i = 0; i < n; ++i) {
    float const v = s.normal(i, 0);
    currents.push_back(static_cast<std::int32_t>(std::fabs(v * v * v) * scale));
  }
  return currents;
}

/// Squared error of rounding (uniform) and clipping at a full scale, current by current.
double squared_error(std::vector<std::int32_t> const& currents, double full_scale, double steps) {
  double const step = full_scale / steps;
  double sum = 0.0;
  for (auto c : currents) {
    double const over = static_cast<double>(c) - full_scale;
    sum += over > 0.0 ? over * over : step > 1.0 ? step * step / 12.0 : 0.0;
  }
  return sum;
}

}  // namespace

TEST_CASE("the range by the largest current is that current, times the margin") {
  current_statistics seen(4095);  // bins of one unit
  std::vector<std::int32_t> const currents{3, 900, 17};
  seen.observe(currents);
  CHECK(seen.largest() == 900.0);
  range_config c;
  c.rule = range_rule::largest;
  c.margin = 1.5;
  CHECK(full_scale_for(c, seen, 4000.0, 0, 255.0f, "w") == 1350.0f);
  c.margin = 100.0;
  CHECK(full_scale_for(c, seen, 4000.0, 0, 255.0f, "w") == 4000.0f);  // no more than the array delivers
}

TEST_CASE("no other bin edge has a smaller squared error than the range by least squares") {
  auto const currents = tailed(3000, 30.0f);
  current_statistics seen(4095);
  seen.observe(currents);
  for (double steps : {15.0, 63.0, 255.0}) {
    double const found = seen.least_squares(steps), least = squared_error(currents, found, steps);
    // The sums are exact but for the rounding of step^2 / 12, times 3000 currents.
    double const rounding = least * 1e-9;
    for (double edge = 0.0; edge <= seen.largest(); edge += 1.0)
      CHECK(squared_error(currents, edge, steps) >= least - rounding);
    CHECK(found <= seen.largest());
  }
  CHECK(seen.least_squares(15.0) < seen.least_squares(255.0));  // coarse steps are paid for with clipping
}

TEST_CASE("ranges of currents that are all zero are one code a unit") {
  current_statistics seen(4095);
  seen.observe(std::vector<std::int32_t>(10, 0));
  range_config c;
  for (auto rule : {range_rule::largest, range_rule::least_squares, range_rule::mean_sigma, range_rule::percentile}) {
    c.rule = rule;
    CHECK(full_scale_for(c, seen, 4000.0, 0, 255.0f, "w") == 255.0f);
  }
}

TEST_CASE("a margin of 0 is refused by its name") {
  range_config c;
  c.margin = 0.0;
  CHECK_THROWS_AS(range_config::validate(c), error);
}
