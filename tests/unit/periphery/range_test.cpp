// Range rules against direct computation, and the statistics of currents behind them.
#include "ohmic/periphery/range.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using ohmic::current_statistics;
using ohmic::errc;
using ohmic::full_scale_for;
using ohmic::range_config;
using ohmic::range_rule;

namespace {

/// Currents as columns deliver them: many small ones, few large.
std::vector<std::int32_t> some_currents(std::uint64_t seed, std::size_t n, std::int32_t largest) {
  ohmic_test::dice dice(seed);
  std::vector<std::int32_t> currents(n);
  for (auto& c : currents) {
    double const r = dice.real();
    c = static_cast<std::int32_t>(r * r * r * (largest + 1.0));
  }
  return currents;
}

current_statistics statistics_of(std::vector<std::int32_t> const& currents, std::int32_t largest) {
  current_statistics s(largest);
  s.observe(currents);
  return s;
}

struct moments {
  double mean = 0.0, sigma = 0.0, sigma_margin = 0.0;
};

/// Two passes in long double, which has 11 bits more than the sums need here.
moments direct_moments(std::vector<std::int32_t> const& currents) {
  long double sum = 0.0L, squares = 0.0L, deviations = 0.0L;
  auto const n = static_cast<long double>(currents.size());
  for (auto c : currents) sum += c;
  for (auto c : currents) deviations += (c - sum / n) * (c - sum / n);
  for (auto c : currents) squares += static_cast<long double>(c) * c;
  moments m{static_cast<double>(sum / n), static_cast<double>(std::sqrt(deviations / n)), 0.0};
  // E(c^2) and E(c)^2 are each off by two roundings of a double; the root passes half of that on, over sigma.
  m.sigma_margin = static_cast<double>(4.0L * squares / n) * 0x1p-53 / m.sigma + m.sigma * 0x1p-52;
  return m;
}

void check_equal(current_statistics const& a, current_statistics const& b) {
  CHECK(a.count() == b.count());
  CHECK(a.mean() == b.mean());
  CHECK(a.sigma() == b.sigma());
  for (double percent : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0})
    CHECK(a.percentile(percent) == b.percentile(percent));
}

constexpr double no_limit = 1e9;

float full_scale(range_config const& c, current_statistics const& seen, double largest = no_limit,
                 float top_code = 1.0f) {
  return full_scale_for(c, seen, largest, 0, top_code, "layer.0.A1");
}

}  // namespace

TEST_CASE("statistics have the mean and deviation of the currents") {
  for (std::int32_t largest : {1, 200, 24384, 2097151}) {
    auto const currents = some_currents(static_cast<std::uint64_t>(largest), 20000, largest);
    auto const seen = statistics_of(currents, largest);
    auto const wanted = direct_moments(currents);
    CAPTURE(largest);
    CHECK(seen.count() == currents.size());
    CHECK_THAT(seen.mean(), ohmic_test::within(wanted.mean, wanted.mean * 0x1p-52));
    CHECK_THAT(seen.sigma(), ohmic_test::within(wanted.sigma, wanted.sigma_margin));
  }
}

TEST_CASE("statistics without currents are zeros") {
  current_statistics const none(1000);
  CHECK(none.count() == 0);
  CHECK(none.mean() == 0.0);
  CHECK(none.sigma() == 0.0);
  CHECK(current_statistics().percentile(50.0) == 0.0);
}

TEST_CASE("currents that are all the same have no deviation") {
  for (std::int32_t c : {0, 1, 77, 24384}) {
    auto const seen = statistics_of(std::vector<std::int32_t>(1000, c), 30000);
    CHECK(seen.mean() == c);
    CHECK(seen.sigma() == 0.0);
  }
}

