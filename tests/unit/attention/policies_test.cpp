// The products of attention in each policy: the same integers where nothing is rounded, and the actions of the plan.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/attention/digital.hpp"
#include "ohmic/attention/shared_array.hpp"
#include "ohmic/attention/written_arrays.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using namespace ohmic;

namespace {

using code_matrix = matrix<std::int16_t>;
using sums = std::vector<double>;

code_matrix random_codes(std::size_t rows, std::size_t cols, int top, std::uint64_t seed) {
  ohmic_test::dice dice(seed);
  code_matrix m(rows, cols);
  for (auto& c : m.flat()) c = static_cast<std::int16_t>(dice.between(-top, top));
  return m;
}
matrix<std::uint16_t> score_codes(std::size_t rows, std::size_t cols, int top, std::uint64_t seed) {
  ohmic_test::dice dice(seed);
  matrix<std::uint16_t> m(rows, cols);
  for (auto& c : m.flat()) c = static_cast<std::uint16_t>(dice.between(0, top));
  return m;
}
template <class Z>
sums of(Z const& z, std::size_t rows, std::size_t cols) {
  sums out;
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j) out.push_back(static_cast<double>(z(i, j)));
  return out;
}
/// X Y^T, written out.
template <class X>
sums plainly(X const& x, code_matrix const& y) {
  sums out;
  for (std::size_t i = 0; i < x.rows(); ++i)
    for (std::size_t j = 0; j < y.rows(); ++j) {
      std::int64_t sum = 0;
      for (std::size_t l = 0; l < x.cols(); ++l) sum += std::int64_t{x(i, l)} * std::int64_t{y(j, l)};
      out.push_back(static_cast<double>(sum));
    }
  return out;
}

executor& serial() {
  static executor one(1);
  return one;
}

template <class X>
sums on_shared(X const& x, code_matrix const& y, int digits) {
  computation_config<uniform_adc, linear_dac> c;
  c.adc.lossless = true;
  computation_array<2> const array(c);
  product_report done;
  auto const converters = array.converters({}, digits, "test");
  return of(array.multiply(x, array.drive(y, "test"), converters, operand_source::activations, done, serial(), "test"),
            x.rows(), y.rows());
}
template <class X>
sums on_written(written_array_config const& c, X const& x, code_matrix const& y, int passes,
                program::attention_unit_tally& done, bool exact = false) {
  written_arrays const arrays(c, 1);
  std::uint64_t clipped = 0;
  auto const z = arrays.product(x.view(), y.view(), passes, y.size(), exact, done, clipped, serial(), "test", {});
  CHECK(clipped == 0);
  return of(z, x.rows(), y.rows());
}

written_array_config memory_of(attention_memory memory) {
  written_array_config c;
  c.memory = memory;
  return c;
}

}  // namespace

TEST_CASE("shared array, arrays written in RRAM and SRAM, and digital units give the same integers") {
  for (auto [tokens, inner, outputs] : {product_shape{1, 128, 1}, {3, 64, 40}, {2, 300, 9}, {5, 7, 130}}) {
    auto const q = random_codes(tokens, inner, 127, inner), k = random_codes(outputs, inner, 127, outputs + 1);
    auto const e = score_codes(tokens, inner, 127, inner + 2);
    INFO(tokens << " x " << inner << " x " << outputs);
    sums const scores = plainly(q, k), values = plainly(e, k);
    CHECK(on_shared(q, k, 3) == scores);
    CHECK(on_shared(e, k, 3) == values);
    program::attention_unit_tally done;
    CHECK(of(digital_product(q, k.view(), operand_source::activations, done), tokens, outputs) == scores);
    CHECK(of(digital_product(e, k.view(), operand_source::activations, done), tokens, outputs) == values);
    for (auto memory : {attention_memory::rram, attention_memory::sram})
      for (bool exact : {false, true}) {
        CHECK(on_written(memory_of(memory), q, k, 8, done, exact) == scores);
        CHECK(on_written(memory_of(memory), e, k, 7, done, exact) == values);
      }
  }
}

TEST_CASE("the decomposed product is the product with keys that are not rounded") {
  // (Q W_K^T) X^T = Q (X W_K)^T: the same integers as long as neither Q W_K^T nor the keys are coded again.
  std::size_t const tokens = 4, context = 9, width = 20, d = 6;
  auto const q = random_codes(tokens, d, 7, 1), x = random_codes(context, width, 127, 2);
  auto const w = random_codes(d, width, 3, 3);  // (d_k, m)
  code_matrix keys(context, d), wt(width, d);
  for (std::size_t l = 0; l < d; ++l)
    for (std::size_t o = 0; o < width; ++o) wt(o, l) = w(l, o);
  auto const exact_keys = plainly(x, w);  // up to 127 x 3 x 20
  for (std::size_t i = 0; i < exact_keys.size(); ++i) keys.flat()[i] = static_cast<std::int16_t>(exact_keys[i]);
  auto const by_keys = plainly(q, keys);

  auto const taken_sums = on_shared(q, wt, 3);  // Q W_K^T on the array, up to 7 x 3 x 6 = 126: a code
  code_matrix taken(tokens, width);
  for (std::size_t i = 0; i < taken_sums.size(); ++i) taken.flat()[i] = static_cast<std::int16_t>(taken_sums[i]);
  CHECK(on_shared(taken, x, 3) == by_keys);
  program::attention_unit_tally done;
  CHECK(on_written({}, taken, x, 8, done) == by_keys);
  CHECK(of(digital_product(taken, x.view(), operand_source::activations, done), tokens, context) == by_keys);
  // Keys rounded to 8 bits are another matter: that is what the other policies do.
  bool rounds = false;
  for (double k : exact_keys) rounds = rounds || k > 127.0 || k < -127.0;
  CHECK(rounds);
}

TEST_CASE("products beside the chip's arrays are counted as their plans say") {
  for (auto [tokens, inner, outputs] : {product_shape{1, 128, 1}, {3, 64, 40}, {2, 300, 9}, {0, 5, 6}}) {
    if (tokens == 0) continue;
    auto const q = random_codes(tokens, inner, 127, 5), k = random_codes(outputs, inner, 127, 6);
    product_shape const shape{tokens, inner, outputs};
    program::attention_unit_tally digital;
    static_cast<void>(digital_product(q, k.view(), operand_source::activations, digital));
    CHECK(digital == program::planned_digital(shape, operand_source::activations));
    program::attention_unit_tally of_sums;
    static_cast<void>(digital_product(q, k.view(), operand_source::sums, of_sums));
    CHECK(of_sums == program::planned_digital(shape, operand_source::sums));
    for (auto memory : {attention_memory::rram, attention_memory::sram})
      for (int input_bits : {1, 3}) {
        auto c = memory_of(memory);
        c.rows = 50;
        c.columns = 24;
        c.input_bits = input_bits;
        auto const plan = written_arrays(c, 1).shape(127, 127);
        CHECK(plan.activation_passes == (input_bits == 1 ? 8 : 4));  // the sign is a pass of its own
        CHECK(plan.score_passes == (input_bits == 1 ? 7 : 3));
        CHECK(plan.codes() == (memory == attention_memory::sram ? 3u : 6u));
        program::attention_unit_tally written;
        static_cast<void>(on_written(c, q, k, plan.activation_passes, written, true));
        CHECK(written == program::planned_written(plan, shape, plan.activation_passes, inner * outputs));
      }
  }
}

TEST_CASE("a written array by hand: one query and forty keys of width 128") {
  // Four cells a code, 32 codes a row: two arrays of keys, eight passes of one bit.
  auto const t = program::planned_written({}, {1, 128, 40}, 8, 128);
  CHECK(t.count<"cell", "write">() == 128 * 4);
  CHECK(t.count<"attention_dac", "drive">() == 128 * 8 * 2);
  CHECK(t.count<"attention_array", "cycle">() == 8 * 2);
  CHECK(t.count<"attention_adc", "convert">() == 8 * (40 * 4 + 2));
  CHECK(program::written_array_shape{}.arrays({1, 128, 40}) == 2);
}

TEST_CASE("converters of too few bits lose currents of written arrays, and say so") {
  auto const q = random_codes(3, 128, 127, 8), k = random_codes(10, 128, 127, 9);
  written_array_config few;
  few.adc_bits = 4;
  program::attention_unit_tally done;
  CHECK(written_arrays({}, 1).lossless());
  CHECK(written_arrays(memory_of(attention_memory::sram), 1).lossless());
  CHECK_FALSE(written_arrays(few, 1).lossless());
  CHECK(on_written(few, q, k, 8, done) != plainly(q, k));
  CHECK(on_written(few, q, k, 8, done, true) == plainly(q, k));
}

TEST_CASE("settings of written arrays that cannot be are refused by name") {
  auto const refused = [](auto const& change, char const* key) {
    written_array_config c;
    change(c);
    try {
      written_arrays const arrays(c, 1);
      FAIL_CHECK("accepted: " << key);
    } catch (error const& e) { CHECK(std::string(e.what()).find(key) != std::string::npos); }
  };
  refused([](auto& c) { c.cell_bits = 3; }, "attention.arrays.cell_bits");
  refused([](auto& c) { c.memory = attention_memory::sram, c.cell_bits = 2; }, "attention.arrays.cell_bits");
  refused([](auto& c) { c.adc_bits = 0; }, "attention.arrays.adc_bits");
  refused([](auto& c) { c.memory = attention_memory::sram, c.cell.programming_error = 0.1; }, "attention.arrays.cell");
  refused([](auto& c) { c.rows = 0; }, "attention.arrays.rows");
  refused([](auto& c) { c.input_bits = 8; }, "attention.arrays.input_bits");
  refused([](auto& c) { c.cell.read_noise = 5.0; }, "set attention.arrays.cell.read_noise");
  refused([](auto& c) { c.cell.r_off = c.cell.r_on; }, "above attention.arrays.cell.r_on");
  refused([](auto& c) { c.cell.levels = 4; }, "set attention.arrays.cell_bits");
}

TEST_CASE("a digital product refuses operands of different widths") {
  program::attention_unit_tally done;
  auto const q = random_codes(2, 5, 10, 1), k = random_codes(3, 4, 10, 2);
  ohmic_test::check_refused([&] { static_cast<void>(digital_product(q, k.view(), operand_source::activations, done)); },
                            errc::shape, {"2 x 5", "n x 4"});
}
