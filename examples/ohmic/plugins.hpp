// The plugins of a run: loaded once, before any thread runs, and kept until the program ends.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bind_device.hpp"
#include "json_output.hpp"
#include "ohmic/plugin/host.hpp"
#include "options.hpp"

namespace program_cli {

/// The file of a plugin: a path with a slash as it is, a name as NAME or NAME.so in the folders of OHMIC_PLUGIN_PATH. Nothing is
/// looked up in the working directory.
/// Errors  file_missing for a name; config_value for a folder that is not absolute
std::filesystem::path find_plugin(std::string const& name_or_path);

/// The shared libraries in the folders of OHMIC_PLUGIN_PATH, by name.
std::vector<std::filesystem::path> plugin_files();

/// Errors  config_conflict where this run may load no plugins
void require_plugins_allowed(std::filesystem::path const& file);

/// A plugin that no other part of the run sees, in a process of its own where the run has that for plugins.
/// Errors  config_conflict where plugins may not be loaded; those of plugin::loaded
ohmic::plugin::loaded open_plugin(std::filesystem::path const& file);

/// Loads a plugin unless it is there already.
/// Errors  those of find_plugin and open_plugin; config_conflict where its name, or that of one of its devices, is taken
ohmic::plugin::loaded const& load_plugin(std::string const& name_or_path);

/// What an isolated plugin may take.
ohmic::plugin::isolation isolation_of(common_options const& common);

/// Loads the plugins of --plugin, and says how those of settings files are loaded, and whether.
void load_plugins(common_options const& common);

/// The loaded plugins, in the order of loading.
std::vector<ohmic::plugin::loaded> const& plugins();

/// The loaded plugin of a name: its own, that of its file with or without .so, or the file's path; nullptr for none.
ohmic::plugin::loaded const* plugin_named(std::string const& name);

/// Errors  plugin_died where an isolated plugin's process is gone without a call that could say so: the end of a device
void require_living_plugins();

/// What a plugin says of itself.
json plugin_object(ohmic::plugin::loaded const& p);

}  // namespace program_cli
