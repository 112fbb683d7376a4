// A chip whose weights come from a dense bank with errors.
#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/chip/dense_writing.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/chip/wang2024_cost.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;
using chip::wang2024;

struct result {
  std::vector<float> values;
  dense_report dense;
  std::string plan_difference;
};

/// Codes of the tiny decoder on a chip with these changes, as values of one pass.
result pass(std::vector<std::string> const& changes, std::uint64_t seed = 1) {
  auto settings = chip::defaults<wang2024>();
  for (auto const& s : changes) assign(settings, s);
  settings.noise.seed = seed;
  auto const m = ohmic_test::tiny_gpt2();
  executor serial(1);
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  auto const texts = ohmic_test::tiny_texts(1);
  auto const values = chip::calibrated_values(m, weights, texts, serial);
  auto const on = chip::deploy(m, settings, values, texts, serial);
  chip::engine<wang2024> e(on, chip::product_mode::convert, serial);
  auto const out = forward(e, m, texts.front());
  auto const plan = program::plan(program_of(m, texts.front().size(), on.choices()), on.settings().array,
                                  wang2024::scale, sites_of(m));
  return {{out.flat().begin(), out.flat().end()}, on.dense(), difference(plan, e.report().actions(sites_of(m)))};
}

}  // namespace

TEST_CASE("a perfect bank is not touched, and fluctuation that crosses no threshold changes nothing") {
  auto const perfect = pass({});
  CHECK(perfect.dense == dense_report{});
  auto const quiet = pass({"dense.cell.rtn_multiple=5"});
  CHECK(quiet.values == perfect.values);
  CHECK(quiet.dense.bits > 0);
  CHECK(quiet.dense.bit_errors == 0);
}

TEST_CASE("a perfect bank asks nothing of an array, not even rows for a weight") {
  CHECK(pass({"array.bank_rows=2", "array.cells_per_weight=1"}).dense == dense_report{});
}

TEST_CASE("converters are designed for the perfect bank, whatever the seed of a chip") {
  auto const full_scales = [](std::vector<std::string> const& changes, std::uint64_t seed) {
    auto settings = chip::defaults<wang2024>();
    for (auto const& s : changes) assign(settings, s);
    settings.noise.seed = seed;
    auto const m = ohmic_test::tiny_gpt2();
    executor serial(1);
    model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
    auto const texts = ohmic_test::tiny_texts(1);
    auto const values = chip::calibrated_values(m, weights, texts, serial);
    return chip::deploy(m, settings, values, texts, serial).calibrated().full_scales;
  };
  auto const design = full_scales({}, 1);
  CHECK(full_scales({"dense.cell.rtn_multiple=6.2"}, 1) == design);
  CHECK(full_scales({"dense.cell.rtn_multiple=6.2"}, 2) == design);
}

TEST_CASE("bit errors of the bank reach the results, by seed alone") {
  auto const noisy = pass({"dense.cell.rtn_multiple=6.2"});
  CHECK(noisy.dense.bit_errors > 0);
  CHECK(noisy.values != pass({}).values);
  CHECK(pass({"dense.cell.rtn_multiple=6.2"}).values == noisy.values);
  CHECK(pass({"dense.cell.rtn_multiple=6.2"}, 2).values != noisy.values);
}

TEST_CASE("the plan follows the cells of a weight") {
  CHECK(pass({}).plan_difference == "");
  CHECK(pass({"dense.cell.bits=1", "dense.cell.rtn_multiple=19"}).plan_difference == "");
  auto settings = chip::defaults<wang2024>();
  settings.dense.cell.bits = 1;
  CHECK(chip::settled(settings).array.cells_per_weight == 8);
  settings.dense.cell.bits = 4;
  CHECK(chip::settled(settings).array.cells_per_weight == 2);
}

