// The exponential of softmax as hardware has it: exact, by powers of two, from a table, or in integers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/exp.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How a unit computes e^x for x up to 0.
enum class exponential_kind {
  exact,    ///< the float nearest to it, all but an ulp
  base2,    ///< 2^(x log2 e): a shift by the whole part, lines between table entries for the rest
  table,    ///< the nearest of `entries` stored codes
  integer,  ///< a polynomial of second degree in integers, shifted: I-BERT
};

/// Which number is raised to the scores. Two replaces e, as in Softermax: another function, for models that were trained with it.
enum class exponential_base { e, two };

template <>
struct enum_names<exponential_kind> {
  static constexpr std::pair<std::string_view, exponential_kind> value[] = {{"exact", exponential_kind::exact},
                                                                            {"base2", exponential_kind::base2},
                                                                            {"table", exponential_kind::table},
                                                                            {"integer", exponential_kind::integer}};
};
template <>
struct enum_names<exponential_base> {
  static constexpr std::pair<std::string_view, exponential_base> value[] = {{"e", exponential_base::e},
                                                                            {"two", exponential_base::two}};
};

/// I-BERT's exponential over a row of its own: a (p + b)^2 + c on (-ln 2, 0].
/// Source  Kim et al. 2021 (I-BERT), section 3.5. Off by at most 2.13e-3 there, by its values at the two ends and where its slope is e^p
///         (the paper's 1.9e-3 is of coefficients before they were rounded: assumed)
struct integer_exponential {
  static constexpr double a = 0.3585, b = 1.353, c = 0.344, polynomial_error = 2.13e-3, ln2 = 0.69314718055994530942;
};

/// Codes round(base^x top) of x up to 0, as a unit of some kind finds them. Exact units are lane functions elsewhere (split_softmax).
/// Range   codes 0..top, never falling with x but for `integer`, whose pieces meet within its error; `error_bound` holds for every x
/// Cost    1 x "exp_unit" "exp"; chip/function_prices.hpp has what kinds differ by
/// Source  base2: Stevens et al. 2021 (Softermax), whose fraction has lines between four entries; table: ours; integer: Kim et al. 2021
///         (I-BERT), algorithm 2, in fixed point
class exponential_unit {
 public:
  /// Range   entries 1..65536 (of `base2` 1..4096); fraction_bits 4..16, of the input in fixed point
  static void validate(exponential_kind kind, int entries, int fraction_bits) {
    int const most = kind == exponential_kind::base2 ? 4096 : 65536;
    if (entries < 1 || entries > most)
      throw error({errc::config_value, "number of entries out of range", "softmax.entries", std::to_string(entries),
                   "1.." + std::to_string(most), "set softmax.entries"});
    if (fraction_bits < 4 || fraction_bits > 16)
      throw error({errc::config_value, "bits out of range", "softmax.fraction_bits", std::to_string(fraction_bits),
                   "4..16", "set softmax.fraction_bits"});
  }

  exponential_unit() = default;
  /// From valid settings. top: the largest code.
  exponential_unit(exponential_kind kind, exponential_base base, int entries, int fraction_bits, int top)
      : kind_(kind), base_(base), entries_(entries), fraction_bits_(fraction_bits), top_(top) {
    if (kind == exponential_kind::table) {
      // Where the last entry ends, half a code is left.
      step_ = table_step(base, entries, top);
      for (int k = 0; k < entries; ++k)
        table_.push_back(simd::round_even(simd::mul(power(-static_cast<float>(k) * step_), static_cast<float>(top))));
    } else if (kind == exponential_kind::base2) {
      for (int k = 0; k <= entries; ++k)
        table_.push_back(lane_exp(static_cast<float>(integer_exponential::ln2 * k / entries)));
    }
  }

  [[nodiscard]] exponential_kind kind() const noexcept { return kind_; }
  [[nodiscard]] exponential_base base() const noexcept { return base_; }

  /// Range   x up to 0; NaN and -infinity give 0
  [[nodiscard]] std::int32_t code(float x) const noexcept {
    if (!(x > -1e4f)) return 0;
    switch (kind_) {
      case exponential_kind::base2:
        return base2_code(x);
      case exponential_kind::table:
        return table_code(x);
      case exponential_kind::integer:
        return integer_code(x);
      case exponential_kind::exact:
        break;
    }
    return static_cast<std::int32_t>(
        std::min(simd::round_even(simd::mul(power(x), static_cast<float>(top_))), static_cast<float>(top_)));
  }

