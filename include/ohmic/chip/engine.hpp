// The chip engine: runs a deployed model sub-operation by sub-operation, and counts every action.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ohmic/attention/kv_cache.hpp"
#include "ohmic/attention/shared_array.hpp"
#include "ohmic/chip/attention_products.hpp"
#include "ohmic/chip/deployed.hpp"
#include "ohmic/chip/line_samples.hpp"
#include "ohmic/chip/run_report.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/model/concept.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/numeral/quantiser.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Engine on the chip. One per thread; the deployed model is shared.
template <class Spec>
class engine {
 public:
  using tensor = coded_tokens;
  using cache = kv_cache<std::int16_t>;  ///< keys and values keep one scale
  using adc = typename Spec::adc;
  using array_type = typename deployed<Spec>::array_type;
  using operand = typename array_type::operand;

  /// Random  `text` is the number of the text in its run: noise differs from text to text, and from product to product
  engine(deployed<Spec> const& model, product_mode mode, executor& threads, model::recording* seen = nullptr,
         current_ranges* currents = nullptr, std::uint32_t text = 0)
      : model_(&model),
        mode_(mode),
        threads_(&threads),
        seen_(seen),
        currents_(currents),
        next_read_{text, 0},
        report_(model.names().sites()) {}

  [[nodiscard]] run_report const& report() const noexcept { return report_; }
  /// From here on cycles of products through the converters are taken to `lines`, which outlives the engine.
  void sample(line_samples& lines) noexcept { lines_ = &lines; }

  [[nodiscard]] tensor input(program::site s, matrix<float> const& values) {
    tensor out = empty(s, values.rows(), values.cols());
    for (std::size_t n = 0; n < values.rows(); ++n) code(s, values.row(n), out, n);
    record(s, values.flat());
    return out;
  }

  [[nodiscard]] tensor project(program::site s, model::linear_weights const& w, tensor const& x,
                               model::projection_options<tensor> const& options) {
    if (s.op == program::operation::A2 && model_->decomposes()) return in_place_of_keys(s, x, options);
    if (x.codes.rows() == 0) return empty(s, 0, w.outputs());
    tensor out = empty(s, x.codes.rows(), w.outputs());
    for_each_result(s, w, x, options, [&](std::size_t n, std::span<float const> row) {
      code(s, row, out, n);
      record(s, row);
    });
    return out;
  }

  /// Results of a projection as real numbers, for what leaves the chip.
  [[nodiscard]] matrix<float> output(program::site s, model::linear_weights const& w, tensor const& x,
                                     model::projection_options<tensor> const& options) {
    matrix<float> out(x.codes.rows(), w.outputs());
    for_each_result(s, w, x, options, [&](std::size_t n, std::span<float const> row) {
      std::memcpy(out.row(n).data(), row.data(), row.size_bytes());
      record(s, row);
    });
    return out;
  }

  /// Average over tokens: the transposed tokens switch the resistors, ones drive the DACs. Where every token has its own scale, the DACs
  /// drive those instead.
  [[nodiscard]] tensor mean(program::site s, tensor const& x) {
    std::size_t const n = x.codes.rows(), m = x.codes.cols();
    matrix<std::int16_t> driven(1, n);
    float unit = x.scale(0) / static_cast<float>(one());
    if (x.per_token()) {
      float const largest = *std::max_element(x.scales.begin(), x.scales.end());
      unit = largest / static_cast<float>(one());
      for (std::size_t i = 0; i < n; ++i)
        driven(0, i) = static_cast<std::int16_t>(simd::round_even(x.scales[i] / unit));
    } else {
      for (auto& c : driven.flat()) c = one();
    }
    matrix<std::int16_t> const switched = transposed(matrix_view<std::int16_t const>(x.codes.view()));  // (m, n)
    auto const sums =
        product(s, switched.view(), model_->array().drive(driven, model_->names().name(s), operand_source::sums),
                operand_source::sums);
    std::vector<float> row(m);
    for (std::size_t i = 0; i < m; ++i)
      row[i] = simd::mul(static_cast<float>(sums(i, 0) / static_cast<double>(n)), unit);
    at(s).actions.template add<"post", "scale">(m);
    record(s, row);
    tensor out = empty(s, 1, m);
    code(s, row, out, 0);
    return out;
  }

