// Hashes of the lane functions' bits over batches, compiled once per instruction set; lane_functions_test.cpp compares
// them.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/erf.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/root.hpp"
#include "ohmic/nonlinear/tanh.hpp"

#define OHMIC_JOIN_(a, b) a##b
#define OHMIC_JOIN(a, b) OHMIC_JOIN_(a, b)

/// FNV-1a over exp, erf, tanh, 1 / sqrt and GELU of every `step`-th bit pattern. No single floats here: their functions
/// would carry no instruction set in their names.
std::uint64_t OHMIC_JOIN(lane_bits_, OHMIC_TEST_ARCH)(std::uint32_t step) {
  using batch = ohmic::simd::f32<ohmic::simd::native>;
  constexpr std::size_t block = 64;
  float x[block], y[5][block];
  std::uint64_t hash = 14695981039346656037u, bits = 0;
  while (bits <= 0xffffffffu) {
    for (std::size_t i = 0; i < block; ++i, bits += step) {
      // Infinities and NaNs are tested by value: the payload of a NaN is the processor's choice.
      std::uint32_t const pattern = (bits & 0x7f800000u) == 0x7f800000u ? 0u : static_cast<std::uint32_t>(bits);
      std::memcpy(&x[i], &pattern, sizeof pattern);
    }
    for (std::size_t i = 0; i < block; i += batch::size) {
      batch const v = ohmic::simd::load<batch>(x + i);
      ohmic::simd::store(y[0] + i, ohmic::lane_exp(v));
      ohmic::simd::store(y[1] + i, ohmic::lane_erf(v));
      ohmic::simd::store(y[2] + i, ohmic::lane_tanh(v));
      ohmic::simd::store(y[3] + i, ohmic::lane_inverse_root(ohmic::detail::magnitude(v)));
      ohmic::simd::store(y[4] + i, ohmic::gelu_activation{}(v));
    }
    for (auto const& row : y)
      for (float const& value : row) {
        std::uint32_t pattern;
        std::memcpy(&pattern, &value, sizeof pattern);
        hash = (hash ^ pattern) * 1099511628211u;
      }
  }
  return hash;
}
