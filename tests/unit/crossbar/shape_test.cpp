// The geometry of the computation crossbar and the plan of one product, against numbers worked out by hand.
#include "ohmic/crossbar/shape.hpp"

#include <cstdint>
#include <limits>

#include "ohmic/crossbar/operand.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using ohmic::array_geometry;
using ohmic::operand_source;
using ohmic::planned_product;

namespace {

constexpr array_geometry paper{};
static_assert(paper.activations(2) == 64 && paper.pairs() == 64 && paper.weights_per_access() == 256);
static_assert(paper.activations(3) == 42 && paper.activations(7) == 18);

// Five rows: two activations of S = 2 and a row that stays empty. Four columns: two pairs. An access brings two weights.
constexpr array_geometry tiny{5, 4, 8, 4};
// 3 tokens . 5 inner . 2 outputs, 3 digits: 2 groups of tokens, 3 tiles.
constexpr auto planned = planned_product(tiny, 2, 3, {3, 5, 2}, operand_source::weights);

static_assert(ohmic::pieces(0, 4) == 0 && ohmic::pieces(1, 4) == 1 && ohmic::pieces(4, 4) == 1 &&
              ohmic::pieces(5, 4) == 2);

}  // namespace

TEST_CASE("the plan of a product is what one counts by hand") {
  CHECK(planned.count<"dense_bank", "column_access">() == 2 * 3);  // sessions x accesses for 5 weights, two at a time
  CHECK(planned.count<"dense_bank", "cell_read">() == 2 * 3 * 8);  // an access reads all rows of the bank
  CHECK(planned.count<"weight_register", "load">() == 2 * 5);      // sessions x weights
  CHECK(planned.count<"operand_register", "load">() == 0);
  CHECK(planned.count<"cache", "read">() == 2 * 3 * 5);  // every session streams all activations again
  CHECK(planned.count<"encoder", "encode">() == 2 * 3 * 5);
  CHECK(planned.count<"switch_register", "load">() == 2 * 3 * 5 * 3);  // x digits
  CHECK(planned.count<"dac", "drive">() ==
        2 * 2 * 3 * (2 * 5));  // sessions x groups x digits x S rows of 5 activations
  CHECK(planned.count<"computation_array", "cycle">() == 2 * 2 * 3 * 3);  // sessions x groups x digits x tiles
  CHECK(planned.count<"adc", "convert">() == 2 * 3 * 3 * 3 * 2);  // sessions x tokens x digits x tiles x two columns
  CHECK(planned.count<"subtractor", "subtract">() == 2 * 3 * 3 * 3);
  CHECK(planned.count<"shift_add", "step">() == 2 * 3 * 3 * 3);
  CHECK(planned.count<"accumulator", "add">() == 2 * 3 * 2);  // sessions x tokens x (tiles - 1)
}

TEST_CASE("a second activation on the DACs comes from the caches, not from the dense bank") {
  auto const p = planned_product(tiny, 2, 3, {3, 5, 2}, operand_source::activations);
  CHECK(p.count<"dense_bank", "column_access">() == 0);
  CHECK(p.count<"dense_bank", "cell_read">() == 0);
  CHECK(p.count<"weight_register", "load">() == 0);
  CHECK(p.count<"operand_register", "load">() == 2 * 5);
  CHECK(p.count<"adc", "convert">() == planned.count<"adc", "convert">());
}

TEST_CASE("conversions per multiplication are 2 S D / R where nothing is left over") {
  for (int scale : {1, 2, 4}) {
    auto const p = planned_product(paper, scale, 3, {64, 256, 10}, operand_source::weights);
    CHECK(p.count<"adc", "convert">() * 128 ==
          std::uint64_t{64} * 256 * 10 * 2 * static_cast<std::uint64_t>(scale) * 3);
  }
}

TEST_CASE("one token keeps one column pair busy and costs as many array cycles as 64") {
  auto const one = planned_product(paper, 2, 3, {1, 512, 512}, operand_source::weights);
  auto const many = planned_product(paper, 2, 3, {64, 512, 512}, operand_source::weights);
  CHECK(one.count<"computation_array", "cycle">() == many.count<"computation_array", "cycle">());
  CHECK(one.count<"dense_bank", "column_access">() == many.count<"dense_bank", "column_access">());
  CHECK(one.count<"adc", "convert">() * 64 == many.count<"adc", "convert">());
}

TEST_CASE("a product without tokens, inner or outputs counts nothing beyond its weights") {
  auto const p = planned_product(paper, 2, 3, {0, 5, 0}, operand_source::weights);
  std::uint64_t sum = 0;
  p.for_each([&](auto, auto, std::uint64_t n) { sum += n; });
  CHECK(sum == 0);
  CHECK(planned_product(paper, 2, 3, {2, 0, 2}, operand_source::weights).count<"accumulator", "add">() == 0);
}

TEST_CASE("counts beyond 64 bits stay at the top") {
  std::size_t const huge = std::size_t{1} << 33;
  auto const p = planned_product(paper, 2, 3, {huge, huge, huge}, operand_source::weights);
  CHECK(p.count<"cache", "read">() == std::numeric_limits<std::uint64_t>::max());
  CHECK(p.count<"adc", "convert">() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a tiling puts every element into its own place of a padded row") {
  for (std::size_t inner : {1u, 3u, 4u, 5u, 63u, 64u, 65u, 200u})
    for (std::size_t held : {1u, 2u, 3u, 18u, 64u, 300u}) {
      ohmic::tiling const cut{inner, held};
      CAPTURE(inner, held);
      std::size_t filled = 0, wrong = 0;
      for (std::size_t t = 0; t < cut.tiles(); ++t) filled += cut.filled(t);
      CHECK(filled == inner);
      CHECK(cut.padded() % 4 == 0);
      std::size_t last = 0;
      for (std::size_t i = 0; i < inner; ++i) {
        std::size_t const place = cut.place(i), tile_bytes = cut.groups() * 4;
        wrong += static_cast<std::size_t>(place >= cut.padded() || (i > 0 && place <= last) ||
                                          place / tile_bytes != i / held);
        last = place;
      }
      CHECK(wrong == 0);
    }
}

TEST_CASE("a driven operand gives back its codes") {
  for (std::size_t outputs : {1u, 15u, 16u, 17u, 33u})
    for (std::size_t inner : {1u, 5u, 64u, 65u}) {
      ohmic::matrix<std::int16_t> codes(outputs, inner);
      for (std::size_t i = 0; i < codes.size(); ++i)
        codes.flat()[i] = static_cast<std::int16_t>(static_cast<int>(i * 7 % 255) - 127);
      for (std::size_t held : {1u, 7u, 64u}) {
        ohmic::driven_operand const y(codes, held, 127, "y");
        std::size_t wrong = 0;
        for (std::size_t t = 0; t < outputs; ++t)
          for (std::size_t i = 0; i < inner; ++i) wrong += static_cast<std::size_t>(y.code(t, i) != codes(t, i));
        CAPTURE(outputs, inner, held);
        CHECK(wrong == 0);
        CHECK(y.outputs() == outputs);
        CHECK(y.blocks() == (outputs + 15) / 16);
      }
    }
}
