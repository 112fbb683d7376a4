// The product of the in-situ array: the definition, in plain loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/cells.hpp"
#include "ohmic/crossbar/in_situ/inputs.hpp"
#include "ohmic/crossbar/in_situ/ranges.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// What happened in a product.
struct report {
  std::uint64_t inputs = 0;               ///< that were coded; again after every halving
  std::uint64_t clipped_inputs = 0;       ///< of these, beyond the coding
  std::uint64_t conversions = 0;          ///< by ADCs
  std::uint64_t clipped_conversions = 0;  ///< of these, beyond the range in the result that counts
  std::uint64_t halvings = 0;             ///< of inputs, because outputs were beyond the range

  void include(report const& r) noexcept {
    inputs += r.inputs;
    clipped_inputs += r.clipped_inputs;
    conversions += r.conversions;
    clipped_conversions += r.clipped_conversions;
    halvings += r.halvings;
  }
};

namespace detail {

/// One array, the rows [first, first + rows) of the matrix, and its converters.
class array_product {
 public:
  array_product(cells const& c, std::size_t array)
      : c_(c),
        noise_{c.at.seed, purpose::read, c.at.first_array + static_cast<std::uint32_t>(array)},
        first_(array * c.rows_of_array()),
        rows_(std::min(c.rows_of_array(), c.inputs - first_)) {
    for (std::size_t i = 0; i < c.slices; ++i) {
      auto const range = in_situ::range_of(c.config, i, rows_);
      auto const& a = c.config.adc;
      adc_.emplace_back(a.levels, a.bits, a.steps, range.low, range.high);
      high_.push_back(range.high);
    }
  }

  /// Reads of the array that a vector takes at most, each with numbers of its own.
  [[nodiscard]] static std::uint64_t reads_of_vector(config const& c) {
    auto const bits = static_cast<std::uint64_t>(c.inputs.magnitude_bits()),
               wide = static_cast<std::uint64_t>(c.inputs.slice_bits);
    std::uint64_t const passes = c.inputs.slice_bits > 0 ? (bits + wide - 1) / wide : 1;
    return 2 * passes * (static_cast<std::uint64_t>(c.adc.halvings) + 1);
  }

  /// Adds the product with one input vector, the `vector`-th that this array sees.
  /// Shape   x (inputs) -> y (outputs)
  void add(std::span<double const> x, std::span<double> y, std::uint64_t vector, report& r) const {
    std::uint64_t const reads = reads_of_vector(c_.config),
                        per_drive = reads / (static_cast<std::uint64_t>(c_.config.adc.halvings) + 1);
    auto const mine = x.subspan(first_, rows_);
    auto const& in = c_.config.inputs;
    double scale = in.largest;
    if (in.scale == input_scale::largest_of_vector) {
      scale = 0.0;
      for (double v : mine) scale = std::max(scale, std::fabs(v));
      if (scale == 0.0) scale = 1.0;
    }
    std::vector<double> out(c_.outputs), scaled(rows_);
    for (int halved = 0;; ++halved, scale *= 2.0) {
      report once;
      for (std::size_t k = 0; k < rows_; ++k) scaled[k] = mine[k] / scale;
      multiply(scaled, out, static_cast<std::uint32_t>(vector * reads + static_cast<std::uint64_t>(halved) * per_drive),
               once);
      bool const again = once.clipped_conversions > 0 && halved < c_.config.adc.halvings;
      if (again) {
        once.clipped_conversions = 0;
        once.halvings = 1;
      }
      r.include(once);
      if (!again) break;
    }
    for (std::size_t o = 0; o < c_.outputs; ++o) {
      double const gain = scale * c_.weight_scale;
      y[o] += simd::fence(out[o] * (c_.output_gain.empty() ? gain : gain * c_.output_gain[o]));
    }
  }

