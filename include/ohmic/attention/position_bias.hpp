// Biases on scores that depend on how far a key lies from its query: ALiBi, and tables as T5 has them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/attention/concept.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A bias for every head and distance, key less query. Beyond the table the value of its nearest end holds; a slope goes on for ever.
/// Cost    1 x "post" "add_bias" per score, in F
class position_bias {
 public:
  /// slope x (key - query) of every head.
  /// Shape   (heads)
  /// Errors  shape for no heads
  [[nodiscard]] static position_bias linear(std::vector<float> slopes) {
    if (slopes.empty())
      throw error({errc::shape, "slopes of position biases", "position_bias", "none", "one a head", ""});
    position_bias b;
    b.slopes_ = std::move(slopes);
    return b;
  }
  /// Shape   (heads, 2 reach + 1), distances -reach..reach
  /// Errors  shape for a table of an even number of distances, or an empty one
  [[nodiscard]] static position_bias table(matrix<float> by_distance) {
    if (by_distance.rows() == 0 || by_distance.cols() % 2 == 0)
      throw error({errc::shape, "table of position biases", "position_bias",
                   shape_text(by_distance.rows(), by_distance.cols()), "heads x an odd number of distances", ""});
    position_bias b;
    b.reach_ = by_distance.cols() / 2;
    b.table_ = std::move(by_distance);
    return b;
  }

  [[nodiscard]] std::size_t heads() const noexcept { return slopes_.empty() ? table_.rows() : slopes_.size(); }
  [[nodiscard]] float of(std::size_t head, std::size_t query, std::size_t key) const noexcept {
    auto const distance = static_cast<std::int64_t>(key) - static_cast<std::int64_t>(query);
    if (!slopes_.empty()) return simd::mul(slopes_[head], static_cast<float>(distance));
    auto const reach = static_cast<std::int64_t>(reach_);
    std::int64_t const at = distance < -reach ? -reach : distance > reach ? reach : distance;
    return table_(head, static_cast<std::size_t>(at + reach));
  }
  /// Adds the biases of a query to its scores.
  /// Shape   scores (keys)
  void add(std::size_t head, std::size_t query, std::span<float> scores) const noexcept {
    for (std::size_t j = 0; j < scores.size(); ++j) scores[j] += of(head, query, j);
  }

 private:
  position_bias() = default;
  std::vector<float> slopes_;
  matrix<float> table_;
  std::size_t reach_ = 0;
};

/// Errors  shape for biases of other heads than the layer has
inline void require_heads(position_bias const* bias, std::size_t heads) {
  if (bias != nullptr && bias->heads() != heads)
    throw error({errc::shape, "position biases of other heads", "position_bias", std::to_string(bias->heads()),
                 std::to_string(heads) + " heads", "give one row of biases a head"});
}

/// Slopes of ALiBi: 2^(-8 (h + 1) / n) for n heads, a power of two; of other numbers those of the next smaller power, then every
/// second one of the next larger.
/// Source  Press et al., ICLR 2022 (arXiv 2108.12409), section 3, and its published code for other numbers of heads
[[nodiscard]] inline std::vector<float> alibi_slopes(std::size_t heads) {
  auto const of_power = [](std::size_t n, std::size_t h) {
    return static_cast<float>(std::exp2(-8.0 * static_cast<double>(h + 1) / static_cast<double>(n)));
  };
  std::size_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<float> out;
  for (std::size_t h = 0; h < heads; ++h)
    out.push_back(h < power ? of_power(power, h) : of_power(2 * power, 2 * (h - power)));
  return out;
}

/// The bucket of a distance (key less query), as T5 has them: small distances one each, larger ones by their logarithm, up to
/// `reach`; half of the buckets for keys after the query where both sides are seen.
/// Source  Raffel et al., JMLR 21, 2020, section 2.1, and its published code
[[nodiscard]] inline std::size_t relative_bucket(std::int64_t distance, std::size_t buckets, std::size_t reach,
                                                 bool both_sides) noexcept {
  std::size_t first = 0, n = buckets;
  std::int64_t away = -distance;
  if (both_sides) {
    n /= 2;
    if (distance > 0) first = n;
    away = distance < 0 ? -distance : distance;
  } else if (away < 0) {
    away = 0;
  }
  auto const exact = static_cast<std::int64_t>(n / 2);
  if (away < exact) return first + static_cast<std::size_t>(away);
  // In float, as the models were trained.
  float const share = std::log(static_cast<float>(away) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(reach) / static_cast<double>(exact)));
  auto const further = static_cast<std::size_t>(share * static_cast<float>(n - static_cast<std::size_t>(exact)));
  std::size_t const at = static_cast<std::size_t>(exact) + further;
  return first + (at < n ? at : n - 1);
}

/// The biases of a model with T5's buckets.
/// Shape   weights (buckets, heads)
/// Errors  config_value for fewer than four buckets, or a reach that they cover one by one
[[nodiscard]] inline position_bias relative_bias(matrix_view<float const> weights, std::size_t reach, bool both_sides) {
  if (weights.rows < 4 || weights.cols == 0 || reach <= weights.rows / 2 || reach > (std::size_t{1} << 20))
    throw error({errc::config_value, "buckets of a relative bias", "relative_bias",
                 std::to_string(weights.rows) + " buckets, reach " + std::to_string(reach),
                 "at least 4 buckets, a reach of more than half of them, at most 2^20", ""});
  matrix<float> table(weights.cols, 2 * reach + 1);
  for (std::size_t h = 0; h < weights.cols; ++h)
    for (std::size_t d = 0; d < table.cols(); ++d)
      table(h, d) = weights(relative_bucket(static_cast<std::int64_t>(d) - static_cast<std::int64_t>(reach),
                                            weights.rows, reach, both_sides),
                            h);
  return position_bias::table(std::move(table));
}

}  // namespace ohmic::inline OHMIC_ABI
