// The voltages and currents of a crossbar whose wires resist: exact, with its residual, for any number of input vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/direct.hpp"
#include "ohmic/crossbar/wires/factors.hpp"
#include "ohmic/crossbar/wires/gradients.hpp"
#include "ohmic/crossbar/wires/network.hpp"
#include "ohmic/crossbar/wires/solution.hpp"

namespace ohmic::inline OHMIC_ABI {

enum class wire_method { automatic, direct };

/// Limits of the search; the defaults give 1e-10 of the largest current of a line, or better.
struct wire_settings {
  double tolerance = 1e-13;        ///< of the error's energy norm, relative
  double residual = 1e-12;         ///< relative to the largest current of a line; above it, the search goes on
  std::size_t max_iterations = 0;  ///< of a round, of which there are at most four; 0: 200 + 4 (m + n)
  wire_method method = wire_method::automatic;
};

/// Solves one network for many inputs; lines are eliminated once.
/// Errors  construction: as wire_network::validate. Solving: errc::shape, errc::value naming the voltage; errc::capacity
///         where elimination is asked for and its band is too large. Where the search does not end and the band is too
///         large, what the search has is returned, and its residual says how good it is
/// Cost    construction 2 m n divisions; a solution some 10 iterations of 40 m n operations
class wire_solver {
 public:
  explicit wire_solver(wire_network network, wire_settings const& settings = {},
                       wire_kernels const& kernels = wire_kernels_of<>)
      : network_(checked(std::move(network))),
        factors_(network_),
        rest_(network_),
        settings_(settings),
        kernels_(kernels) {
    if (settings_.max_iterations == 0)
      settings_.max_iterations = 200 + 4 * (network_.word_lines() + network_.bit_lines());
    cancels_ = search_cancels();
  }

  [[nodiscard]] wire_network const& network() const noexcept { return network_; }
  [[nodiscard]] wire_lines const& lines() const noexcept { return factors_.lines(); }

  /// Everything about one input vector. Device currents beyond g (u - w) may be given, from word node to bit node.
  /// Shape   v_V (m); injected_A (m, n) or empty
  [[nodiscard]] wire_solution solve(std::span<double const> v_V, matrix_view<double const> injected_A = {}) const {
    check_voltages({v_V.data(), v_V.size(), 1}, v_V.size());
    if (injected_A.data != nullptr &&
        (injected_A.rows != network_.word_lines() || injected_A.cols != network_.bit_lines()))
      throw error({errc::shape, "injected currents do not fit the array", "injected_A",
                   shape_text(injected_A.rows, injected_A.cols),
                   shape_text(network_.word_lines(), network_.bit_lines()), "check the sizes"});
    for (std::size_t i = 0; i < injected_A.rows; ++i)
      for (std::size_t j = 0; j < injected_A.cols; ++j)
        if (!std::isfinite(injected_A(i, j)))
          throw error({errc::value, "injected current is not finite", "injected_A " + detail::node_text(i, j),
                       detail::number_text(injected_A(i, j)) + " A", "a finite current", "correct it"});
    if (injected_A.data == nullptr && rest_.holds([&](std::size_t i) { return v_V[i]; }))
      return rest_.solution([&](std::size_t i) { return v_V[i]; });
    return solve_by(v_V, injected_A, !searches());
  }

  /// Output currents of many input vectors, eight at a time.
  /// Shape   v_V (m, batch) -> A (n, batch)
  [[nodiscard]] matrix<double> currents(matrix_view<double const> v_V, executor& threads, wire_report& report) const {
    check_voltages(v_V, v_V.rows);
    std::size_t const rows = network_.word_lines(), cols = network_.bit_lines(), batch = v_V.cols;
    matrix<double> out(cols, batch);
    run_blocks(
        batch, threads, report, [&](std::size_t k) { return rest_.holds([&](std::size_t i) { return v_V(i, k); }); },
        [&](std::size_t k, std::size_t lane, auto& b) {
          for (std::size_t i = 0; i < rows; ++i) b.word_V[i * wire_lanes + lane] = driven(i) ? v_V(i, k) : 0.0;
        },
        [&](std::size_t k, std::size_t lane, auto const& b) {
          for (std::size_t j = 0; j < cols; ++j) out(j, k) = b.output_A[j * wire_lanes + lane];
        },
        [&](std::size_t k) {
          std::vector<double> v(rows);
          for (std::size_t i = 0; i < rows; ++i) v[i] = v_V(i, k);
          wire_solution const s = solve_directly(v);
          for (std::size_t j = 0; j < cols; ++j) out(j, k) = s.output_A[j];
          return s.report;
        });
    return out;
  }

