// Attention on the shared array, its products taken exactly, against softmax(Q K^T) V in double precision.
#include "ohmic/attention/shared_array.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "ohmic/program/encoder.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using ohmic::attention_mask;
using ohmic::attention_report;
using ohmic::attention_step;
using ohmic::shared_array_attention;
using ohmic::softmax_maximum;
using ohmic::split_softmax;

namespace {

using codes = ohmic::matrix<std::int16_t>;
using table = std::vector<std::vector<double>>;

/// A head with scores of about the deviation that is asked for.
struct head {
  codes q, k, v;
  float q_scale = 0.02f, k_scale = 0.0f, v_scale = 0.013f;

  head(std::size_t tokens, std::size_t width, double score_sigma, std::uint64_t seed)
      : q(tokens, width), k(tokens, width), v(tokens, width) {
    ohmic_test::dice dice(seed);
    for (auto* m : {&q, &k, &v})
      for (auto& c : m->flat())
        c = static_cast<std::int16_t>(std::clamp(static_cast<int>(dice.normal() * 32.0), -127, 127));
    k_scale = static_cast<float>(score_sigma /
                                 (static_cast<double>(q_scale) * 32.0 * 32.0 * std::sqrt(static_cast<double>(width))));
  }
  [[nodiscard]] std::size_t tokens() const { return q.rows(); }
  [[nodiscard]] ohmic::head_operands operands() const {
    return {q.view(), k.view(), v.view(), q_scale, k_scale, v_scale};
  }
};

/// Products in whole numbers, as a lossless array gives them.
constexpr auto exact = [](attention_step, auto x, ohmic::matrix_view<std::int16_t const> y) {
  ohmic::matrix<double> z(x.rows, y.rows);
  for (std::size_t n = 0; n < x.rows; ++n)
    for (std::size_t t = 0; t < y.rows; ++t)
      for (std::size_t i = 0; i < x.cols; ++i) z(n, t) += static_cast<double>(x(n, i)) * static_cast<double>(y(t, i));
  return z;
};

/// Scores in double, -infinity where masked.
table scores_of(head const& h, attention_mask mask) {
  table s(h.tokens(), std::vector<double>(h.tokens()));
  for (std::size_t i = 0; i < h.tokens(); ++i)
    for (std::size_t j = 0; j < h.tokens(); ++j) {
      double sum = 0.0;
      for (std::size_t l = 0; l < h.q.cols(); ++l)
        sum += static_cast<double>(h.q(i, l)) * static_cast<double>(h.k(j, l));
      s[i][j] = mask == attention_mask::causal && j > i
                    ? -std::numeric_limits<double>::infinity()
                    : sum * static_cast<double>(h.q_scale) * static_cast<double>(h.k_scale);
    }
  return s;
}

double value(head const& h, std::size_t j, std::size_t l) {
  return static_cast<double>(h.v(j, l)) * static_cast<double>(h.v_scale);
}

template <class Softmax>
struct attended {
  ohmic::matrix<float> out;
  attention_report report;
  std::vector<float> scores, sums, values;

