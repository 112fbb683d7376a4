// Philox4x32-10. The known answers are static_asserts in the header; here: side by side is the same as one by one.
#include "ohmic/core/philox.hpp"

#include <set>

#include "support/catch.hpp"

namespace philox = ohmic::philox;

TEST_CASE("counters enciphered side by side give the words of single ones") {
  philox::key const key{0x243f6a88, 0x85a308d3};
  philox::lanes<16> many{};
  for (std::uint32_t l = 0; l < 16; ++l) {
    many.word[0][l] = 1;
    many.word[1][l] = l * 0x01000193u;
    many.word[2][l] = 0xffffffffu - l;
    many.word[3][l] = l;
  }
  auto const before = many;
  philox::encipher(philox::any_arch{}, many, key);
  for (std::size_t l = 0; l < 16; ++l) {
    auto const one = philox::encipher(
        philox::counter{before.word[0][l], before.word[1][l], before.word[2][l], before.word[3][l]}, key);
    for (std::size_t j = 0; j < 4; ++j) CHECK(many.word[j][l] == one[j]);
  }
}

TEST_CASE("Random123's known answers hold at run time too") {
  // volatile, so that nothing is computed by the compiler
  std::uint32_t volatile ones = 0xffffffff,
                         pi[6] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0};
  CHECK(philox::encipher({ones, ones, ones, ones}, {ones, ones}) ==
        philox::counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox::encipher({pi[0], pi[1], pi[2], pi[3]}, {pi[4], pi[5]}) ==
        philox::counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("different counters give different blocks, because a cipher can be undone") {
  std::set<philox::counter> seen;
  for (std::uint32_t i = 0; i < 10000; ++i) seen.insert(philox::encipher({0, 0, i, 0}, {1, 2}));
  CHECK(seen.size() == 10000);
}
