// The split softmax, its calibration, and the plain softmax of the fp32 reference.
#include "laws/softmax.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "ohmic/nonlinear/softmax.hpp"
#include "support/catch.hpp"

using ohmic::errc;
using ohmic::full_scale_rule;
using ohmic::softmax_calibration;
using ohmic::softmax_maximum;
using ohmic::split_softmax;
using ohmic_test::masked;

namespace {

constexpr float infinite_score = std::numeric_limits<float>::infinity();
constexpr float nan_score = std::numeric_limits<float>::quiet_NaN();

split_softmax without_maximum(float full_scale, int bits) {
  return split_softmax({.max = softmax_maximum::none, .exp_bits = bits, .full_scale = full_scale});
}

template <class F>
errc code_of(F&& f) {
  try {
    f();
  } catch (ohmic::error const& e) { return e.code(); }
  return errc::contract;
}

}  // namespace

TEST_CASE("the split softmax obeys the laws of a softmax") {
  for (int bits : {4, 7, 8, 12, 16}) {
    CAPTURE(bits);
    split_softmax const by_row({.exp_bits = bits});
    CHECK(by_row.top() == (1 << bits) - 1);
    ohmic_test::softmax_laws(by_row, 0.0f);
    ohmic_test::softmax_laws(by_row, 500.0f);
    ohmic_test::softmax_laws(without_maximum(2.5f, bits), 2.5f);
    ohmic_test::softmax_laws(without_maximum(-40.0f, bits), -40.0f);
  }
  ohmic_test::softmax_laws(ohmic::softmax_archetype({}), 0.0f);
}

TEST_CASE("a softmax with row maximum does not feel a shift of the scores") {
  for (int bits : {4, 7, 8, 16}) ohmic_test::row_maximum_laws(split_softmax({.exp_bits = bits}));
}

TEST_CASE("codes without row maximum are exponentials against the full scale") {
  for (int bits : {4, 7, 8, 12, 16})
    ohmic_test::softmax_resolution_law(without_maximum(3.0f, bits), ohmic_test::spread_values(-9.0f, 3.0f, 500), 3.0);
}

TEST_CASE("a softmax says whether it needs a comparator") {
  CHECK(split_softmax({}).by_row());
  CHECK_FALSE(without_maximum(1.0f, 7).by_row());
}

TEST_CASE("a few codes by hand") {
  split_softmax const by_row({});
  std::vector<float> const scores{0.0f, std::log(0.5f), std::log(0.25f), -10.0f, masked};
  CHECK(ohmic_test::codes_of(by_row, scores) == std::vector<std::uint16_t>{127, 64, 32, 0, 0});  // 63.5 and 31.75
  CHECK(ohmic_test::codes_of(without_maximum(0.0f, 8), {0.0f, -1.0f, -6.0f, -7.0f}) ==
        std::vector<std::uint16_t>{255, 94, 1, 0});
}

TEST_CASE("scores above the full scale saturate and are counted") {
  auto const p = without_maximum(1.0f, 7);
  std::vector<float> const scores{1.0f, 1.001f, 1.01f, 2.0f, 80.0f, 1000.0f, infinite_score, 0.0f, masked};
  std::vector<std::uint16_t> codes(scores.size());
  CHECK(p.row_codes(scores, codes) == 5);  // exp(0.001) 127 still rounds to 127
  CHECK(codes == std::vector<std::uint16_t>{127, 127, 127, 127, 127, 127, 127, 47, 0});
}

TEST_CASE("a row far below the full scale has only zero codes, and its division says so") {
  auto const p = without_maximum(11.18f, 8);
  std::vector<float> const scores{0.0f, 1.0f, 2.6f};
  std::vector<std::uint16_t> codes(3, 9);
  CHECK(p.row_codes(scores, codes) == 0);
  CHECK(codes == std::vector<std::uint16_t>(3, 0));
  std::vector<float> r{5.0f, 6.0f};
  CHECK_FALSE(p.divide_row(r, 0.0f, r));
  CHECK(r == std::vector<float>{0.0f, 0.0f});
}

