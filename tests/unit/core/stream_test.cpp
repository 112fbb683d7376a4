// Addressed random numbers: the same value however it is asked for, and the laws that the values follow.
#include "ohmic/core/stream.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <set>
#include <span>
#include <vector>

#include "arch/functions.hpp"
#include "ohmic/core/threads.hpp"
#include "support/catch.hpp"
#include "support/statistics.hpp"

namespace {
using ohmic::purpose;
using ohmic::stream;

constexpr stream reference{0x0123456789abcdef, purpose::read, 7};

static_assert(reference.word(5, 2) == ohmic::philox::encipher({2, 7, 1, 2}, {0x89abcdef, 0x01234567})[1]);
static_assert(reference.word(std::uint64_t{4} << 20, 0) ==
              ohmic::philox::encipher({2, 7, 1u << 20, 0}, {0x89abcdef, 0x01234567})[0]);
static_assert(ohmic::uniform_from_word(0) == 0x1p-24f && ohmic::uniform_from_word(0xffffffff) == 1.0f - 0x1p-24f);
static_assert(static_cast<std::uint32_t>(ohmic::user_purpose(3)) == 0x103);
static_assert(static_cast<int>(purpose::programming) == 1 && static_cast<int>(purpose::drift) == 6);
static_assert(ohmic::is_addressable(std::uint64_t{1} << 32, std::uint64_t{1} << 34, std::uint64_t{1} << 32));
static_assert(!ohmic::is_addressable((std::uint64_t{1} << 32) + 1, 1, 1));
static_assert(!ohmic::is_addressable(1, (std::uint64_t{1} << 34) + 1, 1));
static_assert(!ohmic::is_addressable(1, 1, (std::uint64_t{1} << 32) + 1));

// Equality of all bits: 0 and -0 differ.
bool same_bits(std::vector<float> const& a, std::vector<float> const& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

std::vector<float> normals_by_one(stream s, std::uint64_t first, std::uint32_t time, std::size_t n) {
  std::vector<float> z(n);
  for (std::size_t i = 0; i < n; ++i) z[i] = s.normal(first + i, time);
  return z;
}

// Probability that a standard normal number exceeds z.
double upper_tail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

// How far z is from the exact quantile of p: one step of Newton's method.
double quantile_error(double z, double p) {
  double const density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
  return (upper_tail(z) - p) / density;
}

constexpr double largest_quantile_error = 1.2e-6;  // documented at ohmic::upper_quantile

constexpr std::size_t n_samples = std::size_t{1} << 20;
double const root_n = std::sqrt(static_cast<double>(n_samples));
using ohmic_test::deviations;
using ohmic_test::kolmogorov_smirnov;
using ohmic_test::ks_point;

struct moments {
  double mean = 0.0, variance = 0.0, skewness = 0.0, kurtosis = 0.0;
};
moments moments_of(std::vector<float> const& x) {
  auto const mean_of = [&](auto const& f) {
    double sum = 0.0;
    for (float const v : x) sum += f(static_cast<double>(v));
    return sum / static_cast<double>(x.size());
  };
  moments m;
  m.mean = mean_of([](double v) { return v; });
  m.variance = mean_of([&](double v) { return std::pow(v - m.mean, 2); });
  m.skewness = mean_of([&](double v) { return std::pow(v - m.mean, 3); }) / std::pow(m.variance, 1.5);
  m.kurtosis = mean_of([&](double v) { return std::pow(v - m.mean, 4); }) / std::pow(m.variance, 2);
  return m;
}

double correlation(std::vector<float> const& x, std::vector<float> const& y) {
  double xy = 0.0, xx = 0.0, yy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const a = static_cast<double>(x[i]), b = static_cast<double>(y[i]);
    xy += a * b, xx += a * a, yy += b * b;
  }
  return xy / std::sqrt(xx * yy);
}

// reference.normal(0..63, 3), written by this code once; pins the bits over compilers, flags and versions.
constexpr float golden[64] = {
    -0x1.6589d8p-3f, -0x1.8937ecp+0f, -0x1.3cf2ap-2f,  -0x1.711d0ap+0f, 0x1.669e22p-1f,  -0x1.a16a6ep-1f,
    0x1.d76bfp-1f,   0x1.898162p-2f,  -0x1.0032dp+0f,  0x1.2c8b14p-2f,  0x1.0639b2p-2f,  -0x1.00577cp+0f,
    0x1.60747ap-1f,  -0x1.736d1p-1f,  -0x1.97c82ep-2f, 0x1.0aee3ep-2f,  -0x1.5f71aep-2f, 0x1.64dc08p-3f,
    0x1.932964p-1f,  -0x1.7928dcp-1f, -0x1.8f52dcp-1f, 0x1.d33fcap-1f,  0x1.fa3bd2p-1f,  -0x1.16bc58p-2f,
    0x1.08e0f2p-2f,  0x1.52759p+0f,   -0x1.b7e0a4p-1f, 0x1.e871cap-1f,  -0x1.ce61ep-1f,  0x1.8698bep-1f,
    0x1.896e74p-1f,  -0x1.90734ep+1f, 0x1.40d768p-2f,  0x1.9fcfeep-3f,  0x1.04fa3ap+0f,  0x1.a8e73ep-3f,
    -0x1.ad5e7ap+0f, -0x1.d88db2p-2f, -0x1.2c9eeap+1f, -0x1.c77698p-1f, 0x1.5375d6p-2f,  -0x1.58e4fcp-1f,
    -0x1.529e96p-4f, -0x1.0dd3ep+0f,  -0x1.6f06e8p+0f, 0x1.e2d53cp-1f,  0x1.a21f1ap+0f,  0x1.1d0736p-1f,
    0x1.f300e6p-1f,  0x1.229718p+0f,  -0x1.195666p-2f, 0x1.0fe85p-1f,   -0x1.78213cp+0f, 0x1.1d8bc6p-5f,
    -0x1.669d0ap-1f, -0x1.12ad3p-1f,  0x1.cea46ep-1f,  -0x1.d5828ap+0f, -0x1.65f908p+0f, 0x1.c6271cp-1f,
    -0x1.232a7cp+1f, -0x1.0e338cp-3f, -0x1.47dd6ap+0f, 0x1.1f7152p-2f};
}  // namespace

