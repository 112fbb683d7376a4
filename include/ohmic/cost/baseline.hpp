// Systems that a chip is compared with, as the comparison describes them: energy a MAC and a weight, crossbars per
// weight,
// serial input vectors, chips and the links between them; and processors by power and peak rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "ohmic/cost/report.hpp"
#include "ohmic/cost/roll_up.hpp"
#include "ohmic/cost/work.hpp"
#include "ohmic/cost/workload.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Counts by the published rule: products with weights, attention left out (it is not a product with resident weights).
struct baseline_work {
  published_counts prefill{};
  published_counts decode{};  ///< of one token; those of a batch share the weights of a step
};

[[nodiscard]] inline baseline_work baseline_work_of(workload const& w) noexcept {
  baseline_work out;
  for (auto const& r : w.prefill) out.prefill.add(r, 1.0);
  for (auto const& s : w.segments) {
    double const half = s.steps / (2.0 * static_cast<double>(w.decode) * w.tokens_per_step());
    for (auto const& r : s.first) out.decode.add(r, half);
    for (auto const& r : s.last) out.decode.add(r, half);
  }
  return out;
}

/// Energy of one kind of action: so many of them a MAC.
struct energy_per_mac {
  std::string_view name;  ///< "adc.convert"
  double per_mac = 1.0;
  energy_price each{};
};

/// Energy rows of both phases: the actions of a MAC, and the weights that are read; none where weights are resident.
/// Units   J
inline void add_baseline_energy(cost_report& out, baseline_work const& n, bool decode,
                                std::span<energy_per_mac const> actions,
                                energy_price const& weight = not_printed<joules>) {
  auto const rows = [&](phase when, published_counts const& c) {
    auto const row = [&](std::string_view part, double count, energy_price const& p) {
      out.add({metric::dynamic_energy, when, {}, part, count, p.value.si(), count * p.value.si(), p.source, p.from});
    };
    for (auto const& a : actions) row(a.name, c.macs * a.per_mac, a.each);
    row("memory.weight_read", c.weights, weight);
  };
  rows(phase::prefill, n.prefill);
  if (decode) rows(phase::decode, n.decode);
}
/// The same where all that is known is the energy of a MAC.
inline void add_baseline_energy(cost_report& out, baseline_work const& n, bool decode, energy_price const& mac,
                                energy_price const& weight = not_printed<joules>) {
  energy_per_mac const one[] = {{"array.multiply_accumulate", 1.0, mac}};
  add_baseline_energy(out, n, decode, one, weight);
}

/// Latency where each matrix has arrays of its own: one input vector after the other, stage after stage.
inline void add_serial_latency(cost_report& out, workload const& w, double vector_time_s, std::string_view source,
                               origin from) {
  out.tokens_per_step = w.tokens_per_step();
  out.add({metric::latency,
           phase::prefill,
           {},
           "input_vectors",
           w.serial_vectors,
           vector_time_s,
           w.serial_vectors * vector_time_s,
           source,
           from});
  if (w.decode > 0)
    out.add({metric::latency,
             phase::decode,
             {},
             "input_vectors",
             w.serial_steps,
             vector_time_s,
             w.serial_steps * vector_time_s,
             source,
             from});
}

/// A model spread over several chips: what crosses the links.
struct chip_link {
  double bytes_per_s = 0.0;  ///< of a chip's links
  joules per_byte{0.0};
  std::string_view source{};
  origin from = origin::table;
};

/// HyperTransport of ISAAC: 10.4 W for four links of 6.4 GB/s.
inline constexpr chip_link hyper_transport_link{
    4 * 6.4e9, joules(10.4 / (4 * 6.4e9)),
    cited<isaac_paper, "Table I", 8, "HyperTransport, 10.4 W for four links of 6.4 GB/s">, origin::table};

/// Chips, and the activations that pass from one to the next: (chips - 1) x n m bytes.
/// Units   rows in J and s, by phase
inline void add_link_rows(cost_report& out, workload const& w, double chips, chip_link const& link,
                          std::string_view decided_by = "needed for the weights of the layers") {
  out.notes.push_back({"chips", chips, "chips", decided_by});
  if (chips <= 1.0) return;
  double const width = static_cast<double>(w.width > 0 ? w.width : 1024);
  auto const rows = [&](phase when, double bytes, double tokens) {
    out.add({metric::dynamic_energy, when, "links", "byte", bytes / tokens, link.per_byte.si(),
             bytes / tokens * link.per_byte.si(), link.source, link.from});
    out.add({metric::latency, when, "links", "byte", bytes, 1.0 / link.bytes_per_s, bytes / link.bytes_per_s,
             link.source, link.from});
    out.notes.push_back({when == phase::prefill ? "link_bytes.prefill" : "link_bytes.decode_per_token", bytes / tokens,
                         "B", "activations between chips"});
  };
  rows(phase::prefill, (chips - 1.0) * width * static_cast<double>(w.batch) * static_cast<double>(w.tokens), 1.0);
  if (w.decode > 0)
    rows(phase::decode, (chips - 1.0) * width * static_cast<double>(w.tokens_in_step()), w.tokens_per_step());
}

