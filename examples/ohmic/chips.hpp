// The chips that the program knows by name, and the settings that a command line asks of them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "json_output.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"

namespace program_cli {

/// A chip by name: what it is, and its settings.
struct chip_entry {
  std::string name;
  std::string summary;
  std::function<json()> settings;
};

std::vector<chip_entry> const& chips();

/// Errors  unknown_id with the known names
chip_entry const& chip_named(std::string const& name);

/// A chip with changes: how it is called in results, the chip it is made from, and assignments key=value in their order.
struct chip_request {
  std::string label;
  std::string base;
  std::vector<std::string> set;
};

/// The chips of --chip (names, or TOML files, separated by commas), each with --set on top, and for every value of --vary one.
/// Errors  unknown_id, unknown_key, config_value, config_conflict; file_missing, file_format for TOML files
std::vector<chip_request> requested_chips(std::string const& chip, std::vector<std::string> const& set, std::vector<std::string> const& vary);

/// A chip file: `chip = "wang2024"` names what it changes (the default), tables hold the settings: [adc] bits = 6.
/// Errors  file_missing; file_format for broken TOML; config_value for a value of the wrong type, with file and line; unknown_key
chip_request read_chip_file(std::string const& path);

/// Calls f.template operator()<Spec>() for the spec of a chip.
template <class F>
decltype(auto) with_spec(std::string const& name, F&& f) {
  if (name == ohmic::chip::wang2024_published::name) return std::forward<F>(f).template operator()<ohmic::chip::wang2024_published>();
  return std::forward<F>(f).template operator()<ohmic::chip::wang2024>();
}

/// The settings of a request.
/// Errors  unknown_key, config_value
template <class Spec>
ohmic::chip::config<Spec> settings_of(chip_request const& r) {
  auto settings = ohmic::chip::defaults<Spec>();
  for (auto const& s : r.set) ohmic::assign(settings, s);
  return settings;
}

}  // namespace program_cli
