// How long a conventional chip takes for sub-operations, and the arrays that it writes meanwhile: from shapes alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/cost/computation_chip.hpp"
#include "ohmic/cost/report.hpp"
#include "ohmic/crossbar/in_situ/cell_idle.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// What bounds the time of a product. They overlap; the largest counts. Writing comes before.
enum class in_situ_stage : std::uint8_t { cycles, converters, caches };
inline constexpr std::size_t in_situ_stages = 3;

/// Time of one sub-operation. Every matrix, head and operand of attention has arrays of its own, which work side by side; its
/// tokens come one after the other, pass by pass.
/// Units   s
struct in_situ_duration {
  double writing = 0.0;  ///< of a second operand, row by row: all cells of a row, and all arrays, at once
  std::array<double, in_situ_stages> stages{};

  [[nodiscard]] in_situ_stage critical() const noexcept {
    return static_cast<in_situ_stage>(std::max_element(stages.begin(), stages.end()) - stages.begin());
  }
  [[nodiscard]] double product() const noexcept { return stages[static_cast<std::size_t>(critical())]; }
};

/// Readings of an array that its converters make in a pass, one after the other.
template <in_situ_spec Spec>
[[nodiscard]] double conversions_in_turn(config<Spec> const& c, std::size_t columns) noexcept {
  in_situ::code_layout const layout{c.array, c.weights, c.inputs};
  std::size_t const most =
      c.converter.kind == converter_kind::ideal ? columns : static_cast<std::size_t>(c.converter.columns);
  return static_cast<double>(std::min(columns, most));
}

/// Time of a try of all cells of a row at once, and of the read that verifies it, through the converters of the array.
/// Source  cell.write.pulse where it is known, else write_time (PUMA's write, assumed: of a row); computation_chip_config's cycle
///         and converter rate for a read
template <in_situ_spec Spec>
[[nodiscard]] double try_s(config<Spec> const& c, computation_chip_config const& rules = {}) noexcept {
  return c.cell.write.pulse.si() > 0.0 ? c.cell.write.pulse.si() : rules.write_time.si();
}
template <in_situ_spec Spec>
[[nodiscard]] double verify_s(config<Spec> const& c, computation_chip_config const& rules = {}) noexcept {
  if (c.cell.write.max_tries == 1 || !in_situ::writes_err(c.cell)) return 0.0;
  double const conversions = conversions_in_turn(c, static_cast<std::size_t>(c.array.columns));
  return std::max(rules.cycle.si(), conversions / rules.conversions_per_s);
}

/// Range   op as the plan of a deployed model has it: its digits are passes x slices
/// Source  computation_chip_config: cycle and converter rate of ISAAC (100 ns, 1.28 GS/s; one converter an array, which reads
///         every column of it in each pass; with converter.kind as many as converter.columns says), cache rate, try_s for a row,
///         written at once and, until `in_situ_schedule::see` knows better, without verification. Assumed: units of F, one a
///         converter, keep up; sums of one operand, and products of digital units, are as quick as the cache delivers
template <in_situ_spec Spec>
[[nodiscard]] in_situ_duration duration_of(config<Spec> const& c, program::sub_operation const& op,
                                           computation_chip_config const& rules = {}) noexcept {
  in_situ::code_layout const layout{c.array, c.weights, c.inputs};
  auto const d = [](auto v) { return static_cast<double>(v); };
  auto const& s = op.shape;
  double const repeats = d(op.repeats);
  bool const attends = op.source == operand_source::activations;
  double const moved = (d(s.tokens) * d(s.inner) + (attends ? d(s.inner) * d(s.outputs) : 0.0)) * repeats;
  in_situ_duration out;
  out.stages[static_cast<std::size_t>(in_situ_stage::caches)] = moved / rules.cache_bytes_per_s;
  if (op.source == operand_source::sums || op.unit != program::product_unit::array) return out;
  bool const exponentials = op.where.op == program::operation::A6;
  auto const& w = c.weights;
  std::size_t const slices = w.slices.size(), passes = static_cast<std::size_t>(op.digits) / slices,
                    readings = w.is_differential() && w.pairs == in_situ::pair_reading::apart ? 2 : 1;
  std::size_t const columns =
      std::min(layout.weights_per_row(), s.outputs) * slices * readings + (layout.has_unit_column() ? 1 : 0);
  double const vectors = d(s.tokens) * d(passes);
  out.stages[static_cast<std::size_t>(in_situ_stage::cycles)] =
      vectors * d(layout.cycles_of_pass(!exponentials)) * rules.cycle.si();
  out.stages[static_cast<std::size_t>(in_situ_stage::converters)] =
      vectors * conversions_in_turn(c, columns) / rules.conversions_per_s;
  if (attends) out.writing = d(std::min(layout.rows(), s.inner)) * try_s(c, rules);
  return out;
}

