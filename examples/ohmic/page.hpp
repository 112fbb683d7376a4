// A result as one page of HTML that opens without a network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace program_cli {

/// Rows of a table, the first of which is its head. Texts are escaped.
using table = std::vector<std::vector<std::string>>;

class page {
 public:
  explicit page(std::string_view title);
  page& heading(std::string_view text);
  page& paragraph(std::string_view text);
  page& add(table const& rows);
  /// Writes the page.
  /// Errors  write_failed
  void write(std::string const& file) const;

 private:
  std::string body_;
};

}  // namespace program_cli
