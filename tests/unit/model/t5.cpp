// T5: the passes against their definition in double precision, the steps of a target, generation, and what is refused.
#include "ohmic/model/t5.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/model/fp32.hpp"
#include "ohmic/model/generation.hpp"
#include "support/catch.hpp"
#include "support/plain_t5.hpp"
#include "support/tiny_t5.hpp"

namespace {

using namespace ohmic;

std::vector<float> flat(matrix<float> const& y) { return {y.flat().begin(), y.flat().end()}; }

/// Largest difference to the definition, over the largest logit.
double difference_to_plain_t5(model::t5 const& m) {
  auto const weights = model::fp32_weights_of(m);
  double worst = 0.0, largest = 0.0;
  for (auto const& text : ohmic_test::tiny_pairs(2)) {
    model::fp32_engine e(weights);
    auto const got = flat(forward(e, m, text));
    std::size_t at = 0;
    for (auto const& row : ohmic_test::plain_t5(m).logits(text))
      for (double v : row) {
        worst = std::max(worst, std::fabs(static_cast<double>(got[at++]) - v));
        largest = std::max(largest, std::fabs(v));
      }
    CHECK(at == got.size());
  }
  return worst / largest;
}

}  // namespace

TEST_CASE("a T5 in fp32 is its definition in double precision, with ReLU or a gated block, tied or not") {
  // Roundings of single precision through the layers of both sides; a wrong formula is off by 1e-2 and more.
  for (bool gated : {false, true})
    CHECK(difference_to_plain_t5(ohmic_test::tiny_t5(ohmic_test::tiny_t5_sizes(gated))) < 1e-5);
}

TEST_CASE("buckets of distances are the published rule, up to its edges and beyond") {
  struct shape {
    std::size_t buckets, reach;
  };
  for (auto const& [buckets, reach] : {shape{32, 128}, shape{8, 20}, shape{32, 64}, shape{64, 1000}})
    for (bool both : {false, true})
      for (long d = -2 * static_cast<long>(reach); d <= 2 * static_cast<long>(reach); ++d) {
        CAPTURE(buckets, reach, both, d);
        CHECK(relative_bucket(d, buckets, reach, both) == ohmic_test::plain_bucket(d, buckets, reach, both));
      }
  // T5's own: 32 buckets of both sides up to 128, one for each distance below 8, and the last from 91 on, because 8 x 16^(7/8) = 90.5.
  CHECK(relative_bucket(0, 32, 128, true) == 0);
  CHECK(relative_bucket(-7, 32, 128, true) == 7);
  CHECK(relative_bucket(7, 32, 128, true) == 16 + 7);
  CHECK(relative_bucket(-90, 32, 128, true) == 14);
  CHECK(relative_bucket(-91, 32, 128, true) == 15);
  CHECK(relative_bucket(100000, 32, 128, true) == 31);
  CHECK(relative_bucket(5, 32, 128, false) == 0);  // a key after its query, which a decoder does not see
}

TEST_CASE("the steps of a target in fp32 give the logits of the whole pass, bit for bit") {
  auto const m = ohmic_test::tiny_t5(ohmic_test::tiny_t5_sizes(true));
  auto const weights = model::fp32_weights_of(m);
  model::token_by_token<model::t5> const steps{&m};
  for (auto const& text : ohmic_test::tiny_pairs(2)) {
    model::fp32_engine e(weights);
    auto const want = flat(forward(e, m, text));
    CHECK((flat(forward(e, steps, text)) == want));
    // Three at a time.
    auto const memory = encode(e, m, text.source);
    auto seen = new_context(e, m);
    std::vector<float> got;
    std::span<std::int32_t const> const ids(text.target);
    for (std::size_t first = 0; first < ids.size(); first += 3) {
      auto const y = flat(extend(e, m, seen, memory, ids.subspan(first, std::min<std::size_t>(3, ids.size() - first))));
      got.insert(got.end(), y.begin(), y.end());
    }
    CHECK((got == want));
    CHECK(seen.tokens() == ids.size());
    CHECK(seen.encoder.front().tokens() == text.source.size());
  }
}

