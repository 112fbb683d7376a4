// The work of a phase: counted actions, the smaller count behind the printed numbers, and the time of every
// sub-operation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "ohmic/cost/computation_chip.hpp"
#include "ohmic/cost/roll_up.hpp"
#include "ohmic/cost/workload.hpp"
#include "ohmic/program/plan.hpp"
#include "ohmic/program/transformer.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Which products are counted.
enum class count_rule {
  published,  ///< weight-stationary products of the layers only, without remainders: what the printed energies count
  full,       ///< the plan: attention, norms, head, remainders of tiles and tokens
};

/// Multiply-accumulates (one MAC is one operation here and everywhere in cost) and weights of the layers, as the
/// paper counts them.
struct published_counts {
  double macs = 0.0;
  double weights = 0.0;  ///< read in a pass
  double vectors = 0.0;  ///< input vectors of all matrices

  /// A product with the weights of a layer: what the published rule counts.
  [[nodiscard]] static bool counts(program::sub_operation const& op) noexcept {
    auto const what = op.where.op;
    return op.source == operand_source::weights && what != program::operation::pooler &&
           what != program::operation::classifier && what != program::operation::A_residual;
  }
  void add(program::repeated_operation const& r, double weight) noexcept {
    if (!counts(r.op)) return;
    auto const& s = r.op.shape;
    double const n = weight * static_cast<double>(r.times) * static_cast<double>(r.op.repeats);
    double const matrix = static_cast<double>(s.inner) * static_cast<double>(s.outputs);
    macs += n * matrix * static_cast<double>(s.tokens);
    weights += n * matrix;
    vectors += n * static_cast<double>(s.tokens);
  }
};

/// What bounds the time of a sub-operation. They overlap and the largest counts, but for writing keys and values into cells, which
/// comes before.
enum class stage : std::uint8_t { sessions, converters, dense_columns, caches, functions, digital_units, writing };
inline constexpr std::size_t stage_count = 7;
[[nodiscard]] constexpr std::string_view name_of(stage s) noexcept {
  constexpr std::string_view names[] = {"sessions",  "adc",          "dense_columns", "caches",
                                        "functions", "digital_unit", "cell_write"};
  return names[static_cast<std::size_t>(s)];
}
/// Time of a sub-operation from its stages.
[[nodiscard]] inline double length_of(std::array<double, stage_count> const& stages) noexcept {
  return *std::max_element(stages.begin(), stages.end() - 1) + stages.back();
}

/// Time of all sub-operations of one kind in a phase.
/// Units   s
struct operation_time {
  double passes = 0.0;  ///< how many there are, one after the other
  double total = 0.0;   ///< sum over them of the largest stage
  std::array<double, stage_count> stages{};

  [[nodiscard]] stage critical() const noexcept {
    return static_cast<stage>(std::max_element(stages.begin(), stages.end()) - stages.begin());
  }
};

/// Everything counted of a phase.
struct phase_work {
  mean_counts<cost_actions> full{};
  mean_counts<cost_actions> layers{};  ///< those of them that products with weights of the layers take
  std::array<double, cost_actions::size>
      largest{};      ///< rate of each action in the sub-operation that is densest in it, 1/s
  double macs = 0.0;  ///< of all products, those of attention and norms too
  published_counts published{};
  std::array<operation_time, program::operation_count> times{};

  [[nodiscard]] double latency() const noexcept {
    double sum = 0.0;
    for (auto const& t : times) sum += t.total;
    return sum;
  }
};

/// Resources that a program is spread over.
struct chip_resources {
  std::uint64_t tiles = 1;          ///< arrays side by side that hold the widest column of Y
  std::uint64_t column_groups = 1;  ///< copies of that row of arrays, by duplication
  std::uint64_t banks = 1;

  [[nodiscard]] constexpr std::uint64_t arrays() const noexcept { return tiles * column_groups; }
};

/// Columns of dense crossbars that hold a workload: every output of a matrix begins one. The published count fills columns with
/// the layers' weights, whatever matrices they are of.
[[nodiscard]] inline std::uint64_t dense_columns(computation_chip_config const& c, workload const& w,
                                                 count_rule count) noexcept {
  if (count == count_rule::published) return pieces(w.weights, c.array.weights_per_access());
  std::uint64_t columns = 0;
  for (auto const& m : w.matrices) columns += m.outputs * pieces(m.inner, c.array.weights_per_access()) * m.copies;
  return columns;
}

/// Arrays for a program: as many side by side as the longest column of a weight matrix needs, times duplication; and dense crossbars
/// for so many columns.
[[nodiscard]] inline chip_resources resources_for(computation_chip_config const& c, program::repeated_program const& p,
                                                  std::uint64_t columns) noexcept {
  chip_resources r;
  for (auto const& op : p)
    if (op.op.source == operand_source::weights)
      r.tiles = std::max<std::uint64_t>(r.tiles, pieces(op.op.shape.inner, c.array.activations(c.scale)));
  r.column_groups = pieces(c.duplication, c.array.pairs());
  r.banks = std::max<std::uint64_t>(1, pieces(columns, static_cast<std::uint64_t>(c.bank_columns)));
  return r;
}

/// A product whose operand X is read once: the arrays hold all of it, and their switch registers all its digits.
[[nodiscard]] inline bool holds_operand(computation_chip_config const& c, chip_resources const& r,
                                        program::sub_operation const& op) noexcept {
  return c.reads == operand_reads::held && c.registers_hold(op.digits) &&
         pieces(op.shape.tokens, c.pairs_used()) * pieces(op.shape.inner, c.array.activations(c.scale)) <= r.arrays();
}

