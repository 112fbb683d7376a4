// Loading plugins: the one header that a host includes.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/device/device_choice.hpp"
#include "ohmic/plugin/device.hpp"
#include "ohmic/plugin/library.hpp"
#include "ohmic/plugin/memory.hpp"
#include "ohmic/plugin/table.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// A loaded plugin. Loading runs its code, in this process. Copies share it; it stays loaded as long as one of them or one of its
/// devices lives.
class loaded {
 public:
  /// Errors  file_missing, plugin_file where it is not loaded, plugin_table where its table is wrong, plugin_failed where its entry
  ///         throws: each with the file's name
  explicit loaded(std::filesystem::path const& file) : library_(std::make_shared<library>(file)) {
    void const* at = nullptr;
    auto* const entry = library_->function<ohmic_plugin_v1 const*()>("ohmic_plugin_entry_v1");
    detail::guarded(library_->where(), "ohmic_plugin_entry_v1", [&](ohmic_error*) {
      at = entry();
      return std::int32_t{OHMIC_OK};
    });
    tables_ = check_table(own_memory{}, at, library_->where());
  }

  [[nodiscard]] std::filesystem::path const& file() const noexcept { return library_->file(); }
  [[nodiscard]] std::string where() const { return library_->where(); }
  [[nodiscard]] ohmic_plugin_v1 const& table() const noexcept { return tables_.table; }
  [[nodiscard]] std::vector<ohmic_device_v1> const& devices() const noexcept { return tables_.devices; }

  /// Errors  unknown_id; those of plugin::device
  [[nodiscard]] std::shared_ptr<tile_device const> make_device(std::string_view name,
                                                               std::string const& parameters) const {
    std::vector<std::string> names;
    for (auto const& d : tables_.devices) {
      if (d.name == name) return std::make_shared<device>(d, where(), parameters, library_);
      names.emplace_back(d.name);
    }
    throw error(
        {errc::unknown_id, "no device of that name in the plugin", where(), std::string(name), joined(names), ""});
  }

 private:
  std::shared_ptr<library const> library_;
  checked_plugin tables_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
