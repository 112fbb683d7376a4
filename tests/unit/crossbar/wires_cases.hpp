// Random crossbars with wires, for the tests beside.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "ohmic/crossbar/wires/solver.hpp"
#include "support/dice.hpp"

namespace ohmic_test {

/// What the solver promises, relative to the largest value of its kind.
inline constexpr double exact = 1e-10;

struct wires_case {
  ohmic::wire_network network;
  std::vector<double> volts;

  [[nodiscard]] std::string text() const {
    std::ostringstream s;
    s << network.word_lines() << " x " << network.bit_lines() << "\n" << ohmic::print(network.wires);
    return s.str();
  }
};

inline std::vector<double> random_volts(dice& random, std::size_t count) {
  std::vector<double> v(count);
  for (double& x : v) x = 0.4 * random.real() - 0.2;
  return v;
}

/// Conductances of 1 uS to 100 uS, some devices open; resistances of 0 or over many decades, every kind of end. The first
/// line of each kind keeps its driver and its sense end.
inline wires_case random_wires(dice& random, int largest) {
  wires_case c;
  auto const size = [&] { return static_cast<std::size_t>(random.between(1, largest)); };
  std::size_t const m = size(), n = size();
  c.network.g_S = ohmic::matrix<double>(m, n);
  int const open_in_ten = random.between(0, 3);
  for (double& g : c.network.g_S.flat())
    g = random.between(1, 10) <= open_in_ten ? 0.0 : 1e-6 * std::exp(random.real() * 4.6);
  auto const ohm = [&](double low, double high) {
    return ohmic::ohms(random.between(0, 3) == 0 ? 0.0 : low * std::exp(random.real() * std::log(high / low)));
  };
  auto& w = c.network.wires;
  w.word_segment = ohm(1e-3, 1e3);
  w.bit_segment = ohm(1e-3, 1e3);
  w.driver = ohm(1.0, 1e4);
  w.sense = ohm(1.0, 1e4);
  w.word_end = static_cast<ohmic::far_end>(random.between(0, 2));
  w.bit_end = random.between(0, 1) == 0 ? ohmic::far_end::open : ohmic::far_end::grounded;
  w.word_ground = ohmic::ohms(10.0);
  w.bit_ground = ohmic::ohms(10.0);
  if (random.between(0, 2) == 0) {
    for (std::size_t i = 0; i < c.network.word_lines(); ++i)
      c.network.driver_ohm.push_back(i > 0 && random.between(0, 4) == 0 ? std::numeric_limits<double>::infinity()
                                                                        : 5.0 * random.real());
    for (std::size_t j = 0; j < c.network.bit_lines(); ++j)
      c.network.sense_ohm.push_back(j > 0 && random.between(0, 4) == 0 ? std::numeric_limits<double>::infinity()
                                                                       : 5.0 * random.real());
    for (std::size_t j = 0; j < c.network.bit_lines(); ++j) c.network.g_S(0, j) = 1e-5;  // no line floats
    for (std::size_t i = 0; i < c.network.word_lines(); ++i) c.network.g_S(i, 0) = 1e-5;
  }
  c.volts = random_volts(random, c.network.word_lines());
  return c;
}

/// Devices of 10 kohm or 1 Mohm, wires of r ohm a segment.
inline wires_case binary_wires(std::size_t m, std::size_t n, double r, std::uint64_t seed = 1) {
  dice random(seed);
  wires_case c;
  c.network.g_S = ohmic::matrix<double>(m, n);
  for (double& g : c.network.g_S.flat()) g = random.between(0, 1) == 0 ? 1e-4 : 1e-6;
  c.network.wires.word_segment = c.network.wires.bit_segment = ohmic::ohms(r);
  for (std::size_t i = 0; i < m; ++i) c.volts.push_back(0.2 * random.real());
  return c;
}

inline double largest_of(std::vector<double> const& values) {
  double most = 0.0;
  for (double v : values) most = std::max(most, std::fabs(v));
  return most;
}

}  // namespace ohmic_test
