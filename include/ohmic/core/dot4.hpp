// Sums of products of bytes, four at a time, in 32-bit lanes: the instruction under every integer product of the
// library.
#pragma once

#include <cstdint>
#include <cstring>

#include "ohmic/core/simd.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ohmic::inline OHMIC_ABI::simd {

/// Lane l of the sums starts from a value and grows by u[4 l] s[0] + u[4 l + 1] s[1] + u[4 l + 2] s[2] + u[4 l + 3] s[3], exactly.
/// Shape   u (4 lanes) unsigned bytes, s four signed bytes in one 32-bit word
/// Range   Wide = false: |u s| summed over a pair of neighbours stays below 2^15 (256 * 63, or 128 * 127); Wide = true:
///         any bytes
/// Source  ours; equality over instruction sets is tested in tests/unit/core
template <class Arch>
struct dot4 {
  static constexpr std::size_t lanes = f32<Arch>::size;
  using sums = std::int32_t[lanes];

  /// Every lane starts from a value.
  static void start(sums& acc, std::int32_t value) noexcept {
    for (auto& a : acc) a = value;
  }
  template <bool Wide>
  static void add(sums& acc, std::uint8_t const* u, std::int32_t s) noexcept {
    std::int8_t b[4];
    std::memcpy(b, &s, 4);
    for (std::size_t l = 0; l < lanes; ++l)
      acc[l] += u[4 * l] * b[0] + u[4 * l + 1] * b[1] + u[4 * l + 2] * b[2] + u[4 * l + 3] * b[3];
  }
  static i32<Arch> total(sums const& acc) noexcept { return i32<Arch>::load_unaligned(acc); }
};

#if defined(__SSE2__)
/// SSE2 to SSE4.2: bytes are widened to 16 bits; the two partial sums of a lane are added at the end.
template <class Arch>
  requires(std::is_base_of_v<xsimd::sse2, Arch> && !std::is_base_of_v<xsimd::avx, Arch>)
struct dot4<Arch> {
  static constexpr std::size_t lanes = 4;
  struct sums {
    __m128i low, high;
  };
  static void start(sums& acc, std::int32_t value) noexcept {
    acc.low = acc.high = _mm_shuffle_epi32(_mm_cvtsi32_si128(value), 0x44);  // one of the two partial sums of a lane
  }
  template <bool Wide>
  static void add(sums& acc, std::uint8_t const* u, std::int32_t s) noexcept {
    __m128i const zero = _mm_setzero_si128();
    __m128i const b = _mm_cvtsi32_si128(s);
    __m128i const b16 = _mm_srai_epi16(_mm_unpacklo_epi8(b, b), 8);
    __m128i const b4 = _mm_shuffle_epi32(b16, 0x44);
    __m128i const u8 = _mm_loadu_si128(reinterpret_cast<__m128i const*>(u));
    acc.low = _mm_add_epi32(acc.low, _mm_madd_epi16(_mm_unpacklo_epi8(u8, zero), b4));
    acc.high = _mm_add_epi32(acc.high, _mm_madd_epi16(_mm_unpackhi_epi8(u8, zero), b4));
  }
  static i32<Arch> total(sums const& acc) noexcept {
    __m128 const l = _mm_castsi128_ps(acc.low), h = _mm_castsi128_ps(acc.high);
    __m128i const even = _mm_castps_si128(_mm_shuffle_ps(l, h, 0x88)),
                  odd = _mm_castps_si128(_mm_shuffle_ps(l, h, 0xdd));
    return _mm_add_epi32(even, odd);
  }
};
#endif

#if defined(__AVX2__)
/// AVX2: pairs are added in 16 bits where that is exact.
template <class Arch>
  requires(std::is_base_of_v<xsimd::avx2, Arch>)
struct dot4<Arch> {
  static constexpr std::size_t lanes = 8;
  using sums = __m256i;
  static void start(sums& acc, std::int32_t value) noexcept { acc = _mm256_set1_epi32(value); }
  template <bool Wide>
  static void add(sums& acc, std::uint8_t const* u, std::int32_t s) noexcept {
    __m256i const u8 = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(u)), b = _mm256_set1_epi32(s);
    __m256i const ones = _mm256_set1_epi16(1);
    if constexpr (Wide) {  // even and odd bytes apart, each product exact in 16 bits signed
      __m256i const u_even = _mm256_and_si256(u8, _mm256_set1_epi16(255)), u_odd = _mm256_srli_epi16(u8, 8);
      __m256i const b_even = _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8), b_odd = _mm256_srai_epi16(b, 8);
      acc = _mm256_add_epi32(acc, _mm256_add_epi32(_mm256_madd_epi16(u_even, b_even), _mm256_madd_epi16(u_odd, b_odd)));
    } else {
      acc = _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(u8, b), ones));
    }
  }
  static i32<Arch> total(sums const& acc) noexcept { return acc; }
};
#endif

#if defined(__AVX512BW__)
/// AVX-512: one instruction with VNNI, the AVX2 recipe without.
template <class Arch>
  requires(std::is_base_of_v<xsimd::avx512f, Arch>)
struct dot4<Arch> {
  static constexpr std::size_t lanes = 16;
  using sums = __m512i;
  static void start(sums& acc, std::int32_t value) noexcept { acc = _mm512_set1_epi32(value); }
  template <bool Wide>
  static void add(sums& acc, std::uint8_t const* u, std::int32_t s) noexcept {
    __m512i const u8 = _mm512_loadu_si512(u), b = _mm512_set1_epi32(s);
#if defined(__AVX512VNNI__) && defined(__GNUC__) && !defined(__clang__)
    // g++ 12 copies the sums around the intrinsic in unrolled loops, and spills them (bench/RESULTS.md).
    __m512i sum = acc;
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u8), "v"(b));
    acc = sum;
#elif defined(__AVX512VNNI__)
    acc = _mm512_dpbusd_epi32(acc, u8, b);
#else
    if constexpr (Wide) {
      __m512i const u_even = _mm512_and_si512(u8, _mm512_set1_epi16(255)), u_odd = _mm512_srli_epi16(u8, 8);
      __m512i const b_even = _mm512_srai_epi16(_mm512_slli_epi16(b, 8), 8), b_odd = _mm512_srai_epi16(b, 8);
      acc = _mm512_add_epi32(acc, _mm512_add_epi32(_mm512_madd_epi16(u_even, b_even), _mm512_madd_epi16(u_odd, b_odd)));
    } else {
      acc = _mm512_add_epi32(acc, _mm512_madd_epi16(_mm512_maddubs_epi16(u8, b), _mm512_set1_epi16(1)));
    }
#endif
  }
  static i32<Arch> total(sums const& acc) noexcept { return acc; }
};
#endif

}  // namespace ohmic::inline OHMIC_ABI::simd
