// Devices under whole models on conventional chips: noise, drift and curves; settings and specs; what they take in time.
#include <cmath>
#include <string>
#include <vector>

#include "ohmic/chip/idle.hpp"
#include "ohmic/chip/in_situ_cost.hpp"
#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/sentence_encoder.hpp"
#include "small_chip.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/tiny_models.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
namespace program = ohmic::program;

namespace {

using settings_text = std::vector<std::string>;

template <class Spec>
chip::config<Spec> device_settings(settings_text const& changes) {
  auto c = chip::defaults<Spec>();
  for (auto const& s : changes) ohmic::assign(c, s);
  return c;
}

/// Every kind of error at once: writing, age, noise of reads, cells that are stuck, a finite range.
settings_text const worn = {"cell.device=pcm_nandakumar", "cell.r_on=40 kohm", "cell.retention.age=1e5 s",
                            "cell.retention.compensation=global", "cell.faults.stuck_low=0.01"};

template <class Spec, class Model>
std::string difference_on(Model const& m, chip::token_lists const& texts, settings_text const& changes) {
  ohmic::executor threads(1);
  ohmic::model::fp32_weights const weights(ohmic::model::sites_of(m).sites(),
                                           [&](auto const& f) { for_each_projection(m, f); });
  auto const values = chip::calibrated_values(m, weights, texts, threads);
  auto const on = chip::deploy(m, device_settings<Spec>(changes), values, texts, threads);
  std::string all;
  for (auto const& text : texts) {
    chip::engine<Spec> e(on, chip::product_mode::convert, threads);
    static_cast<void>(forward(e, m, text));
    auto const plan = program::plan(
        program_of(m, text.size(), on.choices()), [&](auto const& op) { return on.planned(op); }, on.names());
    all += ohmic::difference(plan, e.report().actions(on.names()));
  }
  return all;
}

/// Converters with errors and noise, written until they verify.
settings_text const odd_converters = {
    "converter.kind=sar",  "converter.mismatch=0.02",     "converter.offset=0.005", "converter.noise=0.002",
    "converter.gain=1000", "cell.programming_error=0.05", "cell.write.max_tries=4", "cell.write.tolerance=0.03"};

template <class Spec>
void check_on_all_models() {
  for (auto const& changes : {settings_text{}, worn, odd_converters}) {
    INFO(Spec::name << ", " << changes.size() << " changes");
    CHECK(difference_on<Spec>(small_bert(), small_texts(small_bert_sizes(), 3, 5), changes) == "");
    CHECK(difference_on<Spec>(tiny_gpt2(), tiny_texts(1), changes) == "");
    CHECK(difference_on<Spec>(tiny_sentence_encoder(), tiny_texts(1), changes) == "");
  }
}

/// The same chip as a spec and as settings of multi_bit.
struct static_chip : chip::in_situ_chip {
  static constexpr char const* name = "static_chip";
  template <class Config>
  static void configure(Config& c) {
    c.array = {20, 30};
    c.weights = {ohmic::in_situ::mapping::offset_unit_column, 8, {3, 5}, ohmic::in_situ::pair_reading::apart, false};
    c.inputs = {ohmic::in_situ::code_coding::twos_complement, 2, ohmic::in_situ::input_passes::one};
    c.adc.bits = 7;
    c.cell.read_noise = 0.01;
    c.cell.programming_error = 0.02;
    c.noise.seed = 5;
  }
};

template <class Spec>
std::vector<std::uint32_t> logits_on(chip::deployed<Spec> const& on, ohmic::model::bert const& m,
                                     std::uint32_t text = 0) {
  chip::engine<Spec> e(on, chip::product_mode::convert, serial(), nullptr, nullptr, text);
  std::vector<std::int32_t> const ids{1, 2, 3, 4, 5, 6};
  return bits_of(ohmic::model::classify(e, m, ids));
}

}  // namespace

TEST_CASE(
    "the plan predicts conventional chips on every family of models, also with devices that fail, age and fluctuate") {
  check_on_all_models<chip::isaac>();
  check_on_all_models<chip::multi_bit>();
  check_on_all_models<chip::single_bit>();
}

