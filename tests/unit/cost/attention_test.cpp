// What attention costs beside the computation crossbars, by hand; drafts and batches; what is refused.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/workload.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {

/// A decoder of one layer: 2 heads of width 8 that share one key head, or have their own.
model::network one_layer(std::size_t key_heads = 2, bool rotary = false) {
  program::transformer_shape s;
  s.layers = 1, s.width = 16, s.heads = 2, s.key_heads = key_heads, s.head_width = 8, s.hidden = 32, s.vocabulary = 50;
  s.decoder = true, s.biases = false, s.rotary = rotary;
  model::network n;
  n.id = "one_layer";
  n.transformer = s;
  return n;
}
chip::config<chip::wang2024> settings_with(attention_policy policy, attention_memory memory = attention_memory::rram) {
  auto c = chip::defaults<chip::wang2024>();
  c.attention.policy = policy;
  c.attention.arrays.memory = memory;
  return c;
}
workload work_of_policy(model::network const& n, chip::usage const& u, attention_policy policy,
                        attention_memory memory = attention_memory::rram) {
  return chip::workload_of(n, u, chip::cost_choices(settings_with(policy, memory)));
}
chip_work counted(workload const& w, attention_policy policy, attention_memory memory = attention_memory::rram) {
  auto const c = chip::cost_config(settings_with(policy, memory));
  return work_of(c, resources_for(c, w.prefill, dense_columns(c, w, count_rule::full)), w);
}
cost_report priced(workload const& w, attention_policy policy, attention_memory memory = attention_memory::rram) {
  chip::cost_settings s;
  s.chip = chip::cost_config(settings_with(policy, memory));
  s.choice.prices = price_set::bottom_up;
  return chip::cost_of<chip::wang2024>(w, s);
}
program::sub_operation const& operation_of(program::repeated_program const& p, program::operation what) {
  for (auto const& r : p)
    if (r.op.where.op == what) return r.op;
  FAIL("no such operation");
  return p.front().op;
}

}  // namespace

TEST_CASE("a generated token in digital attention: counts by hand") {
  // Context of 101 tokens, two heads of width 8: 2 x 101 x 8 products for scores, as many for values, 2 x 101 for sums.
  auto const w = work_of_policy(one_layer(), {100, 1, 1}, attention_policy::digital);
  auto const n = counted(w, attention_policy::digital).decode.full;
  CHECK(n.count<"digital_unit", "multiply_add">() == 2 * 101 * (8 + 8 + 1));
  CHECK(n.count<"exp_unit", "exp">() == 2 * 101);
  CHECK(n.count<"cell", "write">() == 0.0);
  // Shared keys are read once for both heads.
  auto const shared =
      counted(work_of_policy(one_layer(1), {100, 1, 1}, attention_policy::digital), attention_policy::digital);
  CHECK(shared.decode.full.count<"digital_unit", "multiply_add">() == 2 * 101 * (8 + 8 + 1));
  auto const report = priced(w, attention_policy::digital);
  double units = 0.0;
  for (auto const& row : report.rows)
    if (row.what == metric::area && row.block == "digital_units") units += row.count;
  CHECK(units == 8192.0);
}