  /// Conductance from every driver to every sense end: currents are its transpose times the voltages of the drivers. By
  /// reciprocity it takes min(m, n) solutions: 1 V at a sense end sends to the drivers what they would send to it. Bit lines
  /// that the search does not reach take m solutions by elimination, for all of them together.
  /// Shape   -> (m, n), S
  [[nodiscard]] matrix<double> effective_conductances(executor& threads, wire_report& report) const {
    std::size_t const rows = network_.word_lines(), cols = network_.bit_lines();
    bool const from_bits = cols <= rows;
    matrix<double> out(rows, cols);
    std::vector<char> left(cols, 0);  // bit lines, of bytes that threads write apart
    run_blocks(
        from_bits ? cols : rows, threads, report,
        [&](std::size_t k) { return !from_bits && rest_.holds([&](std::size_t i) { return i == k ? 1.0 : 0.0; }); },
        [&](std::size_t k, std::size_t lane, auto& b) {
          (from_bits ? b.bit_V : b.word_V)[k * wire_lanes + lane] = from_bits || driven(k) ? 1.0 : 0.0;
        },
        [&](std::size_t k, std::size_t lane, auto const& b) {
          if (!from_bits) {
            for (std::size_t j = 0; j < cols; ++j) out(k, j) = b.output_A[j * wire_lanes + lane];
            return;
          }
          bool const second = network_.wires.word_end == far_end::driven;
          for (std::size_t i = 0; i < rows; ++i) {
            std::size_t const at = i * wire_lanes + lane;
            out(i, k) = -(b.input_A[at] + (second ? b.far_input_A[at] : 0.0));
          }
        },
        [&](std::size_t k) {
          if (!from_bits) return effective_row(k, out, {});
          left[k] = 1;
          return wire_report();
        });
    if (std::find(left.begin(), left.end(), 1) == left.end()) return out;
    std::vector<wire_report> found(rows);
    threads.for_each_index(rows, [&](std::size_t i) { found[i] = effective_row(i, out, left); });
    for (auto const& f : found) report.include(f);
    return out;
  }

 private:
  /// Memory of one call with K sets of voltages.
  template <std::size_t K>
  struct block {
    aligned_vector<double> u, w, r, z, p, mp, injected;
    std::vector<double> word_V, bit_V, input_A, far_input_A, output_A, far_output_A, sums, kept;
    wire_job job;

    explicit block(wire_solver const& s, wire_solution* lent = nullptr) {
      wire_lines const& n = s.lines();
      for (auto* x : {&r, &z, &p}) x->assign(n.rows * n.stride * K, 0.0);
      if (lent == nullptr)
        for (auto* x : {&u, &w, &mp}) x->assign(n.rows * n.stride * K, 0.0);
      job.u = lent != nullptr ? lent->word_V.data() : u.data();
      job.w = lent != nullptr ? lent->bit_V.data() : w.data();
      job.mp = lent != nullptr ? lent->device_A.data() : mp.data();
      for (auto* x : {&bit_V, &output_A, &far_output_A, &sums}) x->assign(n.stride * K, 0.0);
      for (auto* x : {&word_V, &input_A, &far_input_A}) x->assign(n.rows * K, 0.0);
      job.lines = &n;
      job.word_V = word_V.data(), job.bit_V = bit_V.data();
      job.tolerance = s.settings_.tolerance, job.residual = s.settings_.residual;
      job.max_iterations = s.settings_.max_iterations;
      job.max_rounds = 4;
      job.r = r.data(), job.z = z.data(), job.p = p.data();
      job.input_A = input_A.data(), job.far_input_A = far_input_A.data();
      job.output_A = output_A.data(), job.far_output_A = far_output_A.data();
      job.sums = sums.data();
      if (K > 1) {
        kept.assign((2 * n.rows + n.stride) * K, 0.0);
        job.kept = kept.data();
      }
    }
    block(block const&) = delete;
    block& operator=(block const&) = delete;

    void clear_inputs() noexcept {
      std::fill(word_V.begin(), word_V.end(), 0.0);
      std::fill(bit_V.begin(), bit_V.end(), 0.0);
    }
    /// True if every set reached its residual.
    bool run(wire_solver const& s) noexcept {
      std::fill(std::begin(job.iterations), std::end(job.iterations), std::size_t{0});
      (K == 1 ? s.kernels_.one : s.kernels_.eight)(job);
      for (std::size_t k = 0; k < K; ++k)
        if (!reached(k)) return false;
      return true;
    }
    [[nodiscard]] bool reached(std::size_t k) const noexcept {
      // Neither comparison holds for a NaN.
      return job.ended[k] && job.largest_A[k] < 1e300 && job.residual_A[k] <= 10.0 * job.residual * job.largest_A[k];
    }
    [[nodiscard]] wire_report report(std::size_t k) const noexcept {
      return {job.iterations[k], job.largest_A[k] > 0.0 ? job.residual_A[k] / job.largest_A[k] : 0.0, 0};
    }
  };

