// Settings of a chip that do nothing beside the others.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include "ohmic/chip/config.hpp"
#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/crossbar/in_situ/idle.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

namespace detail {

/// Settings of the units of F, and of arrays for keys and values, that nothing reads.
template <class Spec, class Idle>
void find_idle_units(config<Spec> const& c, Idle const& idle) {
  if constexpr (requires { c.softmax.exponential; }) {
    auto const kind = c.softmax.exponential;
    idle(kind != exponential_kind::table && kind != exponential_kind::base2, "softmax.entries",
         "softmax.exponential is not table or base2");
    idle(kind != exponential_kind::base2 && kind != exponential_kind::integer, "softmax.fraction_bits",
         "softmax.exponential is not base2 or integer");
  }
  if constexpr (requires { c.softmax.full_scale; }) {
    for (auto key : {"softmax.rule", "softmax.quantile", "softmax.full_scale"})
      idle(c.softmax.max != softmax_maximum::none, key, "softmax.max is not none");
    for (auto key : {"softmax.rule", "softmax.quantile"})
      idle(c.softmax.max == softmax_maximum::none && std::isfinite(c.softmax.full_scale), key,
           "softmax.full_scale is set");
  }
  idle(c.norm.root != root_kind::integer, "norm.root_bits", "norm.root is not integer");
  for (auto key : {"activation.entries", "activation.range"})
    idle(c.activation.kind != activation_kind::table, key, "activation.kind is not table");
  idle(c.activation.kind != activation_kind::integer, "activation.fraction_bits", "activation.kind is not integer");
  if constexpr (requires { c.attention.arrays; })
    for (auto key : {"attention.arrays.memory", "attention.arrays.rows", "attention.arrays.columns",
                     "attention.arrays.cell_bits", "attention.arrays.input_bits", "attention.arrays.adc_bits"})
      idle(c.attention.policy != attention_policy::written_arrays, key, "attention.policy is not written_arrays");
}

}  // namespace detail

/// Settings that have no effect beside the others: of converters and ranges, of the units of F, of arrays for keys and values, and
/// of the cells of a conventional chip.
/// Range   c validates
template <class Spec>
[[nodiscard]] std::vector<in_situ::idle_setting> idle_settings(config<Spec> const& c) {
  std::vector<in_situ::idle_setting> all;
  auto const idle = [&](bool is, std::string_view key, std::string_view why) {
    if (is) all.push_back({key, why});
  };
  auto const& r = c.range;
  bool exact = false;
  if constexpr (requires { c.adc.lossless; }) exact = c.adc.lossless;
  for (auto key : {"adc.bits", "range.rule", "range.sigmas", "range.percentile", "range.user", "range.margin"})
    idle(exact, key, "adc.lossless is true");
  if (!exact) {
    idle(r.rule != range_rule::mean_sigma, "range.sigmas", "range.rule is not mean_sigma");
    idle(r.rule != range_rule::percentile, "range.percentile", "range.rule is not percentile");
    idle(r.rule != range_rule::user, "range.user", "range.rule is not user");
    idle(r.rule != range_rule::largest && r.rule != range_rule::least_squares, "range.margin",
         "range.rule is not largest or least_squares");
  }
  idle(c.coding.bias == bias_policy::digital, "coding.max_rows", "coding.bias is digital");
  detail::find_idle_units(c, idle);
  if constexpr (in_situ_spec<Spec>) {
    bool const bends = c.inputs.slice_bits > 1;
    in_situ::find_idle_cell(c.cell, bends, idle);
  }
  return all;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