  [[nodiscard]] tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                              attention_scope const& scope) {
    cache fresh;
    return attend(block, q, k, v, heads, scope, fresh);
  }

  /// The tokens follow those of the cache and join them. Arrays that hold keys and values write those of the new tokens alone, unless
  /// their cells err: then all are written anew. Where attention is decomposed, k is the layer's input. In cross-attention k and v are
  /// those of the encoder in the first step and have no rows after it: queries meet what the cache holds.
  [[nodiscard]] tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                              attention_scope const& scope, cache& seen) {
    std::size_t const n = q.codes.rows(), width = q.codes.cols() / heads, held = seen.tokens();
    std::size_t const joining = k.codes.rows();
    require_heads(scope.bias, heads);
    seen.append(k.codes.view(), v.codes.view());
    if (seen.tokens() == 0)
      throw error({errc::shape, "no keys", model_->names().name(attention_site(block, attention_step::scores)),
                   "0 tokens", "at least one", "give keys and values in the first step"});
    std::size_t const sharing = q.codes.cols() / seen.values().cols;  // queries of a key head
    // Heads that share their keys are stacked; all are where attention is decomposed.
    require_scores((model_->decomposes() ? heads : sharing) * n, seen.tokens(),
                   model_->names().name(attention_site(block, attention_step::scores)));
    shared_array_attention<typename Spec::softmax> const attention(model_->softmax_at(block), scope, one());
    std::uint32_t key_head = 0;
    std::array<in_situ::array_writing, 3> of_heads{};  // whose arrays are written side by side
    auto const multiply = [&](attention_step step, auto x, matrix_view<std::int16_t const> const y) {
      // New codes among those of y: its tokens are the outputs of A4 and the inner elements of A6.
      std::size_t const of_token = step == attention_step::scores ? y.cols : y.rows;
      return attention_product(attention_site(block, step), step, x, y, joining * of_token, held > 0, key_head,
                               of_heads[static_cast<std::size_t>(step)]);
    };
    auto const observe = [&](attention_step step, std::span<float const> values) {
      record(attention_site(block, step), values);
    };

    attention_report heads_report;
    matrix<float> r(n, q.codes.cols());
    matrix<std::uint16_t> codes;
    if (model_->decomposes())
      codes = decomposed_scores(block, q, k.scale(0), sharing, seen, attention, heads_report, multiply, observe);
    for (std::size_t h = 0; h < heads; h += sharing) {
      key_head = static_cast<std::uint32_t>(h / sharing);
      auto const shared = [&](matrix_view<std::int16_t const> t) { return t.columns(h / sharing * width, width); };
      matrix<float> result(sharing * n, width);
      if (model_->decomposes()) {
        attention.values(matrix_view<std::uint16_t const>(codes.view()).row_range(h * n, sharing * n),
                         shared(seen.values()), v.scale(0), result.view(), heads_report, multiply, observe);
      } else {
        auto const stacked = stacked_queries(q, h, sharing, width);
        attention.head({stacked.codes.view(), shared(seen.keys()), shared(seen.values()), q.scale(0), k.scale(0),
                        v.scale(0), stacked.scales, n, h},
                       result.view(), heads_report, multiply, observe);
      }
      for (std::size_t i = 0; i < result.rows(); ++i)
        std::memcpy(r.row(i % n).data() + (h + i / n) * width, result.row(i).data(), width * sizeof(float));
    }
    for (attention_step step : {attention_step::scores, attention_step::sums, attention_step::values}) {
      site_report& to = at(attention_site(block, step));
      to.actions += heads_report.tallies[static_cast<std::size_t>(step)];
      to.written += of_heads[static_cast<std::size_t>(step)];
    }
    report_.softmax_rows += heads_report.rows;
    report_.empty_softmax_rows += heads_report.empty_rows;
    report_.saturated_scores += heads_report.saturated;
    report_.rescaled_scores += heads_report.rescaled;

    program::site const result = attention_site(block, attention_step::values);
    tensor out = empty(result, n, r.cols());
    for (std::size_t i = 0; i < n; ++i) code(result, r.row(i), out, i);
    return out;
  }

  [[nodiscard]] tensor normalise(program::site mean_site, program::site square_site, model::norm_weights const& g,
                                 float epsilon, tensor const& u) {
    // RMS normalisation takes no mean: nothing is subtracted before squaring or after.
    auto const& rules = model_->settings().norm;
    typename Spec::layer_norm::config settings{g.centred ? rules.variance : variance_rule::two_pass, epsilon};
    if constexpr (requires { settings.root_bits; }) settings.root = rules.root, settings.root_bits = rules.root_bits;
    typename Spec::layer_norm norm(settings);
    if constexpr (requires { norm.run_with(model_->rows()); }) norm.run_with(model_->rows());
    bool const two_pass = g.centred && norm.variance() == variance_rule::two_pass;
    std::size_t const m = u.codes.cols();
    tensor out = empty(square_site, u.codes.rows(), m);
    matrix<std::int16_t> centred_codes(1, m), driven(1, m);
    std::vector<float> values(m), row(m);
    auto const top = static_cast<float>(symmetric_top(model_->bits_of(square_site)));
    for (std::size_t n = 0; n < u.codes.rows(); ++n) {
      auto const codes = u.codes.row(n);
      float const scale = u.scale(n), mean = g.centred ? mean_code(mean_site, u, n) : 0.0f;
      for (std::size_t i = 0; i < m; ++i) {
        float const centred = simd::round_even(static_cast<float>(codes[i]) - mean);
        float const c = two_pass ? simd::clamp(centred, -top, top) : static_cast<float>(codes[i]);
        at(mean_site).clipped_values += static_cast<std::uint64_t>(two_pass && c != centred);
        centred_codes(0, i) = static_cast<std::int16_t>(c);
        driven(0, i) = narrowed(centred_codes(0, i), top);
      }
      auto const squares = product(
          square_site, centred_codes.view(),
          model_->array().drive(driven, model_->names().name(square_site), operand_source::sums), operand_source::sums);
      float const real_mean = simd::mul(mean, scale);
      float const unit = simd::mul(simd::mul(scale, scale), narrowing(top));
      float const second = simd::mul(static_cast<float>(squares(0, 0) / static_cast<double>(m)), unit);
      deviation const d = norm.inverse_deviation(real_mean, second);
      report_.clamped_variances += static_cast<std::uint64_t>(d.clamped);
      for (std::size_t i = 0; i < m; ++i) values[i] = simd::mul(static_cast<float>(codes[i]), scale);
      norm.apply_row(values, real_mean, d.inverse_root, g.gamma, g.beta, row);
      record(square_site, row);
      code(square_site, row, out, n);

      if (two_pass) {
        at(mean_site).coded_values += m;
        at(mean_site).actions.template add<"post", "centre">(m);
      }
      auto& square_actions = at(square_site).actions;
      square_actions.template add<"post", "scale">();
      square_actions.template add<"root_unit", "inverse_root">();
      square_actions.template add<"post", "normalise">(m);
    }
    return out;
  }

  [[nodiscard]] tensor row(tensor const& x, std::size_t n) const {
    tensor y{matrix<std::int16_t>(1, x.codes.cols()), {x.scale(n)}, x.channels};
    std::memcpy(y.codes.data(), x.codes.row(n).data(), x.codes.cols() * sizeof(std::int16_t));
    return y;
  }

  [[nodiscard]] tensor none(tensor const& x) const {
    return {matrix<std::int16_t>(0, x.codes.cols()), {x.scale(0)}, x.channels};
  }

 private:
  /// Arrays of K and V, by site and head; those of weights are numbered from 0.
  static constexpr std::uint32_t first_head_arrays = 0x80000000u;

  [[nodiscard]] site_report& at(program::site s) noexcept { return report_.sites[s.index()]; }

  /// A product of attention, in what the policy has for it. `fresh` codes of y are of new tokens; what writes of the key head's cells
  /// took goes to `written`.
  template <switched_codes X>
  [[nodiscard]] product_sums attention_product(program::site s, attention_step step, X const& x,
                                               matrix_view<std::int16_t const> y, std::uint64_t fresh, bool continues,
                                               std::uint32_t key_head, in_situ::array_writing& written) {
    if (is_made_beside(*model_)) {
      read_place const place = next_read_;
      ++next_read_.product;
      return product_beside(*model_, step, mode_ != product_mode::convert, x, y, fresh, at(s), *threads_,
                            model_->names().name(s), place);
    }
    bool const sums = step == attention_step::sums, appends = !sums && continues && model_->appends_to_arrays();
    operand_source const source = sums ? operand_source::sums : operand_source::activations;
    read_place place = next_read_;
    if (!sums) place.array = first_head_arrays + static_cast<std::uint32_t>(s.index() << 16 | (key_head & 0xffff));
    auto const driven = model_->array().drive(y, model_->names().name(s), source, place);
    if constexpr (requires { driven.written(); })
      if (!sums && !model_->appends_to_arrays()) written.beside(driven.written());
    if (appends) at(s).actions.template add<"cell", "write">(model_->cells_of(fresh));
    return product(s, x, driven, appends ? operand_source::weights : source);  // in the cells already
  }

  /// The layer's input, which stands for its keys; what F does to keys is left for the queries.
  /// Errors  config_conflict for keys that turn with their position
  [[nodiscard]] tensor in_place_of_keys(program::site s, tensor const& x,
                                        model::projection_options<tensor> const& options) {
    if (options.rotation != nullptr) program::refuse_rotation(model_->names().name(s));
    key_factor_ = options.factor;
    return x;
  }

  /// Codes of EXP(S) of all heads, whose queries meet the layer's input as tokens of one product.
  /// Shape   q (n, heads d_k) -> (heads n, c)
  template <class Attention, class Product, class Observer>
  [[nodiscard]] matrix<std::uint16_t> decomposed_scores(std::size_t block, tensor const& q, float x_scale,
                                                        std::size_t sharing, cache const& seen,
                                                        Attention const& attention, attention_report& report,
                                                        Product const& product_of, Observer const& observe) {
    program::site const s{block, program::operation::A2};
    auto const taken = queries_for_input(
        *model_, s, q, sharing, key_factor_, at(s),
        [&](auto const& x, auto const& keys) { return product(s, x, keys, operand_source::weights); });
    return attention.scores({taken.codes.view(), seen.keys(), {}, 1.0f, x_scale, 1.0f, taken.scales, q.codes.rows()},
                            report, product_of, observe);
  }

  /// The code that stands for 1 on the DACs: the largest, so that a converter step costs least.
  [[nodiscard]] std::int16_t one() const noexcept { return static_cast<std::int16_t>(model_->array().driven_top()); }

  /// E(u) of a token, in codes of u.
  [[nodiscard]] float mean_code(program::site s, tensor const& u, std::size_t n) {
    std::size_t const m = u.codes.cols();
    auto const sum = product(s, u.codes.view().row_range(n, 1), driven_ones(m), operand_source::sums);
    auto const mean = static_cast<float>(sum(0, 0) / (static_cast<double>(one()) * static_cast<double>(m)));
    float const real = simd::mul(mean, u.scale(n));
    record(s, std::span<float const>(&real, 1));
    at(s).actions.template add<"post", "scale">();
    return mean;
  }

  /// A wide activation code brought to the width of the DAC, and the factor that undoes it.
  [[nodiscard]] float narrowing(float top) const noexcept {
    auto const driven_top = static_cast<float>(model_->array().driven_top());
    return top > driven_top ? top / driven_top : 1.0f;
  }
  [[nodiscard]] std::int16_t narrowed(std::int16_t c, float top) const noexcept {
    return static_cast<std::int16_t>(simd::round_even(static_cast<float>(c) / narrowing(top)));
  }

  /// True for results that keep a scale of their own for every token.
  [[nodiscard]] bool per_token(program::site s) const noexcept {
    return model_->settings().coding.scales == scale_policy::per_token && s.op != program::operation::A2 &&
           s.op != program::operation::A3;
  }
  [[nodiscard]] tensor empty(program::site s, std::size_t rows, std::size_t cols) const {
    return {matrix<std::int16_t>(rows, cols),
            per_token(s) ? std::vector<float>(rows, 1.0f) : std::vector<float>{model_->scale_of(s)},
            model_->channels_at(s)};
  }

  /// Codes of a row of results, on their way into a cache.
  void code(program::site s, std::span<float const> values, tensor& out, std::size_t n) {
    site_report& r = at(s);
    std::vector<float> reduced;
    if (!out.channels.empty()) {
      for (std::size_t i = 0; i < values.size(); ++i) reduced.push_back(values[i] / out.channels[i]);
      values = reduced;
    }
    if (per_token(s)) {
      out.scales[n] =
          symmetric_quantiser::scale_for(largest_magnitude(values, model_->names().name(s)), model_->bits_of(s));
      if (s.op != program::operation::input) r.actions.template add<"comparator", "compare">(values.size());
    }
    symmetric_quantiser const quantiser(model_->bits_of(s), out.scale(n));
    r.clipped_values += quantiser.quantise(values, out.codes.row(n), model_->rows().quantise);
    r.coded_values += values.size();
    // The embeddings come from outside; every other result is written by F.
    if (s.op != program::operation::input) r.actions.template add<"cache", "write">(values.size());
  }

  /// Z = X . W through the array, and F on every row of it.
  template <class Use>
  void for_each_result(program::site s, model::linear_weights const& w, tensor const& x,
                       model::projection_options<tensor> const& options, Use const& use) {
    auto const& matrix = model_->matrix_at(s);
    auto const z =
        matrix.bias_rows == 0
            ? product(s, x.codes.view(), matrix.operand, operand_source::weights)
            : product(s, with_bias_rows(x.codes, matrix.bias_rows, model_->settings().coding.activation_bits).view(),
                      matrix.operand, operand_source::weights);
    auto& actions = at(s).actions;
    std::vector<float> row(w.outputs());
    for (std::size_t n = 0; n < z.tokens(); ++n) {
      auto const sums = z.row(n);
      float const scale = x.scale(n);
      for (std::size_t o = 0; o < row.size(); ++o)
        row[o] = simd::mul(static_cast<float>(sums[o]), simd::mul(scale, matrix.scales[o]));
      actions.template add<"post", "scale">(row.size());
      bool const biased = matrix.bias_rows == 0 && !w.bias.empty();
      for (std::size_t o = 0; biased && o < row.size(); ++o) row[o] += w.bias[o];
      // One constant with the bias.
      for (std::size_t o = 0; o < matrix.correction.size(); ++o) row[o] += matrix.correction[o];
      if (biased || !matrix.correction.empty()) actions.template add<"post", "add_bias">(row.size());
      if (options.factor != 1.0f)
        for (auto& v : row) v = simd::mul(v, options.factor);
      model_->activations().apply(options.act, row, row, model_->rows());
      actions.template add<"activation_unit", "apply">(activation_uses(options.act, row.size()));
      if (options.rotation != nullptr) {
        options.rotation->turn(row, options.first + n);
        actions.template add<"rotary_unit", "rotate">(options.rotation->turning(row.size()));
      }
      if (options.gate != nullptr) {
        for (std::size_t o = 0; o < row.size(); ++o) row[o] = simd::mul(row[o], options.gate->value(n, o));
        actions.template add<"post", "scale">(row.size());
      }
      if (options.residual != nullptr) {
        for (std::size_t o = 0; o < row.size(); ++o) row[o] += options.residual->value(n, o);
        actions.template add<"post", "add_residual">(row.size());
      }
      use(n, std::span<float const>(row));
    }
  }

  template <switched_codes X>
  [[nodiscard]] product_sums product(program::site s, X const& x, operand const& y, operand_source source) {
    auto const& array = model_->array();
    std::string const where = model_->names().name(s);
    typename array_type::report_type report;
    product_sums z;
    bool const digital = array_type::adds_sums_digitally && source == operand_source::sums;
    read_place const place = next_read_;
    ++next_read_.product;
    if (mode_ == product_mode::convert && !digital) {
      auto const& converters = model_->converters_at(s);
      if (converters.empty())
        throw error({errc::missing_calibration, "converters have no range", where, "no calibration currents",
                     "currents at every site",
                     "give calibration data that reach this site, or set range.rule=full_scale"});
      z = array.multiply(x, y, converters, source, report, *threads_, where, place);
      if (lines_ != nullptr) lines_->see(s.index(), array, x, y, static_cast<int>(converters.size()), place, where);
    } else {
      if (mode_ == product_mode::observe && !digital) array.observe(x, y, (*currents_)[s.index()], where);
      z = array.exact_product(x, y, model_->digits_at(s), source, report, *threads_, where);
    }
    at(s).actions += report.actions;
    at(s).clipped_currents += report.clipped;
    return z;
  }

  [[nodiscard]] operand const& driven_ones(std::size_t width) {
    auto const found = ones_.find(width);
    if (found != ones_.end()) return found->second;
    matrix<std::int16_t> codes(1, width);
    for (auto& c : codes.flat()) c = one();
    return ones_.emplace(width, model_->array().drive(codes, "vector of ones", operand_source::sums)).first->second;
  }

  void record(program::site s, std::span<float const> values) {
    if (seen_ != nullptr) seen_->record(s, values);
  }

  deployed<Spec> const* model_;
  product_mode mode_;
  executor* threads_;
  model::recording* seen_;
  current_ranges* currents_;
  line_samples* lines_ = nullptr;
  read_place next_read_;
  float key_factor_ = 1.0f;  ///< of the keys that a decomposed product leaves out
  run_report report_;
  std::map<std::size_t, operand> ones_;
};

}  // namespace ohmic::inline OHMIC_ABI::chip
