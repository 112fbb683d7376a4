// Byte pair encoding of texts: what is found as it stands, normalisation, words, merges; and the way back.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utf8proc.h>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/text/byte_pairs.hpp"
#include "ohmic/model/text/pre_tokens.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "ohmic/model/text/token_search.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Which parts of a text, of those between added tokens, get a mark in front that begin with none.
enum class front_mark { never, first, always };

/// What a tokenizer does to text before it merges. Each part between added tokens is a text of its own: it is normalised, then searched for
/// tokens that are found in normal text, and what is left is made words.
struct bpe_text_rules {
  bool nfc = false;                       ///< normal: Unicode's composed form
  bool one_more_mark = false;             ///< normal: each part gets U+2581 in front, also where it begins with one
  bool marks_for_spaces = false;          ///< normal: a space becomes U+2581
  std::optional<front_mark> metaspace{};  ///< words: a space becomes U+2581; absent: it does not
  bool byte_level = false;                ///< words: every byte becomes a visible character
  bool space_in_front = false;            ///< byte_level: a part that begins with no space gets one
  digit_cut digits = digit_cut::none;     ///< numbers are words of their own, before the pattern cuts
  std::optional<word_pattern> pattern{};  ///< how the text is cut; absent: not at all
};

/// A token that is found in a text before anything else, or in what normalisation makes of it.
struct added_token {
  std::string text;
  std::int32_t id = 0;
  bool special = false;     ///< left out of decoded text
  bool normalised = false;  ///< its normal form is searched for in normal text
};

/// A tokenizer of tokenizer.json. Encoding is const and may run on many threads at once.
/// Source  the format and the order of steps of https://github.com/huggingface/tokenizers; Radford et al. 2019 for the characters of bytes;
///         tests/unit/model/text_byte_pairs.cpp
class bpe_tokenizer {
 public:
  bpe_tokenizer(byte_pairs pairs, bpe_text_rules const& rules, std::vector<added_token> added,
                std::vector<std::int32_t> begin, std::vector<std::int32_t> after = {})
      : pairs_(std::move(pairs)),
        rules_(rules),
        added_(std::move(added)),
        begin_(std::move(begin)),
        after_(std::move(after)) {
    // Of several texts of an id the longest counts.
    std::stable_sort(added_.begin(), added_.end(),
                     [](added_token const& a, added_token const& b) { return a.text.size() > b.text.size(); });
    size_ = pairs_.size();
    std::vector<std::string> as_they_stand(added_.size()), normal(added_.size());
    for (std::size_t i = 0; i < added_.size(); ++i) {
      if (added_[i].normalised)
        normal[i] = normalised(added_[i].text);
      else
        as_they_stand[i] = added_[i].text;
      added_by_id_.emplace(added_[i].id, i);
      size_ = std::max(size_, static_cast<std::size_t>(added_[i].id) + 1);
    }
    as_they_stand_ = token_search(std::move(as_they_stand));
    normal_ = token_search(std::move(normal));
    char32_t next = 256;
    for (unsigned b = 0; b < 256; ++b) {
      bool const visible = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      append_utf8(characters_[b], visible ? static_cast<char32_t>(b) : next++);
    }
  }

  /// Ids of the vocabulary, added tokens too.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// What the file puts in front of every text.
  [[nodiscard]] std::vector<std::int32_t> const& begin() const noexcept { return begin_; }
  /// What the file puts after every text.
  [[nodiscard]] std::vector<std::int32_t> const& after() const noexcept { return after_; }