  [[nodiscard]] bool driven(std::size_t i) const noexcept { return std::isfinite(network_.driver_side_ohm(i)); }

  static wire_network checked(wire_network n) {
    wire_network::validate(n);
    return n;
  }

  void check_voltages(matrix_view<double const> v_V, std::size_t lines) const {
    if (lines != network_.word_lines())
      throw error({errc::shape, "voltages do not fit the array", "voltages", std::to_string(lines),
                   std::to_string(network_.word_lines()) + ", one for every word line", "check the sizes"});
    for (std::size_t i = 0; i < v_V.rows; ++i)
      for (std::size_t k = 0; k < v_V.cols; ++k)
        if (!(std::fabs(v_V(i, k)) <= 1e6))
          throw error({errc::value, "voltage out of range",
                       "word line " + std::to_string(i) + ", vector " + std::to_string(k),
                       detail::number_text(v_V(i, k)) + " V", "-1e+06..1e+06 V", "correct the voltages"});
  }

  /// Currents at the ends of all lines and residual, as the search leaves them.
  void find_ends(wire_solution& s, block<1> const& b) const {
    auto const cols = static_cast<std::ptrdiff_t>(network_.bit_lines());
    s.input_A.assign(b.input_A.begin(), b.input_A.end());
    s.output_A.assign(b.output_A.begin(), b.output_A.begin() + cols);
    s.far_input_A.assign(b.far_input_A.begin(), b.far_input_A.end());
    s.far_output_A.assign(b.far_output_A.begin(), b.far_output_A.begin() + cols);
    s.report.residual = b.report(0).residual;
  }
  /// The same as elimination leaves them.
  static void find_ends(wire_solution& s, eliminated_network&& e) {
    s.word_V = std::move(e.word_V), s.bit_V = std::move(e.bit_V), s.device_A = std::move(e.device_A);
    s.input_A = std::move(e.input_A), s.far_input_A = std::move(e.far_input_A);
    s.output_A = std::move(e.output_A), s.far_output_A = std::move(e.far_output_A);
    double largest = 0.0;
    for (auto const* ends : {&s.input_A, &s.far_input_A, &s.output_A, &s.far_output_A})
      for (double a : *ends) largest = std::max(largest, std::fabs(a));
    s.report.direct = 1;
    s.report.residual = largest > 0.0 ? e.missed_A / largest : e.missed_A;
  }
  /// Where devices conduct far more than the segments beside them, the search's differences of node voltages lose what the
  /// devices carry, and it does not see that. A network whose band is small is eliminated then.
  [[nodiscard]] bool search_cancels() const noexcept {
    std::size_t const rows = network_.word_lines(), cols = network_.bit_lines(), least = std::min(rows, cols);
    if (rows * cols > (std::size_t{1} << 24) / (least * least)) return false;
    double most = 0.0;
    for (double g : network_.g_S.flat()) most = std::max(most, g);
    return most * std::max(network_.wires.word_segment.si(), network_.wires.bit_segment.si()) > 1e5;
  }
  [[nodiscard]] bool searches() const noexcept { return settings_.method != wire_method::direct && !cancels_; }

  void find_power(wire_solution& s, std::span<double const> v_V) const noexcept {
    bool const second = network_.wires.word_end == far_end::driven;
    double power = 0.0;
    for (std::size_t i = 0; i < network_.word_lines(); ++i)
      power += simd::fence(v_V[i] * (s.input_A[i] + (second ? s.far_input_A[i] : 0.0)));
    s.power = watts(power);
  }

