// Help without training: ranges of channels moved into the weights that read them, and means that rounding moved put back.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/chip/config.hpp"
#include "ohmic/chip/value_statistics.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/numeral/shape.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Errors  missing_calibration where settings ask for what a kept calibration does not hold
inline void require_statistics(coding_config const& c, value_ranges const& ranges) {
  bool const channels = c.smoothing > 0.0 || c.bias_correction;
  if (channels ? !ranges.channels.empty() : c.value_range == value_range_rule::largest || !ranges.magnitudes.empty())
    return;
  throw error({errc::missing_calibration, "calibration holds no channels and magnitudes",
               channels ? "coding.smoothing, coding.bias_correction" : "coding.value_range", "ranges that were kept",
               "calibration texts", "give --calibration FILE with texts"});
}

/// What the largest code of a site stands for: the largest value of calibration, the clip of least squares, or the largest of a channel
/// over its factor.
/// Shape   factors (width) or none
[[nodiscard]] inline float largest_code_value(coding_config const& c, value_ranges const& ranges, std::size_t site,
                                              std::span<float const> factors, int bits) {
  float largest = ranges.largest[site];
  if (c.value_range == value_range_rule::least_squares)
    return ranges.magnitudes[site].least_squares_clip(largest, static_cast<double>(symmetric_top(bits)));
  if (factors.empty()) return largest;
  largest = 0.0f;
  for (std::size_t i = 0; i < factors.size(); ++i)
    largest = std::max(largest, ranges.channels[site].largest[i] / factors[i]);
  return largest;
}

/// Results that only matrices, and residuals of results, read: those of normalisations, blocks and attention.
[[nodiscard]] constexpr bool may_have_factors(program::operation op) noexcept {
  using program::operation;
  return op == operation::A_L2 || op == operation::B_L2 || op == operation::L2 || op == operation::B1 ||
         op == operation::gate || op == operation::A6;
}

/// Factors max |x|^a / max |w|^(1 - a) of every channel, w being the weights of all matrices that read it, a = `share`. Results are coded
/// divided by them, weights multiplied: what they multiply to is the same.
/// Shape   by site (width), empty where results have none
/// Range   share above 0, up to 1; magnitudes below 1e-5 of the largest count as that
/// Source  Xiao et al. 2023 (SmoothQuant), equation 4
template <class ForEach, class Producer>
[[nodiscard]] std::vector<std::vector<float>> smoothing_factors(value_ranges const& ranges,
                                                                program::site_names const& names, double share,
                                                                ForEach const& for_each, Producer const& producer) {
  std::vector<std::vector<float>> weights(names.sites()), factors(names.sites());
  for_each([&](program::site s, model::linear_weights const& w) {
    auto& largest = weights[producer(s).index()];
    largest.resize(w.weight.cols(), 0.0f);
    for (std::size_t o = 0; o < w.weight.rows(); ++o)
      for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], std::fabs(w.weight(o, i)));
  });
  for (std::size_t s = 0; s < factors.size(); ++s) {
    auto const& seen = ranges.channels[s].largest;
    if (weights[s].empty() || seen.size() != weights[s].size() ||
        !may_have_factors(static_cast<program::operation>(s % program::operation_count)))
      continue;
    float const least_x = 1e-5f * *std::max_element(seen.begin(), seen.end()),
                least_w = 1e-5f * *std::max_element(weights[s].begin(), weights[s].end());
    if (!(least_x > 0.0f && least_w > 0.0f)) continue;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      auto const x = static_cast<double>(std::max(seen[i], least_x)),
                 w = static_cast<double>(std::max(weights[s][i], least_w));
      factors[s].push_back(static_cast<float>(std::pow(x, share) / std::pow(w, 1.0 - share)));
    }
  }
  return factors;
}

/// Weights whose columns are multiplied by factors.
/// Shape   factors (inputs)
[[nodiscard]] inline model::linear_weights with_factors(model::linear_weights w, std::span<float const> factors) {
  for (std::size_t o = 0; o < w.weight.rows(); ++o)
    for (std::size_t i = 0; i < factors.size(); ++i) w.weight(o, i) *= factors[i];
  return w;
}

/// What the codes of every output take off its mean over calibration: (w - code scale) times the mean of every channel. Zeros where the
/// channels are not known.
/// Shape   w (outputs, inputs), codes (outputs, at least inputs), scales (outputs), factors (inputs) or none -> (outputs)
/// Source  Nagel et al. 2019, section 4.2
[[nodiscard]] inline std::vector<float> mean_corrections(model::linear_weights const& w,
                                                         matrix<std::int16_t> const& codes,
                                                         std::span<float const> scales, channel_statistics const& seen,
                                                         std::span<float const> factors) {
  std::vector<float> out(w.weight.rows(), 0.0f);
  if (seen.largest.size() != w.weight.cols()) return out;
  for (std::size_t o = 0; o < out.size(); ++o) {
    double sum = 0.0;
    for (std::size_t i = 0; i < w.weight.cols(); ++i) {
      float const left = w.weight(o, i) - simd::mul(static_cast<float>(codes(o, i)), scales[o]);
      double const mean = factors.empty() ? seen.mean(i) : seen.mean(i) / static_cast<double>(factors[i]);
      sum += simd::fence(static_cast<double>(left) * mean);
    }
    out[o] = static_cast<float>(sum);
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
