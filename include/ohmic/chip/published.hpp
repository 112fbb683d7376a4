// The constants behind the printed figures that the paper does not print: each fitted on one named row, predicting
// the others.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/chip/baseline_constants.hpp"
#include "ohmic/chip/printed_values.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/cost/components32.hpp"
#include "ohmic/cost/computation_chip.hpp"
#include "ohmic/cost/computation_report.hpp"
#include "ohmic/model/catalogue.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Constants fitted on printed rows.
/// Source  the row that each names; predictions in `reproduce`
struct published_constants {
  energy_price dense_read{joules(0.0), cited<wang_paper, "Fig 13b", 14, "fitted on fig13.bert_large.wang2024">,
                          origin::fit};  ///< of one 8-bit weight
  energy_price prime_mac{joules(0.0), cited<wang_paper, "Fig 13b", 14, "fitted on fig13.bert_large.prime">,
                         origin::fit};
  energy_price pipelayer_mac{joules(0.0), cited<wang_paper, "Fig 13b", 14, "fitted on fig13.bert_large.pipelayer">,
                             origin::fit};
  energy_price vesti_mac{
      joules(0.0), cited<wang_paper, "Fig 13b", 14, "fitted with vesti_weight on fig13.bert_large.vesti">, origin::fit};
  energy_price vesti_weight{joules(0.0),
                            cited<wang_paper, "Fig 13d", 14, "fitted with vesti_mac on fig13.resnet152.vesti">,
                            origin::fit};  ///< off-chip memory
  energy_price multi_bit_mac{joules(0.0), cited<wang_paper, "Fig 12b", 13, "fitted on fig12b.mb.bert_large">,
                             origin::fit};
  energy_price single_bit_mac{joules(0.0), cited<wang_paper, "section 6.4", 13, "fitted on fig12b.ratio.sb">,
                              origin::fit};
  double time_factor = 1.0;         ///< of TPUv4 and A100; fitted on tab10.tpu.energy
  double area_factor = 1.0;         ///< of both, to 32 nm; fitted on tab10.gpu.adp
  double cache_bytes_per_s = 1.0;   ///< B_a with 7 reads a layer; fitted on tab11.bert_large.ta
  double weight_bytes_per_s = 1.0;  ///< B_w, whole HBM3 stacks; their number fitted on tab11.bert_large.tw

  /// Errors  value naming the constant
  static void validate(published_constants const& k) {
    for (auto const& [name, p] : {std::pair{"dense_read", &k.dense_read},
                                  {"prime_mac", &k.prime_mac},
                                  {"pipelayer_mac", &k.pipelayer_mac},
                                  {"vesti_mac", &k.vesti_mac},
                                  {"vesti_weight", &k.vesti_weight},
                                  {"multi_bit_mac", &k.multi_bit_mac},
                                  {"single_bit_mac", &k.single_bit_mac}})
      ohmic::detail::check_price(name, *p);
    for (auto const& [name, v] : {std::pair{"time_factor", k.time_factor},
                                  {"area_factor", k.area_factor},
                                  {"cache_bytes_per_s", k.cache_bytes_per_s},
                                  {"weight_bytes_per_s", k.weight_bytes_per_s}})
      if (!(v > 0.0) || !std::isfinite(v))
        throw error({errc::value, "constant out of range", std::string("constants.") + name,
                     ohmic::detail::number_text(v), "finite, above 0", "correct it"});
  }
};

inline constexpr double hbm3_bytes_per_s = 819e9;  ///< one stack (the paper prints Gbps)
inline constexpr double activation_reads = 7.0;    ///< of each layer's n m activations; chosen after seeing Table 11

