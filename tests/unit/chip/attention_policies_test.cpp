// Whole models under each attention policy: the same bits where arithmetic permits, plans equal to runs, refusals.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "decoder_on_chip.hpp"
#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/gpt2.hpp"
#include "support/catch.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

template <class Spec, class Model>
std::vector<float> logits(Model const& m, settings_list const& changes,
                          chip::product_mode mode = chip::product_mode::convert) {
  auto const on = decoder_on<Spec>(m, changes);
  executor serial(1);
  return of_one_pass(chip::engine<Spec>(on, mode, serial), m, tiny_texts(2)[3]);
}

settings_list with(settings_list changes, std::string const& one) {
  changes.push_back(one);
  return changes;
}

template <class F>
std::string refusal(F const& f) {
  try {
    f();
  } catch (error const& e) { return e.what(); }
  return "accepted";
}
bool says(std::string const& text, char const* words) { return text.find(words) != std::string::npos; }

/// Signal to noise of logits against fp32.
template <class Spec, class Model>
double ratio_db(Model const& m, settings_list const& changes) {
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  chip::error_power power;
  power.add(of_one_pass(model::fp32_engine(weights), m, tiny_texts(2)[3]), logits<Spec>(m, changes));
  return power.ratio_db();
}

}  // namespace

TEST_CASE("shared, written and digital attention on lossless arrays give the same logits, bit for bit") {
  auto const check = [](auto const& m, settings_list const& changes) {
    auto const shared = logits<chip::wang2024>(m, with(changes, "adc.lossless=true"));
    for (char const* policy : {"attention.policy=digital", "attention.policy=written_arrays"})
      CHECK(logits<chip::wang2024>(m, with(with(changes, "adc.lossless=true"), policy)) == shared);
    auto sram = with(with(changes, "adc.lossless=true"), "attention.policy=written_arrays");
    sram.push_back("attention.arrays.memory=sram");
    CHECK(logits<chip::wang2024>(m, sram) == shared);
  };
  for (settings_list const& changes :
       {settings_list{}, settings_list{"coding.scales=per_token"}, settings_list{"softmax.max=running"}}) {
    check(tiny_gpt2(), changes);
    check(tiny_llama(tiny_llama_sizes(2), true), changes);
  }
}

TEST_CASE("in integers all policies but the decomposed give the same logits whatever the converters") {
  auto const m = tiny_gpt2();
  auto const shared = logits<chip::wang2024>(m, {}, chip::product_mode::exact);
  CHECK(logits<chip::wang2024>(m, {"attention.policy=digital"}, chip::product_mode::exact) == shared);
  CHECK(logits<chip::wang2024>(m, {"attention.policy=written_arrays"}, chip::product_mode::exact) == shared);
  CHECK(logits<chip::isaac>(m, {"attention.policy=digital"}) == logits<chip::isaac>(m, {}));
}

TEST_CASE("decomposed attention comes as close to fp32 as keys that are coded") {
  auto const m = tiny_gpt2();  // with biases of keys, which it leaves out
  double const shared = ratio_db<chip::wang2024>(m, {"adc.lossless=true"}),
               decomposed = ratio_db<chip::wang2024>(m, {"adc.lossless=true", "attention.policy=decomposed"});
  CHECK(decomposed > 20.0);
  CHECK(std::fabs(decomposed - shared) < 6.0);  // of two draws of the same codes' rounding
  CHECK(ratio_db<chip::isaac>(m, {"attention.policy=decomposed"}) > 20.0);
}

TEST_CASE("steps of a decoder give the logits of the whole pass under every policy") {
  auto const gpt2 = tiny_gpt2();
  auto const llama = tiny_llama(tiny_llama_sizes(2), false);
  for (char const* policy : {"attention.policy=digital", "attention.policy=written_arrays"}) {
    check_equal_to_whole_pass<chip::wang2024>(gpt2, {policy});
    check_equal_to_whole_pass<chip::wang2024>(llama, {policy, "coding.scales=per_token"});
  }
  check_equal_to_whole_pass<chip::wang2024>(gpt2, {"attention.policy=decomposed"});
  check_equal_to_whole_pass<chip::multi_bit>(gpt2, {"attention.policy=decomposed"});
  check_equal_to_whole_pass<chip::isaac>(gpt2, {"attention.policy=digital"});
}

