// A crossbar with wires that resist, as plain data: devices, segments, drivers, sense ends.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What the end of a line is tied to that lies away from its driver, or from its sense end.
enum class far_end {
  open,      ///< to nothing
  driven,    ///< word lines only: to a second driver with the voltage and resistance of the first
  grounded,  ///< to 0 V
};

/// The resistances around the devices. Every line has as many segments as devices: the first of a word line lies between
/// its driver and its first device, the last of a bit line between its last device and its sense end. A far end that is
/// tied takes one segment more.
/// Range   segments 0, which merges the nodes of a line, or 1e-12..1e12 ohm; driver, sense and ground 0, 1e-12..1e15 ohm;
///         driver and sense infinite for none
struct wire_config {
  ohms word_segment{0.0};
  ohms bit_segment{0.0};
  ohms driver{0.0};  ///< source resistance of a word line
  ohms sense{0.0};   ///< resistance from a bit line's last segment to 0 V
  far_end word_end = far_end::open;
  far_end bit_end = far_end::open;
  ohms word_ground{0.0};  ///< beside the segment, with word_end=grounded
  ohms bit_ground{0.0};   ///< beside the segment, with bit_end=grounded

  /// Errors  config_value or config_conflict naming the field
  static void validate(wire_config const& c) {
    auto const within = [](char const* key, ohms got, double top, bool infinite) {
      double const r = got.si();
      if (r == 0.0 || (r >= 1e-12 && (r <= top || (infinite && std::isinf(r))))) return;
      throw error({errc::config_value, "resistance out of range", std::string("wires.") + key, to_text(got),
                   "0, or 1e-12.." + detail::number_text(top) + " ohm" + (infinite ? ", or inf for none" : ""),
                   "give 0, or a resistance of that range"});
    };
    within("word_segment", c.word_segment, 1e12, false);
    within("bit_segment", c.bit_segment, 1e12, false);
    within("driver", c.driver, 1e15, true);
    within("sense", c.sense, 1e15, true);
    within("word_ground", c.word_ground, 1e15, false);
    within("bit_ground", c.bit_ground, 1e15, false);
    if (c.bit_end == far_end::driven)
      throw error({errc::config_conflict, "bit lines have no drivers", "wires.bit_end", "driven", "open, grounded",
                   "drive the word lines"});
    auto const tied = [](char const* key, far_end end, ohms segment, ohms ground) {
      if (end == far_end::grounded && segment.si() + ground.si() == 0.0)
        throw error({errc::config_conflict, "line is tied to 0 V without resistance", std::string("wires.") + key,
                     "grounded, 0 ohm", "a segment or ground resistance above 0", "give one, or leave the end open"});
    };
    tied("word_end", c.word_end, c.word_segment, c.word_ground);
    tied("bit_end", c.bit_end, c.bit_segment, c.bit_ground);
  }
};

template <>
struct enum_names<far_end> {
  static constexpr std::pair<std::string_view, far_end> value[] = {
      {"open", far_end::open}, {"driven", far_end::driven}, {"grounded", far_end::grounded}};
};

}  // namespace ohmic::inline OHMIC_ABI
OHMIC_MEMBERS(ohmic::wire_config, word_segment, bit_segment, driver, sense, word_end, bit_end, word_ground, bit_ground);

namespace ohmic::inline OHMIC_ABI {

/// An array of m word lines and n bit lines. Device (i, j) lies between node (i, j) of word line i, counted from the
/// driver, and node (i, j) of bit line j, whose sense end is below the last word line.
/// Shape   g_S (m, n); driver_ohm (m) or empty; sense_ohm (n) or empty
/// Units   S, ohm
/// Range   g_S 0 (open device) or 1e-30..1e6; resistances as in wire_config, infinite for a line that is not driven or sensed
struct wire_network {
  matrix<double> g_S;
  wire_config wires{};
  std::vector<double> driver_ohm{};  ///< of every word line, instead of wires.driver
  std::vector<double> sense_ohm{};   ///< of every bit line, instead of wires.sense

  [[nodiscard]] std::size_t word_lines() const noexcept { return g_S.rows(); }
  [[nodiscard]] std::size_t bit_lines() const noexcept { return g_S.cols(); }
  /// Between driver and first node, segment included.
  [[nodiscard]] double driver_side_ohm(std::size_t i) const noexcept {
    return wires.word_segment.si() + (driver_ohm.empty() ? wires.driver.si() : driver_ohm[i]);
  }
  /// Between last node and 0 V, segment included.
  [[nodiscard]] double sense_side_ohm(std::size_t j) const noexcept {
    return wires.bit_segment.si() + (sense_ohm.empty() ? wires.sense.si() : sense_ohm[j]);
  }
  /// Conductance of the far end of word line i, 0 where it is open. Two drivers without any resistance are one.
  [[nodiscard]] double far_word_S(std::size_t i) const noexcept {
    if (wires.word_end == far_end::open) return 0.0;
    if (wires.word_end == far_end::grounded) return 1.0 / (wires.word_segment.si() + wires.word_ground.si());
    double const r = driver_side_ohm(i);
    return r > 0.0 ? 1.0 / r : 0.0;
  }
  /// Conductance of the far end of every bit line.
  [[nodiscard]] double far_bit_S() const noexcept {
    return wires.bit_end == far_end::open ? 0.0 : 1.0 / (wires.bit_segment.si() + wires.bit_ground.si());
  }

