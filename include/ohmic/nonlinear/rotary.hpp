// Rotary position embedding: pairs of a query's or key's elements turn by an angle that grows with the position.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What is done to the frequencies so that a model reaches beyond the positions of its training.
enum class rotary_scaling {
  none,
  linear,  ///< all frequencies divided by `factor`
  llama3,  ///< long waves divided by `factor`, short ones kept, those between mixed
};

template <>
struct enum_names<rotary_scaling> {
  static constexpr std::pair<std::string_view, rotary_scaling> value[] = {
      {"none", rotary_scaling::none}, {"linear", rotary_scaling::linear}, {"llama3", rotary_scaling::llama3}};
};

/// Settings of the rotation.
/// Source  Su et al. 2021 (RoFormer), section 3.2; llama3: the scaling of Llama 3.1's configuration
struct rotary_config {
  float base = 10000.0f;  ///< theta
  rotary_scaling scaling = rotary_scaling::none;
  float factor = 1.0f;
  float low_frequency_factor = 1.0f;   ///< llama3: waves longer than original_positions / this are divided
  float high_frequency_factor = 4.0f;  ///< llama3: waves shorter than original_positions / this are kept
  std::size_t original_positions = 8192;
  std::size_t width = 0;  ///< elements of a head that turn, its first ones; 0: all

  /// Errors  config_value, config_conflict naming the field
  static void validate(rotary_config const& c) {
    auto const bad = [](errc code, char const* key, float got, char const* allowed) {
      throw error({code, "out of range", std::string("rotary.") + key, detail::number_text(got), allowed, ""});
    };
    if (!(c.base > 0.0f && std::isfinite(c.base))) bad(errc::config_value, "base", c.base, "finite, above 0");
    if (!(c.factor >= 1.0f && std::isfinite(c.factor)))
      bad(errc::config_value, "factor", c.factor, "finite, at least 1");
    if (c.width % 2 != 0) bad(errc::config_value, "width", static_cast<float>(c.width), "an even number");
    if (c.scaling != rotary_scaling::llama3) return;
    if (!(c.low_frequency_factor > 0.0f && std::isfinite(c.low_frequency_factor)))
      bad(errc::config_value, "low_frequency_factor", c.low_frequency_factor, "finite, above 0");
    if (!(c.high_frequency_factor > c.low_frequency_factor && std::isfinite(c.high_frequency_factor)))
      bad(errc::config_conflict, "high_frequency_factor", c.high_frequency_factor,
          "finite, above low_frequency_factor");
    if (c.original_positions == 0) bad(errc::config_value, "original_positions", 0.0f, "at least 1");
  }
  friend bool operator==(rotary_config const&, rotary_config const&) = default;
};

namespace detail {

/// sin and cos with the same bits everywhere: quarter turns taken off in three parts of pi / 2, then Taylor's series.
/// Range   0 <= angle < 2^25; absolute error below 1e-14
struct sine_cosine {
  double sine, cosine;
};
[[nodiscard]] inline sine_cosine turned(double angle) noexcept {
  // pi / 2 in parts of 33 bits, so that their products with the number of quarter turns are exact.
  constexpr double parts[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};
  double const quarters = std::nearbyint(angle * (2.0 * std::numbers::inv_pi));
  double x = angle;
  for (double const part : parts) x -= simd::fence(quarters * part);
  double const z = simd::fence(x * x);
  double s = 0.0, c = 0.0;
  // 1 / (2k + 1)! and 1 / (2k)!, by Horner from the 8th power of z.
  for (int k = 8; k >= 1; --k) {
    s = simd::fence(simd::fence(s - 1.0) * z) / static_cast<double>((2 * k) * (2 * k + 1));
    s = -s;
    c = simd::fence(simd::fence(c - 1.0) * z) / static_cast<double>((2 * k - 1) * (2 * k));
    c = -c;
  }
  // s and c are the sums of the series without their first terms, with the sign turned at every step.
  double const sine = x - simd::fence(x * s), cosine = 1.0 - c;
  switch (static_cast<std::int64_t>(quarters) & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

}  // namespace detail

/// The rotation of one head width, or of the first elements of it. Element i of their first half turns with element i of the second, as in
/// the files of Hugging Face.
/// Cost    1 x "rotary_unit" "rotate" per element that turns; digital, on the results of A1 and A2 before they are coded
class rotary {
 public:
  rotary() = default;
  /// Errors  as rotary_config::validate; config_value for an odd head width, config_conflict for one that is narrower than what turns
  rotary(rotary_config const& c, std::size_t head_width) : head_width_(head_width) {
    rotary_config::validate(c);
    if (head_width == 0 || (c.width == 0 && head_width % 2 != 0))
      throw error({errc::config_value, "rotation needs pairs", "rotary.head_width", std::to_string(head_width),
                   "an even width", ""});
    if (c.width > head_width)
      throw error({errc::config_conflict, "more elements turn than a head has", "rotary.width", std::to_string(c.width),
                   "at most " + std::to_string(head_width), ""});
    frequencies_.resize((c.width == 0 ? head_width : c.width) / 2);
    double const turning = static_cast<double>(2 * frequencies_.size());
    for (std::size_t i = 0; i < frequencies_.size(); ++i)
      // Rounded to float, as the models were trained.
      frequencies_[i] = scaled(c, std::pow(static_cast<double>(c.base), -2.0 * static_cast<double>(i) / turning));
  }

  [[nodiscard]] std::size_t head_width() const noexcept { return head_width_; }
  /// Elements that turn, of `elements` of whole heads.
  [[nodiscard]] std::size_t turning(std::size_t elements) const noexcept {
    return head_width_ == 0 ? 0 : elements / head_width_ * 2 * frequencies_.size();
  }
  /// Angles per position.
  /// Shape   (elements of a head that turn / 2)
  [[nodiscard]] std::span<float const> frequencies() const noexcept { return frequencies_; }

  /// Turns all heads of a token.
  /// Shape   row (heads x head_width)
  void turn(std::span<float> row, std::size_t position) const noexcept {
    std::size_t const half = frequencies_.size();
    for (std::size_t i = 0; i < half; ++i) {
      auto const t = detail::turned(static_cast<double>(position) * static_cast<double>(frequencies_[i]));
      auto const s = static_cast<float>(t.sine), c = static_cast<float>(t.cosine);
      for (std::size_t at = i; at + half < row.size(); at += head_width_) {
        float const a = row[at], b = row[at + half];
        row[at] = simd::mul(a, c) - simd::mul(b, s);
        row[at + half] = simd::mul(b, c) + simd::mul(a, s);
      }
    }
  }

 private:
  [[nodiscard]] static float scaled(rotary_config const& c, double frequency) noexcept {
    auto const f = static_cast<float>(frequency);
    if (c.scaling == rotary_scaling::none) return f;
    double const divided = static_cast<double>(f) / static_cast<double>(c.factor);
    if (c.scaling == rotary_scaling::linear) return static_cast<float>(divided);
    // Waves of the original context: 1 keeps a frequency, 0 divides it.
    double const waves = static_cast<double>(c.original_positions) * static_cast<double>(f) / (2.0 * std::numbers::pi);
    double const low = static_cast<double>(c.low_frequency_factor), high = static_cast<double>(c.high_frequency_factor);
    double const keep = std::clamp((waves - low) / (high - low), 0.0, 1.0);
    return static_cast<float>(simd::fence((1.0 - keep) * divided) + simd::fence(keep * static_cast<double>(f)));
  }

  std::vector<float> frequencies_;
  std::size_t head_width_ = 0;
};

}  // namespace ohmic::inline OHMIC_ABI