TEST_CASE("noise of reads differs from text to text and seed to seed, not from run to run or by threads") {
  small_model const f;
  settings_text const noisy = {"cell.read_noise=0.02"};
  auto other = noisy;
  other.push_back("noise.seed=2");
  auto const on = f.on<chip::multi_bit>(device_settings<chip::multi_bit>(noisy));
  CHECK(logits_on(on, f.m) == logits_on(on, f.m));
  CHECK(logits_on(on, f.m, 1) != logits_on(on, f.m));
  CHECK(logits_on(f.on<chip::multi_bit>(device_settings<chip::multi_bit>(other)), f.m) != logits_on(on, f.m));
  CHECK(logits_on(f.on<chip::multi_bit>(device_settings<chip::multi_bit>({})), f.m) != logits_on(on, f.m));
  auto const texts = small_texts(f.m.config, 9, 3);
  auto const task = classification(texts);
  std::vector<classifier_outcome> found;
  for (unsigned n : {1u, 3u}) {
    ohmic::executor threads(n);
    std::vector<classifier_contestant> contestants;
    contestants.emplace_back(on, chip::product_mode::convert);
    static_cast<void>(chip::evaluate(f.m, f.weights, task, contestants, threads));
    found.push_back(contestants[0].finish());
  }
  for (std::size_t i = 0; i < found[0].quality.size(); ++i)
    CHECK(found[0].quality[i].noise == found[1].quality[i].noise);
}

namespace {
/// What a column sees of a cell, from its three bytes.
template <class Operand>
std::uint32_t seen_at(Operand const& y, std::size_t o, std::size_t k) {
  std::uint8_t const* const bytes = y.fixed(0, 0, o / ohmic::output_block);
  REQUIRE(bytes != nullptr);
  std::uint32_t steps = 0;
  for (std::size_t b = 0; b < 3; ++b)
    steps |= std::uint32_t{bytes[((k / 4 * 3 + b) * ohmic::output_block + o % ohmic::output_block) * 4 + k % 4]}
             << 8 * b;
  return steps;
}
}  // namespace

TEST_CASE("equal layers have cells of their own: errors of writing, faults and drift differ") {
  auto m = small_bert();
  m.layers[1] = m.layers[0];
  small_model const f(m);
  for (std::string change : {"cell.programming_error=0.05", "cell.faults.stuck_high=0.1"}) {
    INFO(change);
    auto const on = f.on<chip::multi_bit>(device_settings<chip::multi_bit>({change}));
    auto const& a = on.matrix_at({1, program::operation::A1}).operand;
    auto const& b = on.matrix_at({2, program::operation::A1}).operand;
    std::size_t equal = 0, all = 24 * 24;
    for (std::size_t o = 0; o < 24; ++o)
      for (std::size_t k = 0; k < 24; ++k) {
        REQUIRE(a.code(o, k) == b.code(o, k));
        equal += seen_at(a, o, k) == seen_at(b, o, k);
      }
    // Cells that conduct nothing cannot fall further, and cells that are stuck are few.
    CHECK(equal < (change.find("stuck") == change.npos ? all * 3 / 4 : all * 95 / 100));
  }
}

TEST_CASE("a chip as a spec and the same chip as settings of another give the same numbers") {
  small_model const f;
  auto const as_spec = f.on<static_chip>(chip::defaults<static_chip>());
  auto const as_settings = f.on<chip::multi_bit>(device_settings<chip::multi_bit>(
      {"array.rows=20", "array.columns=30", "weights.mapping=offset_unit_column", "weights.slices=3,5",
       "inputs.coding=twos_complement", "inputs.slice_bits=2", "adc.bits=7", "cell.read_noise=0.01",
       "cell.programming_error=0.02", "noise.seed=5"}));
  for (std::uint32_t text : {0u, 1u}) CHECK(logits_on(as_spec, f.m, text) == logits_on(as_settings, f.m, text));
  CHECK(as_spec.calibrated().full_scales == as_settings.calibrated().full_scales);
  CHECK(as_spec.weight_arrays() == as_settings.weight_arrays());
}

