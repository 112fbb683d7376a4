#include "page.hpp"

#include <fstream>

#include "ohmic/core/error.hpp"

namespace program_cli {

namespace {
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}
}  // namespace

page::page(std::string_view title)
    : body_("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(title) +
            "</title>\n<style>body{font:14px/1.4 "
            "sans-serif;margin:2em;max-width:110em}table{border-collapse:collapse;margin:1em 0}"
            "td,th{padding:.2em .7em;border-bottom:1px solid "
            "#ddd;text-align:left;vertical-align:top}th{background:#f4f4f4}</style></head>\n<body><h1>" +
            escaped(title) + "</h1>\n") {}

page& page::heading(std::string_view text) {
  body_ += "<h2>" + escaped(text) + "</h2>\n";
  return *this;
}
page& page::paragraph(std::string_view text) {
  body_ += "<p>" + escaped(text) + "</p>\n";
  return *this;
}
page& page::add(table const& rows) {
  body_ += "<table>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    body_ += "<tr>";
    for (auto const& cell : rows[i]) body_ += (i == 0 ? "<th>" : "<td>") + escaped(cell) + (i == 0 ? "</th>" : "</td>");
    body_ += "</tr>\n";
  }
  body_ += "</table>\n";
  return *this;
}
void page::write(std::string const& file) const {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << body_ << "</body></html>\n" << std::flush;
  if (!out)
    throw ohmic::error({ohmic::errc::write_failed, "cannot write the page", "--report", file,
                        "a file in a writable folder", "check the free space and the rights of the folder"});
}

}  // namespace program_cli
