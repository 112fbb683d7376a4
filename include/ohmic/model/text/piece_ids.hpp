// The vocabulary of a tokenizer.json: an object that maps pieces to their ids.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// Most ids of a tokenizer.json.
inline constexpr std::size_t max_piece_ids = std::size_t{1} << 22;
inline constexpr std::size_t max_piece_gaps = 65536;  ///< ids below the largest that no piece has

/// The pieces of key 'vocab' by id; ids that none has are empty.
/// Errors  file_format naming the piece, and for no pieces at all
[[nodiscard]] inline std::vector<std::string> read_piece_ids(json_file const& model) {
  json_file const vocabulary = model.inside("vocab");
  std::vector<std::string> pieces;
  auto const entries = vocabulary.entries();
  // A few ids may be those of added tokens; a short file does not ask for a long table.
  std::size_t const most = std::min(max_piece_ids, entries.size() + max_piece_gaps);
  for (auto const& [piece, id] : entries) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= most)
      throw vocabulary.wrong_type(piece, id, "an id from 0 to " + std::to_string(most - 1));
    auto const i = static_cast<std::size_t>(id.get<std::uint64_t>());
    if (i >= pieces.size()) pieces.resize(i + 1);
    if (!pieces[i].empty())
      throw error({errc::file_format, "id is given twice", vocabulary.where(piece), std::to_string(i),
                   "taken by " + in_quotes(printable(pieces[i])), ""});
    pieces[i] = piece;
  }
  if (pieces.empty()) throw error({errc::file_format, "is empty", model.where("vocab"), "", "at least one piece", ""});
  return pieces;
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