TEST_CASE("a protected bank reads its check rows with every column, in the plan, the run and the price list") {
  CHECK(pass({"dense.protection=secded"}).plan_difference == "");
  CHECK(pass({"dense.protection=parity", "dense.cell.bits=3", "array.bank_rows=100"}).plan_difference == "");
  auto const check_rows = [](word_protection p, int bits, int rows) {
    auto c = chip::defaults<wang2024>();
    c.dense.protection = p;
    c.dense.cell.bits = bits;
    c.array.bank_rows = rows;
    return chip::settled(c).array.check_rows;
  };
  CHECK(check_rows(word_protection::parity, 2, 1024) == 32);   // 32 words, a bit each, in a cell of its own
  CHECK(check_rows(word_protection::secded, 1, 1024) == 128);  // 16 words of 8 check cells
  CHECK(check_rows(word_protection::secded, 3, 100) == 15);    // 33 weights are 5 words of 3 check cells
  CHECK(check_rows(word_protection::none, 2, 1024) == 0);
  ohmic_test::check_refused([] { pass({"array.check_rows=7"}); }, errc::config_conflict,
                            {"array.check_rows", "got 7", "allowed: 0"});
  auto settings = chip::defaults<wang2024>();
  settings.dense.protection = word_protection::secded;
  // 256 weights are 32 words of 8 check bits in 4 cells.
  CHECK(chip::settled(settings).array.check_rows == 128);
  auto const plan = planned_product(chip::settled(settings).array, 2, 3, {1, 300, 5}, operand_source::weights);
  CHECK(plan.count<"dense_bank", "cell_read">() == 5 * 2 * (1024 + 128));
  auto const k = chip::cost_config(settings);
  CHECK(k.bank_cells() == 65536ull * 1152);
  CHECK(k.banks_for(65536ull * 256) == 1);  // what is protected is not fewer
  CHECK(k.banks_for(65536ull * 256 + 1) == 2);
  settings.dense.cell.bits = 3;  // 341 weights a column
  CHECK(chip::cost_config(settings).banks_for(65536ull * 341) == 1);
  CHECK(chip::cost_config(settings).banks_for(65536ull * 341 + 1) == 2);
}

TEST_CASE("what was written has a price: pulses, reads, and the time of their rounds") {
  dense_report r;
  r.actions.add<"dense_bank", "write_pulse">(1000);
  r.actions.add<"dense_bank", "verify">(1000);
  r.actions.add<"dense_bank", "column_access">(2);
  r.actions.add<"dense_bank", "cell_read">(2048);
  r.rounds = 5;
  component_prices p;
  auto settings = chip::defaults<wang2024>();
  auto const cost = [&] { return chip::writing_cost_of(r, p, chip::cost_config(settings)); };
  auto const two = cost();
  CHECK_THAT(two.pulses.si(), Catch::Matchers::WithinRel(1000 * 4.6e-12, 1e-12));
  // A cell read: 0.3 mW x 100 ns over 16384 cells, and a 2-bit conversion at 2^-6 of 1.5625 pJ; a column: 4 uW x 10 ns.
  double const cell = 0.3e-3 * 100e-9 / 16384.0 + 1.5625e-12 / 64.0, column = 4e-3 / 1024.0 * 10e-9;
  CHECK_THAT(two.reads.si(), Catch::Matchers::WithinRel(3048 * cell + 2 * column, 1e-9));
  CHECK_THAT(two.time.si(), Catch::Matchers::WithinRel(5 * (10.96875e-6 + 10e-9) + 2 * 10e-9, 1e-12));
  settings.dense.cell.bits = 1;
  CHECK_THAT(cost().pulses.si(), Catch::Matchers::WithinRel(1000 * 2.3e-12, 1e-12));
  r.actions = {};
  CHECK_THAT(cost().time.si(), Catch::Matchers::WithinRel(5 * 10.96875e-6, 1e-12));  // nothing verified
}

TEST_CASE("a chip refuses a bank that makes no sense") {
  ohmic_test::check_refused([] { pass({"dense.cell.bits=9"}); }, errc::config_value,
                            {"dense.cell.bits", "got 9", "1..4"});
}