  attended(head const& h, Softmax const& softmax, attention_mask mask, std::int16_t one = 127)
      : out(h.tokens(), h.v.cols()) {
    shared_array_attention<Softmax> const attention(softmax, mask, one);
    attention.head(h.operands(), out.view(), report, exact, [&](attention_step step, std::span<float const> seen) {
      auto& to = step == attention_step::scores ? scores : step == attention_step::sums ? sums : values;
      to.insert(to.end(), seen.begin(), seen.end());
    });
  }
};

/// Results off by more than the resolution of the codes allows.
///
/// With codes c_j = top e_j + d_j, |d_j| <= h, the result sum(c_j v_j) / sum(c_j) differs from sum(e_j v_j) / sum(e_j) by
/// (sum(d_j v_j) - r sum(d_j)) / sum(c_j) where r is the exact result, hence by at most h (sum |v_j| + n |r|) / sum(c_j) over
/// the n scores that count. h is half a code, and what float does to an exponential: 2 ulp of it and the rounding of the score.
template <class Softmax>
std::size_t beyond_resolution(head const& h, attended<Softmax> const& got, Softmax const& softmax, attention_mask mask,
                              double float_scores) {
  auto const scores = scores_of(h, mask);
  double const half_code = 0.5 + softmax.top() * (0x1p-22 + float_scores * 0x1p-22);
  std::size_t beyond = 0;
  for (std::size_t i = 0; i < h.tokens(); ++i) {
    double const largest = *std::max_element(scores[i].begin(), scores[i].end());
    double sum = 0.0, counted = 0.0;
    std::vector<double> e;
    for (double s : scores[i]) {
      e.push_back(std::exp(s - largest));
      sum += e.back();
      counted += static_cast<double>(e.back() > 0.0);
    }
    double const code_sum = static_cast<double>(got.sums[i]);
    for (std::size_t l = 0; l < h.v.cols(); ++l) {
      double r = 0.0, magnitudes = 0.0;
      for (std::size_t j = 0; j < h.tokens(); ++j) {
        r += e[j] / sum * value(h, j, l);
        magnitudes += e[j] > 0.0 ? std::fabs(value(h, j, l)) : 0.0;
      }
      double const float_rounding = 4.0 * 0x1p-24 * (std::fabs(r) + 1.0);  // of v_scale, sum, product and quotient
      double const bound = half_code * (magnitudes + counted * std::fabs(r)) / code_sum + float_rounding;
      beyond += static_cast<std::size_t>(!(std::fabs(static_cast<double>(got.out(i, l)) - r) <= bound));
    }
  }
  return beyond;
}

constexpr double largest_score = 40.0;  // above every score of the heads below: 6.5 sigma of sigma 6

}  // namespace

TEST_CASE("attention with exact products is softmax(Q K^T) V to the resolution of its codes") {
  for (int bits : {4, 7, 8, 12, 15, 16})
    for (double sigma : {0.1, 1.0, 3.0, 6.0})
      for (auto mask : {attention_mask::none, attention_mask::causal})
        for (std::size_t tokens : {1u, 2u, 9u, 40u}) {
          head const h(tokens, 12, sigma, tokens + static_cast<std::uint64_t>(bits));
          split_softmax const softmax({.exp_bits = bits});
          attended const got(h, softmax, mask);
          CAPTURE(bits, sigma, tokens, static_cast<int>(mask));
          CHECK(beyond_resolution(h, got, softmax, mask, largest_score) == 0);
          CHECK(got.report.rows == tokens);
          CHECK(got.report.empty_rows == 0);
          CHECK(got.report.saturated == 0);
        }
}

TEST_CASE("a query does not see the keys and values that the causal mask hides") {
  head const h(12, 8, 1.0, 3);
  split_softmax const softmax({});
  attended const got(h, softmax, attention_mask::causal);
  for (std::size_t seen = 1; seen < h.tokens(); ++seen) {
    head other = h;
    ohmic_test::dice dice(seen);
    for (std::size_t j = seen; j < h.tokens(); ++j)
      for (std::size_t l = 0; l < 8; ++l) {
        other.k(j, l) = static_cast<std::int16_t>(dice.between(-127, 127));
        other.v(j, l) = static_cast<std::int16_t>(dice.between(-127, 127));
      }
    attended const changed(other, softmax, attention_mask::causal);
    for (std::size_t i = 0; i < seen; ++i)
      CHECK(std::equal(got.out.row(i).begin(), got.out.row(i).end(), changed.out.row(i).begin()));
    bool const last_moved =
        !std::equal(got.out.row(seen).begin(), got.out.row(seen).end(), changed.out.row(seen).begin());
    CHECK(last_moved);
  }
}

