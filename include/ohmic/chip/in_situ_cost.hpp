// What the counted actions of a conventional chip cost, and its arrays: bottom up, from component prices.
#pragma once

#include <cstdint>
#include <string_view>

#include "ohmic/chip/function_prices.hpp"
#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/chip/in_situ_time.hpp"
#include "ohmic/chip/published.hpp"
#include "ohmic/cost/computation_chip.hpp"
#include "ohmic/cost/report.hpp"
#include "ohmic/cost/roll_up.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// What a conventional chip does.
using in_situ_actions = join<in_situ::product_actions, program::post_actions>;

/// Bits of a DAC: a sign on top where rows are driven both ways.
template <in_situ_spec Spec>
[[nodiscard]] int dac_bits(config<Spec> const& c) noexcept {
  bool const both_ways =
      c.inputs.coding == in_situ::code_coding::sign_magnitude && c.inputs.passes == in_situ::input_passes::one;
  return c.inputs.slice_bits + static_cast<int>(both_ways);
}
/// Bits of a converter; 16 stand for one that loses nothing.
template <in_situ_spec Spec>
[[nodiscard]] int adc_bits(config<Spec> const& c) noexcept {
  if constexpr (requires { c.adc.bits; }) return Spec::adc::lossless(c.adc) ? 16 : c.adc.bits;
  return 8;
}

/// Energies of its actions: those of the same parts in the bottom-up book of a computation crossbar.
/// Source  component_prices; the DAC of b bits and the ADC by the rules of computation_chip_config
template <in_situ_spec Spec>
[[nodiscard]] auto in_situ_energies(config<Spec> const& c, component_prices const& p,
                                    computation_chip_config const& rules) noexcept {
  auto const over_cycle = [&](power_price const& w) { return energy_price{w.value * rules.cycle, w.source, w.from}; };
  energy_price const multiply_add{p.multiplier_32.value + p.adder_32.value, p.multiplier_32.source,
                                  p.multiplier_32.from};
  in_situ::code_layout const layout{c.array, c.weights, c.inputs};
  int const weight_cell_bits = layout.weights.is_differential() ? c.weights.bits - 1 : c.weights.bits;
  double const cell_bits = static_cast<double>(weight_cell_bits) / static_cast<double>(c.weights.slices.size());
  return named(part<"cell.write">(p.cell_write * (cell_bits / 2.0)), part<"cache.read">(p.edram_byte),
               part<"input_register.load">(p.register_bit * 8.0),
               part<"dac.drive">(over_cycle(p.dac_1bit_power * dac_units(rules.dac_rule, dac_bits(c)))),
               part<"in_situ_array.cycle">(over_cycle(p.array_power * (c.array.rows * c.array.columns / 16384.0))),
               part<"adc.convert">(p.adc_conversion * adc_energy_factor(rules.sense_rule, adc_bits(c))),
               part<"input_counter.add">(p.adder_32 * 0.25), part<"subtractor.subtract">(p.adder_32),
               part<"shift_add.step">(p.shift_add), part<"accumulator.add">(p.adder_32),
               part<"digital_unit.multiply_add">(p.multiply_add_8), part<"post.scale">(p.multiplier_32),
               part<"post.add_bias">(p.adder_32), part<"post.add_residual">(p.adder_32),
               part<"post.centre">(p.adder_32), part<"post.normalise">(multiply_add),
               part<"exp_unit.exp">(p.exponential), part<"comparator.compare">(p.comparator),
               part<"divider.divide">(p.division), part<"activation_unit.apply">(p.activation),
               part<"root_unit.inverse_root">(p.inverse_root), part<"rotary_unit.rotate">(multiply_add),
               part<"cache.write">(p.edram_byte));
}

