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
    add_work(out.decode, c, r, s.first, half, w.tokens_per_step());
    add_work(out.decode, c, r, s.last, half, w.tokens_per_step());
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
      cited<isaac_paper, "section VI", 7, "array cycle 100 ns; times digits, sessions, tiles and groups of tokens">,
      cited<isaac_paper, "section V", 0, "converters of 1.28 GS/s; times conversions of an array">,
      "column accesses one by one; time per column assumed",
      cited<wang_paper, "Table 11", 14, "B_a fitted on it; times cache reads of the plan and operands of attention">,
      "one result a conversion time and array (assumed)",
      "multiply-accumulates at cost.attention.digital_rate (assumed)",
      "rows of cells one after the other (PUMA's write of an array, assumed of a row; SRAM: a clock)"};
  constexpr origin origins[] = {origin::table,      origin::table,      origin::assumption, origin::fit,
                                origin::assumption, origin::assumption, origin::assumption};
  for (std::size_t i = 0; i < w.times.size(); ++i) {
    auto const& t = w.times[i];
    if (t.passes <= 0.0) continue;
    auto const s = static_cast<std::size_t>(t.critical());
    out.add({metric::latency, when, program::name_of(static_cast<program::operation>(i)), name_of(t.critical()),
             t.passes, t.total / t.passes, t.total, sources[s], origins[s]});
  }
}

}  // namespace detail

/// Blocks of attention beside the computation crossbars: arrays for the longest context, units where a product needs them.
struct attention_blocks {
  double arrays = 0.0;
  bool digital = false;

  [[nodiscard]] static attention_blocks of(computation_chip_config const& c, workload const& w) noexcept {
    attention_blocks out{attention_arrays(c.attention, w.prefill), has_digital_products(w.prefill)};
    if (!w.segments.empty()) {
      out.arrays = std::max(out.arrays, attention_arrays(c.attention, w.segments.back().last));
      out.digital = out.digital || has_digital_products(w.segments.back().last);
    }
    return out;
  }
};

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
  auto const beside = attention_blocks::of(c, w);
  if (beside.arrays > 0.0) block("attention_array", beside.arrays, attention_array_block{c.attention}.parts());
  if (beside.digital) block("digital_units", 1.0, digital_block{c.attention}.parts());
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
  add(attention_array_block{c.attention}.parts()), add(digital_block{c.attention}.parts());
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
  auto const beside = attention_blocks::of(c, w);
  if (beside.arrays > 0.0) block("attention_array", beside.arrays, attention_array_block{c.attention}.parts());
  if (beside.digital) block("digital_units", 1.0, digital_block{c.attention}.parts());
}

/// Names of the notes with the dynamic energies of a book.
struct energy_note_names {
  std::string_view prefill_full, prefill_published, decode_full, decode_published, prefill_static, decode_static;
};
inline constexpr energy_note_names as_published_notes{
    "energy.prefill.as_published.full",          "energy.prefill.as_published.published",
    "energy.decode_per_token.as_published.full", "energy.decode_per_token.as_published.published",
    "energy.prefill.as_published.static",        "energy.decode_per_token.as_published.static"};
inline constexpr energy_note_names bottom_up_notes{
    "energy.prefill.bottom_up.full",          "energy.prefill.bottom_up.published",
    "energy.decode_per_token.bottom_up.full", "energy.decode_per_token.bottom_up.published",
    "energy.prefill.bottom_up.static",        "energy.decode_per_token.bottom_up.static"};
inline constexpr energy_note_names book_notes{
    "energy.prefill.book.full",          "energy.prefill.book.published",
    "energy.decode_per_token.book.full", "energy.decode_per_token.book.published",
    "energy.prefill.book.static",        "energy.decode_per_token.book.static"};  ///< of a book that is given

