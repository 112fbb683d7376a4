// Charts as plain SVG.
#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <limits>

#include "chart.hpp"

namespace program_cli {

namespace {

constexpr double chart_width = 900, margin_top = 44, margin_bottom = 50, margin_left = 190, margin_right = 190;

std::string short_text(double v) { return std::isfinite(v) ? fmt::format("{:.4g}", v) : "-"; }

/// Dark to light as the value grows, even for the eye and in grey print.
/// Source  viridis (matplotlib, CC0), nine of its colours
std::string heat_colour(double share) {
  static constexpr int stops[][3] = {{68, 1, 84},    {71, 44, 122}, {59, 81, 139},  {44, 113, 142}, {33, 144, 141},
                                     {39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37}};
  double const at = std::clamp(share, 0.0, 1.0) * 8.0;
  auto const i = std::min<std::size_t>(7, static_cast<std::size_t>(at));
  double const f = at - static_cast<double>(i);
  int rgb[3];
  for (int k = 0; k < 3; ++k) rgb[k] = static_cast<int>(std::lround(stops[i][k] + f * (stops[i + 1][k] - stops[i][k])));
  return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

struct scale {
  double low = 0.0, high = 1.0, from = 0.0, to = 1.0;
  bool logarithmic = false;

  [[nodiscard]] double at(double v) const {
    double const share =
        logarithmic ? (std::log(v) - std::log(low)) / (std::log(high) - std::log(low)) : (v - low) / (high - low);
    return from + share * (to - from);
  }
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> out;
    if (logarithmic) {
      double const decades = std::log10(high / low);
      for (int e = static_cast<int>(std::floor(std::log10(low))); e <= static_cast<int>(std::ceil(std::log10(high)));
           ++e)
        for (double m : {1.0, 2.0, 5.0})
          if (double const v = m * std::pow(10.0, e); (m == 1.0 || decades < 3.0) && v >= low && v <= high)
            out.push_back(v);
      return out;
    }
    double const raw = (high - low) / 6.0, power = std::pow(10.0, std::floor(std::log10(raw)));
    double const step = raw / power > 5.0   ? 10.0 * power
                        : raw / power > 2.0 ? 5.0 * power
                        : raw / power > 1.0 ? 2.0 * power
                                            : power;
    for (double v = std::ceil(low / step - 1e-9) * step; v <= high + 1e-9 * step; v += step)
      out.push_back(std::fabs(v) < 1e-12 * step ? 0.0 : v);
    return out;
  }
};

scale scale_for(std::vector<double> const& values, bool logarithmic, bool from_zero, double from, double to) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (double v : values)
    if (std::isfinite(v) && (!logarithmic || v > 0.0)) low = std::min(low, v), high = std::max(high, v);
  if (!(low <= high)) return {logarithmic ? 1.0 : 0.0, logarithmic ? 10.0 : 1.0, from, to, logarithmic};
  if (logarithmic) return {low / 1.2, high * 1.2, from, to, true};
  if (from_zero) low = std::min(0.0, low);
  double const room = high > low ? high - low : std::max(1e-12, std::fabs(high));
  return {from_zero && low == 0.0 ? 0.0 : low - 0.04 * room, high + 0.04 * room, from, to, false};
}

/// Collects elements and closes the document.
class drawing {
 public:
  drawing(chart const& c, double height) : c_(&c), height_(height) {
    text(margin_left, 20, c.title, "font-size=\"15\" font-weight=\"bold\"");
  }
  void text(double x, double y, std::string const& words, std::string const& more = "") {
    body_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, more, escaped(words));
  }
  void line(double x, double y, double x2, double y2, char const* colour) {
    body_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x, y, x2,
                         y2, colour);
  }
  void box(double x, double y, double x2, double y2, std::string const& colour, std::string const& label,
           char const* more = "stroke=\"#333333\" stroke-width=\"0.4\"") {
    body_ += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\" {}><title>{}</title></rect>\n",
        std::min(x, x2), std::min(y, y2), std::fabs(x2 - x), std::fabs(y2 - y), colour, more, escaped(label));
  }
  void mark(double x, double y, std::size_t group, std::string const& label) {
    std::string const shape = group % 2 == 0 ? fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"4\"", x, y)
                                             : fmt::format("<path d=\"M{:.2f} {:.2f}l5 9h-10z\"", x, y - 5.5);
    body_ += fmt::format("{} fill=\"{}\" fill-opacity=\"0.8\"><title>{}</title>{}\n", shape, chart_colour(group),
                         escaped(label), group % 2 == 0 ? "</circle>" : "</path>");
  }
  void axis_x(scale const& s, double bottom, double top) {
    for (double v : s.ticks()) {
      line(s.at(v), bottom, s.at(v), top, "#e3e3e3");
      text(s.at(v), bottom + 15, short_text(v), "text-anchor=\"middle\"");
    }
    text((s.from + s.to) / 2, height_ - 10, c_->x_label, "text-anchor=\"middle\"");
  }
  void axis_y(scale const& s, double left, double right) {
    for (double v : s.ticks()) {
      line(left, s.at(v), right, s.at(v), "#e3e3e3");
      text(left - 6, s.at(v) + 4, short_text(v), "text-anchor=\"end\"");
    }
    body_ += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                         left - 62, (s.from + s.to) / 2, escaped(c_->y_label));
  }
  void legend(std::vector<std::string> const& groups, bool marks) {
    if (groups.size() == 1 && groups.front().empty()) return;
    double const x = chart_width - margin_right + 16;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      double const y = margin_top + 8 + 17 * static_cast<double>(g);
      marks ? mark(x + 6, y, g, groups[g]) : box(x, y - 6, x + 12, y + 5, chart_colour(g), groups[g]);
      text(x + 18, y + 4, groups[g]);
    }
  }
  [[nodiscard]] std::string whole() const {
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 "
               "{0:.0f} {1:.0f}\" role=\"img\" font-family=\"sans-serif\" font-size=\"11\"><title>{2}</title>"
               "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
               chart_width, height_, escaped(c_->title)) +
           body_ + "</svg>\n";
  }

 private:
  chart const* c_;
  double height_;
  std::string body_;
};

