// The computation crossbar: products of integer codes, weight stationary or not, digit by digit through its converters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/crossbar/operand.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/crossbar/sums.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/dac.hpp"
#include "ohmic/periphery/range.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What a run of products did: its actions, and how many of the currents lay above the full scale.
struct product_report {
  product_tally actions;
  std::uint64_t clipped = 0;

  product_report& operator+=(product_report const& other) noexcept {
    actions += other.actions;
    clipped += other.clipped;
    return *this;
  }
};

/// Settings of a computation crossbar.
template <class Adc, class Dac>
struct computation_config {
  array_geometry array{};
  typename Dac::config dac{};
  typename Adc::config adc{};
  range_config range{};
  imperfections noise{};
};

/// Computation crossbar of scale factor S. Weights (or a second activation) are driven by the DACs as magnitudes,
/// activations
/// switch fixed resistors digit by digit; an ADC reads I+ and another reading takes I-, the digital side subtracts,
/// multiplies by
/// the base between digits and adds up the tiles.
/// Shape   X (tokens, inner) . Y (inner, outputs) -> Z (tokens, outputs)
/// Cost    product_actions, as planned_product says
/// Source  Wang et al. 2024, section 5; the geometry is our reading of its Fig 8
template <int S, adc_policy Adc = uniform_adc, dac_policy Dac = linear_dac>
class computation_array {
  static_assert(S >= 1 && S <= 7, "ohmic: a computation array's scale factor S lies in 1..7");

 public:
  using config = computation_config<Adc, Dac>;
  using adc = Adc;
  using operand = driven_operand;
  using report_type = product_report;
  using kernels_type = product_kernels<Adc>;
  static constexpr int scale = S;
  /// Sums of one operand are products as any other.
  static constexpr bool adds_sums_digitally = false;

  /// The kernels that the flags of this translation unit allow.
  [[nodiscard]] static kernels_type const& native() noexcept { return kernels_of<Adc>; }

  /// The kernels default to the instruction set of this translation unit.
  /// Errors  config_value, config_conflict naming the field
  explicit computation_array(config const& c, product_kernels<Adc> const& kernels = kernels_of<Adc>)
      : config_(c), kernels_(&kernels) {
    array_geometry::validate(c.array);
    Dac::validate(c.dac);
    Adc::validate(c.adc);
    range_config::validate(c.range);
    imperfections::validate(c.noise);
    if (c.array.rows < S)
      throw error({errc::config_conflict, "an activation does not fit a column", "array.rows",
                   std::to_string(c.array.rows), "at least S = " + std::to_string(S),
                   "use more rows or a smaller scale factor"});
    if (driven_top() < 1 || driven_top() > 127)
      throw error({errc::config_conflict, "DAC drives codes that an operand cannot hold", "dac",
                   std::to_string(driven_top()), "1..127", "use a DAC of 2 to 8 bits"});
    if (largest_current() > max_current)
      throw error({errc::config_conflict, "column currents too large", "array.rows",
                   std::to_string(largest_current()) + " product units", "at most " + std::to_string(max_current),
                   "use fewer rows or a smaller scale factor"});
    if (!c.noise.ideal())
      errors_ = fixed_errors(c.noise, c.array, S, driven_top(), lossless() ? 0.0f : Adc::top_code(c.adc));
  }

  [[nodiscard]] config const& settings() const noexcept { return config_; }
  [[nodiscard]] product_kernels<Adc> const& kernels() const noexcept { return *kernels_; }
  /// The errors that the arrays keep; none where everything is ideal.
  [[nodiscard]] fixed_errors const& errors() const noexcept { return errors_; }
  [[nodiscard]] bool lossless() const noexcept { return Adc::lossless(config_.adc); }
  /// Largest code that the DAC drives.
  [[nodiscard]] std::int32_t driven_top() const noexcept { return Dac::top(config_.dac); }
  /// Most that one column can deliver, in product units.
  [[nodiscard]] std::int64_t largest_current() const noexcept {
    return static_cast<std::int64_t>(config_.array.activations(S)) * largest_digit(S) * driven_top();
  }
  /// Digits, each with a converter setting of its own, of codes up to this.
  [[nodiscard]] int digits_for(std::int64_t largest, bool) const noexcept { return balanced_digits(S, largest); }
  [[nodiscard]] product_tally planned(product_shape const& p, int digits, bool, operand_source source) const noexcept {
    return planned_product(config_.array, S, digits, p, source);
  }
  [[nodiscard]] tiling cut(std::size_t inner) const noexcept { return {inner, config_.array.activations(S)}; }

