// Every printed figure computed from parts and counts, beside what is printed.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/chip/reproduce_rows.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// All rows, in the order of the table.
/// Errors  contract if a printed value has no row: a bug
[[nodiscard]] inline std::vector<reproduced_row> reproduce(reproduction_inputs const& in = {}) {
  std::vector<reproduced_row> made, rows;
  detail::row_maker row(made);
  detail::exact_rows(row, in);
  detail::area_rows(row, in);
  detail::energy_rows(row, in);
  detail::processor_rows(row, in);
  detail::bound_rows(row, in);
  detail::robust_rows(row);
  rows.reserve(made.size());
  for (auto const& p : printed_values) {
    auto const found = std::find_if(made.begin(), made.end(), [&](auto const& r) { return r.printed == &p; });
    if (found == made.end())
      throw error({errc::contract, "a printed value is not computed", std::string(p.id), "", "",
                   "add it to chip/reproduce_rows.hpp"});
    rows.push_back(std::move(*found));
  }
  return rows;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