/// Bytes of X that a sub-operation reads from the caches: `cache.read` of the plan, where every session streams all
/// activations again; where the arrays hold them, each once.
[[nodiscard]] inline double cache_reads(computation_chip_config const& c, chip_resources const& r,
                                        program::sub_operation const& op) noexcept {
  auto const& s = op.shape;
  double const once = static_cast<double>(s.tokens) * static_cast<double>(s.inner) * static_cast<double>(op.repeats);
  return holds_operand(c, r, op) ? once : once * static_cast<double>(s.outputs);
}

namespace detail {

/// Stages of one sub-operation. Every job is one array, one session, one group of tokens: `digits` cycles.
[[nodiscard]] inline std::array<double, stage_count> stage_times(computation_chip_config const& c,
                                                                 chip_resources const& r,
                                                                 program::sub_operation const& op) noexcept {
  auto const d = [](auto v) { return static_cast<double>(v); };
  double const repeats = d(op.repeats), results = d(op.shape.tokens) * d(op.shape.outputs) * repeats;
  if (op.unit != program::product_unit::array) {
    auto const t = times_beside(c.attention, op, c.cycle, c.conversions_per_s);
    bool const reads_y = op.unit == program::product_unit::digital && op.source == operand_source::activations;
    double const read = d(op.shape.inner) * (d(op.shape.tokens) + (reads_y ? d(op.shape.outputs) : 0.0)) * repeats;
    return {t.cycles, t.converters, 0.0, read / c.cache_bytes_per_s, results / (c.conversions_per_s * d(r.arrays())),
            t.units,  t.writing};
  }
  double const jobs = d(op.shape.outputs) * d(pieces(op.shape.tokens, c.pairs_used())) *
                      d(pieces(op.shape.inner, c.array.activations(c.scale))) * repeats;
  double const rounds = std::ceil(jobs / d(r.arrays()));
  double const accesses = op.source == operand_source::weights
                              ? d(op.shape.outputs) * d(pieces(op.shape.inner, c.array.weights_per_access())) * repeats
                              : 0.0;
  double const moved = cache_reads(c, r, op) +
                       (op.source != operand_source::weights ? d(op.shape.inner) * d(op.shape.outputs) * repeats : 0.0);
  return {rounds * op.digits * c.cycle.si(),
          rounds * op.digits * 2.0 * d(c.pairs_used()) / c.conversions_per_s,
          std::ceil(accesses / d(r.banks)) * c.column_time.si(),
          moved / c.cache_bytes_per_s,
          results / (c.conversions_per_s * d(r.arrays())),
          0.0,
          0.0};
}

/// Adds the actions of a sub-operation, whoever makes its product.
inline void add_actions(mean_counts<cost_actions>& to, computation_chip_config const& c, chip_resources const& r,
                        array_geometry const& used, program::sub_operation const& op) {
  if (op.unit == program::product_unit::array) {
    to.add(program::planned(op, used, c.scale), 1.0);
    if (holds_operand(c, r, op)) {
      double const once = cache_reads(c, r, op);
      to.count<"cache", "read">() = to.count<"encoder", "encode">() = once;
      to.count<"switch_register", "load">() = once * op.digits;
    }
  } else {
    to.add(planned_beside(c.attention, op), 1.0);
    to.add(op.post, 1.0);
  }
  to.count<"sense_adc", "convert">() += to.count<"dense_bank", "cell_read">();
}

}  // namespace detail

/// Adds a program to the work of a phase, `weight` times. Counts are shared by `batch` tokens that pass together; times
/// are not.
/// Errors  capacity where a count leaves 64 bits
inline void add_work(phase_work& w, computation_chip_config const& c, chip_resources const& r,
                     program::repeated_program const& p, double weight = 1.0, double batch = 1.0) {
  array_geometry const used = c.used_array();
  for (auto const& op : p) {
    double const n = weight * static_cast<double>(op.times);
    mean_counts<cost_actions> one;
    detail::add_actions(one, c, r, used, op.op);
    w.full.add(one, n / batch);
    w.macs += n / batch * static_cast<double>(op.op.repeats) * static_cast<double>(op.op.shape.tokens) *
              static_cast<double>(op.op.shape.inner) * static_cast<double>(op.op.shape.outputs);
    if (published_counts::counts(op.op)) w.layers.add(one, n / batch);
    w.published.add(op, weight / batch);
    auto& t = w.times[static_cast<std::size_t>(op.op.where.op)];
    auto const stages = detail::stage_times(c, r, op.op);
    t.passes += n;
    double const longest = length_of(stages);
    t.total += n * longest;
    if (longest > 0.0)
      for (std::size_t i = 0; i < w.largest.size(); ++i) w.largest[i] = std::max(w.largest[i], one.counts[i] / longest);
    for (std::size_t i = 0; i < stage_count; ++i) t.stages[i] += n * stages[i];
  }
}

/// Counts of the published rule: of the products with weights of the layers alone 2 S D / R conversions a MAC and the cells
/// of each weight once, with their check cells, both without remainders; what else those products do as the plan counts it.
[[nodiscard]] inline mean_counts<cost_actions> published_actions(phase_work const& w, computation_chip_config const& c,
                                                                 int digits) noexcept {
  mean_counts<cost_actions> out = w.layers;
  published_counts const& n = w.published;
  out.count<"adc", "convert">() = n.macs * 2.0 * digits / static_cast<double>(c.array.activations(c.scale));
  out.count<"dense_bank", "cell_read">() = n.weights * c.cells_read_per_weight();
  out.count<"sense_adc", "convert">() = n.weights * c.cells_read_per_weight();
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI
