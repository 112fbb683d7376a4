// A model on a chip: programmed matrices, scales and converters by site. What all threads share while it runs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ohmic/attention/written_arrays.hpp"
#include "ohmic/chip/attention_plan.hpp"
#include "ohmic/chip/bias_rows.hpp"
#include "ohmic/chip/config.hpp"
#include "ohmic/chip/help_without_training.hpp"
#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/chip/programmed_matrix.hpp"
#include "ohmic/chip/value_statistics.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/dense_store.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/row_kernels.hpp"
#include "ohmic/nonlinear/softmax_calibration.hpp"
#include "ohmic/numeral/quantiser.hpp"
#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// What calibration data say about the column currents: statistics by site and digit.
using current_ranges = std::vector<std::vector<current_statistics>>;

/// Full scales of the converters by site and digit, in product units; empty where a site has none.
using converter_ranges = std::vector<std::vector<float>>;

/// All that calibration leaves of its data: the values as reduced to what the softmax uses of them, and the ranges of the converters.
struct calibration {
  value_ranges values;
  converter_ranges full_scales;
};

/// Model of `Spec` with its settings. Built in three steps: values (scales and programming), then currents
/// (converters), then runs.
template <class Spec>
class deployed {
 public:
  using array_type = typename array_of<Spec>::type;
  using adc = typename Spec::adc;
  using kernels = typename array_type::kernels_type;
  using matrix_type = programmed_matrix<typename array_type::operand>;

  /// Programs the matrices, where there is a dense bank through it: its errors are drawn here, once. for_each(f) calls
  /// f(site, linear_weights); producer(site) is the site whose result a matrix reads.
  /// Random  by `noise.seed`: a seed is a chip
  /// Errors  those of the settings; value for NaN or infinity in weights; config_conflict where digits cannot carry the
  ///         codes
  template <class ForEach, class Producer>
  deployed(config<Spec> const& settings, program::site_names const& names, value_ranges ranges, ForEach const& for_each,
           Producer const& producer, kernels const& k = array_type::native(), std::size_t key_heads = 0)
      : settings_(settled(settings)),
        names_(names),
        key_heads_(key_heads),
        array_(array_settings(settings_), k),
        ranges_(std::move(ranges)),
        matrices_(names.sites()),
        converters_(names.sites()),
        full_scales_(names.sites()),
        activations_(settings_.activation) {
    if (ranges_.largest.size() != names.sites() || ranges_.scores.size() != names.layers + 2)
      throw error({errc::shape, "value ranges of another model", "calibration",
                   std::to_string(ranges_.largest.size()) + " sites", std::to_string(names.sites()) + " sites",
                   "calibrate this model"});
    coding_config::validate(settings.coding);
    require_statistics(settings.coding, ranges_);
    if (settings_.coding.smoothing > 0.0)
      factors_ = smoothing_factors(ranges_, names_, settings_.coding.smoothing, for_each, producer);
    for (std::size_t i = 0; i < names.sites(); ++i) {
      auto const bits =
          bits_of({i / program::operation_count, static_cast<program::operation>(i % program::operation_count)});
      auto const factors = factors_.empty() ? std::span<float const>() : std::span<float const>(factors_[i]);
      scales_.push_back(
          symmetric_quantiser::scale_for(largest_code_value(settings.coding, ranges_, i, factors, bits), bits));
    }
    validate_attention(settings_);
    if (settings_.attention.policy == attention_policy::decomposed && key_heads_ == 0)
      throw error({errc::config_conflict, "the model does not say how many heads its keys have", "attention.policy",
                   "decomposed", "another policy", "set attention.policy"});
    if constexpr (!in_situ_spec<Spec>)
      if (settings_.attention.policy == attention_policy::written_arrays)
        written_.emplace(settings_.attention.arrays, settings_.noise.seed);
    for (std::size_t block = 0; block < ranges_.scores.size(); ++block) softmax_.push_back(softmax_for(block));
    auto const program_all = [&](auto const& stored) {
      for_each([&](program::site s, model::linear_weights const& w) { program(s, w, producer(s), stored); });
    };
    if constexpr (in_situ_spec<Spec>) {
      program_all([](matrix<std::int16_t>&, std::string const&) {});
    } else {
      dense_store dense(settings_.dense, settings_.array.bank_rows, settings_.noise.seed);
      program_all([&](matrix<std::int16_t>& codes, std::string const& where) {
        dense.pass(codes, array_.driven_top(), where);
      });
      dense_ = dense.report();
      dense_clipped_ = dense.clipped();
    }
    if constexpr (in_situ_spec<Spec>) appends_ = in_situ::code_cells(array_.settings().cells).is_ideal();
    if (settings_.attention.policy == attention_policy::decomposed && has_key_biases_ && !compares_rows())
      throw error(
          {errc::config_conflict,
           "the biases of the keys, which a decomposed product leaves out, add the same to all scores of a query: "
           "nothing only under a row maximum",
           "softmax.max", "none with attention.policy=decomposed", "row, running", "set one of the two"});
    if (int const top = softmax_.front().top(); top < 1 || top > switched_operand::max_code)
      throw error({errc::config_conflict, "codes of EXP(S) do not fit an operand", "softmax", std::to_string(top),
                   "1.." + std::to_string(switched_operand::max_code), "use a softmax policy of fewer bits"});
  }

  /// From here on rows of results go through these kernels, which all give the same bits.
  void run_rows_with(row_kernels const& rows) noexcept {
    rows_ = &rows;
    if constexpr (requires(typename Spec::softmax & s) { s.run_with(rows); })
      for (auto& s : softmax_) s.run_with(rows);
  }
  [[nodiscard]] row_kernels const& rows() const noexcept { return *rows_; }

  [[nodiscard]] config<Spec> const& settings() const noexcept { return settings_; }
  [[nodiscard]] program::site_names const& names() const noexcept { return names_; }
  /// What the dense bank did to the weights; all zero where it is perfect.
  [[nodiscard]] dense_report const& dense() const noexcept { return dense_; }
  /// Weights that bit errors made larger than the DAC drives, and that it clipped.
  [[nodiscard]] std::uint64_t dense_clipped() const noexcept { return dense_clipped_; }
  /// In-situ arrays that the weights fill; 0 for a chip with a dense bank.
  [[nodiscard]] std::uint32_t weight_arrays() const noexcept { return arrays_; }
  /// What writing them took, all arrays side by side; nothing for a chip with a dense bank.
  [[nodiscard]] in_situ::array_writing const& weight_writing() const noexcept { return writing_; }
  [[nodiscard]] array_type const& array() const noexcept { return array_; }
  [[nodiscard]] matrix_type const& matrix_at(program::site s) const noexcept { return matrices_[s.index()]; }
  [[nodiscard]] std::vector<adc> const& converters_at(program::site s) const noexcept { return converters_[s.index()]; }
  [[nodiscard]] activation_unit const& activations() const noexcept { return activations_; }
  [[nodiscard]] typename Spec::softmax const& softmax_at(std::size_t block) const noexcept { return softmax_[block]; }

  /// Bits of the codes of a site's result: operands that drive DACs (K and V) have the DAC's.
  [[nodiscard]] int bits_of(program::site s) const noexcept {
    bool const driven = s.op == program::operation::A2 || s.op == program::operation::A3;
    return driven ? std::min(settings_.coding.activation_bits, weight_bits(settings_))
                  : settings_.coding.activation_bits;
  }
  /// Scale of the codes of a site's result, static from calibration.
  [[nodiscard]] float scale_of(program::site s) const noexcept { return scales_[s.index()]; }
  /// Factors of the channels of a site's result, that are in the weights which read it; empty: none.
  [[nodiscard]] std::span<float const> channels_at(program::site s) const noexcept {
    return factors_.empty() ? std::span<float const>() : std::span<float const>(factors_[s.index()]);
  }

  /// Digits of activations and of EXP(S).
  [[nodiscard]] int activation_digits() const noexcept {
    return array_.digits_for(symmetric_top(settings_.coding.activation_bits), true);
  }
  [[nodiscard]] int score_digits() const noexcept { return array_.digits_for(softmax_.front().top(), false); }
  [[nodiscard]] int digits_at(program::site s) const noexcept {
    return s.op == program::operation::A5 || s.op == program::operation::A6 ? score_digits() : activation_digits();
  }

  /// What the settings decide about the plan of this model.
  [[nodiscard]] program::function_choices choices() const {
    program::function_choices c{activation_digits(),
                                score_digits(),
                                compares_rows(),
                                settings_.norm.variance == variance_rule::two_pass,
                                {},
                                settings_.coding.scales == scale_policy::per_token};
    c.corrects_biases = settings_.coding.bias_correction;
    c.attention = attention();
    c.bias_rows.resize(names_.sites());
    for (std::size_t i = 0; i < c.bias_rows.size(); ++i) c.bias_rows[i] = matrices_[i].bias_rows;
    return c;
  }

  /// Where products of two activations are made, as the plan takes it: arrays of a chip that holds its weights are its own.
  [[nodiscard]] program::attention_choices attention() const {
    program::attention_choices out{settings_.attention.policy, {}};
    if (written_)
      out.array =
          written_->shape(symmetric_top(settings_.coding.activation_bits), std::int64_t{softmax_.front().top()});
    else if (out.policy == attention_policy::written_arrays)
      out.policy = attention_policy::shared_array;
    return out;
  }
  [[nodiscard]] bool decomposes() const noexcept { return settings_.attention.policy == attention_policy::decomposed; }
  /// Arrays of keys and values beside the chip's own; nullptr where there are none.
  [[nodiscard]] written_arrays const* written() const noexcept { return written_ ? &*written_ : nullptr; }

  /// Actions of a sub-operation, from its shape alone.
  [[nodiscard]] run_tally planned(program::sub_operation const& op) const noexcept {
    if (op.unit != program::product_unit::array)
      return planned_beside(attention(), op,
                            codes_written_beside(op.written_codes(), std::uint64_t{op.shape.inner} * op.shape.outputs));
    bool const exponentials = op.where.op == program::operation::A5 || op.where.op == program::operation::A6;
    bool const appends = op.held > 0 && op.source == operand_source::activations && appends_to_arrays();
    run_tally t;
    t += array_.planned(op.shape, op.digits, !exponentials, appends ? operand_source::weights : op.source);
    if (appends) {
      bool const keys = op.where.op == program::operation::A4;  // the context is A4's outputs and A6's inner size
      std::size_t const context = keys ? op.shape.outputs : op.shape.inner,
                        width = keys ? op.shape.inner : op.shape.outputs;
      t.template add<"cell", "write">(cells_of((context - op.held) * width));
    }
    t *= op.repeats;
    t += op.post;
    return t;
  }

  /// True where arrays hold keys and values from step to step and only those of new tokens are written: in-situ arrays whose cells do
  /// not err.
  [[nodiscard]] bool appends_to_arrays() const noexcept { return appends_; }
  /// Codes that a product of A4 or A6 writes into the arrays beside: those of new tokens, or all where cells err; 0 where there are none.
  [[nodiscard]] std::uint64_t codes_written_beside(std::uint64_t fresh, std::uint64_t all) const noexcept {
    return !written_ ? 0 : written_->appends() ? fresh : all;
  }
  /// Cells that so many codes of keys or values take in arrays; 0 where they are in none.
  [[nodiscard]] std::uint64_t cells_of(std::uint64_t codes) const noexcept {
    if constexpr (in_situ_spec<Spec>)
      return codes * settings_.weights.cells();
    else
      return 0;
  }

  /// Empty statistics for every site, to be filled by a run that observes.
  [[nodiscard]] current_ranges no_currents() const {
    current_ranges r(names_.sites());
    for (std::size_t i = 0; i < r.size(); ++i)
      r[i] = array_.no_statistics(
          digits_at({i / program::operation_count, static_cast<program::operation>(i % program::operation_count)}));
    return r;
  }

