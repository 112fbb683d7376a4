// What the currents of a solution are worth: by how much they miss Kirchhoff's law on whole lines, what differences of node
// voltages lose of them, and voltages of lines beside which nothing is lost.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/network.hpp"
#include "ohmic/crossbar/wires/solution.hpp"

namespace ohmic::inline OHMIC_ABI::detail {

/// Largest current at the end of a line, far ends included.
[[nodiscard]] inline double largest_end(wire_solution const& s) noexcept {
  double largest = 0.0;
  for (auto const* ends : {&s.input_A, &s.far_input_A, &s.output_A, &s.far_output_A})
    for (double a : *ends) largest = std::max(largest, std::fabs(a));
  return largest;
}

/// Largest current that is missing between the ends of a line and its devices, or between all drivers and all sense ends.
[[nodiscard]] inline double missed_on_lines(wire_solution const& s) {
  std::size_t const rows = s.device_A.rows(), cols = s.device_A.cols();
  std::vector<double> of_bits(cols);
  double most = 0.0, all = 0.0;
  auto const see = [&](double a) {
    if (!(std::fabs(a) <= most)) most = std::fabs(a);
  };
  for (std::size_t i = 0; i < rows; ++i) {
    double const in = s.input_A[i] + s.far_input_A[i];
    double devices = 0.0;
    for (std::size_t j = 0; j < cols; ++j) {
      devices += s.device_A(i, j);
      of_bits[j] += s.device_A(i, j);
    }
    see(in - devices);
    all += in;
  }
  for (std::size_t j = 0; j < cols; ++j) {
    double const out = s.output_A[j] + s.far_output_A[j];
    see(of_bits[j] - out);
    all -= out;
  }
  see(all);
  return most;
}

/// What is missed, relative to the largest current.
[[nodiscard]] inline double relative(double missed_A, double largest_A) noexcept {
  return largest_A > 0.0 ? missed_A / largest_A : (missed_A == 0.0 ? 0.0 : 1.0);
}

/// The residual of a solution whose nodes miss so much.
[[nodiscard]] inline double residual_of(wire_solution const& s, double missed_A) {
  double const on_lines = missed_on_lines(s);
  return relative(on_lines <= missed_A ? missed_A : on_lines, largest_end(s));
}

/// A solution above it is eliminated where its band is small enough.
inline constexpr double enough_residual = 1e-11;

/// Puts the outputs of a search into a better solution, so that they are the bits that many inputs at once get; not where they
/// do not belong to its currents.
inline void keep_outputs(wire_solution& s, std::vector<double> outputs) {
  std::swap(s.output_A, outputs);
  double const residual = std::max(s.report.residual, relative(missed_on_lines(s), largest_end(s)));
  if (residual <= enough_residual) {
    s.report.residual = residual;
  } else {
    std::swap(s.output_A, outputs);
  }
}

/// At most what rounding of node voltages takes from the devices of a line, relative to the largest current at the end of one.
[[nodiscard]] inline double lost_to_voltages(matrix<double> const& g_S, wire_solution const& s) {
  constexpr double rounding = 0x1p-53;
  std::vector<double> of_bits(g_S.cols());
  double most = 0.0;
  for (std::size_t i = 0; i < g_S.rows(); ++i) {
    double of_word = 0.0;
    for (std::size_t j = 0; j < g_S.cols(); ++j) {
      double const a = simd::fence(g_S(i, j) * (std::fabs(s.word_V(i, j)) + std::fabs(s.bit_V(i, j))));
      of_word += a;
      of_bits[j] += a;
    }
    most = std::max(most, of_word);
  }
  for (double a : of_bits) most = std::max(most, a);
  double const largest = largest_end(s);
  return largest > 0.0 ? rounding * most / largest : 0.0;
}

/// A voltage for every line from which its nodes are counted: node (i, j) of a word line has word_V[i] + u, of a bit line
/// bit_V[j] + w. Where u and w are small, differences of lines that nearly meet in voltage keep their digits. Sources then are
/// what drivers and sense ends differ from their lines, and what g carries between the lines' voltages.
struct line_voltages {
  std::vector<double> word_V, bit_V;

  /// Shape   v_V (m). Word lines have their drivers' voltage where those outweigh the devices, others the mean of their nodes
  ///         by conductance. Lines with a grounded end are counted from 0 V
  line_voltages(wire_network const& n, wire_solution const& s, std::span<double const> v_V, double const* stiff)
      : word_V(n.word_lines()), bit_V(n.bit_lines()) {
    std::size_t const rows = n.word_lines(), cols = n.bit_lines();
    auto const mean = [](double sum, double weight) { return weight > 0.0 ? sum / weight : 0.0; };
    std::vector<double> sums(cols), weights(cols);
    for (std::size_t i = 0; i < rows; ++i) {
      double sum = 0.0, weight = 0.0;
      for (std::size_t j = 0; j < cols; ++j) {
        double const g = n.g_S(i, j);
        sum += simd::fence(g * s.word_V(i, j));
        weight += g;
        sums[j] += simd::fence(g * s.bit_V(i, j));
        weights[j] += g;
      }
      if (n.wires.word_end != far_end::grounded) word_V[i] = stiff[i] > 0.0 ? v_V[i] : mean(sum, weight);
    }
    if (n.far_bit_S() == 0.0)
      for (std::size_t j = 0; j < cols; ++j) bit_V[j] = mean(sums[j], weights[j]);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::detail
