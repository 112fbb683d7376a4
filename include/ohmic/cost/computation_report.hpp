// The report of a chip of a dense bank and computation crossbars: area, energies, latency with its critical path,
// bounds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ohmic/cost/report.hpp"
#include "ohmic/cost/work.hpp"
#include "ohmic/cost/workload.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What stands in the report's own rows; the other combinations are notes beside them.
struct report_choice {
  price_set prices = price_set::as_published;
  count_rule count = count_rule::full;
};

/// The work of the prefill and of one generated token (the mean over all of them, and over a batch, whose tokens of a step
/// share what is read; its time is that of the step).
struct chip_work {
  phase_work prefill{};
  phase_work decode{};
};

[[nodiscard]] inline chip_work work_of(computation_chip_config const& c, chip_resources const& r, workload const& w) {
  chip_work out;
  add_work(out.prefill, c, r, w.prefill);
  for (auto const& s : w.segments) {
    double const half = s.steps / (2.0 * static_cast<double>(w.decode));
    add_work(out.decode, c, r, s.first, half, static_cast<double>(w.batch));
    add_work(out.decode, c, r, s.last, half, static_cast<double>(w.batch));
  }
  return out;
}

namespace detail {

template <class Book>
[[nodiscard]] double energy_of(Book const& book, mean_counts<cost_actions> const& n) noexcept {
  auto const prices = action_prices<cost_actions>(book.energies);
  double sum = 0.0;
  for (std::size_t i = 0; i < n.counts.size(); ++i) sum += n.counts[i] * prices[i].value.si();
  return sum;
}

/// Convolutional networks get the paper's typical caches (256 tokens x 1024).
[[nodiscard]] inline cache_sizes caches_of(computation_chip_config const& c, workload const& w) noexcept {
  return w.width > 0 ? cache_sizes::of(w.tokens, w.width, c.cached_columns, c.duplication, w.batch)
                     : cache_sizes::of(256, 1024, c.cached_columns, c.duplication);
}

/// Latency rows: per kind of sub-operation its critical stage, and how long it takes in all.
inline void add_latency_rows(cost_report& out, phase when, phase_work const& w) {
  constexpr std::string_view sources[] = {
      "digits x array cycle (Wang et al. 2024, 100 ns) per session, tile and group of tokens",
      "conversions of an array at 1.28 GS/s (ISAAC Table I)", "column accesses one by one; time per column assumed",
      "operands once a product at B_a (fits Table 11)", "one result a conversion time and array (assumed)"};
  constexpr origin origins[] = {origin::table, origin::table, origin::assumption, origin::fit, origin::assumption};
  for (std::size_t i = 0; i < w.times.size(); ++i) {
    auto const& t = w.times[i];
    if (t.passes <= 0.0) continue;
    auto const s = static_cast<std::size_t>(t.critical());
    out.add({metric::latency, when, program::name_of(static_cast<program::operation>(i)), name_of(t.critical()),
             t.passes, t.total / t.passes, t.total, sources[s], origins[s]});
  }
}

}  // namespace detail

/// Area of the chip for a workload. Crossbar: the block of its computation crossbars.
template <class Crossbar, class Book>
void add_chip_area(cost_report& out, computation_chip_config const& c, Book const& book, chip_resources const& r,
                   workload const& w) {
  auto const block = [&](std::string_view name, double copies, auto const& parts) {
    add_area_rows(out, name, copies, parts, part_prices<square_metres>(parts, book.areas));
  };
  block("computation_crossbar", static_cast<double>(r.arrays()), Crossbar{c}.parts());
  block("dense_bank", static_cast<double>(r.banks), dense_crossbar_block{c}.parts());
  auto const caches = detail::caches_of(c, w);
  block("caches", 1.0, cache_block{static_cast<double>(caches.total()) / 1024.0}.parts());
  if (w.kv_bytes > 0) block("kv_cache", 1.0, cache_block{static_cast<double>(w.kv_bytes) / 1024.0}.parts());
  block("functions", static_cast<double>(r.arrays()), function_block::parts());
}

