// What every softmax policy must satisfy, and what one with a row maximum must.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "laws/post_function.hpp"
#include "ohmic/nonlinear/concept.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

constexpr float masked = -std::numeric_limits<float>::infinity();

template <ohmic::softmax_policy P>
std::vector<std::uint16_t> codes_of(P const& p, std::vector<float> const& scores) {
  std::vector<std::uint16_t> codes(scores.size(), 0xffff);
  p.row_codes(scores, codes);
  return codes;
}

template <ohmic::softmax_policy P>
void softmax_codes_law(P const& p, std::vector<float> const& scores) {
  auto const codes = codes_of(p, scores);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });

  std::size_t too_large = 0, masked_codes = 0, falling = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    too_large += static_cast<std::size_t>(codes[i] > p.top());
    masked_codes += static_cast<std::size_t>(scores[i] == masked && codes[i] != 0);
    falling += static_cast<std::size_t>(i > 0 && codes[order[i]] < codes[order[i - 1]]);
  }
  CHECK(too_large == 0);
  CHECK(masked_codes == 0);
  CHECK(falling == 0);

  // The code of a score does not depend on where in the row it stands.
  std::vector<float> sorted(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = scores[order[i]];
  auto const sorted_codes = codes_of(p, sorted);
  std::size_t moved = 0;
  for (std::size_t i = 0; i < order.size(); ++i) moved += static_cast<std::size_t>(sorted_codes[i] != codes[order[i]]);
  CHECK(moved == 0);
}

/// The shares code / sum add up to 1 where the row has any code, and are zeros, and reported, where it has none.
template <ohmic::softmax_policy P>
void softmax_division_law(P const& p, std::vector<float> const& scores) {
  auto const codes = codes_of(p, scores);
  std::vector<float> const r(codes.begin(), codes.end());
  auto const sum = static_cast<float>(std::accumulate(codes.begin(), codes.end(), std::uint64_t{0}));
  std::vector<float> share(r.size(), 2.0f);
  bool const any = p.divide_row(r, sum, share);
  CHECK(any == (sum > 0.0f));
  double const total = std::accumulate(share.begin(), share.end(), 0.0);
  // Every share is a quotient rounded once, the sum of the codes below 2^24 exact: each is off by 2^-24 of itself at
  // most.
  double const rounding = 0x1p-24;
  CHECK_THAT(total, within(any ? 1.0 : 0.0, rounding));
  if (!any) CHECK(std::all_of(share.begin(), share.end(), [](float v) { return v == 0.0f; }));

  auto in_place = r;
  p.divide_row(in_place, sum, in_place);
  CHECK(in_place == share);
}

/// Laws of every policy, on rows around `centre` (where the policy's codes are neither all zero nor all saturated).
template <ohmic::softmax_policy P>
void softmax_laws(P const& p, float centre) {
  REQUIRE(p.top() >= 1);
  for (std::size_t n : {1u, 2u, 7u, 8u, 31u, 64u, 129u, 300u}) {
    auto scores = spread_values(centre - 6.0f, centre + 1.0f, n);
    CAPTURE(n);
    softmax_codes_law(p, scores);
    softmax_division_law(p, scores);
    for (std::size_t i = 0; i < n; i += 3) scores[i] = masked;
    softmax_codes_law(p, scores);
    softmax_division_law(p, scores);
  }
  CHECK(codes_of(p, {}).empty());
  softmax_codes_law(p, std::vector<float>(9, masked));
  softmax_division_law(p, std::vector<float>(9, masked));
  std::vector<float> r{1.0f, -2.0f, 3.0f}, out(3, 9.0f);
  CHECK_FALSE(p.divide_row(r, 0.0f, out));
  CHECK(out == std::vector<float>(3, 0.0f));
}

/// Codes are the exponentials against `reference` to half a code, so that the shares are the softmax to that
/// resolution.
/// Range   no score above the reference
template <ohmic::softmax_policy P>
void softmax_resolution_law(P const& p, std::vector<float> const& scores, double reference) {
  auto const codes = codes_of(p, scores);
  double const top = p.top();
  // Half a code from rounding; the float exponential and its product with top are off by 2 ulp together.
  double const half_code = 0.5 + top * 0x1p-22;
  double exact_sum = 0.0, code_sum = 0.0, worst_code = 0.0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    double const e = std::exp(static_cast<double>(scores[i]) - reference);
    worst_code = std::max(worst_code, std::fabs(codes[i] - e * top));
    exact_sum += e;
    code_sum += codes[i];
  }
  CHECK(worst_code <= half_code);
  CHECK(std::fabs(code_sum - exact_sum * top) <= half_code * static_cast<double>(codes.size()));
  if (code_sum == 0.0) return;
  double worst_share = 0.0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    double const exact = std::exp(static_cast<double>(scores[i]) - reference) / exact_sum;
    double const bound = half_code * (1.0 + exact * static_cast<double>(codes.size())) / code_sum;
    worst_share = std::max(worst_share, std::fabs(codes[i] / code_sum - exact) / bound);
  }
  CHECK(worst_share <= 1.0);
}

/// A policy that subtracts the row's maximum: the largest score has the largest code, nothing saturates, and adding a
/// number to all scores of a row, where that is exact, changes no code.
template <ohmic::softmax_policy P>
void row_maximum_laws(P const& p) {
  for (std::size_t n : {1u, 5u, 64u, 200u}) {
    auto scores = spread_values(-12.0f, 12.0f, n);
    for (float& s : scores) s = std::round(s * 256.0f) / 256.0f;  // multiples of 2^-8: sums below 2^15 are exact
    if (n > 4) scores[2] = masked;
    std::vector<std::uint16_t> codes(n);
    CHECK(p.row_codes(scores, codes) == 0);
    auto const largest = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    CHECK(codes[largest] == p.top());
    softmax_resolution_law(p, scores, static_cast<double>(scores[largest]));
    for (float shift : {1.0f, -3.5f, 100.25f, -1000.0f, 20000.0f}) {
      auto shifted = scores;
      for (float& s : shifted) s += shift;
      CHECK(codes_of(p, shifted) == codes);
    }
  }
}

}  // namespace ohmic_test
