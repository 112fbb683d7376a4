// The ramp converter: one rising reference for a whole array, a comparator and a counter for each column.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter.hpp"
#include "ohmic/periphery/flash.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Counts steps of the ramp until it passes the input. Its steps do not match, its slope and bow are off, for all columns of an
/// array alike; the comparator of a column has its offset, and stops the counter late. The first crossing counts, so that codes
/// are monotone.
/// Shape   position in steps, 0 the lowest code -> code 0..top
/// Random  common numbers 0..top: steps; 2^14, 2^14 + 1: slope and bow; own number 0: offset. z(0): noise at the crossing, of
///         which there is one a conversion (assumed)
/// Source  Spear et al. 2023 for one ramp an array and a comparator a column; a bow of 4 u (1 - u), as converter_errors has it
class ramp_converter {
 public:
  ramp_converter(converter_config const& c, converter_scale const& s, converter_numbers const& n)
      : shift_((c.offset > 0.0 ? simd::fence(c.offset * s.top * n.own(0)) : 0.0) + c.delay),
        noise_(c.noise * s.top),
        levels_(detail::string_taps(s.top, c.mismatch, [&](std::size_t k) { return n.common(k); })) {
    double const slope = c.slope > 0.0 ? simd::fence(c.slope * n.common(1u << 14)) : 0.0;
    double const bow = c.bow > 0.0 ? simd::fence(c.bow * s.top * n.common((1u << 14) + 1)) : 0.0;
    double highest = -HUGE_VAL;
    for (double& l : levels_) {
      double const u = l / s.top;
      if (slope != 0.0) l = l + simd::fence(slope * l);
      if (bow != 0.0) l = l + simd::fence(bow * simd::fence(4.0 * u * (1.0 - u)));
      l = highest = std::max(highest, detail::buffered(l, s.zero, c.gain));
    }
  }

  template <class Noise>
  [[nodiscard]] double code(double position, Noise const& z) const noexcept {
    double const seen = position + shift_ + (noise_ > 0.0 ? simd::fence(noise_ * z(0)) : 0.0);
    auto const first = std::lower_bound(levels_.begin(), levels_.end(), seen);
    auto const count = static_cast<double>(first - levels_.begin());
    bool const tie = first != levels_.end() && *first == seen;
    return tie && detail::is_above(seen, *first, count + 1.0) ? count + 1.0 : count;
  }

 private:
  double shift_, noise_;
  std::vector<double> levels_;  ///< in steps, below each code 1..top; never falling
};
static_assert(converter_law<ramp_converter>);

}  // namespace ohmic::inline OHMIC_ABI