  /// Y from codes whose rows are the outputs (the layout of a weight matrix).
  /// Errors  as driven_operand
  [[nodiscard]] driven_operand drive(matrix_view<std::int16_t const> codes, std::string const& where,
                                     operand_source = operand_source::weights, read_place const& = {}) const {
    return driven_operand(codes, config_.array.activations(S), driven_top(), where);
  }

  /// The full scales of the converters of a matrix, one per digit.
  /// Shape   seen (digits) statistics of calibration currents; may be empty where the range rule needs none
  /// Units   product units
  /// Errors  as full_scale_for
  [[nodiscard]] std::vector<float> full_scales(std::vector<current_statistics> const& seen, int digits,
                                               std::string const& where) const {
    std::vector<float> out;
    float const top = Adc::top_code(config_.adc);
    for (std::size_t d = 0; d < static_cast<std::size_t>(digits); ++d)
      out.push_back(lossless() ? top
                               : full_scale_for(config_.range, d < seen.size() ? seen[d] : current_statistics(),
                                                static_cast<double>(largest_current()), d, top, where));
    return out;
  }

  /// Converters of these full scales.
  /// Shape   (digits) -> (digits)
  /// Units   product units
  /// Errors  config_value, naming the digit, for a full scale that is not finite and above 0
  [[nodiscard]] std::vector<Adc> converters(std::span<float const> full_scales) const {
    std::vector<Adc> out;
    for (float f : full_scales) {
      if (!(f > 0.0f) || !std::isfinite(f))
        throw error({errc::config_value, "unusable full scale", "full_scales[" + std::to_string(out.size()) + "]",
                     detail::number_text(f), "finite and > 0", "calibrate, or use range.rule=full_scale"});
      out.emplace_back(config_.adc, f);
    }
    return out;
  }
  /// The converters of a matrix, one setting per digit.
  /// Errors  as full_scale_for
  [[nodiscard]] std::vector<Adc> converters(std::vector<current_statistics> const& seen, int digits,
                                            std::string const& where) const {
    return converters(full_scales(seen, digits, where));
  }

  /// Z = X . Y through the converters. With lossless converters the digits collapse into one integer product: the same
  /// sums.
  /// Shape   x (tokens, inner) codes of 16 bits with or without sign (switched_codes), converters (digits)
  /// Errors  shape, value as switched_operand; shape for an operand of another array, config_conflict for one without
  ///         magnitudes where the product is not lossless; capacity if a sum could leave exact arithmetic, or if noise has no
  ///         addresses left; value for a place inside a group of tokens
  /// Random  where `noise` asks for it: functions of the seed, the place and the position in the product alone
  template <switched_codes X>
  [[nodiscard]] product_sums multiply(X const& x, driven_operand const& y, std::vector<Adc> const& adcs,
                                      operand_source source, product_report& report, executor& threads,
                                      std::string const& where, read_place const& place = {}) const {
    check_operand(y, where, !lossless() || !config_.noise.ideal());
    if (lossless() && config_.noise.ideal()) {
      switched_operand::require_digits<S>(switched_view(x), y.cut(), static_cast<int>(adcs.size()), where);
      return exact_product(x, y, static_cast<int>(adcs.size()), source, report, threads, where);
    }
    auto const switched =
        switched_operand::balanced_digits_of<S>(switched_view(x), y.cut(), static_cast<int>(adcs.size()), where);
    check_exactness(y.cut(), switched, adcs, where);
    if (!config_.noise.ideal()) return imperfect_product(switched, y, adcs, source, report, threads, where, place);
    return run(switched, y, adcs.size(), source, report, threads,
               [&](block_job const& job, task_place, std::size_t d, sum_target z, std::uint64_t& clipped) {
                 // Snapping the step keeps every sum exact in double (see sum_target).
                 z.gain = snapped_step(adcs[d].step()) * static_cast<double>(switched.weight(d));
                 kernels_->convert(job, adcs[d], adcs[d].full_scale(), z, clipped);
               });
  }

  /// Z = X . Y in integers, whatever the converters are; the actions counted are those of `digits` digits.
  /// Shape   x (tokens, inner) codes of 16 bits with or without sign (switched_codes)
  /// Errors  shape, value as switched_operand; shape for an operand of another array; config_conflict for less than one
  ///         digit; capacity for an inner size beyond 2^16
  template <switched_codes X>
  [[nodiscard]] product_sums exact_product(X const& x, driven_operand const& y, int digits, operand_source source,
                                           product_report& report, executor& threads, std::string const& where) const {
    check_operand(y, where, false);
    if (digits < 1)
      throw error({errc::config_conflict, "number of digits", where, std::to_string(digits), "at least 1",
                   "give the digits that the activations have"});
    auto const switched = switched_operand::bytes_of(switched_view(x), y.cut(), where);
    if (y.cut().inner > (std::size_t{1} << 16))
      throw error({errc::capacity, "inner size too large for 32-bit sums", where, std::to_string(y.cut().inner),
                   "at most 65536", "split the matrix"});
    return run(
        switched, y, static_cast<std::size_t>(digits), source, report, threads,
        [&](block_job const& first, task_place, std::size_t d, sum_target z, std::uint64_t&) {
          if (d >= switched.digits()) return;  // fewer byte digits than switched digits
          block_job job = first;
          z.gain = static_cast<double>(switched.weight(d));
          kernels_->subtract(job, z);
        },
        exact_blocks);
  }

