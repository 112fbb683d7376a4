// What every layer normalisation policy must satisfy.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "laws/post_function.hpp"
#include "ohmic/nonlinear/concept.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

/// Row means as an ideal array would give them: in double, rounded to float at the end.
struct row_means {
  float mean = 0.0f;
  float second = 0.0f;
};
inline row_means ideal_means(std::vector<float> const& u, ohmic::variance_rule rule) {
  double sum = 0.0, second = 0.0;
  for (float v : u) sum += static_cast<double>(v);
  double const mean = sum / static_cast<double>(u.size());
  for (float v : u) {
    double const d = rule == ohmic::variance_rule::two_pass ? static_cast<double>(v) - mean : static_cast<double>(v);
    second += d * d;
  }
  return {static_cast<float>(mean), static_cast<float>(second / static_cast<double>(u.size()))};
}

/// The textbook formula in double.
inline std::vector<double> double_layer_norm(std::vector<float> const& u, std::vector<float> const& gamma,
                                             std::vector<float> const& beta, double epsilon) {
  double mean = 0.0, variance = 0.0;
  for (float v : u) mean += static_cast<double>(v);
  mean /= static_cast<double>(u.size());
  for (float v : u) variance += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  variance /= static_cast<double>(u.size());
  std::vector<double> out(u.size());
  for (std::size_t i = 0; i < u.size(); ++i)
    out[i] = (static_cast<double>(u[i]) - mean) / std::sqrt(variance + epsilon) * static_cast<double>(gamma[i]) +
             static_cast<double>(beta[i]);
  return out;
}

template <ohmic::layer_norm_policy P>
std::vector<float> normalised(P const& p, std::vector<float> const& u, std::vector<float> const& gamma,
                              std::vector<float> const& beta) {
  auto const means = ideal_means(u, p.variance());
  auto const d = p.inverse_deviation(means.mean, means.second);
  CHECK_FALSE(d.clamped);
  std::vector<float> out(u.size());
  p.apply_row(u, means.mean, d.inverse_root, gamma, beta, out);
  return out;
}

/// Error of a normalised value against the double formula, per unit of |result| + |beta| + 1: the mean and the second
/// mean are floats. `moments` subtracts numbers that are 1 + (mean / deviation)^2 times the variance.
inline double layer_norm_tolerance(ohmic::variance_rule rule, double mean_by_deviation) {
  double const float_ulp = 0x1p-23;
  double const cancellation = rule == ohmic::variance_rule::moments ? 1.0 + mean_by_deviation * mean_by_deviation : 0.0;
  return float_ulp * (4.0 + std::fabs(mean_by_deviation) + 2.0 * cancellation);
}

/// Scaling, shift, gain and offset; agreement with the double formula.
/// Range   a policy whose epsilon is below 1e-9, so that rows of deviation 1 do not feel it
template <ohmic::layer_norm_policy P>
void layer_norm_laws(P const& p) {
  for (std::size_t m : {2u, 8u, 17u, 128u, 513u}) {
    CAPTURE(m);
    auto u = spread_values(-1.0f, 2.5f, m);
    for (float& v : u) v = std::round(v * 1024.0f) / 1024.0f;  // so that shifts below are exact
    auto const gamma = spread_values(0.5f, 1.5f, m), beta = spread_values(-1.0f, 1.0f, m);
    std::vector<float> const ones(m, 1.0f), zeros(m, 0.0f);

    double mean_by_deviation = 0.0;
    {
      auto const means = ideal_means(u, ohmic::variance_rule::two_pass);
      mean_by_deviation = static_cast<double>(means.mean) / std::sqrt(static_cast<double>(means.second));
    }
    auto const worst = [&](std::vector<float> const& got, std::vector<double> const& expected,
                           std::vector<float> const& offset) {
      double w = 0.0;
      for (std::size_t i = 0; i < got.size(); ++i)
        w = std::max(w, std::fabs(static_cast<double>(got[i]) - expected[i]) /
                            (1.0 + std::fabs(expected[i]) + std::fabs(static_cast<double>(offset[i]))));
      return w;
    };

    auto const expected = double_layer_norm(u, gamma, beta, 0.0);
    auto const got = normalised(p, u, gamma, beta);
    CHECK(worst(got, expected, beta) <= layer_norm_tolerance(p.variance(), mean_by_deviation));

    // Powers of two scale every intermediate exactly, so that not a bit changes.
    for (float factor : {0.25f, 4.0f, 64.0f}) {
      auto scaled = u;
      for (float& v : scaled) v *= factor;
      CHECK(normalised(p, scaled, gamma, beta) == got);
    }
    auto negative = u;
    for (float& v : negative) v = -v;
    auto const plain = normalised(p, u, ones, zeros);
    auto mirrored = normalised(p, negative, ones, zeros);
    for (float& v : mirrored) v = -v;
    CHECK(mirrored == plain);

    for (float shift : {0.5f, -3.0f, 8.0f}) {
      auto moved = u;
      for (float& v : moved) v += shift;
      double const far = mean_by_deviation * static_cast<double>(1.0f + std::fabs(shift)) +
                         8.0 * std::fabs(static_cast<double>(shift));
      CHECK(worst(normalised(p, moved, gamma, beta), expected, beta) <= layer_norm_tolerance(p.variance(), far));
    }

    auto in_place = u;
    auto const means = ideal_means(u, p.variance());
    p.apply_row(in_place, means.mean, p.inverse_deviation(means.mean, means.second).inverse_root, gamma, beta,
                in_place);
    CHECK(in_place == got);
  }
}

}  // namespace ohmic_test