TEST_CASE("a generated token on written arrays: cells, conversions, time by hand") {
  auto const w = work_of_policy(one_layer(), {100, 1, 1}, attention_policy::written_arrays);
  auto const work = counted(w, attention_policy::written_arrays);
  auto const& n = work.decode.full;
  // One key and one value of two heads of width 8, four cells each.
  CHECK(n.count<"cell", "write">() == 2 * 2 * 8 * 4);
  CHECK(work.prefill.full.count<"cell", "write">() == 100 * 2 * 2 * 8 * 4);
  // Scores: 8 passes, 101 keys of four columns, four arrays of 32 keys each with a unit column; values: 7 passes, 8 of four
  // columns, one array of up to 128 tokens.
  CHECK(n.count<"attention_adc", "convert">() == 2 * 8 * (101 * 4 + 4) + 2 * 7 * (8 * 4 + 1));
  CHECK(n.count<"attention_dac", "drive">() == 2 * 8 * 8 * 4 + 2 * 7 * 101);
  CHECK(n.count<"digital_unit", "multiply_add">() == 2 * 101);  // row sums
  auto const& a4 = work.decode.times[static_cast<std::size_t>(program::operation::A4)];
  // A key lies across the eight rows of its array, which are written one after the other; then eight cycles.
  CHECK(a4.stages[static_cast<std::size_t>(stage::writing)] == Approx(8 * 10.96875e-6));
  CHECK(a4.stages[static_cast<std::size_t>(stage::sessions)] == Approx(8 * 100e-9));
  CHECK(a4.stages[static_cast<std::size_t>(stage::converters)] == Approx(8 * 129 / 1.28e9));
  CHECK(a4.total == Approx(8 * 10.96875e-6 + 8 * 129 / 1.28e9));
  auto const& a6 = work.decode.times[static_cast<std::size_t>(program::operation::A6)];
  CHECK(a6.stages[static_cast<std::size_t>(stage::writing)] == Approx(10.96875e-6));  // a value is a row

  auto const r = priced(w, attention_policy::written_arrays);
  CHECK(r.note("attention.arrays") == 2 * (4 + 1));
  CHECK(r.note("attention.cells_written.token") == 128.0);
  CHECK(r.note("attention.lifetime.decode") == Approx(1e12 * 101 * r.latency_s(phase::decode)));
  // A step with four drafts writes five keys, whatever is kept of them; behind a window the same cells come round sooner.
  auto const drafts = priced(work_of_policy(one_layer(), {100, 1, 1, 4, 0.5}, attention_policy::written_arrays),
                             attention_policy::written_arrays);
  CHECK(drafts.note("attention.lifetime.decode") == Approx(1e12 * 101 * drafts.latency_s(phase::decode) / 5));
  auto narrow = one_layer();
  narrow.transformer->window = 32, narrow.transformer->windowed_layers = 1;
  auto const windowed =
      priced(work_of_policy(narrow, {100, 1, 1}, attention_policy::written_arrays), attention_policy::written_arrays);
  CHECK(windowed.note("attention.lifetime.decode") == Approx(1e12 * 32 * windowed.latency_s(phase::decode)));
  CHECK(w.kv_bytes == 0);  // keys and values are in the arrays, nowhere else
  auto const sram =
      priced(work_of_policy(one_layer(), {100, 1, 1}, attention_policy::written_arrays, attention_memory::sram),
             attention_policy::written_arrays, attention_memory::sram);
  CHECK(sram.note("attention.cells_written.token") == 256.0);  // one bit a cell
  CHECK(sram.note("attention.lifetime.decode") == 0.0);        // SRAM does not wear out
  CHECK(sram.latency_s(phase::decode) < r.latency_s(phase::decode));
}

TEST_CASE("decomposed attention: queries go to the layer's input, which the cache keeps") {
  auto const w = work_of_policy(one_layer(), {100, 1, 1}, attention_policy::decomposed);
  auto const& taken = operation_of(w.segments.front().first, program::operation::A2);
  CHECK(taken.shape == product_shape{1, 8, 16});
  CHECK(taken.repeats == 2);
  auto const& scores = operation_of(w.segments.front().first, program::operation::A4);
  CHECK(scores.shape == product_shape{2, 16, 101});  // both heads meet the same input
  CHECK(scores.repeats == 1);
  CHECK(w.kv_bytes == 101 * (16 + 16));
  // Queries that share keys: the input is as wide, the keys that it stands for are not.
  CHECK(work_of_policy(one_layer(1), {100, 1, 1}, attention_policy::decomposed).kv_bytes == 101 * (16 + 8));
  CHECK(work_of_policy(one_layer(1), {100, 1, 1}, attention_policy::shared_array).kv_bytes == 101 * (8 + 8));
  try {
    static_cast<void>(work_of_policy(model::find_network("llama_7b"), {100, 1, 1}, attention_policy::decomposed));
    FAIL("accepted");
  } catch (error const& e) {
    CHECK(e.code() == errc::config_conflict);
    CHECK(std::string(e.what()).find("rotat") != std::string::npos);
  }
}

TEST_CASE("segments of a generation add up to its steps, whatever the policy") {
  for (auto policy : {attention_policy::shared_array, attention_policy::written_arrays, attention_policy::decomposed,
                      attention_policy::digital})
    for (std::size_t drafted : {0u, 2u}) {
      std::size_t const tokens = 90, decode = 150;
      auto const n = one_layer();
      auto const all = counted(work_of_policy(n, {tokens, decode, 1, drafted, 1.0}, policy), policy).decode.full;
      mean_counts<cost_actions> one_by_one;
      for (std::size_t i = 0; i < decode; ++i)
        one_by_one.add(counted(work_of_policy(n, {tokens + i, 1, 1, drafted, 1.0}, policy), policy).decode.full,
                       1.0 / static_cast<double>(decode));
      for (std::size_t a = 0; a < all.counts.size(); ++a) {
        CAPTURE(static_cast<int>(policy), drafted, a);
        CHECK(all.counts[a] == Approx(one_by_one.counts[a]).epsilon(1e-12));
      }
    }
}