TEST_CASE("the first 64 normals have the recorded bits") {
  CHECK(same_bits(normals_by_one(reference, 0, 3, 64), std::vector<float>(golden, golden + 64)));
}

TEST_CASE("block forms give the values of single requests for any start and length, on every instruction set") {
  for (auto const& arch : ohmic_test::archs()) {
    for (std::uint64_t const first : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3},
                                      std::uint64_t{61}, (std::uint64_t{1} << 34) - 300}) {
      for (std::size_t const n : {0u, 1u, 3u, 4u, 15u, 16u, 63u, 64u, 65u, 127u, 257u}) {
        INFO(arch.name << ", " << n << " from " << first);
        std::vector<std::uint32_t> words(n), words_by_one(n);
        std::vector<float> u(n), u_by_one(n), z(n);
        arch.words(reference, first, 3, words);
        arch.uniforms(reference, first, 3, u);
        arch.normals(reference, first, 3, z);
        for (std::size_t i = 0; i < n; ++i) {
          words_by_one[i] = reference.word(first + i, 3);
          u_by_one[i] = reference.uniform(first + i, 3);
        }
        CHECK(words == words_by_one);
        CHECK(u == u_by_one);
        CHECK(same_bits(z, normals_by_one(reference, first, 3, n)));
      }
    }
  }
}

TEST_CASE("a million normals have the same bits on every instruction set") {
  std::vector<float> first(1000003);
  reference.normals(0, 1, first);
  for (auto const& arch : ohmic_test::archs()) {
    INFO(arch.name);
    std::vector<float> z(first.size());
    arch.normals(reference, 0, 1, z);
    CHECK(same_bits(z, first));
  }
}

