// The plain definition of in-situ arrays for codes: every cell, every pass, every conversion, one after the other. Slow on
// purpose; the fast kernels are held to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_array.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Z = X . Y of in-situ arrays, by the definition.
/// Shape   x (tokens, inner), y (outputs, inner), converters (digits) -> z (tokens, outputs)
/// Range   source: weights or activations
/// Cost    counts every action as it takes it
template <adc_policy Adc, switched_codes X>
[[nodiscard]] matrix<double> reference_product(code_array<Adc> const& array, X const& codes,
                                               matrix_view<std::int16_t const> y, std::vector<Adc> const& adcs,
                                               operand_source source, code_report& report, write_place const& at = {}) {
  code_layout const& c = array.settings().layout;
  auto const x = switched_view(codes);
  constexpr bool inputs_have_sign = std::is_signed_v<std::remove_cvref_t<decltype(x(0, 0))>>;
  auto const& w = c.weights;
  std::size_t const slices = w.slices.size(), lines = w.lines();
  int const passes = static_cast<int>(adcs.size() / slices);
  input_passes_of const law(c, passes, inputs_have_sign);
  Adc const unit_converter = array.unit_converter();
  auto& count = report.actions;

  auto const converted = [&](Adc const& adc, double current) {
    auto const size = static_cast<float>(current < 0 ? -current : current);
    report.clipped += static_cast<std::uint64_t>(size > adc.full_scale());
    count.template add<"adc", "convert">();
    double const value = snapped_step(adc.step()) * static_cast<double>(adc.code(size));
    return current < 0 ? -value : value;
  };

  auto const& settings = array.settings().cells;
  std::uint32_t number = at.first_array;
  double leaked = 0.0;
  for (std::size_t i = 0; i < slices; ++i)
    leaked += settings.leak(c.cell_top(i)) * static_cast<double>(in_situ::slice_weight(c, i));

  matrix<double> z(x.rows, y.rows);
  for (std::size_t n = 0; n < x.rows; ++n)
    for (std::size_t k = 0; k < y.cols; ++k) count.template add<"cache", "read">();
  for (std::size_t tile = 0; tile < y.cols; tile += c.rows()) {
    std::size_t const end = std::min(tile + c.rows(), y.cols);
    if (w.mapping == mapping::offset)
      for (std::size_t n = 0; n < x.rows * (end - tile) * static_cast<std::size_t>(passes); ++n)
        count.template add<"input_counter", "add">();
    for (std::size_t group = 0; group < y.rows; group += c.weights_per_row()) {
      std::size_t const last = std::min(group + c.weights_per_row(), y.rows);
      // The cells of this array, (columns, rows).
      std::vector<std::vector<std::int32_t>> cells((last - group) * slices * lines);
      std::vector<bool> flipped((last - group) * slices, false);
      for (std::size_t o = group; o < last; ++o)
        for (std::size_t k = tile; k < end; ++k) {
          std::vector<std::int32_t> digits(slices * lines);
          in_situ::cell_digits(c, y(o, k), digits);
          for (std::size_t l = 0; l < digits.size(); ++l) {
            cells[(o - group) * slices * lines + l].push_back(digits[l]);
            if (source == operand_source::activations) count.template add<"cell", "write">();
          }
        }
      for (std::size_t j = 0; w.flipped && j < cells.size(); ++j) {
        std::int64_t current = 0;
        for (auto digit : cells[j]) current += digit * c.input_top();
        if (current < c.flip_from(j % slices)) continue;
        flipped[j] = true;
        for (auto& digit : cells[j]) digit = static_cast<std::int32_t>(c.cell_top(j % slices)) - digit;
      }
      // What columns see of them, (rows, columns).
      matrix<std::int32_t> digits(end - tile, cells.size());
      std::vector<std::int64_t> tops(cells.size());
      for (std::size_t j = 0; j < cells.size(); ++j) {
        tops[j] = c.cell_top(j / lines % slices);
        for (std::size_t k = 0; k < digits.rows(); ++k) digits(k, j) = cells[j][k];
      }
      auto const seen = in_situ::code_cells(settings).seen(digits.view(), tops, number++, at.time);
      for (std::size_t n = 0; n < x.rows; ++n) {
        for (std::size_t k = tile; k < end; ++k) count.template add<"input_register", "load">();
        std::vector<double> accumulator(last - group, 0.0);
        for (int pass = 0; pass < passes; ++pass) {
          std::vector<std::int32_t> rows;
          std::int64_t sum = 0;
          for (std::size_t k = tile; k < end; ++k) {
            rows.push_back(law.digit(x(n, k), pass));
            sum += rows.back();
          }
          for (std::uint64_t cycle = 0; cycle < c.cycles_of_pass(inputs_have_sign); ++cycle) {
            count.template add<"in_situ_array", "cycle">();
            for (std::size_t k = tile; k < end; ++k) count.template add<"dac", "drive">();
          }
          auto const current = [&](std::size_t column) {
            double total = 0.0;
            for (std::size_t k = 0; k < rows.size(); ++k) total += rows[k] * static_cast<double>(seen(k, column));
            return total;
          };
          auto const gain = static_cast<double>(law.weight(pass));
          double unit = static_cast<double>(sum);
          if (c.has_unit_column()) {
            std::uint64_t const clipped = report.clipped;
            unit = converted(unit_converter, static_cast<double>(sum));
            report.clipped = clipped;  // its range holds every sum
          }
          for (std::size_t o = group; o < last; ++o) {
            double& to = accumulator[o - group];
            for (std::size_t i = 0; i < slices; ++i) {
              std::size_t const column = ((o - group) * slices + i) * lines;
              double value = 0.0;
              if (lines == 1) {
                value = converted(adcs[static_cast<std::size_t>(pass) * slices + i], current(column));
                if (flipped[column])
                  value = (static_cast<double>(c.cell_top(i)) + 2.0 * settings.leak(c.cell_top(i))) * unit - value;
              } else if (w.pairs == pair_reading::difference) {
                value =
                    converted(adcs[static_cast<std::size_t>(pass) * slices + i], current(column) - current(column + 1));
              } else {
                value = converted(adcs[static_cast<std::size_t>(pass) * slices + i], current(column));
                value -= converted(adcs[static_cast<std::size_t>(pass) * slices + i], current(column + 1));
                count.template add<"subtractor", "subtract">();
              }
              to += gain * static_cast<double>(in_situ::slice_weight(c, i)) * value;
              count.template add<"shift_add", "step">();
            }
            if (lines == 1) to -= gain * (static_cast<double>(c.weight_top() + 1) + leaked) * unit;
          }
        }
        for (std::size_t o = group; o < last; ++o) {
          if (lines == 1) count.template add<"subtractor", "subtract">();
          if (tile > 0) count.template add<"accumulator", "add">();
          z(n, o) += accumulator[o - group];
        }
      }
    }
  }
  return z;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
