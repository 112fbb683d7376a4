// The sub-operations of an encoder with LayerNorm, from its sizes and the choices that decide what F does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// Sizes of one pass of an encoder.
struct encoder_shape {
  std::size_t tokens = 0;  ///< n
  std::size_t width = 0;   ///< m
  std::size_t hidden = 0;  ///< h, of the feed-forward block
  std::size_t heads = 1;
  std::size_t layers = 0;
  std::size_t classes = 0;  ///< of the classifier on the pooled first token; 0: neither pooler nor classifier

  [[nodiscard]] constexpr std::size_t head_width() const noexcept { return width / heads; }
};

/// What the chip's configuration decides about the actions.
struct function_choices {
  int activation_digits = 3;
  int score_digits = 3;     ///< of EXP(S)
  bool row_maximum = true;  ///< softmax subtracts the largest score of a row
  bool two_pass_variance = true;
  /// Rows that carry the bias of a site, by site index; empty or 0: the bias is added in F.
  std::vector<std::size_t> bias_rows{};
  bool per_token_scales = false;  ///< every token's results have their own scale, found by a comparator
  bool corrects_biases = false;   ///< F adds a constant to every projection, with its bias or alone
  attention_choices attention{};

  [[nodiscard]] std::size_t bias_rows_of(site s) const noexcept {
    return s.index() < bias_rows.size() ? bias_rows[s.index()] : 0;
  }
  friend bool operator==(function_choices const&, function_choices const&) = default;
};

namespace detail {

/// Results coded and written into a cache. K and V keep one scale, because it must factor out of the sums that they
/// enter.
inline void store(sub_operation& op, std::size_t results, function_choices const& choices) {
  op.post.add<"cache", "write">(results);
  bool const driven = op.where.op == operation::A2 || op.where.op == operation::A3;
  if (choices.per_token_scales && !driven) op.post.add<"comparator", "compare">(results);
}

/// F of a projection: scale and bias. What comes on top, and the write into a cache, is the caller's.
[[nodiscard]] inline sub_operation leaving(site where, product_shape shape, function_choices const& choices,
                                           bool bias = true) {
  std::size_t const rows = choices.bias_rows_of(where), results = shape.tokens * shape.outputs;
  sub_operation op{
      where, operand_source::weights, {shape.tokens, shape.inner + rows, shape.outputs}, choices.activation_digits, 1,
      {}};
  op.post.add<"post", "scale">(results);
  if ((rows == 0 && bias) || choices.corrects_biases) op.post.add<"post", "add_bias">(results);
  return op;
}

/// The same with its result going into a cache.
[[nodiscard]] inline sub_operation projection(site where, product_shape shape, function_choices const& choices,
                                              bool bias = true) {
  sub_operation op = leaving(where, shape, choices, bias);
  store(op, shape.tokens * shape.outputs, choices);
  return op;
}

/// L1 and L2: one session a token, each with a single token on the array.
inline void layer_norm(std::vector<sub_operation>& out, site mean, site square, std::size_t tokens, std::size_t width,
                       function_choices const& choices) {
  sub_operation op{mean, operand_source::sums, {1, width, 1}, choices.activation_digits, tokens, {}};
  op.post.add<"post", "scale">(tokens);
  if (choices.two_pass_variance) op.post.add<"post", "centre">(tokens * width);
  out.push_back(op);
  op = {square, operand_source::sums, {1, width, 1}, choices.activation_digits, tokens, {}};
  op.post.add<"post", "scale">(tokens);
  op.post.add<"root_unit", "inverse_root">(tokens);
  op.post.add<"post", "normalise">(tokens * width);
  store(op, tokens * width, choices);
  out.push_back(op);
}

/// RMS normalisation: L2 alone, of the values themselves.
inline void rms_norm(std::vector<sub_operation>& out, site square, std::size_t tokens, std::size_t width,
                     function_choices const& choices) {
  function_choices one_pass = choices;
  one_pass.two_pass_variance = false;
  std::vector<sub_operation> both;
  layer_norm(both, square, square, tokens, width, one_pass);
  out.push_back(both.back());
}

}  // namespace detail

