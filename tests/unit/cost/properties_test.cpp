// Laws of cost that hold for every chip and every model: sums of parts, work done twice, generations end to end.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/cost/timeline.hpp"
#include "support/catch.hpp"

namespace {
namespace cost_laws {

using namespace ohmic;

/// 21 million to 175 billion weights: convolutions, encoders, decoders, an encoder with a decoder, experts.
constexpr std::array models = {"resnet_34", "bert_base", "gpt2", "llama_7b", "t5_3b", "mixtral_8x7b", "gpt3"};

workload used(char const* model, std::size_t tokens, std::size_t decode, std::size_t batch = 1) {
  return chip::workload_of(model::find_network(model), {tokens, decode, batch}, {});
}

/// Sums of some hundred products in another order: below 1024 roundings of at most 2^-53 each.
constexpr double order_of_sums = 1024 * 0x1p-53;

/// What is done, without what crosses the links between chips, which depends on where the model was cut.
double beside_links(cost_report const& r, metric what, phase when) {
  double sum = 0.0;
  for (auto const& row : r.rows)
    if (row.what == what && row.when == when && row.block != "links") sum += row.total;
  return sum;
}

/// Every sub-operation as many times again: the same model and chip.
workload done_times(workload w, std::size_t n) {
  auto const more = [n](program::repeated_program& p) {
    for (auto& r : p) r.times *= n;
  };
  more(w.prefill);
  for (auto& s : w.segments) more(s.first), more(s.last);
  w.serial_vectors *= static_cast<double>(n);
  w.serial_steps *= static_cast<double>(n);
  return w;
}

}  // namespace cost_laws
}  // namespace

TEST_CASE("no part of any chip costs less than nothing, whatever the model") {
  using namespace cost_laws;
  for (auto const& preset : chip::cost_presets)
    for (char const* model : models) {
      auto const r = preset.cost(used(model, 0, 4), {});
      CHECK_FALSE(r.rows.empty());
      for (auto const& row : r.rows) {
        INFO(preset.name << ", " << model << ": " << row.path());
        CHECK(row.count >= 0.0);
        CHECK(row.unit_price >= 0.0);
        CHECK(row.total >= 0.0);
        CHECK(std::isfinite(row.total));
        CHECK(row.total == Approx(row.count * row.unit_price).epsilon(order_of_sums));
      }
      CHECK(r.peak_power_W >= 0.0);
    }
}

TEST_CASE("area, energy and latency of every chip are the sums of its blocks, before and after the first token") {
  using namespace cost_laws;
  for (auto const& preset : chip::cost_presets)
    for (char const* model : models) {
      INFO(preset.name << ", " << model);
      auto const r = preset.cost(used(model, 0, 4), {});
      std::map<std::string, double> blocks;  // "area/dense_bank", "energy/prefill/links"
      for (auto const& row : r.rows)
        blocks[std::string(name_of(row.what)) + '/' + std::string(name_of(row.when)) + '/' + std::string(row.block)] +=
            row.total;
      auto const sum = [&](std::initializer_list<std::string> beginnings) {
        double s = 0.0;
        for (auto const& [path, total] : blocks)
          for (auto const& b : beginnings)
            if (path.starts_with(b)) s += total;
        return s;
      };
      CHECK(r.area_mm2() == Approx(sum({"area//"})).epsilon(order_of_sums));
      double all = r.area_mm2();
      for (auto when : {phase::prefill, phase::decode}) {
        std::string const at = '/' + std::string(name_of(when)) + '/';
        CHECK(r.energy_J(when) == Approx(sum({"energy" + at, "static_energy" + at})).epsilon(order_of_sums));
        CHECK(r.latency_s(when) == Approx(sum({"latency" + at})).epsilon(order_of_sums));
        all += r.energy_J(when) + r.latency_s(when);
      }
      // No row is left out of the three: of no phase, or of another kind.
      CHECK(all == Approx(sum({""})).epsilon(order_of_sums));
    }
}

