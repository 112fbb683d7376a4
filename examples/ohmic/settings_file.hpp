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

/// The values of a TOML file in the order of their keys, and its empty tables. What its table `plugin` names is loaded.
/// Errors  file_missing; file_format for broken TOML, with line and column; config_value for a date or time and for lists of
///         anything but numbers; those of load_plugin
std::vector<file_entry> read_settings_file(std::string const& path);

/// A setting of the wrong type.
ohmic::error wrong_type(file_entry const& e, std::string const& allowed);

/// True where a key holds a list: set_one(key, text) takes two numbers for it, and no two words.
template <class Set>
bool holds_list(std::string const& key, Set const& set_one) {
  auto const takes = [&](char const* text) {
    try {
      set_one(key, text);
      return true;
    } catch (ohmic::error const&) { return false; }
  };
  return takes("1,1") && !takes("x,x");
}

/// Calls set_one(key, text) for an entry; `defaults`, as settings_object prints them, tell numbers from texts. Nothing is set by
/// the empty table of a group.
/// Errors  config_value for a text where a number or truth value belongs, and for a list, of one number too, where no list does;
///         what set_one throws, with file and line
template <class Set>
void apply(file_entry const& e, json const& defaults, Set const& set_one) {
  auto const known = defaults.find(e.key);
  if (e.type == "a table")
    for (auto const& setting : defaults.items())
      if (setting.key().starts_with(e.key + ".")) return;
  if (e.type == "a list" && known != defaults.end() && !holds_list(e.key, set_one))
    throw wrong_type(e, known->is_boolean()  ? "true or false"
                        : known->is_number() ? "a number"
                                             : "a value that is no list");
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
