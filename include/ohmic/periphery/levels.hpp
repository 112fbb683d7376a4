// Converters by their levels: which values come out of a DAC or an ADC of a given range, in the conventions in use.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/converter.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Where the levels of a converter lie in its range low..high.
enum class level_convention {
  none,            ///< no converter: every value passes
  uniform,         ///< 2^bits levels from low to high, both included; clips, then rounds
  sign_magnitude,  ///< 2^bits - 1 levels from -high to high, 0 among them; clips, then rounds
  aihwkit_steps,  ///< multiples of 2 high / steps; rounds, then clips to -high..high. AIHWKit's 1 / resolution is `steps`
};

template <>
struct enum_names<level_convention> {
  static constexpr std::pair<std::string_view, level_convention> value[] = {
      {"none", level_convention::none},
      {"uniform", level_convention::uniform},
      {"sign_magnitude", level_convention::sign_magnitude},
      {"aihwkit_steps", level_convention::aihwkit_steps}};
};

/// One converter: a value in, the value of its level out. Ties go to the even level.
/// Units   those of the range
/// Range   values outside low..high: clipped, and reported by `beyond`
/// Cost    one conversion per call
/// Source  uniform, sign_magnitude: CrossSim 3.2.0, QuantizerADC and SignMagnitudeADC; aihwkit_steps: AIHWKit, forward pass
///         of a tile. Formulas in README.md, held to both tools in tests/unit/crossbar/in_situ_golden_test.cpp
class level_converter {
 public:
  /// The converter that passes everything.
  level_converter() = default;

  /// Range   low < high; low = -high but for `uniform`; bits 1..24 (2..24 for sign_magnitude); steps > 0, infinite: clips
  ///         and does not round
  level_converter(level_convention convention, int bits, double steps, double low, double high) noexcept
      : convention_(convention), low_(low), high_(high) {
    auto const codes = static_cast<double>(std::int64_t{1} << bits);
    if (convention == level_convention::uniform) per_unit_ = (codes - 1.0) / (high - low);
    if (convention == level_convention::sign_magnitude) per_unit_ = (codes - 2.0) / (high - low);
    if (convention == level_convention::aihwkit_steps) step_ = 2.0 * high / steps;
  }

  [[nodiscard]] double operator()(double value) const noexcept {
    switch (convention_) {
      case level_convention::none:
        return value;
      case level_convention::aihwkit_steps:
        return clipped(rounded(value));
      default:
        return std::nearbyint((clipped(value) - low_) * per_unit_) / per_unit_ + low_;
    }
  }

  /// True where the range cuts this value off.
  [[nodiscard]] bool beyond(double value) const noexcept {
    if (convention_ == level_convention::none) return false;
    double const v = convention_ == level_convention::aihwkit_steps ? rounded(value) : value;
    return v < low_ || v > high_;
  }

  /// The scale of codes 0..top from `low` on, for a converter_law.
  /// Range   conventions that count from `low`: uniform, sign_magnitude
  [[nodiscard]] converter_scale scale(int bits) const noexcept {
    double const codes = static_cast<double>(std::int64_t{1} << bits);
    return {bits, convention_ == level_convention::uniform ? codes - 1.0 : codes - 2.0, position(0.0)};
  }
  /// Where a value lies on it, and the value of a code.
  [[nodiscard]] double position(double value) const noexcept { return simd::fence((value - low_) * per_unit_); }
  [[nodiscard]] double value_of(double code) const noexcept { return code / per_unit_ + low_; }

  /// Distance between two levels; 0 if there is none.
  [[nodiscard]] double step() const noexcept { return per_unit_ > 0.0 ? 1.0 / per_unit_ : step_; }
  [[nodiscard]] double low() const noexcept { return low_; }
  [[nodiscard]] double high() const noexcept { return high_; }

 private:
  [[nodiscard]] double clipped(double v) const noexcept { return v < low_ ? low_ : v > high_ ? high_ : v; }
  [[nodiscard]] double rounded(double v) const noexcept { return step_ > 0.0 ? std::nearbyint(v / step_) * step_ : v; }

  level_convention convention_ = level_convention::none;
  double low_ = -std::numeric_limits<double>::infinity(), high_ = std::numeric_limits<double>::infinity();
  double per_unit_ = 0.0;  // levels per unit, of the conventions that count from `low`
  double step_ = 0.0;      // of aihwkit_steps
};

}  // namespace ohmic::inline OHMIC_ABI