  /// Statistics of the column currents of a product, digit by digit, added to `seen`.
  /// Shape   seen (digits)
  /// Errors  shape, value as switched_operand; shape for an operand of another array, config_conflict for one without
  ///         magnitudes
  template <switched_codes X>
  void observe(X const& x, driven_operand const& y, std::vector<current_statistics>& seen,
               std::string const& where) const {
    check_operand(y, where, true);
    auto const switched =
        switched_operand::balanced_digits_of<S>(switched_view(x), y.cut(), static_cast<int>(seen.size()), where);
    std::size_t const tiles = y.cut().tiles();
    aligned_vector<std::int32_t> currents(switched.tokens() * tiles * 2 * output_block);
    for (std::size_t b = 0; b < y.blocks(); ++b) {
      std::size_t const outputs = std::min(output_block, y.outputs() - b * output_block);
      for (std::size_t d = 0; d < seen.size(); ++d) {
        kernels_->observe(ohmic::job_for(switched, y, b, d, 0, switched.tokens()), currents.data());
        if (outputs == output_block) {
          seen[d].observe(currents);
        } else {
          for (std::size_t i = 0; i < currents.size(); i += output_block)
            seen[d].observe(std::span(currents).subspan(i, outputs));
        }
      }
    }
  }

  /// Empty statistics for a matrix of `digits` digits.
  [[nodiscard]] std::vector<current_statistics> no_statistics(int digits) const {
    return std::vector<current_statistics>(static_cast<std::size_t>(digits), current_statistics(largest_current()));
  }

 private:
  /// Range   reads_magnitudes: true where columns are read one by one
  /// Errors  shape for an operand that was driven for another array; config_conflict for one without magnitudes that are read
  void check_operand(driven_operand const& y, std::string const& where, bool reads_magnitudes) const {
    if (reads_magnitudes && !y.has_magnitudes())
      throw error({errc::config_conflict, "operand without magnitudes", where, "a product through converters",
                   "an operand with magnitudes, or a lossless product", "drive it with this array"});
    if (y.cut().activations != config_.array.activations(S))
      throw error({errc::shape, "operand was driven for another array", where,
                   std::to_string(y.cut().activations) + " activations a column pair",
                   std::to_string(config_.array.activations(S)), "drive it with this array"});
  }

  /// Codes add up in 32 bits, their values in double: both exactly, so that no order and no contraction shows.
  /// Errors  capacity where that could fail: sums of codes from 2^31, values from 2^37 product units (2^53 steps of 2^-16)
  void check_exactness(tiling const& cut, switched_operand const& x, std::vector<Adc> const& adcs,
                       std::string const& where) const {
    auto const tiles = static_cast<double>(cut.tiles());
    double const top = static_cast<double>(Adc::top_code(config_.adc));
    if (tiles * top >= 2147483648.0)
      throw error({errc::capacity, "too many tiles for 32-bit sums of codes", where,
                   std::to_string(cut.tiles()) + " tiles", "tiles x largest code below 2^31",
                   "use more rows in an array or fewer ADC bits"});
    // Steps are multiples of 2^-16, and a sum is at most what the converters can say.
    double steps = 0.0;
    for (std::size_t d = 0; d < adcs.size(); ++d)
      steps += snapped_step(adcs[d].step()) * static_cast<double>(x.weight(d));
    double largest = tiles * steps * top;
    // Ideal arrays deliver no more than their digits ask for, and a conversion adds half a step.
    if (largest >= 0x1p37 && config_.noise.ideal())
      largest = std::min(largest, static_cast<double>(driven_top()) * x.largest_magnitude() + tiles * steps * 0.5);
    if (largest >= 0x1p37)
      throw error({errc::capacity, "sums too large for exact arithmetic", where,
                   "up to " + detail::number_text(largest) + " product units", "below 2^37", "split the matrix"});
  }

  /// Rounding inside the converters is exact below this current.
  static constexpr std::int64_t max_current = 1 << 21;

