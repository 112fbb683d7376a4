// Heat maps as plain SVG: panels of one colour scale, side by side.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "svg.hpp"

namespace figures {

struct heat_map {
  std::string title;
  std::size_t rows = 0, cols = 0;
  std::vector<double> values;  ///< 0..1, row by row from the top
};

namespace detail {
/// White over yellow and red to black.
inline std::string heat_colour(double v) {
  static constexpr double stops[][3] = {{255, 255, 255}, {254, 217, 118}, {240, 59, 32}, {80, 0, 30}};
  double const t = std::clamp(v, 0.0, 1.0) * 3.0;
  auto const k = std::min<std::size_t>(2, static_cast<std::size_t>(t));
  std::string text = "rgb(";
  for (std::size_t c = 0; c < 3; ++c)
    text += (c > 0 ? "," : "") +
            std::to_string(std::lround(stops[k][c] + (t - static_cast<double>(k)) * (stops[k + 1][c] - stops[k][c])));
  return text + ")";
}
}  // namespace detail

/// Writes the panels, `across` in a row, and the scale with its label below.
inline void write_heat_maps(std::string const& file, std::vector<heat_map> const& maps, std::size_t across,
                            std::string const& label) {
  constexpr double side = 200, gap = 24, top = 26, foot = 58;
  std::size_t const down = (maps.size() + across - 1) / across;
  double const width = gap + static_cast<double>(across) * (side + gap),
               height = static_cast<double>(down) * (side + gap + top) + foot;
  auto const number = detail::number;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
                    number(height) +
                    "\" font-family=\"sans-serif\" font-size=\"11\" shape-rendering=\"crispEdges\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  auto const rectangle = [&](double x, double y, double w, double h, std::string const& fill, char const* more) {
    out += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) + "\" height=\"" + number(h) +
           "\" fill=\"" + fill + "\"" + more + "/>\n";
  };
  auto const text = [&](double x, double y, std::string const& words) {
    out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\">" + detail::escaped(words) + "</text>\n";
  };
  for (std::size_t p = 0; p < maps.size(); ++p) {
    auto const& m = maps[p];
    double const x = gap + static_cast<double>(p % across) * (side + gap),
                 y = top + static_cast<double>(p / across) * (side + gap + top);
    double const w = side / static_cast<double>(m.cols), h = side / static_cast<double>(m.rows);
    text(x, y - 6, m.title);
    for (std::size_t r = 0; r < m.rows; ++r)
      for (std::size_t c = 0; c < m.cols; ++c)
        rectangle(x + static_cast<double>(c) * w, y + static_cast<double>(r) * h, w, h,
                  detail::heat_colour(m.values[r * m.cols + c]), "");
    rectangle(x, y, side, side, "none", " stroke=\"#888\"");
  }
  constexpr int steps = 50;
  double const y = height - foot + 8;
  for (int k = 0; k < steps; ++k) rectangle(gap + 4.0 * k, y, 4.0, 14.0, detail::heat_colour((k + 0.5) / steps), "");
  text(gap, y + 30, "0");
  text(gap + 4.0 * steps - 8, y + 30, "1");
  text(gap + 4.0 * steps + 14, y + 12, label);
  out += "</svg>\n";
  std::ofstream f(file, std::ios::binary | std::ios::trunc);
  f << out << std::flush;
  if (!f) throw std::runtime_error("cannot write " + file);
}

}  // namespace figures
