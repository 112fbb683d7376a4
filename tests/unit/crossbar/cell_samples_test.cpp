// Cycles that are sampled from products: they are cycles that run, and their first-order currents are what converters see.
#include "ohmic/crossbar/cell_samples.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"

using namespace ohmic_test;
using array = ohmic::computation_array<2>;

namespace {

array resisting(double mismatch) {
  array::config c;
  c.array.rows = 16, c.array.columns = 8;  // 8 activations, 4 pairs
  c.adc.lossless = true;
  c.noise.mismatch = mismatch;
  c.noise.switch_resistance = ohmic::ohms(500.0);
  c.noise.word_segment = ohmic::ohms(10.0), c.noise.bit_segment = ohmic::ohms(20.0);
  c.noise.arrays = 3;
  return array(c);
}

ohmic::matrix<std::int16_t> random_codes(std::size_t rows, std::size_t cols, int top, dice& random) {
  ohmic::matrix<std::int16_t> m(rows, cols);
  for (auto& c : m.flat()) c = static_cast<std::int16_t>(random.between(-top, top));
  return m;
}

}  // namespace

TEST_CASE("a sampled cycle is what a product of one cycle runs") {
  dice random(2200);
  ohmic::executor one(1);
  for (int k = 0; k < 20; ++k) {
    array const a = resisting(k % 2 == 0 ? 0.0 : 0.05);
    auto const tokens = static_cast<std::size_t>(random.between(1, 4)),
               inner = static_cast<std::size_t>(random.between(1, 8));
    auto const x = random_codes(tokens, inner, 3, random), w = random_codes(1, inner, 127, random);
    auto const y = a.drive(w.view(), "w");
    auto const cells = ohmic::sampled_cycle(a, x, y, 1, {}, "x");
    REQUIRE(cells.closed.cols() == 2 * tokens);
    ohmic::product_report report;
    auto const z = a.multiply(x, y, a.converters({}, 1, "w"), ohmic::operand_source::weights, report, one, "x");
    auto const& noise = a.settings().noise;
    for (std::size_t n = 0; n < tokens; ++n) {
      double const plus = ohmic::first_order_current(cells, 2 * n, noise.word_load(), noise.bit_load()),
                   minus = ohmic::first_order_current(cells, 2 * n + 1, noise.word_load(), noise.bit_load());
      // Lossless converters round currents to integers.
      CHECK(std::nearbyint(plus) - std::nearbyint(minus) == z(n, 0));
    }
  }
}

TEST_CASE("sampled cycles are cycles of the product, all of them in time") {
  dice random(2210);
  array const a = resisting(0.0);
  auto const x = random_codes(6, 11, 24, random), w = random_codes(3, 11, 127, random);  // 2 groups, 2 tiles, 2 digits
  auto const y = a.drive(w.view(), "w");
  std::vector<std::vector<double>> all;
  for (std::size_t d = 0; d < 2; ++d)
    for (std::size_t first : {0u, 4u})
      for (std::size_t begin : {0u, 8u})
        for (std::size_t o = 0; o < 3; ++o) {
          std::size_t const tokens = std::min<std::size_t>(4, 6 - first), count = std::min<std::size_t>(8, 11 - begin);
          ohmic::cycle_codes c{ohmic::matrix<std::int8_t>(tokens, count), std::vector<std::int16_t>(count)};
          for (std::size_t i = 0; i < count; ++i) {
            c.weights[i] = w(o, begin + i);
            for (std::size_t n = 0; n < tokens; ++n)
              c.digits(n, i) = ohmic::balanced<2>::encoded<2>(x(first + n, begin + i))[d];
          }
          auto const cells = ohmic::closed_cells<2>(c, a.settings().array, a.settings().noise);
          all.emplace_back(cells.closed.flat().begin(), cells.closed.flat().end());
          all.back().insert(all.back().end(), cells.drives.begin(), cells.drives.end());
        }
  std::set<std::size_t> seen;
  for (std::uint32_t text = 0; text < 300; ++text) {
    ohmic::read_place const place{text, 7};
    auto const cells = ohmic::sampled_cycle(a, x, y, 2, place, "x");
    CHECK(cells.closed == ohmic::sampled_cycle(a, x, y, 2, place, "x").closed);
    std::vector<double> got(cells.closed.flat().begin(), cells.closed.flat().end());
    got.insert(got.end(), cells.drives.begin(), cells.drives.end());
    auto const found = std::find(all.begin(), all.end(), got);
    REQUIRE(found != all.end());
    seen.insert(static_cast<std::size_t>(found - all.begin()));
  }
  // 24 cycles: that 300 even draws miss one has a probability of 24 (23 / 24)^300 = 7e-5.
  CHECK(seen.size() == 24);
}
