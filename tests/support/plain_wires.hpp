// A crossbar with wires by its plain definition: one equation for every node and every branch, Gaussian elimination with
// pivoting in long double or wider. Written apart from the library's solvers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "ohmic/crossbar/wires/network.hpp"

namespace ohmic_test {

struct plain_wires {
  std::vector<std::vector<double>> word_V, bit_V, device_A;
  std::vector<double> input_A, far_input_A, output_A, far_output_A;
};

/// 113 bits, for resistances that are 1e15 apart.
__extension__ using quad = __float128;

/// Gaussian elimination with pivoting; the last column of `a` is the right side.
struct gauss {
  template <class real>
  [[nodiscard]] std::vector<real> operator()(std::vector<std::vector<real>> a) const {
    std::size_t const size = a.size();
    auto const size_of = [](real v) { return v < 0 ? -v : v; };
    for (std::size_t k = 0; k < size; ++k) {
      std::size_t best = k;
      for (std::size_t r = k + 1; r < size; ++r)
        if (size_of(a[r][k]) > size_of(a[best][k])) best = r;
      std::swap(a[k], a[best]);
      for (std::size_t r = k + 1; r < size; ++r) {
        if (a[r][k] == 0) continue;
        real const f = a[r][k] / a[k][k];
        for (std::size_t c = k; c <= size; ++c) a[r][c] -= f * a[k][c];
      }
    }
    std::vector<real> x(size);
    for (std::size_t k = size; k-- > 0;) {
      real s = a[k][size];
      for (std::size_t c = k + 1; c < size; ++c) s -= a[k][c] * x[c];
      x[k] = s / a[k][k];
    }
    return x;
  }
};

template <class real = long double, class Solve = gauss>
plain_wires solve_plainly(ohmic::wire_network const& n, std::span<double const> v_V,
                          Solve const& solve_equations = {}) {
  using ohmic::far_end;
  std::size_t const m = n.word_lines(), cols = n.bit_lines(), nodes = 2 * m * cols;
  auto const word = [&](std::size_t i, std::size_t j) { return i * cols + j; };
  auto const bit = [&](std::size_t i, std::size_t j) { return (m + i) * cols + j; };
  constexpr std::size_t outside = static_cast<std::size_t>(-1);
  struct branch {
    std::size_t from, to;  // from and to a node, or outside: a fixed voltage
    real ohm, volts;       // u_from - u_to - ohm I = -volts (of the outside)
  };
  std::vector<branch> branches;
  std::vector<std::size_t> in(m, outside), far_in(m, outside), out(cols, outside), far_out(cols, outside);
  auto const add = [&](branch const& b) {
    branches.push_back(b);
    return branches.size() - 1;
  };
  real const rw = n.wires.word_segment.si(), rb = n.wires.bit_segment.si();
  for (std::size_t i = 0; i < m; ++i) {
    double const driver = n.driver_ohm.empty() ? n.wires.driver.si() : n.driver_ohm[i];
    if (std::isfinite(driver)) in[i] = add({outside, word(i, 0), rw + driver, v_V[i]});
    for (std::size_t j = 1; j < cols; ++j) add({word(i, j - 1), word(i, j), rw, 0});
    if (n.wires.word_end == far_end::driven && std::isfinite(driver) && rw + driver > 0)
      far_in[i] = add({outside, word(i, cols - 1), rw + driver, v_V[i]});
    if (n.wires.word_end == far_end::grounded)
      far_in[i] = add({outside, word(i, cols - 1), rw + n.wires.word_ground.si(), 0});
  }
  for (std::size_t j = 0; j < cols; ++j) {
    double const sense = n.sense_ohm.empty() ? n.wires.sense.si() : n.sense_ohm[j];
    for (std::size_t i = 1; i < m; ++i) add({bit(i - 1, j), bit(i, j), rb, 0});
    if (std::isfinite(sense)) out[j] = add({bit(m - 1, j), outside, rb + sense, 0});
    if (n.wires.bit_end == far_end::grounded) far_out[j] = add({bit(0, j), outside, rb + n.wires.bit_ground.si(), 0});
  }
  // Devices are branches too: their currents are unknowns, not differences of voltages.
  std::vector<std::size_t> devices;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < cols; ++j) {
      real const g = n.g_S(i, j);
      devices.push_back(g > 0 ? add({word(i, j), bit(i, j), 1 / g, 0}) : outside);
    }
  std::size_t const size = nodes + branches.size();
  std::vector<std::vector<real>> a(size, std::vector<real>(size + 1, 0));
  for (std::size_t b = 0; b < branches.size(); ++b) {
    auto const& e = branches[b];
    std::size_t const row = nodes + b;
    if (e.from != outside) a[e.from][row] += 1, a[row][e.from] += 1;
    if (e.to != outside) a[e.to][row] -= 1, a[row][e.to] -= 1;
    a[row][row] -= e.ohm;
    a[row][size] = -e.volts;
  }
  std::vector<real> const x = solve_equations(a);
  plain_wires s;
  for (std::size_t i = 0; i < m; ++i) {
    s.word_V.emplace_back();
    s.bit_V.emplace_back();
    for (std::size_t j = 0; j < cols; ++j) {
      s.word_V[i].push_back(static_cast<double>(x[word(i, j)]));
      s.bit_V[i].push_back(static_cast<double>(x[bit(i, j)]));
    }
  }
  for (std::size_t i = 0; i < m; ++i) {
    s.device_A.emplace_back();
    for (std::size_t j = 0; j < cols; ++j) {
      std::size_t const b = devices[i * cols + j];
      s.device_A[i].push_back(b == outside ? 0.0 : static_cast<double>(x[nodes + b]));
    }
  }
  auto const currents = [&](std::vector<std::size_t> const& of) {
    std::vector<double> c;
    for (std::size_t b : of) c.push_back(b == outside ? 0.0 : static_cast<double>(x[nodes + b]));
    return c;
  };
  s.input_A = currents(in), s.far_input_A = currents(far_in);
  s.output_A = currents(out), s.far_output_A = currents(far_out);
  return s;
}

}  // namespace ohmic_test
