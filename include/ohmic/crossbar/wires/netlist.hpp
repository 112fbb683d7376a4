// A crossbar with wires as a netlist for ngspice.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/crossbar/wires/network.hpp"
#include "ohmic/device/iv_curve.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The network with one set of voltages as text that `ngspice -b` runs: it prints the output current of bit line j as
/// `i(vs<j>)`. Nodes are `w<i>_<j>` and `b<i>_<j>`, `d<i>` at drivers, `s<j>` at sense ends; merged nodes have one name. Devices are
/// resistors, or with a finite `sinh_scale` sources of the current of sinh_iv.
/// Shape   v_V (m)
/// Errors  as wire_network::validate, sinh_iv::config::validate; errc::shape, errc::value for the voltages
/// Source  ngspice manual, chapters 2, 5 and 16; numbers are the shortest that read back as the same double
[[nodiscard]] inline std::string ngspice_netlist(wire_network const& n, std::span<double const> v_V,
                                                 volts sinh_scale = volts(std::numeric_limits<double>::infinity())) {
  wire_network::validate(n);
  bool const linear = sinh_scale.si() == std::numeric_limits<double>::infinity();
  if (!linear) sinh_iv::config::validate({sinh_scale});
  std::size_t const m = n.word_lines(), cols = n.bit_lines();
  detail::check_voltages({v_V.data(), v_V.size(), 1}, m);
  double const rw = n.wires.word_segment.si(), rb = n.wires.bit_segment.si();
  auto const number = [](std::size_t k) { return std::to_string(k); };
  auto const driver = [&](std::size_t i) { return "d" + number(i); };
  auto const sense = [&](std::size_t j) { return "s" + number(j); };
  auto const word = [&](std::size_t i, std::size_t j) {
    if (rw > 0.0) return "w" + number(i) + "_" + number(j);
    return n.driver_side_ohm(i) > 0.0 ? "w" + number(i) : driver(i);
  };
  auto const bit = [&](std::size_t i, std::size_t j) {
    if (rb > 0.0) return "b" + number(i) + "_" + number(j);
    return n.sense_side_ohm(j) > 0.0 ? "b" + number(j) : sense(j);
  };
  std::string out = "crossbar of " + shape_text(m, cols) + ", exported by ohmic\n";
  std::size_t count = 0;
  auto const resistor = [&](std::string const& a, std::string const& b, double ohm) {
    if (a != b && std::isfinite(ohm))
      out += "R" + number(count++) + " " + a + " " + b + " " + detail::number_text(ohm) + "\n";
  };
  for (std::size_t i = 0; i < m; ++i) {
    if (!std::isfinite(n.driver_side_ohm(i))) continue;
    out += "Vd" + number(i) + " " + driver(i) + " 0 " + detail::number_text(v_V[i]) + "\n";
  }
  for (std::size_t i = 0; i < m; ++i) {
    resistor(driver(i), word(i, 0), n.driver_side_ohm(i));
    for (std::size_t j = 1; j < cols; ++j) resistor(word(i, j - 1), word(i, j), rw);
    if (double const g = n.far_word_S(i); g > 0.0)
      resistor(n.wires.word_end == far_end::driven ? driver(i) : "0", word(i, cols - 1), 1.0 / g);
  }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < cols; ++j)
      if (double const g = n.g_S(i, j); g > 0.0) {
        std::string const a = word(i, j), b = bit(i, j), v0 = detail::number_text(sinh_scale.si());
        if (linear) {
          resistor(a, b, 1.0 / g);
        } else {
          out += "B" + number(count++) + " " + a + " " + b + " I=" + detail::number_text(g * sinh_scale.si()) +
                 "*sinh(V(" + a + "," + b + ")/" + v0 + ")\n";
        }
      }
  std::string prints;
  for (std::size_t j = 0; j < cols; ++j) {
    for (std::size_t i = 1; i < m; ++i) resistor(bit(i - 1, j), bit(i, j), rb);
    if (double const g = n.far_bit_S(); g > 0.0) resistor("0", bit(0, j), 1.0 / g);
    if (!std::isfinite(n.sense_side_ohm(j))) continue;
    resistor(bit(m - 1, j), sense(j), n.sense_side_ohm(j));
    out += "Vs" + number(j) + " " + sense(j) + " 0 0\n";
    prints += "print i(vs" + number(j) + ")\n";
  }
  // ngspice's own limits end Newton's method at 1e-3.
  if (!linear) out += ".options reltol=1e-12 abstol=1e-24 vntol=1e-18 itl1=1000\n";
  return out + ".control\nset numdgt=16\nop\n" + prints + ".endc\n.end\n";
}

}  // namespace ohmic::inline OHMIC_ABI
