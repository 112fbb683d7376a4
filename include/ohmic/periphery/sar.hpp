// The successive-approximation converter: a binary search against a DAC of capacitors that do not match.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Bits from the highest to the lowest are kept where the input is not below the DAC. Capacitors are C_i = 2^i + m 2^(i/2) z_i
/// units and one more unit ends the array; code t stands at 2^bits sum C_i over all of them. Where levels do not rise with t, codes
/// are missing; the code still never falls with the input, as the first comparison that differs decides.
/// Shape   position in steps, 0 the lowest code -> code 0..top
/// Random  own numbers 0..bits: capacitors; bits + 1: the comparator's offset. z(k): noise of the k-th comparison
/// Source  binary-weighted charge redistribution (McCreary and Gray, JSSC 1975); mismatch as Spear et al. 2023 have it
class sar_converter {
 public:
  sar_converter(converter_config const& c, converter_scale const& s, converter_numbers const& n) noexcept
      : scale_(s),
        gain_(c.gain),
        offset_(c.offset > 0.0 ? simd::fence(c.offset * s.top * n.own(n_bits() + 1)) : 0.0),
        noise_(c.noise * s.top) {
    double all = 0.0;
    for (std::size_t i = 0; i <= n_bits(); ++i) {
      double const units = i < n_bits() ? static_cast<double>(std::int64_t{1} << i) : 1.0;
      double const off = c.mismatch > 0.0 ? simd::fence(c.mismatch * std::sqrt(units)) * n.own(i) : 0.0;
      level_[i] = std::max(0.0, units + simd::fence(off));
      all += level_[i];
    }
    double const per_unit = static_cast<double>(std::int64_t{1} << n_bits()) / all;
    for (double& l : level_) l = simd::fence(l * per_unit);
  }

  template <class Noise>
  [[nodiscard]] double code(double position, Noise const& z) const noexcept {
    double kept = 0.0, at = 0.0;
    for (std::size_t i = n_bits(); i-- > 0;) {
      double const trial = kept + static_cast<double>(std::int64_t{1} << i), level = at + level_[i];
      double const seen = position + offset_ + (noise_ > 0.0 ? simd::fence(noise_ * z(i)) : 0.0);
      if (!detail::is_above(seen, detail::buffered(level, scale_.zero, gain_) - 0.5, trial)) continue;
      kept = trial, at = level;
    }
    return std::min(kept, scale_.top);
  }

 private:
  [[nodiscard]] std::size_t n_bits() const noexcept { return static_cast<std::size_t>(scale_.bits); }

  converter_scale scale_;
  double gain_, offset_, noise_;
  std::array<double, 25> level_{};
};
static_assert(converter_law<sar_converter>);

}  // namespace ohmic::inline OHMIC_ABI