TEST_CASE("a T5 generates what its logits say, from its start token up to an end") {
  auto const m = ohmic_test::tiny_t5();
  auto const weights = model::fp32_weights_of(m);
  model::fp32_engine e(weights);
  auto const source = ohmic_test::tiny_pairs(2).front().source;
  std::vector<model::generation_step> steps;
  auto const ids = model::generate(e, m, source, 12, {}, {}, [&](auto const& s) { steps.push_back(s); });
  CHECK(ids.size() == 12);
  CHECK(steps.front().tokens == 1);
  CHECK(steps.back().past == 11);
  std::vector<std::int32_t> target{m.config.start};
  for (auto id : ids) {
    auto const logits = forward(e, m, {source, target});
    CHECK(model::next_token(logits.row(logits.rows() - 1), {}, 0) == id);
    target.push_back(id);
  }
  std::vector<std::int32_t> const ends{ids[4]};
  auto const first = std::find(ids.begin(), ids.end(), ids[4]) - ids.begin() + 1;
  CHECK(model::generate(e, m, source, 12, {}, ends, [](auto const&) {}).size() == static_cast<std::size_t>(first));
  CHECK_THROWS_AS(model::generate(e, m, source, 81, {}, {}, [](auto const&) {}), error);
}

TEST_CASE("a T5 made by hand is checked part by part") {
  auto const good = ohmic_test::tiny_t5(ohmic_test::tiny_t5_sizes(true));
  CHECK_NOTHROW(validate(good));
  auto const refused = [&](auto const& spoil, std::string const& part) {
    auto m = good;
    spoil(m);
    try {
      validate(m);
      FAIL_CHECK("not refused: " << part);
    } catch (error const& e) { CHECK_THAT(std::string(e.what()), ohmic_test::contains(part)); }
  };
  refused([](auto& m) { m.config.buckets = 7; }, "buckets");
  refused([](auto& m) { m.config.reach = 4; }, "reach 4");
  refused([](auto& m) { m.config.heads = 16, m.config.head_width = 1, m.config.reach = 1 << 20; }, "16 heads");
  refused([](auto& m) { m.config.start = 23; }, "start");
  refused([](auto& m) { m.config.decoder_layers = 2; }, "decoder");
  refused([](auto& m) { m.config.gated = false; }, "encoder[0].block.gate.weight");
  refused([](auto& m) { m.encoder_bias = matrix<float>(8, 3); }, "encoder_bias");
  refused([](auto& m) { m.decoder[1].cross.key.weight = matrix<float>(20, 11); }, "decoder[1].cross.key.weight");
  refused([](auto& m) { m.decoder[2].self.query.bias.assign(20, 0.0f); }, "decoder[2].self.query.bias");
  refused([](auto& m) { m.encoder[1].attention.norm.centred = true; }, "encoder[1].attention.norm");
  refused([](auto& m) { m.encoder_norm.beta[3] = 1.0f; }, "encoder_norm");
}

TEST_CASE("texts that a T5 cannot take are refused, naming the side") {
  auto const m = ohmic_test::tiny_t5();
  auto const weights = model::fp32_weights_of(m);
  model::fp32_engine e(weights);
  auto const complaint = [&](model::t5::input const& text) {
    try {
      static_cast<void>(forward(e, m, text));
    } catch (error const& x) { return std::string(x.what()); }
    return std::string();
  };
  CHECK_THAT(complaint({{}, {3}}), ohmic_test::contains("T5 source"));
  CHECK_THAT(complaint({{23}, {3}}), ohmic_test::contains("T5 source"));
  CHECK_THAT(complaint({{1}, std::vector<std::int32_t>(81, 1)}), ohmic_test::contains("T5 target"));
}