TEST_CASE("sums of squares go beyond 64 bits") {
  constexpr std::int32_t largest = 2097151;  // squares of 42 bits
  std::vector<std::int32_t> currents(std::size_t{1} << 20, 0);
  for (std::size_t i = 0; i < currents.size(); i += 2) currents[i] = largest;
  current_statistics seen(largest), merged(largest);
  for (int i = 0; i < 32; ++i) seen.observe(currents);  // 2^24 squares of 2^42: 2^66
  for (int i = 0; i < 2; ++i) {
    current_statistics part(largest);
    for (int j = 0; j < 16; ++j) part.observe(currents);
    merged.merge(part);
  }
  double const half = largest / 2.0;  // both mean and deviation of half zeros, half largest
  CHECK(seen.mean() == half);
  CHECK_THAT(seen.sigma(), ohmic_test::within(half, half * 0x1p-50));
  check_equal(merged, seen);
}

TEST_CASE("merging statistics is exact and does not depend on order") {
  constexpr std::int32_t largest = 24384;
  auto const currents = some_currents(4, 30000, largest);
  auto const whole = statistics_of(currents, largest);
  ohmic_test::dice dice(8);
  for (int round = 0; round < 20; ++round) {
    std::vector<current_statistics> parts;
    for (std::size_t first = 0; first < currents.size();) {
      auto const n = std::min(currents.size() - first, static_cast<std::size_t>(dice.between(1, 9000)));
      parts.emplace_back(largest);
      parts.back().observe(std::span(currents).subspan(first, n));
      first += n;
    }
    for (std::size_t i = parts.size(); i > 1; --i) std::swap(parts[i - 1], parts[dice.bits() % i]);
    current_statistics merged;  // without a histogram: it takes the shape of the first
    for (auto const& p : parts) merged.merge(p);
    merged.merge(current_statistics(largest));
    check_equal(merged, whole);
  }
}

TEST_CASE("a percentile is the nearest rank, exact up to 4095 units") {
  constexpr std::size_t n = 4000;
  auto currents = some_currents(6, n, 4095);
  auto const seen = statistics_of(currents, 4095);
  std::sort(currents.begin(), currents.end());
  for (double percent : {0.025, 0.5, 12.5, 25.0, 50.0, 75.0, 99.0, 99.5, 100.0}) {
    auto const rank = static_cast<std::size_t>(std::ceil(n * percent / 100.0));
    CAPTURE(percent);
    CHECK(seen.percentile(percent) == currents[rank - 1]);
  }
}

TEST_CASE("a percentile above 4095 units is the upper edge of a bin of a power of two") {
  for (std::int32_t largest : {4096, 24384, 2097151}) {
    std::int32_t width = 1;
    while (largest / width > 4095) width *= 2;
    auto currents = some_currents(1, 4000, largest);
    auto const seen = statistics_of(currents, largest);
    std::sort(currents.begin(), currents.end());
    for (double percent : {0.5, 50.0, 99.5, 100.0}) {
      std::int32_t const ranked = currents[static_cast<std::size_t>(std::ceil(40.0 * percent)) - 1];
      CAPTURE(largest, percent);
      CHECK(seen.percentile(percent) == (ranked / width + 1) * width - 1);
    }
  }
}

TEST_CASE("the full-scale rule takes the largest current of the array") {
  range_config c;
  c.rule = range_rule::full_scale;
  CHECK(full_scale(c, current_statistics(), 24384.0) == 24384.0f);
  CHECK_FALSE(c.needs_statistics());
}

TEST_CASE("the mean-sigma rule takes mean + k sigma") {
  auto const currents = some_currents(12, 20000, 24384);
  auto const seen = statistics_of(currents, 24384);
  auto const m = direct_moments(currents);
  for (double k : {0.0, 0.5, 4.0, 8.0, 12.0}) {
    range_config c;
    c.sigmas = k;
    auto const wanted = m.mean + k * m.sigma, float_rounding = wanted * 0x1p-24;
    CAPTURE(k);
    CHECK_THAT(static_cast<double>(full_scale(c, seen)),
               ohmic_test::within(wanted, k * m.sigma_margin + float_rounding));
    CHECK(c.needs_statistics());
  }
}

TEST_CASE("the default rule is mean + 8 sigma") {
  range_config const c;
  CHECK(c.rule == range_rule::mean_sigma);
  CHECK(c.sigmas == 8.0);
}