  /// Which group of tokens and block of outputs a task of `run` is.
  struct task_place {
    std::size_t group, block;
  };

  /// Z through arrays and converters that are not ideal.
  [[nodiscard]] product_sums imperfect_product(switched_operand const& x, driven_operand const& y,
                                               std::vector<Adc> const& adcs, operand_source source,
                                               product_report& report, executor& threads, std::string const& where,
                                               read_place const& place) const {
    product_place const at(place, config_.array, S, {x.tokens(), y.cut().inner, y.outputs()}, adcs.size(),
                           config_.noise.rtn > 0.0 ? config_.noise.states().row_words() : 0, where);
    std::vector<float> const lines = errors_.behind_word_lines(x, at, threads);
    return run(x, y, adcs.size(), source, report, threads,
               [&](block_job const& job, task_place task, std::size_t d, sum_target z, std::uint64_t& clipped) {
                 z.gain = snapped_step(adcs[d].step()) * static_cast<double>(x.weight(d));
                 imperfect_workspace work(S * std::min(y.cut().activations, y.cut().inner), config_.noise);
                 kernels_->imperfect(errors_.job(job, at, y.cut(), x.tokens(), task.group, task.block, d, lines, work),
                                     adcs[d], z, clipped);
               });
  }

  /// The loop nest of the hardware: groups of tokens share an array's column pairs, sessions are outputs (16 side by
  /// side here,
  /// since their order does not matter), digits follow each other. Actions are counted where they happen.
  template <class Kernel>
  [[nodiscard]] product_sums run(switched_operand const& x, driven_operand const& y, std::size_t digits,
                                 operand_source source, product_report& report, executor& threads, Kernel const& kernel,
                                 std::size_t blocks_of_task = 1) const {
    array_geometry const& g = config_.array;
    std::size_t const inner = y.cut().inner, tiles = y.cut().tiles(), groups = pieces(x.tokens(), g.pairs());
    product_sums z(x.tokens(), y.outputs());
    std::vector<product_report> done(groups * pieces(y.blocks(), blocks_of_task));
    threads.for_each_index(done.size(), [&](std::size_t task) {
      // Groups of one block follow each other: its weights are then in the cache.
      std::size_t const block = task / groups * blocks_of_task, group = task % groups;
      std::size_t const first = group * g.pairs(), tokens = std::min(g.pairs(), x.tokens() - first);
      std::size_t const blocks = std::min(blocks_of_task, y.blocks() - block),
                        sessions = std::min(blocks * output_block, y.outputs() - block * output_block);
      product_report& r = done[task];
      if (group == 0) load_sessions(r.actions, sessions, inner, source);
      r.actions.template add<"cache", "read">(sessions * tokens * inner);
      r.actions.template add<"encoder", "encode">(sessions * tokens * inner);
      for (std::size_t d = 0; d < std::max(digits, x.digits()); ++d) {
        kernel(ohmic::job_for(x, y, block, d, first, tokens, blocks), task_place{group, block}, d,
               z.target(first, block, 1.0), r.clipped);
        if (d >= digits) continue;  // byte digits of the lossless product beyond those of the hardware
        r.actions.template add<"switch_register", "load">(sessions * tokens * inner);
        for (std::size_t tile = 0; tile < tiles; ++tile) {
          r.actions.template add<"dac", "drive">(sessions * S * y.cut().filled(tile));
          r.actions.template add<"computation_array", "cycle">(sessions);
          r.actions.template add<"adc", "convert">(2 * sessions * tokens);
          r.actions.template add<"subtractor", "subtract">(sessions * tokens);
          r.actions.template add<"shift_add", "step">(sessions * tokens);
        }
      }
      for (std::size_t tile = 1; tile < tiles; ++tile) r.actions.template add<"accumulator", "add">(sessions * tokens);
    });
    for (auto const& r : done) report += r;
    return z;
  }

  /// The multiplexer: what a session costs before its activations stream.
  void load_sessions(product_tally& t, std::size_t sessions, std::size_t inner, operand_source source) const noexcept {
    for (std::size_t session = 0; session < sessions; ++session) {
      if (source != operand_source::weights) {
        t.add<"operand_register", "load">(inner);
        continue;
      }
      for (std::size_t weight = 0; weight < inner; weight += config_.array.weights_per_access()) {
        t.add<"dense_bank", "column_access">();
        t.add<"dense_bank", "cell_read">(config_.array.cells_per_access());
      }
      t.add<"weight_register", "load">(inner);
    }
  }

  config config_;
  product_kernels<Adc> const* kernels_;
  fixed_errors errors_{};
};

}  // namespace ohmic::inline OHMIC_ABI