TEST_CASE("factors against drift bring back a model that has drifted evenly") {
  small_model const f;
  auto const error = [&](settings_text const& changes) {
    auto const on = f.on<chip::multi_bit>(device_settings<chip::multi_bit>(changes));
    chip::error_power power;
    for (auto const& ids : small_texts(f.m.config, 4, 9))
      power.add(chip_pass<chip::multi_bit>(on, f.m, ids, chip::product_mode::exact).logits,
                chip_pass<chip::multi_bit>(on, f.m, ids, chip::product_mode::convert).logits);
    return power.noise;
  };
  settings_text const drift = {"cell.retention.age=1e6 s", "cell.retention.exponent=0.05"};
  double const drifted = error(drift);
  for (std::string kind : {"global", "per_column", "exact"}) {
    auto with = drift;
    with.push_back("cell.retention.compensation=" + kind);
    CHECK(error(with) < 0.1 * drifted);
  }
}

TEST_CASE("a curve of cells is nothing to chips that drive bits, and something to chips that drive levels") {
  small_model const f;
  settings_text const bent = {"cell.curve.scale=0.1 V"};
  CHECK(logits_on(f.on<chip::isaac>(device_settings<chip::isaac>(bent)), f.m) ==
        logits_on(f.on<chip::isaac>(device_settings<chip::isaac>({})), f.m));
  CHECK(logits_on(f.on<chip::multi_bit>(device_settings<chip::multi_bit>(bent)), f.m) !=
        logits_on(f.on<chip::multi_bit>(device_settings<chip::multi_bit>({})), f.m));
}

TEST_CASE(
    "the time of a product is that of its cycles, or of its converters, and agrees with the plan and with ohmic cost") {
  auto const c = chip::defaults<chip::isaac>();
  ohmic::in_situ::code_layout const layout{c.array, c.weights, c.inputs};
  program::sub_operation op{{1, program::operation::A1}, ohmic::operand_source::weights, {10, 256, 70}, 8 * 4};
  auto const t = chip::duration_of(c, op);
  // Eight cycles of 100 ns a vector, as `ohmic cost` has it; the unit column makes 129 conversions of it.
  CHECK(std::fabs(t.stages[0] - 10 * chip::isaac::input_bits * chip::isaac::cycle.si()) < 1e-15);
  CHECK(std::fabs(t.product() / t.stages[0] - 129.0 / 128.0) < 1e-12);
  CHECK(t.writing == 0.0);
  auto const planned = ohmic::in_situ::planned_product(layout, op.digits, true, op.shape, op.source);
  std::uint64_t const cycles = planned.count<"in_situ_array", "cycle">(), arrays = 2 * 3;
  CHECK(std::fabs(t.stages[0] - static_cast<double>(cycles / arrays) * 100e-9) < 1e-15);
  // One 8-bit DAC cycle a vector for pairs of 7 bits: 100 ns, as Wang et al. have it.
  auto const multi = chip::defaults<chip::multi_bit>();
  op.digits = 1;
  CHECK(std::fabs(chip::duration_of(multi, op).product() - 10 * 100e-9) < 1e-15);
  // K of four heads, ten tokens of 32: written row by row, heads side by side.
  program::sub_operation const scores{
      {1, program::operation::A4}, ohmic::operand_source::activations, {10, 32, 10}, 1, 4};
  CHECK(std::fabs(chip::duration_of(multi, scores).writing - 32 * 10.96875e-6) < 1e-12);
  chip::in_situ_schedule s;
  s.add(multi, {op, scores, scores}, 3);
  CHECK(s.attention_arrays == 2 * 4);
  ohmic::cost_report report;
  s.add_rows(report);
  CHECK(std::fabs(report.latency_s(ohmic::phase::prefill) - 3 * (10 * 100e-9 + 2 * (32 * 10.96875e-6 + 10 * 100e-9))) <
        1e-12);
}