TEST_CASE("a chip that does its work twice takes twice the energy and twice the time, on the same area") {
  using namespace cost_laws;
  for (auto const& preset : chip::cost_presets)
    for (char const* model : models) {
      INFO(preset.name << ", " << model);
      auto const w = used(model, 0, 4);
      auto const once = preset.cost(w, {}), twice = preset.cost(done_times(w, 2), {});
      CHECK(twice.area_mm2() == once.area_mm2());
      for (auto when : {phase::prefill, phase::decode})
        for (auto what : {metric::dynamic_energy, metric::latency}) {
          INFO(name_of(what) << " " << name_of(when));
          // Counts are doubled, which is exact: so are their sums.
          CHECK(beside_links(twice, what, when) == 2.0 * beside_links(once, what, when));
        }
    }
}

TEST_CASE("the energy of a prefill is the sum of the energies of its parts, each by itself") {
  using namespace cost_laws;
  for (auto const& preset : chip::cost_presets)
    for (char const* model : models) {
      INFO(preset.name << ", " << model);
      auto const w = used(model, 0, 0);
      auto even = w, odd = w;
      even.prefill.clear(), odd.prefill.clear();
      for (std::size_t i = 0; i < w.prefill.size(); ++i) (i % 2 == 0 ? even : odd).prefill.push_back(w.prefill[i]);
      auto const energy = [&](workload const& of) {
        return beside_links(preset.cost(of, {}), metric::dynamic_energy, phase::prefill);
      };
      CHECK(energy(odd) > 0.0);
      CHECK(energy(even) + energy(odd) == Approx(energy(w)).epsilon(order_of_sums));
    }
}

TEST_CASE("two generations, the second after the first, take the energy and the time of one as long as both") {
  using namespace cost_laws;
  // Not those of models with a decoder that begins anew (T5), whose second generation is no longer than its first. Counts grow
  // evenly between multiples of the 64 activations of an array, so that energies add up wherever a generation is cut; the time of
  // a step is that of its slowest stage, which may change in between, so that times do where the context is such a multiple.
  std::size_t const tokens = 100, second = 90;
  for (auto const& preset : chip::cost_presets)
    for (char const* model : {"bert_base", "gpt2", "llama_7b", "mixtral_8x7b", "gpt3"}) {
      auto const generated = [&](metric what, std::size_t context, std::size_t steps) {
        auto const r = preset.cost(used(model, context, steps), {});
        return static_cast<double>(steps) * beside_links(r, what, phase::decode);
      };
      INFO(preset.name << ", " << model);
      for (std::size_t first : {std::size_t{28}, std::size_t{40}})
        CHECK(generated(metric::dynamic_energy, tokens, first) +
                  generated(metric::dynamic_energy, tokens + first, second) ==
              Approx(generated(metric::dynamic_energy, tokens, first + second)).epsilon(order_of_sums));
      CHECK(generated(metric::latency, tokens, 28) + generated(metric::latency, 128, second) ==
            Approx(generated(metric::latency, tokens, 28 + second)).epsilon(order_of_sums));
    }
}

TEST_CASE("the latency of a pass is the sum of the steps of its timeline, and a step is never negative") {
  using namespace cost_laws;
  computation_chip_config const c;
  for (char const* model : models) {
    INFO(model);
    auto const w = used(model, 0, 0);
    auto const r = resources_for(c, w.prefill, dense_columns(c, w, count_rule::full));
    double sum = 0.0, at = 0.0;
    auto const steps = timeline_of(c, r, w.prefill);
    REQUIRE(steps.size() == w.prefill.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (double t : steps[i].stages) CHECK(t >= 0.0);
      CHECK(steps[i].start == at);
      at = steps[i].end();
      sum += (steps[i].end() - steps[i].start) * static_cast<double>(w.prefill[i].times);
    }
    // The start of a step is the sum of those before: its length has lost what rounding took off that sum.
    CHECK(chip::find_cost_preset("wang2024").cost(w, {}).latency_s(phase::prefill) == Approx(sum).epsilon(1e-9));
  }
}
