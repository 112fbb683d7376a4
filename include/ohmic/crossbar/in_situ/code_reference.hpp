// The plain definition of in-situ arrays for codes: every cell, every pass, every conversion, one after the other. Slow on
// purpose; the fast kernels are held to it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <type_traits>
#include <vector>

#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_array.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Z = X . Y of in-situ arrays, by the definition. The noise of a read is drawn as fast products draw it, one number a
/// conversion; with `of_cells` every cell draws its own in every pass, from that stream.
/// Shape   x (tokens, inner), y (outputs, inner), converters (digits) -> z (tokens, outputs)
/// Range   source: weights or activations; at: where cells were written; place: of the reads
/// Cost    counts every action as it takes it
template <adc_policy Adc, switched_codes X>
[[nodiscard]] matrix<double> reference_product(code_array<Adc> const& array, X const& codes,
                                               matrix_view<std::int16_t const> y, std::vector<Adc> const& adcs,
                                               operand_source source, code_report& report, write_place const& at = {},
                                               read_place const& place = {}, stream const* of_cells = nullptr) {
  code_layout const& c = array.settings().layout;
  auto const x = switched_view(codes);
  constexpr bool inputs_have_sign = std::is_signed_v<std::remove_cvref_t<decltype(x(0, 0))>>;
  auto const& w = c.weights;
  std::size_t const slices = w.slices.size(), lines = w.lines();
  int const passes = static_cast<int>(adcs.size() / slices);
  input_passes_of const law(c, passes, inputs_have_sign);
  Adc const unit_converter = array.unit_converter();
  auto& count = report.actions;

  // Converters of the array at hand that have errors, as they were made.
  converter_config const& errors = array.settings().converter;
  std::map<std::size_t, std::function<double(double, std::uint64_t)>> made;
  std::function<converter_numbers(std::size_t)> numbers;
  auto const code_of = [&](Adc const& adc, float size, std::size_t converter, std::uint64_t conversion) {
    if constexpr (std::is_same_v<Adc, uniform_adc>) {
      if (errors.kind != converter_kind::ideal) {
        int const bits = array.settings().adc.bits - (c.has_signed_currents() ? 1 : 0);
        if (!made.contains(converter))
          with_converter_law(errors.kind, [&]<class Law>() {
            Law const converter_law(errors, {bits, static_cast<double>((1 << bits) - 1), 0.0}, numbers(converter));
            made[converter] = [&, bits, converter_law](double position, std::uint64_t element) {
              stream const noise{array.settings().cells.seed, purpose::adc_read, place.product};
              return converter_law.code(position, [&](std::uint64_t k) {
                return static_cast<double>(noise.normal(element * draws_of(errors, bits) + k, place.time));
              });
            };
          });
        return made[converter](static_cast<double>(simd::mul(size, static_cast<float>(1.0 / adc.step()))), conversion);
      }
    }
    return static_cast<double>(adc.code(size));
  };
  auto const converted = [&](Adc const& adc, float current, std::size_t converter, std::uint64_t conversion) {
    if (!c.has_signed_currents() && current < 0.0f) current = 0.0f;  // noise below what the converter reads
    float const size = current < 0.0f ? -current : current;
    report.clipped += static_cast<std::uint64_t>(size > adc.full_scale());
    count.template add<"adc", "convert">();
    double const value = snapped_step(adc.step()) * code_of(adc, size, converter, conversion);
    return current < 0.0f ? -value : value;
  };

  auto const& settings = array.settings().cells;
  std::uint32_t number = at.first_array;
  double leaked = 0.0;
  for (std::size_t i = 0; i < slices; ++i)
    leaked += settings.leak(c.cell_top(i)) * static_cast<double>(in_situ::slice_weight(c, i));

  // What a digit drives a row with: itself, or by the curve of the cells, whose conductance is that at the full voltage.
  auto const driven = [&](std::int32_t digit) {
    if (settings.cell.curve.is_linear() || c.inputs.slice_bits == 1) return static_cast<double>(digit);
    auto const top = static_cast<double>(c.input_top());
    return std::nearbyint(read_curve(settings.cell.curve, digit / top) * top * 16384.0) / 16384.0;
  };
  std::size_t const all_tiles = pieces(y.cols, c.rows()), all_groups = pieces(y.rows, c.weights_per_row()),
                    blocks = pieces(y.rows, output_block);
  std::size_t const tokens = std::max(place.tokens, place.first_token + x.rows);
  std::size_t const readings = lines == 2 && w.pairs == pair_reading::apart ? 2 : 1;
  stream const of_product{settings.seed, purpose::read, place.product};
  std::uint64_t drawn = 0;

  matrix<double> z(x.rows, y.rows), taken_off(x.rows, y.rows);
  drift_sums drift(c, in_situ::code_cells(settings), y.rows);
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
      auto const seen = in_situ::code_cells(settings).seen(digits.view(), tops, c.has_unit_column(), number++, at.time);
      drift.add(digits.view(), seen, group);
      made.clear();
      numbers = [&, tile, group](std::size_t converter) {
        bool const written = source == operand_source::activations;
        return numbers_of(settings.seed, {written ? place.array : at.first_array, written}, tile / c.rows(),
                          group / c.weights_per_row(), all_groups, converter);
      };
      for (std::size_t n = 0; n < x.rows; ++n) {
        for (std::size_t k = tile; k < end; ++k) count.template add<"input_register", "load">();
        std::vector<double> accumulator(last - group, 0.0), units(last - group, 0.0);
        for (int pass = 0; pass < passes; ++pass) {
          std::vector<double> rows;
          std::int64_t sum = 0;
          for (std::size_t k = tile; k < end; ++k) {
            std::int32_t const digit = law.digit(x(n, k), pass);
            rows.push_back(driven(digit));
            sum += digit;
          }
          for (std::uint64_t cycle = 0; cycle < c.cycles_of_pass(inputs_have_sign); ++cycle) {
            count.template add<"in_situ_array", "cycle">();
            for (std::size_t k = tile; k < end; ++k) count.template add<"dac", "drive">();
          }
          // A column as a read finds it, or the difference of two.
          auto const current = [&](std::vector<std::size_t> const& columns, std::uint64_t element) {
            double total = 0.0, variance = 0.0, noise = 0.0;
            for (std::size_t k = 0; k < rows.size(); ++k) {
              float of_row = 0.0f;  // a pair that is subtracted has one variance
              for (std::size_t column : columns) {
                double const sign = column == columns.front() ? 1.0 : -1.0;
                total += sign * rows[k] * static_cast<double>(seen.digits(k, column));
                if (seen.variance.size() == 0) continue;
                of_row += seen.variance(k, column);
                if (of_cells != nullptr)
                  noise += rows[k] * std::sqrt(static_cast<double>(seen.variance(k, column))) *
                           static_cast<double>(of_cells->normal(drawn++, place.time));
              }
              variance += static_cast<double>(static_cast<float>(rows[k] * rows[k])) * static_cast<double>(of_row);
            }
            auto const exact = static_cast<float>(total);
            if (seen.variance.size() == 0) return exact;
            if (of_cells != nullptr) return exact + static_cast<float>(noise);
            return exact + simd::mul(std::sqrt(static_cast<float>(variance)), of_product.normal(element, place.time));
          };
          auto const of_pass = static_cast<std::uint64_t>(pass);
          auto const of_column = [&](std::size_t o, std::size_t slice, std::size_t line) {
            std::uint64_t const conversion =
                (((of_pass * slices + slice) * blocks + o / output_block) * tokens + place.first_token + n) *
                    all_tiles +
                tile / c.rows();
            return (conversion * readings + line) * output_block + o % output_block;
          };
          auto const gain = static_cast<double>(law.weight(pass));
          double unit = static_cast<double>(sum);
          if (c.has_unit_column()) {
            std::uint64_t const after =
                static_cast<std::uint64_t>(passes) * slices * blocks * tokens * all_tiles * readings * output_block;
            std::uint64_t const conversion =
                after + ((of_pass * tokens + place.first_token + n) * all_tiles + tile / c.rows()) * all_groups +
                group / c.weights_per_row();
            unit = converted(unit_converter, current({cells.size()}, conversion), unit_converter_of(c, errors),
                             conversion);
          }
          for (std::size_t o = group; o < last; ++o) {
            double& to = accumulator[o - group];
            double& off = units[o - group];
            for (std::size_t i = 0; i < slices; ++i) {
              std::size_t const column = ((o - group) * slices + i) * lines;
              Adc const& adc = adcs[static_cast<std::size_t>(pass) * slices + i];
              double const weight = gain * static_cast<double>(in_situ::slice_weight(c, i));
              double value = 0.0;
              auto const read = [&](std::vector<std::size_t> const& columns, std::size_t line) {
                return converted(adc, current(columns, of_column(o, i, line)),
                                 converter_of(c, errors, o - group, i, line), of_column(o, i, line));
              };
              if (lines == 1) {
                value = read({column}, 0);
                if (flipped[column]) {
                  value = -value;
                  off += weight * (static_cast<double>(c.cell_top(i)) + 2.0 * settings.leak(c.cell_top(i))) * unit;
                }
              } else if (w.pairs == pair_reading::difference) {
                value = read({column, column + 1}, 0);
              } else {
                value = read({column}, 0);
                value -= read({column + 1}, 1);
                count.template add<"subtractor", "subtract">();
              }
              to += weight * value;
              count.template add<"shift_add", "step">();
            }
            if (lines == 1) off -= gain * (static_cast<double>(c.weight_top() + 1) + leaked) * unit;
          }
        }
        for (std::size_t o = group; o < last; ++o) {
          if (lines == 1) count.template add<"subtractor", "subtract">();
          if (tile > 0) count.template add<"accumulator", "add">();
          z(n, o) += accumulator[o - group];
          taken_off(n, o) += units[o - group];
        }
      }
    }
  }
  auto const gains = drift.gains();
  for (std::size_t n = 0; n < x.rows; ++n)
    for (std::size_t o = 0; o < y.rows; ++o)
      z(n, o) = gains.empty() ? z(n, o) + taken_off(n, o)
                              : simd::fence(z(n, o) * gains[o]) + simd::fence(taken_off(n, o) * drift.unit_gain());
  return z;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
