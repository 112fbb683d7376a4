// Cells of in-situ arrays that are not ideal: digits become conductances, and what columns see of them through wires.
#pragma once

#include <algorithm>
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
#include "ohmic/crossbar/in_situ/write_report.hpp"
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
  ///         levels of their own, or more of them than the device; for a curve behind wires, and for one whose shape depends
  ///         on the cell where rows are driven with more than a bit, or both ways
  static void validate(code_cell_settings const& c, code_layout const& l) {
    std::int64_t cell_top = 0;
    for (std::size_t i = 0; i < l.weights.slices.size(); ++i) cell_top = std::max(cell_top, l.cell_top(i));
    wire_config::validate(c.wires);
    if (c.wires.word_end != far_end::open || c.wires.bit_end != far_end::open)
      throw error(
          {errc::config_conflict, "far ends of arrays that are filled in part lie behind lines in no use",
           "wires.word_end, wires.bit_end",
           field_format<far_end>::print(c.wires.word_end) + ", " + field_format<far_end>::print(c.wires.bit_end),
           "open", "leave both open, or solve one array: ohmic solve"});
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
    if (c.cell.curve.law != curve_law::sinh && (l.inputs.slice_bits > 1 || l.has_signed_rows()))
      throw error(
          {errc::config_conflict, "a curve whose shape depends on the cell is no law of what drives a row",
           "cell.curve.law",
           field_format<curve_law>::print(c.cell.curve.law) + " with inputs.slice_bits=" +
               std::to_string(l.inputs.slice_bits) + (l.has_signed_rows() ? " and rows driven both ways" : ""),
           "sinh; any curve where rows carry one bit of one sign",
           "set cell.curve.law=sinh, or inputs.slice_bits=1 with rows driven one way; one matrix at a time: ohmic "
           "mvm"});
    if (!c.cell.curve.is_linear() && c.has_wires())
      throw error({errc::config_conflict, "cells with a curve have no effective conductances behind wires",
                   "cell.curve.scale", to_text(c.cell.curve.scale) + " with wires.*", "inf V, or no wires",
                   "set cell.curve.scale=inf V, or solve cycles one by one: ohmic solve --sinh"});
    if (!std::isfinite(c.wires.driver.si()) || !std::isfinite(c.wires.sense.si()))
      throw error({errc::config_value, "lines are not driven or not read", "wires.driver, wires.sense", "inf",
                   "finite resistances", "set both"});
  }
};

/// What the columns of one array see of its cells.
/// Shape   (rows, columns); where the array has a unit column it comes last
/// Units   digits; of the unit column the conductance of the highest level
struct seen_array {
  matrix<float> digits{};
  matrix<float> variance{};  ///< of a read, digits^2; empty where reads are exact
  /// What cells hold without wires, as written and at their age; empty unless drift is compensated.
  matrix<double> programmed{}, aged{};
  array_writing written{};
};

/// The cells and wires of arrays, ready to be written.
class code_cells {
 public:
  /// Range   settings that validate. Errors  those of read_states
  explicit code_cells(code_cell_settings const& c)
      : settings_(c),
        kept_(c.cell),
        fresh_(without_age(c.cell)),
        is_random_(!kept_.keeps_targets() || !kept_.reads_exactly()) {}

  /// True where columns see the digits themselves, at every read.
  [[nodiscard]] bool is_ideal() const noexcept {
    return !is_random_ && std::isinf(settings_.cell.r_off.si()) && !settings_.has_wires();
  }

