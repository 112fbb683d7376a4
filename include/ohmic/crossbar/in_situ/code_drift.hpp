// Factors against drift for weights that are codes: what columns deliver now, against what they did.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/cells.hpp"
#include "ohmic/crossbar/in_situ/code_cells.hpp"
#include "ohmic/crossbar/in_situ/code_digits.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Means of the magnitudes that columns hold, array by array: of a pair its difference, of an offset weight its cells as they
/// are stored. The digital side multiplies with the factors before it takes the offset off. Unit columns have the factor of
/// the matrix; with `per_column` one of their own.
/// Units   of weight codes
/// Source  AIHWKit's drift compensations, as detail::drift_gains; measured without noise of reads and without wires
class drift_sums {
 public:
  drift_sums(code_layout const& c, code_cells const& cells, std::size_t outputs)
      : c_(&c), kind_(cells.compensation()), lowest_(c.weights.slices.size()), of_(kind_, outputs), units_(kind_, 1) {
    for (std::size_t i = 0; i < lowest_.size(); ++i) lowest_[i] = cells.lowest(c.cell_top(i));
  }

  /// Adds an array whose first weight is `first`; nothing where there is no age.
  void add(matrix_view<std::int32_t const> digits, seen_array const& seen, std::size_t first) {
    if (seen.aged.size() == 0) return;
    any_ = true;
    std::size_t const lines = c_->weights.lines(), slices = lowest_.size(), per_weight = lines * slices;
    for (std::size_t j = 0; j < digits.cols; j += per_weight)
      for (std::size_t k = 0; k < digits.rows; ++k) {
        double wanted = 0.0, programmed = 0.0, aged = 0.0;
        for (std::size_t l = 0; l < per_weight; ++l) {
          double const size = static_cast<double>(slice_weight(*c_, l / lines)), gain = l % lines == 0 ? size : -size;
          wanted += simd::fence(gain * (digits(k, j + l) + lowest_[l / lines]));
          programmed += simd::fence(gain * seen.programmed(k, j + l));
          aged += simd::fence(gain * seen.aged(k, j + l));
        }
        of_.add(first + j / per_weight, wanted, programmed, aged);
      }
    if (seen.aged.cols() > digits.cols)
      for (std::size_t k = 0; k < digits.rows; ++k)
        units_.add(0, 1.0, seen.programmed(k, digits.cols), seen.aged(k, digits.cols));
  }

  /// Shape   (outputs); empty where nothing is compensated
  [[nodiscard]] std::vector<double> gains() const { return any_ ? of_.result() : std::vector<double>(); }
  [[nodiscard]] double unit_gain() const {
    if (!any_ || !c_->has_unit_column()) return 1.0;  // a count does not drift
    return kind_ == drift_compensation::per_column ? units_.result().front() : of_.result().front();
  }

 private:
  code_layout const* c_;
  drift_compensation kind_;
  std::vector<double> lowest_;
  detail::drift_gains of_, units_;
  bool any_ = false;
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
