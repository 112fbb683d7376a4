// BERT's basic tokenization: text to words, before any vocabulary. Unicode properties come from utf8proc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utf8proc.h>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/utf8.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// The three switches of BERT's basic tokenization.
struct basic_token_config {
  bool lower_case = true;
  bool strip_accents = true;
  bool space_ideographs = true;  ///< every CJK ideograph is a word of its own
};

namespace detail {

[[nodiscard]] inline utf8proc_category_t category(char32_t c) noexcept {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

/// Removed from the text: Unicode's controls, formats and private use, and U+FFFD. What is not assigned stays, as in the fast tokenizer: a
/// character that is newer than the tables is a character of the text.
[[nodiscard]] inline bool is_dropped(char32_t c) noexcept {
  if (c < 0x80) return c < 0x20 || c == 0x7F;
  if (c == replacement_character) return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
      return true;
    default:
      return false;
  }
}

/// Separates words. Tab and line ends are controls that count as space; so do the line and paragraph separators.
[[nodiscard]] inline bool is_space(char32_t c) noexcept {
  if (c < 0x80) return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  utf8proc_category_t const k = category(c);
  return k == UTF8PROC_CATEGORY_ZS || k == UTF8PROC_CATEGORY_ZL || k == UTF8PROC_CATEGORY_ZP;
}

/// A word of its own: Unicode's group P, and every visible ASCII character that is neither letter nor digit ('$' too).
[[nodiscard]] inline bool is_punctuation(char32_t c) noexcept {
  if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  utf8proc_category_t const k = category(c);
  return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

/// The CJK ideograph blocks that BERT knows; not kana, not hangul.
[[nodiscard]] constexpr bool is_ideograph(char32_t c) noexcept {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

/// Lower case of every character by itself (no rule for a final sigma). U+0130 is the only one that becomes two.
[[nodiscard]] inline std::u32string lower(std::u32string const& word) {
  std::u32string out;
  for (char32_t const c : word) {
    out.push_back(c == 0x130 ? U'i' : static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    if (c == 0x130) out.push_back(0x307);
  }
  return out;
}

/// Canonical decomposition (NFD) without the characters of category Mn.
/// Source  Unicode Standard Annex 15; not utf8proc_decompose, whose reordering takes quadratic time on runs of marks
[[nodiscard]] inline std::u32string without_accents(std::u32string const& word) {
  std::u32string out;
  for (char32_t const c : word) {
    std::array<utf8proc_int32_t, 32> parts;  // the longest canonical decomposition has 4
    int boundary = 0;
    utf8proc_ssize_t const n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(),
                                                       std::ssize(parts), UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < n; ++i) {
      auto const p = static_cast<char32_t>(parts[static_cast<std::size_t>(i)]);
      if (category(p) != UTF8PROC_CATEGORY_MN) out.push_back(p);
    }
  }
  // Marks that are left (Mc, Me) go into canonical order within each run.
  auto const combining = [](char32_t c) {
    return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
  };
  for (auto first = out.begin(); first != out.end();) {
    if (combining(*first) == 0) {
      ++first;
      continue;
    }
    auto const last = std::find_if(first, out.end(), [&](char32_t c) { return combining(c) == 0; });
    std::stable_sort(first, last, [&](char32_t a, char32_t b) { return combining(a) < combining(b); });
    first = last;
  }
  return out;
}

/// Splits one word at its punctuation and passes the parts on; false when f wants no more.
template <class F>
[[nodiscard]] bool split_word(std::u32string word, basic_token_config const& config, F const& f) {
  if (config.lower_case) word = lower(word);
  if (config.strip_accents) word = without_accents(word);
  std::string part;
  for (char32_t const c : word) {
    bool const alone = is_punctuation(c);
    if (alone && !part.empty()) {
      if (!f(std::as_const(part))) return false;
      part.clear();
    }
    append_utf8(part, c);
    if (!alone) continue;
    if (!f(std::as_const(part))) return false;
    part.clear();
  }
  return part.empty() || f(std::as_const(part));
}
}  // namespace detail

/// Calls f(std::string const&) with every word of a text in order, until f returns false. Malformed UTF-8 is dropped
/// like other unprintable characters. Names of special tokens in the text ("[SEP]") are ordinary text.
/// Source  Devlin 2019 (the order of the steps and the character classes of the published tokenizer); lower case and
///         accents per character as in Hugging Face's fast tokenizer
template <class F>
  requires requires(F f, std::string const& word) { bool(f(word)); }
void for_each_basic_token(std::string_view text, basic_token_config const& config, F const& f) {
  std::u32string word;
  auto const flush = [&] {
    bool const more = word.empty() || detail::split_word(std::move(word), config, f);
    word.clear();
    return more;
  };
  for (std::size_t i = 0; i < text.size();) {
    utf8_code_point const c = decode_utf8(text, i);
    i += c.bytes;
    if (detail::is_space(c.value)) {
      if (!flush()) return;
    } else if (detail::is_dropped(c.value)) {
      continue;
    } else if (config.space_ideographs && detail::is_ideograph(c.value)) {
      if (!flush()) return;
      word.push_back(c.value);
      if (!flush()) return;
    } else {
      word.push_back(c.value);
    }
  }
  (void)flush();
}

/// The words of a text.
[[nodiscard]] inline std::vector<std::string> basic_tokens(std::string_view text,
                                                           basic_token_config const& config = {}) {
  std::vector<std::string> words;
  for_each_basic_token(text, config, [&](std::string const& w) {
    words.push_back(w);
    return true;
  });
  return words;
}

}  // namespace ohmic::inline OHMIC_ABI::model
