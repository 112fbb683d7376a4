// Layer normalisation: the chip's pieces and the row of the fp32 reference.
#include "laws/layer_norm.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "ohmic/nonlinear/layer_norm.hpp"
#include "support/catch.hpp"

using ohmic::errc;
using ohmic::split_layer_norm;
using ohmic::variance_rule;

TEST_CASE("the split layer normalisation obeys the laws of one") {
  ohmic_test::layer_norm_laws(split_layer_norm({}));
  ohmic_test::layer_norm_laws(split_layer_norm({.variance = variance_rule::moments}));
}

TEST_CASE("moments that come out negative are taken as zero and flagged") {
  split_layer_norm const moments({.variance = variance_rule::moments, .epsilon = 0.25f});
  auto const d = moments.inverse_deviation(3.0f, 8.5f);
  CHECK(d.clamped);
  CHECK(d.inverse_root == 2.0f);
  CHECK_FALSE(moments.inverse_deviation(3.0f, 9.0f).clamped);
  CHECK_FALSE(moments.inverse_deviation(0.0f, 0.0f).clamped);
  CHECK(split_layer_norm({.epsilon = 0.25f}).inverse_deviation(3.0f, 0.0f).inverse_root == 2.0f);
  CHECK(split_layer_norm({}).inverse_deviation(0.0f, -1e-3f).clamped);  // a noisy product of the row with itself
}

TEST_CASE("moments cancel where two passes do not") {
  // Deviation 1 around a mean of 4096: E(u^2) = 16777217 needs 25 bits.
  split_layer_norm const two_pass({}), moments({.variance = variance_rule::moments});
  auto const exact = ohmic_test::ideal_means({4095.0f, 4097.0f}, variance_rule::two_pass);
  auto const coarse = ohmic_test::ideal_means({4095.0f, 4097.0f}, variance_rule::moments);
  CHECK(two_pass.inverse_deviation(exact.mean, exact.second).inverse_root == 1.0f);
  CHECK(moments.inverse_deviation(coarse.mean, coarse.second).inverse_root > 1000.0f);
}

TEST_CASE("a row is centred for the second pass") {
  std::vector<float> u{1.0f, 2.0f, 6.0f};
  split_layer_norm({}).centre_row(u, 3.0f, u);
  CHECK(u == std::vector<float>{-2.0f, -1.0f, 3.0f});
}

TEST_CASE("layer normalisation refuses a bad epsilon") {
  for (float epsilon : {0.0f, -1e-5f, 2.0f, std::numeric_limits<float>::quiet_NaN()}) {
    try {
      split_layer_norm({.epsilon = epsilon});
      FAIL("no error");
    } catch (ohmic::error const& e) {
      CHECK(e.code() == errc::config_value);
      CHECK_THAT(e.what(), ohmic_test::contains("layer_norm.epsilon"));
    }
  }
  CHECK_NOTHROW(split_layer_norm({.epsilon = 1e-5f}));
}

TEST_CASE("the layer normalisation settings read and print as text") {
  split_layer_norm::config c;
  CHECK(ohmic::print(c) == "variance=two_pass\nepsilon=1e-12\nroot=exact\nroot_bits=12\n");
  ohmic::assign(c, "variance=moments");
  CHECK(c.variance == variance_rule::moments);
}

TEST_CASE("the reference layer normalisation agrees with the formula in double") {
  for (std::size_t m : {1u, 2u, 7u, 8u, 128u, 515u})
    for (float centre : {0.0f, 1.0f, 50.0f, -300.0f}) {
      auto const u = ohmic_test::spread_values(centre - 1.0f, centre + 2.0f, m);
      auto const gamma = ohmic_test::spread_values(0.5f, 1.5f, m), beta = ohmic_test::spread_values(-1.0f, 1.0f, m);
      double const epsilon = m == 1 ? 1.0 : 1e-12;  // one value has no deviation
      auto const exact = ohmic_test::double_layer_norm(u, gamma, beta, epsilon);
      std::vector<float> out(m);
      ohmic::layer_norm_row(u, gamma, beta, static_cast<float>(epsilon), out);
      double worst = 0.0;
      for (std::size_t i = 0; i < m; ++i)
        worst = std::max(worst, std::fabs(static_cast<double>(out[i]) - exact[i]) /
                                    (1.0 + std::fabs(exact[i]) + std::fabs(static_cast<double>(beta[i]))));
      CHECK(worst <= ohmic_test::layer_norm_tolerance(variance_rule::two_pass, 1.2 * static_cast<double>(centre)));

      auto in_place = u;
      ohmic::layer_norm_row(in_place, gamma, beta, static_cast<float>(epsilon), in_place);
      CHECK(in_place == out);
    }
}

TEST_CASE("a constant row normalises to its offsets") {
  std::vector<float> const u(9, 0.1f), gamma(9, 3.0f), beta(9, 0.25f);
  std::vector<float> out(9);
  ohmic::layer_norm_row(u, gamma, beta, 1e-12f, out);
  CHECK(out == beta);
  ohmic::layer_norm_row({}, {}, {}, 1e-12f, {});
}

TEST_CASE("layer normalisation gives the same bits on every compiler, instruction set and flag") {
  std::vector<float> u(771), gamma(u.size()), beta(u.size()), out(u.size());
  for (std::size_t i = 0; i < u.size(); ++i) {  // exact, so that the inputs are the same everywhere
    u[i] = static_cast<float>(i * 2654435761u % 8192u) / 3.0f - 1000.0f;
    gamma[i] = 0.5f + static_cast<float>(i % 97) / 64.0f;
    beta[i] = static_cast<float>(i % 31) / 7.0f - 2.0f;
  }
  ohmic::layer_norm_row(u, gamma, beta, 1e-12f, out);
  std::uint64_t hash = 14695981039346656037u;
  for (float y : out) hash = (hash ^ std::bit_cast<std::uint32_t>(y)) * 1099511628211u;
  CHECK(hash == 0x3a09976142336ac3);  // ours: whoever changes the functions changes it
}
