// The definition: Kirchhoff's law at every node of a network, solved by elimination in a band. For networks on which the
// search of gradients.hpp does not end, and for tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/network.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Node voltages of a network.
/// Shape   (m, n) each
struct node_voltages {
  matrix<double> word_V, bit_V;
};

/// The network as a system of all its nodes, eliminated once. Conductances between nodes and to fixed voltages are kept apart
/// and only added (never a sum subtracted from another), so that every voltage is accurate relative to itself.
/// Errors  construction: errc::capacity above max_bytes
/// Cost    for nodes N and band b: N b^2 operations, N b numbers; b = 2 min(m, n) + 1 where both lines have segments
/// Source  elimination without subtractions: Alfa, Xue, Ye, Math. Comp. 71 (2002) 217, for diagonally dominant matrices
class wire_direct {
 public:
  static constexpr std::size_t max_bytes = std::size_t{2} << 30;

  /// Range   a validated network
  explicit wire_direct(wire_network const& n) : network_(&n), rows_(n.word_lines()), cols_(n.bit_lines()) {
    number_nodes();
    collect();
    eliminate();
  }

  /// Shape   v_V (m) -> (m, n); injected_A (m, n), from word node to bit node beyond g (u - w), or empty
  [[nodiscard]] node_voltages solve(std::span<double const> v_V, matrix_view<double const> injected_A = {}) const {
    std::vector<double> x(count_, 0.0);
    for (auto const& s : sources_) x[s.node] += simd::fence(s.conductance_S * v_V[s.line]);
    if (injected_A.data != nullptr)
      for (std::size_t i = 0; i < rows_; ++i)
        for (std::size_t j = 0; j < cols_; ++j) {
          if (std::size_t const a = word(i, j); a < count_) x[a] -= injected_A(i, j);
          if (std::size_t const b = bit(i, j); b < count_) x[b] += injected_A(i, j);
        }
    for (std::size_t k = 0; k < count_; ++k) {
      double const f = x[k] / pivots_[k];
      double const* const column = band_.data() + k * width_;
      for (std::size_t d = 0, most = reach(k); d < most; ++d) x[k + 1 + d] += simd::fence(column[d] * f);
    }
    for (std::size_t k = count_; k-- > 0;) {
      double const* const column = band_.data() + k * width_;
      double sum = x[k];
      for (std::size_t d = 0, most = reach(k); d < most; ++d) sum += simd::fence(column[d] * x[k + 1 + d]);
      x[k] = sum / pivots_[k];
    }
    node_voltages out{matrix<double>(rows_, cols_), matrix<double>(rows_, cols_)};
    auto const voltage = [&](std::size_t node) {
      return node < count_ ? x[node] : node == grounded ? 0.0 : v_V[node - fixed];
    };
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t j = 0; j < cols_; ++j) {
        out.word_V(i, j) = voltage(word(i, j));
        out.bit_V(i, j) = voltage(bit(i, j));
      }
    return out;
  }

 private:
  // Node numbers from here on are fixed voltages: the driver of a word line, or 0 V.
  static constexpr std::size_t fixed = static_cast<std::size_t>(-1) / 2, grounded = static_cast<std::size_t>(-1);

  struct source {
    std::size_t node, line;
    double conductance_S;
  };
  struct edge {
    std::size_t a, b;
    double conductance_S;
  };

  [[nodiscard]] std::size_t word(std::size_t i, std::size_t j) const noexcept { return nodes_[2 * (i * cols_ + j)]; }
  [[nodiscard]] std::size_t bit(std::size_t i, std::size_t j) const noexcept { return nodes_[2 * (i * cols_ + j) + 1]; }
  [[nodiscard]] std::size_t reach(std::size_t k) const noexcept { return std::min(width_, count_ - 1 - k); }

  /// Numbers along lines whose nodes are merged, else along the shorter ones, so that the band is narrow. Merged nodes
  /// share a number.
  void number_nodes() {
    bool const word_merged = network_->wires.word_segment.si() == 0.0,
               bit_merged = network_->wires.bit_segment.si() == 0.0;
    nodes_.assign(2 * rows_ * cols_, 0);
    std::vector<std::size_t> of_word(rows_, grounded), of_bit(cols_, grounded);
    bool const by_rows = word_merged != bit_merged ? word_merged : rows_ >= cols_;
    std::size_t const outer = by_rows ? rows_ : cols_, inner = by_rows ? cols_ : rows_;
    auto const line = [&](bool merged, std::size_t& kept) {
      if (!merged) return count_++;
      if (kept == grounded) kept = count_++;
      return kept;
    };
    for (std::size_t a = 0; a < outer; ++a)
      for (std::size_t b = 0; b < inner; ++b) {
        std::size_t const i = by_rows ? a : b, j = by_rows ? b : a, at = 2 * (i * cols_ + j);
        nodes_[at] = word_merged && network_->driver_side_ohm(i) == 0.0 ? fixed + i : line(word_merged, of_word[i]);
        nodes_[at + 1] = bit_merged && network_->sense_side_ohm(j) == 0.0 ? grounded : line(bit_merged, of_bit[j]);
      }
  }

  void connect(std::size_t a, std::size_t b, double conductance_S) {
    if (a == b || conductance_S == 0.0) return;
    if (a > b) std::swap(a, b);
    if (a >= count_) return;  // both are fixed
    if (b < count_) {
      edges_.push_back({a, b, conductance_S});
      return;
    }
    excess_[a] += conductance_S;
    if (b != grounded) sources_.push_back({a, b - fixed, conductance_S});
  }

  void collect() {
    excess_.assign(count_, 0.0);
    auto const& n = *network_;
    double const rw = n.wires.word_segment.si(), rb = n.wires.bit_segment.si();
    auto const conductance = [](double r) { return r > 0.0 ? 1.0 / r : 0.0; };
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t j = 0; j < cols_; ++j) {
        connect(word(i, j), bit(i, j), n.g_S(i, j));
        if (j > 0 && rw > 0.0) connect(word(i, j - 1), word(i, j), 1.0 / rw);
        if (i > 0 && rb > 0.0) connect(bit(i - 1, j), bit(i, j), 1.0 / rb);
      }
    for (std::size_t i = 0; i < rows_; ++i) {
      connect(word(i, 0), fixed + i, conductance(n.driver_side_ohm(i)));
      connect(word(i, cols_ - 1), n.wires.word_end == far_end::driven ? fixed + i : grounded, n.far_word_S(i));
    }
    for (std::size_t j = 0; j < cols_; ++j) {
      connect(bit(rows_ - 1, j), grounded, conductance(n.sense_side_ohm(j)));
      connect(bit(0, j), grounded, n.far_bit_S());
    }
  }

  void eliminate() {
    width_ = 0;
    for (auto const& e : edges_) width_ = std::max(width_, e.b - e.a);
    if (count_ > 0 && width_ > max_bytes / sizeof(double) / count_)
      throw error({errc::capacity, "network is too large to be eliminated", "network", shape_text(rows_, cols_),
                   "a band of " + std::to_string(max_bytes >> 20) + " MiB", "use a smaller array"});
    band_.assign(count_ * width_, 0.0);
    for (auto const& e : edges_) band_[e.a * width_ + (e.b - e.a - 1)] += e.conductance_S;
    edges_ = {};
    pivots_.assign(count_, 0.0);
    for (std::size_t k = 0; k < count_; ++k) {
      double* const column = band_.data() + k * width_;
      std::size_t const most = reach(k);
      double pivot = excess_[k];
      for (std::size_t d = 0; d < most; ++d) pivot += column[d];
      pivots_[k] = pivot;
      for (std::size_t d = 0; d < most; ++d) {
        if (column[d] == 0.0) continue;
        double const share = column[d] / pivot;
        excess_[k + 1 + d] += simd::fence(share * excess_[k]);
        double* const target = band_.data() + (k + 1 + d) * width_;
        for (std::size_t e = d + 1; e < most; ++e) target[e - d - 1] += simd::fence(share * column[e]);
      }
    }
  }

  wire_network const* network_;
  std::size_t rows_, cols_, count_ = 0, width_ = 0;
  std::vector<std::size_t> nodes_;  // (m, n, word and bit)
  std::vector<source> sources_;
  std::vector<edge> edges_;
  std::vector<double> excess_, band_, pivots_;  // conductance to fixed voltages; between nodes, column by column
};

}  // namespace ohmic::inline OHMIC_ABI
