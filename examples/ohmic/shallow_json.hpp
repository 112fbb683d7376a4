// JSON of strangers that is parsed no deeper than it may be: printing and comparing what is parsed recurse. Nor with a key twice: one of
// its values would go unheard.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace program_cli {

/// A value; discarded where the text is broken, is nested beyond `deepest` levels or has a key twice in one object.
template <class Json>
[[nodiscard]] Json parse_shallow(std::string_view text, int deepest = 64) {
  using event = typename Json::parse_event_t;
  bool refused = false;
  std::vector<std::set<std::string>>
      keys;  // of the objects that are open; after a refusal they are not told when one ends
  auto value = Json::parse(
      text,
      [&](int depth, event e, Json& part) {
        refused = refused || depth > deepest;
        if (refused) return false;
        if (e == event::object_start) keys.emplace_back();
        if (e == event::object_end) keys.pop_back();
        if (e == event::key) refused = !keys.back().insert(part.template get<std::string>()).second;
        return !refused;
      },
      false);
  return refused ? Json(Json::value_t::discarded) : value;
}

}  // namespace program_cli