std::string bars_svg(chart const& c) {
  auto const rows = distinct(c, &chart_item::row), groups = distinct(c, &chart_item::group);
  double const height = margin_top + 22 * static_cast<double>(rows.size()) + margin_bottom,
               bottom = height - margin_bottom;
  drawing d(c, height);
  std::vector<double> ends(rows.size(), 0.0);
  for (auto const& i : c.items) ends[place_of(rows, i.row)] += i.x;
  auto const x = scale_for(ends, false, true, margin_left, chart_width - margin_right);
  d.axis_x(x, bottom, margin_top);
  std::fill(ends.begin(), ends.end(), 0.0);
  for (auto const& i : c.items) {
    auto const r = place_of(rows, i.row);
    double const y = margin_top + 22 * static_cast<double>(r) + 3;
    d.box(x.at(ends[r]), y, x.at(ends[r] + i.x), y + 16, chart_colour(place_of(groups, i.group)), i.label);
    ends[r] += i.x;
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    double const y = margin_top + 22 * static_cast<double>(r) + 15;
    d.text(margin_left - 6, y, rows[r], "text-anchor=\"end\"");
    d.text(x.at(ends[r]) + 4, y, short_text(ends[r]));
  }
  d.legend(groups, false);
  return d.whole();
}

std::string points_svg(chart const& c) {
  auto const groups = distinct(c, &chart_item::group);
  double const height = 460, bottom = height - margin_bottom, left = 90, right = chart_width - margin_right;
  drawing d(c, height);
  std::vector<double> xs, ys;
  for (auto const& i : c.items) xs.push_back(i.x), ys.push_back(i.y);
  auto const x = scale_for(xs, c.log_x, false, left, right), y = scale_for(ys, c.log_y, false, bottom, margin_top);
  d.axis_x(x, bottom, margin_top);
  d.axis_y(y, left, right);
  for (auto const& i : c.items)
    if (std::isfinite(x.at(i.x)) && std::isfinite(y.at(i.y)))
      d.mark(x.at(i.x), y.at(i.y), place_of(groups, i.group), i.label);
  d.legend(groups, true);
  return d.whole();
}