/// Weights and MACs of a model's layers as the paper counts them, for one text of 256 tokens or one image.
struct model_size {
  double weights = 0.0;
  double macs = 0.0;
};
[[nodiscard]] inline model_size size_of(std::string_view id) {
  auto const& n = model::find_network(id);
  double const weights = static_cast<double>(n.weights());
  if (n.transformer) return {weights, weights * static_cast<double>(n.usual_tokens)};
  double macs = 0.0;
  for (auto const& c : n.convolutions) macs += static_cast<double>(c.weights()) * static_cast<double>(c.positions());
  return {weights, macs};
}

/// Converter energy of one MAC on the computation crossbar: 2 S D / R conversions.
[[nodiscard]] inline double converter_energy_J(component_prices const& p, computation_chip_config const& c,
                                               int digits) noexcept {
  return 2.0 * digits / static_cast<double>(c.array.activations(c.scale)) * p.adc_conversion.value.si() *
         adc_energy_factor(c.sense_rule, c.adc_bits);
}

namespace detail {
[[nodiscard]] inline published_constants fit_published() {
  published_constants k;
  component_prices const p;
  computation_chip_config const c;
  auto const mJ = [](std::string_view id) { return printed_number(id) * 1e-3; };
  model_size const large = size_of("bert_large"), r152 = size_of("resnet_152");
  double const a = converter_energy_J(p, c, 3);
  k.dense_read.value = joules((mJ("fig13.bert_large.wang2024") - a * large.macs) / large.weights);
  k.prime_mac.value = joules(mJ("fig13.bert_large.prime") / large.macs);
  k.pipelayer_mac.value = joules(mJ("fig13.bert_large.pipelayer") / large.macs);
  k.multi_bit_mac.value = joules(mJ("fig12b.mb.bert_large") / large.macs);
  // a macs + b weights = E on two rows.
  double const determinant = large.macs * r152.weights - r152.macs * large.weights;
  double const e1 = mJ("fig13.bert_large.vesti"), e2 = mJ("fig13.resnet152.vesti");
  k.vesti_mac.value = joules((e1 * r152.weights - e2 * large.weights) / determinant);
  k.vesti_weight.value = joules((large.macs * e2 - r152.macs * e1) / determinant);
  // The printed ratio is a mean over the four models.
  double inverse = 0.0;
  for (auto id : {"bert_base", "bert_large", "resnet_34", "resnet_152"}) {
    model_size const s = size_of(id);
    inverse += s.macs / (a * s.macs + k.dense_read.value.si() * s.weights) / 4.0;
  }
  k.single_bit_mac.value = joules(printed_number("fig12b.ratio.sb") / inverse);
  k.time_factor = mJ("tab10.tpu.energy") / (tpuv4_power_W * large.macs / tpuv4_operations_per_s);
  k.area_factor =
      printed_number("tab10.gpu.adp") / (a100_area_mm2 * large.macs / a100_operations_per_s * k.time_factor);
  k.cache_bytes_per_s = activation_reads * 256 * 1024 * 24 / (printed_number("tab11.bert_large.ta") * 1e-6);
  k.weight_bytes_per_s =
      std::round(large.weights / (printed_number("tab11.bert_large.tw") * 1e-6) / hbm3_bytes_per_s) * hbm3_bytes_per_s;
  return k;
}
}  // namespace detail

/// The constants, fitted once.
[[nodiscard]] inline published_constants const& fitted() {
  static published_constants const k = detail::fit_published();
  return k;
}

/// Component prices with the fitted read of the dense bank.
[[nodiscard]] inline component_prices published_prices() {
  component_prices p;
  p.dense_read = fitted().dense_read;
  return p;
}

/// What every preset is costed with.
struct cost_settings {
  computation_chip_config chip{};
  component_prices prices = published_prices();
  published_constants constants = fitted();
  baseline_constants baselines{};
  report_choice choice{};

  /// Errors  config_value, config_conflict, value: naming the field
  static void validate(cost_settings const& s) {
    computation_chip_config::validate(s.chip);
    component_prices::validate(s.prices);
    published_constants::validate(s.constants);
    baseline_constants::validate(s.baselines);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
