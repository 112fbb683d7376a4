// The cell of the computation crossbar.
#include "ohmic/device/fixed_resistor.hpp"

#include "ohmic/numeral/balanced.hpp"
#include "support/catch.hpp"

static_assert(ohmic::switched_cell<ohmic::fixed_resistor>);
static_assert(!ohmic::switched_cell<int>);

TEST_CASE("the resistors of an activation are 1, 2, 4, .. and leak nothing") {
  ohmic::fixed_resistor const cell;
  for (int row = 0; row < 7; ++row) CHECK(cell.on(row) == static_cast<double>(1 << row));
  CHECK(cell.off() == 0.0);
}

TEST_CASE("the resistors of all S rows together carry the largest digit") {
  ohmic::fixed_resistor const cell;
  double sum = 0.0;
  for (int scale = 1; scale <= 7; ++scale) {
    sum += cell.on(scale - 1);
    CHECK(sum == static_cast<double>(ohmic::largest_digit(scale)));
  }
}
