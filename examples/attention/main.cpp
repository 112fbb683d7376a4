// What a generated token costs against the length of its context, under each attention policy, and where one becomes cheaper than another.
// usage: ohmic_attention FOLDER
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../figures/svg.hpp"
#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/workload.hpp"

using namespace ohmic;

namespace {

/// A way to attend, as this comparison names it.
struct contestant {
  char const* name;
  attention_policy policy;
  attention_memory memory = attention_memory::rram;
};
constexpr contestant contestants[] = {
    {"shared_array", attention_policy::shared_array},
    {"written_arrays, RRAM", attention_policy::written_arrays},
    {"written_arrays, SRAM", attention_policy::written_arrays, attention_memory::sram},
    {"digital", attention_policy::digital},
    {"decomposed, were keys not rotated", attention_policy::decomposed}};

/// Of one generated token after a context, everything of the chip: weights, attention, head; at bottom-up prices.
struct token_cost {
  double dynamic_J = 0.0, static_J = 0.0, latency_s = 0.0, area_mm2 = 0.0;
  double lifetime_s = 0.0;   ///< of written RRAM cells
  double utilisation = 0.0;  ///< column pairs in use in a step
};

/// `reuse`: sequences side by side and drafts, which share the reads of a step; the time is of one token of one sequence.
token_cost cost_of(model::network network, contestant const& c, std::size_t context, chip::usage reuse = {}) {
  // Rotated keys are refused in a decomposed product: what it would cost without the rotation.
  if (c.policy == attention_policy::decomposed) network.transformer->rotary = false;
  auto settings = chip::defaults<chip::wang2024>();
  settings.attention.policy = c.policy;
  settings.attention.arrays.memory = c.memory;
  chip::cost_settings s;
  s.chip = chip::cost_config(settings);
  s.choice.prices = price_set::bottom_up;
  auto const choices = chip::cost_choices(settings);
  reuse.tokens = context;
  auto const w = chip::workload_of(network, reuse, choices, s.chip.array.activations(s.chip.scale));
  auto const r = chip::find_cost_preset("wang2024").cost(w, s);
  token_cost out{r.total(metric::dynamic_energy, phase::decode),
                 r.total(metric::static_energy, phase::decode),
                 r.latency_s(phase::decode),
                 r.area_mm2(),
                 r.note("attention.lifetime.decode"),
                 r.note("utilisation.one_token")};
  for (auto const& row : r.rows)  // links between chips follow the area and are no part of attention
    if (row.block == "links" && row.when == phase::decode)
      (row.what == metric::latency ? out.latency_s : out.dynamic_J) -= row.total;
  out.latency_s /= w.accepted;
  return out;
}

/// What is compared.
struct figure {
  char const* name;
  char const* label;
  double (*of)(token_cost const&);
};
constexpr figure measures[] = {
    {"dynamic energy", "J a token", [](token_cost const& c) { return c.dynamic_J; }},
    {"energy with static power", "J a token", [](token_cost const& c) { return c.dynamic_J + c.static_J; }},
    {"latency", "s a token", [](token_cost const& c) { return c.latency_s; }}};

constexpr std::size_t shortest = 128, longest = 131072;

/// First context from which b costs less than a, where a costs less before; 0: none.
std::size_t crossover(model::network const& n, contestant const& a, contestant const& b, figure const& f) {
  auto const gain = [&](std::size_t context) { return f.of(cost_of(n, a, context)) - f.of(cost_of(n, b, context)); };
  std::size_t low = shortest;
  if (gain(low) >= 0.0) return 0;
  for (std::size_t high = 2 * low; high <= longest; low = high, high *= 2)
    if (gain(high) > 0.0) {
      while (high - low > 1) (gain((low + high) / 2) > 0.0 ? high : low) = (low + high) / 2;
      return high;
    }
  return 0;
}

/// Who takes least at the contexts that are asked about; of the policies that the model can have.
void print_least(model::network const& n, figure const& f) {
  std::printf("  least %s:", f.name);
  for (std::size_t context : {1024u, 8192u, 131072u}) {
    contestant const* best = nullptr;
    for (auto const& c : contestants)
      if (c.policy != attention_policy::decomposed &&
          (best == nullptr || f.of(cost_of(n, c, context)) < f.of(cost_of(n, *best, context))))
        best = &c;
    std::printf(" %s after %zu%s", best->name, context, context == 131072 ? "\n" : ",");
  }
}

/// Batches and drafts at one context: what shares a read of the weights, and fills column pairs that one token leaves idle.
void reuse_table(std::string const& file) {
  auto const& network = model::find_network("llama_3_8b");
  constexpr std::size_t context = 8192;
  std::ofstream csv(file);
  csv << "policy,batch,drafted,acceptance,dynamic_J,static_J,latency_s,column_pairs_in_use\n";
  std::printf("Llama-3-8B after %zu tokens: sequences and drafts that share a step (acceptance 0.8)\n", context);
  std::printf("  %-34s %6s %7s %12s %12s %18s %6s\n", "policy", "batch", "drafted", "dynamic J", "static J",
              "s a token of each", "pairs");
  for (auto const& c : {contestants[0], contestants[1], contestants[3]})
    for (std::size_t batch : {1u, 8u, 64u})
      for (std::size_t drafted : {0u, 4u}) {
        chip::usage reuse;
        reuse.batch = batch, reuse.drafted = drafted;
        auto const cost = cost_of(network, c, context, reuse);
        std::printf("  %-34s %6zu %7zu %12.4g %12.4g %18.4g %5.0f%%\n", c.name, batch, drafted, cost.dynamic_J,
                    cost.static_J, cost.latency_s, 100.0 * cost.utilisation);
        csv << '"' << c.name << "\"," << batch << ',' << drafted << ',' << reuse.acceptance << ',' << cost.dynamic_J
            << ',' << cost.static_J << ',' << cost.latency_s << ',' << cost.utilisation << '\n';
      }
  std::printf("\n");
  if (!csv.flush()) throw std::runtime_error("cannot write " + file);
}

std::string time_text(double s) {
  char text[32];
  double const years = s / 31557600.0;
  if (years >= 1.0)
    std::snprintf(text, sizeof text, "%.3g years", years);
  else
    std::snprintf(text, sizeof text, "%.3g days", s / 86400.0);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ohmic_attention FOLDER\n";
    return 2;
  }
  std::string const folder = argv[1];
  try {
    std::ofstream csv(folder + "/attention_decode.csv");
    csv << "model,policy,context,dynamic_J,static_J,latency_s,area_mm2,cell_lifetime_s\n";
    std::vector<figures::chart> panels;
    std::ofstream crossings(folder + "/attention_crossovers.csv");
    crossings << "model,figure,below,from,above\n";
    for (auto const& [id, title] : {std::pair{"llama_7b", "llama_7b"}, {"llama_3_8b", "Llama-3-8B"}}) {
      auto const& network = model::find_network(id);
      std::printf("%s on wang2024, one token after a context (bottom-up prices, batch 1)\n", title);
      std::printf("  %-34s %8s %12s %12s %12s %12s  %s\n", "policy", "context", "dynamic J", "static J", "latency s",
                  "area mm2", "cells last");
      std::vector<std::vector<figures::series>> lines(std::size(measures));
      for (auto const& c : contestants) {
        for (auto& l : lines) l.push_back({c.name, {}});
        for (std::size_t context = shortest; context <= longest; context *= 2) {
          auto const cost = cost_of(network, c, context);
          for (std::size_t m = 0; m < std::size(measures); ++m)
            lines[m].back().points.emplace_back(static_cast<double>(context), measures[m].of(cost));
          csv << id << ",\"" << c.name << "\"," << context << ',' << cost.dynamic_J << ',' << cost.static_J << ','
              << cost.latency_s << ',' << cost.area_mm2 << ',' << cost.lifetime_s << '\n';
          if (context == 1024 || context == 8192 || context == 131072)
            std::printf("  %-34s %8zu %12.4g %12.4g %12.4g %12.4g  %s\n", c.name, context, cost.dynamic_J,
                        cost.static_J, cost.latency_s, cost.area_mm2,
                        cost.lifetime_s > 0.0 ? time_text(cost.lifetime_s).c_str() : "-");
        }
      }
      for (std::size_t m = 0; m < std::size(measures); ++m)
        panels.push_back({std::string(title) + ": " + measures[m].name, "tokens of context", measures[m].label,
                          std::move(lines[m])});
      for (auto const& f : measures) print_least(network, f);
      for (auto const& f : measures)
        for (auto const& a : contestants)
          for (auto const& b : contestants)
            if (std::size_t const at = crossover(network, a, b, f); at > 0) {
              std::printf("  %s: from %zu tokens of context on %s takes less than %s\n", f.name, at, b.name, a.name);
              crossings << id << ',' << f.name << ",\"" << a.name << "\"," << at << ",\"" << b.name << "\"\n";
            }
      std::printf("\n");
    }
    reuse_table(folder + "/attention_reuse.csv");
    figures::write_svg(folder + "/attention_decode.svg", panels);
    if (!csv.flush() || !crossings.flush()) throw std::runtime_error("cannot write into " + folder);
    std::cout << "attention_decode.csv, attention_decode.svg, attention_crossovers.csv, attention_reuse.csv in "
              << folder << "\n";
  } catch (std::exception const& e) {
    std::cerr << "ohmic_attention: " << e.what() << "\n";
    return 3;
  }
}
