// The computation crossbar's cells in one cycle as a network of resistances: its column currents, exact, and how far the
// first-order model is from them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/cell_lines.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "ohmic/numeral/balanced.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A cycle as codes: one digit of each token of a group, against what the rows of a session drive.
/// Shape   digits (tokens, activations); weights (activations)
struct cycle_codes {
  matrix<std::int8_t> digits;
  std::vector<std::int16_t> weights;
};

/// The cells that a cycle closes in an array: resistors with the mismatch of that array, each behind its switch. Rows drive
/// |w|, without errors of DACs.
/// Errors  config_value naming the field of the imperfections; shape for operands that do not fit each other or the array;
///         value naming a digit of scale factor S that does not exist
/// Random  of the array's resistors: purpose resistor, addressed by seed, array, pair, row and side
template <int S>
[[nodiscard]] cell_array closed_cells(cycle_codes const& codes, array_geometry const& g, imperfections const& c,
                                      std::uint32_t array = 0) {
  imperfections::validate(c);
  array_geometry::validate(g);
  std::size_t const tokens = codes.digits.rows(), activations = codes.weights.size();
  if (codes.digits.cols() != activations || tokens == 0 || activations == 0)
    throw error({errc::shape, "digits and weights of a cycle do not fit", "cycle",
                 shape_text(tokens, codes.digits.cols()) + " digits, " + std::to_string(activations) + " weights",
                 "a weight for every column of digits, at least one", "check the sizes"});
  if (tokens > g.pairs() || activations > g.activations(S))
    throw error({errc::shape, "cycle does not fit the array", "cycle", shape_text(tokens, activations),
                 "up to " + shape_text(g.pairs(), g.activations(S)), "cut it into groups of tokens and tiles"});
  auto const rows = static_cast<std::size_t>(g.rows);
  stream const resistors{c.seed, purpose::resistor, array};
  cell_array a{matrix<double>(activations * S, 2 * tokens), std::vector<double>(activations * S)};
  for (std::size_t i = 0; i < activations; ++i) {
    int const w = codes.weights[i];
    for (std::size_t row = i * S; row < (i + 1) * S; ++row) a.drives[row] = std::abs(w);
    for (std::size_t n = 0; n < tokens; ++n) {
      int const digit = codes.digits(n, i);
      if (std::abs(digit) > balanced<S>::top_digit)
        throw error({errc::value, "digit out of range", "digit " + detail::node_text(n, i), std::to_string(digit),
                     "-" + std::to_string(balanced<S>::top_digit) + ".." + std::to_string(balanced<S>::top_digit),
                     "encode with the scale factor of the array"});
      std::size_t const side = (digit < 0) == (w < 0) ? 0 : 1;
      for (int r = 0; r < S; ++r) {
        if (!balanced<S>::switched_on(digit, r)) continue;
        std::size_t const row = i * S + static_cast<std::size_t>(r);
        double const units = 4096.0 * static_cast<double>(1 << r);
        double const z = static_cast<double>(resistors.normal((n * rows + row) * 2 + side, 0));
        a.closed(row, 2 * n + side) = static_cast<double>(
            cell_lines::behind_switch((units + std::nearbyint(c.mismatch * z * units)) / 4096.0, c.switch_load()));
      }
    }
  }
  return a;
}

/// Its network: word line 0 is the row farthest from the sense ends. `open_cell` is a cell whose switch is off.
/// Errors  as wire_network::validate, when it is solved
[[nodiscard]] inline wire_network network_of_cells(cell_array const& a, imperfections const& c,
                                                   ohms open_cell = ohms(std::numeric_limits<double>::infinity())) {
  std::size_t const rows = a.closed.rows();
  wire_network n;
  n.g_S = matrix<double>(rows, a.closed.cols());
  double const off_S = open_cell.si() > 1e30 ? 0.0 : 1.0 / open_cell.si();
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < a.closed.cols(); ++j) {
      double const g = a.closed(rows - 1 - i, j);
      n.g_S(i, j) = g > 0.0 ? g / c.resistor.si() : off_S;
    }
  n.wires.word_segment = c.word_segment;
  n.wires.bit_segment = c.bit_segment;
  return n;
}

/// Column currents of a cycle: without wires, by the first-order model, and by Kirchhoff's law at every node.
/// Shape   (2 x tokens) each, I+ and I- of every token
/// Units   product units
struct cycle_currents {
  std::vector<double> without, first_order, exact;
  wire_report report;
};

/// Errors  as wire_solver
/// Cost    one solution of (rows, 2 tokens)
[[nodiscard]] inline cycle_currents currents_of_cycle(cell_array const& a, imperfections const& c,
                                                      ohms open_cell = ohms(std::numeric_limits<double>::infinity())) {
  cycle_currents out;
  for (std::size_t j = 0; j < a.closed.cols(); ++j) {
    out.without.push_back(first_order_current(a, j, 0.0, 0.0));
    out.first_order.push_back(first_order_current(a, j, c.word_load(), c.bit_load()));
  }
  std::vector<double> const driven(a.drives.rbegin(), a.drives.rend());
  auto const s = wire_solver(network_of_cells(a, c, open_cell)).solve(driven);
  for (double i : s.output_A) out.exact.push_back(i * c.resistor.si());
  out.report = s.report;
  return out;
}

/// How far models are from the exact currents of sampled cycles, column by column, relative to the largest current of its
/// cycle. Cycles in which nothing flows say nothing and do not count.
struct line_comparison {
  std::size_t cycles = 0, columns = 0;
  double lost_squares = 0.0, lost_most = 0.0;    ///< what wires take
  double error_squares = 0.0, error_most = 0.0;  ///< of the first-order model
  double residual = 0.0;                         ///< of the exact solutions, the largest

  /// Root mean square over the columns; 0 without any.
  [[nodiscard]] double lost() const noexcept { return root_mean(lost_squares); }
  [[nodiscard]] double error() const noexcept { return root_mean(error_squares); }

  void add(cycle_currents const& c) noexcept {
    double largest = 0.0;
    for (double i : c.without) largest = std::max(largest, std::fabs(i));
    residual = std::max(residual, c.report.residual);
    if (largest == 0.0) return;
    ++cycles;
    for (std::size_t j = 0; j < c.exact.size(); ++j, ++columns) {
      double const lost = std::fabs(c.without[j] - c.exact[j]) / largest,
                   off = std::fabs(c.first_order[j] - c.exact[j]) / largest;
      lost_squares += simd::fence(lost * lost);
      error_squares += simd::fence(off * off);
      lost_most = std::max(lost_most, lost);
      error_most = std::max(error_most, off);
    }
  }
  line_comparison& operator+=(line_comparison const& o) noexcept {
    cycles += o.cycles, columns += o.columns;
    lost_squares += o.lost_squares, error_squares += o.error_squares;
    lost_most = std::max(lost_most, o.lost_most);
    error_most = std::max(error_most, o.error_most);
    residual = std::max(residual, o.residual);
    return *this;
  }

 private:
  [[nodiscard]] double root_mean(double squares) const noexcept {
    return columns == 0 ? 0.0 : std::sqrt(squares / static_cast<double>(columns));
  }
};

/// Errors  shape without cycles
[[nodiscard]] inline line_comparison compare_lines(std::vector<cycle_currents> const& cycles) {
  if (cycles.empty()) throw error({errc::shape, "no cycles to compare", "cycles", "0", "at least one", "sample some"});
  line_comparison out;
  for (auto const& c : cycles) out.add(c);
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI
