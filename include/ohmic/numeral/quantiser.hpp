// Symmetric integer quantisers: real values to codes -top..top and the scale that undoes it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/numeral/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Codes of a matrix and the value of one code.
/// Shape   codes (rows, cols), value = scale x code
/// Range   codes fit 16 bits: INT8 values and the wide activations of more digits
struct quantised {
  matrix<std::int16_t> codes;
  float scale = 1.0f;
};

/// Lane function: the code of a value, as a float that holds an integer.
/// Range   per_code: codes per unit of value
template <simd::lane V>
[[nodiscard]] V symmetric_code(V value, V per_code, V top) noexcept {
  // Clipping first keeps the rounding trick inside its range.
  return simd::round_even(simd::clamp(simd::mul(value, per_code), V(0.0f) - top, top));
}

/// Codes of a row; returns how many values do not lie within -limit..limit, NaN among them: its code means nothing.
/// Shape   values (n) -> codes (n)
template <class Arch = simd::native>
std::size_t quantise_row(float const* values, std::size_t n, float per_code, float top, float limit,
                         std::int16_t* codes) noexcept {
  using batch = simd::f32<Arch>;
  constexpr std::size_t lanes = simd::width<batch>;
  std::size_t const whole = n - n % lanes;
  alignas(cache_line) float rounded[lanes];
  std::size_t clipped = 0;
  for (std::size_t i = 0; i < whole; i += lanes) {
    simd::store<batch>(rounded, symmetric_code(simd::load<batch>(values + i), batch(per_code), batch(top)));
    for (std::size_t l = 0; l < lanes; ++l) codes[i + l] = static_cast<std::int16_t>(rounded[l]);
  }
  if (whole < n) {  // in a register too: a scalar copy would carry no instruction set in its name
    alignas(cache_line) float rest[lanes] = {};
    for (std::size_t i = whole; i < n; ++i) rest[i - whole] = values[i];
    simd::store<batch>(rounded, symmetric_code(simd::load<batch>(rest), batch(per_code), batch(top)));
    for (std::size_t i = whole; i < n; ++i) codes[i] = static_cast<std::int16_t>(rounded[i - whole]);
  }
  for (std::size_t i = 0; i < n; ++i) clipped += static_cast<std::size_t>(!(values[i] <= limit && values[i] >= -limit));
  return clipped;
}
using quantise_kernel = decltype(&quantise_row<>);

/// Symmetric uniform quantiser: code = nearest even of value / scale, saturated at -top..top.
/// Errors  config_value unless 2 <= bits <= 16 and scale is finite and positive
/// Source  ours; symmetric INT8 (-127..127, no -128)
class symmetric_quantiser {
 public:
  symmetric_quantiser(int bits, float scale)
      : scale_(scale), per_code_(1.0f / scale), top_(static_cast<float>(symmetric_top(checked(bits)))) {
    if (!(scale > 0.0f) || !std::isfinite(scale) || !std::isfinite(per_code_))
      throw error({errc::config_value, "unusable scale", "quantiser.scale", detail::number_text(scale),
                   "finite and > 0", "calibrate on data with a non-zero value, or set a scale"});
  }

  /// Scale at which `largest` takes the largest code. An all-zero tensor has scale 1.
  /// Errors  value if largest is NaN or infinite; config_value unless 2 <= bits <= 16
  [[nodiscard]] static float scale_for(float largest, int bits) {
    if (!std::isfinite(largest) || largest < 0.0f)
      throw error({errc::value, "not a magnitude", "quantiser", detail::number_text(largest), "finite and >= 0",
                   "look for NaN or infinity in the data"});
    float const scale = largest / static_cast<float>(symmetric_top(checked(bits)));
    return scale > 0.0f && std::isfinite(1.0f / scale) ? scale : 1.0f;
  }

  [[nodiscard]] float scale() const noexcept { return scale_; }
  [[nodiscard]] std::int32_t top() const noexcept { return static_cast<std::int32_t>(top_); }

  /// Lane function: the code of a value, as a float that holds an integer.
  template <simd::lane V>
  [[nodiscard]] V code(V value) const noexcept {
    return symmetric_code(value, V(per_code_), V(top_));
  }

  /// Codes of a row. Returns how many values saturated: a value beyond half a step above the top code is lost, not rounded;
  /// so is NaN.
  /// Shape   values (n) -> codes (n)
  std::size_t quantise(std::span<float const> values, std::span<std::int16_t> codes,
                       quantise_kernel kernel = &quantise_row<>) const noexcept {
    return kernel(values.data(), values.size(), per_code_, top_, (top_ + 0.5f) * scale_, codes.data());
  }

 private:
  /// Before anything is shifted by them.
  [[nodiscard]] static int checked(int bits) {
    if (bits < 2 || bits > 16)
      throw error({errc::config_value, "bits out of range", "quantiser.bits", std::to_string(bits), "2..16",
                   "choose a width in that range"});
    return bits;
  }

  float scale_;
  float per_code_;
  float top_;
};

/// Largest magnitude of some values.
/// Errors  value, naming `where` and the index, for NaN or infinity
[[nodiscard]] inline float largest_magnitude(std::span<float const> values, std::string const& where) {
  float largest = 0.0f;
  for (std::size_t i = 0; i < values.size(); ++i) {
    float const v = std::fabs(values[i]);
    if (!std::isfinite(v))
      throw error({errc::value, "not a finite number", where + "[" + std::to_string(i) + "]",
                   detail::number_text(values[i]), "finite values", "repair or re-export the weights"});
    largest = v > largest ? v : largest;
  }
  return largest;
}

/// What to do with codes below -top, e.g. -128 in an INT8 file.
enum class below_range { reject, clip };

/// INT8 codes from elsewhere brought to the symmetric range -127..127.
/// Errors  value, naming the element, for -128 under below_range::reject
[[nodiscard]] inline std::vector<std::int16_t> symmetric_codes(std::span<std::int8_t const> codes, below_range rule,
                                                               std::string const& where) {
  std::vector<std::int16_t> out(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == -128 && rule == below_range::reject)
      throw error({errc::value, "code has no balanced digits", where + "[" + std::to_string(i) + "]", "-128",
                   "-127..127", "re-quantise symmetrically, or ask for below_range::clip"});
    out[i] = static_cast<std::int16_t>(codes[i] == -128 ? -127 : codes[i]);
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI
