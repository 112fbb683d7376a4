// The plugins of a run: loaded once, before any thread runs, and kept until the program ends.
#pragma once

#include <string>
#include <vector>

#include "ohmic/chip/in_situ_config.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/plugin/host.hpp"
#include "options.hpp"

namespace program_cli {

/// Loads a plugin unless it is there already: a path with a slash, or a name that is looked up in the folders of OHMIC_PLUGIN_PATH as
/// NAME and NAME.so. Nothing is looked up in the working directory.
/// Errors  file_missing; config_conflict where it brings a device of a name that is taken; those of plugin::loaded
void load_plugin(std::string const& name_or_path);

/// Loads the plugins of --plugin.
void load_plugins(common_options const& common);

/// The loaded plugins, in the order of loading.
std::vector<ohmic::plugin::loaded> const& plugins();

/// Gives a cell the law of its device where that is a plugin's. What no plugin has is left to `validate`, which refuses it.
/// Errors  those of the plugin for cell.parameters
void bind_device(ohmic::resistive_cell_config& cell);

/// The same of the settings of a chip, where it has cells of devices.
template <class Settings>
void bind_devices(Settings& settings) {
  if constexpr (requires { bind_device(settings.cell); }) bind_device(settings.cell);
}

}  // namespace program_cli
