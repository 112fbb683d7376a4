#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <iterator>

namespace program_cli {

namespace {

json axis_of(char const* field, std::string const& label, bool logarithmic, bool zero) {
  json a{{"field", field}, {"type", "quantitative"}, {"title", label}};
  a["scale"] = logarithmic ? json{{"type", "log"}} : json{{"zero", zero}};
  return a;
}

json colour_of(std::vector<std::string> const& groups) {
  if (groups.size() == 1 && groups.front().empty()) return {{"value", chart_colour(0)}};
  json range = json::array();
  for (std::size_t g = 0; g < groups.size(); ++g) range.push_back(chart_colour(g));
  return {
      {"field", "group"}, {"type", "nominal"}, {"title", nullptr}, {"scale", {{"domain", groups}, {"range", range}}}};
}

}  // namespace

std::vector<std::string> distinct(chart const& c, std::string chart_item::*field) {
  std::vector<std::string> out;
  for (auto const& i : c.items)
    if (std::find(out.begin(), out.end(), i.*field) == out.end()) out.push_back(i.*field);
  return out;
}

std::size_t place_of(std::vector<std::string> const& all, std::string const& one) {
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), one) - all.begin());
}

std::string const& chart_colour(std::size_t group) {
  static std::string const colours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                        "#56b4e9", "#d55e00", "#f0e442", "#999999"};
  return colours[group % std::size(colours)];
}

json vega_of(chart const& c) {
  json values = json::array();
  for (auto const& i : c.items)
    values.push_back({{"row", i.row},
                      {"column", i.column},
                      {"group", i.group},
                      {"label", i.label},
                      {"x", finite(i.x)},
                      {"y", finite(i.y)},
                      {"x2", finite(i.x2)},
                      {"y2", finite(i.y2)}});
  auto const rows = distinct(c, &chart_item::row), groups = distinct(c, &chart_item::group);
  json spec{{"description", c.title},
            {"title", c.title},
            {"data", {{"values", values}}},
            {"width", 640},
            {"config", {{"view", {{"stroke", "#cccccc"}}}}}};
  json const tip{{"field", "label"}, {"type", "nominal"}, {"title", nullptr}};
  json const row{
      {"field", "row"}, {"type", "nominal"}, {"sort", nullptr}, {"title", nullptr}, {"axis", {{"labelLimit", 320}}}};
  json e;  // apart: an ordered object moves what it holds as it grows
  e["tooltip"] = tip;
  switch (c.mark) {
    case chart::kind::bars:
      spec["mark"] = {{"type", "bar"}, {"stroke", "#333333"}, {"strokeWidth", 0.4}};
      spec["height"] = {{"step", 20}};
      e["y"] = row;
      e["x"] = axis_of("x", c.x_label, false, true);
      e["color"] = colour_of(groups);
      break;
    case chart::kind::points:
      spec["mark"] = {{"type", "point"}, {"filled", true}, {"size", 45}};
      spec["height"] = 400;
      e["x"] = axis_of("x", c.x_label, c.log_x, false);
      e["y"] = axis_of("y", c.y_label, c.log_y, false);
      e["color"] = colour_of(groups);
      if (groups.size() > 1)
        e["shape"] = {{"field", "group"}, {"type", "nominal"}, {"title", nullptr}, {"scale", {{"domain", groups}}}};
      if (c.selectable) {
        spec["params"] = json::array({{{"name", "chosen"}, {"select", "interval"}}});
        e["opacity"] = {{"condition", {{"param", "chosen"}, {"value", 0.9}}}, {"value", 0.15}};
      }
      break;
    case chart::kind::cells:
      spec["mark"] = "rect";
      spec["height"] = {{"step", 14}};
      e["y"] = row;
      e["x"] = {{"field", "column"},
                {"type", "nominal"},
                {"sort", nullptr},
                {"title", nullptr},
                {"axis", {{"orient", "top"}, {"labelAngle", 0}}}};
      e["color"] = {
          {"field", "x"}, {"type", "quantitative"}, {"title", c.value_label}, {"scale", {{"scheme", "viridis"}}}};
      break;
    case chart::kind::boxes: {
      bool const named = !(rows.size() == 1 && rows.front().empty());
      spec["mark"] = {{"type", "rect"}, {"stroke", "#333333"}, {"strokeWidth", 0.4}};
      e["x"] = axis_of("x", c.x_label, false, true);
      e["x2"] = {{"field", "x2"}};
      if (named) {
        spec["height"] = {{"step", 28}};
        e["y"] = row;
      } else {
        double width = 0.0, height = 0.0;
        for (auto const& i : c.items) width = std::max(width, i.x2), height = std::max(height, i.y2);
        spec["height"] = c.to_scale && width > 0.0 ? std::max(60.0, std::round(640.0 * height / width)) : 360.0;
        e["y"] = axis_of("y", c.y_label, false, true);
        e["y2"] = {{"field", "y2"}};
        if (c.to_scale) {
          e["x"]["scale"] = {{"domain", {0.0, width}}, {"nice", false}};
          e["y"]["scale"] = {{"domain", {0.0, height}}, {"nice", false}};
        }
      }
      e["color"] = colour_of(groups);
      break;
    }
  }
  spec["encoding"] = std::move(e);
  return spec;
}

table table_of(chart const& c) {
  auto const exact = [](double v) { return std::isfinite(v) ? fmt::format("{:.6g}", v) : std::string("-"); };
  table t;
  switch (c.mark) {
    case chart::kind::bars:
      t.push_back({"row", "part", c.x_label});
      for (auto const& i : c.items) t.push_back({i.row, i.group, exact(i.x)});
      break;
    case chart::kind::points:
      t.push_back({"what", "kind", c.x_label, c.y_label});
      for (auto const& i : c.items) t.push_back({i.label, i.group, exact(i.x), exact(i.y)});
      break;
    case chart::kind::cells: {
      auto const columns = distinct(c, &chart_item::column);
      t.push_back({"row"});
      t.front().insert(t.front().end(), columns.begin(), columns.end());
      for (auto const& r : distinct(c, &chart_item::row)) {
        std::vector<std::string> cells(columns.size() + 1, "-");
        cells.front() = r;
        for (auto const& i : c.items)
          if (i.row == r) cells[place_of(columns, i.column) + 1] = exact(i.x);
        t.push_back(std::move(cells));
      }
      break;
    }
    case chart::kind::boxes:
      t.push_back({"what", "kind", c.x_label + ", from", "to"});
      for (auto const& i : c.items) t.push_back({i.label, i.group, exact(i.x), exact(i.x2)});
      break;
  }
  return t;
}

}  // namespace program_cli