/// Sizes of the attention of one layer; width is that of all heads together. `past` tokens are in the cache before the pass.
/// Range   key_heads 0: as many as heads; fewer: queries share keys and values, and ride as further tokens of one product
struct attention_shape {
  std::size_t tokens = 0, width = 0, heads = 1;
  std::size_t past = 0;
  std::size_t key_heads = 0;
  std::size_t input = 0;  ///< width of what the keys are projected from, which stands for them in a decomposed product
  std::size_t keys =
      0;  ///< of an encoder, in cross-attention, `past` of them from a step before; 0: those of the tokens
  bool biased = false;  ///< scores have a bias by position

  [[nodiscard]] constexpr std::size_t products() const noexcept { return key_heads == 0 ? heads : key_heads; }
  [[nodiscard]] constexpr std::size_t queries() const noexcept { return tokens * (heads / products()); }

  [[nodiscard]] constexpr std::size_t head_width() const noexcept { return width / heads; }
  [[nodiscard]] constexpr std::size_t context() const noexcept { return keys > 0 ? keys : past + tokens; }
  [[nodiscard]] constexpr std::size_t fresh() const noexcept { return context() - past; }
};

/// What a decomposed product cannot do: the rotation of a key stands between W_K and X^T and depends on its token, so that it does
/// not move past the sum over the width. Undone pair by pair it takes as many multiplications as the keys themselves.
/// Errors  config_conflict
[[noreturn]] inline void refuse_rotation(std::string where) {
  throw error(
      {errc::config_conflict,
       "decomposed attention takes queries to the layer's input, and a rotation by the key's position does not let it",
       std::move(where), "attention.policy=decomposed with rotary positions",
       "shared_array, written_arrays, digital; or a model without rotation", "set attention.policy"});
}

namespace detail {

/// The queries of all heads taken to the layer's input: Q W_K^T, head by head, each row with a scale of its own.
/// Shape   queries (rows, d) of each of `products`, input m: products x (rows, d) . (d, m)
[[nodiscard]] inline sub_operation decomposed_queries(site where, std::size_t products, std::size_t rows, std::size_t d,
                                                      std::size_t m, function_choices const& c) {
  std::size_t const results = products * rows * m;
  sub_operation op{where, operand_source::weights, {rows, d, m}, c.activation_digits, products, {}};
  op.post.add<"post", "scale">(results);
  op.post.add<"comparator", "compare">(results);
  op.post.add<"cache", "write">(results);
  return op;
}

/// A4, A5 and A6 of independent sets of queries, keys and values, from what the policy makes of their shapes.
struct attention_sets {
  site scores, sums, values;
  std::size_t products = 1;  ///< of A5 and A6
  std::size_t rows = 1;      ///< queries of a product
  std::size_t keys = 1;      ///< of a query
  std::size_t d = 1, v = 1;  ///< widths of a key and of a value
  std::size_t held = 0, fresh = 0;
  std::size_t sets = 1;  ///< sequences, each with an X of its own
  std::size_t input = 0;
  bool biased = false;
};

inline void attention_products(std::vector<sub_operation>& out, attention_sets const& e, function_choices const& c) {
  bool const decomposed = c.attention.policy == attention_policy::decomposed;
  bool const written = c.attention.policy == attention_policy::written_arrays;
  product_unit const unit = written                                           ? product_unit::written_array
                            : c.attention.policy == attention_policy::digital ? product_unit::digital
                                                                              : product_unit::array;
  int const query_digits = written ? c.attention.array.activation_passes : c.activation_digits,
            score_digits = written ? c.attention.array.score_passes : c.score_digits;
  std::size_t const scores = e.products * e.rows * e.keys, results = e.products * e.rows * e.v;
  sub_operation op{
      e.scores, operand_source::activations, {e.rows, e.d, e.keys}, query_digits, e.products, {}, e.held, e.fresh,
      unit};
  if (decomposed) {  // all heads meet the same X
    op.shape = {e.products / e.sets * e.rows, e.input, e.keys};
    op.repeats = e.sets;
  }
  op.post.add<"post", "scale">(scores);
  if (e.biased) op.post.add<"post", "add_bias">(scores);
  if (c.row_maximum) op.post.add<"comparator", "compare">(scores);
  op.post.add<"exp_unit", "exp">(scores);
  op.post.add<"cache", "write">(scores);
  out.push_back(op);
  op = {e.sums, operand_source::sums, {e.rows, e.keys, 1}, score_digits, e.products, {}, 0, 0, unit};
  if (written) op.unit = product_unit::digital;
  op.post.add<"cache", "write">(e.products * e.rows);
  out.push_back(op);
  op = {e.values, operand_source::activations, {e.rows, e.keys, e.v}, score_digits, e.products, {}, e.held, e.fresh,
        unit};
  op.post.add<"post", "scale">(results);
  op.post.add<"divider", "divide">(results);
  store(op, results, c);
  out.push_back(op);
}

/// A2 of a layer: its keys, or what stands for them. `rotated` keys turn with their position.
/// Errors  config_conflict for rotated keys in a decomposed product
inline void key_program(std::vector<sub_operation>& out, std::size_t block, attention_shape const& e,
                        function_choices const& c, bool bias = true, bool rotated = false) {
  site const where{block, operation::A2};
  std::size_t const width = e.products() * e.head_width();
  if (c.attention.policy == attention_policy::decomposed) {
    if (rotated) refuse_rotation("layer " + std::to_string(block - 1));
    out.push_back(decomposed_queries(where, e.products(), e.queries(), e.head_width(), e.input, c));
    return;
  }
  out.push_back(projection(where, {e.tokens, e.input, width}, c, bias));
  if (rotated) out.back().post.add<"rotary_unit", "rotate">(e.tokens * width);
}

}  // namespace detail