  /// What the columns of one array see of its cells, in digits: a digit d of cells up to t is the share d / t of their
  /// range, written and aged as the device has it; wires make of the conductances those from every driver to every sense
  /// end. What is written for one product is read at once: it has no age. The cells of a unit column hold the highest level.
  /// Behind wires the noise of a cell is taken to arrive as its current does: in proportion to what columns see of it.
  /// Shape   digits (rows, columns), tops (columns) -> (rows, columns, and the unit column); row 0 is the farthest from the
  ///         sense ends, column 0 the nearest to the drivers. Rows and columns that are not in use lie beyond, and conduct
  ///         nothing
  /// Range   in steps of 2^-14, so that sums of products with input digits are exact in double; time below 2^24
  /// Errors  those of wire_solver, and of a plugin's device
  /// Random  as device_cell, of the array and the time: cell row x columns + column, those of the unit column after them
  [[nodiscard]] seen_array seen(matrix_view<std::int32_t const> digits, std::vector<std::int64_t> const& tops,
                                bool has_unit_column, std::uint32_t array, std::uint32_t time) const {
    resistive_cell const cell(settings_.cell);
    device_streams const numbers(settings_.seed, array, time);
    programmable_cell const& device = time == 0 ? kept_ : fresh_;
    bool const noisy = !device.reads_exactly(), compensated = time == 0 && compensates();
    std::size_t const rows = digits.rows, columns = digits.cols, all = columns + (has_unit_column ? 1 : 0);
    wire_network network{matrix<double>(rows, all), settings_.wires, {}, {}};
    matrix<double> sigma(noisy ? rows : 0, all);
    auto const in_digits = [&](std::size_t j, double g) {
      return j == columns ? g : g * static_cast<double>(tops[j]) / cell.span();
    };
    seen_array out{matrix<float>(rows, all),
                   matrix<float>(noisy ? rows : 0, all),
                   matrix<double>(compensated ? rows : 0, all),
                   matrix<double>(compensated ? rows : 0, all),
                   {}};
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t j = 0; j < all; ++j)
        network.g_S(k, j) =
            cell.target(j == columns ? 1.0 : static_cast<double>(digits(k, j)) / static_cast<double>(tops[j]));
    std::vector<cell_state> states;
    if (!device.keeps_targets() || noisy) states = written(device, numbers, network.g_S, columns);
    out.written = writing_of(states, rows, columns, all);
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t j = 0; j < all; ++j) {
        if (compensated)
          out.programmed(k, j) = in_digits(j, states.empty() ? network.g_S(k, j) : states[k * all + j].programmed);
        if (!device.keeps_targets()) network.g_S(k, j) = states[k * all + j].aged;
        if (noisy) sigma(k, j) = states[k * all + j].read_sigma;
        if (compensated) out.aged(k, j) = in_digits(j, network.g_S(k, j));
      }
    matrix<double> const cells = network.g_S;
    matrix<double> g = cells;
    if (settings_.has_wires()) {
      for (double& v : network.g_S.flat()) v *= cell.g_max_S();
      executor one(1);
      wire_report report;
      g = wire_solver(std::move(network)).effective_conductances(one, report);
      require_exact(report, "array " + std::to_string(array));
      for (double& v : g.flat()) v /= cell.g_max_S();
    }
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t j = 0; j < all; ++j) {
        out.digits(k, j) = static_cast<float>(std::nearbyint(in_digits(j, g(k, j)) * 16384.0) / 16384.0);
        if (!noisy) continue;
        double const arrives = settings_.has_wires() && cells(k, j) > 0.0 ? g(k, j) / cells(k, j) : 1.0;
        double const s = in_digits(j, sigma(k, j)) * arrives;
        out.variance(k, j) = static_cast<float>(s * s);
      }
    return out;
  }

  /// What a cell of digit 0 conducts, in digits of a cell of this top.
  [[nodiscard]] double lowest(std::int64_t cell_top) const noexcept {
    resistive_cell const cell(settings_.cell);
    return cell.low() * static_cast<double>(cell_top) / cell.span();
  }
  /// Factor against drift that the digital side multiplies with what columns deliver.
  [[nodiscard]] drift_compensation compensation() const noexcept { return settings_.cell.retention.compensation; }

 private:
  /// The cells of an array with these targets: one tile, and those of the unit column after it.
  [[nodiscard]] static std::vector<cell_state> written(programmable_cell const& device, device_streams const& numbers,
                                                       matrix<double> const& target, std::size_t columns) {
    std::size_t const rows = target.rows(), all = target.cols();
    std::vector<cell_state> out(rows * all), part;
    std::vector<double> of_part;
    auto const write = [&](std::size_t from, std::size_t to, std::uint64_t first) {
      of_part.clear();
      for (std::size_t k = 0; k < rows; ++k)
        for (std::size_t j = from; j < to; ++j) of_part.push_back(target(k, j));
      part.resize(of_part.size());
      device.write_tile(numbers, {rows, to - from, first, to - from}, of_part, part);
      for (std::size_t k = 0; k < rows; ++k)
        std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(k * (to - from)), to - from,
                    out.begin() + static_cast<std::ptrdiff_t>(k * all + from));
    };
    write(0, columns, 0);
    if (all > columns) write(columns, all, std::uint64_t{rows} * columns);
    return out;
  }
  /// Cells of `columns` are counted, as cell.write counts them; a unit column beyond takes part in the rounds of its rows.
  /// Shape   states (rows, all); empty where every cell takes its target at once
  [[nodiscard]] static array_writing writing_of(std::vector<cell_state> const& states, std::size_t rows,
                                                std::size_t columns, std::size_t all) noexcept {
    array_writing out{{rows * columns, rows * columns, 0, 0}, rows, rows};
    if (states.empty()) return out;
    out.all.tries = out.rounds = 0;
    for (std::size_t k = 0; k < rows; ++k) {
      std::uint32_t slowest = 0;
      for (std::size_t j = 0; j < all; ++j) {
        auto const& w = states[k * all + j].written;
        slowest = std::max(slowest, w.tries);
        if (j < columns)
          out.all.tries += w.tries, out.all.missed += w.verified ? 0 : 1, out.all.stuck += w.stuck ? 1 : 0;
      }
      out.rounds += slowest;
    }
    return out;
  }
  [[nodiscard]] bool compensates() const noexcept { return compensation() != drift_compensation::none; }
  [[nodiscard]] static resistive_cell_config without_age(resistive_cell_config c) {
    c.retention.age = seconds(0.0);
    return c;
  }

  code_cell_settings settings_;
  programmable_cell kept_, fresh_;
  bool is_random_;
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
