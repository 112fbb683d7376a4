// RMS normalisation of the fp32 reference against double precision.
#include "ohmic/nonlinear/rms_norm.hpp"

#include <cmath>
#include <vector>

#include "laws/post_function.hpp"
#include "support/catch.hpp"

TEST_CASE("rms normalisation is its definition to the error that it states") {
  for (std::size_t n : {1u, 7u, 16u, 129u, 1024u}) {
    auto u = ohmic_test::spread_values(-3.0f, 5.0f, n);
    auto const gamma = ohmic_test::spread_values(0.5f, 2.0f, n);
    double square = 0.0;
    for (float v : u) square += static_cast<double>(v) * static_cast<double>(v);
    double const root = std::sqrt(square / static_cast<double>(n) + 1e-5);
    std::vector<float> out(n);
    ohmic::rms_norm_row(u, gamma, 1e-5f, out);
    for (std::size_t i = 0; i < n; ++i) {
      double const want = static_cast<double>(u[i]) * static_cast<double>(gamma[i]) / root;
      CHECK(std::fabs(static_cast<double>(out[i]) - want) <= 0x1p-22 * std::fabs(want));
    }
    ohmic::rms_norm_row(u, gamma, 1e-5f, u);  // in place
    CHECK(u == out);
  }
}

TEST_CASE("rms normalisation of zeros is zero") {
  std::vector<float> u(9, 0.0f), out(9, 1.0f);
  std::vector<float> const gamma(9, 2.0f);
  ohmic::rms_norm_row(u, gamma, 1e-6f, out);
  for (float v : out) CHECK(v == 0.0f);
}