  static void validate(wire_network const& n);
};

/// A network of resistances, infinite for open devices.
/// Shape   r_ohm (m, n)
/// Errors  errc::value naming the device that is below 1e-6 ohm
[[nodiscard]] inline wire_network network_of_resistances(matrix_view<double const> r_ohm, wire_config const& wires) {
  wire_network n{matrix<double>(r_ohm.rows, r_ohm.cols), wires, {}, {}};
  for (std::size_t i = 0; i < r_ohm.rows; ++i)
    for (std::size_t j = 0; j < r_ohm.cols; ++j) {
      double const r = r_ohm(i, j);
      if (!(r >= 1e-6))
        throw error({errc::value, "resistance of a device out of range",
                     "device (" + std::to_string(i) + ", " + std::to_string(j) + ")", detail::number_text(r) + " ohm",
                     "1e-06 ohm and above, inf for an open device", "correct the resistances"});
      n.g_S(i, j) = r > 1e30 ? 0.0 : 1.0 / r;
    }
  return n;
}

namespace detail {
[[nodiscard]] inline std::string node_text(std::size_t i, std::size_t j) {
  return "(" + std::to_string(i) + ", " + std::to_string(j) + ")";
}

/// Shape   v_V (m, vectors). Errors  errc::shape; errc::value naming line and vector
inline void check_voltages(matrix_view<double const> v_V, std::size_t word_lines) {
  if (v_V.rows != word_lines)
    throw error({errc::shape, "voltages do not fit the array", "voltages", std::to_string(v_V.rows),
                 std::to_string(word_lines) + ", one for every word line", "check the sizes"});
  for (std::size_t i = 0; i < v_V.rows; ++i)
    for (std::size_t k = 0; k < v_V.cols; ++k)
      if (!(std::fabs(v_V(i, k)) <= 1e6))
        throw error({errc::value, "voltage out of range",
                     "word line " + std::to_string(i) + ", vector " + std::to_string(k), number_text(v_V(i, k)) + " V",
                     "-1e+06..1e+06 V", "correct the voltages"});
}

/// Which lines devices connect: the same number for all lines of a set.
/// Shape   word lines (m), then bit lines (n)
[[nodiscard]] inline std::vector<std::size_t> connected_lines(wire_network const& n) {
  std::size_t const m = n.word_lines(), lines = m + n.bit_lines();
  std::vector<std::size_t> parent(lines);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  auto const root = [&](std::size_t a) {
    while (parent[a] != a) a = parent[a] = parent[parent[a]];
    return a;
  };
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n.bit_lines(); ++j)
      if (n.g_S(i, j) > 0.0) parent[root(m + j)] = root(i);
  for (std::size_t a = 0; a < lines; ++a) parent[a] = root(a);
  return parent;
}

/// Every set of lines needs a driver, a sense end or a tied far end, or it floats.
inline void check_connected(wire_network const& n) {
  std::vector<std::size_t> const set = connected_lines(n);
  std::size_t const m = n.word_lines(), lines = set.size();
  std::vector<bool> tied(lines, false);
  for (std::size_t i = 0; i < m; ++i)
    if (std::isfinite(n.driver_side_ohm(i)) || n.far_word_S(i) > 0.0) tied[set[i]] = true;
  for (std::size_t j = 0; j < n.bit_lines(); ++j)
    if (std::isfinite(n.sense_side_ohm(j)) || n.far_bit_S() > 0.0) tied[set[m + j]] = true;
  for (std::size_t a = 0; a < lines; ++a)
    if (!tied[set[a]]) {
      bool const word = a < m;
      throw error({errc::value, "network is singular: nothing fixes the voltage of a line and all it is connected to",
                   word ? "word node " + node_text(a, 0) : "bit node " + node_text(m - 1, a - m), "a floating line",
                   "a driver, a sense end or a device to a line that has one",
                   word ? "drive the word line" : "sense the bit line"});
    }
}
}  // namespace detail

/// Errors  errc::shape for empty arrays and lists of the wrong length; errc::value naming a device or a line whose value
///         is negative, NaN or too large; the line that floats; errc::config_value, errc::config_conflict for the wires
inline void wire_network::validate(wire_network const& n) {
  wire_config::validate(n.wires);
  std::size_t const rows = n.word_lines(), cols = n.bit_lines();
  if (rows == 0 || cols == 0)
    throw error({errc::shape, "array is empty", "conductances", shape_text(rows, cols),
                 "at least one word line and one bit line", "check the sizes"});
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j)
      if (double const g = n.g_S(i, j); !(g == 0.0 || (g >= 1e-30 && g <= 1e6)))
        throw error({errc::value, "conductance of a device out of range", "device " + detail::node_text(i, j),
                     detail::number_text(g) + " S", "1e-30..1e+06 S, or 0 for an open device",
                     "correct the conductances"});
  auto const ends = [](char const* where, char const* line, std::vector<double> const& ohm, std::size_t lines) {
    if (ohm.empty()) return;
    if (ohm.size() != lines)
      throw error({errc::shape, "resistances do not fit the array", where, std::to_string(ohm.size()),
                   std::to_string(lines) + ", one for every " + line, "give one for every line, or none"});
    for (std::size_t k = 0; k < lines; ++k)
      if (!(ohm[k] == 0.0 || (ohm[k] >= 1e-12 && (ohm[k] <= 1e15 || std::isinf(ohm[k])))))
        throw error({errc::value, "resistance out of range", std::string(where) + ", " + line + " " + std::to_string(k),
                     detail::number_text(ohm[k]) + " ohm", "0, 1e-12..1e+15 ohm, or inf for none", "correct it"});
  };
  ends("driver_ohm", "word line", n.driver_ohm, rows);
  ends("sense_ohm", "bit line", n.sense_ohm, cols);
  detail::check_connected(n);
}

}  // namespace ohmic::inline OHMIC_ABI