  /// Most that a code is off round-free base^x top, for x up to 0: of the method, of the input in fixed point (half a step each, times the
  /// slope, at most 1), and half a code of rounding.
  [[nodiscard]] static double error_bound(exponential_kind kind, exponential_base base, int entries, int fraction_bits,
                                          int top) noexcept {
    double const grid = std::ldexp(0.5, -fraction_bits), ln2 = integer_exponential::ln2, rounding = 0.5 + 1e-6 * top;
    switch (kind) {
      case exponential_kind::base2: {
        // A chord of 2^r over h = 1 / entries: h^2 / 8 times the second derivative, relative to 2^r at the foot.
        double const h = ln2 / entries, chord = h * h / 8.0 * std::exp(h);
        return top * (chord + std::expm1(ln2 * grid)) + rounding;
      }
      case exponential_kind::table: {
        double const slope = base == exponential_base::two ? ln2 : 1.0;
        return top * std::expm1(0.5 * slope * static_cast<double>(table_step(base, entries, top))) + rounding;
      }
      case exponential_kind::integer:
        // Input; ln 2 in fixed point, z times, under 2^-z: at most 0.54; b, with slope 2 a (p + b) < 0.98; c; the gain, half of 2^-10
        // times at most 2.8.
        return top * (integer_exponential::polynomial_error + grid * (1.0 + 0.54 + 0.98) + grid * grid * 2.0) +
               rounding + 2e-3;
      case exponential_kind::exact:
        break;
    }
    return rounding;
  }

 private:
  [[nodiscard]] static float table_step(exponential_base base, int entries, int top) noexcept {
    double const range = std::log(2.0 * top) / (base == exponential_base::two ? integer_exponential::ln2 : 1.0);
    return static_cast<float>(range / (entries - 0.5));
  }
  [[nodiscard]] float power(float x) const noexcept {
    return lane_exp(base_ == exponential_base::two ? simd::mul(x, static_cast<float>(integer_exponential::ln2)) : x);
  }
  [[nodiscard]] std::int64_t fixed(float x) const noexcept {
    return static_cast<std::int64_t>(simd::round_even(std::ldexp(x, fraction_bits_)));
  }

  [[nodiscard]] std::int32_t table_code(float x) const noexcept {
    float const k = simd::round_even(-x / step_);
    return k < static_cast<float>(table_.size()) ? static_cast<std::int32_t>(table_[static_cast<std::size_t>(k)]) : 0;
  }

  [[nodiscard]] std::int32_t base2_code(float x) const noexcept {
    constexpr float log2_e = 0x1.715476p+0f;
    std::int64_t const u = fixed(base_ == exponential_base::two ? x : simd::mul(x, log2_e));
    std::int64_t const whole = u >> fraction_bits_, unit = std::int64_t{1} << fraction_bits_;
    std::int64_t const place = (u - whole * unit) * entries_;  // of 2^fraction_bits a segment
    auto const k = static_cast<std::size_t>(place >> fraction_bits_);
    auto const inside = std::ldexp(static_cast<float>(place & (unit - 1)), -fraction_bits_);
    float const power = table_[k] + simd::mul(table_[k + 1] - table_[k], inside);
    float const code = simd::round_even(
        std::ldexp(simd::mul(power, static_cast<float>(top_)), static_cast<int>(std::max<std::int64_t>(whole, -60))));
    return static_cast<std::int32_t>(std::min(code, static_cast<float>(top_)));
  }

  [[nodiscard]] std::int32_t integer_code(float x) const noexcept {
    using self = integer_exponential;
    auto const in_units = [](double v, int bits) {
      return static_cast<std::int64_t>(std::nearbyint(std::ldexp(v, bits)));
    };
    int const f = fraction_bits_;
    std::int64_t const q = fixed(base_ == exponential_base::two ? simd::mul(x, static_cast<float>(self::ln2)) : x);
    std::int64_t const q_ln2 = in_units(self::ln2, f), z = -q / q_ln2, p = q + z * q_ln2;
    if (z > 18) return 0;  // less than half a code of 16 bits
    std::int64_t const shifted = p + in_units(self::b, f);
    std::int64_t const polynomial = shifted * shifted + in_units(self::c / self::a, 2 * f);  // below 2^34
    // a top in fixed point: its 25 bits and the polynomial's 34 stay below 2^60.
    constexpr int gain_bits = 10;
    std::int64_t const gain = in_units(self::a * top_, gain_bits);
    int const shift = 2 * f + gain_bits + static_cast<int>(z);
    std::int64_t const code = (polynomial * gain + (std::int64_t{1} << (shift - 1))) >> shift;
    return static_cast<std::int32_t>(std::min<std::int64_t>(code, top_));
  }

  exponential_kind kind_ = exponential_kind::exact;
  exponential_base base_ = exponential_base::e;
  int entries_ = 1;
  int fraction_bits_ = 8;
  int top_ = 1;
  float step_ = 1.0f;
  std::vector<float> table_{};
};

}  // namespace ohmic::inline OHMIC_ABI
