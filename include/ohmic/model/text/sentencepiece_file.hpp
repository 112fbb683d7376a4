// Reads what a tokenizer needs of a SentencePiece model file (sp.model): pieces, scores, kinds and the normaliser's table. The file is a
// protocol buffer of five fields that matter here, so that a reader of its own costs less than the library and its run-time dependency.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/core/utf8.hpp"

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
  bool dummy_prefix = true;
  bool remove_extra_whitespace = true;
  bool escape_whitespace = true;
};

namespace detail {

/// Fields of one message of a protocol buffer, one after the other.
class protobuf_fields {
 public:
  protobuf_fields(std::string_view bytes, std::string const& where) : rest_(bytes), where_(&where) {}

  struct field {
    std::uint32_t number = 0;
    std::uint64_t integer = 0;  ///< of varint, fixed32 and fixed64 fields
    std::string_view bytes{};   ///< of length-delimited fields
    int wire = 0;
  };

  /// False at the end of the message.
  bool next(field& f) {
    if (rest_.empty()) return false;
    std::uint64_t const tag = varint();
    f = {static_cast<std::uint32_t>(tag >> 3), 0, {}, static_cast<int>(tag & 7)};
    switch (f.wire) {
      case 0:
        f.integer = varint();
        return true;
      case 1:
        f.integer = fixed(8);
        return true;
      case 5:
        f.integer = fixed(4);
        return true;
      case 2:
        f.bytes = take(varint());
        return true;
      default:
        throw broken("wire type " + std::to_string(f.wire));
    }
  }
  [[nodiscard]] error broken(std::string const& got) const {
    return error({errc::file_format, "is no SentencePiece model", *where_, got, "a protocol buffer as sp.model holds",
                  "is it truncated?"});
  }

 private:
  std::string_view take(std::uint64_t n) {
    if (n > rest_.size()) throw broken("a field that reaches beyond its end");
    std::string_view const part = rest_.substr(0, static_cast<std::size_t>(n));
    rest_.remove_prefix(static_cast<std::size_t>(n));
    return part;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      auto const b = static_cast<unsigned char>(take(1)[0]);
      v |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if (b < 0x80) return v;
    }
    throw broken("a number of more than 64 bits");
  }
  std::uint64_t fixed(std::size_t n) {
    std::string_view const b = take(n);
    std::uint64_t v = 0;
    for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(b[i]);
    return v;
  }

  std::string_view rest_;
  std::string const* where_;
};

inline sentencepiece_data::piece parse_piece(std::string_view bytes, std::size_t number, std::string const& where) {
  sentencepiece_data::piece p;
  protobuf_fields fields(bytes, where);
  for (protobuf_fields::field f; fields.next(f);) {
    if (f.number == 1) p.text = f.bytes;
    if (f.number == 2) p.score = std::bit_cast<float>(static_cast<std::uint32_t>(f.integer));
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
  detail::protobuf_fields fields(bytes, where);
  for (detail::protobuf_fields::field f; fields.next(f);) {
    if (f.number == 1 && f.wire == 2) d.pieces.push_back(detail::parse_piece(f.bytes, d.pieces.size(), where));
    if (f.number == 2 && f.wire == 2) {  // trainer_spec
      detail::protobuf_fields trainer(f.bytes, where);
      for (detail::protobuf_fields::field t; trainer.next(t);) {
        if (t.number == 3) d.algorithm = static_cast<int>(t.integer & 0xFF);
        if (t.number == 24) d.whitespace_is_suffix = t.integer != 0;
        if (t.number == 35) d.byte_fallback = t.integer != 0;
      }
    }
    if (f.number == 3 && f.wire == 2) {  // normalizer_spec
      detail::protobuf_fields normaliser(f.bytes, where);
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
