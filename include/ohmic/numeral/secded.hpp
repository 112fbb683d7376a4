// Words of 64 bits that are protected: a parity bit that detects one error, or a Hamming code that corrects one and detects two.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What the check bits of a word say.
enum class word_state { clean, corrected, detected };

/// Extended Hamming code (72, 64): 7 check bits at the positions that are powers of two, and the parity of all 71.
/// Range   corrects every single error, detects every double one; three and more may pass as one
/// Source  Hamming, Bell System Technical Journal 29(2), 1950; the order of the data bits is ours
struct secded {
  static constexpr int check_bits = 8;

  [[nodiscard]] static constexpr std::uint8_t encode(std::uint64_t data) noexcept {
    unsigned check = 0;
    for (unsigned j = 0; j < 7; ++j) check |= static_cast<unsigned>(std::popcount(data & covered[j]) & 1) << j;
    return static_cast<std::uint8_t>(check | static_cast<unsigned>((std::popcount(data) + std::popcount(check)) & 1)
                                                 << 7);
  }

  /// Mends the word where one bit, of the data or of the check, is wrong.
  [[nodiscard]] static constexpr word_state mend(std::uint64_t& data, std::uint8_t& check) noexcept {
    unsigned const syndrome = (encode(data) ^ check) & 0x7fu;
    bool const odd = ((std::popcount(data) + std::popcount(check)) & 1) != 0;
    if (!odd) return syndrome == 0 ? word_state::clean : word_state::detected;
    if (syndrome == 0) {
      check = static_cast<std::uint8_t>(check ^ 0x80u);
    } else if (std::has_single_bit(syndrome)) {
      check = static_cast<std::uint8_t>(check ^ syndrome);
    } else {
      int i = 0;
      while (i < 64 && position[static_cast<unsigned>(i)] != syndrome) ++i;
      if (i == 64) return word_state::detected;  // a position beyond the last: at least three errors
      data ^= std::uint64_t{1} << i;
    }
    return word_state::corrected;
  }

 private:
  /// Position of data bit i among 3, 5, 6, 7, 9, ..: the numbers that are no powers of two.
  static constexpr std::array<unsigned, 64> position = [] {
    std::array<unsigned, 64> p{};
    unsigned at = 3;
    for (auto& place : p) {
      while (std::has_single_bit(at)) ++at;
      place = at++;
    }
    return p;
  }();
  /// Data bits that check bit j covers.
  static constexpr std::array<std::uint64_t, 7> covered = [] {
    std::array<std::uint64_t, 7> c{};
    for (unsigned j = 0; j < 7; ++j)
      for (unsigned i = 0; i < 64; ++i) c[j] |= std::uint64_t{position[i] >> j & 1u} << i;
    return c;
  }();
};

/// One bit a word.
/// Range   detects an odd number of errors
struct parity {
  static constexpr int check_bits = 1;

  [[nodiscard]] static constexpr std::uint8_t encode(std::uint64_t data) noexcept {
    return static_cast<std::uint8_t>(std::popcount(data) & 1);
  }
  [[nodiscard]] static constexpr word_state mend(std::uint64_t& data, std::uint8_t& check) noexcept {
    return encode(data) == check ? word_state::clean : word_state::detected;
  }
};

}  // namespace ohmic::inline OHMIC_ABI
