// Speed of the cost side: one model on every preset, and design points of a sweep. No reference to compare with: the
// check before the
// timing is that the printed energy comes out, and the published limit is stated beside each bench.
#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdlib>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/reproduce.hpp"
#include "ohmic/chip/workload.hpp"

namespace {

using namespace ohmic;

model::network const& bert_large() { return model::find_network("bert_large"); }

/// Prefill and decode of BERT-Large from its sizes, whole: programs, counts, rows. Limit: 100 us; aim 10 us.
void cost_of_bert_large(benchmark::State& state) {
  auto const& preset = chip::cost_presets[static_cast<std::size_t>(state.range(0))];
  chip::cost_settings const settings;
  auto const choices = chip::choices_of(preset.name);
  auto const check = preset.cost(chip::workload_of(bert_large(), {256, 1, 1}, choices), settings);
  if (!(check.energy_J(phase::prefill) > 0.0)) return state.SkipWithError("no energy");
  for (auto _ : state) {
    auto const w = chip::workload_of(bert_large(), {256, 1, 1}, choices);
    auto const r = preset.cost(w, settings);
    benchmark::DoNotOptimize(r.energy_J(phase::prefill) + r.energy_J(phase::decode) + r.area_mm2());
  }
  state.SetLabel(std::string(preset.name));
}
BENCHMARK(cost_of_bert_large)->Name("cost/bert_large")->DenseRange(0, static_cast<int>(chip::cost_presets.size()) - 1);

/// Design points of one model: settings change, the workload stands. Limit: 1e5 a second and core; aim 1e6.
void design_points(benchmark::State& state) {
  auto const w = chip::workload_of(bert_large(), {256, 1, 1}, chip::choices_of("wang2024"));
  chip::cost_settings s;
  if (std::fabs(computation_chip_cost("x", s.chip, s.prices, w).note("energy.prefill.as_published.published") /
                    20.7e-3 -
                1.0) > 1e-9)
    return state.SkipWithError("not the printed energy");
  std::size_t point = 0;
  for (auto _ : state) {
    s.chip.duplication = 1 + point % 512;
    s.chip.adc_bits = 5 + static_cast<int>(point % 6);
    auto const r = computation_chip_cost("x", s.chip, s.prices, w, {}, false);
    benchmark::DoNotOptimize(r.area_mm2() + r.energy_J(phase::prefill) + r.latency_s(phase::prefill));
    ++point;
  }
  state.counters["points/s"] = benchmark::Counter(static_cast<double>(point), benchmark::Counter::kIsRate);
}
BENCHMARK(design_points)->Name("cost/design_points");

/// GPT-3 has 580 times the weights of BERT-Large and costs the same time.
void cost_of_gpt3(benchmark::State& state) {
  auto const& n = model::find_network("gpt3");
  chip::cost_settings const s;
  for (auto _ : state) {
    auto const r = computation_chip_cost("x", s.chip, s.prices, chip::workload_of(n, {256, 1, 1}, {}));
    benchmark::DoNotOptimize(r.area_mm2());
  }
}
BENCHMARK(cost_of_gpt3)->Name("cost/gpt3");

void all_printed_values(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(chip::reproduce().size());
}
BENCHMARK(all_printed_values)->Name("cost/all_printed_values");

}  // namespace
