// Activations as hardware has them: exact, lines between table entries, or in integers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/exponential_unit.hpp"
#include "ohmic/nonlinear/row_kernels.hpp"
#include "ohmic/nonlinear/significant_bits.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How a unit computes an activation.
enum class activation_kind {
  exact,    ///< in float
  table,    ///< lines between `entries` + 1 stored values from -range to range; its asymptote outside
  integer,  ///< polynomials of second degree in fixed point: I-BERT
};

template <>
struct enum_names<activation_kind> {
  static constexpr std::pair<std::string_view, activation_kind> value[] = {
      {"exact", activation_kind::exact}, {"table", activation_kind::table}, {"integer", activation_kind::integer}};
};

/// I-BERT's erf: sign(x) (a (min(|x|, -b) + b)^2 + 1).
/// Source  Kim et al. 2021 (I-BERT), section 3.4
struct integer_erf {
  static constexpr double a = -0.2888, b = -1.769;
};

/// The unit that applies GELU, SiLU and tanh to results. ReLU and identity are exact in every kind.
/// Range   |x| below 2^15 in the kind `integer`; `error_bound` says how far a result may be off
/// Cost    1 x "activation_unit" "apply" per element; chip/function_prices.hpp has what kinds differ by
/// Source  table: Yu et al. 2022 (NN-LUT), with lines of equal width; integer: Kim et al. 2021 (I-BERT), algorithms 1 and 2
class activation_unit {
 public:
  struct config {
    activation_kind kind = activation_kind::exact;
    int entries = 64;       ///< lines of `table`
    double range = 8.0;     ///< of `table`: where lines end
    int fraction_bits = 8;  ///< of the input of `integer` in fixed point
    int bits = 0;           ///< significant bits of a result; 0: those of a float
  };

  /// Errors  config_value naming the field
  static void validate(config const& c) {
    auto const bad = [](char const* field, std::string got, char const* allowed) {
      throw error({errc::config_value, "out of range", std::string("activation.") + field, std::move(got), allowed,
                   std::string("set activation.") + field});
    };
    if (c.entries < 2 || c.entries > 65536) bad("entries", std::to_string(c.entries), "2..65536");
    if (!(c.range >= 1.0 && c.range <= 64.0)) bad("range", detail::number_text(c.range), "1..64");
    if (c.fraction_bits < 4 || c.fraction_bits > 14) bad("fraction_bits", std::to_string(c.fraction_bits), "4..14");
    check_result_bits(c.bits, "activation.bits");
  }

  activation_unit() : activation_unit(config{}) {}
  /// Errors  as validate
  explicit activation_unit(config const& c)
      : config_((validate(c), c)),
        exponential_(exponential_kind::integer, exponential_base::e, 1, c.fraction_bits, static_cast<int>(unit)) {
    if (c.kind != activation_kind::table) return;
    for (std::size_t kind = 0; kind < tables_.size(); ++kind)
      for (int k = 0; k <= c.entries; ++k) {
        float x = static_cast<float>(-c.range + 2.0 * c.range * k / c.entries), y = 0.0f;
        ohmic::apply(static_cast<activation>(kind), std::span<float const>(&x, 1), std::span<float>(&y, 1));
        tables_[kind].push_back(y);
      }
  }

  [[nodiscard]] config const& settings() const noexcept { return config_; }

  /// out[i] = f(in[i]).
  /// Shape   in (n), out (n); they may be the same memory
  /// Range   NaN stays NaN in the kind `exact`, and of identity; in `table` and `integer` it becomes 0, of tanh -1; of relu always 0
  /// Errors  shape if the sizes differ
  void apply(activation f, std::span<float const> in, std::span<float> out,
             row_kernels const& rows = row_kernels_of<>) const {
    require_same_size(in, out);
    bool const plain = f == activation::identity || f == activation::relu;
    if (plain || config_.kind == activation_kind::exact) {
      rows.activate(f, in.data(), out.data(), in.size());
    } else {
      for (std::size_t i = 0; i < in.size(); ++i)
        out[i] = config_.kind == activation_kind::table ? line(f, in[i]) : whole(f, in[i]);
    }
    if (f != activation::identity && config_.bits > 0)
      for (float& v : out) v = rounded_to_bits(v, config_.bits);
  }