TEST_CASE("a sum that noise made negative or NaN yields zeros") {
  split_softmax const p({});
  for (float sum : {-1.0f, -0.0f, nan_score}) {
    std::vector<float> r{5.0f, 6.0f};
    CHECK_FALSE(p.divide_row(r, sum, r));
    CHECK(r == std::vector<float>{0.0f, 0.0f});
  }
}

TEST_CASE("a score that is no number is a masked one") {
  for (auto const& p : {split_softmax({}), without_maximum(1.0f, 7)}) {
    std::vector<float> scores(40, 1.0f);
    scores[0] = scores[17] = scores[39] = nan_score;
    std::vector<std::uint16_t> codes(scores.size());
    CHECK(p.row_codes(scores, codes) == 0);
    for (std::size_t i = 0; i < codes.size(); ++i) CHECK(codes[i] == (std::isnan(scores[i]) ? 0 : 127));
  }
  CHECK(ohmic_test::codes_of(split_softmax({}), {infinite_score, 1.0f}) == std::vector<std::uint16_t>{0, 0});
}

TEST_CASE("a softmax refuses a bad configuration") {
  using config = split_softmax::config;
  CHECK(code_of([] { split_softmax({.exp_bits = 3}); }) == errc::config_value);
  CHECK(code_of([] { split_softmax({.exp_bits = 17}); }) == errc::config_value);
  CHECK(code_of([] { split_softmax({.quantile = 0.0}); }) == errc::config_value);
  CHECK(code_of([] { split_softmax({.quantile = std::numeric_limits<double>::quiet_NaN()}); }) == errc::config_value);
  CHECK(code_of([] { split_softmax({.max = softmax_maximum::none}); }) == errc::missing_calibration);
  CHECK(code_of([] { without_maximum(nan_score, 7); }) == errc::config_value);
  CHECK(code_of([] { without_maximum(-infinite_score, 7); }) == errc::config_value);
  CHECK_NOTHROW(split_softmax::validate(config{}));
}

TEST_CASE("the softmax settings read and print as text") {
  split_softmax::config c;
  CHECK(ohmic::print(c) ==
        "max=row\nexp_bits=7\nrule=quantile\nquantile=0.9\nfull_scale=inf\n"
        "exponential=exact\nbase=e\nentries=64\nfraction_bits=8\ndivide_bits=0\n");
  ohmic::assign(c, "max=none");
  ohmic::assign(c, "rule=largest");
  ohmic::assign(c, "full_scale=2.5");
  CHECK(c.max == softmax_maximum::none);
  CHECK(c.rule == full_scale_rule::largest);
  CHECK(c.full_scale == 2.5f);
  ohmic::assign(c, "full_scale=inf");
  CHECK(c.full_scale == infinite_score);
}

TEST_CASE("the largest score of the calibration rows is the full scale as published") {
  softmax_calibration c;
  c.observe(std::vector<float>{1.0f, -3.0f, masked});
  c.observe(std::vector<float>{0.5f, 7.5f});
  c.observe(std::vector<float>{2.0f});
  CHECK(c.rows() == 3);
  CHECK(c.full_scale(full_scale_rule::largest) == 7.5f);
}

TEST_CASE("a quantile of the row maxima is the nearest rank") {
  softmax_calibration c;
  for (int i = 10; i >= 1; --i) c.observe(std::vector<float>{static_cast<float>(i), -50.0f});
  CHECK(c.full_scale(full_scale_rule::quantile) == 9.0f);
  CHECK(c.full_scale(full_scale_rule::quantile, 0.91) == 10.0f);
  CHECK(c.full_scale(full_scale_rule::quantile, 0.5) == 5.0f);
  CHECK(c.full_scale(full_scale_rule::quantile, 0.05) == 1.0f);
  CHECK(c.full_scale(full_scale_rule::quantile, 1e-12) == 1.0f);
  CHECK(c.full_scale(full_scale_rule::quantile, 1.0) == 10.0f);
}

