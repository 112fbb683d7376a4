// Settings from TOML files.
#include "settings_file.hpp"

#include <cstdint>
#include <filesystem>
#include <fmt/core.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/model/file.hpp"
#include "plugins.hpp"
#include "toml_file.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

class reader {
 public:
  explicit reader(std::string const& path) : path_(path) {}

  std::vector<file_entry> read() {
    toml::table root = read_toml(path_);
    load(root);
    add(root, "");
    return std::move(entries_);
  }

 private:
  [[nodiscard]] std::string where(toml::source_region const& at) const {
    return model::place(path_, "line " + std::to_string(at.begin.line));
  }
  [[nodiscard]] static std::string type_of(toml::node const& node) {
    if (node.is_string()) return "a string";
    if (node.is_integer()) return "a whole number";
    if (node.is_floating_point()) return "a number";
    if (node.is_boolean()) return "true or false";
    if (node.is_array()) return "a list";
    return node.is_table() ? "a table" : "a date or time";
  }
  [[nodiscard]] file_entry entry(std::string const& key, toml::node const& node) const {
    return {key, "", where(node.source()), type_of(node), node.is_string()};
  }

  /// A value as `set` reads it.
  [[nodiscard]] std::string text_of(std::string const& key, toml::node const& node) const {
    if (node.is_string()) return node.as_string()->get();
    if (node.is_integer()) return std::to_string(node.as_integer()->get());
    if (node.is_floating_point()) return fmt::format("{}", node.as_floating_point()->get());
    if (node.is_boolean()) return node.as_boolean()->get() ? "true" : "false";
    if (node.is_array()) {
      std::string list;
      for (auto const& item : *node.as_array()) {
        if (!item.is_number()) throw wrong_type(entry(key, item), "a list of numbers");
        list += (list.empty() ? "" : ",") + text_of(key, item);
      }
      return list;
    }
    throw wrong_type(entry(key, node), "a string, number, truth value or list");
  }

  /// [plugin] files = ["./mine.so", "name"]: loaded at once. A path with a slash starts at the folder of this file.
  void load(toml::table& root) const {
    auto const* const plugin = root.get("plugin");
    if (plugin == nullptr) return;
    if (!plugin->is_table()) throw wrong_type(entry("plugin", *plugin), "a table with files");
    for (auto const& [name, node] : *plugin->as_table()) {
      std::string const key = "plugin." + std::string(name.str());
      if (key != "plugin.files")
        throw error({errc::unknown_key, "unknown key", where(node.source()), key, "plugin.files", ""});
      if (!node.is_array()) throw wrong_type(entry(key, node), "a list of texts");
      for (auto const& item : *node.as_array()) {
        if (!item.is_string()) throw wrong_type(entry(key, item), "a list of texts");
        std::filesystem::path file = item.as_string()->get();
        if (file.has_parent_path()) file = std::filesystem::absolute(path_).parent_path() / file;
        load_plugin(file.string());
      }
    }
    root.erase("plugin");
  }

  void add(toml::table const& table, std::string const& prefix) {
    for (auto const& [name, node] : table) {
      std::string const key = prefix + std::string(name.str());
      if (node.is_table()) {
        if (node.as_table()->empty()) entries_.push_back(entry(key, node));
        add(*node.as_table(), key + ".");
        continue;
      }
      auto const [first, is_new] = keys_.emplace(key, where(node.source()));  // "a.b" = 1 and [a] b = 2 are one key
      if (!is_new)
        throw error({errc::config_conflict, "setting " + in_quotes(printable(key)) + " is given twice",
                     where(node.source()), "", "once; another is " + first->second, "keep one"});
      entries_.push_back(entry(key, node));
      entries_.back().text = text_of(key, node);
    }
  }

  std::string path_;
  std::map<std::string, std::string> keys_;  ///< with their places
  std::vector<file_entry> entries_;
};

}  // namespace

std::vector<file_entry> read_settings_file(std::string const& path) { return reader(path).read(); }

error wrong_type(file_entry const& e, std::string const& allowed) {
  return error({errc::config_value, "setting '" + e.key + "' has the wrong type", e.where, e.type, allowed, ""});
}

}  // namespace program_cli