 private:
  /// Shape   scaled (rows) -> out (outputs), in units of a full input times the largest weight
  void multiply(std::span<double const> scaled, std::vector<double>& out, std::uint32_t time, report& r) const {
    coded_inputs coded = in_situ::code_inputs(scaled, c_.config.inputs);
    r.inputs += rows_;
    r.clipped_inputs += coded.clipped;
    auto const& curve = c_.config.cell.curve;
    if (!curve.is_linear())  // the digital side knows the sum of the inputs, not of what flows
      for (auto& p : coded.passes)
        for (auto* side : {&p.positive, &p.negative})
          for (double& v : *side) {
            if (v > 1.0 || v < -1.0) v = v > 0.0 ? 1.0 : -1.0, ++r.clipped_inputs;  // no curve is known beyond
            v = read_curve(curve, v);
          }
    auto const map = c_.config.weights.mapping;
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t i = 0; i < c_.slices; ++i) {
      double reference = 0.0;  // the current of w = 0
      if (map == mapping::offset) reference = c_.zero[i] * coded.sum;
      if (map == mapping::offset_unit_column) reference = column(i, c_.outputs, coded, time, r);
      for (std::size_t o = 0; o < c_.outputs; ++o)
        out[o] += simd::fence((column(i, o, coded, time, r) - reference) * c_.slice_gain[i]);
    }
  }

  /// The converted current of a column, over all passes of the inputs.
  double column(std::size_t slice, std::size_t o, coded_inputs const& coded, std::uint32_t time, report& r) const {
    auto const passes = c_.config.inputs.passes;
    double sum = 0.0;
    for (auto const& p : coded.passes) {
      double const plus = current(slice, o, p.positive, time);
      double result = 0.0;
      if (passes == input_passes::one) {
        result = converted(slice, plus, r);
      } else {
        double const minus = current(slice, o, p.negative, time + 1);
        result = passes == input_passes::two_summed_analog ? converted(slice, plus - minus, r)
                                                           : converted(slice, plus, r) - converted(slice, minus, r);
      }
      sum += simd::fence(p.gain * result);
      time += 2;
    }
    return sum;
  }

  /// Current of a column, of a pair the difference, as it reaches the converter.
  double current(std::size_t slice, std::size_t o, std::vector<double> const& drive, std::uint32_t time) const {
    double const* plus = c_.row(slice, 0, o) + first_;
    double const* minus = c_.lines == 2 ? c_.row(slice, 1, o) + first_ : nullptr;
    auto const read = as_read(slice, o, time);
    if (!read.empty()) {
      plus = read.data();
      minus = c_.lines == 2 ? read.data() + rows_ : nullptr;
    }
    double sum = 0.0;
    for (std::size_t k = 0; k < rows_; ++k)
      sum += simd::fence((minus == nullptr ? plus[k] : plus[k] - minus[k]) * drive[k]);
    return c_.config.lines.ir_drop > 0.0 ? sum - dropped(plus, minus, drive) : sum;
  }

  /// Conductances of a column as one read finds them, at least 0; empty where reads are exact.
  /// Shape   (lines, rows)
  std::vector<double> as_read(std::size_t slice, std::size_t o, std::uint32_t time) const {
    if (c_.read_sigma.empty()) return {};
    std::vector<double> out;
    std::vector<float> z(rows_);
    for (std::size_t l = 0; l < c_.lines; ++l) {
      double const* const g = c_.row(slice, l, o) + first_;
      std::size_t const line = (slice * c_.lines + l) * c_.columns + o;
      double const* const sigma = c_.read_sigma.data() + line * c_.inputs + first_;
      noise_.normals(std::uint64_t{line} * c_.rows_of_array(), time, z);
      for (std::size_t k = 0; k < rows_; ++k)
        out.push_back(std::max(0.0, g[k] + simd::fence(sigma[k] * static_cast<double>(z[k]))));
    }
    return out;
  }

