// Electrochemical memories (ECRAM): small steps of conductance, pulse by pulse, until the target is passed.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "ohmic/core/simd.hpp"
#include "ohmic/plugin/author.hpp"
#include "ohmic/plugin/parameters.hpp"

namespace {

/// What cell.parameters says: the window in which the device is used. Steps are shares of it.
/// assumed: 15 to 30 uS, a window of figure 2a (iv) of doi 10.1038/s41467-023-41958-4, Nature Communications 14 (2023)
struct window_parameters {
  double low_uS = 15.0, high_uS = 30.0;
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(window_parameters, low_uS, high_uS);

namespace {

/// Steps of a device whose response is linear in its state w, which runs from w_max - 2 to w_max: a pulse up adds
/// step (1 - slope w / w_max), times 1 + noise z from pulse to pulse.
struct linear_steps {
  std::string_view name, summary, source;
  double step, w_max, slope, noise;
};

/// Source  AIHWKit, presets/devices.py (EcRamPresetDevice): dw_min, w_max, gamma_up, dw_min_std
constexpr linear_steps lithium = {"ecram_lithium",
                                  "lithium ECRAM: 1000 steps of its window, 30 % of a step from pulse to pulse",
                                  "Tang et al., IEDM 2018; fit of AIHWKit (EcRamPresetDevice)",
                                  0.002,
                                  1.1724,
                                  0.1153,
                                  0.3};
/// Source  AIHWKit, presets/devices.py (EcRamMOPresetDevice): the same
constexpr linear_steps metal_oxide = {
    "ecram_metal_oxide",
    "metal-oxide ECRAM: 7089 steps of its window, 200 % of a step from pulse to pulse",
    "Kim et al., IEDM 2019; fit of AIHWKit (EcRamMOPresetDevice)",
    2.8214e-4,
    1.1714,
    0.4152,
    2.0};

/// Closed-loop programming: pulses until the cell is within half a step of its target, and the noise of the last one. The error is
/// uniform and normal at once, so that the device draws it itself.
template <linear_steps const& Steps>
struct ecram {
  window_parameters window{};

  static constexpr std::string_view parameters_help = "low_uS=15; high_uS=30: the window in which the device is used";

  [[nodiscard]] static ecram from_parameters(std::string_view text) {
    auto const w = ohmic::plugin::parameters_of<window_parameters>(text);
    if (!(w.low_uS >= 0.0 && w.high_uS > w.low_uS && w.high_uS <= 1e6))
      throw ohmic::error({ohmic::errc::config_value, "is no window", "low_uS, high_uS",
                          ohmic::detail::number_text(w.low_uS) + ", " + ohmic::detail::number_text(w.high_uS),
                          "0 <= low_uS < high_uS <= 1e6", "set cell.parameters"});
    return {w};
  }

  [[nodiscard]] ohmic::device_facts facts() const noexcept {
    return {.name = Steps.name,
            .summary = Steps.summary,
            .source = Steps.source,
            .low_uS = window.low_uS,
            .high_uS = window.high_uS,
            .has_spread = true};
  }
  [[nodiscard]] double programming_mean(double g_uS) const noexcept { return g_uS; }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    // A uniform error of one step has the variance 1/12.
    return ohmic::simd::fence(step_uS(g_uS) * std::sqrt(1.0 / 12.0 + Steps.noise * Steps.noise));
  }
  [[nodiscard]] double aged(double, double programmed_uS, double, double) const noexcept { return programmed_uS; }
  [[nodiscard]] double read_sigma(double, double, double) const noexcept { return 0.0; }

  /// Random  programming: one normal per cell and try; the plugin's first own purpose: one uniform
  [[nodiscard]] double drawn(ohmic::stream const& numbers, std::uint64_t cell, std::uint32_t time,
                             double g_uS) const noexcept {
    ohmic::stream const own{numbers.seed, static_cast<ohmic::purpose>(OHMIC_PURPOSE_OWN), numbers.array};
    double const off = static_cast<double>(own.uniform(cell, time)) - 0.5 +
                       ohmic::simd::fence(Steps.noise * static_cast<double>(numbers.normal(cell, time)));
    return std::clamp(g_uS + ohmic::simd::fence(step_uS(g_uS) * off), window.low_uS, window.high_uS);
  }

 private:
  [[nodiscard]] double step_uS(double g_uS) const noexcept {
    double const span = window.high_uS - window.low_uS;
    double const w = Steps.w_max - 2.0 + ohmic::simd::fence(2.0 * ((g_uS - window.low_uS) / span));
    return Steps.step / 2.0 * span * (1.0 - ohmic::simd::fence(Steps.slope / Steps.w_max * w));
  }
};

}  // namespace

extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  return ohmic::plugin::table_of<ecram<lithium>, ecram<metal_oxide>>(
      {"device_ecram", "1.0", "electrochemical memories of lithium and of metal oxide"});
}
