// In-situ arrays for codes: products of integers with weights in cells, pass by pass and slice by slice through converters.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ohmic/core/buffers.hpp"
#include "ohmic/core/cache.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/in_situ/code_array_settings.hpp"
#include "ohmic/crossbar/in_situ/code_converters.hpp"
#include "ohmic/crossbar/in_situ/code_exactness.hpp"
#include "ohmic/crossbar/in_situ/code_kernel.hpp"
#include "ohmic/crossbar/in_situ/code_operand.hpp"
#include "ohmic/crossbar/in_situ/code_shape.hpp"
#include "ohmic/crossbar/in_situ/code_units.hpp"
#include "ohmic/crossbar/sums.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/range.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// In-situ arrays: weights (or a second activation, written first) in cells, inputs on the rows. A conversion is of one
/// column, pass and array; the digital side adds what it counts, turns flipped columns back and takes off the offset.
/// Converter settings are numbered pass x slices + slice.
/// Shape   X (tokens, inner) . Y (inner, outputs) -> Z (tokens, outputs)
/// Cost    product_actions, as planned_product says
/// Source  Shafiee et al., ISCA 2016, section V, for bits on rows, slices, flipped columns and the unit column
template <adc_policy Adc = uniform_adc>
class code_array {
 public:
  using config = code_array_settings<Adc>;
  using adc = Adc;
  using operand = stored_operand;
  using report_type = code_report;
  using kernels_type = column_kernels<Adc>;
  /// Sums of one operand (operand_source::sums) are taken beside the arrays, exactly.
  static constexpr bool adds_sums_digitally = true;

  /// The kernels that the flags of this translation unit allow.
  [[nodiscard]] static kernels_type const& native() noexcept { return column_kernels_of<Adc>; }

  /// Errors  config_value, config_conflict naming the field
  explicit code_array(config const& c, kernels_type const& kernels = native())
      : config_(validated(c)), kernels_(&kernels), cells_(c.cells) {
    Adc::validate(c.adc);
    range_config::validate(c.range);
    if constexpr (requires { config_.adc.bits; }) {
      if (has_sign() && config_.adc.bits < 2)
        throw error({errc::config_conflict, "no bit is left for the sign of a current", "adc.bits",
                     std::to_string(config_.adc.bits), "at least 2 where currents have either sign",
                     "set adc.bits, or inputs.passes=two_summed_digital"});
      magnitude_adc_ = config_.adc;
      if (has_sign()) --magnitude_adc_.bits;
    } else {
      magnitude_adc_ = config_.adc;
    }
    for (std::size_t i = 0; i < slices(); ++i)
      if (c.layout.largest_current(i) > max_current)
        throw error({errc::config_conflict, "column currents too large", "array.rows",
                     std::to_string(c.layout.largest_current(i)) + " product units",
                     "at most " + std::to_string(max_current), "use fewer rows or narrower slices"});
    if (curve_bends()) {
      auto const top = static_cast<std::int32_t>(layout().input_top());
      for (std::int32_t d = -top; d <= top; ++d)  // in steps of 2^-14, so that sums of currents are exact in double
        drives_.push_back(std::nearbyint(read_curve(c.cells.cell.curve, static_cast<double>(d) / top) * top * 16384.0) /
                          16384.0);
    }
    if (has_laws()) return;
    lossless_ = Adc::lossless(c.adc) || (c.range.rule == ohmic::range_rule::full_scale && reads_every_current());
  }

  [[nodiscard]] config const& settings() const noexcept { return config_; }
  /// True where every conversion of whole digits returns the current itself: lossless converters, or full scales that have
  /// a code for every current.
  [[nodiscard]] bool lossless() const noexcept { return lossless_; }
  /// Largest code of a weight.
  [[nodiscard]] std::int32_t driven_top() const noexcept { return static_cast<std::int32_t>(layout().weight_top()); }

  /// Converter settings of a product whose inputs have codes up to this.
  [[nodiscard]] int digits_for(std::int64_t largest, bool inputs_have_sign) const noexcept {
    int bits = 1;
    while ((std::int64_t{1} << bits) - 1 < largest) ++bits;
    return layout().passes_for(bits, inputs_have_sign) * static_cast<int>(slices());
  }
  [[nodiscard]] product_tally planned(product_shape const& p, int digits, bool inputs_have_sign,
                                      operand_source source) const noexcept {
    return in_situ::planned_product(layout(), digits, inputs_have_sign, p, source);
  }