/// Durations of all that a chip did, and the most arrays that K and V took at once: those of every layer, each its own.
struct in_situ_schedule {
  struct by_operation {
    double count = 0.0, writing_s = 0.0, product_s = 0.0;
    std::array<double, in_situ_stages> stages{};
    in_situ::array_writing written{};  ///< as counted, where cells are not ideal
    bool pulse_is_known = false;
  };
  std::array<by_operation, program::operation_count> operations{};
  std::uint64_t attention_arrays = 0;

  /// The sub-operations of one pass, `passes` times.
  template <in_situ_spec Spec>
  void add(config<Spec> const& c, std::vector<program::sub_operation> const& ops, std::uint64_t passes = 1,
           computation_chip_config const& rules = {}) {
    in_situ::code_layout const layout{c.array, c.weights, c.inputs};
    auto const n = static_cast<double>(passes);
    std::uint64_t arrays = 0;
    for (auto const& op : ops) {
      if (op.shape.tokens == 0 || op.shape.outputs == 0) continue;
      auto const t = duration_of(c, op, rules);
      auto& to = operations[static_cast<std::size_t>(op.where.op)];
      to.count += n;
      to.writing_s += n * t.writing;
      to.pulse_is_known = c.cell.write.pulse.si() > 0.0;
      to.product_s += n * t.product();
      for (std::size_t i = 0; i < in_situ_stages; ++i) to.stages[i] += n * t.stages[i];
      if (op.source == operand_source::activations && op.unit == program::product_unit::array)
        arrays += std::uint64_t{op.repeats} * pieces(op.shape.inner, layout.rows()) *
                  pieces(op.shape.outputs, layout.weights_per_row());
    }
    attention_arrays = std::max(attention_arrays, arrays);
  }

  /// What writing the second operand of an operation took in a run: where cells are written until they verify, time follows from
  /// the tries of the slowest cell of every row.
  template <in_situ_spec Spec>
  void see(config<Spec> const& c, program::operation op, in_situ::array_writing const& written,
           computation_chip_config const& rules = {}) {
    auto& to = operations[static_cast<std::size_t>(op)];
    to.written += written;
    if (written.rounds > 0)
      to.writing_s = static_cast<double>(to.written.rounds) * (try_s(c, rules) + verify_s(c, rules));
  }
  /// Of all operations.
  [[nodiscard]] in_situ::array_writing written() const noexcept {
    in_situ::array_writing all;
    for (auto const& o : operations) all += o.written;
    return all;
  }

  /// Rows of latency: writing, and what bounds the products, by operation.
  void add_rows(cost_report& out) const {
    constexpr std::string_view names[] = {"in_situ_array", "adc", "caches"};
    constexpr std::string_view source =
        cited<isaac_paper, "sections V and VI", 0,
              "cycles of 100 ns, converters of 1.28 GS/s, one an array; vectors one after the other">;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      auto const& o = operations[i];
      if (o.count == 0.0) continue;
      auto const block = program::name_of(static_cast<program::operation>(i));
      auto const critical =
          static_cast<std::size_t>(std::max_element(o.stages.begin(), o.stages.end()) - o.stages.begin());
      out.add({metric::latency, phase::prefill, block, names[critical], o.count, o.product_s / o.count, o.product_s,
               source, origin::assumption});
      if (o.writing_s > 0.0)
        out.add({metric::latency, phase::prefill, block, "cell.write", o.count, o.writing_s / o.count, o.writing_s,
                 o.pulse_is_known
                     ? "cell.write.pulse, of a row of an array; rows one after the other, arrays side by side"
                     : "PUMA's write, here of a row of an array; rows one after the other, arrays side by side",
                 origin::assumption});
    }
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
