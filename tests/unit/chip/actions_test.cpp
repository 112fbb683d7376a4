// The plan from shapes alone and the run of the engine take the same actions, one by one.
#include <cstddef>
#include <string>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
namespace program = ohmic::program;

namespace {

struct geometry {
  int rows, columns, bank_rows;
};
/// The paper's; pairs fewer than tokens with remainders of the inner sizes 24 and 40; a row to spare; least sizes.
constexpr geometry geometries[] = {{128, 128, 1024}, {10, 8, 20}, {16, 6, 12}, {7, 2, 4}};

template <class Spec>
chip::config<Spec> settings_of(geometry const& g, chip::bias_policy bias) {
  auto c = chip::defaults<Spec>();
  c.array.rows = g.rows;
  c.array.columns = g.columns;
  c.array.bank_rows = g.bank_rows;
  c.coding.bias = bias;
  return c;
}

template <class Spec>
ohmic::ledger planned(chip::deployed<Spec> const& on, ohmic::model::bert const& m, std::size_t tokens) {
  return program::plan(program::encoder_program(ohmic::model::shape_of(m, tokens), on.choices()), on.settings().array,
                       Spec::scale, on.names());
}

template <class Spec>
void check_plans(small_model const& f, geometry const& g, chip::bias_policy bias) {
  auto const on = f.on<Spec>(settings_of<Spec>(g, bias));
  for (std::size_t tokens : {1u, 2u, 5u, 16u})
    for (auto mode : {chip::product_mode::convert, chip::product_mode::exact}) {
      INFO(Spec::name << ", S = " << Spec::scale << ", array " << g.rows << " x " << g.columns << ", bias policy "
                      << static_cast<int>(bias) << ", tokens " << tokens << ", mode " << static_cast<int>(mode));
      std::vector<std::int32_t> const ids(tokens, 7);
      chip_pass<Spec> const pass(on, f.m, ids, mode);
      CHECK(ohmic::difference(planned(on, f.m, tokens), pass.report.actions(on.names())) == "");
    }
}

template <class Spec>
void check_all_plans(small_model const& f) {
  for (auto const& g : geometries) {
    if (g.rows < Spec::scale) continue;
    for (auto bias : {chip::bias_policy::digital, chip::bias_policy::rows}) check_plans<Spec>(f, g, bias);
  }
}

}  // namespace

TEST_CASE("the plan predicts every action of wang2024") { check_all_plans<chip::wang2024>(small_model()); }

TEST_CASE("the plan predicts every action of wang2024_published") {
  check_all_plans<chip::wang2024_published>(small_model());
}

TEST_CASE("the plan predicts every action of chips of other bases") {
  small_model const f;
  check_all_plans<chip_of_base_3>(f);
  check_all_plans<chip_of_base_15>(f);
  check_all_plans<chip_of_base_255>(f);
}

TEST_CASE("the plan predicts every action of other models") {
  auto sizes = small_bert_sizes();
  sizes.hidden_activation = ohmic::activation::relu;
  sizes.heads = 8;
  sizes.layers = 1;
  sizes.hidden = 17;
  sizes.classes = 33;
  check_plans<chip::wang2024>(small_model(small_bert(sizes)), geometries[1], chip::bias_policy::rows);
  sizes.width = 6;
  sizes.heads = 1;
  check_plans<chip::wang2024_published>(small_model(small_bert(sizes)), geometries[0], chip::bias_policy::digital);
}

TEST_CASE("the plan predicts every action where codes are wider or narrower") {
  small_model const f;
  for (int bits : {5, 10}) {
    auto c = settings_of<chip::wang2024>(geometries[1], chip::bias_policy::rows);
    c.coding.activation_bits = bits;
    c.softmax.exp_bits = bits + 2;
    c.dac.bits = 6;
    auto const on = f.on<chip::wang2024>(c);
    chip_pass<chip::wang2024> const pass(on, f.m, {1, 2, 3, 4, 5}, chip::product_mode::convert);
    CAPTURE(bits);
    CHECK(ohmic::difference(planned(on, f.m, 5), pass.report.actions(on.names())) == "");
  }
}

TEST_CASE("the actions of many texts are the plans of their lengths together") {
  small_model const f;
  auto const on = f.on<chip::wang2024>(settings_of<chip::wang2024>(geometries[1], chip::bias_policy::digital));
  auto const texts = small_texts(f.m.config, 9, 5);
  std::vector<classifier_contestant> contestants;
  contestants.emplace_back(on, chip::product_mode::convert);
  (void)chip::evaluate(f.m, f.weights, classification(texts), contestants, serial());
  ohmic::ledger all;
  for (auto const& t : texts) all.merge(planned(on, f.m, t.size()));
  CHECK(ohmic::difference(all, contestants[0].finish().report.actions(on.names())) == "");
}

TEST_CASE("a chip counts a value for every code that it writes, and a softmax row for every query and head") {
  small_model const f;
  auto const on = f.on<chip::wang2024>(chip::defaults<chip::wang2024>());
  chip_pass<chip::wang2024> const pass(on, f.m, {1, 2, 3, 4, 5}, chip::product_mode::convert);
  CHECK(pass.report.softmax_rows == 2 * 3 * 5);
  CHECK(pass.report.empty_softmax_rows == 0);
  using program::operation;
  auto const coded = [&](std::size_t block, operation op) {
    return pass.report.sites[program::site{block, op}.index()].coded_values;
  };
  CHECK(coded(0, operation::input) == 5 * 24);
  CHECK(coded(1, operation::A1) == 5 * 24);
  CHECK(coded(1, operation::A6) == 5 * 24);
  CHECK(coded(2, operation::B1) == 5 * 40);
  CHECK(coded(2, operation::B_L2) == 5 * 24);
  CHECK(coded(3, operation::pooler) == 24);
  CHECK(coded(3, operation::classifier) == 0);  // leaves the chip as real numbers
}

TEST_CASE("centred codes that leave the range of an operand are counted") {
  // One value of 24 has the other sign: with the mean at 22 / 24 of the largest, its centred code is about -243.
  auto sizes = small_bert_sizes();
  auto m = small_bert(sizes);
  for (auto* table : {&m.position, &m.token_type})
    for (float& v : table->flat()) v = 0.0f;
  for (std::size_t i = 0; i < sizes.width; ++i) m.word(0, i) = i == 5 ? -1.0f : 1.0f;
  small_model f(m);
  f.calibration = {{0, 0, 0}};
  f.values = chip::calibrated_values(f.m, f.weights, f.calibration, serial());
  auto const first = program::site{0, program::operation::L1}.index();
  chip_pass<chip::wang2024> const two_pass(f.on<chip::wang2024>(chip::defaults<chip::wang2024>()), f.m, {0, 0, 0},
                                           chip::product_mode::exact);
  CHECK(two_pass.report.sites[first].clipped_values == 3);
  CHECK(two_pass.report.sites[first].coded_values == 3 * 24);
  chip_pass<chip::wang2024_published> const moments(
      f.on<chip::wang2024_published>(chip::defaults<chip::wang2024_published>()), f.m, {0, 0, 0},
      chip::product_mode::exact);
  CHECK(moments.report.sites[first].clipped_values == 0);
}
