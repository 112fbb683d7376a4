// A result as one page of HTML that opens without a network: tables, charts as plain SVG and, where Vega-Lite was fetched, as
// charts that answer to the pointer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace program_cli {

struct chart;

/// Rows of a table, the first of which is its head. Texts are escaped.
using table = std::vector<std::vector<std::string>>;

/// Text as HTML and SVG show it.
std::string escaped(std::string_view text);

/// The scripts that draw, in the order in which a page needs them; empty where they were not fetched.
/// examples/reports/fetch_vega.sh puts them into ${OHMIC_DATA:-${XDG_CACHE_HOME:-~/.cache}/ohmic}/vega.
std::vector<std::string> const& vega_scripts();

/// Scripts of the page run by a number that its own text decides (Content-Security-Policy): nothing that a name or a file
/// slips in can run, and nothing is fetched.
class page {
 public:
  explicit page(std::string_view title);
  page& heading(std::string_view text);
  page& paragraph(std::string_view text);
  /// With a button that copies it. A long one is folded.
  page& add(table const& rows, std::string_view caption = {});
  /// The chart, what it shows in words, and its numbers.
  page& add(chart const& c);
  /// The result itself, as JSON text, readable by scripts and by people who save the page.
  page& result(std::string const& json_text);
  [[nodiscard]] std::string html() const;
  /// Writes the page whole.
  /// Errors  write_failed
  void write(std::string const& file) const;

 private:
  std::string title_, body_, specs_, result_;
  std::size_t charts_ = 0;
};

}  // namespace program_cli
