#include "chips.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "command_words.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

template <class Spec>
chip_entry entry() {
  return {std::string(Spec::name), std::string(Spec::summary), [] {
            std::conditional_t<chip::in_situ_spec<Spec>, in_situ_settings, dense_settings> settings;
            Spec::configure(settings);
            return chip_settings(settings);
          }};
}

/// Most settings that are compared at once: each is a chip in memory.
constexpr std::size_t max_requests = 256;

std::vector<std::string> comma_list(std::string const& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t const comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

/// The chip that an error is of, where there are several.
template <class F>
auto naming_chip(chip_request const& r, bool several, F const& f) {
  try {
    return f();
  } catch (error const& problem) {
    auto info = problem.info();
    if (several) info.where = "chip " + r.label + ", " + info.where;
    throw error(std::move(info));
  }
}

/// One request for every value of "key=a,b,c".
std::vector<chip_request> varied(std::vector<chip_request> const& requests, std::string const& vary, bool several) {
  auto const equals = vary.find('=');
  if (equals == vary.npos || equals == 0 || equals + 1 == vary.size())
    throw error({errc::config_value, "not a list of settings", "--vary", vary, "key=a,b,c",
                 "see ohmic list chips for the keys"});
  auto const values = comma_list(vary.substr(equals + 1));
  if (values.size() > max_requests / requests.size())
    throw error({errc::capacity, "too many settings at once", "--vary", std::to_string(values.size() * requests.size()),
                 "at most " + std::to_string(max_requests), "split the run"});
  std::vector<chip_request> out;
  for (auto const& r : requests) {
    std::set<std::string> seen;  // as settings print them: 8 and 08 are one value
    for (auto const& value : values) {
      std::string const assignment = vary.substr(0, equals + 1) + value;
      out.push_back(r);
      out.back().label += " " + assignment;
      set_on_top(out.back(), assignment);
      auto const settings = naming_chip(r, several, [&] { return settings_of(out.back()); });
      if (!seen.insert(settings_object(settings).at(key_of(vary)).dump()).second)
        throw error({errc::config_conflict, "value is given twice", "--vary " + key_of(vary), in_quotes(value),
                     "every value once", "the same point would be run again"});
    }
  }
  return out;
}

/// A key that is varied has its values there and nowhere else: one of the two would go unheard.
void require_one_place(std::vector<std::string> const& set, std::vector<std::string> const& vary) {
  std::set<std::string> varied, given;
  for (auto const& s : set) given.insert(key_of(s));
  for (auto const& v : vary) {
    auto const key = key_of(v);
    bool const twice = !varied.insert(key).second;
    if (twice || given.contains(key))
      throw error({errc::config_conflict, twice ? "'" + key + "' is varied twice" : "'" + key + "' is set too",
                   "--vary", in_quotes(v), "one of them",
                   twice ? "list all values in one --vary" : "take it out of --set or of --vary"});
  }
}

}  // namespace

std::vector<chip_entry> const& chips() {
  static std::vector<chip_entry> const all{entry<chip::wang2024>(), entry<chip::wang2024_published>(),
                                           entry<chip::isaac>(), entry<chip::multi_bit>(), entry<chip::single_bit>()};
  return all;
}

chip_entry const& chip_named(std::string const& name) {
  std::vector<std::string> names;
  for (auto const& c : chips()) {
    if (c.name == name) return c;
    names.push_back(c.name);
  }
  std::string const near = nearest_name(name, names);
  throw error({errc::unknown_id, "unknown chip", "--chip", name, joined(names) + ", or a file that ends in .toml",
               near.empty() ? "see ohmic list chips" : "did you mean '" + near + "'?"});
}

std::vector<std::string> distinct_chips(std::string const& list, char const* option) {
  auto names = comma_list(list);
  std::set<std::string> seen;
  for (auto const& n : names)
    if (!seen.insert(n).second)
      throw error({errc::config_conflict, "chip named twice", option, list, "each chip once", "remove one"});
  return names;
}

void require_other_key(std::vector<std::string> const& set, std::string const& key, std::string const& value,
                       char const* option) {
  for (auto const& s : set) {
    auto const equals = s.find('=');
    if (equals == s.npos || key_of(s) != key) continue;  // what is no assignment is refused where it is read
    std::string const other(detail::trimmed(std::string_view(s).substr(equals + 1)));
    if (other != value)
      throw error({errc::config_conflict, "'" + key + "' has an option of its own, which is given too", "--set",
                   in_quotes(other) + ", and " + in_quotes(value) + " by " + option, "one value", "take one out"});
  }
}

std::string key_of(std::string const& assignment) { return setting_of(assignment).key; }

std::string place_of(chip_request const& r, std::string const& where) {
  auto const is_of_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  std::string found, word;
  for (char const c : where + ' ') {  // word by word: a key may begin as another does
    if (is_of_key(c)) {
      word += c;
      continue;
    }
    if (auto const place = r.places.find(word); found.empty() && place != r.places.end()) found = place->second;
    word.clear();
  }
  return found;
}

chip_settings defaults_of(std::string const& base) { return chip_named(base).settings(); }

std::vector<chip_request> requested_chips(std::string const& chip, std::vector<std::string> const& set,
                                          std::vector<std::string> const& vary) {
  require_one_place(set, vary);
  std::vector<chip_request> out;
  for (auto const& name : distinct_chips(chip, "--chip")) {
    out.push_back(name.ends_with(".toml") ? read_chip_file(name) : chip_request{chip_named(name).name, name, {}});
    for (auto const& s : set) set_on_top(out.back(), s);
  }
  bool const several = out.size() > 1;
  for (auto const& v : vary) out = varied(out, v, several);
  // Before anything is read or run, so that a slip in the last of many settings does not cost the time of the others.
  for (auto const& r : out)
    naming_chip(r, several, [&] {
      naming_places(r, [&] { std::visit([](auto const& c) { chip::validate(c); }, settings_of(r)); });
    });
  return out;
}

}  // namespace program_cli
