// How prices move with bits, technology node and memory depth: rules as policies, each with its source.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/cost/citation.hpp"
#include "ohmic/cost/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Everything doubles with each bit: a 2-bit converter is 1/64 of an 8-bit one.
/// Source  capacitor arrays double with each bit; used for the published 51 x of GPT-3
struct exponential_rule {
  static constexpr std::string_view source = "2^bits: capacitor array doubles with each bit";
  [[nodiscard]] static double area_factor(int bits) noexcept { return std::exp2(bits - 8); }
  [[nodiscard]] static double energy_factor(int bits) noexcept { return std::exp2(bits - 8); }
};
static_assert(converter_rule<exponential_rule>);

/// The capacitor array doubles with each bit, the rest (reference buffer, clock, memory) grows linearly.
/// Range   capacitor_share 0..1 of the 8-bit converter
/// Source  Shafiee et al., ISCA 2016 (ISAAC), section VII, p. 7-8; the share is not printed there, so it is a
///         parameter
struct mixed_rule {
  static constexpr std::string_view source =
      cited<isaac_paper, "section VII", 8, "capacitor array 2^bits, the rest linear in bits">;
  double capacitor_share = 0.9;

  [[nodiscard]] double area_factor(int bits) const noexcept {
    return (1.0 - capacitor_share) * bits / 8.0 + capacitor_share * std::exp2(bits - 8);
  }
  [[nodiscard]] double energy_factor(int bits) const noexcept { return area_factor(bits); }
};
static_assert(converter_rule<mixed_rule>);

/// Area and energy of a converter by regression over the survey of published converters.
/// Units   conversion of `bits` at `rate` in a technology of `node_nm`; E in J per conversion, area in m2
/// Range   bits >= 4 (below, the regression has no data), node and rate positive
/// Source  arXiv 2404.06553 (regression over Murmann's ADC survey); check values in tests/unit/cost/scaling_test.cpp
struct survey_regression {
  static constexpr std::string_view source =
      cited<"Andrulis et al., arXiv 2404.06553", "ADC model", 0, "regression over the ADC survey">;
  double node_nm = 32.0;
  double rate = 1.2e9;  ///< Hz

  /// Errors  config_value naming the field
  static void validate(survey_regression const& r) {
    auto const bad = [](char const* key, double got) {
      throw error({errc::config_value, "not positive", std::string("survey_regression.") + key,
                   detail::number_text(got), "> 0, finite", ""});
    };
    if (!(r.node_nm > 0.0) || !std::isfinite(r.node_nm)) bad("node_nm", r.node_nm);
    if (!(r.rate > 0.0) || !std::isfinite(r.rate)) bad("rate", r.rate);
  }

  [[nodiscard]] energy_price energy(int bits) const noexcept {
    double const b = std::max(bits, 4);
    double const merit_dB = std::min(213.7807 - 2.871903 * std::log(rate), 128.3068 + 3.22051 * b);
    double const signal_dB = 6.0206 * b + 1.7609;
    double const pJ = 0.5 * std::pow(10.0, (signal_dB - merit_dB) / 10.0) *
                      std::exp(26.04962 + 1.880037 * std::log(node_nm) - 2.829126 * std::log(b) - 1.470202);
    return {picojoules(pJ), source, origin::regression};
  }
  [[nodiscard]] area_price area(int bits) const noexcept {
    double const pJ = energy(bits).value.si() * 1e12;
    double const um2 =
        std::exp(0.993279 * std::log(node_nm) + 0.180715 * std::log(rate) + 0.299124 * std::log(pJ) + 1.346192);
    return {mm2(um2 * 1e-6), source, origin::regression};
  }
  /// 80 % of the energy is dynamic, the rest leakage.
  static constexpr double dynamic_share = 0.8;

  [[nodiscard]] double area_factor(int bits) const noexcept { return area(bits).value / area(8).value; }
  [[nodiscard]] double energy_factor(int bits) const noexcept { return energy(bits).value / energy(8).value; }
};
static_assert(converter_rule<survey_regression>);

/// Which rule makes a converter of few bits from the book's 8-bit one. A choice in a configuration.
enum class adc_scaling { exponential, mixed_90, mixed_50, survey };

