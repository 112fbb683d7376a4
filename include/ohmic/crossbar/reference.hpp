// The plain definition of the computation crossbar: every resistor, every switch, every conversion, one after the
// other. Slow on
// purpose; the fast kernels are held to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/operand.hpp"
#include "ohmic/device/fixed_resistor.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One column pair for one digit: I+ and I- of the S rows of each activation, the sign of the weight swapping the
/// columns.
/// Shape   digits (n), weights (n)
/// Units   product units
/// Source  Wang et al. 2024, section 5.2 and Fig 7
template <int S, switched_cell Cell>
struct column_pair {
  double plus = 0.0, minus = 0.0;

  column_pair(std::vector<int> const& digits, std::vector<int> const& weights, Cell const& cell) noexcept {
    for (std::size_t i = 0; i < digits.size(); ++i) {
      double const drive = weights[i] < 0 ? -weights[i] : weights[i];
      bool const to_plus = (digits[i] < 0) == (weights[i] < 0);
      for (int row = 0; row < S; ++row) {
        double const on = balanced<S>::switched_on(digits[i], row) ? cell.on(row) : cell.off();
        plus += drive * (to_plus ? on : cell.off());
        minus += drive * (to_plus ? cell.off() : on);
      }
    }
  }
};

/// Z = X . Y of a computation array, by the definition.
/// Shape   x (tokens, inner), y (outputs, inner), converters (digits) -> z (tokens, outputs)
/// Errors  shape for an empty operand or inner sizes that differ; config_conflict for a number of digits, value for a code
///         without digits, as multiply
/// Cost    counts every action as it takes it
template <int S, adc_policy Adc, class Dac, switched_codes X, switched_cell Cell = fixed_resistor>
[[nodiscard]] matrix<double> reference_product(computation_array<S, Adc, Dac> const& array, X const& codes,
                                               matrix_view<std::int16_t const> y, std::vector<Adc> const& adcs,
                                               operand_source source, product_report& report, Cell const& cell = {}) {
  array_geometry const& g = array.settings().array;
  std::size_t const per_tile = g.activations(S);
  auto const x = switched_view(codes);
  if (y.rows == 0 || y.cols == 0)
    throw error({errc::shape, "empty matrix", "reference_product", shape_text(y.rows, y.cols), "at least 1 x 1",
                 "give at least one output"});
  switched_operand::require_digits<S>(x, array.cut(y.cols), static_cast<int>(adcs.size()), "reference_product");
  matrix<double> z(x.rows, y.rows);
  auto& count = report.actions;
  for (std::size_t session = 0; session < y.rows; ++session) {
    for (std::size_t i = 0; i < y.cols; ++i) {
      if (source == operand_source::weights) {
        if (i % g.weights_per_access() == 0) {
          count.template add<"dense_bank", "column_access">();
          for (int row = 0; row < g.bank_rows + g.check_rows; ++row) count.template add<"dense_bank", "cell_read">();
        }
        count.template add<"weight_register", "load">();
      } else {
        count.template add<"operand_register", "load">();
      }
    }
    for (std::size_t first = 0; first < x.rows; first += g.pairs()) {
      std::size_t const last = std::min(first + g.pairs(), x.rows);
      for (std::size_t tile = 0; tile < y.cols; tile += per_tile) {
        std::size_t const end = std::min(tile + per_tile, y.cols);
        std::vector<double> accumulator(last - first, 0.0);
        for (std::size_t d = 0; d < adcs.size(); ++d) {
          count.template add<"computation_array", "cycle">();
          for (std::size_t i = tile; i < end; ++i)
            for (int row = 0; row < S; ++row) count.template add<"dac", "drive">();
          for (std::size_t n = first; n < last; ++n) {
            std::vector<int> digits, weights;
            for (std::size_t i = tile; i < end; ++i) {
              if (d == 0) {
                count.template add<"cache", "read">();
                count.template add<"encoder", "encode">();
              }
              std::vector<std::int8_t> digit(adcs.size());
              balanced<S>::encode(x(n, i), std::span(digit));
              digits.push_back(digit[d]);
              weights.push_back(y(session, i));
              count.template add<"switch_register", "load">();
            }
            column_pair<S, Cell> const pair(digits, weights, cell);
            auto const plus = static_cast<float>(pair.plus), minus = static_cast<float>(pair.minus);
            report.clipped += static_cast<std::uint64_t>(plus > adcs[d].full_scale()) +
                              static_cast<std::uint64_t>(minus > adcs[d].full_scale());
            count.template add<"adc", "convert">(2);
            double const difference =
                static_cast<double>(adcs[d].code(plus)) - static_cast<double>(adcs[d].code(minus));
            count.template add<"subtractor", "subtract">();
            double& sum = accumulator[n - first];
            sum = sum * balanced<S>::base + snapped_step(adcs[d].step()) * difference;
            count.template add<"shift_add", "step">();
          }
        }
        for (std::size_t n = first; n < last; ++n) {
          if (tile > 0) count.template add<"accumulator", "add">();
          z(n, session) += accumulator[n - first];
        }
      }
    }
  }
  return z;
}

}  // namespace ohmic::inline OHMIC_ABI
