// Loading plugins, and finding them.
#include "plugins.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
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

/// Whether this run may load plugins.
bool& loading_is_refused() {
  static bool refused = false;
  return refused;
}

/// Set where plugins of this run have processes of their own.
std::optional<plugin::isolation>& isolation_of_run() {
  static std::optional<plugin::isolation> limits;
  return limits;
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

}  // namespace

fs::path find_plugin(std::string const& name) {
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

std::vector<fs::path> plugin_files() {
  std::vector<fs::path> files;
  std::error_code none;
  for (auto const& folder : plugin_folders()) {
    std::vector<fs::path> here;
    for (auto const& entry : fs::directory_iterator(folder, none))
      if (entry.path().extension() == ".so") here.push_back(entry.path());
    std::sort(here.begin(), here.end());
    files.insert(files.end(), here.begin(), here.end());
  }
  return files;
}

json plugin_object(plugin::loaded const& p) {
  json out = {{"id", p.table().name},
              {"version", p.table().version},
              {"summary", p.table().summary},
              {"file", p.where()},
              {"abi", std::to_string(p.table().abi_major) + "." + std::to_string(p.table().abi_minor)},
              {"devices", json::array()}};
  for (auto const& d : p.devices())
    out["devices"].push_back({{"id", d.name},
                              {"summary", d.summary},
                              {"source", d.source},
                              {"parameters", d.parameters},
                              {"threads", d.threads == OHMIC_ANY_THREAD ? "any" : "one at a time"}});
  try {
    if (auto const prices = p.price_books())
      out["prices"] = {{"id", prices->name}, {"summary", prices->summary}, {"parameters", prices->parameters}};
  } catch (error const& e) { out["error"] = e.what(); }  // what it has said so far stands
  return out;
}

std::vector<plugin::loaded> const& plugins() { return store(); }

plugin::loaded const* plugin_named(std::string const& name) {
  std::error_code none;
  for (auto const& p : store())
    if (p.table().name == std::string_view(name) || p.file().filename() == name || p.file().stem() == name ||
        (name.find('/') != name.npos && fs::equivalent(p.file(), name, none)))
      return &p;
  return nullptr;
}

void require_plugins_allowed(fs::path const& file) {
  if (loading_is_refused())
    throw error({errc::config_conflict, "a plugin, which runs its code", file.string(),
                 "--no-plugins or OHMIC_NO_PLUGINS", "a plugin that you trust", "leave that out, or the plugin"});
}

plugin::loaded open_plugin(fs::path const& file) {
  require_plugins_allowed(file);
  auto const& isolation = isolation_of_run();
  return isolation ? plugin::loaded(file, *isolation) : plugin::loaded(file);
}

plugin::loaded const& load_plugin(std::string const& name_or_path) {
  auto const path = find_plugin(name_or_path);
  std::error_code none;
  for (auto const& p : store())
    if (fs::equivalent(p.file(), path, none)) return p;
  auto const p = open_plugin(path);
  for (auto const& other : store())
    if (std::string_view(other.table().name) == p.table().name)
      throw error({errc::config_conflict, "a plugin of this name is there already", p.where(), p.table().name,
                   "a name that is not taken; it is that of " + other.where(), "load one of them"});
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
  return store().back();
}

plugin::isolation isolation_of(common_options const& common) {
  plugin::isolation limits;
  limits.timeout_ms = std::max(1, static_cast<int>(std::lround(1000.0 * common.plugin_timeout_s)));
  return limits;
}

void load_plugins(common_options const& common) {
  if (common.plugin_isolated) isolation_of_run() = isolation_of(common);
  char const* const refused = std::getenv("OHMIC_NO_PLUGINS");
  loading_is_refused() = common.no_plugins || (refused != nullptr && *refused != '\0');
  for (auto const& name : common.plugins) load_plugin(name);
}

void require_living_plugins() {
  for (auto const& p : store()) p.require_alive();
}

void bind_device(resistive_cell_config& cell) {
  if (cell.device.name != device_name::plugin) return;
  cell.device.law.reset();
  for (auto const& p : store())
    for (auto const& d : p.devices())
      if (cell.device.plugin == d.name) cell.device.law = p.make_device(d.name, cell.parameters);
}

}  // namespace program_cli
