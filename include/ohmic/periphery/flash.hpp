// The flash converter: all thresholds at once, each with a comparator of its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {

/// Taps of a string of unit elements that ends with halves, scaled to its whole: k - 1/2 for k = 1..top without mismatch.
/// Shape   -> (top); unit(k): the error of element k = 0..top
template <class Unit>
[[nodiscard]] std::vector<double> string_taps(double top, double mismatch, Unit const& unit) {
  auto const n = static_cast<std::size_t>(top);
  std::vector<double> taps;
  taps.reserve(n);
  double sum = 0.0;
  for (std::size_t k = 0; k <= n; ++k) {
    double const size = k == 0 || k == n ? 0.5 : 1.0;
    double const error = mismatch > 0.0 ? simd::fence(mismatch * unit(k)) : 0.0;
    sum += size * std::max(0.0, 1.0 + error);
    if (k < n) taps.push_back(sum);
  }
  if (sum != top && sum > 0.0)
    for (double& t : taps) t = simd::fence(t * (top / sum));
  return taps;
}

}  // namespace detail

/// The code is the number of comparators whose threshold the input passes, so that it is monotone however they are off (bubbles
/// are counted out). Thresholds: taps of a ladder of unit resistors, each with the offset of its comparator.
/// Shape   position in steps, 0 the lowest code -> code 0..top
/// Random  own numbers 0..top: resistors; 2^14 + k: offset of the comparator below code k. z(k): noise of that comparator
/// Source  ladder and comparators of any textbook; thermometer code with a counter of ones: assumed
class flash_converter {
 public:
  flash_converter(converter_config const& c, converter_scale const& s, converter_numbers const& n)
      : noise_(c.noise * s.top) {
    auto const taps = detail::string_taps(s.top, c.mismatch, [&](std::size_t k) { return n.own(k); });
    for (std::size_t k = 1; k <= taps.size(); ++k) {
      double const own = c.offset > 0.0 ? simd::fence(c.offset * s.top * n.own((1u << 14) + k)) : 0.0;
      comparators_.emplace_back(detail::buffered(taps[k - 1], s.zero, c.gain) - own, k);
    }
    std::sort(comparators_.begin(), comparators_.end());
  }

  template <class Noise>
  [[nodiscard]] double code(double position, Noise const& z) const noexcept {
    // Normal numbers end at 6.34: comparators further away are decided without theirs.
    double const reach = simd::fence(6.5 * noise_);
    auto const below = [](std::pair<double, std::size_t> const& c, double v) { return c.first < v; };
    auto const first = std::lower_bound(comparators_.begin(), comparators_.end(), position - reach, below);
    auto count = static_cast<double>(first - comparators_.begin());
    for (auto c = first; c != comparators_.end() && c->first <= position + reach; ++c) {
      double const seen = position + (noise_ > 0.0 ? simd::fence(noise_ * z(c->second)) : 0.0);
      if (detail::is_above(seen, c->first, static_cast<double>(c->second))) count += 1.0;
    }
    return count;
  }

 private:
  double noise_;
  std::vector<std::pair<double, std::size_t>> comparators_{};  ///< threshold in steps, and its code; rising
};
static_assert(converter_law<flash_converter>);

}  // namespace ohmic::inline OHMIC_ABI
