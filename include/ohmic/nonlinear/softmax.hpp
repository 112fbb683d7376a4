// The chip's softmax, split over three sub-operations, and the plain one of the fp32 reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/action.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/nonlinear/concept.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/exponential_unit.hpp"
#include "ohmic/nonlinear/row_kernels.hpp"
#include "ohmic/nonlinear/row_sums.hpp"
#include "ohmic/nonlinear/significant_bits.hpp"
#include "ohmic/nonlinear/softmax_calibration.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What is subtracted from the scores of a row before the exponential.
enum class softmax_maximum {
  none,     ///< one calibrated number for all rows, as published
  row,      ///< the largest score of the row, found by a comparator
  running,  ///< the largest score of the row so far: when a larger one arrives, the codes already stored are scaled down and rounded
};

template <>
struct enum_names<softmax_maximum> {
  static constexpr std::pair<std::string_view, softmax_maximum> value[] = {
      {"none", softmax_maximum::none}, {"row", softmax_maximum::row}, {"running", softmax_maximum::running}};
};

/// Softmax as A4 (codes of the exponentials), A5 (their sum, on the array) and A6 (division of the weighted values by
/// the sum). code = round(exp(s - reference) x top), ties to even, at most top; the reference is the row's maximum or
/// the full scale.
/// Units   scores as they enter the exponential: the 1 / sqrt(head width) is already in them
/// Range   codes 0..2^exp_bits - 1
/// Cost    per score 1 x "exp_unit" "exp", under the row rule 1 x "comparator" "compare"; per value of A6 1 x "divider"
///         "divide"
/// Source  Wang et al. 2024, Table 2 rows 4 to 6; the row rule, the rounding and the saturation are ours, see
///         tests/laws/softmax.hpp
class split_softmax {
 public:
  using actions = action_list<action<"comparator", "compare">, action<"exp_unit", "exp">, action<"divider", "divide">>;

  struct config {
    softmax_maximum max = softmax_maximum::row;
    int exp_bits = 7;  ///< 4..16; 7 because three base-7 digits carry 0..127, and not an unsigned byte
    // For `none` only:
    full_scale_rule rule = full_scale_rule::quantile;  ///< what calibration makes full_scale of
    double quantile = 0.9;                             ///< and the quantile it takes, above 0, up to 1
    /// Score whose exponential takes the largest code; +infinity stands for "not calibrated".
    float full_scale = std::numeric_limits<float>::infinity();
    // The units, as hardware has them:
    exponential_kind exponential = exponential_kind::exact;
    exponential_base base = exponential_base::e;
    int entries = 64;       ///< of `table`: stored codes; of `base2`: lines an octave
    int fraction_bits = 8;  ///< of the scores in fixed point, for `base2` and `integer`
    int divide_bits = 0;    ///< significant bits of a quotient; 0: those of a float
  };

  /// Errors  config_value naming the field; missing_calibration where `none` has no full scale
  static void validate(config const& c) {
    if (c.exp_bits < 4 || c.exp_bits > 16)
      throw error({errc::config_value, "bits out of range", "softmax.exp_bits", std::to_string(c.exp_bits), "4..16",
                   "set softmax.exp_bits"});
    if (!(c.quantile > 0.0 && c.quantile <= 1.0))
      throw error({errc::config_value, "quantile out of range", "softmax.quantile", detail::number_text(c.quantile),
                   "above 0, up to 1", "set softmax.quantile"});
    exponential_unit::validate(c.exponential, c.entries, c.fraction_bits);
    check_result_bits(c.divide_bits, "softmax.divide_bits");
    if (c.max == softmax_maximum::none && c.full_scale == std::numeric_limits<float>::infinity())
      throw error({errc::missing_calibration, "no full scale", "softmax.full_scale", "none", "a finite score",
                   "take softmax_calibration::full_scale, set softmax.full_scale, or set softmax.max=row"});
    if (c.max == softmax_maximum::none && !std::isfinite(c.full_scale))
      throw error({errc::config_value, "unusable full scale", "softmax.full_scale", detail::number_text(c.full_scale),
                   "a finite score", "set softmax.full_scale"});
  }

  /// Errors  as validate
  explicit split_softmax(config const& c) : split_softmax((validate(c), c), 0) {}

  /// From here on rows go through these kernels, which all give the same bits.
  void run_with(row_kernels const& rows) noexcept { rows_ = &rows; }

  /// The largest code.
  [[nodiscard]] int top() const noexcept { return static_cast<int>(top_); }

  /// True if a comparator finds the maximum of each row, beforehand or as the scores arrive.
  [[nodiscard]] bool by_row() const noexcept { return max_ != softmax_maximum::none; }

  /// Codes of a row that a running maximum makes over again: all that are stored, each time a larger score arrives. A statistic and no
  /// action, because it depends on the values.
  [[nodiscard]] std::size_t rescaled(std::span<float const> scores) const noexcept {
    if (max_ != softmax_maximum::running) return 0;
    std::size_t n = 0, stored = 0;
    float largest = -std::numeric_limits<float>::infinity();
    for (float s : scores) {
      if (!(s > -std::numeric_limits<float>::infinity())) continue;
      if (s > largest && stored > 0) n += stored;
      largest = s > largest ? s : largest;
      ++stored;
    }
    return n;
  }

