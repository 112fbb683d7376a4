// Programming of the in-situ array: weights become conductances, by slice and sign.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"
#include "ohmic/crossbar/in_situ/write_report.hpp"
#include "ohmic/device/programmable_cell.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/numeral/slices.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Whose random numbers an array takes: equal layers with numbers of their own never share noise.
/// Range   the arrays of a matrix have the numbers first_array, first_array + 1, ..
struct place {
  std::uint64_t seed = 1;
  std::uint32_t first_array = 0;
};

/// A programmed matrix: conductances, and what the digital side needs to read results.
/// Shape   g (slices, lines, columns, inputs); lines: 2 for a pair (+, -), else 1; columns: outputs, and after them the unit
///         column where the mapping has one
/// Units   relative to 1 / r_on
struct cells {
  in_situ::config config{};
  double weight_scale = 1.0;  ///< the |w| of the highest level
  std::size_t slices = 1, lines = 1, outputs = 0, columns = 0, inputs = 0;
  std::vector<double> g{};
  std::vector<double> slice_gain{};   ///< (slices) weight units per unit of current
  std::vector<double> zero{};         ///< (slices) conductance of w = 0 without errors, which offset mappings subtract
  std::vector<double> read_sigma{};   ///< as g: standard deviation of a read; empty: reads are exact
  std::vector<double> output_gain{};  ///< (columns) factors against drift; empty: none
  place at{};                         ///< whose random numbers reads take
  write_report written{};

  [[nodiscard]] double const* row(std::size_t slice, std::size_t line, std::size_t column) const noexcept {
    return g.data() + ((slice * lines + line) * columns + column) * inputs;
  }
  [[nodiscard]] std::size_t rows_of_array() const noexcept {
    return config.array.rows == 0 ? inputs : static_cast<std::size_t>(config.array.rows);
  }
  [[nodiscard]] std::size_t arrays() const noexcept { return (inputs + rows_of_array() - 1) / rows_of_array(); }
};

namespace detail {

/// Share of the cell's range that each cell of one weight is to take.
/// Shape   share (slices, lines)
class weight_shares {
 public:
  explicit weight_shares(config const& c)
      : map_(c.weights.mapping),
        sliced_(c.weights.is_sliced()),
        balanced_(c.weights.digits == weight_digits::balanced),
        top_(static_cast<double>(c.weights.top())),
        middle_(1 << (c.weights.bits - 1)),
        widths_(sliced_ ? c.weights.slices : std::vector<int>{1}),
        digits_(widths_.size()),
        // Offset weights take the levels 1..L - 1, so that 0 is a level and -1 and 1 are as far from it.
        offset_span_(c.cell.levels > 0 ? (c.cell.levels - 2.0) / (c.cell.levels - 1.0) : 1.0) {}

  [[nodiscard]] std::size_t slices() const noexcept { return digits_.size(); }
  [[nodiscard]] double offset_span() const noexcept { return offset_span_; }
  /// Largest digit of a slice.
  [[nodiscard]] double top_digit(std::size_t slice) const noexcept {
    return static_cast<double>((1 << widths_.widths()[slice]) - 1);
  }

  /// Range   w in -1..1
  void fill(double w, std::vector<double>& share) {
    bool const pair = map_ == mapping::differential || map_ == mapping::differential_two_sided;
    if (!sliced_ && !pair) {
      share[0] = simd::fence(offset_span_ * (w / 2.0 + 0.5)) + (1.0 - offset_span_);
      return;
    }
    auto const code = static_cast<std::int64_t>(std::nearbyint(w * top_));
    if (balanced_) {
      balanced_slices::encode(code, widths_, digits_);
    } else if (sliced_) {
      sign_magnitude::encode(pair ? code : code + middle_, widths_, digits_);
    }
    for (std::size_t i = 0; i < slices(); ++i) {
      double const u = sliced_ ? static_cast<double>(digits_[i]) / top_digit(i) : w;
      switch (map_) {
        case mapping::differential:
          share[2 * i] = std::max(u, 0.0);
          share[2 * i + 1] = std::max(-u, 0.0);
          break;
        case mapping::differential_two_sided:
          share[2 * i] = (1.0 + u) / 2.0;
          share[2 * i + 1] = (1.0 - u) / 2.0;
          break;
        default:
          share[i] = u;
      }
    }
  }

