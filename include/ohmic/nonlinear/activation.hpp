// Activations as post-functions, and the run-time choice between them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/nonlinear/concept.hpp"
#include "ohmic/nonlinear/erf.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/tanh.hpp"

namespace ohmic::inline OHMIC_ABI {

/// x. Nothing is done for it, so that nothing is counted.
struct identity_activation {
  using actions = action_list<>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    return x;
  }
};
static_assert(post_function<identity_activation>);

/// x where it is positive, else 0. NaN gives 0.
/// Cost    1 x "activation_unit" "apply" per element
struct relu_activation {
  using actions = action_list<action<"activation_unit", "apply">>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    return simd::select(x > V(0.0f), x, V(0.0f));
  }
};
static_assert(post_function<relu_activation>);

/// x / 2 (1 + erf(x / sqrt 2)), the exact form of BERT.
/// Range   finite x; absolute error below 1e-6 max(1, |x|)
/// Cost    1 x "activation_unit" "apply" per element
/// Source  Hendrycks, Gimpel 2016, section 2
struct gelu_activation {
  using actions = action_list<action<"activation_unit", "apply">>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    constexpr float inverse_root_2 = 0x1.6a09e6p-1f;
    V const twice_share = V(1.0f) + lane_erf(simd::mul(x, V(inverse_root_2)));
    // Rounded by itself, because the caller may go on to add a residual.
    return simd::mul(simd::mul(x, V(0.5f)), twice_share);
  }
};
static_assert(post_function<gelu_activation>);

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), the form of GPT-2 ("gelu_new").
/// Range   finite x; as far from the exact form as the approximation is, at most 5e-4
/// Cost    1 x "activation_unit" "apply" per element
/// Source  Hendrycks, Gimpel 2016, section 2
struct gelu_tanh_activation {
  using actions = action_list<action<"activation_unit", "apply">>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    constexpr float root_2_over_pi = 0x1.988454p-1f;
    V const cube = simd::mul(simd::mul(x, x), x);
    V const inner = simd::mul(V(root_2_over_pi), simd::mul_add(V(0.044715f), cube, x));
    return simd::mul(simd::mul(x, V(0.5f)), V(1.0f) + lane_tanh(inner));
  }
};
static_assert(post_function<gelu_tanh_activation>);

/// x / (1 + exp(-x)), SiLU or swish, of gated blocks.
/// Range   finite x; absolute error below 1e-6 max(1, |x|)
/// Cost    1 x "activation_unit" "apply" per element
/// Source  Hendrycks, Gimpel 2016, section 2; Shazeer 2020 for SwiGLU
struct silu_activation {
  using actions = action_list<action<"activation_unit", "apply">>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    V const e = lane_exp(V(0.0f) - simd::abs(x));  // at most 1
    V const share = simd::select(x < V(0.0f), e, V(1.0f)) / (V(1.0f) + e);
    return simd::mul(x, share);
  }
};
static_assert(post_function<silu_activation>);

/// tanh(x), BERT's pooler.
/// Cost    1 x "activation_unit" "apply" per element
struct tanh_activation {
  using actions = action_list<action<"activation_unit", "apply">>;
  template <simd::lane V>
  [[nodiscard]] V operator()(V x) const noexcept {
    return lane_tanh(x);
  }
};
static_assert(post_function<tanh_activation>);

/// Activation chosen at run time, by a model's configuration file.
enum class activation { identity, relu, gelu, tanh, gelu_tanh, silu };

template <>
struct enum_names<activation> {
  static constexpr std::pair<std::string_view, activation> value[] = {
      {"identity", activation::identity}, {"relu", activation::relu},           {"gelu", activation::gelu},
      {"tanh", activation::tanh},         {"gelu_tanh", activation::gelu_tanh}, {"silu", activation::silu}};
};

/// Calls f with the post-function that `kind` names, and returns what f returns.
/// Range   a value that is no enumerator counts as identity
template <class F>
decltype(auto) with_activation(activation kind, F&& f) {
  switch (kind) {
    case activation::relu:
      return std::forward<F>(f)(relu_activation{});
    case activation::gelu:
      return std::forward<F>(f)(gelu_activation{});
    case activation::tanh:
      return std::forward<F>(f)(tanh_activation{});
    case activation::gelu_tanh:
      return std::forward<F>(f)(gelu_tanh_activation{});
    case activation::silu:
      return std::forward<F>(f)(silu_activation{});
    case activation::identity:
      break;
  }
  return std::forward<F>(f)(identity_activation{});
}

/// Uses of "activation_unit" "apply" for n elements: none for identity, else one per element.
[[nodiscard]] constexpr std::size_t activation_uses(activation kind, std::size_t n) noexcept {
  return kind == activation::identity ? 0 : n;
}

/// Errors  shape if the sizes differ
inline void require_same_size(std::span<float const> in, std::span<float> out) {
  if (in.size() != out.size())
    throw error({errc::shape, "input and output differ in size", "apply", std::to_string(out.size()) + " outputs",
                 std::to_string(in.size()) + " outputs", "give both the same size"});
}

/// out[i] = f(in[i]).
/// Shape   in (n), out (n); they may be the same memory
/// Errors  shape if the sizes differ
template <post_function F>
void apply(F const& f, std::span<float const> in, std::span<float> out) {
  require_same_size(in, out);
  simd::for_each_lane(in.data(), out.data(), in.size(), f);
}
inline void apply(activation kind, std::span<float const> in, std::span<float> out) {
  with_activation(kind, [&](auto const& f) { apply(f, in, out); });
}

}  // namespace ohmic::inline OHMIC_ABI
