// Presets of the system of Wang et al., IEEE TPAMI 47(2):916-933, 2025 (arXiv 2410.15977): one description with named
// slots.
#pragma once

#include "ohmic/chip/config.hpp"
#include "ohmic/nonlinear/layer_norm.hpp"
#include "ohmic/nonlinear/softmax.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/dac.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// The chip with the library's choices where the paper is silent or weak: row maximum in the softmax, two-pass
/// variance, converter
/// ranges of mean + 8 sigma per matrix and digit from calibration data. To change a slot: `struct mine : wang2024 {
/// using adc = my_adc; };`
/// Source  Wang et al. 2024, sections 4 and 5, Table 6
struct wang2024 {
  static constexpr char const* name = "wang2024";
  static constexpr char const* summary = "base-7 computation crossbar, row-maximum softmax, two-pass LayerNorm";
  static constexpr int scale = 2;  ///< scale factor S: digits of base 7
  using dac = linear_dac;
  using adc = uniform_adc;
  using softmax = split_softmax;
  using layer_norm = split_layer_norm;

  /// Departures from the defaults of the slots.
  template <class Config>
  static void configure(Config&) {}
};

/// The chip as printed: no row maximum (full scale of a layer's scores is the largest score seen in calibration), and
/// the variance
/// as E(u^2) - E(u)^2. The range rule, which the paper leaves open, is the same.
/// Source  Wang et al. 2024, sections 4.1 and 4.2
struct wang2024_published : wang2024 {
  static constexpr char const* name = "wang2024_published";
  static constexpr char const* summary = "as printed: no row maximum, variance E(u^2) - E(u)^2";

  template <class Config>
  static void configure(Config& c) {
    c.softmax.max = softmax_maximum::none;
    c.softmax.rule = full_scale_rule::largest;
    c.norm.variance = variance_rule::moments;
  }
};

/// The settings of a chip before anybody changes them.
template <class Spec>
[[nodiscard]] config<Spec> defaults() {
  config<Spec> c;
  Spec::configure(c);
  return c;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
