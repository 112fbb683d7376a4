// The cost side of the chips that have a function: from the one description, the config of a spec, to the chip that
// cost knows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "ohmic/attention/written_arrays.hpp"
#include "ohmic/chip/function_prices.hpp"
#include "ohmic/chip/published.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/cost/computation_report.hpp"
#include "ohmic/numeral/shape.hpp"
#include "ohmic/program/encoder.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Bits of a converter that loses nothing: enough for the largest current of a column.
[[nodiscard]] constexpr int lossless_bits(array_geometry const& g, int scale, int driven_top) noexcept {
  std::int64_t const largest = static_cast<std::int64_t>(g.activations(scale)) * largest_digit(scale) * driven_top;
  int bits = 1;
  while ((std::int64_t{1} << bits) - 1 < largest) ++bits;
  return bits;
}

/// The chip of a spec and its settings, for cost; what the function side does not know (duplication, registers,
/// times) comes from `rest`.
template <class Spec>
[[nodiscard]] computation_chip_config cost_config(config<Spec> const& c, computation_chip_config rest = {}) {
  rest.array = settled(c).array;
  rest.sense_bits = c.dense.cell.bits;
  rest.scale = Spec::scale;
  if constexpr (requires { c.dac.bits; }) rest.dac_bits = c.dac.bits;
  if constexpr (requires { c.adc.bits; }) rest.adc_bits = c.adc.bits;
  if constexpr (requires { c.adc.lossless; })
    if (c.adc.lossless) rest.adc_bits = std::min(16, lossless_bits(c.array, Spec::scale, symmetric_top(rest.dac_bits)));
  written_array_config const& a = c.attention.arrays;
  rest.attention.memory = a.memory;
  rest.attention.rows = static_cast<std::size_t>(a.rows);
  rest.attention.columns = static_cast<std::size_t>(a.columns);
  rest.attention.cell_bits = a.bits_of_cell();
  rest.attention.input_bits = a.input_bits;
  rest.attention.adc_bits = a.adc_bits;
  return rest;
}

/// What the settings decide about the plan, before any model is there. A quantile or largest rule replaces the row
/// maximum.
template <class Spec>
[[nodiscard]] program::function_choices cost_choices(config<Spec> const& c, int scale = Spec::scale) {
  program::function_choices f;
  f.activation_digits = balanced_digits(scale, symmetric_top(c.coding.activation_bits));
  if constexpr (requires { c.softmax.exp_bits; })
    f.score_digits = balanced_digits(scale, (std::int64_t{1} << c.softmax.exp_bits) - 1);
  if constexpr (requires { c.softmax.max; }) f.row_maximum = c.softmax.max != softmax_maximum::none;
  if constexpr (requires { c.coding.bias_correction; }) f.corrects_biases = c.coding.bias_correction;
  f.per_token_scales = c.coding.scales == scale_policy::per_token;
  f.two_pass_variance = c.norm.variance == variance_rule::two_pass;
  f.attention.policy = c.attention.policy;
  if (c.attention.policy == attention_policy::written_arrays) {
    std::int64_t score_top = 127;
    if constexpr (requires { c.softmax.exp_bits; }) score_top = (std::int64_t{1} << c.softmax.exp_bits) - 1;
    f.attention.array =
        written_arrays(c.attention.arrays, c.noise.seed).shape(symmetric_top(c.coding.activation_bits), score_top);
  }
  return f;
}

namespace detail {
template <class Spec>
inline constexpr auto adc_part = [] {
  if constexpr (requires { Spec::adc::part; })
    return Spec::adc::part;
  else
    return fixed_string("adc");
}();
template <class Spec>
inline constexpr auto dac_part = [] {
  if constexpr (requires { Spec::dac::part; })
    return Spec::dac::part;
  else
    return fixed_string("dac");
}();
}  // namespace detail

/// The computation crossbar of a spec. A slot that calls itself something (`static constexpr fixed_string part{"my_adc"}`)
/// is a part of its own: without a price under that name in the book, the cost of the chip does not compile.
template <class Spec>
using crossbar_block_of = computation_crossbar_block<detail::adc_part<Spec>, detail::dac_part<Spec>>;

