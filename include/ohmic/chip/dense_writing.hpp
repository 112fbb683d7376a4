// What it takes to program a model into the dense bank: pulses, verifications and refreshes that were counted, priced.
#pragma once

#include "ohmic/core/quantity.hpp"
#include "ohmic/cost/computation_chip.hpp"
#include "ohmic/cost/price_book.hpp"
#include "ohmic/crossbar/dense_config.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Energy and time of what a dense_report counts.
struct writing_cost {
  joules pulses{0.0};
  joules reads{0.0};  ///< verifications, refreshes, rereads, and the read that delivers
  seconds time{0.0};  ///< all columns one after the other; banks written side by side share it
};

/// Prices of dense_actions: a pulse as the write of a cell, in proportion to its bits; a verification as the read of a
/// cell.
/// Source  component_prices::cell_write and the bottom-up book; that a pulse costs a whole write is an assumption
[[nodiscard]] inline auto dense_writing_prices(component_prices const& p, computation_chip_config const& c) noexcept {
  auto const read = action_prices<cost_actions>(computation_chip_book(price_set::bottom_up, p, c, false).energies);
  auto const of = [&]<class A>(A) { return read[cost_actions::index<A>]; };
  energy_price cell = of(action<"dense_bank", "cell_read">{});
  cell.value = cell.value + of(action<"sense_adc", "convert">{}).value;
  return named(part<"dense_bank.write_pulse">(c.cell_write(p)), part<"dense_bank.verify">(cell),
               part<"dense_bank.column_access">(of(action<"dense_bank", "column_access">{})),
               part<"dense_bank.cell_read">(cell));
}

/// What the counted writes and reads cost.
/// Source  computation_chip_config::write_time for a round of pulses (assumed: as long as a whole write), column_time for a
///         read
[[nodiscard]] inline writing_cost writing_cost_of(dense_report const& r, component_prices const& p,
                                                  computation_chip_config const& c) noexcept {
  auto const prices = action_prices<dense_actions>(dense_writing_prices(p, c));
  auto const energy = [&]<class A>(A a) {
    return prices[dense_actions::index<A>].value * static_cast<double>(r.actions.count(a));
  };
  writing_cost out;
  out.pulses = energy(action<"dense_bank", "write_pulse">{});
  out.reads = energy(action<"dense_bank", "verify">{}) + energy(action<"dense_bank", "column_access">{}) +
              energy(action<"dense_bank", "cell_read">{});
  double const rounds = static_cast<double>(r.rounds),
               verified = r.actions.count<"dense_bank", "verify">() > 0 ? rounds : 0.0,
               reads = static_cast<double>(r.actions.count<"dense_bank", "column_access">());
  out.time = c.write_time * rounds + c.column_time * (verified + reads);
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
