// What writing of in-situ arrays took: cells, tries, faults, and rounds of rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// What writing took.
struct write_report {
  std::uint64_t cells = 0;
  std::uint64_t tries = 0;   ///< of cells that are not stuck and of those that are
  std::uint64_t missed = 0;  ///< cells that verifying gave up
  std::uint64_t stuck = 0;   ///< cells

  write_report& operator+=(write_report const& o) noexcept {
    cells += o.cells, tries += o.tries, missed += o.missed, stuck += o.stuck;
    return *this;
  }
};

/// The same with its time: rows of an array are written one after the other, the cells of a row at once until the last of
/// them is done; arrays side by side, so that the slowest counts.
struct array_writing {
  write_report all{};
  std::uint64_t rows = 0;
  std::uint64_t rounds = 0;  ///< tries of the slowest cells of the rows

  /// Arrays that are written at the same time.
  void beside(array_writing const& o) noexcept {
    all += o.all;
    rows = std::max(rows, o.rows), rounds = std::max(rounds, o.rounds);
  }
  /// Arrays that are written later.
  array_writing& operator+=(array_writing const& o) noexcept {
    all += o.all;
    rows += o.rows, rounds += o.rounds;
    return *this;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