  /// Y from codes whose rows are the outputs (the layout of a weight matrix), written into cells where a product needs them.
  /// Range   place: of weights, `product` is the number of their first array; of activations, the product that they are
  ///         written for
  /// Errors  as stored_operand, stored_operand::see
  /// Random  as device_cell, where cells have errors
  [[nodiscard]] operand drive(matrix_view<std::int16_t const> codes, std::string const& where,
                              operand_source source = operand_source::weights, read_place const& place = {}) const {
    operand out(codes, layout(), !collapses() && source != operand_source::sums, where);
    if (!out.in_cells()) return out;
    bool const written = source == operand_source::activations;
    out.set_converters({written ? place.array : place.product, written});
    if (!cells_.is_ideal() || curve_bends())
      out.see(layout(), cells_, written_at(out.arrays(layout()), source, place, where));
    if (layout().weights.pairs == pair_reading::difference) out.subtract_pairs();
    if (in_situ::counts_bits(layout())) out.pack_bits(layout());
    if (!curve_bends()) out.pack_seen();
    return out;
  }
  /// Arrays that a matrix fills.
  [[nodiscard]] std::size_t arrays(operand const& y) const noexcept { return y.arrays(layout()); }

  /// The full scales of the converters of a product.
  /// Shape   seen (digits) statistics of calibration currents; may be empty where the range rule needs none
  /// Units   product units, of the magnitude
  /// Errors  as full_scale_for
  [[nodiscard]] std::vector<float> full_scales(std::vector<current_statistics> const& seen, int digits,
                                               std::string const& where) const {
    std::vector<float> out;
    float const top = Adc::top_code(magnitude_adc_);
    for (std::size_t d = 0; d < static_cast<std::size_t>(digits); ++d)
      out.push_back(Adc::lossless(config_.adc)
                        ? top
                        : full_scale_for(config_.range, d < seen.size() ? seen[d] : current_statistics(),
                                         static_cast<double>(layout().largest_current(d % slices())), d, top, where));
    return out;
  }
  /// Converters of these full scales.
  /// Shape   (digits) -> (digits)
  [[nodiscard]] std::vector<Adc> converters(std::span<float const> full_scales) const {
    std::vector<Adc> out;
    for (float f : full_scales) out.emplace_back(magnitude_adc_, f);
    return out;
  }
  /// The converter of the unit column: it reads up to the sum of a whole column of largest inputs.
  [[nodiscard]] Adc unit_converter() const {
    range_config whole;
    whole.rule = ohmic::range_rule::full_scale;
    return Adc(magnitude_adc_, full_scale_for(whole, {}, static_cast<double>(largest_sum()), 0,
                                              Adc::top_code(magnitude_adc_), "unit column"));
  }