TEST_CASE("the mask hides what comes after a query and nothing else") {
  constexpr float hidden = -std::numeric_limits<float>::infinity();
  std::vector<float> scores{1.0f, 2.0f, 3.0f, 4.0f};
  ohmic::apply_mask(attention_mask::none, 0, scores);
  CHECK(scores == std::vector<float>{1.0f, 2.0f, 3.0f, 4.0f});
  ohmic::apply_mask(attention_mask::causal, 3, scores);
  CHECK(scores == std::vector<float>{1.0f, 2.0f, 3.0f, 4.0f});
  ohmic::apply_mask(attention_mask::causal, 1, scores);
  CHECK(scores == std::vector<float>{1.0f, 2.0f, hidden, hidden});
}

TEST_CASE("the first query of a causal head gets its own value") {
  head const h(5, 6, 1.0, 9);
  attended const got(h, split_softmax({}), attention_mask::causal);
  for (std::size_t l = 0; l < 6; ++l) {
    float const wanted = static_cast<float>(h.v(0, l)) * h.v_scale;
    CHECK_THAT(got.out(0, l), ohmic_test::within_ulp(wanted, 2));  // two roundings: times top and scale, divided by top
  }
}

TEST_CASE("attention gives zeros for rows whose codes are all zero and counts them") {
  head const h(20, 8, 1.0, 4);
  auto const scores = scores_of(h, attention_mask::none);
  // Without a row maximum and 7 bits a score gets a code from exp(s - full scale) = 0.5 / 127 on.
  double const full_scale = 7.0, first_code = full_scale + std::log(0.5 / 127.0);
  split_softmax const softmax({.max = softmax_maximum::none, .full_scale = static_cast<float>(full_scale)});
  attended const got(h, softmax, attention_mask::none);
  std::uint64_t empty = 0;
  for (std::size_t i = 0; i < h.tokens(); ++i) {
    double const largest = *std::max_element(scores[i].begin(), scores[i].end());
    REQUIRE(std::fabs(largest - first_code) > 1e-5);  // no row so close that float decides
    bool const zeros = std::all_of(got.out.row(i).begin(), got.out.row(i).end(), [](float r) { return r == 0.0f; });
    CHECK(zeros == (largest < first_code));
    empty += static_cast<std::uint64_t>(largest < first_code);
  }
  CHECK(empty > 0);
  CHECK(empty < h.tokens());
  CHECK(got.report.empty_rows == empty);
  CHECK(got.report.rows == h.tokens());
}

TEST_CASE("attention counts the scores that saturate") {
  head const h(20, 8, 1.0, 4);
  auto const scores = scores_of(h, attention_mask::none);
  double const full_scale = 0.5, first_lost = full_scale + std::log(127.5 / 127.0);
  std::uint64_t lost = 0;
  for (auto const& row : scores)
    for (double s : row) {
      REQUIRE(std::fabs(s - first_lost) > 1e-6);
      lost += static_cast<std::uint64_t>(s > first_lost);
    }
  attended const got(h, split_softmax({.max = softmax_maximum::none, .full_scale = static_cast<float>(full_scale)}),
                     attention_mask::none);
  CHECK(lost > 10);
  CHECK(got.report.saturated == lost);
}

TEST_CASE("the code that stands for one only scales the row sums") {
  head const h(16, 8, 2.0, 5);
  split_softmax const softmax({});
  attended const got(h, softmax, attention_mask::none, 127);
  for (std::int16_t one : {std::int16_t{1}, std::int16_t{7}, std::int16_t{63}}) {
    attended const other(h, softmax, attention_mask::none, one);
    CHECK(other.sums == got.sums);
    CHECK(other.out == got.out);
  }
}

TEST_CASE("scores, sums and results are shown row by row") {
  head const h(7, 4, 1.0, 6);
  attended const got(h, split_softmax({}), attention_mask::causal);
  auto const scores = scores_of(h, attention_mask::none);
  REQUIRE(got.scores.size() == 7 * 8 / 2);  // of every row those that the mask shows
  REQUIRE(got.sums.size() == 7);
  CHECK(std::equal(got.values.begin(), got.values.end(), got.out.flat().begin(), got.out.flat().end()));
  for (std::size_t i = 0, at = 0; i < 7; ++i)
    for (std::size_t j = 0; j <= i; ++j, ++at)
      CHECK_THAT(static_cast<double>(got.scores[at]),
                 ohmic_test::within(scores[i][j], std::fabs(scores[i][j]) * 0x1p-22));
}

