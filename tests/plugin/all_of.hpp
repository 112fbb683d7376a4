// All that a device makes of a tile, and as text: what hosts of two compilers are compared by.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/device/tile_device.hpp"

namespace ohmic_test {

/// All that a device makes of a tile.
inline std::vector<double> all_of(ohmic::tile_device const& d, std::size_t rows, std::size_t cols) {
  ohmic::cell_tile const tile = {rows, cols, 5, 2 * cols};
  std::size_t const n = tile.size();
  std::vector<double> target(n), mean(n), sigma(n), drawn(n), aged(n), noise(n), z(n);
  for (std::size_t i = 0; i < n; ++i)
    target[i] = 1.0 + 19.0 * static_cast<double>(i) / static_cast<double>(n), z[i] = std::sin(static_cast<double>(i));
  ohmic::stream const numbers{3, ohmic::purpose::programming, 2};
  d.program(tile, target, mean, sigma);
  if (d.draws()) d.draw(tile, numbers, 4, target, drawn);
  d.age(tile, 100.0, target, mean, z, aged);
  d.read(tile, 100.0, mean, aged, noise);
  std::vector<double> out;
  for (auto const* v : {&mean, &sigma, &drawn, &aged, &noise}) out.insert(out.end(), v->begin(), v->end());
  return out;
}

/// One number a line, to the bit.
inline std::string hexadecimal(std::vector<double> const& values) {
  std::string out;
  for (double const v : values) {
    char text[40];
    std::snprintf(text, sizeof text, "%a\n", v);
    out += text;
  }
  return out;
}

}  // namespace ohmic_test
