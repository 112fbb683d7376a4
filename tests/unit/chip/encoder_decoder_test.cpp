// An encoder-decoder on chips: its steps against the whole pass, the plans of both, attention policies, threads.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/t5.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/tiny_t5.hpp"

namespace {

using namespace ohmic;
using changes_of_chip = std::vector<std::string>;
using steps_of_t5 = model::token_by_token<model::t5>;

template <class Spec>
chip::deployed<Spec> t5_on(model::t5 const& m, changes_of_chip const& changes, unsigned threads = 1) {
  executor pool(threads);
  auto settings = chip::defaults<Spec>();
  for (auto const& s : changes) assign(settings, s);
  auto const texts = ohmic_test::tiny_pairs(1);
  return chip::deploy<Spec>(m, settings, chip::calibrated_values(m, model::fp32_weights_of(m), texts, pool), texts,
                            pool);
}

template <class Spec, class Model>
std::vector<float> logits_on(chip::engine<Spec>& e, Model const& m, model::t5::input const& text) {
  auto const y = forward(e, m, text);
  return {y.flat().begin(), y.flat().end()};
}

/// Empty if the pass of every text took the planned actions, and those of its steps gave the same logits and took theirs.
template <class Spec>
std::string t5_differences(model::t5 const& m, changes_of_chip const& changes, bool equal_steps = true) {
  auto const on = t5_on<Spec>(m, changes);
  executor serial(1);
  std::string all;
  auto const planned_of = [&](program::sub_operation const& op) { return on.planned(op); };
  for (auto const& text : ohmic_test::tiny_pairs(2)) {
    auto const n = length_of(text);
    chip::engine<Spec> whole(on, chip::product_mode::convert, serial), steps(on, chip::product_mode::convert, serial);
    auto const want = logits_on(whole, m, text), got = logits_on(steps, steps_of_t5{&m}, text);
    if (equal_steps && got != want) all += "steps give other logits; ";
    all += difference(program::plan(program_of(m, n, on.choices()), planned_of, on.names()),
                      whole.report().actions(on.names()));
    all += difference(program::plan(program_of(steps_of_t5{&m}, n, on.choices()), planned_of, on.names()),
                      steps.report().actions(on.names()));
  }
  return all;
}

}  // namespace

TEST_CASE("a T5 on chips: the steps of a target give the logits of the pass, and both take the planned actions") {
  for (bool gated : {false, true}) {
    auto const m = ohmic_test::tiny_t5(ohmic_test::tiny_t5_sizes(gated));
    CAPTURE(gated);
    for (changes_of_chip const& changes :
         {changes_of_chip{}, changes_of_chip{"coding.scales=per_token", "coding.activation_bits=11"},
          changes_of_chip{"adc.lossless=true", "softmax.max=running"}, changes_of_chip{"softmax.max=none"},
          changes_of_chip{"coding.smoothing=0.5", "coding.bias_correction=true"}}) {
      INFO((changes.empty() ? "" : changes.front()));
      CHECK(t5_differences<chip::wang2024>(m, changes) == "");
    }
    CHECK(t5_differences<chip::multi_bit>(m, {}) == "");
  }
}

TEST_CASE("a T5 under every attention policy takes the planned actions, its second attention among them") {
  auto const m = ohmic_test::tiny_t5();
  for (char const* policy : {"written_arrays", "digital", "decomposed"}) {
    CAPTURE(policy);
    CHECK(t5_differences<chip::wang2024>(m, {std::string("attention.policy=") + policy},
                                         std::string(policy) != "decomposed") == "");
  }
  CHECK(t5_differences<chip::wang2024>(m, {"attention.policy=written_arrays", "attention.arrays.memory=sram"}) == "");
}

TEST_CASE("keys and values of the encoder's tokens are written once, in the first step") {
  auto const m = ohmic_test::tiny_t5();
  auto const on = t5_on<chip::multi_bit>(m, {});
  executor serial(1);
  auto const text = ohmic_test::tiny_pairs(2)[1];
  chip::engine<chip::multi_bit> e(on, chip::product_mode::convert, serial);
  static_cast<void>(logits_on(e, steps_of_t5{&m}, text));
  auto const written = e.report().actions(on.names());
  std::uint64_t of_cross = 0;
  for (auto const& row : written.rows())
    if (row.part == "cell" && row.action == "write" && row.layer.find(".cross.") != std::string::npos)
      of_cross += row.count;
  // Keys and values of width 20 in three layers.
  CHECK(of_cross == 3 * 2 * 20 * text.source.size() * chip::defaults<chip::multi_bit>().weights.cells());
}

TEST_CASE("blocks of an encoder-decoder are named after their side") {
  program::site_names const names = sites_of(ohmic_test::tiny_t5());
  using program::operation;
  CHECK(names.name({1, operation::A1}) == "encoder.0.A1");
  CHECK(names.name({2, operation::L2}) == "encoder.1.L2");
  CHECK(names.name({3, operation::input}) == "decoder.0.self.input");
  CHECK(names.name({8, operation::B2}) == "decoder.2.cross.B2");
  CHECK(names.name({9, operation::lm_head}) == "lm_head");
}

TEST_CASE("a T5 is calibrated to the same values and currents by any number of threads") {
  auto const m = ohmic_test::tiny_t5();
  auto const text = ohmic_test::tiny_pairs(2)[0];
  executor serial(1);
  std::vector<std::vector<float>> all;
  for (unsigned threads : {1u, 3u}) {
    auto const on = t5_on<chip::wang2024>(m, {}, threads);
    executor pool(threads);
    chip::engine<chip::wang2024> e(on, chip::product_mode::convert, pool);
    all.push_back(logits_on(e, m, text));
  }
  CHECK((all[0] == all[1]));
}

TEST_CASE("a T5 with wide codes and lossless converters comes close to fp32") {
  auto const m = ohmic_test::tiny_t5();
  auto const weights = model::fp32_weights_of(m);
  executor serial(1);
  auto const ratio_db = [&](changes_of_chip const& changes) {
    auto const on = t5_on<chip::wang2024>(m, changes);
    chip::error_power power;
    for (auto const& text : ohmic_test::tiny_pairs(1)) {  // those of calibration: nothing is clipped
      model::fp32_engine reference(weights);
      chip::engine<chip::wang2024> e(on, chip::product_mode::convert, serial);
      power.add(forward(reference, m, text).flat(), logits_on(e, m, text));
    }
    return power.ratio_db();
  };
  // 8-bit codes: about 40 dB a step, over some sixty steps one after the other. Weights, keys and values keep 8 bits, so that wider
  // codes of the others take only a part of the noise away.
  CHECK(ratio_db({"adc.lossless=true"}) > 15.0);
  CHECK(ratio_db({"adc.lossless=true", "coding.activation_bits=11", "softmax.exp_bits=11"}) >
        ratio_db({"adc.lossless=true"}) + 1.0);
}
