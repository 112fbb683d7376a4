// Conventional chips under whole models: the plan, INT8 where converters lose nothing, settings, chips of the user's own.
#include <string>
#include <vector>

#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/sentence_encoder.hpp"
#include "small_chip.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/levels_adc.hpp"
#include "support/tiny_models.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
namespace program = ohmic::program;

namespace {

/// A chip of the user's own: whole weights in offset cells, two bits on the rows, a converter of another kind.
struct offset_chip : chip::in_situ_chip {
  static constexpr char const* name = "offset_chip";
  using adc = levels_adc;
  template <class Config>
  static void configure(Config& c) {
    c.weights.mapping = ohmic::in_situ::mapping::offset;
    c.weights.slices = {8};
    c.inputs.slice_bits = 2;
    c.adc.levels = 4000;
  }
};

/// The chip of chip/README.md.
struct documented_chip : chip::in_situ_chip {
  static constexpr char const* name = "my_isaac";
  template <class Config>
  static void configure(Config& c) {
    c.array = {64, 256};
    c.weights = {ohmic::in_situ::mapping::differential, 8, {3, 4}, ohmic::in_situ::pair_reading::difference, false};
    c.adc.bits = 7;
  }
};

template <class Spec>
chip::config<Spec> with(std::vector<std::string> const& changes) {
  auto c = chip::defaults<Spec>();
  for (auto const& s : changes) ohmic::assign(c, s);
  return c;
}

template <class Spec>
ohmic::ledger planned_on(chip::deployed<Spec> const& on, std::vector<program::sub_operation> const& ops) {
  return program::plan(
      ops, [&](auto const& op) { return on.planned(op); }, on.names());
}

using changes = std::vector<std::string>;
/// The chip's own size; tiles with remainders of the inner sizes 24 and 40; weights of a row that do not divide the
/// outputs; bias rows; other widths.
std::vector<changes> const cases{{},
                                 {"array.rows=10", "array.columns=90"},
                                 {"array.rows=7", "array.columns=33", "coding.bias=rows"},
                                 {"coding.activation_bits=10", "softmax.exp_bits=12"},
                                 {"coding.activation_bits=5", "coding.scales=per_token", "norm.variance=moments"}};

template <class Spec>
void check_in_situ_plans(small_model const& f) {
  for (auto const& c : cases) {
    auto const on = f.on<Spec>(with<Spec>(c));
    for (std::size_t tokens : {1u, 5u, 16u})
      for (auto mode : {chip::product_mode::convert, chip::product_mode::exact}) {
        INFO(Spec::name << ", " << (c.empty() ? "" : c.front()) << ", tokens " << tokens);
        std::vector<std::int32_t> const ids(tokens, 7);
        chip_pass<Spec> const pass(on, f.m, ids, mode);
        auto const plan = planned_on(on, program::encoder_program(ohmic::model::shape_of(f.m, tokens), on.choices()));
        CHECK(ohmic::difference(plan, pass.report.actions(on.names())) == "");
        CHECK(plan.total("cell", "write") > 0);
        CHECK(plan.count("layer.0.A1", "cell", "write") == 0);
      }
  }
}

template <class Spec, class Model>
std::string pre_norm_difference(Model const& m) {
  ohmic::executor threads(1);
  ohmic::model::fp32_weights const weights(ohmic::model::sites_of(m).sites(),
                                           [&](auto const& f) { for_each_projection(m, f); });
  auto const values = chip::calibrated_values(m, weights, tiny_texts(1), threads);
  auto const on = chip::deploy(m, chip::defaults<Spec>(), values, tiny_texts(1), threads);
  std::string all;
  for (auto const& text : tiny_texts(2)) {
    chip::engine<Spec> e(on, chip::product_mode::convert, threads);
    static_cast<void>(forward(e, m, text));
    all += ohmic::difference(planned_on(on, program_of(m, text.size(), on.choices())), e.report().actions(on.names()));
  }
  return all;
}

}  // namespace

TEST_CASE("the plan predicts every action of conventional chips") {
  small_model const f;
  check_in_situ_plans<chip::isaac>(f);
  check_in_situ_plans<chip::multi_bit>(f);
  check_in_situ_plans<chip::single_bit>(f);
  check_in_situ_plans<offset_chip>(f);
  check_in_situ_plans<documented_chip>(f);
}

TEST_CASE("the plan predicts conventional chips under decoders and averaging encoders") {
  CHECK(pre_norm_difference<chip::isaac>(tiny_gpt2()) == "");
  CHECK(pre_norm_difference<chip::multi_bit>(tiny_gpt2()) == "");
  CHECK(pre_norm_difference<chip::single_bit>(tiny_sentence_encoder()) == "");
}

