// What the readers of a tokenizer.json share: its parts, and how what is not known is refused.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// A tokenizer.json, of which parts are asked for.
struct tokenizer_parts {
  json_file json;

  [[nodiscard]] static error unknown(std::string where, std::string got, std::string allowed) {
    return error({errc::config_value, "is not supported", std::move(where), std::move(got), std::move(allowed), ""});
  }
  [[nodiscard]] std::string at(std::string const& key) const { return json.where(key); }
  [[nodiscard]] static std::string text_of(nlohmann::json const& j, char const* key) {
    if (!j.is_object()) return {};
    auto const found = j.find(key);
    return found != j.end() && found->is_string() ? found->get<std::string>() : std::string();
  }
  /// Of an object that belongs to the part `of` of the file; absent or null: otherwise.
  [[nodiscard]] bool flag_of(nlohmann::json const& j, char const* key, bool otherwise, std::string const& of) const {
    auto const found = j.find(key);
    if (found == j.end() || found->is_null()) return otherwise;
    if (!found->is_boolean()) throw json.wrong_type(of + "." + key, *found, "true or false");
    return found->get<bool>();
  }
  /// A part, or the parts of a sequence.
  [[nodiscard]] static std::vector<nlohmann::json> parts(nlohmann::json const* part, char const* list) {
    if (part == nullptr) return {};
    if (text_of(*part, "type") == "Sequence" && part->contains(list) && (*part)[list].is_array())
      return {(*part)[list].begin(), (*part)[list].end()};
    return {*part};
  }
};

/// A special token of a tokenizer_config.json: a text, or an object with its content.
/// Errors  file_format
[[nodiscard]] inline std::string read_special(json_file const& json, std::string const& key, std::string otherwise) {
  nlohmann::json const* v = json.find(key);
  if (v == nullptr) return otherwise;
  if (v->is_object() && v->contains("content")) v = &v->at("content");
  if (!v->is_string()) throw json.wrong_type(key, *v, "a string");
  return v->get<std::string>();
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
