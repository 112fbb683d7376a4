// How deep a TOML text is nested, told before it is parsed: parsers, and destructors of what they make, recurse as deep as a stranger
// writes dots and brackets.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Levels of tables and lists that settings may have.
inline constexpr std::size_t deepest_toml = 64;

/// The first line of a text that goes deeper than `deepest` levels, counted from 1; 0 if none does. Dots of keys and open brackets count,
/// those in strings and comments do not. Never less than the depth of what a parser makes of a line.
[[nodiscard]] inline std::size_t line_nested_beyond(std::string_view text, std::size_t deepest = deepest_toml) {
  std::vector<std::size_t> outer;  // levels around each bracket that is open
  std::size_t level = 0, line = 1;
  auto const skip_string = [&](std::size_t i) {
    char const quote = text[i];
    bool const lines = text.size() - i >= 3 && text[i + 1] == quote && text[i + 2] == quote;
    for (i += lines ? 3 : 1; i < text.size(); ++i) {
      if (text[i] == '\\' && quote == '"') {
        if (++i < text.size() && text[i] == '\n') ++line;
      } else if (text[i] == '\n') {
        if (!lines) return i - 1;
        ++line;
      } else if (text[i] == quote) {
        if (!lines) return i;
        if (text.size() - i < 3 || text[i + 1] != quote || text[i + 2] != quote) continue;
        std::size_t end = i + 2;  // up to two quotes more are the string's own
        while (end < i + 4 && end + 1 < text.size() && text[end + 1] == quote) ++end;
        return end;
      }
    }
    return i;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
      case '\'':
        i = skip_string(i);
        break;
      case '#':
        while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
        break;
      case '\n':
        ++line;
        if (outer.empty()) level = 0;
        break;
      case '.':
        ++level;
        break;
      case '[':
      case '{':
        outer.push_back(level++);
        break;
      case ']':
      case '}':
        if (outer.empty()) break;
        level = outer.back();
        outer.pop_back();
        break;
      case ',':
        level = outer.empty() ? 0 : outer.back() + 1;
        break;
      default:
        break;
    }
    if (level > deepest) return line;
  }
  return 0;
}

}  // namespace ohmic::inline OHMIC_ABI