/// Dynamic energies by both counts at the prices of a book, and what leaks meanwhile: either of them and the leakage are
/// the whole energy.
template <class Crossbar, class Book>
void add_energy_notes(cost_report& out, energy_note_names const& names, Book const& book,
                      computation_chip_config const& c, chip_resources const& r, workload const& w,
                      chip_work const& work) {
  cost_report idle;
  add_chip_static<Crossbar>(idle, phase::none, 1.0, c, book, r, w);
  double const static_W = idle.total(metric::static_energy);
  auto const all = [&](std::string_view full, std::string_view published, std::string_view leakage, phase_work const& p,
                       double tokens) {
    out.notes.push_back({full, detail::energy_of(book, p.full), "J", "dynamic, every action of the plan"});
    out.notes.push_back({published, detail::energy_of(book, published_actions(p, c, w.digits)), "J",
                         "dynamic, products with weights of the layers only"});
    out.notes.push_back({leakage, static_W * p.latency() / tokens, "J", "leakage of all parts over the phase"});
  };
  all(names.prefill_full, names.prefill_published, names.prefill_static, work.prefill, 1.0);
  if (w.decode > 0)
    all(names.decode_full, names.decode_published, names.decode_static, work.decode, out.tokens_per_step);
}

/// Arrays of keys and values, what is written into them, and how long their cells last.
inline void add_attention_notes(cost_report& out, computation_chip_config const& c, workload const& w,
                                chip_work const& work) {
  auto const beside = attention_blocks::of(c, w);
  if (beside.arrays <= 0.0) return;
  out.notes.push_back({"attention.arrays", beside.arrays, "arrays", "of keys and values, for the longest context"});
  double const prefill = work.prefill.full.template count<"cell", "write">(),
               token = work.decode.full.template count<"cell", "write">();
  out.notes.push_back({"attention.cells_written.prefill", prefill, "cells", "of keys and values"});
  if (w.decode > 0) out.notes.push_back({"attention.cells_written.token", token, "cells", "of a generated token"});
  if (c.attention.memory != attention_memory::rram) return;
  double const endurance = c.attention.endurance;
  double fills = 1.0;  // behind a window the same cells are written again and again
  for (auto const& run : w.prefill)
    if (run.op.fresh > 0) fills = std::max(fills, static_cast<double>(fills_of(run.op)));
  out.notes.push_back({"attention.lifetime.prefill", endurance * work.prefill.latency() / fills, "s",
                       "of cells that are written in every prefill, one after the other without a pause"});
  if (w.decode > 0)
    out.notes.push_back(
        {"attention.lifetime.decode",
         endurance * static_cast<double>(w.held_keys) * work.decode.latency() / (1.0 + static_cast<double>(w.drafted)),
         "s", "of cells that are written once as the keys that are held go by, drafts too"});
}

