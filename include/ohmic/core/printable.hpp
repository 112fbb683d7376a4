// Text from strangers, made fit for a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ohmic/core/config.hpp"
#include "ohmic/core/utf8.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Text from a file made fit for a one-line message: control characters and malformed UTF-8 as \xNN, the rest cut after
/// `limit` bytes.
[[nodiscard]] inline std::string printable(std::string_view s, std::size_t limit = 96) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < s.size();) {
    if (out.size() >= limit) return out + "...";
    utf8_code_point const c = decode_utf8(s, i);
    if (c.valid && c.value >= 0x20 && !(c.value >= 0x7F && c.value < 0xA0)) {
      out.append(s.substr(i, c.bytes));
    } else {
      for (std::size_t k = 0; k < c.bytes; ++k) {
        auto const b = static_cast<unsigned char>(s[i + k]);
        out.append({'\\', 'x', hex[b >> 4], hex[b & 15]});
      }
    }
    i += c.bytes;
  }
  return out;
}

/// printable() between single quotes.
[[nodiscard]] inline std::string in_quotes(std::string_view s) { return "'" + printable(s) + "'"; }

}  // namespace ohmic::inline OHMIC_ABI