  /// Z = X . Y through the converters. Where they lose nothing passes and slices collapse into one integer product: the
  /// same sums. Factors against drift are part of the scale that F multiplies with: no action of their own.
  /// Shape   x (tokens, inner) codes of 16 bits with or without sign (switched_codes), converters (digits)
  /// Errors  shape, value as input_operand; capacity where sums are not exact or random numbers have no addresses
  /// Random  purpose::read of the product and the time of `place`, one normal a conversion where reads are noisy: in
  ///         distribution one of every cell and pass
  template <switched_codes X>
  [[nodiscard]] product_sums multiply(X const& x, operand const& y, std::vector<Adc> const& adcs, operand_source source,
                                      report_type& done, executor& threads, std::string const& where,
                                      read_place const& place = {}) const {
    int const digits = static_cast<int>(adcs.size());
    if (collapses() || source == operand_source::sums) return exact_product(x, y, digits, source, done, threads, where);
    require_stored_for(layout(), y, adcs.size(), true, where);
    input_operand const in(switched_view(x), y.cut(), layout(), digits / static_cast<int>(slices()), where);
    require_exact_sums(layout(), config_.cells, in, y, adcs, unit_converter(), Adc::top_code(magnitude_adc_),
                       has_laws(), where);
    std::optional<code_converters> made;
    if (has_laws())
      made.emplace(config_.converter, layout(), Adc::top_code(magnitude_adc_), config_.cells.seed, in, y, place, where);
    bool const noisy = y.variance(0, 0, 0) != nullptr, compensated = !y.drift_gains().empty();
    read_address const noise =
        noisy ? reads_of(layout(), in, y, {config_.cells.seed, purpose::read, place.product}, place, where)
              : read_address();
    double const* const drives = drives_.empty() ? nullptr : drives_.data() + layout().input_top();
    auto const units = [&] {
      read_address const* const draws = noisy ? &noise : nullptr;
      Adc const converter = unit_converter();
      if (!made) return unit_readings<Adc>(in, y, layout(), converter, drives, draws);
      return unit_readings<Adc>(in, y, layout(), converter, drives, draws, [&](float current, auto&&... at) {
        return made->unit_code(converter, current, at...);
      });
    }();
    product_sums z(in.tokens(), y.outputs()), taken_off(compensated ? in.tokens() : 0, y.outputs());
    product_sums& off = compensated ? taken_off : z;
    std::vector<std::int32_t> const no_codes;
    double const on_top = offset();
    std::size_t const drawn = noisy ? noise.tiles * noise.lines * output_block : 0;
    std::size_t const at_once = tokens_of_task(in.tokens(), y, y.blocks(), drawn * sizeof(float), threads);
    shared_buffers<float> draws(at_once * drawn);
    run(in.tokens(), at_once, y.blocks(), done, threads,
        [&](std::size_t first, std::size_t tokens, std::size_t block, report_type& r) {
          shared_buffers<float>::buffer normals(draws);
          for (std::size_t p = 0; p < in.passes(); ++p) {
            auto const gain = static_cast<double>(in.weight(p));
            auto const unit_codes = layout().weights.flipped ? units.of_block(p, first, tokens, block) : no_codes;
            for (std::size_t i = 0; i < slices(); ++i) {
              Adc const& converter = adcs[p * slices() + i];
              column_job job = job_for(in, y, p, i, block, first, tokens);
              job.units = unit_codes.data();
              double const slice = gain * static_cast<double>(in_situ::slice_weight(layout(), i));
              // Flipped back, a cell's leak counts on the other side: what the offset takes off too much comes on again.
              job.unit_gain = slice * (static_cast<double>(layout().cell_top(i)) + 2.0 * leak(i)) * units.step();
              job.unit_sums = off.target(first, block, 1.0).first;
              job.drives = drives;
              if (noisy) {
                job.normals = normals.data();
                job.reads = noise.reads;
                job.first_read = noise.of_column(p, i, block, first);
                job.time = noise.time;
              }
              sum_target to = z.target(first, block, snapped_step(converter.step()) * slice);
              if (made)
                made->convert(kernels_->read, job, converter, p, i, block, first, to, r.clipped);
              else
                kernels_->convert(job, converter, converter.full_scale(), to, r.clipped);
            }
            if (!layout().weights.is_differential())
              units.take_off(p, gain * on_top, first, tokens, block, off.target(first, block, 1.0));
          }
        });
    done.clipped += units.clipped();
    for (std::size_t n = 0; n < taken_off.tokens(); ++n)
      for (std::size_t o = 0; o < y.outputs(); ++o) {
        double& sum = z.target(n, 0, 1.0).first[o];
        sum = simd::fence(sum * y.drift_gains()[o]) + simd::fence(taken_off(n, o) * y.unit_gain());
      }
    in_situ::count_product(layout(), product_shape{in.tokens(), y.cut().inner, y.outputs()}, in.passes(),
                           has_sign_of<X>, source, done.actions);
    return z;
  }

