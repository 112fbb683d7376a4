// Settings of a chip that do nothing beside the others.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/chip/config.hpp"
#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/dense_config.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/in_situ/code_cells.hpp"
#include "ohmic/crossbar/in_situ/idle.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

namespace detail {

/// True where only shares of their range matter that cells conduct, whatever the range is.
[[nodiscard]] inline bool hold_digits(resistive_cell_config const& cell, wire_config const& wires) {
  return in_situ::code_cells({cell, wires, 1}).is_ideal();
}
inline constexpr char const* only_shares = "cells are ideal and no wire resists";

/// Settings of arrays for keys and values that nothing reads.
template <class Attention, class Idle>
void find_idle_written(Attention const& c, Idle& idle) {
  std::string const group = "attention.arrays.", cell = group + "cell.";
  if (c.policy != attention_policy::written_arrays) {
    for (auto const& key : keys(c.arrays)) idle(true, group + key, "attention.policy is not written_arrays");
    return;
  }
  for (char const* key : {"retention.exponent", "retention.spread", "retention.compensation"})
    idle(true, cell + key, "keys and values are read as soon as they are written");
  idle(true, cell + "write.pulse", "cost.attention.write_time is what a write takes");
  idle(hold_digits(c.arrays.cell, {}), cell + "r_on", only_shares);
  in_situ::find_idle_cell(c.arrays.cell, c.arrays.input_bits > 1, idle, cell);
}

/// Settings of the dense bank that nothing reads.
template <class Idle>
void find_idle_dense(dense_config const& c, Idle& idle) {
  auto const& cell = c.cell;
  bool const perfect = c.is_perfect();
  // Its banks are priced by the cells and the check bits of a weight, which are not among these.
  for (auto key : {"dense.cell.max_pulses", "dense.rereads", "dense.refresh_interval", "dense.age", "dense.levels",
                   "dense.weights", "dense.columns"})
    idle(perfect, key, "every level of the dense bank comes back");
  idle(cell.max_pulses == 1, "dense.cell.tolerance", "dense.cell.max_pulses is 1");
  idle(cell.max_pulses > 1 && cell.programming_error == 0.0, "dense.cell.tolerance",
       "dense.cell.programming_error is 0");
  idle(cell.rtn_multiple == 0.0, "dense.cell.rtn_base", "dense.cell.rtn_multiple is 0");
  bool const drifts = cell.drift_exponent > 0.0 || cell.drift_spread > 0.0;
  bool const refreshed = c.refresh_interval.si() > 0.0 && c.age > c.refresh_interval;
  bool const ages = (refreshed ? c.refresh_interval : c.age) > cell.drift_reference;
  for (auto key : {"dense.cell.drift_exponent", "dense.cell.drift_spread"})
    idle(!ages, key, "dense.age, or dense.refresh_interval, is not above dense.cell.drift_reference");
  idle(!drifts, "dense.cell.drift_reference", "nothing drifts");
  idle(!drifts && !refreshed, "dense.age", "nothing drifts, and nothing is refreshed");
  idle(!ages && !refreshed, "dense.age", "nothing drifts before dense.cell.drift_reference");
  idle(!perfect && c.protection == word_protection::none && !refreshed, "dense.rereads", "dense.protection is none");
  idle(!perfect && !refreshed, "dense.refresh_interval", "it is not below dense.age");
}

/// Settings of the errors of a computation crossbar that nothing reads; others_draw: numbers of the same seed are drawn elsewhere.
template <class Idle>
void find_idle_noise(imperfections const& c, bool others_draw, Idle& idle) {
  bool const differ = c.mismatch > 0.0 || c.dac_offset > 0.0 || c.dac_gain > 0.0 || c.dac_inl > 0.0 ||
                      c.adc_offset > 0.0 || c.adc_gain > 0.0 || c.adc_inl > 0.0 || c.adc_dnl > 0.0;
  idle(c.rtn == 0.0, "noise.rtn_share", "noise.rtn is 0");
  idle(!differ, "noise.arrays", "all arrays are alike");
  idle(!c.resists(), "noise.resistor", "no switch and no wire resists");
  idle(c.ideal() && !others_draw, "noise.seed", "nothing on this chip is random");
}

/// Settings of the units of F, and of arrays for keys and values, that nothing reads.
template <class Spec, class Idle>
void find_idle_units(config<Spec> const& c, Idle& idle) {
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
    idle(c.softmax.rule != full_scale_rule::quantile, "softmax.quantile", "softmax.rule is not quantile");
  }
  idle(c.norm.root != root_kind::integer, "norm.root_bits", "norm.root is not integer");
  for (auto key : {"activation.entries", "activation.range"})
    idle(c.activation.kind != activation_kind::table, key, "activation.kind is not table");
  idle(c.activation.kind != activation_kind::integer, "activation.fraction_bits", "activation.kind is not integer");
  if constexpr (requires { c.attention.arrays; }) find_idle_written(c.attention, idle);
}

}  // namespace detail

/// Settings that have no effect beside the others: of converters and ranges, of the units of F, of arrays for keys and values, of
/// the dense bank and the errors of a computation crossbar, and of the cells of a conventional chip.
/// Range   c validates
template <class Spec>
[[nodiscard]] std::vector<in_situ::idle_setting> idle_settings(config<Spec> const& c) {
  in_situ::idle_list idle;
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
    idle(detail::hold_digits(c.cell, c.wires), "cell.r_on", detail::only_shares);
    bool const random = !in_situ::code_cells({c.cell, {}, 1}).is_ideal() || c.converter.kind != converter_kind::ideal;
    idle(!random, "noise.seed", "nothing on this chip is random");
  } else {
    bool const written = c.attention.policy == attention_policy::written_arrays &&
                         !in_situ::code_cells({c.attention.arrays.cell, {}, 1}).is_ideal();
    detail::find_idle_dense(c.dense, idle);
    detail::find_idle_noise(c.noise, written || !c.dense.is_perfect(), idle);
  }
  return std::move(idle).all();
}

}  // namespace ohmic::inline OHMIC_ABI::chip
