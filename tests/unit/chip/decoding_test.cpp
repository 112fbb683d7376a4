// Decoding with a KV cache: a step continues the pass that a window would have taken, and its plan predicts its actions.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "decoder_on_chip.hpp"
#include "ohmic/attention/kv_cache.hpp"
#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/gpt2.hpp"
#include "support/catch.hpp"

using namespace ohmic;
using namespace ohmic_test;

TEST_CASE("a decoder in fp32 gives the logits of the whole pass, whatever the steps") {
  auto const m = ohmic_test::tiny_gpt2();
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  for (auto const& text : ohmic_test::tiny_texts(2))
    for (std::size_t tokens : {1u, 3u, 64u})
      CHECK((of_steps(model::fp32_engine(weights), m, text, tokens) ==
             of_one_pass(model::fp32_engine(weights), m, text)));
}

TEST_CASE("a decoder on the computation crossbar gives the logits of the whole pass, bit for bit") {
  auto const m = ohmic_test::tiny_gpt2();
  for (settings_list const& changes :
       {settings_list{}, settings_list{"coding.scales=per_token", "coding.activation_bits=11"},
        settings_list{"coding.bias=rows", "softmax.max=running"}, settings_list{"softmax.max=none", "array.rows=16"},
        settings_list{"adc.lossless=true"}})
    check_equal_to_whole_pass<chip::wang2024>(m, changes);
}

TEST_CASE("a decoder on conventional chips gives the logits of the whole pass, bit for bit") {
  auto const m = ohmic_test::tiny_gpt2();
  for (settings_list const& changes : {settings_list{}, settings_list{"coding.scales=per_token"}}) {
    check_equal_to_whole_pass<chip::isaac>(m, changes);
    check_equal_to_whole_pass<chip::multi_bit>(m, changes);
    check_equal_to_whole_pass<chip::single_bit>(m, changes);
  }
}

TEST_CASE("the plan of a step predicts every action of it") {
  auto const m = ohmic_test::tiny_gpt2();
  for (settings_list const& changes : {settings_list{}, settings_list{"coding.scales=per_token"},
                                       settings_list{"softmax.max=running", "norm.variance=moments"}})
    CHECK(step_plan_difference<chip::wang2024>(m, changes) == "");
  CHECK(step_plan_difference<chip::isaac>(m, {}) == "");
  CHECK(step_plan_difference<chip::multi_bit>(m, {}) == "");
  CHECK(step_plan_difference<chip::single_bit>(m, {"cell.device=rram_taox"}) == "");
}

TEST_CASE("a step writes the cells of its own keys and values where cells keep what they are told, else all of them") {
  auto const m = ohmic_test::tiny_gpt2();
  auto const text = ohmic_test::tiny_texts(2)[1];
  auto const written = [&](settings_list const& changes) {
    auto const deployed = decoder_on<chip::multi_bit>(m, changes);
    executor serial(1);
    chip::engine<chip::multi_bit> e(deployed, chip::product_mode::convert, serial);
    static_cast<void>(of_steps(e, m, text, 1));
    return e.report().actions(deployed.names()).total("cell", "write") /
           chip::defaults<chip::multi_bit>().weights.cells();
  };
  // Two layers, keys and values of width 12.
  CHECK(written({}) == 2 * 2 * 12 * text.size());
  CHECK(written({"cell.programming_error=0.01"}) == 2 * 2 * 12 * text.size() * (text.size() + 1) / 2);
}

TEST_CASE("a Llama on every chip: the logits of the whole pass from its steps, and the plans of the steps") {
  for (std::size_t key_heads : {1u, 2u, 4u}) {
    CAPTURE(key_heads);
    auto const m = ohmic_test::tiny_llama(ohmic_test::tiny_llama_sizes(key_heads), key_heads == 2);
    for (settings_list const& changes :
         {settings_list{}, settings_list{"coding.scales=per_token"}, settings_list{"norm.variance=moments"}}) {
      check_equal_to_whole_pass<chip::wang2024>(m, changes);
      CHECK(step_plan_difference<chip::wang2024>(m, changes) == "");
    }
    check_equal_to_whole_pass<chip::multi_bit>(m, {});
    CHECK(step_plan_difference<chip::multi_bit>(m, {}) == "");
    CHECK(step_plan_difference<chip::isaac>(m, {}) == "");
  }
  CHECK(step_plan_difference<chip::wang2024>(ohmic_test::tiny_llama(ohmic_test::tiny_llama_sizes(), true),
                                             {"coding.bias=rows"}) == "");
}

TEST_CASE("a Llama with wide codes and lossless converters comes close to fp32") {
  auto const m = ohmic_test::tiny_llama();
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  auto const text = ohmic_test::tiny_texts(2)[3];
  executor serial(1);
  auto const ratio_db = [&](settings_list const& changes) {
    auto const deployed = decoder_on<chip::wang2024>(m, changes);
    chip::error_power power;
    power.add(of_one_pass(model::fp32_engine(weights), m, text),
              of_one_pass(chip::engine<chip::wang2024>(deployed, chip::product_mode::convert, serial), m, text));
    return power.ratio_db();
  };
  // 8-bit codes: about 40 dB a step, over some twenty steps one after the other.
  CHECK(ratio_db({"adc.lossless=true"}) > 20.0);
  CHECK(ratio_db({"adc.lossless=true", "coding.activation_bits=11", "softmax.exp_bits=11"}) >
        ratio_db({"adc.lossless=true"}) + 3.0);
}

TEST_CASE("token by token is a model of its own: the same logits, and the plans of its steps") {
  auto const m = ohmic_test::tiny_gpt2();
  model::token_by_token<model::gpt2> const steps{&m};
  auto const deployed = decoder_on<chip::wang2024>(m, {});
  executor serial(1);
  auto const text = ohmic_test::tiny_texts(2)[3];
  chip::engine<chip::wang2024> e(deployed, chip::product_mode::convert, serial);
  CHECK((of_one_pass(e, steps, text) ==
         of_one_pass(chip::engine<chip::wang2024>(deployed, chip::product_mode::convert, serial), m, text)));
  auto const plan = program::plan(
      program_of(steps, text.size(), deployed.choices()), [&](auto const& op) { return deployed.planned(op); },
      deployed.names());
  CHECK(difference(plan, e.report().actions(deployed.names())) == "");
}

TEST_CASE("a context cannot grow beyond the positions of the model") {
  auto const m = ohmic_test::tiny_gpt2();
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  model::fp32_engine e(weights);
  auto seen = new_context(e, m);
  std::vector<std::int32_t> const text(80, 1);
  static_cast<void>(extend(e, m, seen, text));
  CHECK_THROWS_AS(extend(e, m, seen, token_span(text).first(1)), error);
  CHECK(seen.tokens() == 80);
}

TEST_CASE("a cache refuses keys and values of another shape") {
  kv_cache<float> cache;
  matrix<float> const four(2, 4), three(2, 3), one_row(1, 4);
  CHECK_THROWS_AS(cache.append(four, one_row), error);
  cache.append(four, four);
  CHECK_THROWS_AS(cache.append(three, three), error);
  CHECK(cache.tokens() == 2);
  cache.append(four, four);
  cache.keep(3);
  CHECK(cache.tokens() == 3);
  CHECK(cache.values().rows == 3);
  cache.keep(5);
  CHECK(cache.tokens() == 3);
}
