// exp, erf, tanh and 1 / sqrt as lane functions: accuracy against double libm, special values, the same bits
// everywhere.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "laws/post_function.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/erf.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/root.hpp"
#include "ohmic/nonlinear/tanh.hpp"
#include "support/catch.hpp"

// Compiled for several instruction sets in the arch folder; weak, because a build may have fewer of them.
__attribute__((weak)) std::uint64_t lane_bits_baseline(std::uint32_t step);
__attribute__((weak)) std::uint64_t lane_bits_avx2(std::uint32_t step);
__attribute__((weak)) std::uint64_t lane_bits_avx512(std::uint32_t step);

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Every 2053rd bit pattern: 2.1 million floats of all exponents; a prime, so that low mantissa bits vary too.
constexpr std::uint64_t stride = 2053;

struct accuracy {
  double ulp = 0.0;
  double absolute = 0.0;
  double relative = 0.0;
};

template <class F, class G>
accuracy measure(F const& lane, G const& exact, float low, float high) {
  accuracy worst;
  for (std::uint64_t bits = 0; bits <= 0xffffffffu; bits += stride) {
    auto const x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!(x >= low && x <= high)) continue;
    double const expected = exact(static_cast<double>(x));
    double const difference = std::fabs(static_cast<double>(lane(x)) - expected);
    worst.absolute = std::max(worst.absolute, difference);
    if (expected == 0.0) continue;
    worst.ulp = std::max(worst.ulp, difference / std::ldexp(1.0, std::max(std::ilogb(expected), -126) - 23));
    worst.relative = std::max(worst.relative, difference / std::fabs(expected));
  }
  return worst;
}

struct exp_function {
  using actions = ohmic::action_list<>;
  template <ohmic::simd::lane V>
  V operator()(V x) const noexcept {
    return ohmic::lane_exp(x);
  }
};
struct erf_function {
  using actions = ohmic::action_list<>;
  template <ohmic::simd::lane V>
  V operator()(V x) const noexcept {
    return ohmic::lane_erf(x);
  }
};
struct tanh_function {
  using actions = ohmic::action_list<>;
  template <ohmic::simd::lane V>
  V operator()(V x) const noexcept {
    return ohmic::lane_tanh(x);
  }
};
struct inverse_root_function {
  using actions = ohmic::action_list<>;
  template <ohmic::simd::lane V>
  V operator()(V x) const noexcept {
    return ohmic::lane_inverse_root(x);
  }
};

/// The function of a single value, computed in a batch of equal values.
template <class F>
float in_batch(F const& f, float x) {
  using batch = ohmic::simd::f32<ohmic::simd::native>;
  float out[batch::size];
  ohmic::simd::store(out, f(batch(x)));
  return out[batch::size - 1];
}

}  // namespace

TEST_CASE("exp is good to one ulp where the result is a normal float") {
  auto const a = measure([](float x) { return ohmic::lane_exp(x); }, [](double x) { return std::exp(x); },
                         ohmic::exp_argument_min, ohmic::exp_argument_max);
  CHECK(a.ulp <= 1.0);
}

TEST_CASE("exp flushes what would be subnormal, saturates what would be infinite and keeps NaN") {
  for (auto f : {+[](float x) { return ohmic::lane_exp(x); }, +[](float x) { return in_batch(exp_function{}, x); }}) {
    CHECK(f(0.0f) == 1.0f);
    CHECK(f(-0.0f) == 1.0f);
    CHECK(f(ohmic::exp_argument_min) >= std::numeric_limits<float>::min());
    CHECK(f(std::nextafter(ohmic::exp_argument_min, -infinity)) == 0.0f);
    CHECK(f(-88.0f) == 0.0f);
    CHECK(f(-1e30f) == 0.0f);
    CHECK(f(-infinity) == 0.0f);
    float const top = f(ohmic::exp_argument_max);
    CHECK(top > 3.4e38f);
    CHECK(top <= std::numeric_limits<float>::max());
    CHECK(f(89.0f) == top);
    CHECK(f(infinity) == top);
    CHECK(std::isnan(f(not_a_number)));
  }
}

TEST_CASE("exp never falls") {
  // Neighbouring floats in stretches around multiples of ln 2 / 2, where the range reduction changes, and everywhere at
  // a stride.
  std::size_t falling = 0;
  for (int k = -252; k <= 255; ++k) {
    auto x = static_cast<float>(k * 0.34657359);
    for (int i = 0; i < 200; ++i) x = std::nextafter(x, -infinity);
    float last = ohmic::lane_exp(x);
    for (int i = 0; i < 400; ++i) {
      x = std::nextafter(x, infinity);
      float const y = ohmic::lane_exp(x);
      falling += static_cast<std::size_t>(y < last);
      last = y;
    }
  }
  float last = 1.0f;
  for (std::uint32_t bits = 0x80000000u; bits < 0xc2b00000u; bits += 509) {  // 0 to -88
    float const y = ohmic::lane_exp(std::bit_cast<float>(bits));
    falling += static_cast<std::size_t>(y > last);
    last = y;
  }
  CHECK(falling == 0);
}