/// Energies of counted actions, bottom up: what a run did, priced at the power of busy parts, their leakage in it. No area,
/// latency or leakage of idle parts; `ohmic cost` has them.
/// Units   rows of energy for all that was counted, under phase::prefill
template <class Spec, class List>
[[nodiscard]] cost_report counted_cost(std::string_view name, config<Spec> const& c, tally<List> const& counted,
                                       component_prices const& prices = published_prices()) {
  auto const chip = cost_config(c);
  mean_counts<cost_actions> counts;
  List::for_each_type([&]<class A>(std::size_t) {
    if constexpr (cost_actions::template contains<A>)
      counts.counts[cost_actions::index<A>] = static_cast<double>(counted.count(A{}));
  });
  // A cell that is read is converted.
  counts.template count<"sense_adc", "convert">() = counts.template count<"dense_bank", "cell_read">();
  cost_report out;
  out.chip = name;
  add_energy_rows(
      out, phase::prefill, counts,
      with_function_prices<cost_actions>(
          action_prices<cost_actions>(computation_chip_book(price_set::bottom_up, prices, chip, false).energies), c,
          prices));
  return out;
}

namespace detail {
/// Settings and workload of another numeral system than the spec's.
/// Errors  config_conflict for another scale factor, or digits of an activation outside low..high
template <class Spec>
void check_numerals(workload const& w, computation_chip_config const& chip, int low, int high, char const* fix) {
  if (chip.scale != Spec::scale)
    throw error({errc::config_conflict, "the chip has another scale factor", "cost.scale", std::to_string(chip.scale),
                 std::to_string(Spec::scale) + ", that of " + std::string(Spec::name),
                 "leave cost.scale to cost_config, or make a spec of that scale"});
  if (w.digits < low || w.digits > high)
    throw error({errc::config_conflict, "the chip's activations have another number of digits", "workload.digits",
                 std::to_string(w.digits), std::to_string(low) + ".." + std::to_string(high), fix});
}
}  // namespace detail

/// What a workload costs on a chip of this spec at these settings, which are those of the spec where they come from
/// cost_config: nothing else of the spec than its name, its scale factor and its parts is looked at.
/// Errors  as computation_chip_cost; config_conflict for settings of another scale factor, or a workload whose activations
///         have digits that no width of coding.activation_bits has at it. Another scale factor with a possible number of
///         digits is not seen
template <class Spec>
[[nodiscard]] cost_report cost_of(workload const& w, cost_settings const& s) {
  detail::check_numerals<Spec>(w, s.chip, balanced_digits(Spec::scale, symmetric_top(4)),
                               balanced_digits(Spec::scale, symmetric_top(11)),
                               "make the workload with cost_choices of this spec");
  return computation_chip_cost<crossbar_block_of<Spec>>(Spec::name, s.chip, s.prices, w, s.choice);
}

/// The same at the spec's own settings, defaults<Spec>(): the description that runs models.
/// Errors  as above, and those of cost_config; config_conflict for a workload of other digits than those settings have
template <class Spec>
[[nodiscard]] cost_report cost_of(workload const& w) {
  auto const c = defaults<Spec>();
  cost_settings const s{.chip = cost_config(c)};
  int const digits = cost_choices(c).activation_digits;
  detail::check_numerals<Spec>(w, s.chip, digits, digits,
                               "make the workload with cost_choices(defaults<Spec>()), or give cost settings");
  return cost_of<Spec>(w, s);
}

/// The same at the prices of a book in place of those of the settings.
/// Errors  as cost_of with settings
template <class Spec, class Book>
[[nodiscard]] cost_report cost_of(workload const& w, cost_settings const& s, Book const& book) {
  detail::check_numerals<Spec>(w, s.chip, balanced_digits(Spec::scale, symmetric_top(4)),
                               balanced_digits(Spec::scale, symmetric_top(11)),
                               "make the workload with cost_choices of this spec");
  return computation_chip_cost<crossbar_block_of<Spec>>(Spec::name, s.chip, w, book, s.choice.count);
}

}  // namespace ohmic::inline OHMIC_ABI::chip