TEST_CASE("isaac computes what INT8 computes, bit for bit: its converters read every current") {
  small_model const f;
  auto const on = f.on<chip::isaac>(chip::defaults<chip::isaac>());
  auto lossless = chip::defaults<chip::wang2024>();
  lossless.adc.lossless = true;
  auto const int8 = f.on<chip::wang2024>(lossless);
  CHECK(on.array().lossless());
  // The same ranges given by hand keep the collapse away: every column is converted, and reads the same.
  auto by_hand = with<chip::isaac>({"range.rule=user"});
  by_hand.range.user.assign(64, 255.0);
  auto const converted = f.on<chip::isaac>(by_hand);
  CHECK(!converted.array().lossless());
  for (auto const& ids : small_texts(f.m.config, 4, 23)) {
    chip_pass<chip::isaac> const a(on, f.m, ids, chip::product_mode::convert);
    chip_pass<chip::isaac> const b(converted, f.m, ids, chip::product_mode::convert);
    chip_pass<chip::wang2024> const c(int8, f.m, ids, chip::product_mode::exact);
    CHECK(bits_of(a.logits) == bits_of(c.logits));
    CHECK(bits_of(b.logits) == bits_of(c.logits));
    CHECK(report_difference(a.report, b.report, on.names()) == "");
  }
}

TEST_CASE("fewer bits of the converters cost conventional chips accuracy") {
  small_model const f;
  auto const noise = [&]<class Spec>(changes const& c) {
    auto const on = f.on<Spec>(with<Spec>(c));
    chip::error_power power;
    for (auto const& ids : small_texts(f.m.config, 6, 41))
      power.add(chip_pass<Spec>(on, f.m, ids, chip::product_mode::exact).logits,
                chip_pass<Spec>(on, f.m, ids, chip::product_mode::convert).logits);
    return power.noise;
  };
  // A bit is worth a factor of 4: three bits 64, of which a sixth must be seen.
  CHECK(noise.template operator()<chip::multi_bit>({"adc.bits=5"}) >
        10.0 * noise.template operator()<chip::multi_bit>({"adc.bits=8"}));
  CHECK(noise.template operator()<chip::single_bit>({"adc.bits=5"}) >
        10.0 * noise.template operator()<chip::single_bit>({"adc.bits=8"}));
  CHECK(noise.template operator()<chip::isaac>({"adc.bits=4"}) > 0.0);
}

TEST_CASE("a conventional chip from a calibration that was kept gives the same bits") {
  small_model const f;
  auto const first = f.on<chip::multi_bit>(chip::defaults<chip::multi_bit>());
  auto const again = chip::deploy(f.m, chip::defaults<chip::multi_bit>(), first.calibrated());
  std::vector<std::int32_t> const ids{5, 4, 3, 2};
  CHECK(bits_of(chip_pass<chip::multi_bit>(first, f.m, ids, chip::product_mode::convert).logits) ==
        bits_of(chip_pass<chip::multi_bit>(again, f.m, ids, chip::product_mode::convert).logits));
}

TEST_CASE("cells that are not ideal belong to the seed, and calibration does not see them") {
  small_model const f;
  std::vector<std::int32_t> const ids{1, 2, 3, 4, 5, 6};
  auto const logits = [&](changes const& c, std::uint32_t text = 0) {
    auto const on = f.on<chip::multi_bit>(with<chip::multi_bit>(c));
    chip::engine<chip::multi_bit> e(on, chip::product_mode::convert, serial(), nullptr, nullptr, text);
    return bits_of(ohmic::model::classify(e, f.m, ids));
  };
  changes const errors{"cell.r_on=50e3 ohm", "cell.r_off=1e6 ohm", "cell.device=rram_wan"};
  auto other = errors, wired = errors;
  other.push_back("noise.seed=2");
  wired.push_back("wires.bit_segment=20 ohm");
  CHECK(logits(errors) == logits(errors));
  CHECK(logits(errors) != logits({}));
  CHECK(logits(errors) != logits(other));
  CHECK(logits(errors) != logits(wired));
  CHECK(logits(errors) != logits(errors, 1));  // K and V are written again for every text
  auto const ideal = f.on<chip::multi_bit>(with<chip::multi_bit>({})),
             real = f.on<chip::multi_bit>(with<chip::multi_bit>(errors));
  CHECK(ideal.calibrated().full_scales == real.calibrated().full_scales);
}

TEST_CASE("fewer ADC bits read 64 rows of a flipped column") {
  // Half the rows need a bit less: the chip of 7 bits is INT8 too.
  small_model const f;
  CHECK(f.on<chip::isaac>(with<chip::isaac>({"array.rows=64", "adc.bits=7"})).array().lossless());
  CHECK(!f.on<chip::isaac>(with<chip::isaac>({"adc.bits=7"})).array().lossless());
}

TEST_CASE("settings of conventional chips that contradict each other are refused before anything runs") {
  auto const refused = [](changes const& c, ohmic::errc code, std::vector<std::string> const& parts) {
    check_refused([&] { chip::validate(with<chip::isaac>(c)); }, code, parts);
  };
  chip::validate(chip::defaults<chip::isaac>());
  refused({"weights.slices=2,2,2"}, ohmic::errc::config_conflict, {"weights.slices", "together 6"});
  refused({"inputs.slice_bits=9"}, ohmic::errc::config_value, {"inputs.slice_bits", "1..7"});
  refused({"coding.activation_bits=12"}, ohmic::errc::config_value, {"coding.activation_bits"});
  check_refused([] { (void)with<chip::isaac>({"dac.bits=8"}); }, ohmic::errc::unknown_key, {"dac.bits"});
  check_refused([] { (void)with<chip::isaac>({"dense.cell.bits=2"}); }, ohmic::errc::unknown_key, {"dense.cell.bits"});
}