  /// Lane function: the code of a score, as a float that holds an integer; top() + 1 where it saturates.
  template <simd::lane V>
  [[nodiscard]] V code(V score, V reference) const noexcept {
    return exponential_code(score, reference, V(top_));
  }

  /// Codes of one row of scores; returns how many saturated, never any under the row rule.
  /// Shape   scores (n), codes (n)
  /// Range   a score of -infinity is masked and gives code 0; so does NaN, which calibration refuses. +infinity saturates at a full
  ///         scale; under a row or running maximum it leaves the whole row codes 0
  std::size_t row_codes(std::span<float const> scores, std::span<std::uint16_t> codes) const noexcept {
    if (max_ == softmax_maximum::running) return running_codes(scores, codes);
    float const reference = max_ == softmax_maximum::row ? row_maximum(scores) : full_scale_;
    if (!is_lane_function()) return unit_codes(scores, reference, codes);
    return rows_->codes(scores.data(), scores.size(), reference, top_, codes.data());
  }

  /// out = r / sum; where the sum is not above 0 (no code of the row was, or the converters lost it) zeros, and false.
  /// Shape   r (m), out (m); they may be the same memory
  bool divide_row(std::span<float const> r, float sum, std::span<float> out) const noexcept {
    if (!(sum > 0.0f)) {
      std::fill(out.begin(), out.end(), 0.0f);
      return false;
    }
    for (std::size_t i = 0; i < r.size(); ++i) out[i] = rounded_to_bits(r[i] / sum, divide_bits_);
    return true;
  }

 private:
  split_softmax(config const& c, int)
      : top_(static_cast<float>((1 << c.exp_bits) - 1)),
        full_scale_(c.full_scale),
        max_(c.max),
        divide_bits_(c.divide_bits),
        unit_(c.exponential, c.base, c.entries, c.fraction_bits, (1 << c.exp_bits) - 1) {}

  /// True where `code` is what the unit computes.
  [[nodiscard]] bool is_lane_function() const noexcept {
    return unit_.kind() == exponential_kind::exact && unit_.base() == exponential_base::e;
  }
  /// The code of a score below or at its reference, or the largest: of a full scale that it exceeds.
  [[nodiscard]] std::uint16_t unit_code(float score, float reference) const noexcept {
    if (is_lane_function()) return static_cast<std::uint16_t>(static_cast<std::int32_t>(code(score, reference)));
    return static_cast<std::uint16_t>(unit_.code(std::min(score - reference, 0.0f)));
  }
  std::size_t unit_codes(std::span<float const> scores, float reference,
                         std::span<std::uint16_t> codes) const noexcept {
    std::size_t saturated = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      bool const scored = scores[i] > -std::numeric_limits<float>::infinity();
      codes[i] = scored ? unit_code(scores[i], reference) : std::uint16_t{0};
      // As exact units count them: what would round to more than the largest code.
      saturated += static_cast<std::size_t>(scored && scores[i] > reference && code(scores[i], reference) > top_);
    }
    return saturated;
  }

  /// Score by score, as the sessions deliver them. A masked score neither raises the maximum nor has a code.
  std::size_t running_codes(std::span<float const> scores, std::span<std::uint16_t> codes) const noexcept {
    float largest = -std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (!(scores[i] > -std::numeric_limits<float>::infinity())) {
        codes[i] = 0;
        continue;
      }
      if (scores[i] > largest) {
        float const shrink = shrink_by(largest - scores[i]);  // 0 for the first
        for (std::size_t j = 0; j < i; ++j)
          codes[j] = static_cast<std::uint16_t>(simd::round_even(simd::mul(static_cast<float>(codes[j]), shrink)));
        largest = scores[i];
      }
      codes[i] = unit_code(scores[i], largest);
    }
    return 0;
  }

  /// What stored codes are multiplied by when the maximum rises: the unit's own exponential.
  [[nodiscard]] float shrink_by(float difference) const noexcept {
    return is_lane_function() ? lane_exp(difference) : static_cast<float>(unit_.code(difference)) / top_;
  }

  float top_;
  float full_scale_;
  softmax_maximum max_;
  int divide_bits_;
  exponential_unit unit_;
  row_kernels const* rows_ = &row_kernels_of<>;
};
static_assert(softmax_policy<split_softmax>);

/// Softmax of a row in place, for the fp32 reference: maximum, exponentials, sum in double in a fixed order, division.
/// Shape   row (n)
/// Range   -infinity marks a masked score and becomes 0; a row that is wholly masked becomes zeros. No NaN, no
///         +infinity
inline void softmax_row(std::span<float> row, row_kernels const& rows = row_kernels_of<>) noexcept {
  rows.exponentials(row.data(), row.data(), row.size(), row_maximum(row));
  auto const sum = static_cast<float>(detail::row_sum(row));
  if (!(sum > 0.0f)) return;
  for (float& e : row) e /= sum;
}

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::split_softmax::config, max, exp_bits, rule, quantile, full_scale, exponential, base, entries,
              fraction_bits, divide_bits);
