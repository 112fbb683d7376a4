// Converters with errors as ADCs of the crossbar kernels: one converter for all columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter.hpp"
#include "ohmic/periphery/flash.hpp"
#include "ohmic/periphery/ramp.hpp"
#include "ohmic/periphery/sar.hpp"

namespace ohmic::inline OHMIC_ABI {

/// An ADC whose code a law finds: all columns that share it have its errors. Steps are those of uniform_adc, so that without errors
/// codes are the same bits. Its errors are one draw: all columns, arrays and layers of a chip have the same, whatever the seed of the
/// chip is, so that scores say nothing of the spread between converters; change `adc.seed` for another draw. Lanes are converted one after the other.
/// Units   current in product units (see adc_policy)
/// Errors  config_conflict where comparisons have noise: a kernel gives no address to its conversions
/// Random  purpose::adc of the seed
template <converter_law Law, converter_kind Kind>
class adc_of_law {
 public:
  struct config {
    int bits = 8;
    std::uint64_t seed = 1;  ///< of the numbers that the converter is made with
    converter_config errors{.kind = Kind};

    struct hana_accessors_impl : reflected_members<member<"bits", &config::bits>, member<"seed", &config::seed>,
                                                   member<"errors", &config::errors>> {};
  };

  static void validate(config const& c) {
    uniform_adc::validate({c.bits, false});
    converter_config::validate(c.errors, c.bits, "adc.errors.");
    if (c.errors.kind != Kind)
      throw error({errc::config_conflict, "this ADC is of another kind", "adc.errors.kind",
                   field_format<converter_kind>::print(c.errors.kind), field_format<converter_kind>::print(Kind),
                   "leave adc.errors.kind out"});
    if (c.errors.noise > 0.0)
      throw error({errc::config_conflict, "conversions of a kernel have no addresses for noise", "adc.errors.noise",
                   field_format<double>::print(c.errors.noise), "0", "set adc.errors.noise=0"});
  }

  adc_of_law(config const& c, float full_scale) noexcept
      : ideal_({c.bits, false}, full_scale),
        law_(std::make_shared<Law const>(c.errors, converter_scale{c.bits, static_cast<double>(top_code(c)), 0.0},
                                         converter_numbers{stream{c.seed, purpose::adc, 0}, 0})),
        per_step_(static_cast<float>(1.0 / ideal_.step())) {}

  template <simd::lane V>
  [[nodiscard]] V code(V current) const noexcept {
    if constexpr (std::is_same_v<V, float>) {
      return static_cast<float>(law_->code(static_cast<double>(simd::mul(current, per_step_)), no_noise{}));
    } else {
      float lanes[V::size];
      simd::store(lanes, current);
      for (float& l : lanes) l = code(l);
      return simd::load<V>(lanes);
    }
  }

  [[nodiscard]] double step() const noexcept { return ideal_.step(); }
  [[nodiscard]] float full_scale() const noexcept { return ideal_.full_scale(); }
  [[nodiscard]] static constexpr float top_code(config const& c) noexcept {
    return static_cast<float>((std::int64_t{1} << c.bits) - 1);
  }
  [[nodiscard]] static constexpr bool lossless(config const&) noexcept { return false; }

 private:
  uniform_adc ideal_;
  std::shared_ptr<Law const> law_;  ///< shared by copies, which kernels make
  float per_step_;
};

using sar_adc = adc_of_law<sar_converter, converter_kind::sar>;
using flash_adc = adc_of_law<flash_converter, converter_kind::flash>;
using ramp_adc = adc_of_law<ramp_converter, converter_kind::ramp>;
static_assert(adc_policy<sar_adc> && adc_policy<flash_adc> && adc_policy<ramp_adc>);

}  // namespace ohmic::inline OHMIC_ABI