TEST_CASE("converters with errors are those of their array in every text, and differ from chip to chip") {
  small_model const f;
  settings_text const errors = {"converter.kind=ramp", "converter.mismatch=0.1", "converter.offset=0.01"};
  auto with = [&](std::string const& more) {
    auto all = errors;
    all.push_back(more);
    return f.on<chip::isaac>(device_settings<chip::isaac>(all));
  };
  auto const on = with("noise.seed=1");
  CHECK(logits_on(on, f.m, 0) == logits_on(on, f.m, 5));
  CHECK(logits_on(with("noise.seed=2"), f.m) != logits_on(on, f.m));
  CHECK(logits_on(with("converter.columns=129"), f.m) != logits_on(on, f.m));
  auto const noisy = with("converter.noise=0.01");
  CHECK(logits_on(noisy, f.m, 0) != logits_on(noisy, f.m, 5));
  CHECK(logits_on(noisy, f.m, 5) == logits_on(noisy, f.m, 5));
  // Without errors the bits of the chip as it is, whatever the kind.
  auto const ideal = f.on<chip::multi_bit>(device_settings<chip::multi_bit>({}));
  for (std::string kind : {"sar", "flash", "ramp"})
    CHECK(logits_on(f.on<chip::multi_bit>(device_settings<chip::multi_bit>({"converter.kind=" + kind})), f.m) ==
          logits_on(ideal, f.m));
}

TEST_CASE("tries of K and V are counted and priced, row by row until the slowest cell verifies") {
  small_model const f;
  settings_text const tried = {"cell.programming_error=0.05", "cell.write.max_tries=6", "cell.write.tolerance=0.02",
                               "cell.write.pulse=1e-7 s"};
  auto const c = device_settings<chip::multi_bit>(tried);
  auto const on = f.on<chip::multi_bit>(c);
  chip::engine<chip::multi_bit> e(on, chip::product_mode::convert, serial());
  std::vector<std::int32_t> const ids{1, 2, 3, 4, 5, 6};
  static_cast<void>(ohmic::model::classify(e, f.m, ids));
  std::uint64_t writes = 0;
  chip::in_situ_schedule schedule;
  schedule.add(c, program_of(f.m, ids.size(), on.choices()));
  double planned = 0.0, counted = 0.0;
  for (auto const& o : schedule.operations) planned += o.writing_s;
  for (std::size_t i = 0; i < e.report().sites.size(); ++i) {
    writes += e.report().sites[i].actions.count<"cell", "write">();
    schedule.see(c, static_cast<program::operation>(i % program::operation_count), e.report().sites[i].written);
  }
  for (auto const& o : schedule.operations) counted += o.writing_s;
  auto const w = schedule.written();
  CHECK(w.all.cells == writes);  // pairs have no unit columns
  CHECK(w.all.tries > w.all.cells);
  CHECK(w.rounds > w.rows);
  // A try is 100 ns, and so is a read: 128 columns at 1.28 GS/s. Until arrays are written, a plan knows of no verification.
  CHECK(planned == Approx(static_cast<double>(w.rows) * 100e-9).epsilon(1e-12));
  CHECK(counted == Approx(static_cast<double>(w.rounds) * 200e-9).epsilon(1e-12));
  chip::run_tally all;
  for (auto const& site : e.report().sites) all += site.actions;
  auto const report = chip::in_situ_cost("multi_bit", c, all, 1, schedule);
  double of_writes = 0.0, of_more = 0.0, verified = 0.0;
  for (auto const& row : report.rows) {
    if (row.what != ohmic::metric::dynamic_energy) continue;
    if (row.part == "cell.write") of_writes = row.total;
    if (row.part == "cell.rewrite") of_more = row.total;
    if (row.part == "cell.verify") verified = row.total;
  }
  CHECK((of_writes + of_more) / of_writes ==
        Approx(static_cast<double>(w.all.tries) / static_cast<double>(w.all.cells)).epsilon(1e-12));
  CHECK(verified > static_cast<double>(w.all.tries) * 1e-12);  // a conversion each
  CHECK(chip::in_situ_writing(c, w).time.si() == Approx(counted).epsilon(1e-12));
  // Weights: all arrays side by side.
  auto const& weights = on.weight_writing();
  CHECK(weights.all.tries > weights.all.cells);
  CHECK(weights.rows <= 128);
}

