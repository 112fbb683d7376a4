// A line chart as plain SVG: logarithmic or linear axes, one legend, no dependency.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace figures {

struct series {
  std::string name;
  std::vector<std::pair<double, double>> points;
  bool markers_only = false;
  bool dashed = false;
  std::size_t colour = 0;  ///< 0: by position; otherwise one of the colours, from 1
};

struct chart {
  std::string title, x_label, y_label;
  std::vector<series> lines;
  bool log_x = true, log_y = true;
};

namespace detail {
inline std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}
inline std::string escaped(std::string const& text) {
  std::string out;
  for (char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

/// One axis: range and place of its values.
struct axis {
  double low, high, from, to;
  bool logarithmic;

  [[nodiscard]] double place(double v) const {
    double const t = logarithmic ? (std::log10(v) - std::log10(low)) / (std::log10(high) - std::log10(low))
                                 : (v - low) / (high - low);
    return from + t * (to - from);
  }
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> out;
    if (logarithmic) {
      bool const decades_only = high / low > 1e4;
      for (int e = static_cast<int>(std::floor(std::log10(low))); e <= static_cast<int>(std::ceil(std::log10(high)));
           ++e)
        for (double m : {1.0, 3.0})
          if (double const v = m * std::pow(10.0, e);
              (m == 1.0 || !decades_only) && v >= low * 0.999 && v <= high * 1.001)
            out.push_back(v);
    } else {
      double const step = std::pow(10.0, std::floor(std::log10((high - low) / 4.0)));
      double const wide = (high - low) / step > 10.0 ? step * 2.0 : step;
      for (double v = std::ceil(low / wide) * wide; v <= high * 1.0001; v += wide) out.push_back(v);
    }
    return out;
  }
};

inline axis axis_for(std::vector<double> const& values, double from, double to, bool logarithmic) {
  double low = std::numeric_limits<double>::max(), high = -low;
  for (double v : values) low = std::min(low, v), high = std::max(high, v);
  if (logarithmic) return {low / 1.3, high * 1.3, from, to, true};
  return {std::min(0.0, low), high * 1.08, from, to, false};
}
}  // namespace detail

/// Writes a chart; panels stand side by side, two in a row.
inline void write_svg(std::string const& file, std::vector<chart> const& panels) {
  constexpr double width = 560, height = 400, left = 72, right = 150, top = 36, bottom = 52;
  static char const* const colours[] = {"#1b6ca8", "#d1495b", "#3a7d44", "#8d6a9f",
                                        "#edae49", "#444444", "#00798c", "#b5651d"};
  std::size_t const across = std::min<std::size_t>(panels.size(), 2), down = (panels.size() + across - 1) / across;
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + detail::number(width * static_cast<double>(across)) +
      "\" height=\"" + detail::number(height * static_cast<double>(down)) +
      "\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  auto const text = [&](double x, double y, std::string const& words, char const* more) {
    out += "<text x=\"" + detail::number(x) + "\" y=\"" + detail::number(y) + "\" " + more + ">" +
           detail::escaped(words) + "</text>\n";
  };
  for (std::size_t p = 0; p < panels.size(); ++p) {
    chart const& c = panels[p];
    double const x0 = width * static_cast<double>(p % across), y0 = height * static_cast<double>(p / across);
    std::vector<double> xs, ys;
    for (auto const& s : c.lines)
      for (auto const& [x, y] : s.points) xs.push_back(x), ys.push_back(y);
    if (xs.empty()) throw std::invalid_argument("a chart without points: " + c.title);
    auto const ax = detail::axis_for(xs, x0 + left, x0 + width - right, c.log_x),
               ay = detail::axis_for(ys, y0 + height - bottom, y0 + top, c.log_y);
    text(x0 + left, y0 + 20, c.title, "font-size=\"13\" font-weight=\"bold\"");
    for (double v : ax.ticks()) {
      double const x = ax.place(v);
      out += "<line x1=\"" + detail::number(x) + "\" x2=\"" + detail::number(x) + "\" y1=\"" + detail::number(ay.to) +
             "\" y2=\"" + detail::number(ay.from) + "\" stroke=\"#e5e5e5\"/>\n";
      text(x, ay.from + 15, detail::number(v), "text-anchor=\"middle\"");
    }
    for (double v : ay.ticks()) {
      double const y = ay.place(v);
      out += "<line x1=\"" + detail::number(ax.from) + "\" x2=\"" + detail::number(ax.to) + "\" y1=\"" +
             detail::number(y) + "\" y2=\"" + detail::number(y) + "\" stroke=\"#e5e5e5\"/>\n";
      text(ax.from - 6, y + 4, detail::number(v), "text-anchor=\"end\"");
    }
    out += "<rect x=\"" + detail::number(ax.from) + "\" y=\"" + detail::number(ay.to) + "\" width=\"" +
           detail::number(ax.to - ax.from) + "\" height=\"" + detail::number(ay.from - ay.to) +
           "\" fill=\"none\" stroke=\"#888\"/>\n";
    text((ax.from + ax.to) / 2, y0 + height - 14, c.x_label, "text-anchor=\"middle\"");
    out += "<text transform=\"translate(" + detail::number(x0 + 16) + "," + detail::number((ay.from + ay.to) / 2) +
           ") rotate(-90)\" text-anchor=\"middle\">" + detail::escaped(c.y_label) + "</text>\n";
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
      auto const& s = c.lines[i];
      std::string const colour = colours[(s.colour > 0 ? s.colour - 1 : i) % std::size(colours)];
      std::string path;
      for (auto const& [x, y] : s.points) {
        path += (path.empty() ? "M" : " L") + detail::number(ax.place(x)) + " " + detail::number(ay.place(y));
        if (s.markers_only || s.points.size() < 12)
          out += "<circle cx=\"" + detail::number(ax.place(x)) + "\" cy=\"" + detail::number(ay.place(y)) +
                 "\" r=\"3\" fill=\"" + colour + "\"/>\n";
      }
      if (!s.markers_only)
        out += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"1.8\"" +
               (s.dashed ? " stroke-dasharray=\"5 4\"" : "") + "/>\n";
      double const ly = y0 + top + 12 + 17 * static_cast<double>(i);
      out += "<line x1=\"" + detail::number(ax.to + 10) + "\" x2=\"" + detail::number(ax.to + 28) + "\" y1=\"" +
             detail::number(ly - 4) + "\" y2=\"" + detail::number(ly - 4) + "\" stroke=\"" + colour +
             "\" stroke-width=\"2.5\"" + (s.dashed ? " stroke-dasharray=\"5 4\"" : "") + "/>\n";
      text(ax.to + 33, ly, s.name, "");
    }
  }
  out += "</svg>\n";
  std::ofstream f(file, std::ios::binary | std::ios::trunc);
  f << out << std::flush;
  if (!f) throw std::runtime_error("cannot write " + file);
}

}  // namespace figures
