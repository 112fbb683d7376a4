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

/// What a tokenizer does to text before it merges.
struct bpe_text_rules {
  bool nfc = false;                       ///< Unicode's composed form
  bool marks_for_spaces = false;          ///< a space becomes U+2581
  bool mark_in_front = false;             ///< and a text begins with one
  bool byte_level = false;                ///< every byte becomes a visible character
  bool space_in_front = false;            ///< byte_level: a text begins with a space
  std::optional<word_pattern> pattern{};  ///< how the text is cut; absent: not at all
};

/// A token that is found in the text as it stands, before anything else.
struct added_token {
  std::string text;
  std::int32_t id = 0;
  bool special = false;  ///< left out of decoded text
};

/// A tokenizer of tokenizer.json. Encoding is const and may run on many threads at once.
/// Source  the format of https://github.com/huggingface/tokenizers; Radford et al. 2019 for the characters of bytes
class bpe_tokenizer {
 public:
  bpe_tokenizer(byte_pairs pairs, bpe_text_rules const& rules, std::vector<added_token> added,
                std::vector<std::int32_t> begin)
      : pairs_(std::move(pairs)), rules_(rules), added_(std::move(added)), begin_(std::move(begin)) {
    // Of several texts of an id the longest counts.
    std::stable_sort(added_.begin(), added_.end(),
                     [](added_token const& a, added_token const& b) { return a.text.size() > b.text.size(); });
    size_ = pairs_.size();
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < added_.size(); ++i) {
      texts.push_back(added_[i].text);
      added_by_id_.emplace(added_[i].id, i);
      size_ = std::max(size_, static_cast<std::size_t>(added_[i].id) + 1);
    }
    search_ = token_search(std::move(texts));
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

  /// Ids of a text, without what is put in front.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const {
    std::vector<std::int32_t> ids;
    bool first = true;
    for (std::size_t at = 0; at < text.size();) {
      auto const [where, token] = search_.next(text, at);
      if (where > at) plain(text.substr(at, where - at), first, ids);
      first = false;
      if (token >= added_.size()) break;
      ids.push_back(added_[token].id);
      at = where + added_[token].text.size();
    }
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
    bool const front = rules_.mark_in_front || rules_.space_in_front;
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

  void plain(std::string_view text, bool first, std::vector<std::int32_t>& ids) const {
    std::string normal = rules_.nfc ? composed(text) : std::string(text);
    if (rules_.marks_for_spaces) {
      std::string marked = rules_.mark_in_front && first ? std::string(space_mark) : std::string();
      for (char const c : normal)
        if (c == ' ')
          marked += space_mark;
        else
          marked.push_back(c);
      normal = std::move(marked);
    }
    if (rules_.space_in_front && first && !normal.starts_with(' ')) normal.insert(0, 1, ' ');
    if (!rules_.pattern) {
      word(normal, ids);
      return;
    }
    for (std::string_view const w : word_cutter(normal, *rules_.pattern).words()) word(w, ids);
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
      if (rules_.marks_for_spaces && c == space_mark)
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
  token_search search_;
  std::size_t size_ = 0;
  std::vector<std::int32_t> begin_;
  std::array<std::string, 256> characters_;
};

}  // namespace ohmic::inline OHMIC_ABI::model