TEST_CASE("settings of a chip that do nothing are found") {
  auto const keys = [](settings_text const& changes) {
    std::string all;
    auto const c = device_settings<chip::isaac>(changes);
    for (auto const& i : chip::idle_settings(c)) {
      all += std::string(i.key) + " ";
      CHECK(ohmic::print(c).find(i.key) != std::string::npos);  // it has such a key
    }
    return all;
  };
  auto const plain = keys({});
  for (std::string key :
       {"range.sigmas", "cell.write.max_tries", "cell.retention.compensation", "cell.curve.read", "softmax.entries",
        "softmax.full_scale", "norm.root_bits", "activation.range", "activation.fraction_bits"})
    CHECK(plain.find(key) != plain.npos);
  auto const busy = keys({"range.rule=mean_sigma", "cell.programming_error=0.01", "cell.write.max_tries=3"});
  for (std::string key :
       {"range.sigmas", "cell.write.max_tries", "cell.write.tolerance", "cell.retention.compensation"})
    CHECK(busy.find(key) == busy.npos);
  auto const units = keys({"softmax.exponential=table", "norm.root=integer", "activation.kind=integer"});
  for (std::string key : {"softmax.entries", "norm.root_bits", "activation.fraction_bits"})
    CHECK(units.find(key) == units.npos);
  CHECK(units.find("softmax.fraction_bits") != units.npos);
  auto const on_dense = [](settings_text const& changes) {
    std::string all;
    auto const c = device_settings<chip::wang2024>(changes);
    for (auto const& i : chip::idle_settings(c)) {
      all += std::string(i.key) + " ";
      CHECK(ohmic::print(c).find(i.key) != std::string::npos);  // it has such a key
    }
    return all;
  };
  CHECK(on_dense({}).find("attention.arrays.adc_bits") != plain.npos);
  auto const untouched = on_dense({});
  for (auto const& key : ohmic::keys(chip::defaults<chip::wang2024>()))
    if (key.starts_with("attention.arrays.")) CHECK(untouched.find(key + " ") != untouched.npos);
  for (std::string key :
       {"dense.cell.max_pulses", "dense.cell.tolerance", "dense.cell.rtn_base", "dense.cell.drift_exponent",
        "dense.rereads", "dense.refresh_interval", "dense.age", "dense.levels", "dense.weights", "dense.columns",
        "noise.rtn_share", "noise.arrays", "noise.resistor", "noise.seed"})
    CHECK(untouched.find(key) != untouched.npos);
  auto const erring =
      on_dense({"dense.cell.programming_error=0.1", "dense.cell.max_pulses=4", "dense.cell.rtn_multiple=1",
                "dense.cell.drift_exponent=0.1", "dense.protection=secded", "dense.age=100 s",
                "dense.refresh_interval=10 s", "noise.rtn=0.1", "noise.mismatch=0.1", "noise.word_segment=1 ohm"});
  CHECK(erring.find("dense.") == erring.npos);
  CHECK(erring.find("noise.") == erring.npos);
  CHECK(on_dense({"dense.cell.rtn_multiple=1"}).find("noise.seed") == plain.npos);
  CHECK(plain.find("noise.seed") != plain.npos);
  CHECK(busy.find("noise.seed") == busy.npos);
  CHECK(on_dense({"softmax.max=none", "softmax.full_scale=3"}).find("softmax.quantile") != plain.npos);
  CHECK(on_dense({"softmax.max=none"}).find("softmax.quantile") == plain.npos);
  CHECK(on_dense({"softmax.max=none", "softmax.rule=largest"}).find("softmax.quantile ") != plain.npos);
  // What a bank is priced by is not idle, and its age is read where it drifts or is refreshed.
  for (std::string key : {"dense.protection ", "dense.cell.bits "}) CHECK(untouched.find(key) == plain.npos);
  settings_text const aged = {"dense.cell.read_noise=0.1", "dense.age=100 s"};
  CHECK(on_dense(aged).find("dense.age ") != plain.npos);
  CHECK(on_dense(aged).find("dense.levels ") == plain.npos);
  for (char const* more : {"dense.cell.drift_exponent=0.1", "dense.refresh_interval=10 s"})
    CHECK(on_dense({aged[0], aged[1], more}).find("dense.age ") == plain.npos);
  CHECK(on_dense({"dense.cell.drift_exponent=0.1", "dense.age=0.5 s"}).find("dense.age ") != plain.npos);
  // Conductances of ideal cells are shares of their range.
  CHECK(plain.find("cell.r_on ") != plain.npos);
  for (char const* more : {"cell.r_off=1e6 ohm", "cell.read_noise=0.1", "wires.word_segment=1 ohm"})
    CHECK(keys({more}).find("cell.r_on ") == plain.npos);
  CHECK(keys({"converter.kind=sar", "converter.columns=8"}).find("converter.columns") == plain.npos);  // fewer, slower
}

