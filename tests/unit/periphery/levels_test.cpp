// Level conventions of converters, level by level.
#include "ohmic/periphery/levels.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"

using namespace ohmic;

namespace {

struct levels_case {
  level_converter converter;
  std::vector<double> levels;
  double beyond_by = 0.0;  // how far outside its ends a value still counts as inside
};

std::vector<levels_case> cases() {
  return {{{level_convention::uniform, 2, 0.0, -1.5, 1.5}, {-1.5, -0.5, 0.5, 1.5}, 0.0},
          {{level_convention::uniform, 2, 0.0, 0.0, 3.0}, {0.0, 1.0, 2.0, 3.0}, 0.0},
          {{level_convention::sign_magnitude, 2, 0.0, -3.0, 3.0}, {-3.0, 0.0, 3.0}, 0.0},
          {{level_convention::sign_magnitude, 3, 0.0, -3.0, 3.0}, {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0}, 0.0},
          {{level_convention::aihwkit_steps, 1, 4.0, -2.0, 2.0}, {-2.0, -1.0, 0.0, 1.0, 2.0}, 0.5}};
}

}  // namespace

TEST_CASE("level converter: every convention has the levels that its name says, and the nearest is taken") {
  ohmic_test::dice d(1);
  for (auto const& c : cases()) {
    for (double level : c.levels) CHECK(c.converter(level) == level);
    for (int i = 0; i < 200; ++i) {
      double const v = 8.0 * d.real() - 4.0;
      double nearest = c.levels[0];
      for (double level : c.levels)
        if (std::fabs(level - v) < std::fabs(nearest - v)) nearest = level;
      CHECK(c.converter(v) == nearest);
      CHECK(c.converter.beyond(v) == (v < c.levels.front() - c.beyond_by || v > c.levels.back() + c.beyond_by));
    }
  }
}

TEST_CASE("level converter: ties go to the even level") {
  level_converter const up(level_convention::uniform, 2, 0.0, 0.0, 3.0);
  CHECK(up(0.5) == 0.0);
  CHECK(up(1.5) == 2.0);
  CHECK(up(2.5) == 2.0);
  level_converter const steps(level_convention::aihwkit_steps, 1, 4.0, -2.0, 2.0);
  CHECK(steps(0.5) == 0.0);
  CHECK(steps(-1.5) == -2.0);
}

TEST_CASE("level converter: AIHWKit rounds first, so that half a step beyond the bound is still inside") {
  level_converter const c(level_convention::aihwkit_steps, 1, 4.0, -2.0, 2.0);
  CHECK_FALSE(c.beyond(2.4));
  CHECK(c.beyond(2.6));
  CHECK(c(2.4) == 2.0);
  CHECK(c(9.0) == 2.0);
  level_converter const odd(level_convention::aihwkit_steps, 1, 3.0, -1.5,
                            1.5);  // its bound is no multiple of the step
  CHECK(odd(1.9) == 1.5);
  CHECK(odd(1.4) == 1.0);
  level_converter const uniform(level_convention::uniform, 4, 0.0, -2.0, 2.0);
  CHECK(uniform.beyond(2.4));
}

TEST_CASE("level converter: infinite steps clip and do not round") {
  level_converter const c(level_convention::aihwkit_steps, 1, std::numeric_limits<double>::infinity(), -2.0, 2.0);
  CHECK(c(0.123456) == 0.123456);
  CHECK(c(-5.0) == -2.0);
  CHECK(c.step() == 0.0);
}

TEST_CASE("level converter: none passes everything") {
  level_converter const c;
  CHECK(c(1e300) == 1e300);
  CHECK_FALSE(c.beyond(-1e300));
}
