// The product of the in-situ array: the definition, in plain loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/cells.hpp"
#include "ohmic/crossbar/in_situ/inputs.hpp"
#include "ohmic/crossbar/in_situ/ranges.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter_kinds.hpp"

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

/// Currents as they reach the converters of each slice.
using seen_currents = std::vector<std::vector<double>>;

/// One array, the rows [first, first + rows) of the matrix, and its converters, whose law is Law.
template <converter_law Law>
class array_product {
 public:
  array_product(cells const& c, std::size_t array)
      : c_(c),
        noise_{c.at.seed, purpose::read, c.at.first_array + static_cast<std::uint32_t>(array)},
        converter_noise_{c.at.seed, purpose::adc_read, noise_.array},
        first_(array * c.rows_of_array()),
        rows_(std::min(c.rows_of_array(), c.inputs - first_)) {
    auto const& a = c.config.adc;
    for (std::size_t i = 0; i < c.slices; ++i) {
      auto const range = in_situ::range_of(c.config, i, rows_);
      adc_.emplace_back(a.levels, a.bits, a.steps, range.low, range.high);
      high_.push_back(range.high);
    }
    if constexpr (!is_ideal) {
      auto const shared = static_cast<std::size_t>(c.config.converter.columns);
      for (std::size_t i = 0; i < c.slices; ++i)
        for (std::size_t o = 0; o < c.columns; ++o)
          if (o % shared == 0)
            laws_.emplace_back(c.config.converter, adc_[i].scale(a.bits),
                               converter_numbers{stream{c.at.seed, purpose::adc, noise_.array}, laws_.size()});
    }
  }

  /// Reads of the array that a vector takes at most, each with numbers of its own.
  [[nodiscard]] static std::uint64_t reads_of_vector(config const& c) {
    auto const bits = static_cast<std::uint64_t>(c.inputs.magnitude_bits()),
               wide = static_cast<std::uint64_t>(c.inputs.slice_bits);
    std::uint64_t const passes = c.inputs.slice_bits > 0 ? (bits + wide - 1) / wide : 1;
    return 2 * passes * (static_cast<std::uint64_t>(c.adc.halvings) + 1);
  }

  /// From now on currents are kept in `seen` and not converted.
  void observe(seen_currents& seen) noexcept { seen_ = &seen; }

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
    bool const whole =
        !c_.output_gain.empty() && c_.lines == 2;  // of offset mappings columns have their factors already
    for (std::size_t o = 0; o < c_.outputs; ++o) {
      double const gain = scale * c_.weight_scale;
      y[o] += simd::fence(out[o] * (whole ? gain * c_.output_gain[o] : gain));
    }
  }

 private:
  /// Shape   scaled (rows) -> out (outputs), in units of a full input times the largest weight
  void multiply(std::span<double const> scaled, std::vector<double>& out, std::uint32_t time, report& r) const {
    coded_inputs coded = in_situ::code_inputs(scaled, c_.config.inputs);
    r.inputs += rows_;
    r.clipped_inputs += coded.clipped;
    auto const& curve = c_.config.cell.curve;
    bool const bends = !curve.is_linear() && c_.config.inputs.coding != input_coding::pulse_width;
    if (bends)  // the digital side knows the sum of the inputs, not of what flows
      for (auto& p : coded.passes)
        for (auto* side : {&p.positive, &p.negative})
          for (double& v : *side) {
            if (v > 1.0 || v < -1.0) v = v > 0.0 ? 1.0 : -1.0, ++r.clipped_inputs;  // no curve is known beyond
            if (curve.law == curve_law::sinh) v = read_curve(curve, v);
          }
    auto const map = c_.config.weights.mapping;
    std::fill(out.begin(), out.end(), 0.0);
    auto const undrifted = [&](double current, std::size_t column) {
      return c_.lines == 2 || c_.output_gain.empty() ? current : simd::fence(current * c_.output_gain[column]);
    };
    for (std::size_t i = 0; i < c_.slices; ++i) {
      double reference = 0.0;  // the current of w = 0; a count does not drift
      if (map == mapping::offset) reference = c_.zero[i] * coded.sum;
      if (map == mapping::offset_unit_column) reference = undrifted(column(i, c_.outputs, coded, time, r), c_.outputs);
      for (std::size_t o = 0; o < c_.outputs; ++o)
        out[o] += simd::fence((undrifted(column(i, o, coded, time, r), o) - reference) * c_.slice_gain[i]);
    }
  }

  /// The converted current of a column, over all passes of the inputs.
  double column(std::size_t slice, std::size_t o, coded_inputs const& coded, std::uint32_t time, report& r) const {
    auto const passes = c_.config.inputs.passes;
    double sum = 0.0;
    for (auto const& p : coded.passes) {
      double const plus = current(slice, o, p.positive, time);
      auto const read = [&](double value, std::uint32_t at) { return converted(slice, o, value, at, r); };
      double result = 0.0;
      if (passes == input_passes::one) {
        result = read(plus, time);
      } else {
        double const minus = current(slice, o, p.negative, time + 1);
        result = passes == input_passes::two_summed_analog ? read(plus - minus, time)
                                                           : read(plus, time) - read(minus, time + 1);
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
    if (bends_by_cell()) {
      for (std::size_t k = 0; k < rows_; ++k)
        sum += minus == nullptr ? bent(plus[k], drive[k]) : bent(plus[k], drive[k]) - bent(minus[k], drive[k]);
    } else {
      for (std::size_t k = 0; k < rows_; ++k)
        sum += simd::fence((minus == nullptr ? plus[k] : plus[k] - minus[k]) * drive[k]);
    }
    return c_.config.lines.ir_drop > 0.0 ? sum - dropped(plus, minus, drive) : sum;
  }

  /// True where the shape of the curve depends on the conductance, and rows are driven by amplitudes.
  [[nodiscard]] bool bends_by_cell() const noexcept {
    return c_.config.cell.curve.law == curve_law::milo && c_.config.inputs.coding != input_coding::pulse_width;
  }
  [[nodiscard]] double bent(double g, double drive) const noexcept {
    return simd::fence(g * read_curve(milo_iv{}, c_.config.cell.curve.read, drive, g * c_.config.cell.g_max_S()));
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
  double converted(std::size_t slice, std::size_t o, double value, std::uint32_t time, report& r) const {
    auto const& l = c_.config.lines;
    if (l.nonlinearity > 0.0) {
      // Source  AIHWKit: y / (1 + b |y|), b relative to the range, with the slope 1 restored at slope_point of the range
      double const slope = 1.0 + simd::fence(l.nonlinearity * l.slope_point);
      value = slope * slope * value / (1.0 + simd::fence(l.nonlinearity / high_[slice] * std::fabs(value)));
    }
    if (seen_ != nullptr) {
      (*seen_)[slice].push_back(value);
      return value;
    }
    if (c_.config.adc.levels != level_convention::none) ++r.conversions;
    r.clipped_conversions += adc_[slice].beyond(value) ? 1 : 0;
    if constexpr (is_ideal) {
      return adc_[slice](value);
    } else {
      auto const shared = static_cast<std::size_t>(c_.config.converter.columns);
      std::size_t const converters = (c_.columns + shared - 1) / shared;
      Law const& law = laws_[slice * converters + o / shared];
      std::uint64_t const element = std::uint64_t{slice * c_.columns + o} * converter_numbers::of_one;
      return adc_[slice].value_of(law.code(adc_[slice].position(value), [&](std::uint64_t k) {
        return static_cast<double>(converter_noise_.normal(element + k, time));
      }));
    }
  }

  static constexpr bool is_ideal = std::is_same_v<Law, ideal_converter>;

  cells const& c_;
  stream noise_, converter_noise_;
  std::size_t first_, rows_;
  std::vector<level_converter> adc_{};
  std::vector<double> high_{};
  std::vector<Law> laws_{};  ///< (slices, columns / columns that share one)
  seen_currents* seen_ = nullptr;
};

/// Columns of a batch, each one vector.
/// Errors  shape, value: as multiply
[[nodiscard]] inline matrix<double> checked_vectors(cells const& c, matrix_view<double const> x) {
  if (x.rows != c.inputs || x.cols == 0)
    throw error({errc::shape, "inputs do not fit the weights", "inputs", shape_text(x.rows, x.cols),
                 std::to_string(c.inputs) + " rows, one for every input of the weights, and at least one column",
                 "check the shapes: weights (outputs, inputs), inputs (inputs, batch)"});
  auto columns = transposed(x);  // (batch, inputs)
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!std::isfinite(columns.flat()[i]))
      throw error({errc::value, "an input is not finite",
                   "input (" + std::to_string(i % c.inputs) + ", " + std::to_string(i / c.inputs) + ")",
                   ohmic::detail::number_text(columns.flat()[i]), "finite numbers", "mend the inputs"});
  return columns;
}

}  // namespace detail