/// Bounds and shares that stand beside the rows.
template <class Book>
void add_chip_notes(cost_report& out, computation_chip_config const& c, Book const& book, chip_resources const& r,
                    workload const& w, chip_work const& work, std::uint64_t stored, std::uint64_t columns) {
  auto const d = [](auto v) { return static_cast<double>(v); };
  auto const note = [&](std::string_view name, double value, std::string_view unit, std::string_view meaning) {
    out.notes.push_back({name, value, unit, meaning});
  };
  note("macs.prefill.published", work.prefill.published.macs, "MAC", "as the paper counts: one MAC is one operation");
  note("macs.prefill.full", work.prefill.macs, "MAC", "with attention, norms, head, shortcuts");
  note("weights", d(w.weights), "weights", "of the layers, 8 bit each");
  if (w.head_weights > 0)
    note("weights.head", d(w.head_weights), "weights",
         stored > w.weights ? "of output head and shortcuts, in the dense bank too"
                            : "of output head and shortcuts, not counted here");
  note("arrays", d(r.arrays()), "arrays", "computation crossbars: tiles of the widest matrix x duplication");
  note("dense_crossbars", d(r.banks), "crossbars", "");
  add_attention_notes(out, c, w, work);
  double const weight_time = d(w.weights) / c.weight_bytes_per_s;
  note("bound.weight_transfer", weight_time, "s", "printed bound: weights once over B_w");
  if (w.width > 0)
    note("bound.activation_caches", 7.0 * d(w.tokens * w.batch) * d(w.width) * d(w.layers) / c.cache_bytes_per_s, "s",
         "printed bound: 7 reads of each layer's n m activations over B_a");
  auto const cache_time = [](phase_work const& p) {
    double sum = 0.0;
    for (auto const& t : p.times) sum += t.stages[static_cast<std::size_t>(stage::caches)];
    return sum;
  };
  std::string_view const streamed = c.reads == operand_reads::held
                                        ? "cache reads over B_a; operands that the arrays hold once a product"
                                        : "cache reads of the plan, every session again, over B_a";
  note("bound.cache_reads", cache_time(work.prefill), "s", streamed);
  if (w.decode > 0) note("bound.cache_reads.decode", cache_time(work.decode), "s", streamed);
  note("bound.dense_columns", d(c.bank_columns) * c.column_time.si(), "s",
       "left out by the paper: a pass over all columns of a dense crossbar, whatever the model's size");
  if (w.width > 0)
    note("utilisation.prefill",
         d(w.tokens * w.batch) / d(pieces(w.tokens * w.batch, c.array.pairs()) * c.array.pairs()), "share",
         "column pairs in use");
  if (w.width > 0)
    note("utilisation.one_token",
         d(w.tokens_in_step()) / d(pieces(w.tokens_in_step(), c.array.pairs()) * c.array.pairs()), "share",
         "column pairs in use when a token is generated");
  if (w.drafted > 0)
    note("tokens_per_step", w.tokens_per_step(), "tokens",
         "of all sequences; drafts are verified with one read of the weights, what drafts them is not counted");
  note("write.energy",
       d(stored) * c.cells_read_per_weight() * action_prices<write_actions>(book.energies)[0].value.si(), "J",
       "writing the model into the dense bank once, check cells too, at the book's dense_bank.cell_write");
  note("write.time", d(std::min(columns, static_cast<std::uint64_t>(c.bank_columns))) * c.write_time.si(), "s",
       "all banks side by side, column by column, a write time each (PUMA's write of an array)");
}

/// Largest power: every action at the largest rate that its parts allow (all arrays convert and drive in every cycle, all
/// banks read a column in every column time) or that a sub-operation of the work has, all at once, and all static power.
/// Never below the average of a phase.
/// Units   W
template <class Crossbar, class Book>
[[nodiscard]] double chip_peak_power_W(computation_chip_config const& c, Book const& book, chip_resources const& r,
                                       workload const& w, chip_work const& work) {
  auto rates = work.prefill.largest;
  for (std::size_t i = 0; i < rates.size(); ++i) rates[i] = std::max(rates[i], work.decode.largest[i]);
  auto const at_least = [&]<class A>(A, double rate) {
    rates[cost_actions::index<A>] = std::max(rates[cost_actions::index<A>], rate);
  };
  double const cycles = static_cast<double>(r.arrays()) / c.cycle.si(),
               columns = static_cast<double>(r.banks) / c.column_time.si(),
               cells = static_cast<double>(c.array.cells_per_access());
  at_least(action<"adc", "convert">{}, cycles * 2.0 * static_cast<double>(c.pairs_used()));
  at_least(action<"dac", "drive">{}, cycles * c.array.rows);
  at_least(action<"computation_array", "cycle">{}, cycles);
  at_least(action<"dense_bank", "cell_read">{}, columns * cells);
  at_least(action<"sense_adc", "convert">{}, columns * cells);
  at_least(action<"dense_bank", "column_access">{}, columns);
  mean_counts<cost_actions> a_second;
  a_second.counts = rates;
  double sum = detail::energy_of(book, a_second);
  cost_report statics;
  add_chip_static<Crossbar>(statics, phase::none, 1.0, c, book, r, w);
  return sum + statics.total(metric::static_energy);
}

