// Llama: the pass against its definition in double precision, decoding, and what is refused.
#include "ohmic/model/llama.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/plain_llama.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;

std::vector<float> fp32_logits(model::llama const& m, std::vector<std::int32_t> const& text) {
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  model::fp32_engine e(weights);
  auto const y = forward(e, m, text);
  return {y.flat().begin(), y.flat().end()};
}

/// Largest difference to the definition, over the largest logit.
double difference_to_definition(model::llama const& m) {
  double worst = 0.0, largest = 0.0;
  for (auto const& text : ohmic_test::tiny_texts(2)) {
    auto const got = fp32_logits(m, text);
    auto const want = ohmic_test::plain_llama(m).logits(text);
    std::size_t at = 0;
    for (auto const& row : want)
      for (double v : row) {
        worst = std::max(worst, std::fabs(static_cast<double>(got[at++]) - v));
        largest = std::max(largest, std::fabs(v));
      }
    CHECK(at == got.size());
  }
  return worst / largest;
}

/// Roundings of single precision through two layers of sums of at most 24 products; wrong formulas are off by 1e-2 and more.
constexpr double single_precision = 1e-5;

}  // namespace

TEST_CASE("a Llama in fp32 is its definition in double precision, with as many key heads as heads or fewer") {
  for (std::size_t key_heads : {1u, 2u, 4u})
    for (bool biases : {false, true}) {
      CAPTURE(key_heads, biases);
      CHECK(difference_to_definition(ohmic_test::tiny_llama(ohmic_test::tiny_llama_sizes(key_heads), biases)) <
            single_precision);
    }
}

TEST_CASE("scaled rotations are their definition") {
  auto c = ohmic_test::tiny_llama_sizes();
  c.rotation.base = 50.0f;
  for (auto kind : {rotary_scaling::linear, rotary_scaling::llama3}) {
    c.rotation.scaling = kind;
    c.rotation.factor = 4.0f;
    c.rotation.original_positions = 60;  // waves of 6 to 85 positions: kept, mixed and divided ones
    CHECK(difference_to_definition(ohmic_test::tiny_llama(c)) < single_precision);
  }
}

TEST_CASE("positions far out turn by their angle") {
  rotary const r(rotary_config{}, 8);
  for (std::size_t position :
       {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{131071}, (std::size_t{1} << 20) - 1}) {
    std::vector<float> row{1.0f, 1.0f, 1.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    r.turn(row, position);
    for (std::size_t i = 0; i < 4; ++i) {
      double const angle = static_cast<double>(position) * static_cast<double>(r.frequencies()[i]);
      CHECK(std::fabs(static_cast<double>(row[i]) - std::cos(angle)) <= 0x1p-24);
      CHECK(std::fabs(static_cast<double>(row[4 + i]) - std::sin(angle)) <= 0x1p-24);
    }
  }
}

TEST_CASE("scores of rotated queries and keys depend on the distance alone") {
  rotary const r(rotary_config{}, 8);
  auto const score = [&](std::size_t q_at, std::size_t k_at) {
    std::vector<float> q{0.3f, -1.0f, 0.5f, 0.2f, 0.7f, 0.1f, -0.4f, 0.9f},
        k{1.0f, 0.2f, -0.6f, 0.4f, 0.1f, 0.8f, 0.3f, -0.5f};
    r.turn(q, q_at);
    r.turn(k, k_at);
    double sum = 0.0;
    for (std::size_t i = 0; i < 8; ++i) sum += static_cast<double>(q[i]) * static_cast<double>(k[i]);
    return sum;
  };
  for (std::size_t far : {10u, 1000u}) CHECK(std::fabs(score(7 + far, 3 + far) - score(7, 3)) < 1e-6);
  CHECK(std::fabs(score(8, 3) - score(7, 3)) > 1e-2);
}

TEST_CASE("a Llama made by hand is checked part by part") {
  auto const good = ohmic_test::tiny_llama();
  CHECK_NOTHROW(validate(good));
  auto const refused = [&](auto const& spoil, std::string const& part) {
    auto m = good;
    spoil(m);
    try {
      validate(m);
      FAIL_CHECK("not refused: " << part);
    } catch (error const& e) { CHECK_THAT(std::string(e.what()), ohmic_test::contains(part)); }
  };
  refused([](auto& m) { m.config.key_heads = 3; }, "key_heads");
  refused([](auto& m) { m.config.head_width = 5; }, "head_width");
  refused([](auto& m) { m.config.rotation.factor = 0.0f; }, "factor");
  refused([](auto& m) { m.config.rotation.base = std::nanf(""); }, "base");
  refused([](auto& m) { m.layers[1].up.weight = matrix<float>(20, 11); }, "layers[1].up.weight");
  refused([](auto& m) { m.layers[0].key.bias.assign(12, 0.0f); }, "biases");
  refused([](auto& m) { m.layers[0].attention_norm.centred = true; }, "attention_norm");
  refused([](auto& m) { m.final_norm.beta[3] = 1.0f; }, "final_norm");
  refused([](auto& m) { m.layers.pop_back(); }, "layers");
  refused([](auto& m) { m.head.bias.assign(23, 0.0f); }, "head.bias");
}
