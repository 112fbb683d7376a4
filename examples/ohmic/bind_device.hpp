// From the name of a plugin's device to its law.
#pragma once

#include "ohmic/device/resistive_cell.hpp"

namespace program_cli {

/// Gives a cell the law of its device where that is a plugin's. What no plugin has is left to `validate`, which refuses it.
/// Errors  those of the plugin for cell.parameters
void bind_device(ohmic::resistive_cell_config& cell);

/// The same of the settings of a chip, where it has cells of devices.
template <class Settings>
void bind_devices(Settings& settings) {
  if constexpr (requires { bind_device(settings.cell); }) bind_device(settings.cell);
  if constexpr (requires { bind_device(settings.attention.arrays.cell); }) bind_device(settings.attention.arrays.cell);
}

}  // namespace program_cli
