#include "chips.hpp"

#include <algorithm>
#include <set>
#include <type_traits>

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

/// One request for every value of "key=a,b,c".
std::vector<chip_request> varied(std::vector<chip_request> const& requests, std::string const& vary) {
  auto const equals = vary.find('=');
  if (equals == vary.npos || equals == 0 || equals + 1 == vary.size())
    throw error({errc::config_value, "not a list of settings", "--vary", vary, "key=a,b,c",
                 "see ohmic list chips for the keys"});
  std::vector<chip_request> out;
  for (auto const& r : requests)
    for (auto const& value : comma_list(vary.substr(equals + 1))) {
      std::string const assignment = vary.substr(0, equals + 1) + value;
      out.push_back(r);
      out.back().label += " " + assignment;
      out.back().set.push_back(assignment);
    }
  if (out.size() > max_requests)
    throw error({errc::capacity, "too many settings at once", "--vary", std::to_string(out.size()),
                 "at most " + std::to_string(max_requests), "split the run"});
  return out;
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

chip_settings defaults_of(std::string const& base) { return chip_named(base).settings(); }

std::vector<chip_request> requested_chips(std::string const& chip, std::vector<std::string> const& set,
                                          std::vector<std::string> const& vary) {
  std::vector<chip_request> out;
  for (auto const& name : distinct_chips(chip, "--chip")) {
    out.push_back(name.ends_with(".toml") ? read_chip_file(name) : chip_request{chip_named(name).name, name, {}});
    out.back().set.insert(out.back().set.end(), set.begin(), set.end());
  }
  for (auto const& v : vary) out = varied(out, v);
  // Before anything is read or run, so that a slip in the last of many settings does not cost the time of the others.
  for (auto const& r : out) std::visit([](auto const& c) { chip::validate(c); }, settings_of(r));
  return out;
}

}  // namespace program_cli