TEST_CASE("the plan of a step predicts every action under every policy") {
  auto const gpt2 = tiny_gpt2();
  auto const llama = tiny_llama(tiny_llama_sizes(2), true);
  settings_list const small{"array.rows=16", "array.columns=12", "array.bank_rows=20"};
  for (char const* policy : {"attention.policy=digital", "attention.policy=written_arrays"}) {
    CHECK(step_plan_difference<chip::wang2024>(gpt2, with(small, policy)) == "");
    CHECK(step_plan_difference<chip::wang2024>(llama, {policy, "coding.scales=per_token"}) == "");
  }
  CHECK(step_plan_difference<chip::wang2024>(
            gpt2, {"attention.policy=written_arrays", "attention.arrays.memory=sram", "attention.arrays.rows=10",
                   "attention.arrays.columns=17", "attention.arrays.input_bits=3", "softmax.exp_bits=9"}) == "");
  CHECK(step_plan_difference<chip::wang2024>(gpt2, with(small, "attention.policy=decomposed")) == "");
  CHECK(step_plan_difference<chip::multi_bit>(gpt2, {"attention.policy=decomposed"}) == "");
  CHECK(step_plan_difference<chip::isaac>(gpt2, {"attention.policy=digital"}) == "");
}

TEST_CASE("cells of keys and values that err are written anew in every step, and change the logits") {
  auto const m = tiny_gpt2();
  settings_list const err{"attention.policy=written_arrays", "attention.arrays.cell.programming_error=0.05"};
  CHECK(step_plan_difference<chip::wang2024>(m, err) == "");
  CHECK(logits<chip::wang2024>(m, err) != logits<chip::wang2024>(m, {err.front()}));
  CHECK(logits<chip::wang2024>(m, with(err, "noise.seed=2")) != logits<chip::wang2024>(m, err));
}

TEST_CASE("a Llama with a window: steps give the whole pass, and what lies behind the window does not count") {
  auto m = tiny_llama(tiny_llama_sizes(2), false);
  m.layers.resize(1);  // one layer: nothing comes through another
  m.config.layers = 1;
  m.config.window = 4;
  for (char const* policy : {"attention.policy=shared_array", "attention.policy=written_arrays",
                             "attention.policy=digital"}) {
    check_equal_to_whole_pass<chip::wang2024>(m, {policy});
    CHECK(step_plan_difference<chip::wang2024>(m, {policy}) == "");
    auto const on = decoder_on<chip::wang2024>(m, {policy});
    executor serial(1);
    auto text = tiny_texts(2)[3];
    REQUIRE(text.size() > 6);
    auto const last = [&] {
      chip::engine<chip::wang2024> e(on, chip::product_mode::exact, serial);
      auto const y = forward(e, m, text);
      return std::vector<float>(y.row(y.rows() - 1).begin(), y.row(y.rows() - 1).end());
    };
    auto const before = last();
    text[text.size() - 5] = (text[text.size() - 5] + 1) % 20;  // the fifth from the end
    CHECK(last() == before);
    text[text.size() - 4] = (text[text.size() - 4] + 1) % 20;
    CHECK(last() != before);
  }
}

TEST_CASE("cross-attention meets the keys of a first step in all that follow, under every policy") {
  auto const m = tiny_gpt2();
  using program::operation;
  for (char const* policy : {"attention.policy=shared_array", "attention.policy=written_arrays",
                             "attention.policy=decomposed", "attention.policy=digital"}) {
    CAPTURE(policy);
    auto const on = decoder_on<chip::wang2024>(m, {policy});
    executor serial(1);
    chip::engine<chip::wang2024> e(on, chip::product_mode::convert, serial);
    auto const normed = [&](std::vector<std::int32_t> const& ids) {
      auto const x = e.input({0, operation::input}, embedded(m, ids));
      return e.normalise({1, operation::A_L1}, {1, operation::A_L2}, m.layers[0].attention_norm, 1e-5f, x);
    };
    auto const encoded = normed({5, 6, 7, 8, 9}), queries = normed({1, 2, 3});
    auto const q = e.project({1, operation::A1}, m.layers[0].query, queries, {});
    auto const k = e.project({1, operation::A2}, m.layers[0].key, encoded, {}),
               v = e.project({1, operation::A3}, m.layers[0].value, encoded, {});
    auto const whole = e.attend(1, q, k, v, 3, attention_mask::none);
    auto const rows = [](chip::coded_tokens const& t, std::size_t first, std::size_t n) {
      chip::coded_tokens out{matrix<std::int16_t>(n, t.codes.cols()), t.scales};
      for (std::size_t i = 0; i < n; ++i)
        std::copy(t.codes.row(first + i).begin(), t.codes.row(first + i).end(), out.codes.row(i).begin());
      return out;
    };
    typename chip::engine<chip::wang2024>::cache seen;
    ledger planned;
    chip::engine<chip::wang2024> steps(on, chip::product_mode::convert, serial);
    for (std::size_t i = 0; i < 3; ++i) {
      std::size_t const joining = i == 0 ? 5 : 0;
      // What the engine keeps of a decomposed product's keys is their factor, from the projection.
      if (i == 0) static_cast<void>(steps.project({1, operation::A2}, m.layers[0].key, encoded, {}));
      auto const before = steps.report().actions(on.names());
      auto const r =
          steps.attend(1, rows(q, i, 1), rows(k, 0, joining), rows(v, 0, joining), 3, attention_mask::none, seen);
      CHECK(std::equal(r.codes.row(0).begin(), r.codes.row(0).end(), whole.codes.row(i).begin()));
      std::vector<program::sub_operation> ops;
      program::attention_shape shape{1, 12, 3, 5 - joining, 0, 12};
      shape.keys = 5;
      if (on.decomposes()) program::detail::key_program(ops, 1, shape, on.choices());
      program::attention_program(ops, 1, shape, on.choices());
      auto expected = before;
      expected.merge(program::plan(
          ops, [&](auto const& op) { return on.planned(op); }, on.names()));
      CHECK(difference(expected, steps.report().actions(on.names())) == "");
    }
    CHECK(seen.tokens() == 5);
  }
}

TEST_CASE("attention policies that cannot be are refused with what to do") {
  auto const gpt2 = tiny_gpt2();
  auto const deployed = [](auto const& m, settings_list const& changes) {
    return refusal([&] { static_cast<void>(decoder_on<chip::wang2024>(m, changes)); });
  };
  CHECK(says(deployed(tiny_llama(), {"attention.policy=decomposed"}), "rotation"));
  CHECK(says(deployed(gpt2, {"attention.policy=decomposed", "coding.scales=per_token"}), "coding.scales"));
  CHECK(says(deployed(gpt2, {"attention.policy=decomposed", "coding.activation_bits=10"}), "coding.activation_bits"));
  CHECK(says(deployed(gpt2, {"attention.policy=decomposed", "softmax.max=none"}), "softmax.max"));
  CHECK(says(deployed(gpt2, {"attention.policy=dicital"}), "digital"));
  auto settings = chip::defaults<chip::isaac>();
  assign(settings, "attention.policy=shared_array");
  CHECK(says(refusal([&] { chip::validate(settings); }), "attention.policy"));
  auto dense = chip::defaults<chip::wang2024>();
  assign(dense, "attention.policy=decomposed");
  assign(dense, "coding.scales=per_token");
  CHECK(says(refusal([&] { chip::validate(dense); }), "attention.policy"));
}