namespace detail {

/// The report at the prices of a book; energy_notes(report, resources, work) adds the notes of its energies.
template <class Crossbar, class Book, class Notes>
[[nodiscard]] cost_report chip_cost_at(std::string_view name, computation_chip_config const& c, workload const& w,
                                       Book const& book, count_rule count, bool with_notes, Notes const& energy_notes) {
  // What a full count reads for the output head, the dense bank has to hold.
  std::uint64_t const stored = w.weights + (count == count_rule::full ? w.head_weights : 0),
                      columns = dense_columns(c, w, count);
  auto r = resources_for(c, w.prefill, columns);
  for (auto const& s : w.segments) r.tiles = std::max(r.tiles, resources_for(c, s.first, columns).tiles);
  auto const work = work_of(c, r, w);
  auto const energies = action_prices<cost_actions>(book.energies);
  cost_report out;
  out.chip = name;
  out.tokens_per_step = w.tokens_per_step();
  out.rows.reserve(160);
  add_chip_area<Crossbar>(out, c, book, r, w);
  auto const phase_rows = [&](phase when, phase_work const& p) {
    add_energy_rows(out, when, count == count_rule::full ? p.full : published_actions(p, c, w.digits), energies);
    double const shared = when == phase::decode ? out.tokens_per_step : 1.0;
    add_chip_static<Crossbar>(out, when, p.latency() / shared, c, book, r, w);
    detail::add_latency_rows(out, when, p);
  };
  phase_rows(phase::prefill, work.prefill);
  if (w.decode > 0) phase_rows(phase::decode, work.decode);
  out.peak_power_W = chip_peak_power_W<Crossbar>(c, book, r, w, work);
  if (with_notes) {
    out.notes.reserve(32);
    energy_notes(out, r, work);
    add_chip_notes(out, c, book, r, w, work, stored, columns);
  }
  return out;
}

}  // namespace detail

/// What a workload costs on the chip at the prices of a book, compile-time or run-time. Its notes are at those prices too.
/// Errors  as computation_chip_config::validate; capacity where a count leaves 64 bits; missing_entry where a run-time book
///         lacks a price
template <class Crossbar = computation_crossbar_block<>, class Book>
[[nodiscard]] cost_report computation_chip_cost(std::string_view name, computation_chip_config const& c,
                                                workload const& w, Book const& book, count_rule count,
                                                bool with_notes = true) {
  computation_chip_config::validate(c);
  return detail::chip_cost_at<Crossbar>(name, c, w, book, count, with_notes,
                                        [&](cost_report& out, chip_resources const& r, chip_work const& work) {
                                          add_energy_notes<Crossbar>(out, book_notes, book, c, r, w, work);
                                        });
}

/// The same with the chip's own book; its notes are at both sets of prices.
/// Errors  as above, and those of component_prices::validate
template <class Crossbar = computation_crossbar_block<>>
[[nodiscard]] cost_report computation_chip_cost(std::string_view name, computation_chip_config const& c,
                                                component_prices const& prices, workload const& w,
                                                report_choice choice = {}, bool with_notes = true) {
  computation_chip_config::validate(c);
  component_prices::validate(prices);
  return detail::chip_cost_at<Crossbar>(
      name, c, w, computation_chip_book(choice.prices, prices, c), choice.count, with_notes,
      [&](cost_report& out, chip_resources const& r, chip_work const& work) {
        add_energy_notes<Crossbar>(out, as_published_notes, computation_chip_book(price_set::as_published, prices, c),
                                   c, r, w, work);
        add_energy_notes<Crossbar>(out, bottom_up_notes, computation_chip_book(price_set::bottom_up, prices, c), c, r,
                                   w, work);
      });
}

}  // namespace ohmic::inline OHMIC_ABI

template <>
struct ohmic::enum_names<ohmic::count_rule> {
  static constexpr std::pair<std::string_view, ohmic::count_rule> value[] = {
      {"published", ohmic::count_rule::published}, {"full", ohmic::count_rule::full}};
};
OHMIC_MEMBERS(ohmic::report_choice, prices, count);
