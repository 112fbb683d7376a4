// Chip files in TOML.
#define TOML_EXCEPTIONS 1
#include <filesystem>
#include <fmt/core.h>
#include <string>
#include <toml++/toml.h>  // TOML 1.0: parsing, and errors with line and column

#include "chips.hpp"
#include "ohmic/model/file.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// Largest chip file: a configuration, not a data set.
constexpr std::uint64_t max_chip_file_bytes = 1 << 20;

class chip_file {
 public:
  explicit chip_file(std::string const& path) : path_(path) {}

  chip_request read() {
    std::string const text = model::read_whole(path_, max_chip_file_bytes);
    toml::table root;
    try {
      root = toml::parse(text, path_);
    } catch (toml::parse_error const& e) {
      throw error({errc::file_format, "broken TOML: " + std::string(e.description()), where(e.source()), "", "", ""});
    }
    request_ = {std::filesystem::path(path_).stem().string(), chip::wang2024::name, {}};
    if (auto const* base = root.get("chip")) request_.base = chip_named(string_of("chip", *base)).name;
    if (auto const* name = root.get("name")) request_.label = string_of("name", *name);
    root.erase("chip");
    root.erase("name");
    auto settings = defaults_of(request_.base);
    settings_ = settings_object(settings);
    add(root, "", [&](std::string const& key, std::string const& value) { set(settings, key, value); });
    return request_;
  }

 private:
  [[nodiscard]] std::string where(toml::source_region const& at) const {
    return model::place(path_, "line " + std::to_string(at.begin.line));
  }
  [[nodiscard]] error wrong_type(std::string const& key, toml::node const& node, std::string const& allowed) const {
    return error({errc::config_value, "setting '" + key + "' has the wrong type", where(node.source()), type_of(node),
                  allowed, ""});
  }
  [[nodiscard]] static std::string type_of(toml::node const& node) {
    if (node.is_string()) return "a string";
    if (node.is_integer()) return "a whole number";
    if (node.is_floating_point()) return "a number";
    if (node.is_boolean()) return "true or false";
    if (node.is_array()) return "a list";
    return node.is_table() ? "a table" : "a date or time";
  }
  [[nodiscard]] std::string string_of(std::string const& key, toml::node const& node) const {
    if (!node.is_string()) throw wrong_type(key, node, "a string");
    return node.as_string()->get();
  }

  /// A value as `set` reads it.
  [[nodiscard]] std::string text_of(std::string const& key, toml::node const& node) const {
    auto const known = settings_.find(key);
    bool const is_number = known != settings_.end() && (known->is_number() || known->is_boolean());
    if (node.is_string()) {
      if (is_number) throw wrong_type(key, node, known->is_boolean() ? "true or false" : "a number");
      return node.as_string()->get();
    }
    if (node.is_integer()) return std::to_string(node.as_integer()->get());
    if (node.is_floating_point()) return fmt::format("{}", node.as_floating_point()->get());
    if (node.is_boolean()) return node.as_boolean()->get() ? "true" : "false";
    if (node.is_array()) {
      std::string list;
      for (auto const& item : *node.as_array()) {
        if (!item.is_number()) throw wrong_type(key, item, "a list of numbers");
        list += (list.empty() ? "" : ",") + text_of(key, item);
      }
      return list;
    }
    throw wrong_type(key, node, "a string, number, truth value or list");
  }

  template <class Set>
  void add(toml::table const& table, std::string const& prefix, Set const& set_one) {
    for (auto const& [name, node] : table) {
      std::string const key = prefix + std::string(name.str());
      if (node.is_table()) {
        add(*node.as_table(), key + ".", set_one);
        continue;
      }
      std::string const value = text_of(key, node);
      try {
        set_one(key, value);
      } catch (error const& e) {
        auto info = e.info();
        info.where = where(node.source()) + ", " + info.where;
        throw error(std::move(info));
      }
      request_.set.push_back(key + "=" + value);
    }
  }

  std::string path_;
  chip_request request_;
  json settings_;
};

}  // namespace

chip_request read_chip_file(std::string const& path) { return chip_file(path).read(); }

}  // namespace program_cli