TEST_CASE("tokens that a step of drafts adds") {
  CHECK(chip::accepted_tokens(0, 0.3) == 1.0);
  CHECK(chip::accepted_tokens(4, 1.0) == 5.0);
  CHECK(chip::accepted_tokens(4, 0.0) == 1.0);
  CHECK(chip::accepted_tokens(3, 0.8) == Approx((1.0 - std::pow(0.8, 4)) / (1.0 - 0.8)));
}

TEST_CASE("drafts and batches share reads of the weights and idle column pairs, and say what a step takes") {
  auto const n = one_layer();
  auto const at = [&](std::size_t batch, std::size_t drafted, double acceptance) {
    return counted(work_of_policy(n, {100, 1, batch, drafted, acceptance}, attention_policy::digital),
                   attention_policy::digital)
        .decode;
  };
  auto const alone = at(1, 0, 1.0), drafts = at(1, 3, 1.0), batch = at(4, 0, 1.0), wrong = at(1, 3, 0.0);
  auto const accesses = [](phase_work const& w) { return w.full.count<"dense_bank", "column_access">(); };
  auto const drives = [](phase_work const& w) { return w.layers.count<"dac", "drive">(); };
  // Four tokens a step, by one read of the weights and one drive of the DACs: three of 64 column pairs were idle.
  CHECK(accesses(drafts) == Approx(accesses(alone) / 4.0));
  CHECK(drives(drafts) == Approx(drives(alone) / 4.0));
  CHECK(accesses(batch) == Approx(accesses(alone) / 4.0));
  // Conversions are of every token; drafts that are all wrong cost those of four tokens for one.
  CHECK(drafts.layers.count<"adc", "convert">() == Approx(alone.layers.count<"adc", "convert">()));
  CHECK(wrong.layers.count<"adc", "convert">() == Approx(4.0 * alone.layers.count<"adc", "convert">()));
  CHECK(accesses(wrong) == Approx(accesses(alone)));
  CHECK(drafts.latency() < 4.0 * alone.latency());
  // All logits are needed, so that each draft can be checked.
  auto const w = work_of_policy(n, {100, 1, 2, 3, 0.5}, attention_policy::shared_array);
  CHECK(operation_of(w.segments.front().first, program::operation::classifier).shape == product_shape{8, 16, 50});
  CHECK(w.tokens_per_step() == Approx(2.0 * 1.875));
  CHECK(priced(w, attention_policy::shared_array).note("tokens_per_step") == Approx(3.75));
  CHECK_THROWS_AS(work_of_policy(n, {100, 1, 1, 2, 1.5}, attention_policy::digital), error);
  CHECK_THROWS_AS(work_of_policy(n, {100, 1, 1, 5000, 0.5}, attention_policy::digital), error);
}

TEST_CASE("a window bounds what is written and read") {
  auto n = one_layer();
  n.transformer->window = 32;
  n.transformer->windowed_layers = 1;
  auto const w = work_of_policy(n, {100, 1, 1}, attention_policy::written_arrays);
  auto const work = counted(w, attention_policy::written_arrays);
  CHECK(operation_of(w.segments.front().first, program::operation::A4).shape == product_shape{1, 8, 32});
  CHECK(work.decode.full.count<"cell", "write">() == 2 * 2 * 8 * 4);
  CHECK(work.prefill.full.count<"cell", "write">() == 100 * 2 * 2 * 8 * 4);  // every token once
}

TEST_CASE("settings of attention units are checked by name") {
  for (auto change :
       {+[](attention_unit_config& c) { c.endurance = 0.0; }, +[](attention_unit_config& c) { c.rows = 0; },
        +[](attention_unit_config& c) { c.cell_bits = 3; }, +[](attention_unit_config& c) { c.digital_rate = -1.0; },
        +[](attention_unit_config& c) { c.columns = 3; }}) {
    attention_unit_config c;
    change(c);
    try {
      attention_unit_config::validate(c);
      FAIL("accepted");
    } catch (error const& e) { CHECK(e.info().where.find("cost.attention.") == 0); }
  }
}
