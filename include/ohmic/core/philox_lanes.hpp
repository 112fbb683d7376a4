// Philox4x32-10 in registers: a counter in each lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ohmic/core/philox.hpp"
#include "ohmic/core/simd.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ohmic::inline OHMIC_ABI::philox {

/// High and low words of the products of lanes with a constant, as integers without sign.
template <class Arch>
struct wide_product {
  simd::i32<Arch> high, low;

  [[gnu::always_inline]] wide_product(simd::i32<Arch> const& a, std::uint32_t m) noexcept {
#if defined(__AVX512F__)
    if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
      __m512i const v = a, by = _mm512_set1_epi32(static_cast<std::int32_t>(m));
      __m512i const even = _mm512_mul_epu32(v, by), odd = _mm512_mul_epu32(_mm512_srli_epi64(v, 32), by);
      low = simd::i32<Arch>(_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32)));
      high = simd::i32<Arch>(_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd));
      return;
    }
#endif
#if defined(__AVX2__)
    if constexpr (std::is_base_of_v<xsimd::avx2, Arch> && simd::i32<Arch>::size == 8) {
      __m256i const v = a, by = _mm256_set1_epi32(static_cast<std::int32_t>(m));
      __m256i const even = _mm256_mul_epu32(v, by), odd = _mm256_mul_epu32(_mm256_srli_epi64(v, 32), by);
      low = simd::i32<Arch>(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa));
      high = simd::i32<Arch>(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
      return;
    }
#endif
#if defined(__SSE2__)
    if constexpr (simd::i32<Arch>::size == 4) {
      __m128i const v = a, by = _mm_set1_epi32(static_cast<std::int32_t>(m)), lower = _mm_set_epi32(0, -1, 0, -1);
      __m128i const even = _mm_mul_epu32(v, by), odd = _mm_mul_epu32(_mm_srli_epi64(v, 32), by);
      low = simd::i32<Arch>(_mm_or_si128(_mm_and_si128(even, lower), _mm_slli_epi64(odd, 32)));
      high = simd::i32<Arch>(_mm_or_si128(_mm_srli_epi64(even, 32), _mm_andnot_si128(lower, odd)));
      return;
    }
#endif
    std::int32_t in[simd::i32<Arch>::size], upper[simd::i32<Arch>::size], rest[simd::i32<Arch>::size];
    a.store_unaligned(in);
    for (std::size_t l = 0; l < simd::i32<Arch>::size; ++l) {
      std::uint64_t const p = std::uint64_t{m} * static_cast<std::uint32_t>(in[l]);
      upper[l] = static_cast<std::int32_t>(static_cast<std::uint32_t>(p >> 32));
      rest[l] = static_cast<std::int32_t>(static_cast<std::uint32_t>(p));
    }
    high = simd::i32<Arch>::load_unaligned(upper);
    low = simd::i32<Arch>::load_unaligned(rest);
  }
};

/// Words of as many counters as a register has lanes, which differ in the third word alone: it counts up from `third`.
/// Shape   out (4 lanes): the four words of each counter, one after the other
/// Source  as encipher, to which tests/unit/core holds it
template <class Arch>
inline void encipher_run(counter c, key k, std::uint32_t* out) noexcept {
  using ints = simd::i32<Arch>;
  constexpr std::size_t lanes = ints::size, quarters = lanes / 4;
  // Four words of a lane meet in 128 bits without crossing them: counter j x quarters + i has lane j of the i-th.
  alignas(64) std::int32_t third[lanes];
  for (std::size_t i = 0; i < quarters; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      third[4 * i + j] = static_cast<std::int32_t>(c[2] + static_cast<std::uint32_t>(j * quarters + i));
  auto const all = [](std::uint32_t v) { return ints(static_cast<std::int32_t>(v)); };
  ints w0 = all(c[0]), w1 = all(c[1]), w2 = ints::load_aligned(third), w3 = all(c[3]);
  for (int round = 0; round < rounds; ++round) {
    wide_product<Arch> const p0(w0, static_cast<std::uint32_t>(multiplier_0)),
        p1(w2, static_cast<std::uint32_t>(multiplier_1));
    w0 = p1.high ^ w1 ^ all(k[0]);
    w2 = p0.high ^ w3 ^ all(k[1]);
    w1 = p1.low;
    w3 = p0.low;
    k[0] += key_step_0;
    k[1] += key_step_1;
  }
#if defined(__AVX512F__)
  if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
    __m512i const a = _mm512_unpacklo_epi32(w0, w1), b = _mm512_unpacklo_epi32(w2, w3),
                  d = _mm512_unpackhi_epi32(w0, w1), e = _mm512_unpackhi_epi32(w2, w3);
    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(a, b));
    _mm512_storeu_si512(out + 16, _mm512_unpackhi_epi64(a, b));
    _mm512_storeu_si512(out + 32, _mm512_unpacklo_epi64(d, e));
    _mm512_storeu_si512(out + 48, _mm512_unpackhi_epi64(d, e));
    return;
  }
#endif
#if defined(__AVX2__)
  if constexpr (std::is_base_of_v<xsimd::avx2, Arch> && lanes == 8) {
    __m256i const a = _mm256_unpacklo_epi32(w0, w1), b = _mm256_unpacklo_epi32(w2, w3),
                  d = _mm256_unpackhi_epi32(w0, w1), e = _mm256_unpackhi_epi32(w2, w3);
    auto* const to = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(to, _mm256_unpacklo_epi64(a, b));
    _mm256_storeu_si256(to + 1, _mm256_unpackhi_epi64(a, b));
    _mm256_storeu_si256(to + 2, _mm256_unpacklo_epi64(d, e));
    _mm256_storeu_si256(to + 3, _mm256_unpackhi_epi64(d, e));
    return;
  }
#endif
  alignas(64) std::int32_t words[4][lanes];
  w0.store_aligned(words[0]);
  w1.store_aligned(words[1]);
  w2.store_aligned(words[2]);
  w3.store_aligned(words[3]);
  for (std::size_t i = 0; i < quarters; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t w = 0; w < 4; ++w)
        out[4 * (j * quarters + i) + w] = static_cast<std::uint32_t>(words[w][4 * i + j]);
}

}  // namespace ohmic::inline OHMIC_ABI::philox