  /// Ids of a text, without what is put in front and after it.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const {
    std::vector<std::int32_t> ids;
    auto const found = [&](std::size_t token) { ids.push_back(added_[token].id); };
    as_they_stand_.cut(
        text,
        [&](std::string_view part, std::size_t at) {
          normal_.cut(
              normalised(part), [&](std::string_view p, std::size_t within) { words(p, at + within == 0, ids); },
              found);
        },
        found);
    return ids;
  }

  /// The text of ids, without special tokens and without the space that encoding puts first.
  [[nodiscard]] std::string decode(std::span<std::int32_t const> ids) const {
    std::string out;
    for (std::int32_t const id : ids) {
      if (auto const* const token = added_of(id); token != nullptr) {
        if (!token->special) out += token->text;
        continue;
      }
      if (int const byte = pairs_.byte_of(id); byte >= 0) {
        out.push_back(static_cast<char>(byte));
        continue;
      }
      append_plain(out, pairs_.piece(id));
    }
    bool const front = rules_.one_more_mark || rules_.metaspace.value_or(front_mark::never) != front_mark::never ||
                       rules_.space_in_front;
    return front && out.starts_with(' ') ? out.substr(1) : out;
  }

  /// The text of an id as the file has it.
  [[nodiscard]] std::string_view piece(std::int32_t id) const noexcept {
    auto const* const token = added_of(id);
    return token != nullptr ? std::string_view(token->text) : pairs_.piece(id);
  }

 private:
  [[nodiscard]] added_token const* added_of(std::int32_t id) const noexcept {
    auto const found = added_by_id_.find(id);
    return found == added_by_id_.end() ? nullptr : &added_[found->second];
  }

  [[nodiscard]] static std::string marked(std::string_view text) {
    std::string out;
    for (char const c : text)
      if (c == ' ')
        out += space_mark;
      else
        out.push_back(c);
    return out;
  }
  [[nodiscard]] std::string normalised(std::string_view text) const {
    std::string normal = rules_.nfc ? composed(text) : std::string(text);
    if (rules_.marks_for_spaces) normal = marked(normal);
    if (rules_.one_more_mark && !normal.empty()) normal.insert(0, space_mark);
    return normal;
  }
  void words(std::string_view normal, bool first, std::vector<std::int32_t>& ids) const {
    std::string text(normal);
    if (rules_.metaspace) {
      text = marked(text);
      bool const wanted = *rules_.metaspace == front_mark::always || (*rules_.metaspace == front_mark::first && first);
      if (wanted && !text.starts_with(space_mark)) text.insert(0, space_mark);
    }
    if (rules_.space_in_front && !text.starts_with(' ')) text.insert(0, 1, ' ');
    if (rules_.digits == digit_cut::none)
      cut_words(text, ids);
    else
      for (std::string_view const part : cut_at_digits(text, rules_.digits)) cut_words(part, ids);
  }
  void cut_words(std::string_view text, std::vector<std::int32_t>& ids) const {
    if (!rules_.pattern) return word(text, ids);
    for (std::string_view const w : word_cutter(text, *rules_.pattern).words()) word(w, ids);
  }
  void word(std::string_view w, std::vector<std::int32_t>& ids) const {
    if (!rules_.byte_level) return pairs_.encode(w, ids);
    std::string visible;
    for (char const c : w) visible += characters_[static_cast<unsigned char>(c)];
    pairs_.encode(visible, ids);
  }

  void append_plain(std::string& out, std::string_view piece) const {
    for (std::size_t i = 0; i < piece.size();) {
      std::size_t const n = decode_utf8(piece, i).bytes;
      std::string_view const c = piece.substr(i, n);
      i += n;
      if (rules_.byte_level) {
        auto const byte = std::find(characters_.begin(), characters_.end(), c);
        if (byte != characters_.end()) {
          out.push_back(static_cast<char>(byte - characters_.begin()));
          continue;
        }
      }
      if ((rules_.marks_for_spaces || rules_.metaspace) && c == space_mark)
        out.push_back(' ');
      else
        out += c;
    }
  }

  /// Unicode's NFC; text that is not UTF-8 stays as it is.
  [[nodiscard]] static std::string composed(std::string_view text) {
    utf8proc_uint8_t* out = nullptr;
    utf8proc_ssize_t const n =
        utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (n < 0) return std::string(text);
    std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> const owner(out, &std::free);
    return {reinterpret_cast<char const*>(out), static_cast<std::size_t>(n)};
  }

  byte_pairs pairs_;
  bpe_text_rules rules_;
  std::vector<added_token> added_;
  std::unordered_map<std::int32_t, std::size_t> added_by_id_;
  token_search as_they_stand_, normal_;
  std::size_t size_ = 0;
  std::vector<std::int32_t> begin_, after_;
  std::array<std::string, 256> characters_;
};

}  // namespace ohmic::inline OHMIC_ABI::model
