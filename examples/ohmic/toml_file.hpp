// TOML files, parsed once their size and depth are in bounds.
#pragma once

#ifndef TOML_EXCEPTIONS
#define TOML_EXCEPTIONS 1
#endif
#include <cstdint>
#include <string>
#include <toml++/toml.h>  // TOML 1.0: parsing, and errors with line and column

#include "ohmic/core/error.hpp"
#include "ohmic/core/toml_nesting.hpp"
#include "ohmic/model/file.hpp"

namespace program_cli {

/// Largest settings file: a configuration, not a data set.
inline constexpr std::uint64_t max_toml_bytes = std::uint64_t{1} << 20;

/// Errors  file_missing, capacity; file_format naming the line
inline toml::table read_toml(std::string const& path) {
  using namespace ohmic;
  std::string const text = model::read_whole(path, max_toml_bytes);
  if (std::size_t const line = line_nested_beyond(text); line != 0)
    throw error({errc::file_format, "is nested too deeply", model::place(path, "line " + std::to_string(line)), "",
                 std::to_string(deepest_toml) + " levels", ""});
  try {
    return toml::parse(text, path);
  } catch (toml::parse_error const& e) {
    throw error({errc::file_format, "broken TOML: " + std::string(e.description()),
                 model::place(path, "line " + std::to_string(e.source().begin.line)), "", "", ""});
  }
}

}  // namespace program_cli
