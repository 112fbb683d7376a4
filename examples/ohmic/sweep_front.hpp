// The points that no other point beats.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace program_cli {

/// Rows of `values` (all to be made small) that no row beats: none is at least as good everywhere and better somewhere.
/// Equal rows are all kept. Rows with NaN are never kept and beat nothing. In the order of the rows.
/// Shape   values: (rows)(objectives)
inline std::vector<std::size_t> pareto_front(std::vector<std::vector<double>> const& values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!values[i].empty() && std::none_of(values[i].begin(), values[i].end(), [](double v) { return std::isnan(v); }))
      order.push_back(i);
  // Whatever beats a row comes before it.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  auto const beats = [&](std::size_t a, std::size_t b) {
    bool better = false;
    for (std::size_t k = 0; k < values[a].size(); ++k) {
      if (values[a][k] > values[b][k]) return false;
      better = better || values[a][k] < values[b][k];
    }
    return better;
  };
  std::vector<std::size_t> front;
  for (std::size_t const row : order)
    if (std::none_of(front.rbegin(), front.rend(), [&](std::size_t f) { return beats(f, row); })) front.push_back(row);
  std::sort(front.begin(), front.end());
  return front;
}

}  // namespace program_cli
