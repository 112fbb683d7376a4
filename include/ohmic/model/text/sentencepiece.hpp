// SentencePiece's byte pair encoding: normalisation by the model's own table, then the merges with the highest score first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/text/sentencepiece_file.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What stands for a space inside pieces.
inline constexpr std::string_view space_mark = "\xE2\x96\x81";  // U+2581

/// Longest text that is split by scores: hundreds of pieces are tried at every character, before a text is cut to a model's positions.
inline constexpr std::size_t max_unigram_bytes = std::size_t{1} << 17;

namespace detail {

/// Errors  errc::capacity
inline void require_unigram_size(std::string_view text, std::string const& where) {
  if (text.size() > max_unigram_bytes)
    throw error({errc::capacity, "text is too long", where, std::to_string(text.size()) + " bytes",
                 "at most " + std::to_string(max_unigram_bytes) + " bytes", "cut it into lines"});
}

/// Unicode's White_Space.
[[nodiscard]] constexpr bool is_white_space(char32_t c) noexcept {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// The replacement table of a SentencePiece model: a double-array trie over bytes, and the replacements it points into.
/// Source  Darts-clone's unit layout; normalizer.cc of SentencePiece
class replacement_table {
 public:
  /// Longest key and longest replacement; published ones have some tens of bytes.
  static constexpr std::size_t max_bytes = 256;

  replacement_table() = default;
  /// Errors  errc::file_format, errc::capacity
  replacement_table(std::string const& blob, std::string const& where) {
    if (blob.empty()) return;
    std::uint32_t bytes = 0;
    if (blob.size() >= 4) std::memcpy(&bytes, blob.data(), 4);
    if (blob.size() < 4 || bytes % 4 != 0 || bytes < 1024 || bytes > blob.size() - 4)
      throw error({errc::file_format, "replacement table is broken", where, std::to_string(blob.size()) + " bytes",
                   "a trie and its replacements", ""});
    units_.resize(bytes / 4);
    std::memcpy(units_.data(), blob.data() + 4, bytes);
    replacements_ = blob.substr(4 + bytes);
    if (replacements_.empty() || replacements_.back() != '\0')
      throw error({errc::file_format, "replacement table has no end", where, "", "replacements that end with 0", ""});
    for (std::size_t i = 0, begin = 0; i < replacements_.size(); ++i) {
      if (i - begin > max_bytes)  // every character of a text may have it
        throw error({errc::capacity, "replacement is too long", where, "",
                     "at most " + std::to_string(max_bytes) + " bytes", ""});
      if (replacements_[i] == '\0') begin = i + 1;
    }
  }

  /// The longest key that text begins with: its length and its replacement. Length 0: none.
  [[nodiscard]] std::pair<std::size_t, std::string_view> longest(std::string_view text) const noexcept {
    std::pair<std::size_t, std::string_view> best{0, {}};
    if (units_.empty()) return best;
    std::size_t node = offset(units_[0]);
    for (std::size_t i = 0; i < std::min(text.size(), max_bytes); ++i) {  // a trie may lead round in circles
      auto const byte = static_cast<unsigned char>(text[i]);
      node ^= byte;
      if (node >= units_.size()) break;
      std::uint32_t const unit = units_[node];
      if ((unit & (0x80000000u | 0xFFu)) != byte) break;
      node ^= offset(unit);
      if (node >= units_.size()) break;
      if ((unit >> 8 & 1) == 0) continue;
      std::size_t const at = units_[node] & 0x7FFFFFFFu;
      if (at < replacements_.size()) best = {i + 1, std::string_view(replacements_.c_str() + at)};
    }
    return best;
  }

 private:
  [[nodiscard]] static std::size_t offset(std::uint32_t unit) noexcept {
    return static_cast<std::size_t>(unit >> 10) << ((unit & 0x200u) >> 6);
  }

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};
}  // namespace detail

/// What SentencePiece's tokenizers share: the vocabulary, and text as its pieces see it.
/// Errors  construction: errc::file_format for a vocabulary without unknown piece or with a piece twice; errc::config_value for
///         another algorithm, byte fallback, whitespace as suffix
/// Source  normalizer.cc of SentencePiece
class sentencepiece_text {
 public:
  /// algorithm: the one that the file must have, and its name
  sentencepiece_text(sentencepiece_data data, std::pair<int, char const*> algorithm, std::string const& where)
      : data_(std::move(data)), table_(data_.normaliser_table, where) {
    auto const unsupported = [&](std::string what, std::string got, std::string allowed) {
      return error({errc::config_value, std::move(what), where, std::move(got), std::move(allowed), ""});
    };
    if (data_.algorithm != algorithm.first)
      throw unsupported("algorithm is not supported", std::to_string(data_.algorithm),
                        std::to_string(algorithm.first) + " (" + algorithm.second + ")");
    if (data_.byte_fallback) throw unsupported("byte fallback is not supported", "true", "false");
    if (data_.whitespace_is_suffix) throw unsupported("whitespace as suffix is not supported", "true", "false");
    for (std::size_t i = 0; i < data_.pieces.size(); ++i) {
      auto const& p = data_.pieces[i];
      if (p.kind == piece_kind::unused || p.kind == piece_kind::user_defined || p.kind == piece_kind::byte)
        throw unsupported("kind of piece is not supported", in_quotes(p.text), "normal, unknown and control pieces");
      if (p.kind == piece_kind::unknown) unknown_ = static_cast<std::int32_t>(i);
      if (p.kind == piece_kind::normal && !ids_.emplace(p.text, static_cast<std::int32_t>(i)).second)
        throw error({errc::file_format, "piece " + in_quotes(p.text) + " is given twice", where, "", "", ""});
    }
    if (unknown_ < 0) throw error({errc::file_format, "has no unknown piece", where, "", "a piece of kind 2", ""});
  }

