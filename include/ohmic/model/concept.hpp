// What runs a model: an engine offers the steps of a transformer, in floating point or on a chip. Models are written
// once over it.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ohmic/attention/concept.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/rotary.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What F does to a projection besides scale and bias.
template <class Tensor>
struct projection_options {
  activation act = activation::identity;
  float factor = 1.0f;                      ///< on the sum with the bias: 1 / sqrt(d_k) for the keys
  Tensor const* residual = nullptr;         ///< added last
  ohmic::rotary const* rotation = nullptr;  ///< turns the result of token n by the position first + n
  std::size_t first = 0;
  Tensor const* gate = nullptr;  ///< multiplies the result: the other branch of a gated block
};

/// Steps of a transformer. A site says which sub-operation it is, and by that which programmed matrix, ranges and
/// statistics
/// belong to it.
/// Shape   input (n, m); project (n, in) -> (n, out); attend q, k, v (n, m) -> (n, m), with a cache after the tokens that it holds, and with
///         fewer key heads where k and v are narrower than q; normalise (n, m) -> (n, m); row (1, m);
///         none (n, m) -> (0, m), no tokens of the same kind: what cross-attention takes after its first step, and what project makes
///         no results of; mean (n, m) -> (1, m); output (n, in) -> (n, out), as real numbers
template <class E>
concept engine = requires(E& e, typename E::tensor const& x, matrix<float> const& values, linear_weights const& w,
                          norm_weights const& g, program::site s, projection_options<typename E::tensor> const& options,
                          std::size_t n, float epsilon, typename E::cache& cache) {
  { e.input(s, values) } -> std::same_as<typename E::tensor>;
  { e.project(s, w, x, options) } -> std::same_as<typename E::tensor>;
  { e.attend(n, x, x, x, n, attention_mask::none) } -> std::same_as<typename E::tensor>;
  { e.attend(n, x, x, x, n, attention_mask::causal, cache) } -> std::same_as<typename E::tensor>;
  { cache.tokens() } -> std::same_as<std::size_t>;
  { e.normalise(s, s, g, epsilon, x) } -> std::same_as<typename E::tensor>;
  { e.row(x, n) } -> std::same_as<typename E::tensor>;
  { e.none(x) } -> std::same_as<typename E::tensor>;
  { e.mean(s, x) } -> std::same_as<typename E::tensor>;
  { e.output(s, w, x, options) } -> std::same_as<matrix<float>>;
};

/// Real values by site, in the order in which they came up, and how many came at a time (of scores: a row of a head): what calibration
/// looks at and what two engines are compared by.
class recording {
 public:
  explicit recording(std::size_t sites) : values_(sites), lengths_(sites) {}
  void record(program::site s, std::span<float const> values) {
    auto& of_site = values_[s.index()];
    of_site.insert(of_site.end(), values.begin(), values.end());
    lengths_[s.index()].push_back(values.size());
  }
  [[nodiscard]] std::vector<float> const& at(std::size_t site) const noexcept { return values_[site]; }
  [[nodiscard]] std::vector<std::size_t> const& lengths(std::size_t site) const noexcept { return lengths_[site]; }
  [[nodiscard]] std::size_t sites() const noexcept { return values_.size(); }

 private:
  std::vector<std::vector<float>> values_;
  std::vector<std::vector<std::size_t>> lengths_;
};

}  // namespace ohmic::inline OHMIC_ABI::model
