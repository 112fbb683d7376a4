// What every post-function must satisfy.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/nonlinear/concept.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

/// n floats that cover low..high and its ends, in no order that a batch would like.
inline std::vector<float> spread_values(float low, float high, std::size_t n) {
  std::vector<float> x(n);
  std::uint32_t state = 1;
  for (auto& v : x) {
    state = state * 1664525u + 1013904223u;
    v = low + (high - low) * (static_cast<float>(state >> 8) * 0x1p-24f);
  }
  if (n > 1) {
    x.front() = low;
    x.back() = high;
  }
  return x;
}

/// Scalar and batch give the same bits, wherever in a row an element stands.
/// Range   arguments low..high, and zeros of both signs
template <ohmic::post_function F>
void post_function_laws(F const& f, float low, float high) {
  using batch = ohmic::simd::f32<ohmic::simd::native>;
  auto x = spread_values(low, high, 1021);
  x[3] = 0.0f;
  x[5] = -0.0f;
  std::vector<float> y(x.size());
  std::size_t different = 0;
  for (std::size_t first = 0; first < batch::size; ++first) {  // every alignment of an element against the batches
    ohmic::simd::for_each_lane(x.data() + first, y.data() + first, x.size() - first, f);
    for (std::size_t i = first; i < x.size(); ++i)
      different +=
          static_cast<std::size_t>(std::bit_cast<std::uint32_t>(y[i]) != std::bit_cast<std::uint32_t>(f(x[i])));
  }
  CHECK(different == 0);

  auto in_place = x;
  ohmic::simd::for_each_lane(in_place.data(), in_place.data(), x.size(), f);
  ohmic::simd::for_each_lane(x.data(), y.data(), x.size(), f);
  CHECK(in_place == y);
}

}  // namespace ohmic_test
