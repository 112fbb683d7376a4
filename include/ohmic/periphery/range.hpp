// Where the full scale of an ADC comes from: rules, and the statistics of currents that the calibrated ones need.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How the full scale of a converter is chosen.
enum class range_rule {
  full_scale,     ///< the largest current that the array can deliver
  mean_sigma,     ///< mean + k sigma of the currents seen in calibration
  percentile,     ///< the current below which a given percentage of the calibration currents lie
  user,           ///< given values, one per digit, most significant first
  largest,        ///< the largest current seen in calibration, times a margin
  least_squares,  ///< where the squared errors of rounding and clipping the calibration currents add up to the least
};

template <>
struct enum_names<range_rule> {
  static constexpr std::pair<std::string_view, range_rule> value[] = {
      {"full_scale", range_rule::full_scale}, {"mean_sigma", range_rule::mean_sigma},
      {"percentile", range_rule::percentile}, {"user", range_rule::user},
      {"largest", range_rule::largest},       {"least_squares", range_rule::least_squares}};
};

/// Rule and its parameters. The default, mean + 8 sigma per matrix and digit, is the one that we found
/// to hold
/// on data that was not calibrated on.
/// Units   user values in product units
struct range_config {
  range_rule rule = range_rule::mean_sigma;
  double sigmas = 8.0;         ///< of `mean_sigma`, in standard deviations
  double percentile = 99.99;   ///< of `percentile`, in percent
  std::vector<double> user{};  ///< of `user`: full scales, one per digit
  double margin = 1.0;         ///< of `largest` and `least_squares`, on their full scale

  /// Errors  config_value naming the field
  static void validate(range_config const& c) {
    auto const bad = [](std::string const& key, double got, char const* allowed) {
      throw error({errc::config_value, "range parameter out of range", "range." + key, detail::number_text(got),
                   allowed, "set range." + key});
    };
    if (!(c.sigmas >= 0.0 && c.sigmas <= 1000.0)) bad("sigmas", c.sigmas, "0..1000");
    if (!(c.percentile > 0.0 && c.percentile <= 100.0)) bad("percentile", c.percentile, "above 0, up to 100");
    if (!(c.margin > 0.0 && c.margin <= 1000.0)) bad("margin", c.margin, "above 0, up to 1000");
    for (double u : c.user)
      if (!(u > 0.0 && u < 1e12)) bad("user", u, "full scales above 0 product units");
    if (c.rule == range_rule::user && c.user.empty())
      throw error({errc::config_conflict, "no full scales given", "range.user", "an empty list", "one value per digit",
                   "set range.user=a,b,c or another range.rule"});
  }

  [[nodiscard]] bool needs_statistics() const noexcept {
    return rule != range_rule::full_scale && rule != range_rule::user;
  }
};

/// Distribution of integer column currents: exact count, sum and sum of squares, and a histogram. Merging is exact, so
/// that the
/// order of observation and the number of threads do not matter.
/// Range   currents 0..largest; at most 2^40 of them
class current_statistics {
 public:
  current_statistics() = default;
  /// Histogram bins are one unit wide up to 4095 units and a power of two beyond, so that 4096 bins reach `largest`.
  explicit current_statistics(std::int64_t largest) {
    while ((largest >> shift_) >= static_cast<std::int64_t>(bins)) ++shift_;
    histogram_.resize(bins);
  }

  /// Shape   currents (n), each in 0..2^21
  void observe(std::span<std::int32_t const> currents) {
    if (histogram_.empty()) *this = current_statistics(std::int64_t{1} << 21);
    constexpr std::size_t chunk = std::size_t{1} << 20;  // the squares of a chunk fit 64 bits
    for (std::size_t first = 0; first < currents.size(); first += chunk)
      add(currents.subspan(first, std::min(chunk, currents.size() - first)));
  }