TEST_CASE("the percentile rule takes a percentile of the currents") {
  auto const currents = some_currents(13, 4000, 4095);
  auto const seen = statistics_of(currents, 4095);
  range_config c;
  c.rule = range_rule::percentile;
  for (double percent : {50.0, 99.0, 100.0}) {
    c.percentile = percent;
    CHECK(full_scale(c, seen) == static_cast<float>(seen.percentile(percent)));
  }
  CHECK(c.needs_statistics());
}

TEST_CASE("the user rule takes the value of the digit as it is") {
  range_config c;
  c.rule = range_rule::user;
  c.user = {5000.0, 0.25, 1e6};
  for (std::size_t digit = 0; digit < 3; ++digit)
    CHECK(full_scale_for(c, current_statistics(), 100.0, digit, 255.0f, "w") == static_cast<float>(c.user[digit]));
}

TEST_CASE("a calibrated range is never wider than the array can fill nor finer than one unit a code") {
  auto const seen = statistics_of(some_currents(2, 1000, 4000), 4000);
  for (range_rule rule : {range_rule::full_scale, range_rule::mean_sigma, range_rule::percentile}) {
    range_config c;
    c.rule = rule;
    CAPTURE(static_cast<int>(rule));
    CHECK(full_scale(c, seen, 50.0, 15.0f) == 50.0f);
    CHECK(full_scale(c, seen, 50.0, 255.0f) == 255.0f);
  }
}

TEST_CASE("calibrated rules without currents are refused with the site") {
  for (range_rule rule : {range_rule::mean_sigma, range_rule::percentile}) {
    range_config c;
    c.rule = rule;
    ohmic_test::check_refused([&] { (void)full_scale(c, current_statistics(1000)); }, errc::missing_calibration,
                              {"layer.0.A1", "no calibration currents", "range.rule=full_scale"});
  }
}

TEST_CASE("the user rule without a value for a digit is refused") {
  range_config c;
  c.rule = range_rule::user;
  c.user = {100.0, 200.0};
  ohmic_test::check_refused([&] { (void)full_scale_for(c, current_statistics(), 1000.0, 2, 255.0f, "w"); },
                            errc::config_value, {"range.user", "2 values", "one value per digit"});
  c.user.clear();
  ohmic_test::check_refused([&] { range_config::validate(c); }, errc::config_conflict,
                            {"range.user", "an empty list", "range.rule"});
}

TEST_CASE("range parameters out of range are refused by name") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  auto const with = [](auto const& change) {
    range_config c;
    change(c);
    range_config::validate(c);
  };
  for (double bad : {-0.5, 1000.5, nan, infinity})
    ohmic_test::check_refused([&] { with([&](range_config& c) { c.sigmas = bad; }); }, errc::config_value,
                              {"range.sigmas", "0..1000"});
  for (double bad : {0.0, -1.0, 100.1, nan})
    ohmic_test::check_refused([&] { with([&](range_config& c) { c.percentile = bad; }); }, errc::config_value,
                              {"range.percentile", "up to 100"});
  for (double bad : {0.0, -5.0, nan, infinity})
    ohmic_test::check_refused([&] { with([&](range_config& c) {
                                      c.user = {10.0, bad};
                                    }); }, errc::config_value,
                              {"range.user", "above 0"});
  CHECK_NOTHROW(range_config::validate({}));
}

TEST_CASE("range settings are set and printed by name") {
  range_config c;
  ohmic::set(c, "rule", "user");
  ohmic::set(c, "user", "100, 20.5,3");
  CHECK(c.rule == range_rule::user);
  CHECK(c.user == std::vector<double>{100.0, 20.5, 3.0});
  CHECK(ohmic::print(c) == "rule=user\nsigmas=8\npercentile=99.99\nuser=100,20.5,3\nmargin=1\n");
  ohmic_test::check_refused([&] { ohmic::set(c, "rule", "sigma"); }, errc::config_value,
                            {"rule", "mean_sigma", "percentile", "full_scale", "user"});
}