/// Area factor of a converter of `bits` bits against 8 bits.
/// Source  the rule named
[[nodiscard]] inline double adc_area_factor(adc_scaling rule, int bits) noexcept {
  switch (rule) {
    case adc_scaling::exponential:
      return exponential_rule::area_factor(bits);
    case adc_scaling::mixed_90:
      return mixed_rule{0.9}.area_factor(bits);
    case adc_scaling::mixed_50:
      return mixed_rule{0.5}.area_factor(bits);
    case adc_scaling::survey:
      return survey_regression{}.area_factor(bits);
  }
  return 1.0;
}
[[nodiscard]] inline double adc_energy_factor(adc_scaling rule, int bits) noexcept {
  return rule == adc_scaling::survey ? survey_regression{}.energy_factor(bits) : adc_area_factor(rule, bits);
}

/// A b-bit DAC as so many 1-bit DACs.
enum class dac_scaling {
  quarter,    ///< 2^(b-2): 64 for 8 bits; gives the shares of Fig 2b, chosen after seeing them
  half,       ///< 2^(b-1): 128
  magnitude,  ///< 2^(b-1) - 1: 127, the steps of a magnitude
  full,       ///< 2^b - 1: 255, the steps of an unsigned code
};
[[nodiscard]] inline double dac_units(dac_scaling rule, int bits) noexcept {
  if (bits <= 1) return 1.0;
  switch (rule) {
    case dac_scaling::quarter:
      return std::exp2(bits - 2);
    case dac_scaling::half:
      return std::exp2(bits - 1);
    case dac_scaling::magnitude:
      return std::exp2(bits - 1) - 1.0;
    case dac_scaling::full:
      return std::exp2(bits) - 1.0;
  }
  return 1.0;
}

/// Scaling between CMOS nodes: area, energy of an operation, delay.
/// Units   nodes in nm, supply in V
/// Range   130, 90, 65, 45, 32, 20, 16, 14, 10, 7; between them by interpolation over the table's index; errc::value
///         outside
/// Source  Stillmaker and Baas, Integration 58, 2017, pp. 74-81: area table (row of 130 nm, two printed digits),
///         energy polynomials.
///         Delay: linear in the node (assumed)
struct node_scaling {
  static constexpr std::array<double, 10> nodes = {130, 90, 65, 45, 32, 20, 16, 14, 10, 7};
  static constexpr std::array<double, 10> areas = {1, 0.44, 0.23, 0.16, 0.072, 0.033, 0.03, 0.027, 0.016, 0.0092};
  static constexpr double energies[10][3] = {
      {7.171, -6.709, 2.904},      {4.762, -4.781, 2.092},     {3.755, -4.398, 1.975},     {1.103, -0.362, 0.2767},
      {0.9559, -0.7823, 0.471},    {0.373, -0.1582, 0.04104},  {0.2958, -0.1241, 0.03024}, {0.2363, -0.09675, 0.02239},
      {0.2068, -0.09311, 0.02375}, {0.1776, -0.09097, 0.02447}};

  [[nodiscard]] static double area(double from_nm, double to_nm) {
    return at(to_nm, [](std::size_t i) { return areas[i]; }) / at(from_nm, [](std::size_t i) { return areas[i]; });
  }
  [[nodiscard]] static double energy(double from_nm, double to_nm, double supply_V = 0.8) {
    auto const of = [supply_V](std::size_t i) {
      return energies[i][0] * supply_V * supply_V + energies[i][1] * supply_V + energies[i][2];
    };
    return at(to_nm, of) / at(from_nm, of);
  }
  [[nodiscard]] static double delay(double from_nm, double to_nm) {
    static_cast<void>(at(from_nm, [](std::size_t) { return 1.0; })),
        static_cast<void>(at(to_nm, [](std::size_t) { return 1.0; }));
    return to_nm / from_nm;
  }

 private:
  template <class F>
  static double at(double nm, F const& value) {
    if (!(nm <= nodes.front() && nm >= nodes.back()))
      throw error({errc::value, "no scaling data for this node", "node", detail::number_text(nm) + " nm", "7..130 nm",
                   "use a node between"});
    std::size_t i = 0;
    while (nodes[i + 1] > nm) ++i;
    double const t = (nodes[i] - nm) / (nodes[i] - nodes[i + 1]);
    return value(i) + t * (value(i + 1) - value(i));
  }
};

/// A memory of another depth: area grows with the depth, energy of an access with its 0.78th power.
/// Source  CiMLoop / AccelForge component tables (depth exponent 0.78)
struct memory_depth {
  static constexpr double energy_exponent = 0.78;
  [[nodiscard]] static double area_factor(double depth_ratio) noexcept { return depth_ratio; }
  [[nodiscard]] static double energy_factor(double depth_ratio) noexcept {
    return std::pow(depth_ratio, energy_exponent);
  }
};

}  // namespace ohmic::inline OHMIC_ABI
