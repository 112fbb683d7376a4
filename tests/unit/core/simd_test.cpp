// The SIMD facade: lanes agree with single floats on every instruction set, and products are not contracted.
#include "ohmic/core/simd.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/functions.hpp"
#include "support/catch.hpp"

namespace {
namespace simd = ohmic::simd;

// (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24: a product rounded by itself loses the last term, a fused one keeps it.
constexpr float a = 1.0f + 0x1p-12f;
constexpr float c = -(1.0f + 0x1p-11f);
constexpr float left_by_fusing = 0x1p-24f;

static_assert(simd::mul_add(a, a, c) == 0.0f);
static_assert(simd::fence(0.1) == 0.1);
static_assert(simd::round_even(2.5f) == 2.0f && simd::round_even(3.5f) == 4.0f && simd::round_even(-2.5f) == -2.0f);
static_assert(simd::clamp(5.0f, -1.0f, 1.0f) == 1.0f && simd::abs(-2.0f) == 2.0f);
static_assert(std::bit_cast<std::uint32_t>(simd::abs(-0.0f)) == 0);
static_assert(simd::lane<float> && simd::lane<simd::f32<simd::native>> && !simd::lane<double> && !simd::lane<int>);
static_assert(simd::width<float> == 1 && simd::width<simd::f32<simd::native>> == simd::f32<simd::native>::size);

std::vector<float> samples() {
  std::vector<float> all{0.0f,  -0.0f,       0.5f,       -0.5f,       1.5f,  -1.5f, 2.5f,
                         -2.5f, 0.49999997f, 4194303.5f, -4194303.5f, 0.25f, 1e-30f};
  // Not a multiple of any width, so that the single floats at the end are tested too.
  for (int i = 0; i < 200; ++i) all.push_back((static_cast<float>(i) - 100.0f) * 0.37f);
  return all;
}

// The lane functions of arch/functions.cpp, written plainly.
float expected(int which, float v) {
  switch (which) {
    case 0:
      return std::nearbyint(v);
    case 1:
      return std::fabs(v);
    case 2:
      return std::sqrt(std::fabs(v));
    case 3:
      return std::fmin(std::fmax(v, -1.5f), 2.5f);
    case 4:
      return std::trunc(v);
    case 5:
      return v;
    case 6:
      return v < 0.0f ? -1.0f : v;
    case 7:
      return v < 0.25f ? v : 0.25f;
    default:
      return v > 0.25f ? v : 0.25f;
  }
}
}  // namespace

TEST_CASE("a product is rounded by itself on every instruction set") {
  std::vector<float> const x(64, a), y(64, c), zero(64, 0.0f);
  for (auto const& arch : ohmic_test::archs()) {
    INFO(arch.name);
    std::vector<float> out(64, 1.0f);
    arch.mul_add(x, x, y, out);
    CHECK(out == zero);
    arch.mul_add_by_one(x, x, y, out);
    CHECK(out == zero);
    CHECK(arch.product_and_sum(1.0 + 0x1p-27, 1.0 + 0x1p-27, -(1.0 + 0x1p-26)) == 0.0);  // 2^-54 if fused
    // Without the fence these flags do contract: or the checks above would prove nothing.
    arch.unfenced(x, x, y, out);
    CHECK(out == std::vector<float>(64, arch.has_fma ? left_by_fusing : 0.0f));
  }
}

TEST_CASE("lane functions give the values of plain code on every instruction set") {
  auto const in = samples();
  for (auto const& arch : ohmic_test::archs()) {
    for (int which = 0; which < ohmic_test::lane_functions; ++which) {
      std::vector<float> out(in.size());
      arch.lane_function(which, in, out);
      for (std::size_t i = 0; i < in.size(); ++i) {
        INFO(arch.name << ", function " << which << ", " << in[i]);
        CHECK(out[i] == expected(which, in[i]));
      }
    }
  }
}

TEST_CASE("rounding keeps ties even up to 2^22") {
  for (std::int32_t i = -4194303; i < 4194304; i += 4099) {
    auto const x = static_cast<float>(i) + 0.5f;
    CHECK(simd::round_even(x) == std::nearbyint(x));
  }
}

TEST_CASE("bits go both ways") {
  for (float const v : {0.0f, -0.0f, 1.0f, -1.25f, 1e-40f, INFINITY}) {
    CHECK(simd::to_bits(v) == std::bit_cast<std::int32_t>(v));
    CHECK(std::bit_cast<std::int32_t>(simd::from_bits(simd::to_bits(v))) == std::bit_cast<std::int32_t>(v));
  }
}

TEST_CASE("a lane function may write where it reads") {
  auto x = samples();
  auto const before = x;
  simd::for_each_lane(x.data(), x.data(), x.size(), [](auto v) { return simd::abs(v); });
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == std::fabs(before[i]));
}

TEST_CASE("the magnitude of -0 is +0, alone and in a register") {
  float const zero = -0.0f;
  CHECK_FALSE(std::signbit(simd::abs(zero)));
  std::vector<float> out(33, -1.0f);
  std::vector<float> const in(33, zero);
  simd::for_each_lane(in.data(), out.data(), in.size(), [](auto v) { return simd::abs(v); });
  for (float const v : out) CHECK_FALSE(std::signbit(v));
}