 private:
  in_situ::mapping map_;
  bool sliced_, balanced_;
  double top_;
  std::int64_t middle_;
  slice_widths widths_;
  std::vector<std::int32_t> digits_;
  double offset_span_;
};

/// What the digital side multiplies with, from means of |w|: as wanted, as programmed, as it is. Of an offset mapping w is what cells
/// hold before the offset comes off; a unit column has the factor of the matrix, with `per_column` its own.
/// Source  AIHWKit's drift compensations; ours reads without noise. A factor is 1 where nothing is left to compare
class drift_gains {
 public:
  drift_gains(drift_compensation kind, std::size_t outputs) : kind_(kind), before_(outputs), after_(outputs) {}

  void add(std::size_t output, double wanted, double programmed, double aged) noexcept {
    before_[output] += std::fabs(kind_ == drift_compensation::exact ? wanted : programmed);
    after_[output] += std::fabs(aged);
  }
  [[nodiscard]] std::vector<double> result() const {
    if (kind_ == drift_compensation::none) return {};
    auto const ratio = [](double before, double after) { return before > 0.0 && after > 0.0 ? before / after : 1.0; };
    std::vector<double> gain(before_.size());
    double before = 0.0, after = 0.0;
    for (std::size_t o = 0; o < gain.size(); ++o) {
      gain[o] = ratio(before_[o], after_[o]);
      before += before_[o], after += after_[o];
    }
    if (kind_ != drift_compensation::per_column) std::fill(gain.begin(), gain.end(), ratio(before, after));
    return gain;
  }

 private:
  drift_compensation kind_;
  std::vector<double> before_, after_;
};

inline double largest_weight(matrix_view<double const> w) {
  double largest = 0.0;
  for (std::size_t o = 0; o < w.rows; ++o)
    for (std::size_t k = 0; k < w.cols; ++k) {
      if (!std::isfinite(w(o, k)))
        throw error({errc::value, "a weight is not finite",
                     "weight (" + std::to_string(o) + ", " + std::to_string(k) + ")",
                     ohmic::detail::number_text(w(o, k)), "finite numbers", "mend the weights"});
      largest = std::max(largest, std::fabs(w(o, k)));
    }
  return largest;
}

}  // namespace detail