/// A4, A5 and A6 of one layer: scores, their sums, and the weighted values, head by head. A mask saves nothing: all
/// products are taken.
inline void attention_program(std::vector<sub_operation>& out, std::size_t block, attention_shape const& e,
                              function_choices const& choices) {
  detail::attention_products(out,
                             {{block, operation::A4},
                              {block, operation::A5},
                              {block, operation::A6},
                              e.products(),
                              e.queries(),
                              e.context(),
                              e.head_width(),
                              e.head_width(),
                              e.past,
                              e.fresh(),
                              1,
                              e.input,
                              e.biased},
                             choices);
}

/// One layer of a post-LN encoder: attention, feed-forward block, a norm after each.
inline void encoder_block(std::vector<sub_operation>& out, std::size_t block, encoder_shape const& e,
                          function_choices const& choices) {
  std::size_t const n = e.tokens, m = e.width, h = e.hidden;
  attention_shape const attention{n, m, e.heads, 0, 0, m};
  out.push_back(detail::projection({block, operation::A1}, {n, m, m}, choices));
  detail::key_program(out, block, attention, choices);
  out.push_back(detail::projection({block, operation::A3}, {n, m, m}, choices));
  attention_program(out, block, attention, choices);
  out.push_back(detail::projection({block, operation::A7}, {n, m, m}, choices));
  out.back().post.add<"post", "add_residual">(n * m);
  detail::layer_norm(out, {block, operation::A_L1}, {block, operation::A_L2}, n, m, choices);
  out.push_back(detail::projection({block, operation::B1}, {n, m, h}, choices));
  out.back().post.add<"activation_unit", "apply">(n * h);
  out.push_back(detail::projection({block, operation::B2}, {n, h, m}, choices));
  out.back().post.add<"post", "add_residual">(n * m);
  detail::layer_norm(out, {block, operation::B_L1}, {block, operation::B_L2}, n, m, choices);
}

/// One pass of a post-LN encoder (BERT): embedding norm, layers, pooler and classifier.
/// Source  Wang et al. 2024, Tables 2 to 4; Devlin et al. 2019 for the block order
[[nodiscard]] inline std::vector<sub_operation> encoder_program(encoder_shape const& e,
                                                                function_choices const& choices) {
  std::vector<sub_operation> out;
  std::size_t const n = e.tokens, m = e.width;
  detail::layer_norm(out, {0, operation::L1}, {0, operation::L2}, n, m, choices);
  for (std::size_t block = 1; block <= e.layers; ++block) encoder_block(out, block, e, choices);
  if (e.classes > 0) {
    std::size_t const head = e.layers + 1;
    out.push_back(detail::projection({head, operation::pooler}, {1, m, m}, choices));
    out.back().post.add<"activation_unit", "apply">(m);
    out.push_back(detail::leaving({head, operation::classifier}, {1, m, e.classes}, choices));
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::program