  /// Sets the converters of all sites that saw currents (or of all, where the range rule needs none).
  /// Errors  config_value for a `user` rule without a value for some digit
  void set_converters(current_ranges const& seen) {
    for (std::size_t i = 0; i < converters_.size(); ++i) {
      bool const used = !seen[i].empty() && seen[i].front().count() > 0;
      if (used || !settings_.range.needs_statistics() || array_.lossless())
        full_scales_[i] = array_.full_scales(seen[i], static_cast<int>(seen[i].size()), names_.name(i));
    }
    set_converters(converter_ranges(full_scales_));
  }

  /// Sets the converters from full scales that were found before.
  /// Errors  shape if they are not those of this model; config_value for a full scale that is not above 0
  void set_converters(converter_ranges const& full_scales) {
    auto const bad = [](errc code, std::string what, std::string where, std::string got, std::string allowed) {
      return error({code, std::move(what), std::move(where), std::move(got), std::move(allowed),
                    "calibrate this model with these settings"});
    };
    if (full_scales.size() != converters_.size())
      throw bad(errc::shape, "converter ranges of another model", "calibration",
                std::to_string(full_scales.size()) + " sites", std::to_string(converters_.size()) + " sites");
    for (std::size_t i = 0; i < full_scales.size(); ++i) {
      auto const& site = full_scales[i];
      auto const digits = static_cast<std::size_t>(
          digits_at({i / program::operation_count, static_cast<program::operation>(i % program::operation_count)}));
      if (!site.empty() && site.size() != digits)
        throw bad(errc::shape, "wrong number of full scales", names_.name(i), std::to_string(site.size()),
                  std::to_string(digits) + ", one per digit");
      for (float f : site)
        if (!(f > 0.0f && std::isfinite(f)))
          throw bad(errc::config_value, "unusable full scale", names_.name(i), ohmic::detail::number_text(f),
                    "finite, above 0 product units");
      converters_[i] = array_.converters(site);
    }
    full_scales_ = full_scales;
  }

  /// What calibration left, enough to make this deployment again: of the scores of a block only their full scale.
  [[nodiscard]] calibration calibrated() const {
    calibration c{ranges_, full_scales_};
    if constexpr (requires {
                    settings_.softmax.rule;
                    settings_.softmax.quantile;
                  }) {
      for (auto& scores : c.values.scores) {
        if (scores.rows() == 0) continue;
        float const full_scale = scores.full_scale(settings_.softmax.rule, settings_.softmax.quantile);
        scores = {};
        scores.observe(std::span<float const>(&full_scale, 1));
      }
    }
    return c;
  }

 private:
  /// A matrix of weights in the form of the arrays; cells of one after the other.
  [[nodiscard]] typename array_type::operand driven(matrix<std::int16_t> const& codes, std::string const& where) {
    if constexpr (in_situ_spec<Spec>) {
      auto out = array_.drive(codes, where, operand_source::weights, {0, arrays_, 0, 0});
      arrays_ += static_cast<std::uint32_t>(array_.arrays(out));
      in_situ::array_writing const counted = out.written();
      std::uint64_t const cells = codes.size() * settings_.weights.cells(),
                          rows =
                              std::min<std::uint64_t>(static_cast<std::uint64_t>(settings_.array.rows), codes.cols());
      writing_.beside(counted.rows > 0 ? counted : in_situ::array_writing{{cells, cells, 0, 0}, rows, rows});
      return out;
    } else {
      return array_.drive(codes, where);
    }
  }

