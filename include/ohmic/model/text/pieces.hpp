// A vocabulary as plain lines, a piece a line from id 0 on, for models that only write text: SentencePiece's marks become blanks and
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/dataset.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Pieces by id.
class piece_list {
 public:
  /// Largest number of pieces.
  static constexpr std::size_t max_pieces = std::size_t{1} << 22;

  explicit piece_list(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }

  /// The text of ids. U+2581 is a blank, 0xAB in pointed brackets a byte; other pieces in pointed brackets and ids that have no piece
  /// are marks without a text; a blank at the beginning is left out.
  [[nodiscard]] std::string decode(std::span<std::int32_t const> ids) const {
    std::string out;
    for (auto const id : ids)
      if (id >= 0 && static_cast<std::size_t>(id) < pieces_.size()) append(out, pieces_[static_cast<std::size_t>(id)]);
    if (out.starts_with(' ')) out.erase(0, 1);
    return out;
  }

 private:
  static int digit(char c) noexcept {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
  static void append(std::string& out, std::string const& piece) {
    if (piece.size() == 6 && piece.starts_with("<0x") && piece[5] == '>' && digit(piece[3]) >= 0 &&
        digit(piece[4]) >= 0) {
      out += static_cast<char>(digit(piece[3]) * 16 + digit(piece[4]));
      return;
    }
    if (piece.size() > 2 && piece.front() == '<' && piece.back() == '>') return;
    static constexpr char blank[] = "\xE2\x96\x81";
    for (std::size_t at = 0; at < piece.size();) {
      bool const is_blank = piece.compare(at, 3, blank) == 0;
      out += is_blank ? ' ' : piece[at];
      at += is_blank ? 3 : 1;
    }
  }

  std::vector<std::string> pieces_;
};

/// Reads a piece a line; lines as for_each_line.
/// Errors  errc::file_missing; errc::file_format naming the line for malformed UTF-8, and for no piece at all; errc::capacity
[[nodiscard]] inline piece_list read_pieces(std::filesystem::path const& file) {
  std::vector<std::string> pieces;
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    if (find_invalid_utf8(line) != std::string_view::npos)
      throw error({errc::file_format, "is not UTF-8", place(file, "line " + std::to_string(number)), "", "", ""});
    if (pieces.size() == piece_list::max_pieces)
      throw error({errc::capacity, "has too many pieces", place(file), "", "at most 4194304", ""});
    pieces.emplace_back(line);
  });
  if (pieces.empty()) throw error({errc::file_format, "holds no piece", place(file), "", "a piece a line", ""});
  return piece_list(std::move(pieces));
}

}  // namespace ohmic::inline OHMIC_ABI::model
