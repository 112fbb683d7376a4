// JSON of strangers that is parsed no deeper than it may be: printing and comparing what is parsed recurse.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace program_cli {

/// A value; discarded where the text is broken or nested beyond `deepest` levels.
template <class Json>
[[nodiscard]] Json parse_shallow(std::string_view text, int deepest = 64) {
  bool deep = false;
  auto value = Json::parse(
      text,
      [&](int depth, typename Json::parse_event_t, Json&) {
        deep = deep || depth > deepest;
        return !deep;
      },
      false);
  return deep ? Json(Json::value_t::discarded) : value;
}

}  // namespace program_cli
