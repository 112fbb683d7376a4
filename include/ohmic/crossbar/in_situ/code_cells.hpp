// Cells of in-situ arrays that are not ideal: digits become conductances, and what columns see of them through wires.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_config.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "ohmic/device/resistive_cell.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Where cells are written: random numbers belong to the array and to the time.
struct write_place {
  std::uint32_t first_array = 0;  ///< of the matrix; the others follow
  std::uint32_t time = 0;         ///< 0: once, when the chip is made; else 1 + the number of the text
};

/// Cells that conduct only what their digit says.
[[nodiscard]] inline resistive_cell_config ideal_cell() noexcept {
  resistive_cell_config c;
  c.r_off = ohms(INFINITY);
  return c;
}

/// What cells and wires do to digits.
struct code_cell_settings {
  resistive_cell_config cell = in_situ::ideal_cell();
  wire_config wires{};
  std::uint64_t seed = 1;  ///< of a chip

  [[nodiscard]] bool has_wires() const noexcept {
    return wires.word_segment.si() > 0.0 || wires.bit_segment.si() > 0.0 || wires.driver.si() > 0.0 ||
           wires.sense.si() > 0.0;
  }
  [[nodiscard]] bool is_ideal() const noexcept {
    return cell.programming == programming_law::none && std::isinf(cell.r_off.si()) && !has_wires();
  }
  /// What a cell of digit 0 conducts, in digits of a cell of this top: the digital side takes it off with the offset, to
  /// 8 bits behind the point.
  [[nodiscard]] double leak(std::int64_t cell_top) const noexcept {
    resistive_cell const c(cell);
    return std::nearbyint(c.low() * static_cast<double>(cell_top) / c.span() * 256.0) / 256.0;
  }

  /// Errors  as resistive_cell_config::validate and wire_config::validate; config_conflict for levels, which slices give
  static void validate(code_cell_settings const& c) {
    resistive_cell_config::validate(c.cell);
    wire_config::validate(c.wires);
    if (c.cell.levels != 0)
      throw error({errc::config_conflict, "levels follow from the bits of a slice", "cell.levels",
                   std::to_string(c.cell.levels), "0", "set weights.slices"});
    if (!std::isfinite(c.wires.driver.si()) || !std::isfinite(c.wires.sense.si()))
      throw error({errc::config_value, "lines are not driven or not read", "wires.driver, wires.sense", "inf",
                   "finite resistances", "set both"});
  }
};

/// What the columns of one array see of its cells, in digits: a digit d of cells up to t is the share d / t of their range,
/// programmed with its error; wires make of the conductances those from every driver to every sense end.
/// Shape   digits (rows, columns), tops (columns) -> (rows, columns); row 0 is the farthest from the sense ends, column 0
///         the nearest to the drivers. Rows and columns that are not in use lie beyond, and conduct nothing
/// Range   in steps of 2^-14, so that sums of products with input digits are exact in double
/// Errors  those of wire_solver; capacity where random numbers have no addresses
/// Random  purpose::programming, one normal per cell, where cell.programming is set
[[nodiscard]] inline matrix<float> seen_digits(matrix_view<std::int32_t const> digits,
                                               std::vector<std::int64_t> const& tops, code_cell_settings const& c,
                                               std::uint32_t array, std::uint32_t time) {
  resistive_cell const cell(c.cell);
  stream const noise{c.seed, purpose::programming, array};
  wire_network network{matrix<double>(digits.rows, digits.cols), c.wires, {}, {}};
  for (std::size_t k = 0; k < digits.rows; ++k)
    for (std::size_t j = 0; j < digits.cols; ++j) {
      double const target = cell.target(static_cast<double>(digits(k, j)) / static_cast<double>(tops[j]));
      network.g_S(k, j) = cell.is_random() ? cell.programmed(target, noise.normal(k * digits.cols + j, time)) : target;
    }
  matrix<double> g = network.g_S;
  if (c.has_wires()) {
    for (double& v : network.g_S.flat()) v *= cell.g_max_S();
    executor one(1);
    wire_report report;
    g = wire_solver(std::move(network)).effective_conductances(one, report);
    for (double& v : g.flat()) v /= cell.g_max_S();
  }
  matrix<float> out(digits.rows, digits.cols);
  for (std::size_t k = 0; k < digits.rows; ++k)
    for (std::size_t j = 0; j < digits.cols; ++j)
      out(k, j) =
          static_cast<float>(std::nearbyint(g(k, j) * static_cast<double>(tops[j]) / cell.span() * 16384.0) / 16384.0);
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
