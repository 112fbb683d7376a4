// Generation: the next token from logits, and prompts that a decoder continues.
#include "ohmic/model/generation.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/task.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;

struct greedy_decoder {
  model::gpt2 m = ohmic_test::tiny_gpt2();
  model::fp32_weights weights{sites_of(m).sites(), [this](auto const& f) { for_each_projection(m, f); }};

  [[nodiscard]] std::vector<std::int32_t> continued(std::vector<std::int32_t> const& prompt, std::size_t tokens,
                                                    model::sampling const& how, std::int32_t end = -1) const {
    model::fp32_engine e(weights);
    return model::generate(e, m, prompt, tokens, how, end, [](model::generation_step const&) {});
  }
};

}  // namespace

TEST_CASE("at temperature 0 every token is the likeliest of the whole pass before it") {
  greedy_decoder const r;
  std::vector<std::int32_t> text{3, 17, 5};
  for (std::int32_t const next : r.continued(text, 12, {})) {
    model::fp32_engine e(r.weights);
    auto const logits = forward(e, r.m, text);
    CHECK(next == static_cast<std::int32_t>(model::largest_index(logits.row(text.size() - 1))));
    text.push_back(next);
  }
  CHECK(text.size() == 15);
}

TEST_CASE("a text ends at its end token") {
  greedy_decoder const r;
  auto const all = r.continued({3, 17, 5}, 12, {});
  auto const end = all[4];
  auto const first = static_cast<std::size_t>(std::find(all.begin(), all.end(), end) - all.begin());
  CHECK(r.continued({3, 17, 5}, 12, {}, end) ==
        std::vector<std::int32_t>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first) + 1));
}

TEST_CASE("a text ends at the first of several end tokens") {
  greedy_decoder const r;
  auto const all = r.continued({3, 17, 5}, 12, {});
  std::vector<std::int32_t> const ends{all[7], all[4]};
  auto const first = std::find_first_of(all.begin(), all.end(), ends.begin(), ends.end());
  model::fp32_engine e(r.weights);
  auto const cut =
      model::generate(e, r.m, std::vector<std::int32_t>{3, 17, 5}, 12, {}, ends, [](model::generation_step const&) {});
  CHECK(cut == std::vector<std::int32_t>(all.begin(), first + 1));
}

TEST_CASE("steps say how many tokens they take and how many came before") {
  greedy_decoder const r;
  model::fp32_engine e(r.weights);
  std::vector<std::size_t> tokens, past;
  static_cast<void>(
      model::generate(e, r.m, std::vector<std::int32_t>{1, 2, 3, 4}, 3, {}, -1, [&](model::generation_step const& s) {
        tokens.push_back(s.tokens);
        past.push_back(s.past);
      }));
  CHECK(tokens == std::vector<std::size_t>{4, 1, 1});
  CHECK(past == std::vector<std::size_t>{0, 4, 5});
}

TEST_CASE("drawn tokens follow the softmax of the logits, and the seed alone") {
  std::vector<float> const logits{0.0f, std::log(2.0f), -50.0f, std::log(5.0f)};  // shares 1/8, 2/8, 0, 5/8
  constexpr int n = 4000;
  std::vector<int> counts(4, 0);
  for (int i = 0; i < n; ++i) {
    auto const drawn = model::next_token(logits, {1.0, 9}, static_cast<std::uint32_t>(i));
    CHECK(drawn == model::next_token(logits, {1.0, 9}, static_cast<std::uint32_t>(i)));
    ++counts[static_cast<std::size_t>(drawn)];
  }
  double const shares[] = {0.125, 0.25, 0.0, 0.625};
  // Five standard deviations of a binomial count.
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(std::fabs(counts[i] - n * shares[i]) <= 5.0 * std::sqrt(n * shares[i] * (1.0 - shares[i])));
}

TEST_CASE("a small temperature leaves the likeliest, and seeds differ at a large one") {
  greedy_decoder const r;
  CHECK(r.continued({1, 2}, 20, {1e-3, 1}) == r.continued({1, 2}, 20, {}));
  CHECK(r.continued({1, 2}, 20, {50.0, 1}) != r.continued({1, 2}, 20, {50.0, 2}));
}

TEST_CASE("prompts and temperatures that cannot be are refused") {
  greedy_decoder const r;
  CHECK_THROWS_AS(r.continued({}, 3, {}), error);
  CHECK_THROWS_AS(r.continued({1, 2}, 80, {}), error);  // 80 positions; the last token is not read
  CHECK(r.continued(std::vector<std::int32_t>(78, 1), 3, {}).size() == 3);
  CHECK_THROWS_AS(r.continued({1}, 3, {-1.0, 1}), error);
  CHECK_THROWS_AS(r.continued({1}, 3, {std::nan(""), 1}), error);
  CHECK_THROWS_AS(r.continued({99}, 3, {}), error);
}
