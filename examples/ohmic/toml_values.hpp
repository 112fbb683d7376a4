// Reading TOML with errors that name file, line and key.
#pragma once

#ifndef TOML_EXCEPTIONS
#define TOML_EXCEPTIONS 1
#endif

#include <algorithm>
#include <cstddef>
#include <fmt/core.h>
#include <functional>
#include <map>
#include <string>
#include <toml++/toml.h>  // TOML 1.0: parsing, and errors with line and column
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/dataset.hpp"

namespace program_cli {

/// Nodes of a file as values; what is not what it should be is an error with its place.
/// Errors  config_value, unknown_key, config_conflict
class toml_values {
 public:
  explicit toml_values(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] std::string where(toml::source_region const& at) const {
    return ohmic::model::place(file_, "line " + std::to_string(at.begin.line));
  }
  [[nodiscard]] std::string in(toml::source_region const& at, std::string const& key) const {
    return where(at) + ", key '" + key + "'";
  }
  [[nodiscard]] ohmic::error missing(std::string const& key, std::string const& what, std::string const& fix) const {
    return ohmic::error(
        {ohmic::errc::missing_entry, "no " + key, ohmic::model::place(file_), "nothing", what, "add " + fix});
  }
  [[nodiscard]] ohmic::error wrong(toml::node const& node, std::string const& key, std::string const& allowed) const {
    return ohmic::error(
        {ohmic::errc::config_value, "is not what belongs here", in(node.source(), key), "", allowed, ""});
  }

  void known(toml::table const& given, std::string const& prefix, std::vector<std::string> const& names) const {
    for (auto const& [name, node] : given) {
      std::string const key(name.str());
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      auto const near = ohmic::nearest_name(key, names);
      throw ohmic::error({ohmic::errc::unknown_key, "unknown key", in(node.source(), prefix + key), "",
                          ohmic::joined(names), near.empty() ? "" : "did you mean '" + near + "'?"});
    }
  }
  [[nodiscard]] std::string text_at(toml::table const& t, char const* key, std::string const& otherwise) const {
    auto const* node = t.get(key);
    if (node == nullptr) return otherwise;
    if (!node->is_string()) throw wrong(*node, key, "a string");
    return node->as_string()->get();
  }
  [[nodiscard]] std::size_t count_at(toml::table const& t, char const* key, std::size_t otherwise) const {
    auto const* node = t.get(key);
    if (node == nullptr) return otherwise;
    if (!node->is_integer() || node->as_integer()->get() < 0) throw wrong(*node, key, "a whole number, 0 or more");
    return static_cast<std::size_t>(node->as_integer()->get());
  }
  [[nodiscard]] std::size_t choice(toml::node const& node, std::string const& key,
                                   std::vector<std::string> const& names) const {
    std::string const got = node.is_string() ? node.as_string()->get() : "";
    auto const found = std::find(names.begin(), names.end(), got);
    if (found == names.end())
      throw ohmic::error({ohmic::errc::config_value, "no such choice", in(node.source(), key), "'" + got + "'",
                          ohmic::joined(names), ""});
    return static_cast<std::size_t>(found - names.begin());
  }
  /// A single value as `set` reads it.
  [[nodiscard]] std::string value_text(toml::node const& node, std::string const& key) const {
    if (node.is_string()) return node.as_string()->get();
    if (node.is_integer()) return std::to_string(node.as_integer()->get());
    if (node.is_floating_point()) return fmt::format("{}", node.as_floating_point()->get());
    if (node.is_boolean()) return node.as_boolean()->get() ? "true" : "false";
    if (node.is_array()) {  // a setting that is a list: [[2, 2, 2, 2], [1, 1, 1, 1]]
      std::string list;
      for (auto const& item : *node.as_array()) list += (list.empty() ? "" : ",") + value_text(item, key);
      return list;
    }
    throw wrong(node, key, "a string, number, truth value or list of them");
  }
  /// Calls f(key, node) for the leaves of nested tables, in the order of the file; stop(table) says what is a leaf.
  template <class Stop, class F>
  void leaves(toml::node const& node, std::string const& what, Stop const& stop, F const& f) const {
    if (!node.is_table()) throw wrong(node, what, "a table");
    std::vector<std::pair<std::string, toml::node const*>> found;
    std::function<void(toml::table const&, std::string const&)> const walk = [&](toml::table const& t,
                                                                                 std::string const& prefix) {
      for (auto const& [name, inner] : t) {
        std::string const key = prefix + std::string(name.str());
        if (inner.is_table() && !stop(*inner.as_table()))
          walk(*inner.as_table(), key + ".");
        else
          found.emplace_back(key, &inner);
      }
    };
    walk(*node.as_table(), "");
    std::stable_sort(found.begin(), found.end(), [](auto const& a, auto const& b) {
      auto const &x = a.second->source().begin, &y = b.second->source().begin;
      return std::pair(x.line, x.column) < std::pair(y.line, y.column);
    });
    std::map<std::string, toml::node const*> seen;  // "a.b" = 1 and [a] b = 2 are one key
    for (auto const& [key, leaf] : found) {
      auto const [first, is_new] = seen.emplace(key, leaf);
      if (!is_new)
        throw ohmic::error({ohmic::errc::config_conflict, "is given twice", in(leaf->source(), key), "",
                            "once; the first is " + where(first->second->source()), "keep one"});
      f(key, *leaf);
    }
  }

 private:
  std::string file_;
};

}  // namespace program_cli