TEST_CASE("neither threads nor the order of requests change a number") {
  constexpr std::size_t n_tiles = 37, n_cells = 501;
  auto const whole = normals_by_one(reference, 0, 9, n_tiles * n_cells);
  std::vector<std::size_t> order(n_tiles);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (unsigned const threads : {1u, 2u, 7u}) {
    for (std::size_t i = n_tiles - 1; i > 0; --i)  // shuffled by another stream
      std::swap(order[i], order[stream{threads, purpose::user, 0}.word(i, 0) % (i + 1)]);
    std::vector<float> z(whole.size());
    ohmic::executor ex(threads);
    ex.for_each_index(n_tiles, [&](std::size_t i) {
      auto const at = order[i] * n_cells;
      reference.normals(at, 9, std::span(z).subspan(at, n_cells));
    });
    CAPTURE(threads);
    CHECK(same_bits(z, whole));
  }
}

TEST_CASE("every part of an address matters") {
  std::set<std::uint32_t> seen;
  std::size_t asked = 0;
  for (std::uint64_t const seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32})
    for (auto const use : {purpose::programming, purpose::read, purpose::rtn, purpose::adc, purpose::fault,
                           purpose::drift, purpose::user, ohmic::user_purpose(1)})
      for (std::uint32_t const array : {0u, 1u, 0xffffffffu})
        for (std::uint64_t const element :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4}, ohmic::max_elements - 1})
          for (std::uint32_t const time : {0u, 1u, 0xffffffffu}) {
            seen.insert(stream{seed, use, array}.word(element, time));
            ++asked;
          }
  CHECK(seen.size() ==
        asked);  // 864 of 2^32 words: two equal ones have a probability of 1e-4, and the addresses are fixed
}

TEST_CASE("addresses beyond the counter are refused by name") {
  CHECK_NOTHROW(ohmic::require_addressable(12, 128 * 128, 1000, "crossbar"));
  try {
    ohmic::require_addressable(1, ohmic::max_elements + 1, 1, "crossbar.rows");
    FAIL("accepted");
  } catch (ohmic::error const& e) {
    CHECK(e.code() == ohmic::errc::capacity);
    CHECK_THAT(e.what(), ohmic_test::contains("crossbar.rows: more elements"));
    CHECK_THAT(e.what(), ohmic_test::contains("17179869185"));
  }
}

TEST_CASE("quantiles agree with the published ones") {
  // Upper tail probability and z: the usual tables of the normal distribution, continued to all digits with Python's
  // statistics.NormalDist().inv_cdf (algorithm AS 241 of Wichura, 1988).
  struct row {
    double p, z;
  };
  constexpr row table[] = {{0.5, 0.0},
                           {0.25, 0.6744897501960817},
                           {0.1, 1.2815515655446008},
                           {0.05, 1.6448536269514726},
                           {0.025, 1.9599639845400538},
                           {0.01, 2.3263478740408408},
                           {0.005, 2.5758293035489},
                           {0.001, 3.090232306167813},
                           {1e-4, 3.71901648545568},
                           {1e-5, 4.2648907939228256},
                           {1e-6, 4.753424308822899},
                           {1e-7, 5.199337582192817},
                           {1e-8, 5.61200124417479},
                           {1e-9, 5.9978070150076865}};
  for (auto const& [p, z] : table) {
    CAPTURE(p);
    // p itself is rounded to a float: by at most 2^-24 p, which moves z by less than 1e-7.
    CHECK_THAT(static_cast<double>(ohmic::upper_quantile(static_cast<float>(p))),
               ohmic_test::within(z, largest_quantile_error + 1e-7));
  }
}