namespace detail {

/// Gains of slices, and the conductances of w = 0: what the digital side knows of a matrix before it is written.
inline void know_slices(cells& out, config const& c, weight_shares& shares, resistive_cell const& cell) {
  std::vector<double> share(out.slices * out.lines);
  shares.fill(0.0, share);
  for (std::size_t i = 0; i < out.slices; ++i) {
    out.zero.push_back(cell.target(share[out.lines * i]));
    double gain = 1.0 / cell.span();
    if (c.weights.is_sliced()) {
      gain *= shares.top_digit(i) * static_cast<double>(c.weights.place(i)) / static_cast<double>(c.weights.top());
    } else if (!c.weights.is_differential()) {
      gain *= 2.0 / (c.weights.offset_gain == offset_gain::exact ? shares.offset_span() : 1.0);
    }
    out.slice_gain.push_back(gain);
  }
}

/// Programs cells of any device; c validates.
template <class Device>
[[nodiscard]] cells program_cells(matrix_view<double const> weights, config const& c, Device const& device, place at) {
  if (weights.rows == 0 || weights.cols == 0)
    throw error({errc::shape, "no weights", "weights", shape_text(weights.rows, weights.cols), "at least 1 x 1",
                 "give a matrix (outputs, inputs)"});
  cells out;
  out.config = c;
  double const largest = detail::largest_weight(weights);
  if (c.weights.largest > 0.0 && largest > c.weights.largest)
    throw error({errc::value, "a weight is larger than weights.largest", "weights", ohmic::detail::number_text(largest),
                 "at most " + ohmic::detail::number_text(c.weights.largest),
                 "set weights.largest=0 to take the largest of the matrix"});
  out.weight_scale = c.weights.largest > 0.0 ? c.weights.largest : largest > 0.0 ? largest : 1.0;
  detail::weight_shares shares(c);
  bool const unit_column = c.weights.mapping == mapping::offset_unit_column;
  out.slices = shares.slices();
  out.lines = c.weights.is_differential() ? 2 : 1;
  out.outputs = weights.rows;
  out.columns = weights.rows + (unit_column ? 1 : 0);
  out.inputs = weights.cols;
  std::size_t const rows = out.rows_of_array(), per_input = out.slices * out.lines * out.columns;
  require_addressable(at.first_array + out.arrays(), std::uint64_t{per_input} * rows, 1, "weights");

  resistive_cell const cell(c.cell);
  detail::drift_gains gains(c.cell.retention.compensation, out.outputs);
  detail::drift_gains unit_gain(c.cell.retention.compensation, 1);
  detail::know_slices(out, c, shares, cell);
  std::vector<double> share(out.slices * out.lines);
  out.at = at;
  out.g.resize(per_input * out.inputs);
  if (!device.reads_exactly()) out.read_sigma.resize(out.g.size());
  // Array by array: the cells of one output in it are one tile, a row for every slice and line.
  bool const is_plain = device.keeps_targets() && device.reads_exactly();
  std::vector<double> target;
  std::vector<cell_state> states;
  for (std::size_t o = 0; o < out.columns; ++o)
    for (std::size_t first = 0; first < out.inputs; first += rows) {
      std::size_t const n = std::min(rows, out.inputs - first);
      target.resize(share.size() * n), states.resize(target.size());
      auto const weight = [&](std::size_t k) {
        return o < out.outputs ? weights(o, first + k) / out.weight_scale : 0.0;
      };
      for (std::size_t k = 0; k < n; ++k) {
        shares.fill(weight(k), share);
        for (std::size_t s = 0; s < share.size(); ++s) target[s * n + k] = cell.target(share[s]);
      }
      device_streams const numbers(at.seed, at.first_array + static_cast<std::uint32_t>(first / rows));
      if (!is_plain) device.write_tile(numbers, {share.size(), n, o * rows, out.columns * rows}, target, states);
      for (std::size_t k = 0; k < n; ++k) {
        double wanted = 0.0, programmed = 0.0,
               aged = 0.0;  // the weight that cells hold; of offset mappings as it is stored
        for (std::size_t s = 0; s < share.size(); ++s) {  // slice by slice, line by line
          std::size_t const at_cell = (s * out.columns + o) * out.inputs + first + k;
          ++out.written.cells;
          if (is_plain) {
            out.g[at_cell] = target[s * n + k];
            ++out.written.tries;
            continue;
          }
          auto const& state = states[s * n + k];
          out.g[at_cell] = device.keeps_targets() ? target[s * n + k] : state.aged;
          if (!device.reads_exactly()) out.read_sigma[at_cell] = state.read_sigma;
          out.written.tries += state.written.tries;
          out.written.missed += state.written.verified ? 0 : 1, out.written.stuck += state.written.stuck ? 1 : 0;
          double const gain = s % out.lines == 0 ? out.slice_gain[s / out.lines] : -out.slice_gain[s / out.lines];
          wanted += simd::fence(gain * target[s * n + k]);
          programmed += simd::fence(gain * state.programmed), aged += simd::fence(gain * out.g[at_cell]);
        }
        if (out.lines == 2) wanted = weight(k);
        o < out.outputs ? gains.add(o, wanted, programmed, aged) : unit_gain.add(0, wanted, programmed, aged);
      }
    }
  out.output_gain = gains.result();
  if (unit_column && !out.output_gain.empty())
    out.output_gain.push_back(c.cell.retention.compensation == drift_compensation::per_column
                                  ? unit_gain.result().front()
                                  : out.output_gain.front());
  return out;
}

}  // namespace detail

/// Programs a matrix: the definition, cell by cell.
/// Shape   weights (outputs, inputs)
/// Range   |w| above weights.largest: refused
/// Errors  as config::validate; shape for an empty matrix; value for a weight that is not finite or above weights.largest;
///         capacity where random numbers have no addresses; of a plugin's device what it did wrong
/// Random  purposes programming, drift and fault of `at`, as device_cell; reads are drawn by multiply
/// Cost    writes every cell once
/// Source  CrossSim 3.2.0 for the mappings, held to its conductances in tests/unit/crossbar/in_situ_golden_test.cpp
[[nodiscard]] inline cells program(matrix_view<double const> weights, config const& c, place at = {}) {
  config::validate(c);
  return detail::program_cells(weights, c, programmable_cell(c.cell), at);
}

/// The same with a law of your own instead of cell.device, and every decorator of the settings around it.
/// Errors  as above; config_conflict for a cell.device beside it, and what settings ask of the law that its facts deny
/// Random  as above
template <device_law Law>
[[nodiscard]] cells program(matrix_view<double const> weights, config const& c, Law const& law, place at = {}) {
  config::validate(c, law.facts());
  return detail::program_cells(weights, c, configured_cell<Law>(c.cell, law), at);
}

/// The conductances as an array of wires would hold them; `ohmic solve --conductances` reads this order.
/// Shape   (inputs, slices x lines x columns)
/// Units   S
[[nodiscard]] inline matrix<double> conductances_S(cells const& c) {
  double const g_max_S = c.config.cell.g_max_S();
  std::size_t const lines = c.slices * c.lines * c.columns;
  matrix<double> out(c.inputs, lines);
  for (std::size_t j = 0; j < lines; ++j)
    for (std::size_t k = 0; k < c.inputs; ++k) out(k, j) = c.g[j * c.inputs + k] * g_max_S;
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