  [[nodiscard]] wire_solution solve_by(std::span<double const> v_V, matrix_view<double const> injected_A,
                                       bool directly) const {
    std::size_t const rows = network_.word_lines(), cols = network_.bit_lines(), stride = lines().stride;
    wire_solution s;
    s.word_V = s.bit_V = s.device_A = matrix<double>(rows, cols);
    block<1> b(*this, stride == cols ? &s : nullptr);  // the solution's memory is worked in where it has no padding
    for (std::size_t i = 0; i < rows; ++i) b.word_V[i] = driven(i) ? v_V[i] : 0.0;
    if (injected_A.data != nullptr) {
      b.injected.assign(rows * stride, 0.0);
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < cols; ++j) b.injected[i * stride + j] = injected_A(i, j);
      b.job.injected_A = b.injected.data();
    }
    wire_direct const* band = nullptr;
    if (directly || !b.run(*this)) {
      band = elimination();
      if (band == nullptr && directly) (void)b.run(*this);  // then what the search has, with its residual
    }
    s.report.iterations = b.job.iterations[0];
    if (band != nullptr) {
      find_ends(s, band->solve(v_V, injected_A));
      find_power(s, v_V);
      return s;
    }
    if (stride != cols) {
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < cols; ++j) {
          s.word_V(i, j) = b.u[i * stride + j];
          s.bit_V(i, j) = b.w[i * stride + j];
        }
    }
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < cols; ++j)
        s.device_A(i, j) = simd::fence(network_.g_S(i, j) * (s.word_V(i, j) - s.bit_V(i, j))) +
                           (injected_A.data != nullptr ? injected_A(i, j) : 0.0);
    find_ends(s, b);
    find_power(s, v_V);
    return s;
  }

  [[nodiscard]] wire_solution solve_directly(std::span<double const> v_V) const { return solve_by(v_V, {}, true); }
  /// Row i of the effective matrix by elimination, where `wanted` says so; empty: everywhere.
  wire_report effective_row(std::size_t i, matrix<double>& out, std::vector<char> const& wanted) const {
    std::vector<double> v(network_.word_lines(), 0.0);
    v[i] = 1.0;
    wire_solution const s = solve_directly(v);
    for (std::size_t j = 0; j < network_.bit_lines(); ++j)
      if (wanted.empty() || wanted[j] != 0) out(i, j) = s.output_A[j];
    return s.report;
  }
  /// The network eliminated, or null where its band is too large and nobody insists on it.
  [[nodiscard]] wire_direct const* elimination() const {
    try {
      return &eliminated();
    } catch (error const& e) {
      if (settings_.method == wire_method::direct || e.code() != errc::capacity) throw;
      return nullptr;
    }
  }
  /// The network eliminated in a band, once, when it is first asked for.
  [[nodiscard]] wire_direct const& eliminated() const {
    std::call_once(direct_made_, [&] { direct_ = std::make_unique<wire_direct const>(network_); });
    return *direct_;
  }

  /// Solves `count` sets in blocks of eight: fill(k, lane, block), take(k, lane, block); what the iteration does not reach
  /// goes to directly(k). Where still(k) no current flows, and results stay 0.
  template <class Still, class Fill, class Take, class Directly>
  void run_blocks(std::size_t count, executor& threads, wire_report& report, Still const& still, Fill const& fill,
                  Take const& take, Directly const& directly) const {
    std::size_t const blocks = (count + wire_lanes - 1) / wire_lanes;
    std::size_t const workers = std::min<std::size_t>(blocks, threads.threads());
    std::vector<wire_report> found(count);
    bool const searched = searches();
    threads.for_each_index(workers, [&](std::size_t worker) {
      auto const b =
          std::make_unique<block<wire_lanes>>(*this);  // once a thread: fresh memory costs more than a solution
      for (std::size_t begin = worker * wire_lanes; begin < count; begin += workers * wire_lanes) {
        std::size_t const end = std::min(count, begin + wire_lanes);
        b->clear_inputs();
        for (std::size_t k = begin; k < end; ++k) fill(k, k - begin, *b);
        if (searched) (void)b->run(*this);
        for (std::size_t k = begin; k < end; ++k)
          if (still(k)) {
            found[k] = {};
          } else if (searched && b->reached(k - begin)) {
            take(k, k - begin, *b);
            found[k] = b->report(k - begin);
          } else {
            found[k] = directly(k);
          }
      }
    });
    for (auto const& f : found) report.include(f);
  }

  wire_network network_;
  wire_factors factors_;
  resting_wires rest_;
  wire_settings settings_;
  wire_kernels kernels_;
  bool cancels_ = false;
  mutable std::once_flag direct_made_;
  mutable std::unique_ptr<wire_direct const> direct_;
};

/// Output currents of many input vectors by the effective matrix of a network.
/// Shape   w_S (m, n), v_V (m, batch) -> A (n, batch)
/// Errors  errc::shape
/// Cost    m n multiplications a vector
[[nodiscard]] inline matrix<double> effective_currents(matrix_view<double const> w_S, matrix_view<double const> v_V) {
  if (v_V.rows != w_S.rows)
    throw error({errc::shape, "voltages do not fit the array", "voltages", std::to_string(v_V.rows),
                 std::to_string(w_S.rows) + ", one for every word line", "check the sizes"});
  matrix<double> out(w_S.cols, v_V.cols);
  std::vector<double> sums(w_S.cols);
  for (std::size_t k = 0; k < v_V.cols; ++k) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = 0; i < w_S.rows; ++i)
      for (std::size_t j = 0; j < w_S.cols; ++j) sums[j] += simd::fence(w_S(i, j) * v_V(i, k));
    for (std::size_t j = 0; j < w_S.cols; ++j) out(j, k) = sums[j];
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI
