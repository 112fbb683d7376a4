// A plugin's table: copied first, then checked; nothing of it is called before.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/device/device_choice.hpp"
#include "ohmic/plugin/abi.h"

namespace ohmic::inline OHMIC_ABI::plugin {

/// Most devices of one plugin.
inline constexpr std::size_t max_devices = 64;
/// No table of any minor version is larger.
inline constexpr std::uint32_t max_table_bytes = 1 << 16;

/// A plugin's tables as the host has copied them. What the plugin's minor version does not have is null.
struct checked_plugin {
  ohmic_plugin_v1 table{};
  std::vector<ohmic_device_v1> devices{};
};

namespace detail {

/// What every table starts with.
struct table_head {
  std::uint32_t struct_size;
  std::uint16_t abi_major, abi_minor;
};

/// Sizes of a table by minor version: a version that is not listed has that of the last.
struct table_sizes {
  std::uint32_t of_minor[2];

  [[nodiscard]] std::uint32_t at(std::uint16_t minor) const noexcept { return of_minor[std::min<unsigned>(minor, 1)]; }
};
inline constexpr table_sizes plugin_sizes = {{280, 280}};
inline constexpr table_sizes device_sizes = {{784, 792}};
static_assert(sizeof(ohmic_plugin_v1) == plugin_sizes.of_minor[1] &&
                  sizeof(ohmic_device_v1) == device_sizes.of_minor[1],
              "ohmic: a minor version adds its sizes here");

/// Copies and checks the tables of a plugin. Memory has copy(from, to, n) and is_code(at).
template <class Memory>
class table_check {
 public:
  table_check(Memory const& memory, std::string file) : memory_(memory), file_(std::move(file)) {}

  [[nodiscard]] checked_plugin plugin(void const* at) const {
    checked_plugin out;
    copy_table(at, "table", plugin_sizes, out.table);
    if (out.table.magic != OHMIC_PLUGIN_MAGIC)
      throw refuse("magic", "is no table of a plugin", std::to_string(out.table.magic), "OHMIC_PLUGIN_MAGIC",
                   "fill the table as plugins/template does");
    name(out.table.name, "name");
    text(out.table.version, "version", true);
    text(out.table.summary, "summary", true);
    code(reinterpret_cast<void const*>(out.table.extension), "extension", false);
    if (out.table.device_count > max_devices)
      throw refuse("device_count", "more devices than a plugin may have", std::to_string(out.table.device_count),
                   "0.." + std::to_string(max_devices), "count them again");
    if ((out.table.devices == nullptr) != (out.table.device_count == 0))
      throw refuse(
          "devices", out.table.devices == nullptr ? "has devices and no list of them" : "has a list of no devices",
          std::to_string(out.table.device_count) + " devices", "a list of device_count pointers, then null", "");
    for (std::size_t k = 0; k < out.table.device_count; ++k) out.devices.push_back(device(out, k));
    if (out.table.device_count > 0 && pointer(out, out.table.device_count) != nullptr) throw miscounted(out, "more");
    return out;
  }

  /// A copy of a table of its minor version; the rest is zero.
  /// Errors  plugin_table
  template <class Table>
  void copy_table(void const* at, std::string const& what, table_sizes const& sizes, Table& out) const {
    if (at == nullptr) throw refuse(what, "there is none", "null", "a table", "return it from the entry");
    table_head head{};
    if (!memory_.copy(at, &head, sizeof head)) throw unreadable(what);
    if (head.abi_major != OHMIC_PLUGIN_ABI_MAJOR)
      throw refuse(
          what + ".abi_major", "is of another ABI",
          std::to_string(head.abi_major) + "." + std::to_string(head.abi_minor),
          "1.x; this host has " + std::to_string(OHMIC_PLUGIN_ABI_MAJOR) + "." + std::to_string(OHMIC_PLUGIN_ABI_MINOR),
          "build the plugin with ohmic/plugin/abi.h of this major version");
    std::uint32_t const least = sizes.at(head.abi_minor);
    if (head.struct_size < least || head.struct_size > max_table_bytes)
      throw refuse(what + ".struct_size", head.struct_size < least ? "the table is truncated" : "is no size of a table",
                   std::to_string(head.struct_size) + " bytes of minor version " + std::to_string(head.abi_minor),
                   std::to_string(least) + ".." + std::to_string(max_table_bytes), "set it to sizeof the struct");
    out = Table{};
    if (!memory_.copy(at, &out, least)) throw unreadable(what);
    // Who changes a table while it is copied is found out.
    if (std::memcmp(&out, &head, sizeof head) != 0)
      throw refuse(what, "changes while it is read", "another size or version", "a constant table", "");
  }

  /// Errors  plugin_table
  template <std::size_t N>
  void text(char const (&chars)[N], std::string const& what, bool required) const {
    auto const* const end = static_cast<char const*>(std::memchr(chars, 0, N));
    if (end == nullptr)
      throw refuse(what, "a text does not end", printable({chars, N}, 40),
                   "a zero within " + std::to_string(N) + " bytes", "shorten it");
    std::string_view const read(chars, static_cast<std::size_t>(end - chars));
    if (required && read.empty()) throw refuse(what, "a text is missing", "nothing", "a line of text", "fill it");
    if (find_invalid_utf8(read) != std::string::npos ||
        std::any_of(read.begin(), read.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
      throw refuse(what, "is not a line of UTF-8", in_quotes(read), "printable text", "");
  }
  template <std::size_t N>
  void name(char const (&chars)[N], std::string const& what) const {
    text(chars, what, true);
    if (!is_device_name(chars))
      throw refuse(what, "is no name", in_quotes(chars), "small letters, digits and underscores, a letter first", "");
  }
  /// A function that is there, or may be missing.
  void code(void const* at, std::string const& what, bool required) const {
    if (at == nullptr && required)
      throw refuse(what, "a function is missing", "null", "a function", "fill the entry of the table");
    if (at != nullptr && !memory_.is_code(at))
      throw refuse(what, "points to nothing of a loaded library", "a stray pointer", "a function", "");
  }
  [[nodiscard]] error refuse(std::string const& where, std::string what, std::string got, std::string allowed,
                             std::string fix) const {
    return error({errc::plugin_table, std::move(what), file_ + ": " + where, std::move(got), std::move(allowed),
                  std::move(fix)});
  }

 private:
  [[nodiscard]] error unreadable(std::string const& what) const {
    return refuse(what, "points to memory that is not there", "a stray pointer", "a table", "");
  }
  [[nodiscard]] error miscounted(checked_plugin const& p, char const* how) const {
    return refuse("device_count", std::string("the list has ") + how + " devices than are counted",
                  std::to_string(p.table.device_count), "the number before the null that ends the list",
                  "count them again");
  }
  [[nodiscard]] void const* pointer(checked_plugin const& p, std::size_t k) const {
    void const* at = nullptr;
    if (!memory_.copy(p.table.devices + k, &at, sizeof at)) throw unreadable("devices");
    return at;
  }
  [[nodiscard]] ohmic_device_v1 device(checked_plugin const& p, std::size_t k) const {
    std::string const where = "devices[" + std::to_string(k) + "]";
    void const* const at = pointer(p, k);
    if (at == nullptr) throw miscounted(p, "fewer");
    ohmic_device_v1 d;
    copy_table(at, where, device_sizes, d);
    name(d.name, where + ".name");
    text(d.summary, where + ".summary", true);
    text(d.source, where + ".source", true);
    text(d.parameters, where + ".parameters", false);
    if (d.threads > OHMIC_ONE_AT_A_TIME)
      throw refuse(where + ".threads", "is no class of threads", std::to_string(d.threads),
                   "OHMIC_ANY_THREAD, OHMIC_ONE_AT_A_TIME", "");
    auto const function = [&](auto* at_function, char const* member, bool required) {
      code(reinterpret_cast<void const*>(at_function), where + "." + member, required);
    };
    function(d.create, "create", true);
    function(d.destroy, "destroy", true);
    function(d.facts, "facts", true);
    function(d.program, "program", true);
    function(d.age, "age", false);
    function(d.read, "read", false);
    function(d.draw, "draw", false);
    for (auto const& other : p.devices)
      if (std::string_view(other.name) == d.name)
        throw refuse(where + ".name", "two devices go by one name", d.name, "a name of its own", "");
    return d;
  }

  Memory const& memory_;
  std::string file_;
};

}  // namespace detail

/// Copies the tables of a plugin and checks them.
/// Errors  plugin_table, naming the file and the member
template <class Memory>
[[nodiscard]] checked_plugin check_table(Memory const& memory, void const* at, std::string file) {
  return detail::table_check<Memory>(memory, std::move(file)).plugin(at);
}

}  // namespace ohmic::inline OHMIC_ABI::plugin
