// A chip with parts of the user's own.
#include <string>
#include <vector>

#include "laws/adc.hpp"
#include "small_chip.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/levels_adc.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;

namespace {

struct my_chip : chip::wang2024 {
  using adc = levels_adc;
};
struct my_softmax_chip : chip::wang2024 {
  using softmax = ohmic::softmax_archetype;
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(ohmic::softmax_archetype::config);

TEST_CASE("a chip with a user's converter runs, and the plan predicts it") {
  small_model const f;
  auto c = chip::defaults<my_chip>();
  c.array.rows = 20;
  c.array.columns = 8;
  auto const on = f.on<my_chip>(c);
  std::vector<std::int32_t> const ids{9, 8, 7, 6, 5, 4};
  chip_pass<my_chip> const pass(on, f.m, ids, chip::product_mode::convert);
  CHECK(pass.logits.size() == 5);
  auto const plan = ohmic::program::plan(ohmic::program::encoder_program(ohmic::model::shape_of(f.m, 6), on.choices()),
                                         c.array, my_chip::scale, on.names());
  CHECK(ohmic::difference(plan, pass.report.actions(on.names())) == "");
}

TEST_CASE("a user's converter changes the numbers of a chip and its settings") {
  small_model const f;
  auto coarse = chip::defaults<my_chip>(), fine = coarse;
  ohmic::set(coarse, "adc.levels", "3");
  ohmic::set(fine, "adc.levels", "4096");
  CHECK_THAT(ohmic::print(coarse), contains("adc.levels=3\n"));
  check_refused([&] { ohmic::set(coarse, "adc.bits", "8"); }, ohmic::errc::unknown_key, {"adc.levels"});
  auto const noise = [&](chip::config<my_chip> const& c) {
    auto const on = f.on<my_chip>(c);
    chip::error_power power;
    for (auto const& ids : small_texts(f.m.config, 6, 41))
      power.add(chip_pass<my_chip>(on, f.m, ids, chip::product_mode::exact).logits,
                chip_pass<my_chip>(on, f.m, ids, chip::product_mode::convert).logits);
    return power.noise;
  };
  CHECK(noise(coarse) > 100.0 * noise(fine));
}

TEST_CASE("the rules of a user's converter hold at the chip's door") {
  small_model const f;
  auto c = chip::defaults<my_chip>();
  c.adc.levels = 1;
  check_refused([&] { (void)f.on<my_chip>(c); }, ohmic::errc::config_value, {"adc.levels", "got 1", "2..4096"});
}

TEST_CASE("a user's converter of 2^b levels gives what the uniform one of b bits gives, where steps are whole") {
  small_model const f;
  auto uniform = chip::defaults<chip::wang2024>();
  auto levels = chip::defaults<my_chip>();
  uniform.range.rule = levels.range.rule = ohmic::range_rule::user;
  uniform.range.user = levels.range.user = {255.0 * 4, 255.0 * 8, 255.0 * 8};
  levels.adc.levels = 256;
  auto const a = f.on<chip::wang2024>(uniform);
  auto const b = f.on<my_chip>(levels);
  for (auto const& ids : small_texts(f.m.config, 4, 42)) {
    chip_pass<chip::wang2024> const first(a, f.m, ids, chip::product_mode::convert);
    chip_pass<my_chip> const second(b, f.m, ids, chip::product_mode::convert);
    CHECK(bits_of(first.logits) == bits_of(second.logits));
    CHECK(report_difference(first.report, second.report, a.names()) == "");
  }
}

TEST_CASE("a chip with a user's softmax runs") {
  small_model const f;
  auto const on = f.on<my_softmax_chip>(chip::defaults<my_softmax_chip>());
  chip_pass<my_softmax_chip> const pass(on, f.m, {1, 2, 3, 4}, chip::product_mode::convert);
  CHECK(pass.logits.size() == 5);
  CHECK(pass.report.actions(on.names()).total("comparator", "compare") == 0);  // a policy that does not say so has none
  auto const plan = ohmic::program::plan(ohmic::program::encoder_program(ohmic::model::shape_of(f.m, 4), on.choices()),
                                         on.settings().array, 2, on.names());
  CHECK(ohmic::difference(plan, pass.report.actions(on.names())) == "");
}

TEST_CASE("matrices are programmed as the nearest codes of the DAC") {
  small_model const f;
  for (int bits : {4, 8}) {
    auto c = chip::defaults<chip::wang2024>();
    c.dac.bits = bits;
    auto const on = f.on<chip::wang2024>(c);
    ohmic::model::for_each_projection(f.m, [&](ohmic::program::site s, ohmic::model::linear_weights const& w) {
      auto const& programmed = on.matrix_at(s);
      std::size_t off = 0;
      int top = 0;
      for (std::size_t o = 0; o < w.outputs(); ++o) {
        double const scale = static_cast<double>(programmed.scales[o]), half_code = scale * (0.5 + 127 * 0x1p-23);
        for (std::size_t i = 0; i < w.inputs(); ++i) {
          int const code = programmed.operand.code(o, i);
          top = std::max(top, code < 0 ? -code : code);
          off += static_cast<std::size_t>(std::fabs(static_cast<double>(w.weight(o, i)) - scale * code) > half_code);
        }
      }
      CAPTURE(bits, on.names().name(s));
      CHECK(off == 0);
      CHECK(top == (1 << (bits - 1)) - 1);
    });
  }
}
