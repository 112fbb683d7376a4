// Bits that are set in words of 32, lane by lane: the instruction under products of single bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "ohmic/core/simd.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ohmic::inline OHMIC_ABI::simd {

/// True where the flags of this translation unit allow the instruction that counts the bits of 32-bit lanes, which no arch of
/// xsimd stands for: it is in the names of functions beside the arch.
#if defined(__AVX512VPOPCNTDQ__)
inline constexpr bool native_bit_count = true;
#else
inline constexpr bool native_bit_count = false;
#endif

/// Lane l of the counts grows by the bits of a word in that lane.
/// Shape   words (lanes), 32 bits each
/// Range   at most `most_words` words between `start` and `total`
/// Source  ours; equality over instruction sets is tested in tests/unit/core
template <class Arch, bool Instruction>
struct bit_count {
  static constexpr std::size_t most_words = std::size_t{1} << 20;
  using counts = i32<Arch>;

  static void start(counts& acc) noexcept { acc = i32<Arch>(0); }
  static void add(counts& acc, i32<Arch> const& words) noexcept {
#if defined(__aarch64__)
    if constexpr (i32<Arch>::size == 4) {
      uint8x16_t const bytes = vcntq_u8(vreinterpretq_u8_s32(words));
      acc = acc + i32<Arch>(vreinterpretq_s32_u32(vpaddlq_u16(vpaddlq_u8(bytes))));
      return;
    }
#endif
    std::int32_t w[i32<Arch>::size];
    words.store_unaligned(w);
    for (auto& v : w) v = std::popcount(static_cast<std::uint32_t>(v));
    acc = acc + i32<Arch>::load_unaligned(w);
  }
  static i32<Arch> total(counts const& acc) noexcept { return acc; }
};

#if defined(__SSE2__)
/// SSE2 to SSE4.2: pairs, nibbles, bytes; bytes add up until the end.
template <class Arch, bool Instruction>
  requires(std::is_base_of_v<xsimd::sse2, Arch> && !std::is_base_of_v<xsimd::avx, Arch>)
struct bit_count<Arch, Instruction> {
  static constexpr std::size_t most_words = 31;
  using counts = __m128i;

  static void start(counts& acc) noexcept { acc = _mm_setzero_si128(); }
  static void add(counts& acc, i32<Arch> const& words) noexcept {
    __m128i v = words;
    v = _mm_sub_epi8(v, _mm_and_si128(_mm_srli_epi16(v, 1), _mm_set1_epi8(0x55)));
    v = _mm_add_epi8(_mm_and_si128(v, _mm_set1_epi8(0x33)), _mm_and_si128(_mm_srli_epi16(v, 2), _mm_set1_epi8(0x33)));
    acc = _mm_add_epi8(acc, _mm_and_si128(_mm_add_epi8(v, _mm_srli_epi16(v, 4)), _mm_set1_epi8(0x0f)));
  }
  static i32<Arch> total(counts const& acc) noexcept {
    __m128i const pairs = _mm_add_epi16(_mm_and_si128(acc, _mm_set1_epi16(255)), _mm_srli_epi16(acc, 8));
    return _mm_madd_epi16(pairs, _mm_set1_epi16(1));
  }
};
#endif

#if defined(__AVX2__)
/// AVX2: a table of the bits of a nibble.
template <class Arch, bool Instruction>
  requires(std::is_base_of_v<xsimd::avx2, Arch>)
struct bit_count<Arch, Instruction> {
  static constexpr std::size_t most_words = 31;
  using counts = __m256i;

  static void start(counts& acc) noexcept { acc = _mm256_setzero_si256(); }
  static void add(counts& acc, i32<Arch> const& words) noexcept {
    __m256i const table = _mm256_set1_epi64x(0x0302020102010100), more = _mm256_set1_epi64x(0x0403030203020201),
                  bits = _mm256_unpacklo_epi64(table, more), nibble = _mm256_set1_epi8(15), w = words;
    __m256i const low = _mm256_shuffle_epi8(bits, _mm256_and_si256(w, nibble)),
                  high = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(w, 4), nibble));
    acc = _mm256_add_epi8(acc, _mm256_add_epi8(low, high));
  }
  static i32<Arch> total(counts const& acc) noexcept {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(acc, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
  }
};
#endif

#if defined(__AVX512BW__)
/// AVX-512: the AVX2 recipe.
template <class Arch, bool Instruction>
  requires(std::is_base_of_v<xsimd::avx512f, Arch>)
struct bit_count<Arch, Instruction> {
  static constexpr std::size_t most_words = 31;
  using counts = __m512i;

  static void start(counts& acc) noexcept { acc = _mm512_setzero_si512(); }
  static void add(counts& acc, i32<Arch> const& words) noexcept {
    __m512i const bits = _mm512_set4_epi32(0x04030302, 0x03020201, 0x03020201, 0x02010100),
                  nibble = _mm512_set1_epi8(15), w = words;
    __m512i const low = _mm512_shuffle_epi8(bits, _mm512_and_si512(w, nibble)),
                  high = _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(w, 4), nibble));
    acc = _mm512_add_epi8(acc, _mm512_add_epi8(low, high));
  }
  static i32<Arch> total(counts const& acc) noexcept {
    return _mm512_madd_epi16(_mm512_maddubs_epi16(acc, _mm512_set1_epi8(1)), _mm512_set1_epi16(1));
  }
};
#endif

#if defined(__AVX512VPOPCNTDQ__)
/// AVX-512 with the instruction.
template <class Arch>
  requires(std::is_base_of_v<xsimd::avx512f, Arch>)
struct bit_count<Arch, true> {
  static constexpr std::size_t most_words = std::size_t{1} << 20;
  using counts = __m512i;

  static void start(counts& acc) noexcept { acc = _mm512_setzero_si512(); }
  static void add(counts& acc, i32<Arch> const& words) noexcept {
    acc = _mm512_add_epi32(acc, _mm512_popcnt_epi32(words));
  }
  static i32<Arch> total(counts const& acc) noexcept { return acc; }
};
#endif

}  // namespace ohmic::inline OHMIC_ABI::simd
