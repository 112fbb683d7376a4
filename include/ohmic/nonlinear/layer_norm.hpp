// Layer normalisation: what the root unit and the post-function make of L1 and L2, and the one of the fp32 reference.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/action.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/concept.hpp"
#include "ohmic/nonlinear/integer_root.hpp"
#include "ohmic/nonlinear/root.hpp"
#include "ohmic/nonlinear/row_kernels.hpp"
#include "ohmic/nonlinear/row_sums.hpp"
#include "ohmic/nonlinear/significant_bits.hpp"

namespace ohmic::inline OHMIC_ABI {

template <>
struct enum_names<variance_rule> {
  static constexpr std::pair<std::string_view, variance_rule> value[] = {{"two_pass", variance_rule::two_pass},
                                                                         {"moments", variance_rule::moments}};
};

/// Layer normalisation of one token from its row means: L1 gives E(u); L2 gives E((u - E(u))^2) or E(u^2), as
/// `variance` says.
/// Range   a negative variance (moments of noisy or coarse products) is taken as 0 and flagged, for the caller to count
/// Cost    1 x "root_unit" "inverse_root" per token; alpha and beta are applied in the post-function, 1 x
///         "activation_unit" "apply" per element
/// Source  Wang et al. 2024, Table 4; the two-pass rule is ours; the integer root: Kim et al. 2021 (I-BERT), section 3.6
class split_layer_norm {
 public:
  using actions = action_list<action<"root_unit", "inverse_root">, action<"activation_unit", "apply">>;

  struct config {
    variance_rule variance = variance_rule::two_pass;
    float epsilon = 1e-12f;
    root_kind root = root_kind::exact;
    int root_bits = 12;  ///< of an integer root, and of alpha then
  };

  /// Errors  config_value unless epsilon is in 1e-30..1: without it a constant row would divide by zero
  static void validate(config const& c) {
    if (!(c.epsilon >= 1e-30f && c.epsilon <= 1.0f))
      throw error({errc::config_value, "epsilon out of range", "layer_norm.epsilon", detail::number_text(c.epsilon),
                   "1e-30..1", "set layer_norm.epsilon as the model's configuration has it"});
    check_root_bits(c.root_bits);
  }

  /// Errors  as validate
  explicit split_layer_norm(config const& c) : config_((validate(c), c)) {}

  /// From here on rows go through these kernels, which all give the same bits.
  void run_with(row_kernels const& rows) noexcept { rows_ = &rows; }

  [[nodiscard]] variance_rule variance() const noexcept { return config_.variance; }

  /// 1 / sqrt(variance + epsilon).
  /// Range   mean: E(u); second: E((u - E(u))^2) under two_pass, E(u^2) under moments
  [[nodiscard]] deviation inverse_deviation(float mean, float second) const noexcept {
    float const variance = config_.variance == variance_rule::moments ? second - simd::mul(mean, mean) : second;
    bool const clamped = variance < 0.0f;
    float const v = (clamped ? 0.0f : variance) + config_.epsilon;
    return {config_.root == root_kind::integer ? integer_inverse_root(v, config_.root_bits) : lane_inverse_root(v),
            clamped};
  }

  /// out = u - mean: the operand of L2 under two_pass.
  /// Shape   u (m), out (m); they may be the same memory
  void centre_row(std::span<float const> u, float mean, std::span<float> out) const noexcept {
    for (std::size_t i = 0; i < u.size(); ++i) out[i] = u[i] - mean;
  }

  /// out_i = (u_i - mean) alpha_i + beta_i with alpha_i = gamma_i x inverse_root.
  /// Shape   u, gamma, beta, out (m); u and out may be the same memory
  void apply_row(std::span<float const> u, float mean, float inverse_root, std::span<float const> gamma,
                 std::span<float const> beta, std::span<float> out) const noexcept {
    if (config_.root == root_kind::exact)
      return rows_->normalise(u.data(), u.size(), mean, inverse_root, gamma.data(), beta.data(), out.data());
    for (std::size_t i = 0; i < u.size(); ++i) {
      float const alpha = rounded_to_bits(simd::mul(gamma[i], inverse_root), config_.root_bits);
      out[i] = simd::mul_add(u[i] - mean, alpha, beta[i]);
    }
  }

 private:
  config config_;
  row_kernels const* rows_ = &row_kernels_of<>;
};
static_assert(layer_norm_policy<split_layer_norm>);

/// Layer normalisation of a row for the fp32 reference: two passes, sums in double in a fixed order, their products
/// exact.
/// Shape   u, gamma, beta, out (m); u and out may be the same memory
/// Range   epsilon > 0; the error of a result is below 2^-23 (4 + |mean| / deviation) (1 + |result| + |beta|)
/// Source  ours: the mean is rounded to float once, so that u - mean is a float, its square exact in double, and the
///         sum of squares the same with and without fused multiply-add
inline void layer_norm_row(std::span<float const> u, std::span<float const> gamma, std::span<float const> beta,
                           float epsilon, std::span<float> out, row_kernels const& rows = row_kernels_of<>) noexcept {
  if (u.empty()) return;
  auto const m = static_cast<double>(u.size());
  auto const mean = static_cast<float>(detail::row_sum(u) / m);
  double const variance = detail::row_square_sum(u, mean) / m;
  auto const inverse_root = static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(epsilon)));
  rows.normalise(u.data(), u.size(), mean, inverse_root, gamma.data(), beta.data(), out.data());
}

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::split_layer_norm::config, variance, epsilon, root, root_bits);
