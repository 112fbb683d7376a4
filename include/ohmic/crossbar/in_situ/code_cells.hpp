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
#include "ohmic/device/programmable_cell.hpp"
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
  /// What a cell of digit 0 conducts, in digits of a cell of this top: the digital side takes it off with the offset, to
  /// 8 bits behind the point.
  [[nodiscard]] double leak(std::int64_t cell_top) const noexcept {
    resistive_cell const c(cell);
    return std::nearbyint(c.low() * static_cast<double>(cell_top) / c.span() * 256.0) / 256.0;
  }

  /// Errors  as resistive_cell_config::validate and wire_config::validate; config_conflict for what digits do not have:
  ///         levels of their own, or more of them than the device; and for what whole models do not have: noise of
  ///         reads, factors against drift, a curve
  static void validate(code_cell_settings const& c, std::int64_t cell_top) {
    wire_config::validate(c.wires);
    if (c.cell.levels != 0)
      throw error({errc::config_conflict, "levels follow from the bits of a slice", "cell.levels",
                   std::to_string(c.cell.levels), "0", "set weights.slices"});
    resistive_cell_config leveled = c.cell;
    if (auto const f = ohmic::detail::facts_of(c.cell); f.levels > 0) {
      if (cell_top >= f.levels)
        throw error({errc::config_conflict, "a slice has more levels than the device", "weights.slices",
                     std::to_string(cell_top + 1) +
                         " levels with cell.device=" + field_format<device_choice>::print(c.cell.device),
                     "at most " + std::to_string(f.levels) + " levels", "use narrower slices"});
      if (c.cell.device != device_name::table) leveled.levels = static_cast<int>(cell_top) + 1;
    }
    resistive_cell_config::validate(leveled);
    refuse(!programmable_cell(c.cell).reads_exactly(), "whole models have no noise of reads",
           "cell.device, cell.read_noise",
           field_format<device_choice>::print(c.cell.device) + ", " + std::to_string(c.cell.read_noise),
           "a device without a law of this noise, and 0", "take another device, or one matrix: ohmic mvm");
    refuse(c.cell.retention.compensation != drift_compensation::none, "whole models have no factors against drift",
           "cell.retention.compensation", field_format<drift_compensation>::print(c.cell.retention.compensation),
           "none", "set cell.retention.compensation=none");
    refuse(!c.cell.curve.is_linear(), "digits are steps of conductance, which a curve does not have",
           "cell.curve.scale", to_text(c.cell.curve.scale), "inf V",
           "set cell.curve.scale=inf V, or take one matrix: ohmic mvm");
    if (!std::isfinite(c.wires.driver.si()) || !std::isfinite(c.wires.sense.si()))
      throw error({errc::config_value, "lines are not driven or not read", "wires.driver, wires.sense", "inf",
                   "finite resistances", "set both"});
  }

 private:
  static void refuse(bool bad, char const* what, char const* key, std::string got, char const* allowed,
                     char const* fix) {
    if (bad) throw error({errc::config_conflict, what, key, std::move(got), allowed, fix});
  }
};

/// The cells and wires of arrays, ready to be written.
class code_cells {
 public:
  /// Range   settings that validate. Errors  those of read_states
  explicit code_cells(code_cell_settings const& c)
      : settings_(c), kept_(c.cell), fresh_(without_age(c.cell)), is_random_(!kept_.keeps_targets()) {}

  /// True where columns see the digits themselves.
  [[nodiscard]] bool is_ideal() const noexcept {
    return !is_random_ && std::isinf(settings_.cell.r_off.si()) && !settings_.has_wires();
  }

  /// What the columns of one array see of its cells, in digits: a digit d of cells up to t is the share d / t of their
  /// range, written and aged as the device has it; wires make of the conductances those from every driver to every sense
  /// end. What is written for one product is read at once: it has no age.
  /// Shape   digits (rows, columns), tops (columns) -> (rows, columns); row 0 is the farthest from the sense ends, column 0
  ///         the nearest to the drivers. Rows and columns that are not in use lie beyond, and conduct nothing
  /// Range   in steps of 2^-14, so that sums of products with input digits are exact in double; time below 2^24
  /// Errors  those of wire_solver, and of a plugin's device
  /// Random  as device_cell, of the array and the time
  [[nodiscard]] matrix<float> seen(matrix_view<std::int32_t const> digits, std::vector<std::int64_t> const& tops,
                                   std::uint32_t array, std::uint32_t time) const {
    resistive_cell const cell(settings_.cell);
    device_streams const numbers(settings_.seed, array, time);
    programmable_cell const& device = time == 0 ? kept_ : fresh_;
    wire_network network{matrix<double>(digits.rows, digits.cols), settings_.wires, {}, {}};
    for (std::size_t k = 0; k < digits.rows; ++k)
      for (std::size_t j = 0; j < digits.cols; ++j)
        network.g_S(k, j) = cell.target(static_cast<double>(digits(k, j)) / static_cast<double>(tops[j]));
    if (!device.keeps_targets()) {
      std::vector<programmable_cell::state> states(network.g_S.flat().size());
      device.write_tile(numbers, {digits.rows, digits.cols, 0, digits.cols}, network.g_S.flat(), states);
      for (std::size_t i = 0; i < states.size(); ++i) network.g_S.flat()[i] = states[i].aged;
    }
    matrix<double> g = network.g_S;
    if (settings_.has_wires()) {
      for (double& v : network.g_S.flat()) v *= cell.g_max_S();
      executor one(1);
      wire_report report;
      g = wire_solver(std::move(network)).effective_conductances(one, report);
      require_exact(report, "array " + std::to_string(array));
      for (double& v : g.flat()) v /= cell.g_max_S();
    }
    matrix<float> out(digits.rows, digits.cols);
    for (std::size_t k = 0; k < digits.rows; ++k)
      for (std::size_t j = 0; j < digits.cols; ++j)
        out(k, j) = static_cast<float>(std::nearbyint(g(k, j) * static_cast<double>(tops[j]) / cell.span() * 16384.0) /
                                       16384.0);
    return out;
  }

 private:
  [[nodiscard]] static resistive_cell_config without_age(resistive_cell_config c) {
    c.retention.age = seconds(0.0);
    return c;
  }

  code_cell_settings settings_;
  programmable_cell kept_, fresh_;
  bool is_random_;
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