/// Energy and time of writing arrays with cells that are tried again until they verify.
/// Source  cell.write of in_situ_energies for every try (assumed: that a try costs a whole write); a verification is a conversion
///         of its column, and its share of driving a row and of a cycle of the array
struct in_situ_writing_cost {
  joules tries{0.0}, verifies{0.0};
  seconds time{0.0};  ///< rows one after the other, arrays side by side
};
template <in_situ_spec Spec>
[[nodiscard]] in_situ_writing_cost in_situ_writing(config<Spec> const& c, in_situ::array_writing const& written,
                                                   component_prices const& p = published_prices(),
                                                   computation_chip_config const& rules = {}) {
  auto const prices = action_prices<in_situ_actions>(in_situ_energies(c, p, rules));
  auto const of = [&]<class A>(A) { return prices[in_situ_actions::index<A>].value; };
  auto const tries = static_cast<double>(written.all.tries);
  in_situ_writing_cost out;
  out.tries = of(action<"cell", "write">{}) * tries;
  if (c.cell.write.max_tries > 1 && in_situ::writes_err(c.cell))
    out.verifies = (of(action<"adc", "convert">{}) +
                    (of(action<"dac", "drive">{}) + of(action<"in_situ_array", "cycle">{})) / c.array.columns) *
                   tries;
  out.time = seconds(static_cast<double>(written.rounds) * (try_s(c, rules) + verify_s(c, rules)));
  return out;
}

/// Energy of counted actions; tries of K and V beyond the first, and their verifications; the area of the arrays that hold the weights, and of those that K and V were written into, each
/// with a DAC a row and one converter, or as many as converter.columns leaves (at the price of ISAAC's SAR, whatever the kind); and the time of all that was scheduled, one pass after the other. Registers, buffers,
/// units of F and links are not in it: `ohmic cost` has the figures of the source.
/// Units   rows of energy and latency for all that was counted, under phase::prefill
template <in_situ_spec Spec, class List>
[[nodiscard]] cost_report in_situ_cost(std::string_view name, config<Spec> const& c, tally<List> const& counted,
                                       std::uint64_t arrays, in_situ_schedule const& schedule = {},
                                       component_prices const& p = published_prices(),
                                       computation_chip_config const& rules = {}) {
  cost_report out;
  out.chip = name;
  mean_counts<in_situ_actions> counts;
  in_situ_actions::for_each_type(
      [&]<class A>(std::size_t i) { counts.counts[i] = static_cast<double>(counted.count(A{})); });
  add_energy_rows(
      out, phase::prefill, counts,
      with_function_prices<in_situ_actions>(action_prices<in_situ_actions>(in_situ_energies(c, p, rules)), c, p));
  auto const written = schedule.written();
  if (written.all.tries > written.all.cells) {
    auto const energy = in_situ_writing(c, written, p, rules);
    double const tries = static_cast<double>(written.all.tries), more = tries - static_cast<double>(written.all.cells);
    out.add({metric::dynamic_energy,
             phase::prefill,
             {},
             "cell.rewrite",
             more,
             energy.tries.si() / tries,
             energy.tries.si() * more / tries,
             "as cell.write: every try a whole write",
             origin::assumption});
  }
  if (written.all.tries > 0 && c.cell.write.max_tries > 1 && in_situ::writes_err(c.cell)) {
    auto const energy = in_situ_writing(c, written, p, rules).verifies.si();
    auto const tries = static_cast<double>(written.all.tries);
    out.add({metric::dynamic_energy,
             phase::prefill,
             {},
             "cell.verify",
             tries,
             energy / tries,
             energy,
             "a conversion, and a share of a row's drive and of an array's cycle",
             origin::assumption});
  }
  in_situ::code_layout const layout{c.array, c.weights, c.inputs};
  int const columns = c.array.columns + static_cast<int>(layout.has_unit_column());
  auto const parts =
      named(part<"dac">(c.array.rows), part<"adc">(static_cast<int>(in_situ::converters_of_array(layout, c.converter))),
            part<"memory_cell">(c.array.rows * columns), part<"sample_hold">(columns));
  auto const areas = named(part<"dac">(p.dac_1bit_area * dac_units(rules.dac_rule, dac_bits(c))),
                           part<"adc">(p.adc_area * adc_area_factor(rules.sense_rule, adc_bits(c))),
                           part<"memory_cell">(p.cell_area), part<"sample_hold">(p.sample_hold_area));
  auto const prices = part_prices<square_metres>(parts, areas);
  add_area_rows(out, "in_situ_array", static_cast<double>(arrays), parts, prices);
  add_area_rows(out, "attention_array", static_cast<double>(schedule.attention_arrays), parts, prices);
  schedule.add_rows(out);
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
