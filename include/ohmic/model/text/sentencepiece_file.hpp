// Reads what a tokenizer needs of a SentencePiece model file (sp.model): pieces, scores, kinds and the normaliser's table. The file is a
// protocol buffer.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/protobuf.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What a piece of a SentencePiece vocabulary is for. Values as in the file.
enum class piece_kind : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// Contents of a SentencePiece model file.
/// Source  sentencepiece_model.proto of SentencePiece (field numbers)
struct sentencepiece_data {
  struct piece {
    std::string text;
    float score = 0.0f;
    piece_kind kind = piece_kind::normal;
  };
  std::vector<piece> pieces;
  int algorithm = 1;  ///< 1 unigram, 2 BPE, 3 word, 4 character
  bool byte_fallback = false;
  bool whitespace_is_suffix = false;
  std::string normaliser_table;  ///< trie and replacements; empty: nothing is replaced
  bool dummy_prefix = true;      ///< a text gets one more space in front
  bool prefix_if_absent =
      false;  ///< only a text that begins with no space does: as Metaspace of a tokenizer.json; no field of the file
  bool remove_extra_whitespace = true;
  bool escape_whitespace = true;
  // Of tokenizer.json; no fields of the file.
  bool strip_end = false;        ///< blanks at the end go before spaces are looked at
  bool ends_keep_space = false;  ///< remove_extra_whitespace leaves one space at the ends of a text
  bool prefix_first_only =
      false;  ///< of the parts between tokens only the one that the text begins with gets the space in front
  bool words_apart = false;  ///< no piece goes over the beginning of a word
};

namespace detail {

inline constexpr protobuf_kind sentencepiece_kind{"SentencePiece model", "sp.model"};

inline sentencepiece_data::piece parse_piece(std::string_view bytes, std::size_t number, std::string const& where) {
  sentencepiece_data::piece p;
  protobuf_fields fields(bytes, where, sentencepiece_kind);
  for (protobuf_fields::field f; fields.next(f);) {
    if (f.number == 1) p.text = f.bytes;
    if (f.number == 2) p.score = f.real();
    if (f.number == 3) {
      if (f.integer < 1 || f.integer > 6)
        throw fields.broken("piece " + std::to_string(number) + " of kind " + std::to_string(f.integer));
      p.kind = static_cast<piece_kind>(f.integer);
    }
  }
  if (p.text.empty() || find_invalid_utf8(p.text) != std::string_view::npos || !std::isfinite(p.score))
    throw error({errc::file_format, "piece " + std::to_string(number) + " is empty, not UTF-8 or has no finite score",
                 where, in_quotes(p.text), "", ""});
  return p;
}
}  // namespace detail

/// Largest model file that is read: published vocabularies take a few megabytes.
inline constexpr std::uint64_t max_sentencepiece_bytes = std::uint64_t{64} << 20;

/// Errors  errc::file_missing; errc::capacity; errc::file_format naming what is wrong
[[nodiscard]] inline sentencepiece_data read_sentencepiece(std::filesystem::path const& file) {
  std::string const bytes = read_whole(file, max_sentencepiece_bytes), where = place(file);
  sentencepiece_data d;
  detail::protobuf_fields fields(bytes, where, detail::sentencepiece_kind);
  for (detail::protobuf_fields::field f; fields.next(f);) {
    if (f.number == 1 && f.wire == 2) d.pieces.push_back(detail::parse_piece(f.bytes, d.pieces.size(), where));
    if (f.number == 2 && f.wire == 2) {  // trainer_spec
      detail::protobuf_fields trainer(f.bytes, where, detail::sentencepiece_kind);
      for (detail::protobuf_fields::field t; trainer.next(t);) {
        if (t.number == 3) d.algorithm = static_cast<int>(t.integer & 0xFF);
        if (t.number == 24) d.whitespace_is_suffix = t.integer != 0;
        if (t.number == 35) d.byte_fallback = t.integer != 0;
      }
    }
    if (f.number == 3 && f.wire == 2) {  // normalizer_spec
      detail::protobuf_fields normaliser(f.bytes, where, detail::sentencepiece_kind);
      for (detail::protobuf_fields::field n; normaliser.next(n);) {
        if (n.number == 2) d.normaliser_table = n.bytes;
        if (n.number == 3) d.dummy_prefix = n.integer != 0;
        if (n.number == 4) d.remove_extra_whitespace = n.integer != 0;
        if (n.number == 5) d.escape_whitespace = n.integer != 0;
      }
    }
  }
  if (d.pieces.empty()) throw error({errc::file_format, "holds no piece", where, "", "a SentencePiece model", ""});
  return d;
}

}  // namespace ohmic::inline OHMIC_ABI::model