  /// Most that a result may be off the function at x.
  [[nodiscard]] static double error_bound(config const& c, activation f, double x) noexcept {
    double const size = std::max(1.0, std::fabs(x)), value = f == activation::tanh ? 1.0 : size;
    double bound = f == activation::identity ? 0.0 : 2e-6 * size;  // of the lane functions, and of float
    if (c.bits > 0 && f != activation::identity) bound += std::ldexp(value, -c.bits);
    if (c.kind == activation_kind::exact || f == activation::identity || f == activation::relu) return bound;
    double const grid = std::ldexp(0.5, -c.fraction_bits);
    if (c.kind == activation_kind::table) {
      // A chord over h: h^2 / 8 times the largest second derivative. Outside: what is left of the asymptote at the range.
      double const h = 2.0 * c.range / c.entries, curve = f == activation::silu   ? 0.5
                                                          : f == activation::tanh ? 0.77
                                                                                  : 0.8;
      double const tail = f == activation::tanh   ? 2.0 * std::exp(-2.0 * c.range)
                          : f == activation::silu ? c.range * std::exp(-c.range)
                                                  : 0.5 * c.range * std::exp(-0.5 * c.range * c.range);
      // GELU's tanh form leaves more than the Gaussian tail: less than 1e-4 from 3 on.
      return bound + std::max(h * h / 8.0 * curve, tail + (f == activation::gelu_tanh ? 1e-3 : 0.0));
    }
    if (f == activation::gelu || f == activation::gelu_tanh) {
      // |x| / 2 times: the polynomial's own error here; t = |x| / sqrt 2 and b in fixed point (2.72 half steps, slope at most 1.03), a
      // and the shift in 14 bits. And the input itself.
      double const t = std::fabs(x) * 0.70710678118654752440, u = std::min(t, -integer_erf::b) + integer_erf::b;
      double const cubic = 0.79788456080286535588 * (std::fabs(x) + 0.044715 * std::fabs(x * x * x));
      double const method =
          std::fabs(integer_erf::a * u * u + 1.0 - (f == activation::gelu ? std::erf(t) : std::tanh(cubic)));
      return bound + 0.5 * std::fabs(x) * (method + 2.8 * grid + 1.7e-4) + grid;
    }
    // The exponential's error, halved at least by 1 + e; its input and the quotient in fixed point.
    double const share = integer_exponential::polynomial_error + grid * (1.0 + 0.54 + 0.98) + std::ldexp(1.0, -14);
    return bound + (f == activation::tanh ? 2.0 * share + 2.0 * grid : std::fabs(x) * share + 1.2 * grid);
  }

 private:
  static constexpr std::size_t kinds = static_cast<std::size_t>(activation::silu) + 1;

  [[nodiscard]] static float asymptote(activation f, float x) noexcept {
    if (f == activation::tanh) return x > 0.0f ? 1.0f : -1.0f;
    return x > 0.0f ? x : 0.0f;
  }
  [[nodiscard]] float line(activation f, float x) const noexcept {
    auto const range = static_cast<float>(config_.range);
    if (!(x > -range && x < range)) return asymptote(f, x);
    auto const& values = tables_[static_cast<std::size_t>(f)];
    double const place = (static_cast<double>(x) + config_.range) * (config_.entries / (2.0 * config_.range));
    auto const k = std::min(static_cast<std::size_t>(place), values.size() - 2);
    auto const inside = static_cast<float>(place - static_cast<double>(k));
    return values[k] + simd::mul(values[k + 1] - values[k], inside);
  }

  /// In fixed point: x in units of 2^-fraction_bits.
  [[nodiscard]] float whole(activation f, float x) const noexcept {
    if (!(std::fabs(x) < 32768.0f)) return asymptote(f, x);
    int const bits = config_.fraction_bits;
    auto const q = static_cast<std::int64_t>(simd::round_even(std::ldexp(x, bits)));
    if (f == activation::gelu || f == activation::gelu_tanh) return gelu(q, bits);
    if (f == activation::tanh) {
      std::int64_t const s = share(2 * q, bits);  // 2 share(2 x) - 1
      return static_cast<float>(std::ldexp(static_cast<double>(2 * s - unit), -unit_bits));
    }
    return static_cast<float>(std::ldexp(static_cast<double>(q * share(q, bits)), -bits - unit_bits));
  }
  static constexpr int unit_bits = 14;
  static constexpr std::int64_t unit = std::int64_t{1} << unit_bits;

  [[nodiscard]] static float gelu(std::int64_t q, int bits) noexcept {
    // x / sqrt 2 in the same units, its square in units of 4^-bits.
    auto const scaled = [bits](double v, int more = 0) {
      return static_cast<std::int64_t>(std::nearbyint(std::ldexp(v, bits + more)));
    };
    std::int64_t const t =
        (std::abs(q) * scaled(0.70710678118654752440, 8) + (std::int64_t{1} << (bits + 7))) >> (bits + 8);
    std::int64_t const b = scaled(-integer_erf::b), clipped = std::min(t, b) - b;
    // 1 + a (t - b)^2 with a in 14 bits: in units of 2^-14
    auto const a = static_cast<std::int64_t>(std::nearbyint(std::ldexp(integer_erf::a, unit_bits)));
    std::int64_t const erf = unit + ((a * clipped * clipped) >> (2 * bits));
    std::int64_t const twice_share = q < 0 ? unit - erf : unit + erf;
    return static_cast<float>(std::ldexp(static_cast<double>(q * twice_share), -bits - unit_bits - 1));
  }
  /// 1 / (1 + e^-x) in units of 2^-14, from the integer exponential of -|x|.
  [[nodiscard]] std::int64_t share(std::int64_t q, int bits) const noexcept {
    std::int64_t const e = exponential_.code(static_cast<float>(std::ldexp(static_cast<double>(-std::abs(q)), -bits)));
    return ((q < 0 ? e : unit) * unit + (unit + e) / 2) / (unit + e);
  }

  config config_;
  exponential_unit exponential_;
  std::array<std::vector<float>, kinds> tables_{};
};

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::activation_unit::config, kind, entries, range, fraction_bits, bits);