  /// stored(codes, where) changes the codes to what storage leaves of them.
  template <class Stored>
  void program(program::site s, model::linear_weights const& of_model, program::site input, Stored const& stored) {
    auto const factors = channels_at(input);
    auto const smoothed = factors.empty() ? model::linear_weights() : with_factors(of_model, factors);
    model::linear_weights const& w = factors.empty() ? of_model : smoothed;
    if (decomposes() && s.op == program::operation::A2) {
      std::string const site = names_.name(s);
      has_key_biases_ = program_decomposed(matrices_[s.index()], w, key_heads_, weight_bits(settings_),
                                           settings_.coding.weight_scales, site,
                                           [&](matrix<std::int16_t>& codes) {
                                             stored(codes, site);
                                             return driven(codes, site);
                                           }) ||
                        has_key_biases_;
      return;
    }
    float const input_scale = scale_of(input);
    std::string const where = names_.name(s);
    std::size_t const outputs = w.weight.rows(), inner = w.weight.cols();
    int const bits = weight_bits(settings_);
    if (outputs == 0 || inner == 0)
      throw error({errc::shape, "empty matrix", where, shape_text(outputs, inner), "at least 1 x 1",
                   "check the model's sizes"});
    matrix_type& m = matrices_[s.index()];
    m.scales.assign(outputs, symmetric_quantiser::scale_for(largest_magnitude(w.weight.flat(), where), bits));
    if (settings_.coding.weight_scales == weight_scale_policy::per_output)
      for (std::size_t o = 0; o < outputs; ++o)
        m.scales[o] = symmetric_quantiser::scale_for(largest_magnitude(w.weight.row(o), where), bits);
    static_cast<void>(largest_magnitude(w.bias, where + " bias"));
    auto const bias = bias_rows(w.bias, m, input_scale, settings_.coding, array_.driven_top());
    m.bias_rows = bias.rows();
    matrix<std::int16_t> codes(outputs, inner + bias.rows());
    for (std::size_t o = 0; o < outputs; ++o) {
      symmetric_quantiser(bits, m.scales[o]).quantise(w.weight.row(o), codes.row(o).first(inner));
      for (std::size_t r = 0; r < bias.rows(); ++r) codes(o, inner + r) = bias(r, o);
    }
    if (settings_.coding.bias_correction)  // of rounding alone: what storage draws is not known when F is set
      m.correction = mean_corrections(w, codes, m.scales, ranges_.channels[input.index()], factors);
    stored(codes, where);
    m.operand = driven(codes, where);
  }

  [[nodiscard]] typename Spec::softmax softmax_for(std::size_t block) const {
    auto c = settings_.softmax;
    if constexpr (requires {
                    c.max;
                    c.full_scale;
                    c.rule;
                    c.quantile;
                  }) {
      // A user's full scale stands; otherwise that of the block's calibration scores. Blocks without attention keep the row rule.
      if (c.max == softmax_maximum::none && !std::isfinite(c.full_scale)) {
        bool const attends = block >= 1 && block <= names_.layers;
        if (ranges_.scores[block].rows() == 0) {
          if (attends)
            throw error({errc::missing_calibration, "softmax without row maximum has no full scale",
                         names_.name({block, program::operation::A4}), "no scores in calibration",
                         "scores of every layer",
                         "calibrate with texts, or set softmax.full_scale or softmax.max=row"});
          c.max = softmax_maximum::row;
        } else {
          c.full_scale = ranges_.scores[block].full_scale(c.rule, c.quantile);
        }
      }
    }
    return typename Spec::softmax(c);
  }

  [[nodiscard]] bool compares_rows() const noexcept {
    if constexpr (requires(typename Spec::softmax const& p) { p.by_row(); }) {
      for (std::size_t block = 1; block <= names_.layers; ++block)
        if (!softmax_[block].by_row()) return false;
      return true;
    } else {
      return false;
    }
  }

  config<Spec> settings_;
  program::site_names names_;
  std::size_t key_heads_;
  array_type array_;
  value_ranges ranges_;
  dense_report dense_;
  std::uint64_t dense_clipped_ = 0;
  std::uint32_t arrays_ = 0;
  in_situ::array_writing writing_{};
  std::vector<float> scales_;                ///< of codes, by site
  std::vector<std::vector<float>> factors_;  ///< by site; empty: none
  bool appends_ = false, has_key_biases_ = false;
  std::optional<written_arrays> written_;
  std::vector<matrix_type> matrices_;
  std::vector<std::vector<adc>> converters_;
  converter_ranges full_scales_;
  activation_unit activations_;
  std::vector<typename Spec::softmax> softmax_;
  row_kernels const* rows_ = &row_kernels_of<>;
};

}  // namespace ohmic::inline OHMIC_ABI::chip
