#include "text_cost.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/function_prices.hpp"
#include "ohmic/chip/published.hpp"
#include "ohmic/chip/wang2024_cost.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/cost/timeline.hpp"
#include "ohmic/model/import/network.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

json timeline_of_prefill(computation_chip_config const& c, workload const& w) {
  json steps = json::array();
  for (auto const& s : timeline_of(c, resources_for(c, w.prefill, dense_columns(c, w, count_rule::full)), w.prefill)) {
    json step{{"operation", program::name_of(s.what)}, {"start_s", s.start}};
    for (std::size_t i = 0; i < stage_count; ++i)
      step["stages_s"][std::string(name_of(static_cast<stage>(i)))] = s.stages[i];
    steps.push_back(std::move(step));
  }
  return steps;
}

namespace {

json priced_texts(dense_settings const& c, std::string const& model,
                  std::map<std::size_t, std::uint64_t> const& lengths) {
  auto const network = model::read_network(model);
  chip::cost_settings s;
  s.chip = chip::cost_config(c);
  s.choice.prices = price_set::bottom_up;
  s.prices = chip::with_function_prices(chip::published_prices(), c);
  auto const choices = chip::cost_choices(c, s.chip.scale);
  auto const& preset = chip::find_cost_preset(chip::wang2024::name);
  auto const work_at = [&](std::size_t tokens) {
    return chip::workload_of(network, {tokens, 0, 1}, choices, s.chip.array.activations(s.chip.scale));
  };
  double area = 0.0, energy = 0.0, latency = 0.0;
  std::uint64_t texts = 0, tokens = 0;
  for (auto const& [length, n] : lengths) {
    auto const one = preset.cost(work_at(length), s);
    area = std::max(area, one.area_mm2());
    energy += static_cast<double>(n) * one.energy_J(phase::prefill);
    latency += static_cast<double>(n) * one.latency_s(phase::prefill);
    texts += n, tokens += n * length;
  }
  std::size_t const mean = (tokens + texts / 2) / texts;
  auto const work = work_at(mean);
  auto const one = preset.cost(work, s);
  return {
      {"prices", "bottom_up"},
      {"area_mm2", area},
      {"energy_J", energy},
      {"latency_s", latency},
      {"text",
       {{"tokens", mean}, {"energy_J", one.energy_J(phase::prefill)}, {"latency_s", one.latency_s(phase::prefill)}}},
      {"rows", rows_of(one)},
      {"timeline", timeline_of_prefill(s.chip, work)}};
}

}  // namespace

json text_cost_object(dense_settings const& c, std::string const& model,
                      std::map<std::size_t, std::uint64_t> const& lengths) {
  if (lengths.empty() || !std::filesystem::exists(std::filesystem::path(model) / "config.json")) return nullptr;
  try {
    return priced_texts(c, model, lengths);
  } catch (error const& e) {
    say(stderr, "ohmic: the cost of these texts is left out: {}\n", e.what());
    return nullptr;
  }
}

}  // namespace program_cli