  /// What wires take from a current.
  /// Source  AIHWKit's formula: a = n / ratio sum |w| |x|, c = a (a (0.05 a - 0.2) + 0.5), loss c sum w x (1 - (1 - k / n)^2)
  double dropped(double const* plus, double const* minus, std::vector<double> const& drive) const {
    auto const& l = c_.config.lines;
    auto const n = static_cast<double>(rows_);
    double load = 0.0, weighted = 0.0;
    for (std::size_t k = 0; k < rows_; ++k) {
      double const w = plus[k] - minus[k], far = 1.0 - static_cast<double>(k) / n;
      load += simd::fence(std::fabs(w) * std::fabs(drive[k]));
      weighted += simd::fence(simd::fence(w * drive[k]) * (1.0 - simd::fence(far * far)));
    }
    double const a = n / l.wire_ratio * load;
    double const c = a * (simd::fence(a * (simd::fence(0.05 * a) - 0.2)) + 0.5);
    return l.ir_drop * c * weighted;
  }

  /// The output stage and its converter.
  double converted(std::size_t slice, double value, report& r) const {
    auto const& l = c_.config.lines;
    if (l.nonlinearity > 0.0) {
      // Source  AIHWKit: y / (1 + b |y|), b relative to the range, with the slope 1 restored at slope_point of the range
      double const slope = 1.0 + simd::fence(l.nonlinearity * l.slope_point);
      value = slope * slope * value / (1.0 + simd::fence(l.nonlinearity / high_[slice] * std::fabs(value)));
    }
    if (c_.config.adc.levels != level_convention::none) ++r.conversions;
    r.clipped_conversions += adc_[slice].beyond(value) ? 1 : 0;
    return adc_[slice](value);
  }

  cells const& c_;
  stream noise_;
  std::size_t first_, rows_;
  std::vector<level_converter> adc_;
  std::vector<double> high_;
};

}  // namespace detail

/// Multiplies a programmed matrix with input vectors. The results of the arrays are added digitally, in order.
/// Shape   x (inputs, batch) -> (outputs, batch)
/// Units   those of the weights times those of x
/// Range   inputs beyond inputs.largest and currents beyond the converters' range: clipped and counted in `r`
/// Errors  shape if x has not one row for every input, or no columns; value for an input that is not finite
/// Random  purpose::read of cells.at, one normal per cell and read, where the cells have noise; `first_vector` is the number of the
///         first column of x among all that the array sees, so that a batch may be cut anywhere
/// Cost    per vector, array, pass of the inputs and slice of the weights: one read and one conversion per column
/// Source  ours; held to CrossSim and AIHWKit in tests/unit/crossbar/in_situ_golden_test.cpp
[[nodiscard]] inline matrix<double> multiply(cells const& c, matrix_view<double const> x, report& r,
                                             executor* threads = nullptr, std::uint64_t first_vector = 0) {
  if (x.rows != c.inputs || x.cols == 0)
    throw error({errc::shape, "inputs do not fit the weights", "inputs", shape_text(x.rows, x.cols),
                 std::to_string(c.inputs) + " rows, one for every input of the weights, and at least one column",
                 "check the shapes: weights (outputs, inputs), inputs (inputs, batch)"});
  auto const columns = transposed(x);  // (batch, inputs)
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!std::isfinite(columns.flat()[i]))
      throw error({errc::value, "an input is not finite",
                   "input (" + std::to_string(i % c.inputs) + ", " + std::to_string(i / c.inputs) + ")",
                   std::to_string(columns.flat()[i]), "finite numbers", "mend the inputs"});
  if (!c.read_sigma.empty()) {
    require_addressable(1, 1, first_vector, "first_vector");  // so that the product below does not wrap
    require_addressable(1, 1, (first_vector + x.cols) * detail::array_product::reads_of_vector(c.config), "inputs");
  }
  std::vector<detail::array_product> arrays;
  for (std::size_t a = 0; a < c.arrays(); ++a) arrays.emplace_back(c, a);
  matrix<double> y(x.cols, c.outputs);
  std::vector<report> reports(x.cols);
  auto const one = [&](std::size_t n) {
    for (auto const& a : arrays) a.add(columns.row(n), y.row(n), first_vector + n, reports[n]);
  };
  if (threads != nullptr) {
    threads->for_each_index(x.cols, one);
  } else {
    for (std::size_t n = 0; n < x.cols; ++n) one(n);
  }
  for (auto const& one_report : reports) r.include(one_report);
  return transposed(y.view());
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
