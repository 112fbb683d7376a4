// Decoders and averaging encoders on the chip: the plan, calibration that is kept, policies.
#include <cmath>
#include <string>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/sentence_encoder.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;
using chip::wang2024;
using settings_list = std::vector<std::string>;

chip::config<wang2024> settings_with(settings_list const& changes) {
  auto c = chip::defaults<wang2024>();
  for (auto const& s : changes) assign(c, s);
  return c;
}

template <class Model>
chip::value_ranges values_of(Model const& m, executor& threads) {
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  return chip::calibrated_values(m, weights, ohmic_test::tiny_texts(1), threads);
}

template <class Model>
chip::deployed<wang2024> deployed_with(Model const& m, settings_list const& changes) {
  executor threads(1);
  return chip::deploy(m, settings_with(changes), values_of(m, threads), ohmic_test::tiny_texts(1), threads);
}

template <class Model>
std::string plan_difference(Model const& m, settings_list const& changes) {
  auto const chip = deployed_with(m, changes);
  executor serial(1);
  std::string all;
  for (auto const& text : ohmic_test::tiny_texts(2)) {
    chip::engine<wang2024> e(chip, chip::product_mode::convert, serial);
    static_cast<void>(forward(e, m, text));
    auto const plan =
        program::plan(program_of(m, text.size(), chip.choices()), chip.settings().array, wang2024::scale, chip.names());
    all += difference(plan, e.report().actions(chip.names()));
  }
  return all;
}

template <class Model>
std::vector<float> output_of(Model const& m, chip::deployed<wang2024> const& chip, std::size_t text) {
  executor serial(1);
  chip::engine<wang2024> e(chip, chip::product_mode::convert, serial);
  auto const y = forward(e, m, ohmic_test::tiny_texts(2)[text]);
  return {y.flat().begin(), y.flat().end()};
}

template <class Model>
double signal_to_noise_db(Model const& m, settings_list const& changes) {
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  model::fp32_engine reference(weights);
  auto const want = forward(reference, m, ohmic_test::tiny_texts(2)[2]);
  chip::error_power power;
  power.add(want.flat(), output_of(m, deployed_with(m, changes), 2));
  return power.ratio_db();
}

}  // namespace

TEST_CASE("a plan of a decoder predicts every action of its run") {
  auto const m = ohmic_test::tiny_gpt2();
  for (settings_list const& changes : {settings_list{}, settings_list{"coding.bias=rows"},
                                       settings_list{"coding.activation_bits=11", "coding.scales=per_token"},
                                       settings_list{"softmax.max=running", "norm.variance=moments"},
                                       settings_list{"softmax.max=none", "softmax.exp_bits=12"}})
    CHECK(plan_difference(m, changes) == "");
}

TEST_CASE("a plan of a sentence encoder predicts every action of its run") {
  auto const m = ohmic_test::tiny_sentence_encoder();
  for (settings_list const& changes :
       {settings_list{}, settings_list{"coding.bias=rows"}, settings_list{"coding.scales=per_token"}})
    CHECK(plan_difference(m, changes) == "");
}

TEST_CASE("a deployment from a calibration that was kept gives the same bits") {
  auto const m = ohmic_test::tiny_gpt2();
  for (settings_list const& changes :
       {settings_list{}, settings_list{"softmax.max=none"}, settings_list{"coding.scales=per_token"}}) {
    auto const first = deployed_with(m, changes);
    auto const again = chip::deploy(m, settings_with(changes), first.calibrated());
    CHECK(output_of(m, first, 2) == output_of(m, again, 2));
  }
}

TEST_CASE("a calibration of another model is refused") {
  auto const kept = deployed_with(ohmic_test::tiny_gpt2(), {}).calibrated();
  auto other = ohmic_test::tiny_gpt2();
  other.layers.pop_back();
  CHECK_THROWS_AS(chip::deploy(other, chip::defaults<wang2024>(), kept), error);
}

TEST_CASE("a decoder's output for a token does not depend on what follows") {
  auto const m = ohmic_test::tiny_gpt2();
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  auto const text = ohmic_test::tiny_texts(2)[1];
  model::fp32_engine e(weights);
  auto const whole = forward(e, m, text);
  auto const part = forward(e, m, std::span(text).first(3));
  // A softmax over fewer masked zeros adds the same numbers, so that the rows are equal bit for bit.
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t i = 0; i < whole.cols(); ++i) CHECK(whole(n, i) == part(n, i));
}

TEST_CASE("wide activations and codes of EXP come closer to fp32") {
  auto const m = ohmic_test::tiny_sentence_encoder();
  CHECK(signal_to_noise_db(m, {"adc.lossless=true", "coding.activation_bits=11", "softmax.exp_bits=11"}) >
        signal_to_noise_db(m, {"adc.lossless=true"}));
}

TEST_CASE("where every token has its own scale nothing saturates but keys and values") {
  auto const m = ohmic_test::tiny_gpt2();
  auto const chip = deployed_with(m, {"coding.scales=per_token"});
  executor serial(1);
  chip::engine<wang2024> e(chip, chip::product_mode::convert, serial);
  for (auto const& text : ohmic_test::tiny_texts(2)) static_cast<void>(forward(e, m, text));
  using program::operation;
  for (std::size_t i = 0; i < chip.names().sites(); ++i) {
    auto const op = static_cast<operation>(i % program::operation_count);
    // The means count centred codes, which may leave the range of their token.
    bool const mean = op == operation::A_L1 || op == operation::B_L1 || op == operation::L1;
    if (op == operation::A2 || op == operation::A3 || mean) continue;
    CAPTURE(chip.names().name(i));
    CHECK(e.report().sites[i].clipped_values == 0);
  }
}

// What the bits are worth is a law of attention: tests/unit/attention/shared_array_test.cpp.
TEST_CASE("EXP has 4 to 16 bits, with the digits that the plan says") {
  auto const m = ohmic_test::tiny_gpt2();
  for (int bits = 4; bits <= 16; ++bits) CHECK(plan_difference(m, {"softmax.exp_bits=" + std::to_string(bits)}) == "");
  CHECK_THROWS_AS(deployed_with(m, {"softmax.exp_bits=17"}), error);
}

TEST_CASE("bias rows and scales for every token exclude each other") {
  CHECK_THROWS_AS(deployed_with(ohmic_test::tiny_gpt2(), {"coding.bias=rows", "coding.scales=per_token"}), error);
}