  /// Z = X . Y in integers, whatever the converters are; the actions counted are those of `digits` converter settings.
  template <switched_codes X>
  [[nodiscard]] product_sums exact_product(X const& x, operand const& y, int digits, operand_source source,
                                           report_type& done, executor& threads, std::string const& where) const {
    require_stored_for(layout(), y, static_cast<std::size_t>(digits), false, where);
    auto const bytes = switched_operand::bytes_of(switched_view(x), y.cut(), where);
    if (y.cut().inner > (std::size_t{1} << 16))
      throw error({errc::capacity, "inner size too large for 32-bit sums", where, std::to_string(y.cut().inner),
                   "at most 65536", "split the matrix"});
    product_sums z(bytes.tokens(), y.outputs());
    run(
        bytes.tokens(), tokens_of_task(bytes.tokens(), y, pieces(y.blocks(), exact_blocks), 0, threads), y.blocks(),
        done, threads,
        [&](std::size_t first, std::size_t tokens, std::size_t block, report_type&) {
          for (std::size_t d = 0; d < bytes.digits(); ++d)
            kernels_->subtract(
                ohmic::job_for(bytes, y.codes(), block, d, first, tokens, std::min(exact_blocks, y.blocks() - block)),
                z.target(first, block, static_cast<double>(bytes.weight(d))));
        },
        exact_blocks);
    in_situ::count_product(layout(), product_shape{bytes.tokens(), y.cut().inner, y.outputs()},
                           static_cast<std::size_t>(digits) / slices(), has_sign_of<X>, source, done.actions);
    return z;
  }

  /// Statistics of the magnitudes of the currents of a product, by converter setting, added to `seen`.
  /// Shape   seen (digits)
  template <switched_codes X>
  void observe(X const& x, operand const& y, std::vector<current_statistics>& seen, std::string const& where) const {
    require_stored_for(layout(), y, seen.size(), true, where);
    input_operand const in(switched_view(x), y.cut(), layout(), static_cast<int>(seen.size() / slices()), where);
    bool const two = layout().weights.is_differential() && layout().weights.pairs == pair_reading::apart;
    aligned_vector<std::int32_t> currents(in.tokens() * y.cut().tiles() * (two ? 2 : 1) * output_block);
    for (std::size_t d = 0; d < seen.size(); ++d) {
      if (seen[d].count() == 0) seen[d] = current_statistics(layout().largest_current(d % slices()));
      for (std::size_t b = 0; b < y.blocks(); ++b) {
        kernels_->observe(job_for(in, y, d / slices(), d % slices(), b, 0, in.tokens()), currents.data());
        std::size_t const outputs = std::min(output_block, y.outputs() - b * output_block);
        for (std::size_t i = 0; i < currents.size(); i += output_block)
          seen[d].observe(std::span(currents).subspan(i, outputs));
      }
    }
  }

  /// Empty statistics of a product; memory comes with the first currents.
  [[nodiscard]] std::vector<current_statistics> no_statistics(int digits) const {
    return std::vector<current_statistics>(static_cast<std::size_t>(digits));
  }

 private:
  template <switched_codes X>
  static constexpr bool has_sign_of =
      std::same_as<decltype(switched_view(std::declval<X const&>())), matrix_view<std::int16_t const>>;

  [[nodiscard]] static config const& validated(config const& c) {
    code_layout::validate(c.layout);
    code_cell_settings::validate(c.cells, c.layout);
    require_law_fits<Adc>(c.converter, c.adc);
    return c;
  }

  /// Rounding inside the converters is exact below this current.
  static constexpr std::int64_t max_current = 1 << 21;
  /// Tokens of a task: what they take stays in the second cache while blocks of outputs pass, and there are tasks enough for the threads.
  [[nodiscard]] static std::size_t tokens_of_task(std::size_t tokens, operand const& y, std::size_t across,
                                                  std::size_t bytes_beside, executor const& threads) noexcept {
    constexpr std::size_t step = 16;
    std::size_t most = std::min<std::size_t>(
        core_caches::rows_in_half(core_caches::of_machine().outer, y.cut().padded() + bytes_beside, step), 256);
    if (threads.threads() > 1)
      most = std::min(most, pieces(pieces(tokens * across, 4 * threads.threads()), step) * step);
    return std::clamp<std::size_t>(tokens, 1, std::max(most, step));
  }

