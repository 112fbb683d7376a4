// Loading plugins: the one header that a host includes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/device/device_choice.hpp"
#include "ohmic/plugin/device.hpp"
#include "ohmic/plugin/isolated.hpp"
#include "ohmic/plugin/isolated_device.hpp"
#include "ohmic/plugin/library.hpp"
#include "ohmic/plugin/memory.hpp"
#include "ohmic/plugin/prices.hpp"
#include "ohmic/plugin/table.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

namespace detail {

/// A plugin in this process.
class resident {
 public:
  /// Errors  as loaded
  explicit resident(std::filesystem::path const& file) : library_(std::make_shared<library>(file)) {
    void const* at = nullptr;
    auto* const entry = library_->function<ohmic_plugin_v1 const*()>("ohmic_plugin_entry_v1");
    guarded(library_->where(), "ohmic_plugin_entry_v1", [&](ohmic_error*) {
      at = entry();
      return std::int32_t{OHMIC_OK};
    });
    tables_ = check_table(own_memory(library_->where()), at, library_->where());
  }

  [[nodiscard]] ohmic_plugin_v1 const& table() const noexcept { return tables_.table; }
  [[nodiscard]] std::vector<ohmic_device_v1> const& devices() const noexcept { return tables_.devices; }
  [[nodiscard]] std::string where() const { return library_->where(); }
  [[nodiscard]] std::string price_text(std::string const& parameters) const {
    return detail::price_text(own_memory(where()), tables_.table, where(), parameters);
  }
  [[nodiscard]] std::optional<ohmic_prices_v1> price_books() const {
    return detail::find_price_books(own_memory(where()), tables_.table, where());
  }
  [[nodiscard]] std::shared_ptr<device const> make_plugin_device(std::string_view name, std::string const& parameters,
                                                                 bool checks_results = true) const {
    std::vector<std::string> names;
    for (auto const& d : tables_.devices) {
      if (d.name == name) return std::make_shared<device>(d, where(), parameters, library_, checks_results);
      names.emplace_back(d.name);
    }
    throw error(
        {errc::unknown_id, "no device of that name in the plugin", where(), std::string(name), joined(names), ""});
  }

 private:
  std::shared_ptr<library const> library_;
  checked_plugin tables_{};
};

/// The tables that an isolated plugin's process has checked, with the texts looked at once more.
[[nodiscard]] inline checked_plugin tables_of(child& process) {
  checked_plugin out;
  process.ask(
      "tables", [](lane& a) { a.what = lane::operation::look; },
      [&](lane const& a) {
        out.table = a.table;
        auto const n = std::min<std::size_t>(out.table.device_count, max_devices);
        out.devices.assign(a.devices, a.devices + n);
      });
  own_memory const memory(process.where());
  table_check<own_memory> const check(memory, process.where());
  check.name(out.table.name, "name");
  check.text(out.table.version, "version", true);
  check.text(out.table.summary, "summary", true);
  for (auto const& d : out.devices) {
    check.name(d.name, "devices.name");
    check.text(d.summary, "devices.summary", true);
    check.text(d.source, "devices.source", true);
    check.text(d.parameters, "devices.parameters", false);
  }
  return out;
}

}  // namespace detail

/// A loaded plugin. Loading runs its code: in this process, or in one of its own. Copies share it; it stays loaded as long as one of
/// them or one of its devices lives.
class loaded {
 public:
  /// Errors  file_missing, plugin_file where it is not loaded, plugin_table where its table is wrong, plugin_failed where its entry
  ///         throws: each with the file's name
  explicit loaded(std::filesystem::path const& file)
      : file_(canonical(file)), resident_(std::make_shared<detail::resident>(file)) {
    tables_ = {resident_->table(), resident_->devices()};
  }
  /// In a process of its own; before the host starts threads.
  /// Errors  as above; plugin_died
  loaded(std::filesystem::path const& file, isolation const& limits)
      : file_(canonical(file)), process_(child::start<detail::resident>(file_, limits)) {
    tables_ = detail::tables_of(*process_);
  }

