// What calibration keeps of a site's values besides their largest: magnitudes, and the largest and mean of every channel. All counts and
// sums are exact, so that neither threads nor the order of texts show.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/nonlinear/softmax_calibration.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Counts of magnitudes by octave, each in 32 equal parts, from 2^-32 to 2^32; what lies outside goes into the outermost.
class magnitude_histogram {
 public:
  void observe(std::span<float const> values) {
    if (counts_.empty()) counts_.assign(bins, 0);
    for (float const v : values) {
      auto const place = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(std::fabs(v)) >> 18) - first_place;
      if (v != 0.0f) ++counts_[static_cast<std::size_t>(std::clamp(place, 0, bins - 1))];
    }
  }
  void merge(magnitude_histogram const& other) {
    if (counts_.empty()) counts_.assign(bins, 0);
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] bool empty() const noexcept { return counts_.empty(); }

  /// The clipping magnitude with the least squared error of codes up to `top`: steps of clip / top, a twelfth of their square for what
  /// lies inside (or the value itself, where that is less), the excess for what lies outside. Among upper edges of parts, the four
  /// octaves below the largest.
  /// Source  ours; the two errors as in Banner et al. 2019 (ACIQ), section 4, with counts in place of a distribution
  [[nodiscard]] float least_squares_clip(float largest, double top) const {
    double best = 0.0;
    float clip = largest;
    std::size_t last = counts_.size();
    while (last > 0 && counts_[last - 1] == 0) --last;
    for (std::size_t k = last; k > 0 && k + 4 * parts > last; --k) {
      float const edge = k == last ? largest : value_of(k);
      double const step = static_cast<double>(edge) / top;
      double error = 0.0;
      for (std::size_t i = 0; i < last; ++i) {
        if (counts_[i] == 0) continue;
        double const v = 0.5 * (static_cast<double>(value_of(i)) + static_cast<double>(value_of(i + 1)));
        double const outside = v - static_cast<double>(edge), rounding = std::min(v * v, step * step / 12.0);
        error += static_cast<double>(counts_[i]) * (i >= k ? outside * outside : rounding);
      }
      if (k == last || error < best) best = error, clip = edge;
    }
    return clip;
  }

 private:
  static constexpr std::int32_t parts = 32, bins = 64 * parts, first_place = (127 - 32) * parts;
  /// Lower edge of a part.
  [[nodiscard]] static float value_of(std::size_t i) noexcept {
    return std::bit_cast<float>((static_cast<std::uint32_t>(i) + first_place) << 18);
  }
  std::vector<std::uint64_t> counts_;
};

/// Largest magnitude and sum of every channel of a site.
struct channel_statistics {
  std::vector<float> largest{};
  std::vector<std::int64_t> sums{};  ///< in units of 2^-24
  std::uint64_t rows = 0;

  /// Values token by token; head_width > 0: head by head, each token by token.
  /// Shape   values (rows, width), or (heads, rows, head_width)
  void observe(std::span<float const> values, std::size_t width, std::size_t head_width = 0) {
    if (width == 0 || values.size() % width != 0) return;
    resize(width);
    std::size_t const n = values.size() / width, inner = head_width == 0 ? width : head_width;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::size_t const channel = i / (n * inner) * inner + i % inner;
      largest[channel] = std::max(largest[channel], std::fabs(values[i]));
      sums[channel] += std::llrint(std::clamp(std::ldexp(static_cast<double>(values[i]), 24), -0x1p52, 0x1p52));
    }
    rows += n;
  }
  void merge(channel_statistics const& other) {
    if (other.rows == 0) return;
    resize(other.largest.size());
    for (std::size_t i = 0; i < largest.size(); ++i) {
      largest[i] = std::max(largest[i], other.largest[i]);
      sums[i] += other.sums[i];
    }
    rows += other.rows;
  }
  [[nodiscard]] double mean(std::size_t channel) const noexcept {
    return rows == 0 ? 0.0 : std::ldexp(static_cast<double>(sums[channel]), -24) / static_cast<double>(rows);
  }
  /// Channels whose largest magnitude is above `times` the median of all channels'.
  [[nodiscard]] std::size_t outliers(float times = 6.0f) const {
    if (largest.empty()) return 0;
    auto sorted = largest;
    auto const middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    float const limit = times * *middle;
    return static_cast<std::size_t>(std::count_if(largest.begin(), largest.end(), [&](float v) { return v > limit; }));
  }

 private:
  void resize(std::size_t width) {
    if (largest.size() < width) largest.resize(width, 0.0f), sums.resize(width, 0);
  }
};

/// What calibration data say about the values of a model in fp32: the largest magnitude at every site, and the scores
/// of every block. Magnitudes and channels, of sites that a matrix reads, are not in calibrations that were kept.
struct value_ranges {
  std::vector<float> largest;               ///< by site
  std::vector<softmax_calibration> scores;  ///< by block
  std::vector<magnitude_histogram> magnitudes{};
  std::vector<channel_statistics> channels{};

  explicit value_ranges(program::site_names const& names = {})
      : largest(names.sites(), 0.0f), scores(names.layers + 2) {}
};

}  // namespace ohmic::inline OHMIC_ABI::chip
