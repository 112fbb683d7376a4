// Charts of a report: one description, drawn as plain SVG, as a Vega-Lite specification, and as a table.
#pragma once

#include <string>
#include <vector>

#include "json_output.hpp"
#include "page.hpp"

namespace program_cli {

/// One mark of a chart. Which fields count says the kind.
struct chart_item {
  std::string row, column;    ///< bars: row; cells: both; boxes: row, where rows have names
  std::string group;          ///< has a colour of its own
  std::string label;          ///< what is shown when it is pointed at, and in the table
  double x = 0.0, y = 0.0;    ///< points: place; bars, cells: x is the value; boxes: lower left corner
  double x2 = 0.0, y2 = 0.0;  ///< boxes: the other corner
};

struct chart {
  enum class kind {
    bars,    ///< horizontal, those of one row end to end
    points,  ///< scattered
    cells,   ///< a heat map
    boxes,   ///< rectangles in a plane, or on named rows
  };
  std::string name;  ///< of its file, "pareto"
  std::string title, note;
  kind mark = kind::bars;
  std::string x_label, y_label;  ///< with units
  std::string value_label;       ///< of cells
  bool log_x = false, log_y = false;
  bool to_scale = false;    ///< boxes: both axes have one scale
  bool selectable = false;  ///< points: those in a frame are listed
  std::vector<chart_item> items;
};

/// Colours that people with any common colour blindness tell apart, in the order of the groups.
/// Source  Okabe and Ito 2008, "Color Universal Design"
std::string const& chart_colour(std::size_t group);

/// Texts of a field of the items, each once, in their order; the place of one of them.
std::vector<std::string> distinct(chart const& c, std::string chart_item::*field);
std::size_t place_of(std::vector<std::string> const& all, std::string const& one);

/// A whole SVG document.
std::string svg_of(chart const& c);
/// A specification for Vega-Lite 6, with its data.
json vega_of(chart const& c);
/// What is drawn, as numbers.
table table_of(chart const& c);

}  // namespace program_cli
