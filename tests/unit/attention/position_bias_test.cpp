// Windows and biases on scores: against their definitions, and in a whole head.
#include "ohmic/attention/position_bias.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "ohmic/attention/digital.hpp"
#include "ohmic/attention/shared_array.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using namespace ohmic;

TEST_CASE("a window shows a query the nearest keys and its own") {
  constexpr float hidden = -std::numeric_limits<float>::infinity();
  attention_scope const two(attention_mask::causal, 2);
  auto const shown = [&](attention_scope const& scope, std::size_t i) {
    std::vector<float> scores{1.0f, 2.0f, 3.0f, 4.0f};
    apply_mask(scope, i, scores);
    return scores;
  };
  CHECK(shown(two, 0) == std::vector<float>{1.0f, hidden, hidden, hidden});
  CHECK(shown(two, 1) == std::vector<float>{1.0f, 2.0f, hidden, hidden});
  CHECK(shown(two, 3) == std::vector<float>{hidden, hidden, 3.0f, 4.0f});
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(shown({attention_mask::causal, 4}, i) == shown(attention_mask::causal, i));
    CHECK(shown({attention_mask::causal, 0}, i) == shown(attention_mask::causal, i));
    auto const range = visible_range(two, i, 4);
    CHECK(range.first + range.count == i + 1);
    CHECK(range.count == (i == 0 ? 1u : 2u));
  }
}

TEST_CASE("the slopes of ALiBi are those of its paper") {
  // Eight heads: 1/2, 1/4, .., 1/256.
  auto const eight = alibi_slopes(8);
  for (std::size_t h = 0; h < 8; ++h) CHECK(eight[h] == std::ldexp(1.0f, -static_cast<int>(h) - 1));
  // Twelve: those of eight, then every second one of sixteen: 2^-0.5, 2^-1.5, ..
  auto const twelve = alibi_slopes(12);
  REQUIRE(twelve.size() == 12);
  for (std::size_t h = 0; h < 8; ++h) CHECK(twelve[h] == eight[h]);
  for (std::size_t h = 8; h < 12; ++h)
    CHECK(twelve[h] == static_cast<float>(std::exp2(-0.5 - static_cast<double>(h - 8))));
  auto const b = position_bias::linear(eight);
  CHECK(b.heads() == 8);
  CHECK(b.of(1, 10, 7) == -0.75f);
  CHECK(b.of(1, 7, 7) == 0.0f);
}

TEST_CASE("biases are of as many heads as the layer has") {
  auto const b = position_bias::linear(alibi_slopes(4));
  CHECK_NOTHROW(require_heads(&b, 4));
  CHECK_NOTHROW(require_heads(nullptr, 8));
  ohmic_test::check_refused([&] { require_heads(&b, 8); }, errc::shape, {"4", "8 heads"});
  ohmic_test::check_refused([] { static_cast<void>(position_bias::linear({})); }, errc::shape, {"one a head"});
}

