// Sizes by the keys that model families call them by, and what is said when they are missing or at odds.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/network_families.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

inline constexpr std::size_t widest_size = std::size_t{1} << 20, deepest_model = 4096;

/// A config.json on its way to sizes.
struct network_source {
  json_file const& json;
  std::string family;                 ///< model_type
  bool part_of_another = false;       ///< a text_config
  bool generates = false;             ///< the class of the whole model says so
  std::vector<std::string>& remarks;  ///< what a reader of the counts has to know
};

[[noreturn]] inline void refuse_model(json_file const& json, char const* key, std::string allowed) {
  auto const* v = json.find(key);
  throw error({errc::config_value, "is not supported", json.where(key), v == nullptr ? "" : json_file::text(*v),
               std::move(allowed), ""});
}

/// The whole number of a key; of a list with one a layer, which have to be equal.
/// Errors  config_value, file_format
[[nodiscard]] inline std::size_t count_of_layers(json_file const& json, std::string const& key, std::size_t low,
                                                 std::size_t high) {
  auto const* v = json.find(key);
  if (v == nullptr || !v->is_array() || v->empty()) return json.count(key, low, high);
  for (auto const& each : *v)
    if (each != v->front()) refuse_model(json, key.c_str(), "layers of equal sizes");
  auto const& first = v->front();
  if (!first.is_number_unsigned()) throw json.wrong_type(key, first, "whole numbers");
  auto const size = first.get<std::size_t>();
  if (size < low || size > high)
    throw error({errc::config_value, "out of range", json.where(key), std::to_string(size),
                 std::to_string(low) + ".." + std::to_string(high), ""});
  return size;
}

/// A size that model families call by different keys. Two that disagree are an error.
/// Errors  config_value, file_format; config_conflict
[[nodiscard]] inline std::optional<std::size_t> size_by(json_file const& json, std::initializer_list<char const*> keys,
                                                        std::size_t low, std::size_t high) {
  std::optional<std::size_t> found;
  std::string from;
  for (std::string const key : keys) {
    if (!json.has(key)) continue;
    std::size_t const v = count_of_layers(json, key, low, high);
    if (found && *found != v)
      throw error({errc::config_conflict, "contradicts " + in_quotes(from), json.where(key), std::to_string(v),
                   std::to_string(*found) + " as in " + in_quotes(from), "keep one"});
    found = v;
    from = key;
  }
  return found;
}
/// Says under which keys a size was looked for, and which of the file comes nearest to one.
[[noreturn]] inline void refuse_missing(json_file const& json, std::initializer_list<char const*> keys) {
  std::vector<std::string> const known(keys.begin(), keys.end());
  std::string near;
  for (auto const& [name, value] : json.entries())
    if (near.empty() && !nearest_name(name, known).empty()) near = name;
  throw error({errc::missing_entry, "is missing", json.where(known.front()), "",
               "a whole number under " + joined(known),
               near.empty() ? "add it" : "the nearest key of the file is '" + near + "'"});
}
/// A size that the family has where the file leaves it out; the counts say so.
[[nodiscard]] inline std::size_t as_usual(network_source const& from, std::string const& key, std::size_t usual) {
  from.remarks.push_back(key + " is not in the file: " + std::to_string(usual) + ", as usual for " + from.family);
  return usual;
}
/// The same, or what the family has where a part of a model leaves it out. The first key is the usual one.
[[nodiscard]] inline std::optional<std::size_t> size_or_usual(network_source const& from,
                                                              std::initializer_list<char const*> keys,
                                                              std::size_t high) {
  auto const v = size_by(from.json, keys, 1, high);
  std::size_t const usual = from.part_of_another ? usual_size(from.family, *keys.begin()) : 0;
  if (v || usual == 0) return v;
  return as_usual(from, *keys.begin(), usual);
}
[[nodiscard]] inline std::size_t required_size(network_source const& from, std::initializer_list<char const*> keys,
                                               std::size_t high) {
  auto const v = size_or_usual(from, keys, high);
  if (!v) refuse_missing(from.json, keys);
  return *v;
}

/// A list of strings or numbers, one a layer; nullptr if there is none.
/// Errors  file_format for another type, config_conflict for another length
[[nodiscard]] inline nlohmann::json const* list_of_layers(json_file const& json, char const* key, std::size_t layers) {
  auto const* v = json.find(key);
  if (v == nullptr || !v->is_array()) return nullptr;
  if (v->size() != layers)
    throw error({errc::config_conflict, "is not of one entry a layer", json.where(key),
                 std::to_string(v->size()) + " entries", std::to_string(layers), ""});
  return v;
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
