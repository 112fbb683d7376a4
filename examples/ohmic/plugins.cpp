// Loading plugins, and finding them.
#include "plugins.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

/// The plugins of this process.
std::vector<plugin::loaded>& store() {
  static std::vector<plugin::loaded> all;
  return all;
}

/// The folders of OHMIC_PLUGIN_PATH.
/// Errors  config_value for one that is not absolute: it would be another folder in every working directory
std::vector<fs::path> plugin_folders() {
  std::vector<fs::path> folders;
  char const* const variable = std::getenv("OHMIC_PLUGIN_PATH");
  for (std::string_view rest = variable == nullptr ? "" : variable; !rest.empty();) {
    auto const end = std::min(rest.find(':'), rest.size());
    auto const folder = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (folder.empty()) continue;
    if (folder.front() != '/')
      throw error({errc::config_value, "a folder that is not absolute", "OHMIC_PLUGIN_PATH", in_quotes(folder),
                   "absolute folders with colons between them", "start it with /"});
    folders.emplace_back(folder);
  }
  return folders;
}

fs::path found(std::string const& name) {
  if (name.find('/') != name.npos) return name;
  auto const folders = plugin_folders();
  std::error_code ignored;
  for (auto const& folder : folders)
    for (std::string const& file : {name, name + ".so"})
      if (fs::is_regular_file(folder / file, ignored)) return folder / file;
  std::vector<std::string> tried;
  for (auto const& folder : folders) tried.push_back(folder.string());
  throw error({errc::file_missing, "no plugin of that name", "--plugin", in_quotes(name),
               folders.empty() ? "a path with a slash; OHMIC_PLUGIN_PATH names no folders"
                               : "a path with a slash, or a plugin in " + joined(tried),
               fs::is_regular_file(name, ignored) ? "to load the file of the working directory give ./" + name
                                                  : "check the name"});
}

}  // namespace

std::vector<plugin::loaded> const& plugins() { return store(); }

void load_plugin(std::string const& name_or_path) {
  auto const path = found(name_or_path);
  std::error_code none;
  for (auto const& p : store())
    if (fs::equivalent(p.file(), path, none)) return;
  plugin::loaded const p(path);
  auto const known = field_format<device_name>::names();
  for (auto const& d : p.devices()) {
    std::string owner;
    if (std::find(known.begin(), known.end(), d.name) != known.end()) owner = "ohmic's own catalogue";
    for (auto const& other : store())
      for (auto const& e : other.devices())
        if (std::string_view(e.name) == d.name) owner = other.where();
    if (!owner.empty())
      throw error({errc::config_conflict, "a device of this name is there already", p.where(), d.name,
                   "a name that is not taken; it is in " + owner, "load one of them"});
  }
  store().push_back(p);
}

void load_plugins(common_options const& common) {
  for (auto const& name : common.plugins) load_plugin(name);
}

void bind_device(resistive_cell_config& cell) {
  if (cell.device.name != device_name::plugin) return;
  cell.device.law.reset();
  for (auto const& p : store())
    for (auto const& d : p.devices())
      if (cell.device.plugin == d.name) cell.device.law = p.make_device(d.name, cell.parameters);
}

}  // namespace program_cli