TEST_CASE("post-functions of a head are counted as the encoder program plans them") {
  head const h(6, 4, 1.0, 7);
  for (bool by_row : {true, false}) {
    split_softmax const softmax({.max = by_row ? softmax_maximum::row : softmax_maximum::none, .full_scale = 1.0f});
    attended const got(h, softmax, attention_mask::none);
    CHECK(got.report.tallies[0].count<"post", "scale">() == 36);
    CHECK(got.report.tallies[0].count<"comparator", "compare">() == (by_row ? 36u : 0u));
    CHECK(got.report.tallies[0].count<"exp_unit", "exp">() == 36);
    CHECK(got.report.tallies[0].count<"cache", "write">() == 36);
    CHECK(got.report.tallies[1].count<"cache", "write">() == 6);
    CHECK(got.report.tallies[2].count<"post", "scale">() == 24);
    CHECK(got.report.tallies[2].count<"divider", "divide">() == 24);

    std::vector<ohmic::program::sub_operation> planned;
    ohmic::program::attention_program(planned, 1, {6, 4, 1}, {3, 3, by_row, true, {}});
    REQUIRE(planned.size() == 3);
    for (std::size_t step = 0; step < 3; ++step) {
      ohmic::program::post_tally counted;
      counted += got.report.tallies[step];
      // Results are coded, and written, by whoever takes them.
      if (step == 2) counted.add<"cache", "write">(24);
      CHECK(counted == planned[step].post);
    }
  }
}

TEST_CASE("attention takes any softmax policy") {
  head const h(10, 4, 1.0, 8);
  ohmic::softmax_archetype const uniform({});  // every key counts the same
  attended const got(h, uniform, attention_mask::none);
  for (std::size_t l = 0; l < 4; ++l) {
    double mean = 0.0;
    for (std::size_t j = 0; j < 10; ++j) mean += value(h, j, l) / 10.0;
    for (std::size_t i = 0; i < 10; ++i)
      CHECK_THAT(static_cast<double>(got.out(i, l)), ohmic_test::within(mean, 4 * 0x1p-24));
  }
}

TEST_CASE("a head refuses operands that do not fit each other") {
  head const h(4, 3, 1.0, 5);
  codes const more(5, 3), wide(4, 4), fewer(2, 3);
  split_softmax const softmax({.exp_bits = 15});
  auto const run = [&](ohmic::head_operands const& in, std::size_t rows, std::size_t cols,
                       ohmic::attention_scope const& scope = {}) {
    ohmic::matrix<float> out(rows, cols);
    attention_report report;
    shared_array_attention<>(softmax, scope, 127)
        .head(in, out.view(), report, exact, [](attention_step, std::span<float const>) {});
  };
  auto const refused = [&](std::string const& part, auto const& f) {
    ohmic_test::check_refused(f, ohmic::errc::shape, {part});
  };
  auto const good = h.operands();
  CHECK_NOTHROW(run(good, 4, 3));
  auto in = good;
  in.v = more.view();
  refused("attention.v", [&] { run(in, 4, 3); });
  refused("attention.out", [&] { run(good, 3, 3); });
  refused("attention.out", [&] { run(good, 4, 2); });
  in = good, in.q = wide.view();
  refused("attention.q", [&] { run(in, 4, 3); });
  std::vector<float> const scales(3, 1.0f);
  in = good, in.q_scales = scales;
  refused("attention.q_scales", [&] { run(in, 4, 3); });
  in = good, in.k = fewer.view(), in.v = fewer.view();
  CHECK_NOTHROW(run(in, 4, 3));
  refused("attention.tokens", [&] { run(in, 4, 3, attention_mask::causal); });
  auto const slopes = ohmic::position_bias::linear({0.5f});
  in = good, in.first_head = 1;
  refused("attention.bias", [&] { run(in, 4, 3, {attention_mask::none, 0, &slopes}); });
}