/// Names of the parts of the chip: what a price book of it needs areas and static powers for.
template <class Crossbar = computation_crossbar_block<>>
[[nodiscard]] std::vector<std::string_view> computation_chip_part_names(computation_chip_config const& c) {
  std::vector<std::string_view> names;
  auto const add = [&](auto const& parts) {
    for (auto name : part_names(parts))
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  add(Crossbar{c}.parts()), add(dense_crossbar_block{c}.parts()), add(cache_block{1.0}.parts());
  add(function_block::parts());
  return names;
}

/// Static energy of a phase.
template <class Crossbar, class Book>
void add_chip_static(cost_report& out, phase when, double time_s, computation_chip_config const& c, Book const& book,
                     chip_resources const& r, workload const& w) {
  auto const block = [&](std::string_view name, double copies, auto const& parts) {
    add_static_rows(out, when, time_s, name, copies, parts, part_prices<watts>(parts, book.static_powers));
  };
  block("computation_crossbar", static_cast<double>(r.arrays()), Crossbar{c}.parts());
  block("dense_bank", static_cast<double>(r.banks), dense_crossbar_block{c}.parts());
  auto const caches = detail::caches_of(c, w);
  block("caches", 1.0, cache_block{static_cast<double>(caches.total()) / 1024.0}.parts());
  if (w.kv_bytes > 0) block("kv_cache", 1.0, cache_block{static_cast<double>(w.kv_bytes) / 1024.0}.parts());
}

/// Bounds and shares that stand beside the rows.
template <class Prices>
void add_chip_notes(cost_report& out, computation_chip_config const& c, Prices const& prices, chip_resources const& r,
                    workload const& w, chip_work const& work, std::uint64_t stored) {
  auto const d = [](auto v) { return static_cast<double>(v); };
  auto const note = [&](std::string_view name, double value, std::string_view unit, std::string_view meaning) {
    out.notes.push_back({name, value, unit, meaning});
  };
  for (auto set : {price_set::as_published, price_set::bottom_up}) {
    auto const book = computation_chip_book(set, prices, c);
    bool const all = set == price_set::bottom_up;
    note(all ? "energy.prefill.bottom_up.full" : "energy.prefill.as_published.full",
         detail::energy_of(book, work.prefill.full), "J", "dynamic, every action of the plan");
    note(all ? "energy.prefill.bottom_up.published" : "energy.prefill.as_published.published",
         detail::energy_of(book, published_actions(work.prefill.published, c, w.digits)), "J",
         "dynamic, weight-stationary products of the layers only");
    if (w.decode == 0) continue;
    note(all ? "energy.decode_per_token.bottom_up.full" : "energy.decode_per_token.as_published.full",
         detail::energy_of(book, work.decode.full), "J", "dynamic, every action of the plan");
    note(all ? "energy.decode_per_token.bottom_up.published" : "energy.decode_per_token.as_published.published",
         detail::energy_of(book, published_actions(work.decode.published, c, w.digits)), "J",
         "dynamic, weight-stationary products of the layers only");
  }
  note("macs.prefill.published", work.prefill.published.macs, "MAC", "as the paper counts: one MAC is one operation");
  note("macs.prefill.full", work.prefill.full.template count<"encoder", "encode">(), "MAC",
       "with attention, norms, head");
  note("weights", d(w.weights), "weights", "of the layers, 8 bit each");
  if (w.head_weights > 0)
    note("weights.head", d(w.head_weights), "weights",
         stored > w.weights ? "of the output head, in the dense bank too" : "of the output head, not counted here");
  note("arrays", d(r.arrays()), "arrays", "computation crossbars: tiles of the widest matrix x duplication");
  note("dense_crossbars", d(r.banks), "crossbars", "");
  double const weight_time = d(w.weights) / c.weight_bytes_per_s;
  note("bound.weight_transfer", weight_time, "s", "printed bound: weights once over B_w");
  if (w.width > 0)
    note("bound.activation_caches", 7.0 * d(w.tokens * w.batch) * d(w.width) * d(w.layers) / c.cache_bytes_per_s, "s",
         "printed bound: 7 reads of each layer's n m activations over B_a");
  note("bound.dense_columns", d(c.bank_columns) * c.column_time.si(), "s",
       "left out by the paper: a pass over all columns of a dense crossbar, whatever the model's size");
  if (w.width > 0)
    note("utilisation.prefill",
         d(w.tokens * w.batch) / d(pieces(w.tokens * w.batch, c.array.pairs()) * c.array.pairs()), "share",
         "column pairs in use");
  if (w.width > 0)
    note("utilisation.one_token", d(w.batch) / d(pieces(w.batch, c.array.pairs()) * c.array.pairs()), "share",
         "column pairs in use when a token is generated");
  note("write.energy", d(stored) * c.cells_read_per_weight() * c.cell_write(prices).value.si(), "J",
       "writing the model into the dense bank once, check cells too, 2.3 pJ a bit at 40 nm (3D-CIMlet)");
  note("write.time",
       d(std::min<std::uint64_t>(pieces(stored, c.array.weights_per_access()),
                                 static_cast<std::uint64_t>(c.bank_columns))) *
           c.write_time.si(),
       "s", "all banks side by side, column by column, a write time each (PUMA's write of an array)");
}

/// What a workload costs on the chip at the prices of a book, compile-time or run-time.
/// Errors  as computation_chip_config::validate and component_prices::validate; capacity where a count leaves 64 bits; missing_entry where a
///         run-time book lacks a price
template <class Crossbar = computation_crossbar_block<>, class Book>
[[nodiscard]] cost_report computation_chip_cost(std::string_view name, computation_chip_config const& c,
                                                component_prices const& prices, workload const& w, Book const& book,
                                                count_rule count, bool with_notes = true) {
  computation_chip_config::validate(c);
  component_prices::validate(prices);
  // What a full count reads for the output head, the dense bank has to hold.
  std::uint64_t const stored = w.weights + (count == count_rule::full ? w.head_weights : 0);
  auto r = resources_for(c, w.prefill, stored);
  for (auto const& s : w.segments) r.tiles = std::max(r.tiles, resources_for(c, s.first, stored).tiles);
  auto const work = work_of(c, r, w);
  auto const energies = action_prices<cost_actions>(book.energies);
  cost_report out;
  out.chip = name;
  out.tokens_per_step = static_cast<double>(w.batch);
  out.rows.reserve(160);
  add_chip_area<Crossbar>(out, c, book, r, w);
  auto const phase_rows = [&](phase when, phase_work const& p) {
    add_energy_rows(out, when, count == count_rule::full ? p.full : published_actions(p.published, c, w.digits),
                    energies);
    double const shared = when == phase::decode ? out.tokens_per_step : 1.0;
    add_chip_static<Crossbar>(out, when, p.latency() / shared, c, book, r, w);
    detail::add_latency_rows(out, when, p);
  };
  phase_rows(phase::prefill, work.prefill);
  if (w.decode > 0) phase_rows(phase::decode, work.decode);
  // All arrays convert and drive in every cycle, all banks read a column in every column time.
  auto const per_cycle = [&]<class A>(A, double n) { return n * energies[cost_actions::index<A>].value.si(); };
  double const array_J = per_cycle(action<"adc", "convert">{}, 2.0 * static_cast<double>(c.pairs_used())) +
                         per_cycle(action<"dac", "drive">{}, c.array.rows) +
                         per_cycle(action<"computation_array", "cycle">{}, 1.0);
  auto const cells = static_cast<double>(c.array.cells_per_access());
  double const bank_J = per_cycle(action<"dense_bank", "cell_read">{}, cells) +
                        per_cycle(action<"sense_adc", "convert">{}, cells) +
                        per_cycle(action<"dense_bank", "column_access">{}, 1.0);
  auto const crossbar = Crossbar{c}.parts();
  auto const bank = dense_crossbar_block{c}.parts();
  out.peak_power_W =
      static_cast<double>(r.arrays()) *
          (array_J / c.cycle.si() + block_static_W(crossbar, part_prices<watts>(crossbar, book.static_powers))) +
      static_cast<double>(r.banks) *
          (bank_J / c.column_time.si() + block_static_W(bank, part_prices<watts>(bank, book.static_powers)));
  if (with_notes) {
    out.notes.reserve(32);
    add_chip_notes(out, c, prices, r, w, work, stored);
  }
  return out;
}

/// The same with the chip's own book.
template <class Crossbar = computation_crossbar_block<>>
[[nodiscard]] cost_report computation_chip_cost(std::string_view name, computation_chip_config const& c,
                                                component_prices const& prices, workload const& w,
                                                report_choice choice = {}, bool with_notes = true) {
  return computation_chip_cost<Crossbar>(name, c, prices, w, computation_chip_book(choice.prices, prices, c),
                                         choice.count, with_notes);
}

}  // namespace ohmic::inline OHMIC_ABI

template <>
struct ohmic::enum_names<ohmic::count_rule> {
  static constexpr std::pair<std::string_view, ohmic::count_rule> value[] = {
      {"published", ohmic::count_rule::published}, {"full", ohmic::count_rule::full}};
};
BOOST_HANA_ADAPT_STRUCT(ohmic::report_choice, prices, count);
