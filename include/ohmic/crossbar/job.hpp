// What a kernel of the computation crossbar gets, and where it adds its results: plain pointers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One digit of some tokens against one block of 16 outputs, as plain pointers: a kernel calls nothing that is not
/// tagged with its
/// instruction set, so that translation units with different flags can be linked into one program.
struct block_job {
  std::uint8_t const* offset = nullptr;     ///< w + 128, (tiles, groups, 16, 4)
  std::uint8_t const* magnitude = nullptr;  ///< |w|, (tiles, groups, 16, 4)
  std::int8_t const* digits = nullptr;      ///< d, (tokens, tiles, groups, 4)
  std::int8_t const* sizes = nullptr;       ///< |d|, (tokens, tiles, groups, 4)
  std::int32_t const* starts =
      nullptr;  ///< what takes the 128 off again: -128 x sum of the digits of a tile, (tokens, tiles)
  std::size_t tokens = 0;
  std::size_t tiles = 0;
  std::size_t groups = 0;  ///< groups of four inner elements in a tile
  std::size_t blocks = 1;  ///< of 16 outputs, one after the other; only products in integers take more than one
  bool wide = false;       ///< digits beyond 63 occur (see dot4.hpp)
  std::size_t part =
      ~std::size_t{0};  ///< groups whose weights meet all tokens before the next; only products in integers
};

/// Outputs of a block.
inline constexpr std::size_t output_block = 16;

/// Blocks that a task of a product in integers takes: two share what is broadcast.
inline constexpr std::size_t exact_blocks = 2;

/// Where a kernel adds its results: rows of tokens, padded to whole blocks.
/// Range   gain is a multiple of 2^-16 and every sum stays below 2^53 of them, so that adding in double is exact
struct sum_target {
  double* first = nullptr;  ///< of the job's first token and block
  std::size_t stride = 0;
  double gain = 1.0;  ///< value of one code difference, or of one product unit
};

}  // namespace ohmic::inline OHMIC_ABI
