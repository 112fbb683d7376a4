// The chips that the program knows by name, and the settings that a command line asks of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bind_device.hpp"
#include "chip_request.hpp"
#include "json_output.hpp"
#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"

namespace program_cli {

/// Presets whose slots are the same differ in settings only, and share one instantiation of everything: that saves much of
/// the time to compile this program. A chip with another slot gets a type of its own here.
using dense_chip = ohmic::chip::wang2024;
using in_situ_chip = ohmic::chip::isaac;
using dense_settings = ohmic::chip::config<dense_chip>;
using in_situ_settings = ohmic::chip::config<in_situ_chip>;
using chip_settings = std::variant<dense_settings, in_situ_settings>;

/// A chip by name: what it is, and its settings.
struct chip_entry {
  std::string name;
  std::string summary;
  std::function<chip_settings()> settings;
};

std::vector<chip_entry> const& chips();

/// Errors  unknown_id with the known names
chip_entry const& chip_named(std::string const& name);

/// The chips of --chip (names, or TOML files, separated by commas), each with --set on top, and for every value of
/// --vary one.
/// Errors  unknown_id, unknown_key, config_value, config_conflict; file_missing, file_format for TOML files
std::vector<chip_request> requested_chips(std::string const& chip, std::vector<std::string> const& set,
                                          std::vector<std::string> const& vary);

/// A chip file: `chip = "wang2024"` names what it changes (the default), tables hold the settings: [adc] bits = 6.
/// Errors  file_missing; file_format for broken TOML; config_value for a value of the wrong type, with file and line;
///         unknown_key
chip_request read_chip_file(std::string const& path);

/// The names in a list with commas.
/// Errors  config_conflict for a name that is there twice, naming the option
std::vector<std::string> distinct_chips(std::string const& list, char const* option);

/// Assignments key=value of --set, of which none gives a key another value than its own option does.
/// Errors  config_conflict
void require_other_key(std::vector<std::string> const& set, std::string const& key, std::string const& value,
                       char const* option);

/// The settings of a chip before anybody changes them.
/// Errors  unknown_id
chip_settings defaults_of(std::string const& base);

/// The settings of a request, with the laws of plugins' devices.
/// Errors  unknown_key, config_value; those of plugins
inline chip_settings settings_of(chip_request const& r) {
  auto settings = defaults_of(r.base);
  for (auto const& s : r.set) std::visit([&](auto& c) { ohmic::assign(c, s); }, settings);
  std::visit([](auto& c) { bind_devices(c); }, settings);
  return settings;
}

/// The key of an assignment key=value.
std::string key_of(std::string const& assignment);

/// An assignment beside those of a request: what its file says of the key is no longer what is set.
inline void set_on_top(chip_request& r, std::string const& assignment) {
  r.places.erase(key_of(assignment));
  r.set.push_back(assignment);
}

/// File and line of the first key in `where` that the chip file of a request gives, or nothing.
std::string place_of(chip_request const& r, std::string const& where);

/// Calls f(), which takes the settings of a request.
/// Errors  those of f, with file and line where the chip file gives the key
template <class F>
auto naming_places(chip_request const& r, F const& f) {
  try {
    return f();
  } catch (ohmic::error const& problem) {
    auto info = problem.info();
    auto const place = place_of(r, info.where);
    if (place.empty()) throw;
    info.where = place + ", " + info.where;
    throw ohmic::error(std::move(info));
  }
}

/// The settings as an object of dotted keys.
inline json settings_object(chip_settings const& settings) {
  return std::visit([](auto const& c) { return settings_object(c); }, settings);
}

/// The requests with the run's seed for what is random on a chip, unless they name one.
inline std::vector<chip_request> seeded(std::vector<chip_request> requests, std::uint64_t seed) {
  for (auto& r : requests) r.set.insert(r.set.begin(), "noise.seed=" + std::to_string(seed));
  return requests;
}

}  // namespace program_cli