/// Area of the largest chip: 100 mm2 x 128 layers.
/// Source  Wang et al. 2024, Fig 14
inline constexpr double largest_chip_mm2 = 12800.0;

/// The same for a design whose chips are bounded by area alone.
inline void add_link_rows_by_area(cost_report& out, workload const& w, double area_mm2, chip_link link) {
  link.from = origin::assumption;  // the links of another system
  add_link_rows(out, w, std::ceil(area_mm2 / largest_chip_mm2), link, "area, caches included, over 12,800 mm2");
}

/// A processor by its peak: time = MACs / rate x factor, energy = power x time. One MAC is counted as one operation, as
/// the comparison does. A step of generation takes no less than reading its weights (8 bit each) from memory; keys and values
/// are not counted. Where memory is too small the model is spread over several, which work one after the other.
struct roofline {
  double operations_per_s = 0.0;
  watts power{0.0};
  square_metres area{0.0};
  double time_factor = 1.0;  ///< unexplained in the paper; fitted on one row
  double area_factor = 1.0;  ///< to 32 nm; unexplained in the paper; fitted on one row
  double bytes_per_s = 0.0;  ///< of its memory; 0: not modelled
  std::string_view source{};
  double memory_bytes = 0.0;  ///< of its memory; 0: holds every model
  std::string_view memory_source{};
};

/// Peak-rate time.
[[nodiscard]] inline double roofline_time(roofline const& r, published_counts const& n) noexcept {
  return n.macs / r.operations_per_s * r.time_factor;
}

[[nodiscard]] inline cost_report roofline_cost(std::string_view name, roofline const& r, workload const& w) {
  cost_report out;
  out.chip = name;
  out.rows.reserve(8);
  auto const n = baseline_work_of(w);
  double const area = r.area.si() * 1e6,
               chips = r.memory_bytes > 0.0 ? std::max(1.0, std::ceil(static_cast<double>(w.weights) / r.memory_bytes))
                                            : 1.0;
  out.add({metric::area,
           phase::none,
           {},
           "processor_at_32nm",
           chips * r.area_factor,
           area,
           chips * r.area_factor * area,
           r.source,
           origin::fit});
  auto const rows = [&](phase when, published_counts const& c, double tokens, double memory_s) {
    double t = roofline_time(r, c);
    bool const waits = memory_s > t * tokens;
    if (waits) t = memory_s / tokens;
    out.add({metric::dynamic_energy,
             when,
             {},
             "power_x_time",
             t,
             r.power.si(),
             t * r.power.si(),
             waits ? r.memory_source : r.source,
             waits ? origin::table : origin::fit});
    if (waits)
      return out.add({metric::latency,
                      when,
                      {},
                      "memory.weight_read",
                      c.weights * tokens,
                      1.0 / r.bytes_per_s,
                      memory_s,
                      r.memory_source,
                      origin::table});
    out.add({metric::latency,
             when,
             {},
             "multiply_accumulate",
             c.macs * tokens,
             r.time_factor / r.operations_per_s,
             t * tokens,
             r.source,
             origin::fit});
  };
  rows(phase::prefill, n.prefill, 1.0, 0.0);
  if (r.bytes_per_s > 0.0)
    out.notes.push_back({"bound.prefill_memory", n.prefill.weights / r.bytes_per_s, "s",
                         "reading the weights once from memory; the row has the peak rate alone, as printed"});
  out.tokens_per_step = w.tokens_per_step();
  if (w.decode > 0) {
    double const memory_s = r.bytes_per_s > 0.0 ? n.decode.weights * out.tokens_per_step / r.bytes_per_s : 0.0;
    rows(phase::decode, n.decode, out.tokens_per_step, memory_s);
    out.notes.push_back({"bound.decode_peak_rate", roofline_time(r, n.decode) * out.tokens_per_step, "s",
                         "a step at the peak rate; the row has the larger of both bounds"});
    if (memory_s > 0.0)
      out.notes.push_back({"bound.decode_memory", memory_s, "s", "reading the weights of a step once from memory"});
  }
  // What the links between processors take is printed nowhere.
  add_link_rows(out, w, chips,
                {std::numeric_limits<double>::infinity(), joules(0.0), "not printed, 0", origin::assumption},
                "whose memories hold the weights of the layers, 8 bit each");
  out.peak_power_W = chips * r.power.si();
  return out;
}

/// Area and power of the parts of a block by two named price lists, for tables that print both.
template <named_list Parts, named_list Areas, named_list Powers>
[[nodiscard]] std::pair<double, double> area_and_power(Parts const& parts, Areas const& areas,
                                                       Powers const& powers) noexcept {
  return {block_area_mm2(parts, part_prices<square_metres>(parts, areas)),
          block_static_W(parts, part_prices<watts>(parts, powers))};
}

}  // namespace ohmic::inline OHMIC_ABI
