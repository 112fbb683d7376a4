// Sums of four byte products per lane: equal to the plain loop on every instruction set, at the extremes of both forms.
#include "ohmic/core/dot4.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "arch/functions.hpp"
#include "support/catch.hpp"

namespace {

std::int32_t packed(std::int8_t b0, std::int8_t b1, std::int8_t b2, std::int8_t b3) {
  std::int8_t const bytes[4] = {b0, b1, b2, b3};
  std::int32_t word = 0;
  std::memcpy(&word, bytes, 4);
  return word;
}

std::vector<std::int32_t> plain(std::vector<std::uint8_t> const& u, std::vector<std::int32_t> const& s,
                                std::size_t lanes) {
  std::vector<std::int32_t> sums(lanes, 0);
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::int8_t b[4];
    std::memcpy(b, &s[i], 4);
    for (std::size_t l = 0; l < lanes; ++l)
      for (std::size_t k = 0; k < 4; ++k) sums[l] += u[(i * lanes + l) * 4 + k] * b[k];
  }
  return sums;
}

// n rows; every byte of u and s is chosen from the values by a stream.
void compare(bool wide, std::vector<std::uint8_t> const& unsigned_values,
             std::vector<std::int8_t> const& signed_values) {
  ohmic::stream const random{2024, ohmic::purpose::user, 1};
  for (auto const& arch : ohmic_test::archs()) {
    auto const lanes = arch.dot4_lanes();
    for (std::size_t const n : {0u, 1u, 2u, 3u, 64u, 1000u}) {
      std::vector<std::uint8_t> u(n * lanes * 4);
      std::vector<std::int32_t> s(n);
      for (std::size_t i = 0; i < u.size(); ++i) u[i] = unsigned_values[random.word(i, 0) % unsigned_values.size()];
      auto const byte = [&](std::size_t i) { return signed_values[random.word(i, 1) % signed_values.size()]; };
      for (std::size_t i = 0; i < n; ++i) s[i] = packed(byte(4 * i), byte(4 * i + 1), byte(4 * i + 2), byte(4 * i + 3));
      for (std::int32_t const start : {0, -128 * 77}) {
        std::vector<std::int32_t> sums(lanes, start), expected = plain(u, s, lanes);
        for (auto& sum : expected) sum += start;
        arch.dot4(wide, u, s, sums.data());
        INFO(arch.name << (wide ? " wide, " : ", ") << n << " rows, from " << start);
        CHECK(sums == expected);
      }
    }
  }
}

template <class T>
std::vector<T> range(int first, int last) {
  std::vector<T> all;
  for (int v = first; v <= last; ++v) all.push_back(static_cast<T>(v));
  return all;
}
}  // namespace

TEST_CASE("dot4 has a lane per 32 bits of the register") {
  for (auto const& arch : ohmic_test::archs()) {
    CAPTURE(arch.name);
    CHECK(arch.dot4_lanes() == (std::string(arch.name) == "avx512" ? 16u : std::string(arch.name) == "avx2" ? 8u : 4u));
  }
}

TEST_CASE("wide dot4 is exact for any bytes") {
  compare(true, range<std::uint8_t>(0, 255), range<std::int8_t>(-128, 127));
}

TEST_CASE("wide dot4 is exact at its extremes") {
  compare(true, {255}, {127});
  compare(true, {255}, {-128});
  compare(true, {255}, {-127});
  compare(true, {0, 255}, {-128, 127});
}

TEST_CASE("narrow dot4 is exact for seven bits by eight") {
  compare(false, range<std::uint8_t>(0, 127), range<std::int8_t>(-127, 127));
  compare(false, {127}, {127});
  compare(false, {127}, {-127});
  compare(false, {128}, {-127, 127});
}

TEST_CASE("narrow dot4 is exact for eight bits by six and a sign") {
  compare(false, range<std::uint8_t>(0, 255), range<std::int8_t>(-63, 63));
  compare(false, {255}, {63});
  compare(false, {255}, {-63});
}
