// Attention on the computation crossbar that also serves the weights: sub-operations A4 to A6 of one head.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/attention/concept.hpp"
#include "ohmic/attention/position_bias.hpp"
#include "ohmic/core/action.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/nonlinear/softmax.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Attention as the paper has it: K^T and V drive the DACs in turn, Q and EXP(S) switch the resistors; nothing is
/// written.
/// Shape   q (n, d_k), k, v (c, d_k) codes -> out (n, d_k) real values; c = n unless there is a cache
/// Cost    per head: products n x d_k x c, n x c x 1, n x c x d_k; F as attention_actions
/// Source  Wang et al. 2024, Table 2 rows 4 to 6; the row maximum and the mask are ours
template <softmax_policy Softmax = split_softmax>
class shared_array_attention {
 public:
  /// Range   one: the code that drives the vector of ones in A5, at most the DAC's largest: the larger the less an ADC
  ///         step costs
  shared_array_attention(Softmax const& softmax, attention_scope const& scope, std::int16_t one) noexcept
      : softmax_(softmax), scope_(scope), one_(one) {}

  /// One head. `product(step, x, y)` multiplies codes x (tokens, inner), with sign in the first step and without in the others, by y
  /// (outputs, inner) on the array and returns sums;
  /// `seen(step, values)` is shown scores, row sums and results as real numbers,
  /// of the scores those that the mask shows.
  /// Errors  shape for sizes that do not fit each other, more new tokens than keys under a causal mask, or fewer heads of biases
  ///         than the queries are of
  template <class Product, class Observer>
  void head(head_operands const& in, matrix_view<float> out, attention_report& report, Product const& product,
            Observer const& seen) const {
    require_values(in.q.rows, in.k.rows, in.v, out);
    auto const codes = scores(in, report, product, seen);
    values(codes.view(), in.v, in.v_scale, out, report, product, seen);
  }

  /// The first step alone: codes of EXP(S).
  /// Shape   q (n, d), k (c, d) -> (n, c)
  /// Errors  as head
  template <class Product, class Observer>
  [[nodiscard]] matrix<std::uint16_t> scores(head_operands const& in, attention_report& report, Product const& product,
                                             Observer const& seen) const {
    require_queries(in);
    std::size_t const n = in.q.rows, c = in.k.rows;
    matrix<std::uint16_t> codes(n, c);
    auto const z = product(attention_step::scores, in.q, in.k);  // (n, c)
    std::vector<float> row(c);
    for (std::size_t i = 0; i < n; ++i) {
      float const scale = in.scale_of_query(i) * in.k_scale;
      std::size_t const position = in.position(i);
      for (std::size_t j = 0; j < c; ++j) row[j] = simd::mul(static_cast<float>(z(i, j)), scale);
      if (scope_.bias != nullptr) scope_.bias->add(in.head_of(i), position, row);
      auto const visible = visible_range(scope_, position, c);
      seen(attention_step::scores, std::span<float const>(row).subspan(visible.first, visible.count));
      apply_mask(scope_, position, row);
      report.saturated += softmax_.row_codes(row, codes.row(i));
      if constexpr (requires { softmax_.rescaled(row); }) report.rescaled += softmax_.rescaled(row);
    }
    auto& tally = report.tallies[0];
    tally.template add<"post", "scale">(n * c);
    if (scope_.bias != nullptr) tally.template add<"post", "add_bias">(n * c);
    tally.template add<"exp_unit", "exp">(n * c);
    if constexpr (requires { softmax_.by_row(); }) {
      if (softmax_.by_row()) tally.template add<"comparator", "compare">(n * c);
    }
    tally.template add<"cache", "write">(n * c);
    return codes;
  }

  /// The other two steps: row sums, and the weighted values divided by them.
  /// Shape   codes (n, c), v (c, d) -> out (n, d)
  /// Errors  shape for sizes that do not fit each other
  template <class Product, class Observer>
  void values(matrix_view<std::uint16_t const> codes, matrix_view<std::int16_t const> v, float v_scale,
              matrix_view<float> out, attention_report& report, Product const& product, Observer const& seen) const {
    require_values(codes.rows, codes.cols, v, out);
    std::size_t const n = codes.rows, c = codes.cols, width = v.cols;
    matrix<std::int16_t> ones(1, c);
    for (auto& code : ones.flat()) code = one_;
    auto const row_sums = product(attention_step::sums, codes, matrix_view<std::int16_t const>(ones.view()));  // (n, 1)
    report.tallies[1].template add<"cache", "write">(n);

    matrix<std::int16_t> const columns = transposed(v);  // (d, c)
    auto const weighted =
        product(attention_step::values, codes, matrix_view<std::int16_t const>(columns.view()));  // (n, d)
    std::vector<float> r(width);
    for (std::size_t i = 0; i < n; ++i) {
      auto const a = static_cast<float>(row_sums(i, 0) / static_cast<double>(one_));
      seen(attention_step::sums, std::span<float const>(&a, 1));
      for (std::size_t j = 0; j < width; ++j) r[j] = simd::mul(static_cast<float>(weighted(i, j)), v_scale);
      report.empty_rows += static_cast<std::uint64_t>(!softmax_.divide_row(r, a, out.row(i)));
      ++report.rows;
      seen(attention_step::values, std::span<float const>(out.row(i)));
    }
    report.tallies[2].template add<"post", "scale">(n * width);
    report.tallies[2].template add<"divider", "divide">(n * width);
  }

 private:
  void require_queries(head_operands const& in) const {
    if (in.q.cols != in.k.cols)
      throw error({errc::shape, "queries and keys of different widths", "attention.q", shape_text(in.q.rows, in.q.cols),
                   "n x " + std::to_string(in.k.cols), "give both d_k columns"});
    if (!in.q_scales.empty() && in.q_scales.size() < in.q.rows)
      throw error({errc::shape, "scales of queries are missing", "attention.q_scales",
                   std::to_string(in.q_scales.size()), std::to_string(in.q.rows) + ", or none", "give one per query"});
    if (scope_.mask == attention_mask::causal && in.new_tokens() > in.k.rows)
      throw error({errc::shape, "more new tokens than keys", "attention.tokens", std::to_string(in.new_tokens()),
                   "at most " + std::to_string(in.k.rows), "give the keys of the whole context"});
    if (scope_.bias != nullptr && in.q.rows > 0 && in.head_of(in.q.rows - 1) >= scope_.bias->heads())
      throw error({errc::shape, "position biases of fewer heads", "attention.bias",
                   std::to_string(scope_.bias->heads()) + " heads",
                   "at least " + std::to_string(in.head_of(in.q.rows - 1) + 1), "give one row of biases a head"});
  }
  static void require_values(std::size_t queries, std::size_t keys, matrix_view<std::int16_t const> v,
                             matrix_view<float> out) {
    if (v.rows != keys)
      throw error({errc::shape, "keys and values of different tokens", "attention.v", shape_text(v.rows, v.cols),
                   std::to_string(keys) + " x d_k", "give a value for every key"});
    if (out.rows != queries || out.cols != v.cols)
      throw error({errc::shape, "results do not fit", "attention.out", shape_text(out.rows, out.cols),
                   shape_text(queries, v.cols), "give a row for every query"});
  }

  Softmax softmax_;
  attention_scope scope_;
  std::int16_t one_;
};

}  // namespace ohmic::inline OHMIC_ABI
