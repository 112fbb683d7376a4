// What to say of a name that is not known: the one that was probably meant, and those that are allowed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Number of single-character edits (insert, delete, replace, swap neighbours) between two words.
/// Source  optimal string alignment, the restricted form of Damerau's distance
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t k = 0; k <= b.size(); ++k) above[k] = k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      row[k] = std::min({above[k] + 1, row[k - 1] + 1, above[k - 1] + (a[i - 1] != b[k - 1])});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) row[k] = std::min(row[k], before[k - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

/// The name that was probably meant: the nearest within three edits, the first of equals; empty if there is none.
[[nodiscard]] inline std::string nearest_name(std::string_view word, std::vector<std::string> const& names) {
  std::string best;
  std::size_t distance = 4;
  for (auto const& n : names) {
    // A word of three letters is three edits from every other one: more than half of it must be right.
    auto const d = edit_distance(word, n);
    if (d < distance && 2 * d < std::max(word.size(), n.size())) {
      distance = d;
      best = n;
    }
  }
  return best;
}

/// The names with commas between them, for error texts.
[[nodiscard]] inline std::string joined(std::vector<std::string> const& names) {
  std::string text;
  for (auto const& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

/// Of few keys all; of many those in the group that `key` is in, or the groups, "noise.*".
[[nodiscard]] inline std::vector<std::string> worth_naming(std::vector<std::string> const& all, std::string_view key) {
  constexpr std::size_t few = 24;
  if (all.size() <= few) return all;
  std::string const group(key.substr(0, std::min(key.size(), key.find('.') + 1)));
  std::vector<std::string> inside, groups;
  for (auto const& k : all) {
    auto const dot = k.find('.');
    if (!group.empty() && k.starts_with(group)) inside.push_back(k);
    std::string const name = dot == k.npos ? k : k.substr(0, dot) + ".*";
    if (groups.empty() || groups.back() != name) groups.push_back(name);
  }
  return inside.empty() ? groups : inside;
}

}  // namespace ohmic::inline OHMIC_ABI
