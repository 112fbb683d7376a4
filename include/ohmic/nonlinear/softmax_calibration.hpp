// Where the full scale of a softmax without row maximum comes from.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Which score gets the largest code, where no row maximum is subtracted.
enum class full_scale_rule {
  largest,   ///< the largest score of the calibration data, as published: most rows then have only zero codes
  quantile,  ///< a quantile of the rows' maxima: larger scores saturate
};

template <>
struct enum_names<full_scale_rule> {
  static constexpr std::pair<std::string_view, full_scale_rule> value[] = {{"largest", full_scale_rule::largest},
                                                                           {"quantile", full_scale_rule::quantile}};
};

/// Largest score of a row, -infinity if it is empty or wholly masked. NaN is passed over.
/// Cost    1 x "comparator" "compare" per score: the running maximum starts at -infinity
[[nodiscard]] inline float row_maximum(std::span<float const> scores) noexcept {
  constexpr std::size_t lanes =
      8;  // a maximum does not depend on the order; eight chains let the compiler use registers
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  float m[lanes];
  std::fill_n(m, lanes, lowest);
  std::size_t const whole = scores.size() - scores.size() % lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t l = 0; l < lanes; ++l) m[l] = m[l] < scores[i + l] ? scores[i + l] : m[l];
  for (std::size_t i = whole; i < scores.size(); ++i) m[0] = m[0] < scores[i] ? scores[i] : m[0];
  return *std::max_element(m, m + lanes);
}

/// Maxima of the rows of scores seen in calibration. Every maximum is kept, so that quantiles are exact and neither the
/// order of observation nor the split over threads matters.
/// Cost    4 bytes per row: one row per token, head and layer that shares the full scale
class softmax_calibration {
 public:
  /// Takes a row of scores; a row that is empty or wholly masked says nothing and is passed over.
  /// Errors  value, naming the position, for NaN or +infinity
  void observe(std::span<float const> scores) {
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (!(scores[i] < std::numeric_limits<float>::infinity()))
        throw error({errc::value, "not a score", "softmax_calibration[" + std::to_string(i) + "]",
                     detail::number_text(scores[i]), "finite scores, or -infinity where masked",
                     "look for NaN or infinity in the weights or the ranges"});
    float const m = row_maximum(scores);
    if (std::isfinite(m)) maxima_.push_back(m);
  }

  /// Takes all rows of another calibration.
  void merge(softmax_calibration const& other) {
    auto const n = other.maxima_.size();  // other may be *this
    maxima_.reserve(maxima_.size() + n);
    for (std::size_t i = 0; i < n; ++i) maxima_.push_back(other.maxima_[i]);
  }

  /// Rows that count.
  [[nodiscard]] std::size_t rows() const noexcept { return maxima_.size(); }

  /// The score whose exponential takes the largest code: the largest score, or the smallest row maximum that is not
  /// exceeded by at least the share `quantile` of the rows (nearest rank: always one of the observed numbers).
  /// Range   quantile above 0, up to 1
  /// Errors  missing_calibration without rows; config_value for a quantile outside its range
  [[nodiscard]] float full_scale(full_scale_rule rule, double quantile = 0.9) const {
    if (maxima_.empty())
      throw error({errc::missing_calibration, "no calibration scores", "softmax.full_scale", "no rows",
                   "rows of scores from calibration data", "give calibration data, or set softmax.max=row"});
    if (!(quantile > 0.0 && quantile <= 1.0))
      throw error({errc::config_value, "quantile out of range", "softmax.quantile", detail::number_text(quantile),
                   "above 0, up to 1", "set softmax.quantile"});
    if (rule == full_scale_rule::largest) return *std::max_element(maxima_.begin(), maxima_.end());
    auto sorted = maxima_;
    auto const rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
    auto const nth = sorted.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(rank, 1, sorted.size()) - 1);
    std::nth_element(sorted.begin(), nth, sorted.end());
    return *nth;
  }

 private:
  std::vector<float> maxima_;
};

}  // namespace ohmic::inline OHMIC_ABI
