// Chip files in TOML.
#include <filesystem>
#include <string>
#include <utility>

#include "chips.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "settings_file.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// What else a chip file may have stands among the keys of a chip, where no group of its settings was meant.
error with_keys_of_files(error const& e, std::string const& key, json const& defaults) {
  auto const group = key.substr(0, key.find('.')) + ".";
  for (auto const& setting : defaults.items())
    if (setting.key().starts_with(group)) return e;
  auto info = e.info();
  info.allowed = "chip, name, plugin.files, " + info.allowed;
  return error(std::move(info));
}

}  // namespace

chip_request read_chip_file(std::string const& path) {
  auto const entries = read_settings_file(path);
  chip_request request{std::filesystem::path(path).stem().string(), chip::wang2024::name, {}};
  for (auto const& e : entries) {
    if (e.key != "chip" && e.key != "name") continue;
    if (!e.is_string) throw wrong_type(e, "a string");
    if (e.key == "chip") {
      request.base = chip_named(e.text).name;
    } else {
      // It stands in tables, on pages and in messages.
      if (e.text.empty() || printable(e.text, 256) != e.text)
        throw error({errc::config_value, "is no name", e.where + ", name", in_quotes(e.text),
                     "one line of at most 256 bytes, without control characters", "give it another"});
      request.label = e.text;
    }
  }
  auto settings = defaults_of(request.base);
  auto const defaults = settings_object(settings);
  for (auto const& e : entries) {
    if (e.key == "chip" || e.key == "name") continue;
    try {
      apply(e, defaults, [&](std::string const& key, std::string const& value) {
        std::visit([&](auto& c) { set(c, key, value); }, settings);
      });
    } catch (error const& problem) {
      if (problem.code() != errc::unknown_key) throw;
      throw with_keys_of_files(problem, e.key, defaults);
    }
    if (e.type == "a table") continue;
    request.set.push_back(e.key + "=" + e.text);
    request.places.emplace(e.key, e.where);
  }
  return request;
}

}  // namespace program_cli
