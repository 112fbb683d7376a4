// One exact vector and the effective matrix of an array with wires, against Eigen's SparseLU on the same network where
// CMake finds Eigen. Every result is checked against Kirchhoff's law or the other solver before it is timed.
#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#if defined(OHMIC_WITH_EIGEN)
#include <Eigen/SparseLU>
#endif

namespace {

/// Devices of 10 kohm or 1 Mohm, 1 ohm a segment, voltages of 0 to 0.2 V.
struct array_case {
  ohmic::wire_network network;
  std::vector<double> volts;

  explicit array_case(std::size_t size) {
    ohmic::stream const numbers{1, ohmic::purpose::user, 0};
    network.g_S = ohmic::matrix<double>(size, size);
    for (std::size_t k = 0; k < size * size; ++k)
      network.g_S.flat()[k] = numbers.word(static_cast<std::uint32_t>(k), 0) % 2 == 0 ? 1e-4 : 1e-6;
    network.wires.word_segment = network.wires.bit_segment = ohmic::ohms(1.0);
    for (std::size_t i = 0; i < size; ++i)
      volts.push_back(0.2 * static_cast<double>(numbers.uniform(static_cast<std::uint32_t>(i), 1)));
  }
  [[nodiscard]] std::size_t size() const { return volts.size(); }
};

void check(bool right) {
  if (!right) throw std::runtime_error("the result is wrong: nothing is timed");
}

/// Largest sum of currents at a node by the voltages alone, over the largest output.
double missed(array_case const& a, ohmic::wire_solution const& s) {
  std::size_t const n = a.size();
  double most = 0.0, scale = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double const u = s.word_V(i, j), w = s.bit_V(i, j), device = a.network.g_S(i, j) * (u - w);
      double const before = j > 0 ? s.word_V(i, j - 1) : a.volts[i], after = j + 1 < n ? u - s.word_V(i, j + 1) : 0.0;
      double const below = i + 1 < n ? s.bit_V(i + 1, j) : 0.0, above = i > 0 ? s.bit_V(i - 1, j) - w : 0.0;
      most = std::max({most, std::fabs(before - u - after - device), std::fabs(w - below - above - device)});
    }
  for (double x : s.output_A) scale = std::max(scale, std::fabs(x));
  return most / scale;
}

void wires_one_vector(benchmark::State& state) {
  array_case const a(static_cast<std::size_t>(state.range(0)));
  auto const s = ohmic::wire_solver(a.network).solve(a.volts);
  check(s.report.residual < 1e-10 && missed(a, s) < 1e-10 && s.report.direct == 0);
  for (auto _ : state) benchmark::DoNotOptimize(ohmic::wire_solver(a.network).solve(a.volts));
  state.counters["iterations"] = static_cast<double>(s.report.iterations);
  state.counters["residual"] = s.report.residual;
}
BENCHMARK(wires_one_vector)->Name("wires/vector/ohmic")->Arg(64)->Arg(128)->Arg(256)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Vectors after the first: lines are eliminated, eight vectors at a time. Time is of 64 vectors.
void wires_64_further_vectors(benchmark::State& state) {
  array_case const a(static_cast<std::size_t>(state.range(0)));
  ohmic::wire_solver const solver(a.network);
  ohmic::matrix<double> v(a.size(), 64);
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < 64; ++k) v(i, k) = a.volts[(i + k) % a.size()];
  ohmic::executor one(1);
  ohmic::wire_report report;
  auto const first = solver.currents(v.view(), one, report);
  auto const alone = solver.solve(a.volts);
  for (std::size_t j = 0; j < a.size(); ++j) check(first(j, 0) == alone.output_A[j]);
  for (auto _ : state) benchmark::DoNotOptimize(solver.currents(v.view(), one, report));
}
BENCHMARK(wires_64_further_vectors)->Name("wires/64_further/ohmic")->Arg(128)->UseRealTime()->Unit(benchmark::kMillisecond);

void wires_effective_matrix(benchmark::State& state) {
  array_case const a(static_cast<std::size_t>(state.range(0)));
  ohmic::executor one(1);
  ohmic::wire_report report;
  auto const w = ohmic::wire_solver(a.network).effective_conductances(one, report);
  auto const s = ohmic::wire_solver(a.network).solve(a.volts);
  for (std::size_t j = 0; j < a.size(); ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += w(i, j) * a.volts[i];
    check(std::fabs(sum / s.output_A[j] - 1.0) < 1e-10);
  }
  for (auto _ : state) benchmark::DoNotOptimize(ohmic::wire_solver(a.network).effective_conductances(one, report));
  state.counters["residual"] = report.residual;
}
BENCHMARK(wires_effective_matrix)->Name("wires/effective/ohmic")->Arg(64)->Arg(128)->UseRealTime()->Unit(benchmark::kMillisecond);

#if defined(OHMIC_WITH_EIGEN)
using sparse = Eigen::SparseMatrix<double>;

sparse nodal_matrix(array_case const& a) {
  auto const n = static_cast<int>(a.size());
  std::vector<Eigen::Triplet<double>> entries;
  auto const connect = [&](int p, int q, double g) {  // q < 0: a fixed voltage
    entries.emplace_back(p, p, g);
    if (q < 0) return;
    entries.emplace_back(q, q, g);
    entries.emplace_back(p, q, -g);
    entries.emplace_back(q, p, -g);
  };
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      int const word = i * n + j, bit = n * n + word;
      connect(word, bit, a.network.g_S(static_cast<std::size_t>(i), static_cast<std::size_t>(j)));
      connect(word, j > 0 ? word - 1 : -1, 1.0);
      connect(bit, i + 1 < n ? bit + n : -1, 1.0);
    }
  sparse m(2 * n * n, 2 * n * n);
  m.setFromTriplets(entries.begin(), entries.end());
  return m;
}

/// Ordering, factorisation and one solution.
void eigen_sparse_lu(benchmark::State& state) {
  array_case const a(static_cast<std::size_t>(state.range(0)));
  sparse const m = nodal_matrix(a);
  auto const n = static_cast<Eigen::Index>(a.size());
  Eigen::VectorXd b = Eigen::VectorXd::Zero(2 * n * n);
  for (Eigen::Index i = 0; i < n; ++i) b[i * n] = a.volts[static_cast<std::size_t>(i)];
  auto const solve = [&] {
    Eigen::SparseLU<sparse> lu;
    lu.compute(m);
    return Eigen::VectorXd(lu.solve(b));
  };
  Eigen::VectorXd const x = solve();
  auto const s = ohmic::wire_solver(a.network).solve(a.volts);
  for (Eigen::Index j = 0; j < n; ++j)
    check(std::fabs(x[2 * n * n - n + j] / s.output_A[static_cast<std::size_t>(j)] - 1.0) < 1e-10);
  for (auto _ : state) benchmark::DoNotOptimize(solve());
}
BENCHMARK(eigen_sparse_lu)->Name("wires/vector/sparse_lu")->Arg(64)->Arg(128)->Arg(256)->UseRealTime()->Unit(benchmark::kMillisecond);
#endif

}  // namespace