TEST_CASE("buckets of a relative bias: by hand, monotone, saturating") {
  // 32 buckets, reach 128, one side: distances 0..15 one each, then log: 16 + 16 ln(d / 16) / ln 8.
  auto const back = [](std::int64_t d) { return relative_bucket(-d, 32, 128, false); };
  for (std::int64_t d = 0; d < 16; ++d) CHECK(back(d) == static_cast<std::size_t>(d));
  CHECK(back(16) == 16);
  CHECK(back(20) == 17);  // 16 + floor(16 x 0.1073)
  CHECK(back(32) == 21);  // 16 + floor(16 / 3)
  CHECK(back(127) == 31);
  CHECK(back(100000) == 31);
  CHECK(relative_bucket(5, 32, 128, false) == 0);  // what comes after a query of a decoder
  // Both sides: 16 each, the later ones in the upper half.
  CHECK(relative_bucket(-3, 32, 128, true) == 3);
  CHECK(relative_bucket(3, 32, 128, true) == 19);
  CHECK(relative_bucket(0, 32, 128, true) == 0);
  CHECK(relative_bucket(500, 32, 128, true) == 31);
  for (std::int64_t d = 1; d < 300; ++d) CHECK(back(d) >= back(d - 1));

  matrix<float> weights(32, 2);
  for (std::size_t k = 0; k < 32; ++k) weights(k, 0) = static_cast<float>(k), weights(k, 1) = -static_cast<float>(k);
  auto const bias = relative_bias(weights.view(), 128, true);
  for (std::size_t query : {0u, 5u, 200u, 1000u})
    for (std::size_t key : {0u, 5u, 190u, 900u}) {
      auto const distance = static_cast<std::int64_t>(key) - static_cast<std::int64_t>(query);
      CHECK(bias.of(0, query, key) == static_cast<float>(relative_bucket(distance, 32, 128, true)));
      CHECK(bias.of(1, query, key) == -bias.of(0, query, key));
    }
  CHECK_THROWS_AS(relative_bias(matrix<float>(2, 1).view(), 128, true), error);
  CHECK_THROWS_AS(relative_bias(weights.view(), 16, true), error);
  CHECK_THROWS_AS(position_bias::table(matrix<float>(1, 4)), error);
}

TEST_CASE("heads that share keys get their own biases, and the window hides what it should") {
  std::size_t const tokens = 9, width = 4, heads = 2;
  ohmic_test::dice dice(4);
  matrix<std::int16_t> q(heads * tokens, width), k(tokens, width), v(tokens, width);
  for (auto* m : {&q, &k, &v})
    for (auto& c : m->flat()) c = static_cast<std::int16_t>(dice.between(-20, 20));
  auto const bias = position_bias::linear({0.5f, 0.125f});
  attention_scope const scope(attention_mask::causal, 3, &bias);
  split_softmax const softmax({.exp_bits = 15});
  shared_array_attention<split_softmax> const attention(softmax, scope, 127);
  matrix<float> out(heads * tokens, width);
  attention_report report;
  program::attention_unit_tally done;
  auto const product = [&](attention_step step, auto const& x, matrix_view<std::int16_t const> y) {
    return digital_product(x, y, step == attention_step::sums ? operand_source::sums : operand_source::activations,
                           done);
  };
  std::vector<std::size_t> shown;
  float const scale = 0.01f;
  attention.head({q.view(), k.view(), v.view(), scale, 1.0f, 1.0f, {}, tokens}, out.view(), report, product,
                 [&](attention_step step, std::span<float const> values) {
                   if (step == attention_step::scores) shown.push_back(values.size());
                 });
  CHECK(report.tallies[0].count<"post", "add_bias">() == heads * tokens * tokens);
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t i = 0; i < tokens; ++i) {
      std::size_t const first = i < 2 ? 0 : i - 2;
      CHECK(shown[h * tokens + i] == i + 1 - first);
      std::vector<double> e;
      double sum = 0.0;
      for (std::size_t j = first; j <= i; ++j) {
        double s = 0.0;
        for (std::size_t l = 0; l < width; ++l)
          s += static_cast<double>(q(h * tokens + i, l)) * static_cast<double>(k(j, l)) * static_cast<double>(scale);
        s += (h == 0 ? 0.5 : 0.125) * (static_cast<double>(j) - static_cast<double>(i));
        e.push_back(std::exp(s));
        sum += e.back();
      }
      for (std::size_t l = 0; l < width; ++l) {
        double want = 0.0;
        for (std::size_t j = first; j <= i; ++j) want += e[j - first] / sum * static_cast<double>(v(j, l));
        // Three codes off by half a step of 1 / 32767 of the largest, times values of up to 20, and float scores.
        CHECK_THAT(static_cast<double>(out(h * tokens + i, l)), ohmic_test::within(want, 6.0 * 20.0 / 32767.0));
      }
    }
}
