#include "cost_case.hpp"

#include <filesystem>

#include "bind_device.hpp"
#include "json_output.hpp"
#include "ohmic/chip/function_prices.hpp"
#include "ohmic/chip/published.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/model/import/network.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// Settings of a chip's function, with the assignments that are not of cost; those go to `of_cost`.
template <class Spec>
chip::config<Spec> function_of(std::vector<std::string> const& set, std::vector<std::string>& of_cost) {
  auto function = chip::defaults<Spec>();
  for (auto const& s : set) {
    if (s.starts_with("cost.") || s.starts_with("report."))
      of_cost.push_back(s);
    else
      assign(function, s);
  }
  bind_devices(function);
  chip::validate(function);
  return function;
}

template <class Spec>
cost_case case_of(std::vector<std::string> const& set, std::size_t duplication) {
  std::vector<std::string> of_cost;
  auto const function = function_of<Spec>(set, of_cost);
  cost_command_config c;
  if (std::string_view(Spec::name) == chip::wang2024_published::name) c.report.count = count_rule::published;
  c.cost = chip::cost_config(function, c.cost);
  for (auto const& s : of_cost) {
    for (std::string_view key : {"memory", "rows", "columns", "cell_bits", "input_bits", "adc_bits"})
      if (s.starts_with("cost.attention." + std::string(key)) && s.find_first_of("= ") == 15 + key.size())
        throw error({errc::config_conflict, "follows from the arrays of attention",
                     "cost.attention." + std::string(key), s, "attention.arrays." + std::string(key), "set that"});
    assign(c, s);
  }
  if (duplication > 0) c.cost.duplication = duplication;
  computation_chip_config::validate(c.cost);
  return {c, chip::cost_choices(function, c.cost.scale),
          chip::with_function_prices(chip::published_prices(), function)};
}

}  // namespace

design design_named(std::string const& name) {
  if (!name.ends_with(".toml")) return {chip_request{name, name, {}}, &chip::find_cost_preset(name)};
  auto request = read_chip_file(name);
  for (auto const& p : chip::cost_presets)
    if (p.name == request.label)
      throw error({errc::config_conflict, "chip file goes by the name of a preset", name, request.label,
                   "a name of its own", "set name = \"..\" in the file"});
  auto const& preset = chip::find_cost_preset(request.base);
  if (!request.set.empty() && !preset.has_book)
    throw error({errc::config_conflict, "the cost of this chip is that of its source, for its printed settings", name,
                 request.set.front(), "no settings", "take them out; ohmic deploy runs them"});
  return {std::move(request), &preset};
}

json function_settings(design const& d, std::vector<std::string> const& set) {
  auto all = d.request.set;
  all.insert(all.end(), set.begin(), set.end());
  std::vector<std::string> of_cost;
  return d.request.base == chip::wang2024_published::name
             ? settings_object(function_of<chip::wang2024_published>(all, of_cost))
             : settings_object(function_of<chip::wang2024>(all, of_cost));
}

cost_case cost_case_of(design const& d, std::vector<std::string> const& set, std::size_t duplication,
                       bool with_places) {
  auto r = d.request;
  if (!with_places) r.places.clear();
  for (auto const& s : set) set_on_top(r, s);
  return naming_places(r, [&] {
    return r.base == chip::wang2024_published::name ? case_of<chip::wang2024_published>(r.set, duplication)
                                                    : case_of<chip::wang2024>(r.set, duplication);
  });
}

model::network network_named(std::string const& name) {
  if (std::filesystem::exists(name)) return model::read_network(name);
  if (name.find('/') != name.npos || name.ends_with(".json"))
    throw error({errc::file_missing, "no such file or folder", "--model", name,
                 "a folder with config.json, or a model's id", "check the path"});
  return model::find_network(name);
}

}  // namespace program_cli