  [[nodiscard]] std::filesystem::path const& file() const noexcept { return file_; }
  [[nodiscard]] std::string where() const { return printable(file_.string(), 512); }
  /// Of an isolated plugin the pointers are those of its process.
  [[nodiscard]] bool is_isolated() const noexcept { return process_ != nullptr; }
  [[nodiscard]] ohmic_plugin_v1 const& table() const noexcept { return tables_.table; }
  [[nodiscard]] std::vector<ohmic_device_v1> const& devices() const noexcept { return tables_.devices; }

  /// Errors  unknown_id; those of plugin::device; of an isolated plugin plugin_died too
  [[nodiscard]] std::shared_ptr<tile_device const> make_device(std::string_view name,
                                                               std::string const& parameters) const {
    if (!process_) return resident_->make_plugin_device(name, parameters);
    return make_isolated(name, parameters);
  }
  /// Has a device program a tile whose rows lie ld elements apart, which no tile_device is asked for: a trial of plugins.
  /// Shape   target, mean, sigma: rows x ld, at most 65536; what stands in mean and sigma between the rows should stay
  /// Errors  as make_device; results are not checked
  void program_spaced(std::string_view name, std::string const& parameters, cell_tile const& tile, std::size_t ld,
                      std::span<double const> target, std::span<double> mean, std::span<double> sigma) const {
    if (process_)
      make_isolated(name, parameters)->program_spaced(tile, ld, target, mean, sigma);
    else
      resident_->make_plugin_device(name, parameters)->program_spaced(tile, ld, target, mean, sigma);
  }
  /// Errors  plugin_died where it is isolated and its process is gone, which the end of a device does not say
  void require_alive() const {
    if (process_)
      process_->ask(
          "an empty call", [](detail::lane& a) { a.what = detail::lane::operation::look; }, [](detail::lane const&) {});
  }

  /// What it says of its price books; null where it has none. Of an isolated plugin the pointers are those of its process.
  /// Errors  plugin_table, plugin_failed, plugin_died
  [[nodiscard]] std::optional<ohmic_prices_v1> price_books() const {
    if (!process_) return resident_->price_books();
    std::optional<ohmic_prices_v1> found;
    process_->ask(
        "extension", [](detail::lane& a) { a.what = detail::lane::operation::price_books; },
        [&](detail::lane const& a) {
          if (a.text_bytes != 0) std::memcpy(&found.emplace(), a.values, sizeof(ohmic_prices_v1));
        });
    if (found) detail::check_price_texts(detail::table_check<own_memory>(own_memory(where()), where()), *found);
    return found;
  }
  /// The prices of the book that these parameters open, as parse_price_book reads them.
  /// Errors  missing_entry where the plugin has no price books; plugin_table, plugin_failed, plugin_died; the plugin's for its parameters
  [[nodiscard]] std::string price_text(std::string const& parameters) const {
    if (!process_) return resident_->price_text(parameters);
    std::string text;
    process_->ask(
        "prices",
        [&](detail::lane& a) {
          a.what = detail::lane::operation::prices;
          put_parameters(a, parameters);
        },
        [&](detail::lane const& a) {
          auto const n = std::min<std::uint64_t>(a.text_bytes, sizeof a.values);
          text.assign(reinterpret_cast<char const*>(a.values), static_cast<std::size_t>(n));
        });
    return text;
  }

 private:
  [[nodiscard]] std::shared_ptr<isolated_device const> make_isolated(std::string_view name,
                                                                     std::string const& parameters) const {
    std::vector<std::string> names;
    for (auto const& d : tables_.devices) {
      if (d.name == name)
        return std::make_shared<isolated_device>(process_, static_cast<std::uint32_t>(names.size()), d, parameters);
      names.emplace_back(d.name);
    }
    throw error(
        {errc::unknown_id, "no device of that name in the plugin", where(), std::string(name), joined(names), ""});
  }
  static std::filesystem::path canonical(std::filesystem::path const& file) {
    std::error_code none;
    auto const found = std::filesystem::canonical(file, none);
    return none ? file : found;
  }

  std::filesystem::path file_;
  std::shared_ptr<detail::resident const> resident_{};
  std::shared_ptr<child> process_{};
  checked_plugin tables_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
