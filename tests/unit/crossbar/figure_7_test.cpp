// Fig 7 of the paper on the crossbar itself, cycle by cycle.
// Source  Wang et al. 2024, Fig 7: activations 78 = (2,-3,1) and -23 = (0,-3,-2) in base 7, weights w1 and w2
#include <cstdint>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/reference.hpp"
#include "support/catch.hpp"

namespace {

using array = ohmic::computation_array<2>;

/// 16-bit converters over at most 65535 units: codes are currents.
array fine_array() {
  array::config c;
  c.adc.bits = 16;
  c.range.rule = ohmic::range_rule::full_scale;
  return array(c);
}

/// x1 w1 + x2 w2 for all weights of a coarse grid and the corners, all at once: one output each.
ohmic::matrix<std::int16_t> all_weights() {
  std::vector<std::int16_t> const w{-127, -126, -101, -64, -33, -8, -3, -2, -1, 0, 1, 2, 3, 7, 31, 65, 100, 126, 127};
  ohmic::matrix<std::int16_t> y(w.size() * w.size(), 2);
  for (std::size_t i = 0; i < y.rows(); ++i) {
    y(i, 0) = w[i / w.size()];
    y(i, 1) = w[i % w.size()];
  }
  return y;
}

}  // namespace

TEST_CASE("Fig 7 on the crossbar: after each array cycle the accumulator holds the partial sum of the figure") {
  auto const a = fine_array();
  auto const y = all_weights();
  auto const driven = a.drive(y, "weights");
  // The first d digits of 78 and -23 are the digits of these numbers.
  int const leading[][2] = {{2, 0}, {11, -3}, {78, -23}};
  ohmic::executor one(1);
  for (int cycles = 1; cycles <= 3; ++cycles) {
    ohmic::matrix<std::int16_t> x(1, 2);
    for (std::size_t i = 0; i < 2; ++i) x(0, i) = static_cast<std::int16_t>(leading[cycles - 1][i]);
    ohmic::product_report report;
    auto const z =
        a.multiply(x, driven, a.converters({}, cycles, "Fig 7"), ohmic::operand_source::weights, report, one, "Fig 7");
    std::size_t wrong = 0;
    for (std::size_t t = 0; t < y.rows(); ++t)
      wrong += static_cast<std::size_t>(z(0, t) != leading[cycles - 1][0] * y(t, 0) + leading[cycles - 1][1] * y(t, 1));
    CAPTURE(cycles);
    CHECK(wrong == 0);
    CHECK(report.clipped == 0);
  }
}

TEST_CASE("Fig 7 in one column pair: each digit delivers its currents to the column of its sign") {
  auto const y = all_weights();
  int const digits[][2] = {{2, 0}, {-3, -3}, {1, -2}};
  std::size_t wrong = 0;
  for (std::size_t t = 0; t < y.rows(); ++t)
    for (auto const& d : digits) {
      ohmic::column_pair<2, ohmic::fixed_resistor> const pair({d[0], d[1]}, {y(t, 0), y(t, 1)}, {});
      double plus = 0.0, minus = 0.0;
      for (std::size_t i = 0; i < 2; ++i) {
        double const product = d[i] * y(t, i);
        (product > 0.0 ? plus : minus) += product > 0.0 ? product : -product;
      }
      wrong += static_cast<std::size_t>(pair.plus != plus || pair.minus != minus);
    }
  CHECK(wrong == 0);
}

TEST_CASE("a cell that leaks adds its current to both columns") {
  struct leaky {
    double on(int row) const noexcept { return 1 << row; }
    double off() const noexcept { return 0.01; }
  };
  // 3 = both resistors of an activation; weight 10: 30 into +, two switches that leak into -.
  ohmic::column_pair<2, leaky> const pair({3}, {10}, {});
  CHECK(pair.plus == 30.0);
  CHECK_THAT(pair.minus, ohmic_test::within(2 * 10 * 0.01, 1e-15));
}
