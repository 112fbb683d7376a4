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

/// Node voltages of a network, and its currents.
/// Shape   (m, n); ends as in wire_solution
struct eliminated_network {
  matrix<double> word_V, bit_V, device_A;
  std::vector<double> input_A, far_input_A, output_A, far_output_A;
  double missed_A = 0.0;  ///< largest sum of currents that remains at a node of a word or a bit line
};

/// The network as a system of all its nodes, eliminated once. Conductances between nodes and to fixed voltages are kept apart
/// and only added (never a sum subtracted from another), so that every voltage is accurate relative to itself. Currents are
/// kept beside voltages: what they miss at the nodes is solved for, and the small voltages of that correction add to them
/// what the large ones cancel.
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
  [[nodiscard]] eliminated_network solve(std::span<double const> v_V, matrix_view<double const> injected_A = {}) const {
    std::vector<double> sources(count_, 0.0), currents(branches_.size(), 0.0);
    if (injected_A.data != nullptr)
      for (std::size_t i = 0; i < rows_; ++i)
        for (std::size_t j = 0; j < cols_; ++j) {
          if (std::size_t const a = word(i, j); a < count_) sources[a] -= injected_A(i, j);
          if (std::size_t const b = bit(i, j); b < count_) sources[b] += injected_A(i, j);
        }
    std::vector<double> x = sources, missed;
    for (auto const& e : branches_) {
      if (e.to < count_ && e.from >= count_) x[e.to] += simd::fence(e.conductance_S * fixed_V(e.from, v_V));
      if (e.from < count_ && e.to >= count_) x[e.from] += simd::fence(e.conductance_S * fixed_V(e.to, v_V));
    }
    substitute(x);
    for (std::size_t k = 0; k < branches_.size(); ++k) {
      auto const& e = branches_[k];
      double const from = e.from < count_ ? x[e.from] : fixed_V(e.from, v_V),
                   to = e.to < count_ ? x[e.to] : fixed_V(e.to, v_V);
      currents[k] = simd::fence(e.conductance_S * (from - to));
    }
    double most = miss(currents, sources, missed);
    for (int round = 0; round < max_refinements && most > 0.0; ++round) {
      std::vector<double> better = currents, left = missed;
      substitute(missed);
      for (std::size_t k = 0; k < branches_.size(); ++k) {
        auto const& e = branches_[k];
        double const from = e.from < count_ ? missed[e.from] : 0.0, to = e.to < count_ ? missed[e.to] : 0.0;
        better[k] += simd::fence(e.conductance_S * (from - to));
      }
      double const now = miss(better, sources, left);
      if (!(now < most)) break;
      for (std::size_t k = 0; k < count_; ++k) x[k] += missed[k];
      currents = std::move(better), missed = std::move(left), most = now;
    }
    return taken(x, currents, v_V, injected_A, most);
  }

 private:
  // Node numbers from here on are fixed voltages: the driver of a word line, or 0 V.
  static constexpr std::size_t fixed = static_cast<std::size_t>(-1) / 2, grounded = static_cast<std::size_t>(-1);

  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr int max_refinements = 5;

  struct branch {
    std::size_t from, to;
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

  /// The voltage of a node that is fixed.
  [[nodiscard]] static double fixed_V(std::size_t node, std::span<double const> v_V) noexcept {
    return node == grounded ? 0.0 : v_V[node - fixed];
  }

  /// Number of the branch, or none where nothing is between them.
  std::size_t connect(std::size_t from, std::size_t to, double conductance_S) {
    if (from == to || conductance_S == 0.0) return none;
    branches_.push_back({from, to, conductance_S});
    return branches_.size() - 1;
  }

  void collect() {
    auto const& n = *network_;
    double const rw = n.wires.word_segment.si(), rb = n.wires.bit_segment.si();
    auto const conductance = [](double r) { return r > 0.0 ? 1.0 / r : 0.0; };
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t j = 0; j < cols_; ++j) {
        device_.push_back(connect(word(i, j), bit(i, j), n.g_S(i, j)));
        if (j > 0 && rw > 0.0) connect(word(i, j - 1), word(i, j), 1.0 / rw);
        if (i > 0 && rb > 0.0) connect(bit(i - 1, j), bit(i, j), 1.0 / rb);
      }
    for (std::size_t i = 0; i < rows_; ++i) {
      driver_.push_back(connect(fixed + i, word(i, 0), conductance(n.driver_side_ohm(i))));
      bool const second = n.wires.word_end == far_end::driven;
      far_word_.push_back(connect(second ? fixed + i : grounded, word(i, cols_ - 1), n.far_word_S(i)));
    }
    for (std::size_t j = 0; j < cols_; ++j) {
      sense_.push_back(connect(bit(rows_ - 1, j), grounded, conductance(n.sense_side_ohm(j))));
      far_bit_.push_back(connect(bit(0, j), grounded, n.far_bit_S()));
    }
  }

  void eliminate() {
    width_ = 0;
    excess_.assign(count_, 0.0);
    auto const apart = [](branch const& e) { return e.from < e.to ? e.to - e.from : e.from - e.to; };
    for (auto const& e : branches_) {
      if (e.from < count_ && e.to < count_) width_ = std::max(width_, apart(e));
      if (e.from < count_ && e.to >= count_) excess_[e.from] += e.conductance_S;
      if (e.to < count_ && e.from >= count_) excess_[e.to] += e.conductance_S;
    }
    if (count_ > 0 && width_ > max_bytes / sizeof(double) / count_)
      throw error({errc::capacity, "network is too large to be eliminated", "network", shape_text(rows_, cols_),
                   "a band of " + std::to_string(max_bytes >> 20) + " MiB", "use a smaller array"});
    band_.assign(count_ * width_, 0.0);
    for (auto const& e : branches_)
      if (e.from < count_ && e.to < count_) band_[std::min(e.from, e.to) * width_ + (apart(e) - 1)] += e.conductance_S;
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

  /// Right hand sides to voltages.
  void substitute(std::vector<double>& x) const noexcept {
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
  }

  /// What currents bring to every node beside its source, and the largest of it.
  [[nodiscard]] double miss(std::vector<double> const& currents, std::vector<double> const& sources,
                            std::vector<double>& missed) const {
    missed = sources;
    for (std::size_t k = 0; k < branches_.size(); ++k) {
      if (branches_[k].from < count_) missed[branches_[k].from] -= currents[k];
      if (branches_[k].to < count_) missed[branches_[k].to] += currents[k];
    }
    double most = 0.0;
    for (double a : missed) most = std::max(most, std::fabs(a));
    return most;
  }

  [[nodiscard]] eliminated_network taken(std::vector<double> const& x, std::vector<double> const& currents,
                                         std::span<double const> v_V, matrix_view<double const> injected_A,
                                         double missed_A) const {
    eliminated_network out;
    out.word_V = out.bit_V = out.device_A = matrix<double>(rows_, cols_);
    out.missed_A = missed_A;
    auto const voltage = [&](std::size_t node) { return node < count_ ? x[node] : fixed_V(node, v_V); };
    auto const current = [&](std::size_t k) { return k == none ? 0.0 : currents[k]; };
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t j = 0; j < cols_; ++j) {
        out.word_V(i, j) = voltage(word(i, j));
        out.bit_V(i, j) = voltage(bit(i, j));
        out.device_A(i, j) = current(device_[i * cols_ + j]) + (injected_A.data != nullptr ? injected_A(i, j) : 0.0);
      }
    // A line that is fixed itself takes what its devices do.
    for (std::size_t i = 0; i < rows_; ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < cols_; ++j) sum += out.device_A(i, j);
      out.far_input_A.push_back(current(far_word_[i]));
      out.input_A.push_back(network_->driver_side_ohm(i) == 0.0 ? sum - out.far_input_A[i] : current(driver_[i]));
    }
    for (std::size_t j = 0; j < cols_; ++j) {
      double sum = 0.0;
      for (std::size_t i = 0; i < rows_; ++i) sum += out.device_A(i, j);
      out.far_output_A.push_back(current(far_bit_[j]));
      out.output_A.push_back(network_->sense_side_ohm(j) == 0.0 ? sum - out.far_output_A[j] : current(sense_[j]));
    }
    return out;
  }

  wire_network const* network_;
  std::size_t rows_, cols_, count_ = 0, width_ = 0;
  std::vector<std::size_t> nodes_;  // (m, n, word and bit)
  std::vector<branch> branches_;
  std::vector<std::size_t> device_, driver_, far_word_, sense_, far_bit_;  // numbers of their branches
  std::vector<double> excess_, band_, pivots_;  // conductance to fixed voltages; between nodes, column by column
};

}  // namespace ohmic::inline OHMIC_ABI