  void merge(current_statistics const& other) {
    if (other.count_ == 0) return;
    if (histogram_.empty()) *this = current_statistics(other.empty_copy());
    if (shift_ != other.shift_)
      throw error({errc::shape, "statistics of arrays with different largest currents", "current_statistics",
                   std::to_string(other.shift_), std::to_string(shift_), "merge statistics of one array"});
    count_ += other.count_;
    sum_ += other.sum_;
    add_square(other.squares_low_);
    squares_high_ += other.squares_high_;
    for (std::size_t i = 0; i < bins; ++i) histogram_[i] += other.histogram_[i];
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] double mean() const noexcept {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }
  /// Exact up to its three roundings: n S2 - S1^2 is an integer of at most 122 bits.
  [[nodiscard]] double sigma() const noexcept {
    if (count_ == 0) return 0.0;
    __extension__ using wide = unsigned __int128;
    wide const squares = (static_cast<wide>(squares_high_) << 64) + squares_low_;
    wide const scaled = static_cast<wide>(count_) * squares - static_cast<wide>(sum_) * sum_;
    return std::sqrt(static_cast<double>(scaled)) / static_cast<double>(count_);
  }
  /// Upper edge of the histogram bin below or in which `percent` of the currents lie.
  [[nodiscard]] double percentile(double percent) const noexcept {
    double const wanted = static_cast<double>(count_) * percent / 100.0;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < histogram_.size(); ++i) {
      seen += histogram_[i];
      if (static_cast<double>(seen) >= wanted) return static_cast<double>(((i + 1) << shift_) - 1);
    }
    return 0.0;
  }
  /// Upper edge of the highest histogram bin that saw a current.
  [[nodiscard]] double largest() const noexcept {
    for (std::size_t i = histogram_.size(); i-- > 0;)
      if (histogram_[i] > 0) return upper_edge(i);
    return 0.0;
  }
  /// The histogram in n bins of equal width, the last of which ends at or above `largest`.
  struct coarse_histogram {
    double width = 0.0;  ///< of a bin, in units of current
    std::vector<std::uint64_t> counts;
  };
  [[nodiscard]] coarse_histogram coarse(std::size_t n) const {
    std::size_t used = histogram_.size();
    while (used > 0 && histogram_[used - 1] == 0) --used;
    std::size_t const each = n == 0 || used == 0 ? 1 : (used + n - 1) / n;
    coarse_histogram out{static_cast<double>(each << shift_), {}};
    for (std::size_t i = 0; i < used; i += each) {
      std::uint64_t sum = 0;
      for (std::size_t k = i; k < std::min(i + each, used); ++k) sum += histogram_[k];
      out.counts.push_back(sum);
    }
    return out;
  }
  /// The bin edge at which a converter of so many steps would have the least sum of squared errors: step^2 / 12 for
  /// every
  /// current in range (none where a step is a whole unit), the square of what is cut off for those above.
  [[nodiscard]] double least_squares(double steps) const noexcept {
    double best = largest(), least = -1.0;
    double above = 0.0, sum = 0.0, squares = 0.0;  // of the currents above the edge
    for (std::size_t i = histogram_.size(); i-- > 0;) {
      double const edge = upper_edge(i), step = edge / steps;
      auto const inside = static_cast<double>(count_) - above;
      double const rounding = step > 1.0 ? simd::fence(inside * simd::fence(simd::fence(step * step) / 12.0)) : 0.0;
      double const clipping = simd::fence(squares - simd::fence(2.0 * simd::fence(edge * sum))) +
                              simd::fence(simd::fence(edge * edge) * above);
      if (double const error = rounding + clipping; edge <= best && (least < 0.0 || error <= least)) {
        least = error;
        best = edge;
      }
      auto const n = static_cast<double>(histogram_[i]);
      above += n;
      sum += simd::fence(n * edge);
      squares += simd::fence(n * simd::fence(edge * edge));
    }
    return best;
  }

 private:
  static constexpr std::size_t bins = 4096;

  [[nodiscard]] double upper_edge(std::size_t bin) const noexcept {
    return static_cast<double>(((bin + 1) << shift_) - 1);
  }

  void add(std::span<std::int32_t const> currents) noexcept {
    std::uint64_t sum = 0, squares = 0;
    for (std::int32_t c : currents) {
      auto const v = static_cast<std::uint32_t>(c);
      sum += v;
      squares += static_cast<std::uint64_t>(v) * v;
    }
    for (std::int32_t c : currents) ++histogram_[std::min(static_cast<std::size_t>(c) >> shift_, bins - 1)];
    count_ += currents.size();
    sum_ += sum;
    add_square(squares);
  }

  [[nodiscard]] current_statistics empty_copy() const {
    current_statistics s;
    s.shift_ = shift_;
    s.histogram_.resize(bins);
    return s;
  }
  void add_square(std::uint64_t square) noexcept {
    squares_low_ += square;
    squares_high_ += static_cast<std::uint64_t>(squares_low_ < square);  // the carry
  }

  std::uint64_t count_ = 0, sum_ = 0, squares_low_ = 0, squares_high_ = 0;
  int shift_ = 0;
  std::vector<std::uint64_t> histogram_;
};

/// Full scale in product units of the converter of one digit.
/// Range   largest: the most that the array can deliver; digit: 0 for the most significant; top_code: codes of the
///         converter less 1
/// Errors  missing_calibration if the rule needs statistics and there are none; config_value if `user` has no value for
///         the digit
[[nodiscard]] inline float full_scale_for(range_config const& c, current_statistics const& seen, double largest,
                                          std::size_t digit, float top_code, std::string const& where) {
  if (c.needs_statistics() && seen.count() == 0)
    throw error({errc::missing_calibration, "no calibration currents", where, "none", "currents from calibration data",
                 "give calibration data, or set range.rule=full_scale"});
  double scale = largest;
  switch (c.rule) {
    case range_rule::full_scale:
      break;
    case range_rule::mean_sigma:
      scale = seen.mean() + simd::fence(c.sigmas * seen.sigma());
      break;
    case range_rule::percentile:
      scale = seen.percentile(c.percentile);
      break;
    case range_rule::largest:
      scale = seen.largest() * c.margin;
      break;
    case range_rule::least_squares:
      scale = seen.least_squares(static_cast<double>(top_code)) * c.margin;
      break;
    case range_rule::user:
      if (digit >= c.user.size())
        throw error({errc::config_value, "no full scale for a digit", "range.user",
                     std::to_string(c.user.size()) + " values", "one value per digit, most significant first",
                     "add values to range.user"});
      return static_cast<float>(c.user[digit]);
  }
  // Ideal currents are whole units: a step below one unit resolves nothing more and only gives range away.
  if (scale > largest) scale = largest;
  return static_cast<float>(scale > static_cast<double>(top_code) ? scale : static_cast<double>(top_code));
}

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::range_config, rule, sigmas, percentile, user, margin);