  [[nodiscard]] std::size_t size() const noexcept { return data_.pieces.size(); }
  [[nodiscard]] std::int32_t unknown() const noexcept { return unknown_; }
  /// The text of an id, or empty.
  [[nodiscard]] std::string_view piece(std::int32_t id) const noexcept {
    return id >= 0 && static_cast<std::size_t>(id) < data_.pieces.size()
               ? std::string_view(data_.pieces[static_cast<std::size_t>(id)].text)
               : std::string_view();
  }

  /// Text as pieces see it: characters replaced by the model's table, runs of spaces made one if the model says so, one in front, spaces
  /// marked. first: the text is what a whole one begins with
  [[nodiscard]] std::string normalised(std::string_view text, bool first = true) const {
    return marked(cleaned(text), first, !text.empty());
  }
  /// The first half of that: characters replaced, runs of spaces made one.
  [[nodiscard]] std::string cleaned(std::string_view text) const {
    std::string const plain = replaced(text);
    std::string out;
    bool after_space = bare_ends();  // spaces at the start are extra
    for (char const c : plain) {
      if (c != ' ' || !(after_space && data_.remove_extra_whitespace)) out.push_back(c);
      after_space = c == ' ';
    }
    return out;
  }
  /// The second: spaces marked, one in front; is_text: there was something to clean.
  [[nodiscard]] std::string marked(std::string_view text, bool first, bool is_text = true) const {
    std::string out;
    std::string_view const space = data_.escape_whitespace ? space_mark : std::string_view(" ");
    for (char const c : text)
      if (c == ' ')
        out += space;
      else
        out.push_back(c);
    if (bare_ends())
      while (out.ends_with(space)) out.resize(out.size() - space.size());
    // Where extra spaces go, one in front of nothing is extra, too.
    if (data_.remove_extra_whitespace || data_.prefix_if_absent) is_text = !out.empty();
    bool const prefix = data_.dummy_prefix && (first || !data_.prefix_first_only);
    if (prefix && is_text && !(data_.prefix_if_absent && out.starts_with(space))) out.insert(0, space);
    return out;
  }

  /// The text of ids: pieces one after the other, marks as spaces, without the space that encoding puts first; control pieces are
  /// nothing, the unknown piece is " \xE2\x81\x87 ", as SentencePiece has it. Ids out of range are nothing.
  [[nodiscard]] std::string decode(std::span<std::int32_t const> ids) const {
    std::string out;
    bool front =
        data_.dummy_prefix;  // a space in front is still to be left out: all of them where runs of spaces are made one
    for (std::int32_t const id : ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= data_.pieces.size()) continue;
      auto const& p = data_.pieces[static_cast<std::size_t>(id)];
      if (p.kind == piece_kind::control) continue;
      std::string_view rest = p.kind == piece_kind::unknown ? std::string_view(" \xE2\x81\x87 ") : p.text;
      while (!rest.empty()) {
        bool const space = data_.escape_whitespace && rest.starts_with(space_mark);
        if (!space) out.push_back(rest.front());
        if (space && !(out.empty() && front)) out.push_back(' ');
        if (space) front = front && data_.remove_extra_whitespace;
        rest.remove_prefix(space ? space_mark.size() : 1);
      }
    }
    return out;
  }

