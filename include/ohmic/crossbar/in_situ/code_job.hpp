// What a kernel of in-situ arrays gets: plain pointers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/job.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// One pass of some tokens against one slice of a block of 16 outputs, as plain pointers (see block_job).
struct column_job {
  std::uint8_t const* plus =
      nullptr;  ///< digits of cells, (tiles, groups, 16, 4); where `sums` is set, + - minus + 128
  std::uint8_t const* minus = nullptr;        ///< of the second line of a pair, or null
  std::uint32_t const* plus_bits = nullptr;   ///< instead of plus, bits of cells, (tiles, bits, words, 16); or null
  std::uint32_t const* minus_bits = nullptr;  ///< of the second line of a pair, or null
  std::uint32_t const* input_bits = nullptr;  ///< of inputs, which are 0 or 1, (tokens, tiles, words)
  std::size_t bits = 0, words = 0;            ///< of a cell, the highest first; of 32 rows of an array
  float const* seen_plus = nullptr;   ///< instead of plus, what columns see of cells, (tiles, groups x 4, 16); or null
  float const* seen_minus = nullptr;  ///< of the second line of a pair, or null
  std::uint8_t const* fixed_plus = nullptr;  ///< the same in bytes (code_seen.hpp), (tiles, groups, 3, 16, 4); or null
  std::uint8_t const* fixed_minus = nullptr;
  float const* variance_plus = nullptr;  ///< of a read of what columns see; or null
  float const* variance_minus = nullptr;
  double const* drives = nullptr;       ///< what a digit drives a row with, from the middle, -top..top; null: the digit
  std::int8_t const* digits = nullptr;  ///< of inputs, (tokens, tiles, groups, 4)
  std::int32_t const* sums = nullptr;   ///< of digits, (tokens, tiles), which take the 128 off again; or null
  std::int32_t const* input_sums = nullptr;  ///< of digits, (tokens, tiles)
  std::int32_t const* flips = nullptr;       ///< -1 for a flipped column, else 0, (tiles, 16); or null
  std::int32_t const* units = nullptr;       ///< codes of the sum of inputs, (tokens, tiles, 16)
  double unit_gain = 0.0;                    ///< what such a code adds to a flipped column
  double* unit_sums = nullptr;               ///< where to, rows as those of the target
  float* normals = nullptr;  ///< room for a number a conversion, (tokens, tiles, lines that are converted, 16); or null
  stream reads{};            ///< which numbers, from `first_read` on
  std::uint64_t first_read = 0;
  std::uint32_t time = 0;
  std::size_t tokens = 0;
  std::size_t tiles = 0;
  std::size_t groups = 0;   ///< of four rows of an array
  bool wide = false;        ///< products of digits need the wide recipe of dot4.hpp
  bool pair = false;        ///< two lines, + and -, converted apart or, with `difference`, subtracted
  bool difference = false;  ///< pairs are subtracted before the converter
  bool has_sign = false;    ///< currents below 0 are converted, by their magnitude
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