  [[nodiscard]] code_layout const& layout() const noexcept { return config_.layout; }
  [[nodiscard]] std::size_t slices() const noexcept { return layout().weights.slices.size(); }
  [[nodiscard]] bool has_sign() const noexcept { return layout().has_signed_currents(); }
  /// True where converters have errors, each its own.
  [[nodiscard]] bool has_laws() const noexcept { return config_.converter.kind != converter_kind::ideal; }
  /// True where a product is one of integers.
  [[nodiscard]] bool collapses() const noexcept { return lossless_ && cells_.is_ideal() && !curve_bends(); }
  /// True where rows are driven with more than a bit, which the curve of cells changes.
  [[nodiscard]] bool curve_bends() const noexcept {
    return !config_.cells.cell.curve.is_linear() && layout().inputs.slice_bits > 1;
  }
  /// What weights are stored with on top: 2^(bits - 1), and what their lowest levels conduct.
  [[nodiscard]] double offset() const noexcept {
    double sum = static_cast<double>(layout().weight_top() + 1);
    for (std::size_t i = 0; i < slices(); ++i) sum += leak(i) * static_cast<double>(in_situ::slice_weight(layout(), i));
    return sum;
  }
  [[nodiscard]] double leak(std::size_t slice) const noexcept { return config_.cells.leak(layout().cell_top(slice)); }

  [[nodiscard]] std::int64_t largest_sum() const noexcept { return layout().array.rows * layout().input_top(); }

  [[nodiscard]] column_job job_for(input_operand const& x, operand const& y, std::size_t pass, std::size_t slice,
                                   std::size_t block, std::size_t first, std::size_t tokens) const noexcept {
    column_job job;
    job.plus = y.cells(slice, 0, block);
    job.minus = y.cells(slice, 1, block);
    job.plus_bits = y.bits(slice, 0, block);
    job.minus_bits = y.bits(slice, 1, block);
    if (y.in_bits()) job.input_bits = x.bits(pass, first);
    job.bits = y.bits_of(slice);
    job.words = y.words();
    job.pair = y.has_two_lines();
    job.fixed_plus = y.fixed(slice, 0, block);
    job.fixed_minus = y.fixed(slice, 1, block);
    job.seen_plus = y.seen(slice, 0, block);
    job.seen_minus = y.seen(slice, 1, block);
    job.variance_plus = y.variance(slice, 0, block);
    job.variance_minus = y.variance(slice, 1, block);
    job.digits = x.row(pass, first);
    job.input_sums = x.sums(pass, first);
    if (y.is_subtracted()) job.sums = job.input_sums;
    job.flips = y.flips(slice, block);
    job.tokens = tokens;
    job.tiles = y.cut().tiles();
    job.groups = y.cut().groups();
    job.wide = 2 * (y.is_subtracted() ? 255 : layout().cell_top(slice)) * layout().input_top() > 32767;
    job.difference = layout().weights.pairs == pair_reading::difference;
    job.has_sign = has_sign();
    return job;
  }

  /// True if every converter gives back every current that a column can deliver.
  [[nodiscard]] bool reads_every_current() const {
    auto const exact = [](Adc const& a, std::int64_t largest) {
      if (snapped_step(a.step()) != 1.0) return false;
      for (std::int64_t current = 0; current <= largest; ++current)
        if (a.code(static_cast<float>(current)) != static_cast<float>(current)) return false;
      return true;
    };
    auto const adcs = converters(full_scales({}, static_cast<int>(slices()), "converters"));
    for (std::size_t i = 0; i < slices(); ++i)
      if (!exact(adcs[i], layout().largest_current(i))) return false;
    return !layout().has_unit_column() || exact(unit_converter(), largest_sum());
  }

  /// Groups of tokens and blocks of 16 outputs, in any order.
  template <class Kernel>
  void run(std::size_t tokens, std::size_t at_once, std::size_t blocks, report_type& done, executor& threads,
           Kernel const& kernel, std::size_t blocks_of_task = 1) const {
    std::size_t const across = pieces(blocks, blocks_of_task);
    std::vector<report_type> parts(pieces(tokens, at_once) * across);
    threads.for_each_index(parts.size(), [&](std::size_t task) {
      std::size_t const first = task / across * at_once;
      kernel(first, std::min(at_once, tokens - first), task % across * blocks_of_task, parts[task]);
    });
    for (auto const& part : parts) done += part;
  }

  config config_;
  typename Adc::config magnitude_adc_{};
  kernels_type const* kernels_;
  code_cells cells_;
  std::vector<double> drives_;  ///< of digits -top..top, where a curve bends them
  bool lossless_ = false;
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
