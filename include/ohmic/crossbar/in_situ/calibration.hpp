// Calibrated ranges of the in-situ array's converters: from the currents that calibration inputs cause.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/cells.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"
#include "ohmic/crossbar/in_situ/product.hpp"
#include "ohmic/crossbar/in_situ/ranges.hpp"
#include "ohmic/periphery/ideal_converter.hpp"
#include "ohmic/periphery/levels.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

namespace detail {

/// The smallest of sorted values that `percent` of them do not exceed.
[[nodiscard]] inline double value_at(std::vector<double> const& sorted, double percent) noexcept {
  auto const n = static_cast<double>(sorted.size());
  double const rank = std::ceil(n * percent / 100.0) - 1.0;
  return sorted[static_cast<std::size_t>(std::clamp(rank, 0.0, n - 1.0))];
}

struct current_moments {
  double mean = 0.0, sigma = 0.0;
};
[[nodiscard]] inline current_moments moments_of(std::vector<double> const& values) noexcept {
  double const n = static_cast<double>(values.size());
  double sum = 0.0, squares = 0.0;
  for (double v : values) sum += v;
  for (double v : values) squares += simd::fence((v - sum / n) * (v - sum / n));
  return {sum / n, std::sqrt(squares / n)};
}

/// Of 200 shrunken copies of a range about a middle, the one in which rounding and clipping some thousand of the values have the
/// least squared error; the widest of equals.
[[nodiscard]] inline current_range least_squares_range(adc_config const& a, std::vector<double> const& values,
                                                       current_range const& whole, double middle) noexcept {
  std::size_t const stride = values.size() / 5000 + 1;
  current_range best = whole;
  double least = HUGE_VAL;
  for (int k = 200; k > 0; --k) {
    double const share = k / 200.0;
    current_range const r{middle + simd::fence((whole.low - middle) * share),
                          middle + simd::fence((whole.high - middle) * share)};
    level_converter const adc(a.levels, a.bits, a.steps, r.low, r.high);
    double error = 0.0;
    for (std::size_t i = 0; i < values.size(); i += stride) {
      double const off = adc(values[i]) - values[i];
      error += simd::fence(off * off);
    }
    if (error < least) least = error, best = r;
  }
  return best;
}

/// The range of one slice. Symmetric where currents can have either sign, else from the lowest to the highest.
/// Range   seen is not empty
[[nodiscard]] inline current_range calibrated_range(config const& c, std::vector<double> seen, double rows) {
  auto const& a = c.adc;
  bool const upwards = is_one_way(c) && a.levels == level_convention::uniform;
  auto const m = detail::moments_of(seen);
  if (!upwards && a.range != range_rule::least_squares)
    for (double& v : seen) v = std::fabs(v);
  std::sort(seen.begin(), seen.end());
  double const lowest = seen.front(), highest = seen.back();
  current_range r{lowest, highest};
  double const wider = simd::fence(0.5 * (a.margin - 1.0) * (highest - lowest));
  switch (a.range) {
    case range_rule::mean_sigma: {
      double const reach = simd::fence(a.sigmas * m.sigma);
      r = upwards ? current_range{m.mean - reach, m.mean + reach} : current_range{0.0, std::fabs(m.mean) + reach};
      break;
    }
    case range_rule::percentile:
      r = {detail::value_at(seen, 100.0 - a.percentile), detail::value_at(seen, a.percentile)};
      break;
    case range_rule::least_squares: {
      double const most = std::max(std::fabs(lowest), std::fabs(highest));
      if (!(most > 0.0) || (upwards && !(highest > lowest))) break;
      r = upwards ? detail::least_squares_range(a, seen, r, m.mean)
                  : detail::least_squares_range(a, seen, {-most, most}, 0.0);
      if (upwards) r = {r.low - wider, r.high + wider};
      if (!upwards) r.high = r.high * a.margin;
      break;
    }
    default:
      r = upwards ? current_range{lowest - wider, highest + wider} : current_range{0.0, highest * a.margin};
  }
  // Ideal cells and inputs carry no more than `rows`; where cells that err, hot ones or larger inputs did, what was seen counts.
  double const most = std::max(std::fabs(lowest), std::fabs(highest));
  r.high = std::min(r.high, most > rows ? most * std::max(a.margin, 1.0) : rows);
  r.low = upwards ? std::max(r.low, 0.0) : -r.high;
  if (!(r.high > r.low)) return {upwards ? 0.0 : -rows, rows};  // nothing flows, or always the same
  return r;
}

}  // namespace detail

/// Settings of the converters whose ranges are those that adc.range finds for the currents of calibration inputs: `user` with a
/// value for each slice. Arrays of a matrix share them. Currents are seen on the cells as they are, without noise of reads.
/// Shape   x (inputs, batch)
/// Errors  as multiply; config_conflict where adc.range is no calibrated rule
/// Source  rules as range_config's, on both ends where no current is negative; powers_of_two: CrossSim's calibration of slices,
///         whose ranges are one over powers of two
[[nodiscard]] inline adc_config calibrated(cells const& c, matrix_view<double const> x) {
  if (!c.config.adc.is_calibrated())
    throw error({errc::config_conflict, "calibration inputs are given and not used", "adc.range",
                 detail::text_of(c.config.adc.range), "mean_sigma, percentile, largest or least_squares",
                 "set adc.range, or leave the calibration out"});
  auto const columns = detail::checked_vectors(c, x);
  cells quiet = c;
  quiet.read_sigma.clear();
  quiet.config.adc.range = range_rule::full_scale;
  quiet.config.adc.halvings = 0;
  detail::seen_currents seen(c.slices);
  report unused;
  std::vector<double> y(c.outputs);
  for (std::size_t k = 0; k < c.arrays(); ++k) {
    detail::array_product<ideal_converter> array(quiet, k);
    array.observe(seen);
    for (std::size_t n = 0; n < x.cols; ++n) array.add(columns.row(n), y, n, unused);
  }
  adc_config out = c.config.adc;
  out.range = range_rule::user;
  double widest = 0.0;
  for (auto& currents : seen) {
    auto const r = detail::calibrated_range(c.config, std::move(currents), static_cast<double>(c.rows_of_array()));
    out.low.push_back(r.low), out.high.push_back(r.high);
    widest = std::max(widest, r.high);
  }
  if (out.powers_of_two)
    for (std::size_t i = 0; i < out.high.size(); ++i) {
      double const high = std::ldexp(widest, -static_cast<int>(std::floor(std::log2(widest / out.high[i]))));
      out.low[i] = out.low[i] < 0.0 ? -high : 0.0;
      out.high[i] = high;
    }
  out.powers_of_two = false;
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