TEST_CASE("calibration does not depend on order or on how rows are spread over accumulators") {
  auto const maxima = ohmic_test::spread_values(-5.0f, 5.0f, 997);
  softmax_calibration forward, backward, parts[3];
  for (std::size_t i = 0; i < maxima.size(); ++i) {
    forward.observe({&maxima[i], 1});
    backward.observe({&maxima[maxima.size() - 1 - i], 1});
    parts[i % 3].observe({&maxima[i], 1});
  }
  parts[2].merge(parts[0]);
  parts[2].merge(parts[1]);
  for (double q : {0.01, 0.5, 0.9, 0.99}) {
    float const expected = forward.full_scale(full_scale_rule::quantile, q);
    CHECK(backward.full_scale(full_scale_rule::quantile, q) == expected);
    CHECK(parts[2].full_scale(full_scale_rule::quantile, q) == expected);
  }
  parts[2].merge(parts[2]);
  CHECK(parts[2].rows() == 2 * maxima.size());
}

TEST_CASE("calibration passes masked rows over and refuses what is no score") {
  softmax_calibration c;
  c.observe(std::vector<float>(5, masked));
  c.observe({});
  CHECK(c.rows() == 0);
  CHECK(code_of([&] { (void)c.full_scale(full_scale_rule::largest); }) == errc::missing_calibration);
  CHECK(code_of([&] { c.observe(std::vector<float>{1.0f, nan_score}); }) == errc::value);
  CHECK(code_of([&] { c.observe(std::vector<float>{infinite_score}); }) == errc::value);
  CHECK(c.rows() == 0);
  c.observe(std::vector<float>{1.0f});
  CHECK(code_of([&] { (void)c.full_scale(full_scale_rule::quantile, 0.0); }) == errc::config_value);
  CHECK(code_of([&] { (void)c.full_scale(full_scale_rule::quantile, 1.5); }) == errc::config_value);
}

TEST_CASE("the row maximum passes masked scores over") {
  CHECK(ohmic::row_maximum({}) == masked);
  CHECK(ohmic::row_maximum(std::vector<float>(20, masked)) == masked);
  for (std::size_t n : {1u, 3u, 8u, 21u})
    for (std::size_t at = 0; at < n; ++at) {
      std::vector<float> scores(n, -4.0f);
      scores[at] = -3.0f;
      CHECK(ohmic::row_maximum(scores) == -3.0f);
    }
}

TEST_CASE("the plain softmax agrees with the formula in double") {
  for (std::size_t n : {1u, 2u, 9u, 64u, 500u}) {
    auto row = ohmic_test::spread_values(-20.0f, 8.0f, n);
    if (n > 4) row[1] = row[n - 2] = masked;
    std::vector<double> exact(n);
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += exact[i] = std::exp(static_cast<double>(row[i]));
    ohmic::softmax_row(row);
    double worst = 0.0;
    for (std::size_t i = 0; i < n; ++i)
      worst = std::max(worst, std::fabs(static_cast<double>(row[i]) - exact[i] / sum) / (exact[i] / sum + 1e-30));
    // The score minus the maximum is rounded once, at up to 28: 2^-25 of 32; exp, sum and quotient add 2 ulp.
    CHECK(worst <= 32.0 * 0x1p-25 + 2.0 * 0x1p-23);
  }
}

TEST_CASE("a wholly masked row of the plain softmax becomes zeros") {
  std::vector<float> row(11, masked);
  ohmic::softmax_row(row);
  CHECK(row == std::vector<float>(11, 0.0f));
  ohmic::softmax_row({});
}

TEST_CASE("softmax gives the same bits on every compiler, instruction set and flag") {
  std::vector<float> scores(1003);
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] = static_cast<float>(i * 2654435761u % 4096u) * 0x1p-8f - 11.0f;  // exact
  std::vector<std::uint16_t> codes(scores.size());
  std::uint64_t hash = 14695981039346656037u;
  auto const add = [&hash](std::uint32_t v) { hash = (hash ^ v) * 1099511628211u; };
  split_softmax({.exp_bits = 16}).row_codes(scores, codes);
  for (auto c : codes) add(c);
  ohmic::softmax_row(scores);
  for (float p : scores) add(std::bit_cast<std::uint32_t>(p));
  CHECK(hash == 0x8385a104d0e416d8);  // ours: whoever changes the functions changes it
}