std::string cells_svg(chart const& c) {
  auto const rows = distinct(c, &chart_item::row), columns = distinct(c, &chart_item::column);
  double const each = 15, height = margin_top + 30 + each * static_cast<double>(rows.size()) + 20;
  double const wide = (chart_width - margin_left - margin_right) / static_cast<double>(columns.size());
  drawing d(c, height);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (auto const& i : c.items)
    if (std::isfinite(i.x)) low = std::min(low, i.x), high = std::max(high, i.x);
  double const range = high > low ? high - low : 1.0, top = margin_top + 20;
  for (std::size_t k = 0; k < columns.size(); ++k)
    d.text(margin_left + wide * (static_cast<double>(k) + 0.5), top - 6, columns[k], "text-anchor=\"middle\"");
  for (std::size_t r = 0; r < rows.size(); ++r)
    d.text(margin_left - 6, top + each * static_cast<double>(r) + 11, rows[r], "text-anchor=\"end\"");
  for (auto const& i : c.items) {
    double const x = margin_left + wide * static_cast<double>(place_of(columns, i.column)),
                 y = top + each * static_cast<double>(place_of(rows, i.row)), share = (i.x - low) / range;
    bool const there = std::isfinite(i.x);
    d.box(x, y, x + wide, y + each, there ? heat_colour(share) : "#eeeeee", i.label);
    d.text(
        x + wide / 2, y + 11, there ? short_text(i.x) : "-",
        fmt::format("text-anchor=\"middle\" font-size=\"9\" fill=\"{}\"", there && share < 0.55 ? "white" : "black"));
  }
  d.text(chart_width - margin_right + 16, top + 10, c.value_label);
  for (int k = 0; k <= 4 && high >= low; ++k) {
    double const y = top + 18 + 16 * k, share = 1.0 - k / 4.0;
    d.box(chart_width - margin_right + 16, y, chart_width - margin_right + 36, y + 16, heat_colour(share), "");
    d.text(chart_width - margin_right + 42, y + 12, short_text(low + share * range));
  }
  return d.whole();
}

std::string boxes_svg(chart const& c) {
  auto const rows = distinct(c, &chart_item::row), groups = distinct(c, &chart_item::group);
  bool const named = !(rows.size() == 1 && rows.front().empty());
  double height = named ? margin_top + 34 * static_cast<double>(rows.size()) + margin_bottom : 460;
  double const left = named ? margin_left : 90, right = chart_width - margin_right;
  std::vector<double> xs, ys;
  for (auto const& i : c.items) {
    xs.insert(xs.end(), {i.x, i.x2});
    ys.insert(ys.end(), {i.y, i.y2});
  }
  auto x = scale_for(xs, false, true, left, right);
  if (c.to_scale && !ys.empty()) {  // one millimetre is as long on both axes
    double const high = *std::max_element(ys.begin(), ys.end());
    x = {0.0, std::max(1e-30, *std::max_element(xs.begin(), xs.end())), left, right, false};
    height = margin_top + margin_bottom + (right - left) * high / x.high;
  }
  double const bottom = height - margin_bottom;
  auto y = scale_for(ys, false, true, bottom, margin_top);
  if (c.to_scale) y = {0.0, std::max(1e-30, *std::max_element(ys.begin(), ys.end())), bottom, margin_top, false};
  drawing d(c, height);
  d.axis_x(x, bottom, margin_top);
  if (!named) d.axis_y(y, left, right);
  for (auto const& i : c.items) {
    auto const r = static_cast<double>(place_of(rows, i.row));
    double const y1 = named ? margin_top + 34 * r + 6 : y.at(i.y), y2 = named ? margin_top + 34 * r + 28 : y.at(i.y2);
    d.box(x.at(i.x), y1, x.at(i.x2), y2, chart_colour(place_of(groups, i.group)), i.label);
    if (double const room = x.at(i.x2) - x.at(i.x);
        !i.column.empty() && room > 7.0 * static_cast<double>(i.column.size()))
      d.text((x.at(i.x) + x.at(i.x2)) / 2, (y1 + y2) / 2 + 4, i.column, "text-anchor=\"middle\" font-size=\"10\"");
  }
  for (std::size_t r = 0; named && r < rows.size(); ++r)
    d.text(left - 6, margin_top + 34 * static_cast<double>(r) + 21, rows[r], "text-anchor=\"end\"");
  d.legend(groups, false);
  return d.whole();
}

}  // namespace

std::string svg_of(chart const& c) {
  switch (c.mark) {
    case chart::kind::bars:
      return bars_svg(c);
    case chart::kind::points:
      return points_svg(c);
    case chart::kind::cells:
      return cells_svg(c);
    case chart::kind::boxes:
      break;
  }
  return boxes_svg(c);
}

}  // namespace program_cli
