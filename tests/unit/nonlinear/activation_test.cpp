// Activations as post-functions and by name.
#include "ohmic/nonlinear/activation.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "laws/post_function.hpp"
#include "support/catch.hpp"

using ohmic::activation;

namespace {

/// What a chip would have for an activation of one's own: leaky by a power of two.
struct leaky_activation {
  using actions = ohmic::action_list<ohmic::action<"activation_unit", "apply">>;
  template <ohmic::simd::lane V>
  V operator()(V x) const noexcept {
    return ohmic::simd::select(x > V(0.0f), x, ohmic::simd::mul(x, V(0.125f)));
  }
};
static_assert(ohmic::post_function<leaky_activation>);

struct no_actions {
  template <ohmic::simd::lane V>
  V operator()(V x) const noexcept {
    return x;
  }
};
static_assert(!ohmic::post_function<no_actions>, "a post-function says what it costs");

struct only_scalar {
  using actions = ohmic::action_list<>;
  float operator()(float x) const noexcept { return x; }
};
static_assert(!ohmic::post_function<only_scalar>, "a post-function works on batches");

struct may_throw {
  using actions = ohmic::action_list<>;
  template <ohmic::simd::lane V>
  V operator()(V x) const {
    return x;
  }
};
static_assert(!ohmic::post_function<may_throw>, "a post-function does not throw");

}  // namespace

TEST_CASE("activations obey the laws of post-functions") {
  ohmic_test::post_function_laws(ohmic::post_function_archetype{}, -10.0f, 10.0f);
  ohmic_test::post_function_laws(ohmic::identity_activation{}, -10.0f, 10.0f);
  ohmic_test::post_function_laws(ohmic::relu_activation{}, -10.0f, 10.0f);
  ohmic_test::post_function_laws(ohmic::gelu_activation{}, -10.0f, 10.0f);
  ohmic_test::post_function_laws(ohmic::tanh_activation{}, -10.0f, 10.0f);
  ohmic_test::post_function_laws(ohmic::silu_activation{}, -10.0f, 10.0f);
  ohmic_test::post_function_laws(leaky_activation{}, -10.0f, 10.0f);
}

TEST_CASE("gelu is the exact form to 1e-6") {
  double worst = 0.0;
  for (int i = -200000; i <= 200000; ++i) {
    float const x = static_cast<float>(i) * 0x1p-13f;  // -24.4..24.4, exact
    double const d = static_cast<double>(x);
    double const exact = d / 2.0 * (1.0 + std::erf(d / std::sqrt(2.0)));
    worst = std::max(worst,
                     std::fabs(static_cast<double>(ohmic::gelu_activation{}(x)) - exact) / std::max(1.0, std::fabs(d)));
  }
  CHECK(worst <= 1e-6);
}

TEST_CASE("silu is its definition to 1e-6, and vanishes far below") {
  double worst = 0.0;
  for (int i = -200000; i <= 200000; ++i) {
    float const x = static_cast<float>(i) * 0x1p-11f;  // -97.7..97.7, exact: exp(-x) leaves the floats
    double const d = static_cast<double>(x);
    double const exact = d / (1.0 + std::exp(-d));
    worst = std::max(worst,
                     std::fabs(static_cast<double>(ohmic::silu_activation{}(x)) - exact) / std::max(1.0, std::fabs(d)));
  }
  CHECK(worst <= 1e-6);
  CHECK(ohmic::silu_activation{}(-1e30f) == 0.0f);
  CHECK(ohmic::silu_activation{}(1e30f) == 1e30f);
}

TEST_CASE("relu cuts negative values off") {
  CHECK(ohmic::relu_activation{}(2.0f) == 2.0f);
  CHECK(ohmic::relu_activation{}(-2.0f) == 0.0f);
  CHECK_FALSE(std::signbit(ohmic::relu_activation{}(-0.0f)));
}

TEST_CASE("an activation is applied by name") {
  std::vector<float> const x{-2.0f, -0.5f, 0.0f, 0.5f, 2.0f, 3.0f, -1.0f, 1.0f, 0.25f};
  std::vector<float> y(x.size());
  auto const is = [&](auto const& f) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (y[i] != f(x[i])) return false;
    return true;
  };
  ohmic::apply(activation::identity, x, y);
  CHECK(is(ohmic::identity_activation{}));
  ohmic::apply(activation::relu, x, y);
  CHECK(is(ohmic::relu_activation{}));
  ohmic::apply(activation::gelu, x, y);
  CHECK(is(ohmic::gelu_activation{}));
  ohmic::apply(activation::tanh, x, y);
  CHECK(is(ohmic::tanh_activation{}));
  ohmic::apply(activation::silu, x, y);
  CHECK(is(ohmic::silu_activation{}));
  ohmic::apply(leaky_activation{}, x, y);
  CHECK(is(leaky_activation{}));
  ohmic::apply(activation::relu, y, y);
  CHECK(y.front() == 0.0f);
}

TEST_CASE("an activation into a buffer of another size is refused") {
  std::vector<float> x(3), y(2);
  try {
    ohmic::apply(activation::gelu, x, y);
    FAIL("no error");
  } catch (ohmic::error const& e) {
    CHECK(e.code() == ohmic::errc::shape);
    CHECK_THAT(e.what(), ohmic_test::contains("2 outputs"));
  }
}

TEST_CASE("an activation is counted where a chip has a unit for it") {
  CHECK(ohmic::activation_uses(activation::identity, 7) == 0);
  CHECK(ohmic::activation_uses(activation::gelu, 7) == 7);
  ohmic::with_activation(activation::identity, []<class F>(F const&) { CHECK(F::actions::size == 0); });
  ohmic::with_activation(activation::gelu, []<class F>(F const&) {
    ohmic::tally<typename F::actions> t;
    if constexpr (std::is_same_v<F, ohmic::gelu_activation>) t.template add<"activation_unit", "apply">(7);
    t.for_each([](std::string_view part, std::string_view name, std::uint64_t n) {
      CHECK(part == "activation_unit");
      CHECK(name == "apply");
      CHECK(n == 7);
    });
  });
}