TEST_CASE("settings of arrays for keys and values that do nothing are those of cells that do nothing") {
  auto const idle = [](settings_text const& changes) {
    auto c = device_settings<chip::wang2024>(changes);
    c.attention.policy = ohmic::attention_policy::written_arrays;
    std::string all = " ";
    for (auto const& i : chip::idle_settings(c))
      if (i.key.starts_with("attention.")) {
        all += i.key + " ";
        CHECK(ohmic::print(c).find(i.key + "=") != std::string::npos);
        for (std::string const& word : {std::string(" cell."), std::string("; cell.")})
          CHECK((" " + i.why).find(word) == std::string::npos);  // keys as this chip has them
      }
    return all;
  };
  std::string const cell = "attention.arrays.cell.";
  auto const has = [&](std::string const& all, std::string const& key) {
    return all.find(" " + cell + key + " ") != std::string::npos;
  };
  auto const plain = idle({});
  for (char const* key : {"write.tolerance", "write.max_tries", "write.pulse", "retention.compensation",
                          "retention.reference", "temperature.activation_eV", "curve.read", "r_on"}) {
    INFO(key);
    CHECK(has(plain, key));
  }
  for (char const* key : {"r_off", "levels", "device", "programming_error", "read_noise", "faults.stuck_low"}) {
    INFO(key);
    CHECK(!has(plain, key));
  }
  auto const erring = idle({cell + "programming_error=0.1", cell + "write.max_tries=3", cell + "temperature.at=350 K",
                            cell + "curve.scale=1 V", "attention.arrays.input_bits=2"});
  for (char const* key : {"write.tolerance", "write.max_tries", "temperature.activation_eV", "curve.read", "r_on"}) {
    INFO(key);
    CHECK(!has(erring, key));
  }
  CHECK(has(idle({cell + "curve.scale=1 V"}), "curve.scale"));  // a bit at a time
  CHECK(has(idle({cell + "retention.age=60 s", cell + "retention.exponent=0.1"}), "retention.exponent"));
}

TEST_CASE("counted energies of an array of isaac are the published ones of its MACs") {
  // A whole array, one vector: ADC and DAC energy of 128 x 32 MACs, but for the conversions of the unit column.
  auto const c = chip::defaults<chip::isaac>();
  chip::run_tally counted;
  counted += ohmic::in_situ::planned_product({c.array, c.weights, c.inputs}, 8 * 4, true, {1, 128, 32},
                                             ohmic::operand_source::weights);
  auto const report = chip::in_situ_cost("isaac", c, counted, 1);
  double adc = 0.0, dac = 0.0;
  for (auto const& row : report.rows) {
    if (row.what != ohmic::metric::dynamic_energy) continue;
    if (row.part == "adc.convert") adc += row.total;
    if (row.part == "dac.drive") dac += row.total;
  }
  double const published = 128.0 * 32.0 * chip::isaac::mac_energy(chip::published_prices()).value.si();
  CHECK(adc > 0.0);
  CHECK(dac > 0.0);
  CHECK(std::fabs((adc * 128.0 / 129.0 + dac) / published - 1.0) < 1e-12);
}