TEST_CASE("normals are the quantiles of their words within the documented error") {
  double worst = 0.0;
  float before = 10.0f;
  auto const probe = [&](std::uint32_t k) {
    float const z = ohmic::normal_from_word<float>(static_cast<std::int32_t>(k << 1));
    worst = std::max(worst, std::fabs(quantile_error(static_cast<double>(z), (k + 0.5) * 0x1p-32)));
    if (z > before + 2.4e-7f) FAIL("not monotone at " << k);  // half a step of the largest z
    before = z;
  };
  for (std::uint32_t k = 0; k < 200000; ++k) probe(k);
  for (std::uint64_t k = 200000; k < (std::uint64_t{1} << 31); k += 9973) probe(static_cast<std::uint32_t>(k));
  CHECK(worst <= largest_quantile_error);
  CHECK(worst > 0.5e-6);  // the documented error is not a fantasy either
  CHECK(std::fabs(ohmic::normal_from_word<float>(0)) < 6.34f);
  CHECK(ohmic::normal_from_word<float>(-1) == 0.0f);
  CHECK(ohmic::normal_from_word<float>(1) == -ohmic::normal_from_word<float>(0));
}

TEST_CASE("quantiles have the same bits on every instruction set") {
  std::vector<float> p, by_one;
  for (std::uint64_t k = 0; k < (std::uint64_t{1} << 31); k += 65536)
    p.push_back((static_cast<float>(static_cast<std::int32_t>(k)) + 0.5f) * 0x1p-32f);
  for (float const v : p) by_one.push_back(ohmic::upper_quantile(v));
  for (auto const& arch : ohmic_test::archs()) {
    std::vector<float> z(p.size());
    arch.quantiles(p, z);
    CAPTURE(arch.name);
    CHECK(same_bits(z, by_one));
  }
}

TEST_CASE("normals follow the normal law") {
  for (auto const use : {purpose::programming, purpose::read}) {
    std::vector<float> z(n_samples);
    stream{42, use, 3}.normals(0, 0, z);
    auto const m = moments_of(z);
    CHECK(std::fabs(m.mean) < deviations / root_n);
    CHECK(std::fabs(m.variance - 1.0) < deviations * std::sqrt(2.0) / root_n);
    CHECK(std::fabs(m.skewness) < deviations * std::sqrt(6.0) / root_n);
    CHECK(std::fabs(m.kurtosis - 3.0) < deviations * std::sqrt(24.0) / root_n);
    CHECK(kolmogorov_smirnov(z, [](double v) { return 1.0 - upper_tail(v); }) < ks_point / root_n);
  }
}

TEST_CASE("uniforms fill the open interval evenly") {
  std::vector<float> u(n_samples);
  stream{42, purpose::adc, 3}.uniforms(0, 0, u);
  auto const [low, high] = std::minmax_element(u.begin(), u.end());
  CHECK(*low > 0.0f);
  CHECK(*high < 1.0f);
  auto const m = moments_of(u);
  CHECK(std::fabs(m.mean - 0.5) < deviations * std::sqrt(1.0 / 12.0) / root_n);
  CHECK(std::fabs(m.variance - 1.0 / 12.0) < deviations * std::sqrt(1.0 / 180.0) / root_n);
  CHECK(kolmogorov_smirnov(u, [](double v) { return v; }) < ks_point / root_n);
}

TEST_CASE("streams that differ in one part of the address are not correlated") {
  stream const base{42, purpose::read, 3};
  std::vector<float> z(n_samples), other(n_samples);
  base.normals(0, 0, z);
  auto const check = [&](char const* what, stream s, std::uint64_t first, std::uint32_t time) {
    s.normals(first, time, other);
    INFO(what);
    CHECK(std::fabs(correlation(z, other)) < deviations / root_n);
  };
  check("seed", {43, purpose::read, 3}, 0, 0);
  check("purpose", {42, purpose::rtn, 3}, 0, 0);
  check("array", {42, purpose::read, 4}, 0, 0);
  check("time", base, 0, 1);
  check("next element", base, 1, 0);
  check("next counter", base, 4, 0);
}
