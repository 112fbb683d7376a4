// Settings of a chip that do nothing beside the others.
#pragma once

#include <string_view>
#include <vector>

#include "ohmic/chip/config.hpp"
#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/crossbar/in_situ/idle.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// All settings that have no effect beside the others: of converters and ranges, and of the cells of a conventional chip.
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
  if constexpr (in_situ_spec<Spec>) {
    bool const bends = c.inputs.slice_bits > 1;
    in_situ::find_idle_cell(c.cell, bends, idle);
  }
  return all;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
