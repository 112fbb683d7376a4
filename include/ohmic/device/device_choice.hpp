// cell.device: a device of the catalogue, or one that a plugin brings.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/device/catalogue.hpp"
#include "ohmic/device/tile_device.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A device by name. Names that the catalogue does not have are those of plugins, and lead to a law once `law` is set.
struct device_choice {
  device_name name = device_name::ideal;
  std::string plugin{};                      ///< of name = plugin: what its device is called
  std::shared_ptr<tile_device const> law{};  ///< of name = plugin

  device_choice() = default;
  device_choice(device_name known) : name(known) {}
  /// A device that is at hand already, under the name of its facts.
  explicit device_choice(std::shared_ptr<tile_device const> device)
      : name(device_name::plugin), plugin(device->facts().name), law(std::move(device)) {}

  [[nodiscard]] bool is_unbound() const noexcept { return name == device_name::plugin && !law; }

  friend bool operator==(device_choice const& a, device_choice const& b) noexcept {
    return a.name == b.name && a.plugin == b.plugin;
  }
};

/// Calls f with the law of a device: as it is published, or the plugin's.
template <class F>
void with_law(device_choice const& choice, F&& f) {
  if (choice.name == device_name::plugin) {
    f(foreign_device{choice.law, nullptr});
  } else {
    with_law(choice.name, std::forward<F>(f));
  }
}

/// What a device of a plugin may be called: small letters, digits and underscores, a letter first, at most 47.
[[nodiscard]] constexpr bool is_device_name(std::string_view text) noexcept {
  auto const letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() < 48 && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// The name; one that the catalogue does not have is taken for a plugin's, and refused by `validate` unless a plugin has it.
template <>
struct field_format<device_choice> {
  using known = field_format<device_name>;
  static std::string allowed() { return known::allowed() + ", or a device of a plugin"; }
  static std::string print(device_choice const& v) {
    return v.name == device_name::plugin ? v.plugin : known::print(v.name);
  }
  static std::string parse(std::string_view text, device_choice& v) {
    device_choice read;
    auto const wrong = known::parse(text, read.name);
    if (!wrong.empty()) {
      if (!is_device_name(text)) return wrong;
      read.name = device_name::plugin, read.plugin = text;
    }
    v = std::move(read);
    return {};
  }
};

}  // namespace ohmic::inline OHMIC_ABI