TEST_CASE("erf is good to 1e-7, odd, and 1 from 4 on") {
  auto const lane = [](float x) { return ohmic::lane_erf(x); };
  auto const exact = [](double x) { return std::erf(x); };
  CHECK(measure(lane, exact, -infinity, infinity).absolute <= 1e-7);
  CHECK(measure(lane, exact, 0x1p-120f, 1.0f).relative <= 3e-7);  // below, the result itself is rounded to a subnormal
  for (auto f : {+[](float x) { return ohmic::lane_erf(x); }, +[](float x) { return in_batch(erf_function{}, x); }}) {
    for (float x : {0.0f, 1e-30f, 0.3f, 0.99999994f, 1.0f, 2.5f, 3.99f})
      CHECK(std::bit_cast<std::uint32_t>(f(-x)) == (std::bit_cast<std::uint32_t>(f(x)) | 0x80000000u));
    CHECK(f(0.0f) == 0.0f);
    CHECK(f(4.0f) == 1.0f);
    CHECK(f(1e38f) == 1.0f);
    CHECK(f(-infinity) == -1.0f);
    CHECK(std::isnan(f(not_a_number)));
  }
}

TEST_CASE("tanh is good to 1e-7, odd, and 1 from 9.1 on") {
  auto const lane = [](float x) { return ohmic::lane_tanh(x); };
  auto const exact = [](double x) { return std::tanh(x); };
  auto const a = measure(lane, exact, -infinity, infinity);
  CHECK(a.absolute <= 1e-7);
  CHECK(a.relative <= 3e-7);
  for (auto f : {+[](float x) { return ohmic::lane_tanh(x); }, +[](float x) { return in_batch(tanh_function{}, x); }}) {
    for (float x : {0.0f, 1e-30f, 0.3f, 0.62999f, 0.63f, 2.5f, 9.0f})
      CHECK(std::bit_cast<std::uint32_t>(f(-x)) == (std::bit_cast<std::uint32_t>(f(x)) | 0x80000000u));
    CHECK(f(9.1f) == 1.0f);
    CHECK(f(1e38f) == 1.0f);
    CHECK(f(-infinity) == -1.0f);
    CHECK(std::isnan(f(not_a_number)));
  }
}

TEST_CASE("the inverse root is good to 1.5 ulp") {
  auto const a =
      measure([](float x) { return ohmic::lane_inverse_root(x); }, [](double x) { return 1.0 / std::sqrt(x); },
              std::numeric_limits<float>::min(), std::numeric_limits<float>::max());
  CHECK(a.ulp <= 1.5);
  CHECK(ohmic::lane_inverse_root(0.0f) == infinity);
  CHECK(ohmic::lane_inverse_root(4.0f) == 0.5f);
}

TEST_CASE("the functions of the nonlinear folder obey the laws of post-functions") {
  ohmic_test::post_function_laws(exp_function{}, -90.0f, 90.0f);
  ohmic_test::post_function_laws(erf_function{}, -5.0f, 5.0f);
  ohmic_test::post_function_laws(tanh_function{}, -11.0f, 11.0f);
  ohmic_test::post_function_laws(inverse_root_function{}, 1e-12f, 100.0f);
}

namespace {

/// Scalar counterpart of arch/lane_bits.cpp.
std::uint64_t scalar_lane_bits(std::uint32_t step) {
  constexpr std::size_t block = 64;
  float x[block];
  std::uint64_t hash = 14695981039346656037u, bits = 0;
  auto const add = [&hash](float y) { hash = (hash ^ std::bit_cast<std::uint32_t>(y)) * 1099511628211u; };
  while (bits <= 0xffffffffu) {
    for (std::size_t i = 0; i < block; ++i, bits += step)
      x[i] = (bits & 0x7f800000u) == 0x7f800000u ? 0.0f : std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    for (float v : x) add(ohmic::lane_exp(v));
    for (float v : x) add(ohmic::lane_erf(v));
    for (float v : x) add(ohmic::lane_tanh(v));
    for (float v : x) add(ohmic::lane_inverse_root(std::fabs(v)));
    for (float v : x) add(ohmic::gelu_activation{}(v));
  }
  return hash;
}

}  // namespace

TEST_CASE("lane functions give the same bits on every compiler, instruction set and flag") {
  constexpr std::uint32_t step = 4099;
  // Ours: whatever first computed it. Everybody has to agree with it; a change of the functions changes it and says so.
  constexpr std::uint64_t expected = 0xbb447df990ee8dcf;
  CHECK(scalar_lane_bits(step) == expected);
  if (lane_bits_baseline) CHECK(lane_bits_baseline(step) == expected);
#if defined(__x86_64__) || defined(__i386__)
  if (lane_bits_avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    CHECK(lane_bits_avx2(step) == expected);
  if (lane_bits_avx512 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    CHECK(lane_bits_avx512(step) == expected);
#endif
}
