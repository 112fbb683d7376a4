// The unigram tokenizer of the Universal Sentence Encoder lite: NFKC, then the split with the highest sum of scores.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utf8proc.h>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/text/sentencepiece.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// A piece and the logarithm of its probability.
struct scored_piece {
  std::string text;
  double score = 0.0;
};

/// A unigram tokenizer. Encoding is const and may run on many threads at once.
/// Errors  construction: errc::file_format for an empty vocabulary, an empty or malformed piece; errc::capacity for one that is too long
/// Source  Kudo 2018; the published tokenizer, whose ties and unknown characters are kept: of equal sums the later split wins, an
///         unknown character costs nothing, runs of them are one id 0; golden ids in tests/golden
class unigram {
 public:
  /// Ids below this one are reserved and never found in a text.
  static constexpr std::size_t reserved = 6;
  /// Longest piece: so many are tried at every character of a text.
  static constexpr std::size_t max_piece_bytes = 256;

  explicit unigram(std::vector<scored_piece> vocabulary, std::string const& where = "vocabulary")
      : pieces_(std::move(vocabulary)) {
    if (pieces_.size() <= reserved)
      throw error({errc::file_format, "vocabulary is empty", where, std::to_string(pieces_.size()) + " pieces",
                   "more than 6", ""});
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      std::string const& text = pieces_[i].text;
      if (text.empty() || find_invalid_utf8(text) != std::string_view::npos)
        throw error({errc::file_format, "piece " + std::to_string(i) + " is empty or not UTF-8", where, in_quotes(text),
                     "", ""});
      if (text.size() > max_piece_bytes)
        throw error({errc::capacity, "piece " + std::to_string(i) + " is too long", where,
                     std::to_string(text.size()) + " bytes", "at most " + std::to_string(max_piece_bytes), ""});
      lengths_.push_back(count_code_points(text));
      if (i < reserved) continue;
      ids_[text] = static_cast<std::int32_t>(i);  // the last of equal pieces, as the published trie has it
      longest_ = std::max(longest_, lengths_.back());
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }

  /// Text as pieces see it: NFKC, a mark in front, marks for spaces.
  /// Errors  errc::value for text that is not UTF-8
  [[nodiscard]] static std::string normalised(std::string_view text) {
    if (text.empty()) return {};
    utf8proc_uint8_t* composed = nullptr;
    auto const length =
        utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &composed, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
    if (length < 0)
      throw error({errc::value, "text cannot be normalised", "unigram", utf8proc_errmsg(length), "UTF-8", ""});
    std::string out(space_mark);
    for (utf8proc_ssize_t i = 0; i < length; ++i) {
      if (composed[i] == ' ') {
        out += space_mark;
      } else {
        out.push_back(static_cast<char>(composed[i]));
      }
    }
    std::free(composed);
    return out;
  }

  /// Ids of a text; none for an empty one.
  /// Errors  errc::capacity, naming `where`, for more than max_unigram_bytes; those of normalised
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text, std::string const& where = "text") const {
    detail::require_unigram_size(text, where);
    std::string const normal = normalised(text);
    std::vector<std::size_t> begin;  // of every character, and the end
    for (std::size_t i = 0; i < normal.size(); i += decode_utf8(normal, i).bytes) begin.push_back(i);
    begin.push_back(normal.size());
    std::size_t const n = begin.size() - 1;
    std::vector<double> best(n + 1, 0.0);  // 0 stands for "not reached", as published
    std::vector<std::int32_t> piece(n + 1, 0);
    for (std::size_t end = 1; end <= n; ++end)
      for (std::size_t start = end > longest_ ? end - longest_ : 0; start < end; ++start) {
        auto const found = ids_.find(std::string_view(normal).substr(begin[start], begin[end] - begin[start]));
        if (found == ids_.end()) continue;
        double const score = pieces_[static_cast<std::size_t>(found->second)].score + best[start];
        if (best[end] == 0.0 || score >= best[end]) {
          best[end] = score;
          piece[end] = found->second;
        }
      }
    std::vector<std::int32_t> ids;
    for (std::size_t end = n; end > 0;) {
      std::int32_t const id = piece[end];
      if (!(id == 0 && !ids.empty() && ids.back() == 0)) ids.push_back(id);
      end -= std::min(end, id == 0 ? std::size_t{1} : lengths_[static_cast<std::size_t>(id)]);
    }
    std::reverse(ids.begin(), ids.end());
    return ids;
  }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  std::vector<scored_piece> pieces_;
  std::vector<std::size_t> lengths_;
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> ids_;
  std::size_t longest_ = 0;
};

/// The tokenizer in a vocab.json: a list of [piece, score]. A score that is null counts as 0, as in the published tokenizer.
/// Errors  errc::file_missing; errc::file_format naming the entry
[[nodiscard]] inline unigram read_unigram(std::filesystem::path const& file) {
  constexpr std::uint64_t max_bytes = std::uint64_t{64} << 20;
  auto const shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > 3)
      throw error({errc::file_format, "is nested too deeply", place(file), "", "[[piece, score], ..]", ""});
    return true;
  };
  auto const root = nlohmann::json::parse(read_whole(file, max_bytes), shallow, false);
  if (!root.is_array())
    throw error({errc::file_format, "is not a list of pieces", place(file), "", "[[piece, score], ..]", ""});
  std::vector<scored_piece> pieces;
  for (auto const& entry : root) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() ||
        !(entry[1].is_number() || entry[1].is_null()))
      throw error({errc::file_format, "entry " + std::to_string(pieces.size()) + " is not [piece, score]", place(file),
                   printable(entry.dump(-1, ' ', true)), "a text and a number or null", ""});
    pieces.push_back({entry[0].get<std::string>(), entry[1].is_null() ? 0.0 : entry[1].get<double>()});
  }
  return unigram(std::move(pieces), place(file));
}

}  // namespace ohmic::inline OHMIC_ABI::model
