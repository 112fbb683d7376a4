// Rows of settings in which every pair of values of two factors occurs.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/dice.hpp"

namespace ohmic_test {

using pair_factors = std::vector<std::vector<std::string>>;
using pair_row = std::vector<std::size_t>;
using pair_value = std::pair<std::size_t, std::size_t>;  ///< factor, and its value
using value_pair = std::pair<pair_value, pair_value>;

inline std::set<value_pair> all_pairs(pair_factors const& factors) {
  std::set<value_pair> out;
  for (std::size_t f = 0; f < factors.size(); ++f)
    for (std::size_t g = f + 1; g < factors.size(); ++g)
      for (std::size_t a = 0; a < factors[f].size(); ++a)
        for (std::size_t b = 0; b < factors[g].size(); ++b) out.insert({{f, a}, {g, b}});
  return out;
}

/// Rows in which every pair of values of two factors occurs: greedy, the best of 40 rolled rows at a time.
inline std::vector<pair_row> pairwise_rows(pair_factors const& factors) {
  auto open = all_pairs(factors);
  dice d(5);
  std::vector<pair_row> rows;
  while (!open.empty()) {
    pair_row best;
    std::vector<value_pair> best_pairs;
    for (int roll = 0; roll < 40; ++roll) {
      pair_row row;
      for (auto const& f : factors) row.push_back(static_cast<std::size_t>(d.bits() % f.size()));
      auto const& wanted = *open.begin();  // so that every row closes one
      row[wanted.first.first] = wanted.first.second, row[wanted.second.first] = wanted.second.second;
      std::vector<value_pair> closes;
      for (std::size_t f = 0; f < row.size(); ++f)
        for (std::size_t g = f + 1; g < row.size(); ++g)
          if (value_pair const p{{f, row[f]}, {g, row[g]}}; open.count(p) > 0) closes.push_back(p);
      if (closes.size() > best_pairs.size()) best = row, best_pairs = closes;
    }
    for (auto const& p : best_pairs) open.erase(p);
    rows.push_back(best);
  }
  return rows;
}

}  // namespace ohmic_test
