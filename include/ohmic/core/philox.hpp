// Philox4x32-10: random words as a pure function of a counter and a key, without state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::philox {

/// Four words: what is asked for (the address), and what comes out.
using counter = std::array<std::uint32_t, 4>;
/// Two words: the seed.
using key = std::array<std::uint32_t, 2>;

/// Multipliers of the two words that are mixed in a round, and the steps of the two key words from round to round.
/// Source  Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3 and table 2
inline constexpr std::uint64_t multiplier_0 = 0xD2511F53;
inline constexpr std::uint64_t multiplier_1 = 0xCD9E8D57;
inline constexpr std::uint32_t key_step_0 = 0x9E3779B9;
inline constexpr std::uint32_t key_step_1 = 0xBB67AE85;
inline constexpr int rounds = 10;

/// Tag of code in which no register is wider than another.
struct any_arch {};

/// N blocks of four words side by side, so that the compiler can use its registers.
/// Shape   four arrays of N words, one per word of the block
template <std::size_t N>
struct lanes {
  std::uint32_t word[4][N];
};

/// Enciphers N counters in place. Arch only marks the symbol, so that objects built with different flags can be linked.
/// Cost    20 products of 32 x 32 bit per counter, that is 5 per random word
/// Source  as above; the known answers below pin it
template <class Arch, std::size_t N>
constexpr void encipher(Arch, lanes<N>& c, key k) noexcept {
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t l = 0; l < N; ++l) {
      std::uint64_t const p0 = multiplier_0 * c.word[0][l];
      std::uint64_t const p1 = multiplier_1 * c.word[2][l];
      c.word[0][l] = static_cast<std::uint32_t>(p1 >> 32) ^ c.word[1][l] ^ k[0];
      c.word[2][l] = static_cast<std::uint32_t>(p0 >> 32) ^ c.word[3][l] ^ k[1];
      c.word[1][l] = static_cast<std::uint32_t>(p1);
      c.word[3][l] = static_cast<std::uint32_t>(p0);
    }
    k[0] += key_step_0;
    k[1] += key_step_1;
  }
}

/// The four random words of one counter.
[[nodiscard]] constexpr counter encipher(counter c, key k) noexcept {
  lanes<1> one{{{c[0]}, {c[1]}, {c[2]}, {c[3]}}};
  encipher(any_arch{}, one, k);
  return {one.word[0][0], one.word[1][0], one.word[2][0], one.word[3][0]};
}

// The known answers that come with Random123, the authors' own code: all zero, all one, and the digits of pi.
static_assert(encipher(counter{0, 0, 0, 0}, key{0, 0}) == counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(encipher(counter{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, key{0xffffffff, 0xffffffff}) ==
              counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(encipher(counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, key{0xa4093822, 0x299f31d0}) ==
              counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

}  // namespace ohmic::inline OHMIC_ABI::philox
