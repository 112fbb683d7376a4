// Byte pair encoding by ranked merges: the form of GPT-2, Llama and Qwen in tokenizer.json.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Merges of a vocabulary, the first of the list first. Encoding is const and may run on many threads at once.
/// Source  Sennrich et al. 2016; Radford et al. 2019 for bytes; ties and unknown characters as in Hugging Face's tokenizers
class byte_pairs {
 public:
  struct config {
    bool byte_fallback = false;  ///< a character outside the vocabulary becomes its bytes, "<0xE2>"
    bool fuse_unknown = false;   ///< a run of unknown characters is one unknown token
    bool ignore_merges = false;  ///< a word that is a token is that token, whatever the merges
    std::int32_t unknown = -1;   ///< id of what cannot be encoded; -1: left out
  };

  byte_pairs() = default;
  /// Shape   pieces: by id; an empty one is an id without text
  /// Errors  file_format, naming merge or piece: a piece given twice, a merge of or into what is no piece, bytes that are not there
  byte_pairs(std::vector<std::string> pieces, std::vector<std::pair<std::string, std::string>> const& merges,
             config const& c, std::string const& where)
      : pieces_(std::move(pieces)), config_(c) {
    for (std::size_t i = 0; i < pieces_.size(); ++i)
      if (!pieces_[i].empty() && !ids_.emplace(pieces_[i], static_cast<std::int32_t>(i)).second)
        throw error({errc::file_format, "piece is given twice", where, in_quotes(pieces_[i]), "", ""});
    for (std::size_t r = 0; r < merges.size(); ++r) {
      auto const& [left, right] = merges[r];
      std::int32_t const a = id(left), b = id(right), both = id(left + right);
      if (a < 0 || b < 0 || both < 0)
        throw error({errc::file_format, "merge " + std::to_string(r) + " has a part or a result that is no piece",
                     where, in_quotes(printable(left)) + " and " + in_quotes(printable(right)), "", ""});
      merges_.emplace(key(a, b), merge{static_cast<std::uint32_t>(r), both});
    }
    constexpr char digits[] = "0123456789ABCDEF";
    for (std::size_t b = 0; c.byte_fallback && b < 256; ++b) {
      std::string const name{'<', '0', 'x', digits[b / 16], digits[b % 16], '>'};
      bytes_[b] = id(name);
      if (bytes_[b] < 0) throw error({errc::file_format, "byte has no piece", where, name, "all 256", ""});
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }
  [[nodiscard]] std::int32_t id(std::string_view piece) const noexcept {
    auto const found = ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }
  /// The text of an id, or empty.
  [[nodiscard]] std::string_view piece(std::int32_t i) const noexcept {
    return i >= 0 && static_cast<std::size_t>(i) < pieces_.size()
               ? std::string_view(pieces_[static_cast<std::size_t>(i)])
               : std::string_view();
  }
  /// The byte that an id stands for, -1 if it is none.
  [[nodiscard]] int byte_of(std::int32_t i) const noexcept {
    if (!config_.byte_fallback) return -1;
    for (std::size_t b = 0; b < 256; ++b)
      if (bytes_[b] == i) return static_cast<int>(b);
    return -1;
  }

  /// Appends the ids of a word: its characters, and of the merges that two neighbours have always the first, of equals the leftmost.
  void encode(std::string_view word, std::vector<std::int32_t>& out) const {
    if (word.empty()) return;
    if (config_.ignore_merges)
      if (std::int32_t const whole = id(word); whole >= 0) {
        out.push_back(whole);
        return;
      }
    std::vector<symbol> symbols = characters(word);
    std::priority_queue<candidate, std::vector<candidate>, std::greater<>> agenda;
    auto const consider = [&](std::ptrdiff_t left) {
      if (left < 0) return;
      symbol const& l = symbols[static_cast<std::size_t>(left)];
      if (l.next < 0) return;
      auto const found = merges_.find(key(l.id, symbols[static_cast<std::size_t>(l.next)].id));
      if (found != merges_.end()) agenda.push({found->second.rank, left, found->second.both});
    };
    for (std::size_t i = 0; i < symbols.size(); ++i) consider(static_cast<std::ptrdiff_t>(i));
    while (!agenda.empty()) {
      candidate const c = agenda.top();
      agenda.pop();
      symbol& left = symbols[static_cast<std::size_t>(c.left)];
      if (left.id < 0 || left.next < 0) continue;
      symbol& right = symbols[static_cast<std::size_t>(left.next)];
      // A candidate of before another merge took one of its parts.
      auto const found = merges_.find(key(left.id, right.id));
      if (found == merges_.end() || found->second.both != c.both || found->second.rank != c.rank) continue;
      left.id = c.both;
      right.id = -1;
      left.next = right.next;
      if (right.next >= 0) symbols[static_cast<std::size_t>(right.next)].previous = c.left;
      consider(left.previous);
      consider(c.left);
    }
    for (symbol const& s : symbols)
      if (s.id >= 0) out.push_back(s.id);
  }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  struct merge {
    std::uint32_t rank;
    std::int32_t both;
  };
  struct symbol {
    std::int32_t id;  ///< -1: taken by a merge
    std::ptrdiff_t previous, next;
  };
  struct candidate {
    std::uint32_t rank;
    std::ptrdiff_t left;
    std::int32_t both;
    friend auto operator<=>(candidate const&, candidate const&) = default;
  };

  [[nodiscard]] static std::uint64_t key(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32 | static_cast<std::uint32_t>(b);
  }

  [[nodiscard]] std::vector<symbol> characters(std::string_view word) const {
    std::vector<symbol> out;
    bool after_unknown = false;
    auto const put = [&](std::int32_t i) {
      out.push_back({i, static_cast<std::ptrdiff_t>(out.size()) - 1, static_cast<std::ptrdiff_t>(out.size()) + 1});
      after_unknown = false;
    };
    for (std::size_t at = 0; at < word.size();) {
      std::size_t const n = decode_utf8(word, at).bytes;
      std::string_view const character = word.substr(at, n);
      at += n;
      if (std::int32_t const i = id(character); i >= 0) {
        put(i);
      } else if (config_.byte_fallback) {
        for (char const b : character) put(bytes_[static_cast<unsigned char>(b)]);
      } else if (config_.unknown >= 0 && !(config_.fuse_unknown && after_unknown)) {
        put(config_.unknown);
        after_unknown = true;
      }
    }
    if (!out.empty()) out.back().next = -1;
    return out;
  }

  std::vector<std::string> pieces_;
  config config_{};
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> ids_;
  std::unordered_map<std::uint64_t, merge> merges_;
  std::array<std::int32_t, 256> bytes_{};
};

}  // namespace ohmic::inline OHMIC_ABI::model