/// Multiplies a programmed matrix with input vectors, through converters of a law that is known when it is compiled: one of the
/// library's, or your own. The results of the arrays are added digitally, in order.
/// Shape   x (inputs, batch) -> (outputs, batch)
/// Units   those of the weights times those of x
/// Range   inputs beyond inputs.largest and currents beyond the converters' range: clipped and counted in `r`; analog inputs to cells
///         without a curve are driven as they are
/// Errors  shape if x has not one row for every input, or no columns; value for an input that is not finite;
///         missing_calibration for a calibrated range that was not
/// Random  purpose::read of cells.at, one normal per cell and read, where the cells have noise; adc and adc_read, as the converters
///         say; `first_vector` is the number of the first column of x among all that the array sees, so that a batch may be cut
///         anywhere
/// Cost    per vector, array, pass of the inputs and slice of the weights: one read and one conversion per column
/// Source  ours; held to CrossSim and AIHWKit in tests/unit/crossbar/in_situ_golden_test.cpp
template <converter_law Law>
[[nodiscard]] matrix<double> multiply(cells const& c, matrix_view<double const> x, report& r,
                                      executor* threads = nullptr, std::uint64_t first_vector = 0) {
  auto const columns = detail::checked_vectors(c, x);
  if (!c.read_sigma.empty() || c.config.converter.is_noisy()) {
    require_addressable(1, 1, first_vector, "first_vector");  // so that the product below does not wrap
    require_addressable(1, 1, (first_vector + x.cols) * detail::array_product<Law>::reads_of_vector(c.config),
                        "inputs");
  }
  if constexpr (!std::is_same_v<Law, ideal_converter>)
    require_addressable(1, std::uint64_t{c.slices * c.columns + 1} * converter_numbers::of_one, 1, "converter");
  std::vector<detail::array_product<Law>> arrays;
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

/// The same with the converters that `converter.kind` names, chosen when the program runs: the same bits.
[[nodiscard]] inline matrix<double> multiply(cells const& c, matrix_view<double const> x, report& r,
                                             executor* threads = nullptr, std::uint64_t first_vector = 0) {
  return with_converter_law(c.config.converter.kind,
                            [&]<class Law>() { return in_situ::multiply<Law>(c, x, r, threads, first_vector); });
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
