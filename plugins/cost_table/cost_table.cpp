// Price books from CSV or TOML files.
#define TOML_EXCEPTIONS 1
#include <string>
#include <string_view>
#include <toml++/toml.h>  // TOML 1.0: parsing, and errors with line and column

#include "ohmic/core/toml_nesting.hpp"
#include "ohmic/cost/book_file.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/plugin/author_prices.hpp"
#include "ohmic/plugin/parameters.hpp"

namespace {

struct table_parameters {
  std::string file{};
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(table_parameters, file);

namespace {

/// Largest book that is read, in bytes.
constexpr std::uint64_t max_book_bytes = std::uint64_t{16} << 20;

std::string text_of(std::string const& file) { return ohmic::model::read_whole(file, max_book_bytes); }

/// [energy."adc.convert"] value = "2 pJ", origin = "table", source = "..": the line of a CSV book.
std::string line_of(std::string_view kind, std::string_view name, toml::node const& node, std::string const& where) {
  auto const* const entry = node.as_table();
  if (entry == nullptr)
    throw ohmic::error({ohmic::errc::file_format, "is no price", where, "", "a table with value, origin, source", ""});
  std::string line = std::string(kind) + "," + std::string(name);
  for (auto const* key : {"value", "origin", "source"}) {
    auto const text = (*entry)[key].value<std::string>();
    if (!text || text->find('\n') != text->npos)
      throw ohmic::error(
          {ohmic::errc::missing_entry, "is missing, or no text of one line", where + "." + key, "", "a text", ""});
    line += "," + *text;
  }
  for (auto const& [key, value] : *entry)
    if (key.str() != "value" && key.str() != "origin" && key.str() != "source")
      throw ohmic::error(
          {ohmic::errc::unknown_key, "unknown key", where, std::string(key.str()), "value, origin, source", ""});
  return line + "\n";
}

ohmic::run_time_book read_toml(std::string const& file) {
  std::string const text = text_of(file);
  if (std::size_t const line = ohmic::line_nested_beyond(text); line != 0)
    throw ohmic::error({ohmic::errc::file_format, "is nested too deeply", file + " line " + std::to_string(line), "",
                        std::to_string(ohmic::deepest_toml) + " levels", ""});
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (toml::parse_error const& e) {
    throw ohmic::error({ohmic::errc::file_format, "broken TOML: " + std::string(e.description()),
                        file + " line " + std::to_string(e.source().begin.line), "", "", ""});
  }
  std::string lines;
  for (auto const& [kind, prices] : root) {
    auto const* const table = prices.as_table();
    if (table == nullptr)
      throw ohmic::error({ohmic::errc::file_format, "is no table of prices", file, std::string(kind.str()),
                          "[area.NAME], [static_power.NAME], [energy.\"PART.ACTION\"]", ""});
    for (auto const& [name, entry] : *table) {
      auto const line = line_of(kind.str(), name.str(), entry,
                                file + " [" + std::string(kind.str()) + "." + std::string(name.str()) + "]");
      // By itself first, so that an error names the place in this file.
      static_cast<void>(
          ohmic::parse_price_book(line, file + " [" + std::string(kind.str()) + "." + std::string(name.str()) + "]"));
      lines += line;
    }
  }
  return ohmic::parse_price_book(lines, file);
}

struct table_reader {
  static constexpr std::string_view name = "cost_table", summary = "price books from CSV or TOML",
                                    parameters_help = "file=FILE.csv or FILE.toml";

  static ohmic::run_time_book open(std::string_view text) {
    auto const p = ohmic::plugin::parameters_of<table_parameters>(text);
    if (p.file.empty())
      throw ohmic::error(
          {ohmic::errc::config_value, "no file is named", "file", "nothing", "FILE.csv or FILE.toml", "give file=.."});
    return p.file.ends_with(".toml") ? read_toml(p.file) : ohmic::parse_price_book(text_of(p.file), p.file);
  }
};

void const* extension(char const* name) { return ohmic::plugin::prices_of<table_reader>(name); }

}  // namespace

extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  return ohmic::plugin::table_of<>({"cost_table", "1.0", "price books from CSV or TOML"}, &extension);
}
