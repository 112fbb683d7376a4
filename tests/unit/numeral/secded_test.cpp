// Protected words.
#include "ohmic/numeral/secded.hpp"

#include <cstdint>

#include "support/catch.hpp"

using ohmic::parity;
using ohmic::secded;
using ohmic::word_state;

namespace {

constexpr std::uint64_t words[] = {0, ~std::uint64_t{0}, 0x0123456789abcdef, 0x8000000000000001};

/// The word and its check bits with bit i of the 72 flipped.
template <class Code>
void flip(std::uint64_t& data, std::uint8_t& check, int i) {
  if (i < 64)
    data ^= std::uint64_t{1} << i;
  else
    check = static_cast<std::uint8_t>(check ^ 1u << (i - 64));
}

}  // namespace

TEST_CASE("SECDED mends every single error and detects every double one") {
  int wrong = 0;
  for (std::uint64_t const word : words) {
    std::uint64_t data = word;
    std::uint8_t check = secded::encode(word);
    CHECK(secded::mend(data, check) == word_state::clean);
    for (int i = 0; i < 72; ++i) {
      data = word, check = secded::encode(word);
      flip<secded>(data, check, i);
      wrong += secded::mend(data, check) != word_state::corrected || data != word || check != secded::encode(word);
      for (int j = 0; j < i; ++j) {
        data = word, check = secded::encode(word);
        flip<secded>(data, check, i);
        flip<secded>(data, check, j);
        wrong += secded::mend(data, check) != word_state::detected;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("parity detects every single error and changes nothing") {
  int wrong = 0;
  for (std::uint64_t const word : words)
    for (int i = 0; i < 65; ++i) {
      std::uint64_t data = word;
      std::uint8_t check = parity::encode(word);
      wrong += parity::mend(data, check) != word_state::clean;
      flip<parity>(data, check, i);
      std::uint64_t const seen = data;
      wrong += parity::mend(data, check) != word_state::detected || data != seen;
    }
  CHECK(wrong == 0);
}
