// How byte-level tokenizers cut a text into words before they merge: the published patterns, by hand. Unicode properties come from
// utf8proc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/utf8.hpp"
#include "ohmic/model/text/basic_tokens.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// A pattern: what a word is, and how long a number may be.
/// Source  Radford et al. 2019 (encoder.py); tokenizer.json of Llama 3 and of Qwen2
enum class word_pattern {
  gpt2,    ///< letters, digits or others after at most one space
  llama3,  ///< letters after any one character but a digit, up to three digits, line ends apart
  qwen2,   ///< the same with single digits
};

/// The patterns as files write them.
inline constexpr std::pair<std::string_view, word_pattern> word_patterns[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", word_pattern::gpt2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     word_pattern::llama3},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     word_pattern::qwen2},
};

/// How numbers are cut off before words are.
enum class digit_cut { none, runs, each };

namespace detail {

/// Unicode's group N.
[[nodiscard]] inline bool is_number(char32_t c) noexcept {
  utf8proc_category_t const k = category(c);
  return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_NO;
}

}  // namespace detail

/// The parts of a text between and of its numbers: each character of group N a part, or each run of them; nothing is left out.
[[nodiscard]] inline std::vector<std::string_view> cut_at_digits(std::string_view text, digit_cut how) {
  std::vector<std::string_view> parts;
  bool last = false;
  for (std::size_t i = 0; i < text.size();) {
    auto const c = decode_utf8(text, i);
    bool const number = how != digit_cut::none && detail::is_number(c.value);
    if (parts.empty() || number != last || (number && how == digit_cut::each))
      parts.push_back(text.substr(i, c.bytes));
    else
      parts.back() = std::string_view(parts.back().data(), parts.back().size() + c.bytes);
    last = number;
    i += c.bytes;
  }
  return parts;
}

/// Cuts a text into the words of a pattern; nothing is left out.
class word_cutter {
 public:
  word_cutter(std::string_view text, word_pattern pattern) : text_(text), pattern_(pattern) {
    for (std::size_t i = 0; i < text.size();) {
      auto const c = decode_utf8(text, i);
      characters_.push_back({i, kind_of(c.value), c.value});
      i += c.bytes;
    }
  }

  [[nodiscard]] std::vector<std::string_view> words() const {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < characters_.size();) {
      std::size_t const end = std::max(i + 1, word_end(i));
      out.push_back(text_.substr(offset(i), offset(end) - offset(i)));
      i = end;
    }
    return out;
  }

 private:
  enum class kind { letter, digit, space, other };
  struct character {
    std::size_t offset;
    kind k;
    char32_t value;
  };

  [[nodiscard]] static kind kind_of(char32_t c) noexcept {
    if ((c >= 9 && c <= 13) || c == 0x85 || detail::is_space(c)) return kind::space;
    switch (detail::category(c)) {
      case UTF8PROC_CATEGORY_LU:
      case UTF8PROC_CATEGORY_LL:
      case UTF8PROC_CATEGORY_LT:
      case UTF8PROC_CATEGORY_LM:
      case UTF8PROC_CATEGORY_LO:
        return kind::letter;
      default:
        return detail::is_number(c) ? kind::digit : kind::other;
    }
  }
  [[nodiscard]] std::size_t offset(std::size_t i) const noexcept {
    return i < characters_.size() ? characters_[i].offset : text_.size();
  }
  [[nodiscard]] bool is(std::size_t i, kind k) const noexcept {
    return i < characters_.size() && characters_[i].k == k;
  }
  [[nodiscard]] bool is_char(std::size_t i, char32_t c) const noexcept {
    return i < characters_.size() && characters_[i].value == c;
  }
  [[nodiscard]] bool ends_line(std::size_t i) const noexcept { return is_char(i, '\r') || is_char(i, '\n'); }
  [[nodiscard]] std::size_t run(std::size_t i, kind k, std::size_t most = static_cast<std::size_t>(-1)) const noexcept {
    std::size_t n = 0;
    while (n < most && is(i + n, k)) ++n;
    return i + n;
  }

  /// 's, 't, 're, ..: its end, or i.
  [[nodiscard]] std::size_t contraction_end(std::size_t i) const noexcept {
    if (!is_char(i, '\'')) return i;
    auto const letter = [&](std::size_t at) -> char32_t {
      if (at >= characters_.size()) return 0;
      char32_t const c = characters_[at].value;
      if (pattern_ != word_pattern::gpt2 && c >= 'A' && c <= 'Z') return c + 32;
      // Case folding without ASCII: the long s folds to s.
      return pattern_ != word_pattern::gpt2 && c == 0x17F ? U's' : c;
    };
    char32_t const a = letter(i + 1), b = letter(i + 2);
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return i + 2;
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return i + 3;
    return i;
  }

  /// The first alternative of the pattern that matches at i.
  [[nodiscard]] std::size_t word_end(std::size_t i) const noexcept {
    if (std::size_t const end = contraction_end(i); end > i) return end;
    bool const gpt2 = pattern_ == word_pattern::gpt2;
    std::size_t const after_space = is_char(i, ' ') ? i + 1 : i;
    if (gpt2) {
      if (std::size_t const end = run(after_space, kind::letter); end > after_space) return end;
      if (std::size_t const end = run(after_space, kind::digit); end > after_space) return end;
    } else {
      bool const leads = i < characters_.size() && !ends_line(i) && !is(i, kind::letter) && !is(i, kind::digit);
      std::size_t const first = leads ? i + 1 : i;
      if (std::size_t const end = run(first, kind::letter); end > first) return end;
      if (is(i, kind::digit)) return run(i, kind::digit, pattern_ == word_pattern::llama3 ? 3 : 1);
    }
    if (std::size_t end = run(after_space, kind::other); end > after_space) {
      while (!gpt2 && ends_line(end)) ++end;
      return end;
    }
    std::size_t const end = run(i, kind::space);
    if (!gpt2) {
      // The last line end of the run, and what is before it.
      std::size_t last = end;
      while (last > i && !ends_line(last - 1)) --last;
      if (last > i) return last;
    }
    // Of several spaces before a word the last one belongs to it.
    return end < characters_.size() && end - i > 1 ? end - 1 : end;
  }

  std::string_view text_;
  word_pattern pattern_;
  std::vector<character> characters_;
};

}  // namespace ohmic::inline OHMIC_ABI::model
