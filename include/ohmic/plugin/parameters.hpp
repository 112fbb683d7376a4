// Parameters of a plugin's device or book: cell.parameters as settings of a reflected config.
#pragma once

#include <string>
#include <string_view>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// A config with the changes of "key=value;key=value"; blanks and empty parts are left out.
/// Errors  unknown_key, config_value, as reflection says them
template <reflected Config>
[[nodiscard]] Config parameters_of(std::string_view text, Config config = {}) {
  while (!text.empty()) {
    auto const end = text.find(';');
    auto const part = ohmic::detail::trimmed(text.substr(0, end));
    if (!part.empty()) assign(config, part);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return config;
}

}  // namespace ohmic::inline OHMIC_ABI::plugin
