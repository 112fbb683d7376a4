// What post-functions, softmax and layer normalisation have to offer, so that sub-operations can take yours.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ohmic/core/action.hpp"
#include "ohmic/core/simd.hpp"

namespace ohmic::inline OHMIC_ABI {

// Version 14 tears compound requirements apart.
// clang-format off

/// F of a sub-operation F(X . Y): a lane function. It is called with a float and with batches of floats, and the value
/// of an element must not depend on which of them it came in. `actions` lists what a chip does for one element.
/// Laws    tests/laws/post_function.hpp: scalar and batch give the same bits, wherever the element stands
template <class F>
concept post_function = std::copyable<F> && requires(F const& f, float x, simd::f32<simd::native> v) {
  typename F::actions;
  { f(x) } noexcept -> std::same_as<float>;
  { f(v) } noexcept -> std::same_as<simd::f32<simd::native>>;
};

/// Softmax split over three sub-operations: A4 keeps codes of EXP(S), A5 sums them, A6 divides by the sum. `row_codes`
/// gives the codes of one row of scores and returns how many saturated; -infinity marks a masked score and gives code
/// 0. `divide_row` returns false where it had to give zeros because the sum of the row was not positive.
/// Shape   scores (n), codes (n); r (m), out (m): r and out may be the same memory
/// Range   codes 0..top(), top() at most 65535
/// Cost    a policy that has `by_row()` and says false there is counted without comparators
/// Laws    tests/laws/softmax.hpp
template <class P>
concept softmax_policy = requires(P const& p, typename P::config const& c, std::span<float const> row,
                                  std::span<std::uint16_t> codes, float sum, std::span<float> out) {
  typename P::actions;
  P::validate(c);
  P(c);
  { p.top() } noexcept -> std::same_as<int>;
  { p.row_codes(row, codes) } noexcept -> std::same_as<std::size_t>;
  { p.divide_row(row, sum, out) } noexcept -> std::same_as<bool>;
};

/// Where L2 takes its operand from.
enum class variance_rule {
  two_pass,  ///< E((u - E(u))^2): L1 first, then a product of the centred row with itself
  moments,   ///< E(u^2) - E(u)^2: L1 and L2 as published; cancels where E(u) is large against the deviation
};

/// What the root unit makes of L1 and L2 for one token.
struct deviation {
  float inverse_root = 0.0f;  ///< 1 / sqrt(variance + epsilon)
  bool clamped = false;       ///< the variance came out negative and was taken as 0
};

/// Layer normalisation from the row means of L1 and L2. A config starts with the rule of the variance, which belongs to
/// the chip, and epsilon, which belongs to the model. `variance` says what the second mean is; `apply_row` gives
/// (u - mean) alpha + beta with alpha = gamma x inverse_root.
/// Shape   u, gamma, beta, out (m): u and out may be the same memory
/// Laws    tests/laws/layer_norm.hpp
template <class P>
concept layer_norm_policy = requires(P const& p, typename P::config const& c, float mean, std::span<float const> row,
                                     std::span<float> out) {
  typename P::actions;
  P::validate(c);
  P(typename P::config{variance_rule::two_pass, 1.0f});
  { p.variance() } noexcept -> std::same_as<variance_rule>;
  { p.inverse_deviation(mean, mean) } noexcept -> std::same_as<deviation>;
  { p.apply_row(row, mean, mean, row, row, out) } noexcept;
};

// clang-format on

/// The least that the concept asks for; generic headers are compiled with it in the tests.
struct post_function_archetype {
  using actions = action_list<>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    return x;
  }
};
static_assert(post_function<post_function_archetype>);

/// The least softmax: every unmasked score counts the same.
struct softmax_archetype {
  using actions = action_list<>;
  struct config {};
  static void validate(config const&) {}
  explicit softmax_archetype(config const&) noexcept {}
  [[nodiscard]] int top() const noexcept { return 1; }
  std::size_t row_codes(std::span<float const> scores, std::span<std::uint16_t> codes) const noexcept {
    for (std::size_t i = 0; i < scores.size(); ++i) codes[i] = scores[i] >= -3.0e38f;
    return 0;
  }
  bool divide_row(std::span<float const> r, float sum, std::span<float> out) const noexcept {
    for (std::size_t i = 0; i < r.size(); ++i) out[i] = sum > 0.0f ? r[i] / sum : 0.0f;
    return sum > 0.0f;
  }
};
static_assert(softmax_policy<softmax_archetype>);

/// The least layer normalisation: it only takes the mean away.
struct layer_norm_archetype {
  using actions = action_list<>;
  struct config {
    variance_rule variance = variance_rule::two_pass;
    float epsilon = 0.0f;
  };
  static void validate(config const&) {}
  explicit layer_norm_archetype(config const&) noexcept {}
  [[nodiscard]] variance_rule variance() const noexcept { return variance_rule::two_pass; }
  [[nodiscard]] deviation inverse_deviation(float, float) const noexcept { return {1.0f, false}; }
  void apply_row(std::span<float const> u, float mean, float, std::span<float const>, std::span<float const>,
                 std::span<float> out) const noexcept {
    for (std::size_t i = 0; i < u.size(); ++i) out[i] = u[i] - mean;
  }
};
static_assert(layer_norm_policy<layer_norm_archetype>);

}  // namespace ohmic::inline OHMIC_ABI