 private:
  /// No space stays at the ends.
  [[nodiscard]] bool bare_ends() const noexcept { return data_.remove_extra_whitespace && !data_.ends_keep_space; }
  /// Characters as the model's table has them, without blanks at the end if the file strips those.
  [[nodiscard]] std::string replaced(std::string_view text) const {
    std::string out;
    std::size_t stop = 0;  // behind the last character that is no blank
    auto const put = [&](std::string_view s) {
      for (std::size_t i = 0; i < s.size();) {
        auto const c = decode_utf8(s, i);
        out += s.substr(i, c.bytes);
        i += c.bytes;
        if (!detail::is_white_space(c.value)) stop = out.size();
      }
    };
    for (std::size_t i = 0; i < text.size();) {
      auto const [length, replacement] = table_.longest(text.substr(i));
      if (length > 0) {
        put(replacement);
        i += length;
        continue;
      }
      utf8_code_point const c = decode_utf8(text, i);
      put(c.valid ? text.substr(i, c.bytes) : std::string_view("\xEF\xBF\xBD"));
      i += c.bytes;
    }
    if (data_.strip_end) out.resize(stop);
    return out;
  }

 protected:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };

  sentencepiece_data data_;
  detail::replacement_table table_;
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> ids_;
  std::int32_t unknown_ = -1;
};

/// A SentencePiece tokenizer of the BPE kind. Encoding is const and may run on many threads at once.
/// Errors  construction: as sentencepiece_text
/// Source  Sennrich et al. 2016; bpe_model.cc of SentencePiece; golden ids in examples/models/gpt-kjv
class sentencepiece_bpe : public sentencepiece_text {
 public:
  explicit sentencepiece_bpe(sentencepiece_data data, std::string const& where = "vocabulary")
      : sentencepiece_text(std::move(data), {2, "BPE"}, where) {}

  /// Ids of a text; none for an empty one. Characters outside the vocabulary become the unknown piece, one for a run of them.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const {
    std::string const normal = normalised(text);
    std::vector<symbol> symbols;
    for (std::size_t i = 0; i < normal.size();) {
      std::size_t const n = decode_utf8(normal, i).bytes;
      symbols.push_back({std::string_view(normal).substr(i, n), static_cast<std::ptrdiff_t>(symbols.size()) - 1,
                         static_cast<std::ptrdiff_t>(symbols.size()) + 1});
      i += n;
    }
    if (symbols.empty()) return {};
    symbols.back().next = -1;
    merge(symbols);
    std::vector<std::int32_t> ids;
    for (symbol const& s : symbols) {
      if (s.text.empty()) continue;
      auto const found = ids_.find(s.text);
      std::int32_t const id = found == ids_.end() ? unknown_ : found->second;
      if (id == unknown_ && !ids.empty() && ids.back() == unknown_) continue;
      ids.push_back(id);
    }
    return ids;
  }

 private:
  struct symbol {
    std::string_view text;
    std::ptrdiff_t previous, next;
  };
  /// A pair that may be merged: highest score first, of equals the leftmost.
  struct candidate {
    float score;
    std::ptrdiff_t left, right;
    std::size_t size;  ///< of both when it was found: a stale candidate has another
    friend bool operator<(candidate const& a, candidate const& b) noexcept {
      return a.score != b.score ? a.score < b.score : a.left > b.left;
    }
  };

  void merge(std::vector<symbol>& symbols) const {
    auto const at = [&](std::ptrdiff_t i) -> symbol& { return symbols[static_cast<std::size_t>(i)]; };
    std::priority_queue<candidate> agenda;
    auto const consider = [&](std::ptrdiff_t left, std::ptrdiff_t right) {
      if (left < 0 || right < 0) return;
      std::string_view const both(at(left).text.data(), at(left).text.size() + at(right).text.size());
      auto const found = ids_.find(both);
      if (found != ids_.end())
        agenda.push({data_.pieces[static_cast<std::size_t>(found->second)].score, left, right, both.size()});
    };
    for (std::size_t i = 1; i < symbols.size(); ++i)
      consider(static_cast<std::ptrdiff_t>(i) - 1, static_cast<std::ptrdiff_t>(i));
    while (!agenda.empty()) {
      candidate const c = agenda.top();
      agenda.pop();
      symbol &left = at(c.left), &right = at(c.right);
      if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != c.size) continue;
      left.text = std::string_view(left.text.data(), c.size);
      left.next = right.next;
      if (right.next >= 0) at(right.next).previous = c.left;
      right.text = {};
      consider(left.previous, c.left);
      consider(c.left, left.next);
    }
  }
};

/// The tokenizer in a model file.
/// Errors  those of read_sentencepiece and sentencepiece_bpe
[[nodiscard]] inline sentencepiece_bpe read_sentencepiece_bpe(std::filesystem::path const& file) {
  return sentencepiece_bpe(read_sentencepiece(file), place(file));
}

}  // namespace ohmic::inline OHMIC_ABI::model
