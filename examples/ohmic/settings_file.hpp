// Settings from TOML files: tables become dotted keys, values the texts that ohmic::set reads.
#pragma once

#include <string>
#include <vector>

#include "json_output.hpp"
#include "ohmic/core/error.hpp"

namespace program_cli {

/// One value of a file: [adc] bits = 6 is the key "adc.bits" with the text "6".
struct file_entry {
  std::string key;
  std::string text;
  std::string where;  ///< file and line
  std::string type;   ///< "a string", "a whole number", ..
  bool is_string = false;
};

/// The values of a TOML file in the order of their keys. What its table `plugin` names is loaded.
/// Errors  file_missing; file_format for broken TOML, with line and column; config_value for a date or time and for lists of
///         anything but numbers; those of load_plugin
std::vector<file_entry> read_settings_file(std::string const& path);

/// A setting of the wrong type.
ohmic::error wrong_type(file_entry const& e, std::string const& allowed);

/// Calls set_one(key, text) for an entry; `defaults`, as settings_object prints them, tell numbers from texts.
/// Errors  config_value for a text where a number or truth value belongs; what set_one throws, with file and line
template <class Set>
void apply(file_entry const& e, json const& defaults, Set const& set_one) {
  auto const known = defaults.find(e.key);
  if (e.is_string && known != defaults.end() && (known->is_number() || known->is_boolean()))
    throw wrong_type(e, known->is_boolean() ? "true or false" : "a number");
  try {
    set_one(e.key, e.text);
  } catch (ohmic::error const& problem) {
    auto info = problem.info();
    info.where = e.where + ", " + info.where;
    throw ohmic::error(std::move(info));
  }
}

}  // namespace program_cli
