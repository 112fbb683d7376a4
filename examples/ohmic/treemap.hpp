// Parts of a chip as rectangles of their areas.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace program_cli {

struct rectangle {
  double x = 0.0, y = 0.0, width = 0.0, height = 0.0;
};

/// Rectangles of these areas that fill a square from below, in strips that are as square as they can be.
/// Source  Bruls, Huizing, van Wijk 2000, "Squarified treemaps"
inline std::vector<rectangle> laid_out(std::vector<double> const& areas, rectangle room) {
  std::vector<rectangle> out(areas.size());
  auto const worst = [&](std::size_t from, std::size_t to, double sum, double side) {
    double w = 1.0;
    for (std::size_t i = from; i < to; ++i) {
      double const a = side * side * areas[i] / (sum * sum);
      w = std::max({w, a, 1.0 / a});
    }
    return w;
  };
  for (std::size_t from = 0; from < areas.size();) {
    double const side = std::min(room.width, room.height);
    double sum = areas[from];
    std::size_t to = from + 1;
    while (to < areas.size() && worst(from, to + 1, sum + areas[to], side) <= worst(from, to, sum, side))
      sum += areas[to++];
    double const depth = side > 0.0 ? sum / side : 0.0;
    bool const upright = room.width >= room.height;  // a strip along the shorter side
    double at = upright ? room.y : room.x;
    for (std::size_t i = from; i < to; ++i) {
      double const length = depth > 0.0 ? areas[i] / depth : 0.0;
      out[i] = upright ? rectangle{room.x, at, depth, length} : rectangle{at, room.y, length, depth};
      at += length;
    }
    if (upright)
      room.x += depth, room.width -= depth;
    else
      room.y += depth, room.height -= depth;
    from = to;
  }
  return out;
}

}  // namespace program_cli
