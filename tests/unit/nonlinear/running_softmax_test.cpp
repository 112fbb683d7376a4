// The softmax whose maximum runs along with the scores.
#include <cmath>
#include <limits>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/nonlinear/softmax.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {
std::vector<int> codes_of(softmax_maximum rule, std::vector<float> const& scores, int bits = 7) {
  split_softmax::config c;
  c.max = rule;
  c.exp_bits = bits;
  std::vector<std::uint16_t> codes(scores.size());
  CHECK(split_softmax(c).row_codes(scores, codes) == 0);  // nothing saturates
  return {codes.begin(), codes.end()};
}
std::size_t rescaled(std::vector<float> const& scores) {
  split_softmax::config c;
  c.max = softmax_maximum::running;
  return split_softmax(c).rescaled(scores);
}
constexpr float hidden = -std::numeric_limits<float>::infinity();
}  // namespace

TEST_CASE("a running maximum gives the codes of the row maximum where the first score is the largest") {
  std::vector<float> const scores{2.0f, 1.5f, -3.0f, 2.0f, hidden};
  CHECK(codes_of(softmax_maximum::running, scores) == codes_of(softmax_maximum::row, scores));
  CHECK(rescaled(scores) == 0);
}

TEST_CASE("codes under a running maximum are off by half a code for every time they were rounded again") {
  stream const s{5, purpose::user, 0};
  std::vector<float> scores;
  std::size_t rises = 0;
  float largest = hidden;
  for (std::size_t i = 0; i < 40; ++i) {
    scores.push_back(2.0f * s.normal(i, 0));
    rises += static_cast<std::size_t>(scores.back() > largest);
    largest = std::max(largest, scores.back());
  }
  auto const running = codes_of(softmax_maximum::running, scores), row = codes_of(softmax_maximum::row, scores);
  for (std::size_t i = 0; i < scores.size(); ++i)
    CHECK(std::abs(running[i] - row[i]) <= static_cast<int>((rises + 1) / 2 + 1));
  CHECK(rescaled(scores) > 0);
}

TEST_CASE("a masked score neither raises a running maximum nor has a code") {
  CHECK(codes_of(softmax_maximum::running, {hidden, 1.0f, hidden}) == std::vector<int>{0, 127, 0});
  CHECK(codes_of(softmax_maximum::running, {hidden, hidden}) == std::vector<int>{0, 0});
  CHECK(rescaled({hidden, 1.0f, 2.0f, 1.0f, 3.0f}) == 1 + 3);
}
