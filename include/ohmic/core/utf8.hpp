// UTF-8 without a library: one code point at a time, malformed bytes reported as U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What malformed bytes decode to.
inline constexpr char32_t replacement_character = 0xFFFD;

/// One decoded code point and the number of bytes it took.
struct utf8_code_point {
  char32_t value = replacement_character;
  std::uint8_t bytes = 1;
  bool valid = false;
};

/// Decodes the code point at s[at]. Bytes that are not well-formed UTF-8 (overlong forms, surrogates, values above
/// U+10FFFF, stray or missing continuation bytes) give U+FFFD, valid = false, one byte each.
/// Range   at < s.size()
/// Source  The Unicode Standard, table 3-7
[[nodiscard]] constexpr utf8_code_point decode_utf8(std::string_view s, std::size_t at) noexcept {
  auto const byte = [&](std::size_t i) -> unsigned {
    return at + i < s.size() ? static_cast<unsigned char>(s[at + i]) : 0u;  // 0 is no continuation byte
  };
  unsigned const b0 = byte(0);
  if (b0 < 0x80) return {static_cast<char32_t>(b0), 1, true};
  std::uint8_t const n = b0 >= 0xF0 ? 4 : b0 >= 0xE0 ? 3 : 2;
  if (b0 < 0xC2 || b0 > 0xF4) return {};
  unsigned const b1 = byte(1);
  // The second byte excludes overlong forms, surrogates and values above U+10FFFF.
  unsigned const low = b0 == 0xE0 ? 0xA0 : b0 == 0xF0 ? 0x90 : 0x80;
  unsigned const high = b0 == 0xED ? 0x9F : b0 == 0xF4 ? 0x8F : 0xBF;
  if (b1 < low || b1 > high) return {};
  char32_t value = (b0 & (0x7Fu >> n)) << 6 | (b1 & 0x3Fu);
  for (std::size_t i = 2; i < n; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return {};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  return {value, n, true};
}

/// Offset of the first byte that is not well-formed UTF-8, std::string_view::npos if there is none.
[[nodiscard]] constexpr std::size_t find_invalid_utf8(std::string_view s) noexcept {
  for (std::size_t i = 0; i < s.size();) {
    utf8_code_point const c = decode_utf8(s, i);
    if (!c.valid) return i;
    i += c.bytes;
  }
  return std::string_view::npos;
}

/// Appends a code point.
/// Range   c <= U+10FFFF and no surrogate, else U+FFFD is appended
inline void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = replacement_character;
  auto const put = [&](char32_t v) { out.push_back(static_cast<char>(static_cast<unsigned char>(v))); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

/// Number of code points; each malformed byte counts as one.
[[nodiscard]] constexpr std::size_t count_code_points(std::string_view s) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < s.size(); ++n) i += decode_utf8(s, i).bytes;
  return n;
}

}  // namespace ohmic::inline OHMIC_ABI
