#include "sweep_points.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/core.h>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "cost_case.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/core/error.hpp"

namespace program_cli {

using namespace ohmic;

bool is_of_point(std::exception const& e) noexcept {
  // What a plugin's function says of a design (plugin_failed) it says again; that its process died is no answer.
  auto const* const ours = dynamic_cast<error const*>(&e);
  return ours != nullptr && (ours->is_bad_input() || ours->code() == errc::plugin_failed);
}

std::vector<std::string> const& cost_metrics() {
  static std::vector<std::string> const names{"area_mm2",
                                              "energy_J.prefill",
                                              "energy_J.decode_per_token",
                                              "latency_s.prefill",
                                              "latency_s.decode_per_token",
                                              "edp_J_s.prefill",
                                              "edp_J_s.decode_per_token",
                                              "adp_mm2_s.prefill",
                                              "adp_mm2_s.decode_per_token",
                                              "power_W.peak"};
  return names;
}

std::vector<double> cost_metrics_of(cost_report const& r, bool decodes) {
  double const none = std::numeric_limits<double>::quiet_NaN();
  auto const modelled = [none](double v) { return v > 0.0 ? v : none; };
  double const area = modelled(r.area_mm2());
  double energy[2], time[2];
  for (int i = 0; i < 2; ++i) {
    phase const when = i == 0 ? phase::prefill : phase::decode;
    bool const there = i == 0 || decodes;
    energy[i] = there ? modelled(r.energy_J(when)) : none;
    time[i] = there ? modelled(r.latency_s(when)) : none;
  }
  return {area,
          energy[0],
          energy[1],
          time[0],
          time[1],
          energy[0] * time[0],
          energy[1] * time[1],
          area * time[0],
          area * time[1],
          modelled(r.peak_power_W)};
}

struct priced_designs::parts {
  sweep_spec const* spec;
  std::mutex guard;
  std::map<std::string, model::network> networks;
  struct made {
    program::function_choices choices;
    std::shared_ptr<workload const> work;
  };
  std::map<std::string, std::vector<made>> workloads;

  std::shared_ptr<workload const> work(sweep_assignment const& a, cost_case const& c) {
    auto const key = fmt::format("{}\n{} {} {} {}", a.model, a.tokens, a.decode, a.batch, c.activations());
    std::lock_guard const lock(guard);
    if (workloads.size() >= 4096) workloads.clear();  // sampled lengths: as many workloads as points
    auto& same = workloads[key];
    for (auto const& m : same)
      if (m.choices == c.choices) return m.work;
    auto network = networks.find(a.model);
    if (network == networks.end()) network = networks.emplace(a.model, network_named(a.model)).first;
    same.push_back({c.choices, std::make_shared<workload const>(chip::workload_of(
                                   network->second, {a.tokens, a.decode, a.batch}, c.choices, c.activations()))});
    return same.back().work;
  }

  /// Calls use(report, whether it decodes).
  template <class Use>
  auto priced(sweep_assignment const& a, Use const& use) {
    auto const& d = spec->chip_called(a.chip);
    auto const c = cost_case_of(d, a.set, 0, false);  // a point is the same wherever its chip file lies
    auto const w = work(a, c);
    return use(d.preset->cost(*w, c.settings()), w->decode > 0);
  }
};

priced_designs::priced_designs(sweep_spec const& spec) : parts_(std::make_unique<parts>()) { parts_->spec = &spec; }
priced_designs::~priced_designs() = default;

std::vector<double> priced_designs::of(sweep_assignment const& a) const { return parts_->priced(a, cost_metrics_of); }
json priced_designs::rows(sweep_assignment const& a) const {
  return parts_->priced(a, [](cost_report const& r, bool) { return rows_of(r); });
}

namespace {

class cost_runner final : public point_runner {
 public:
  explicit cost_runner(sweep_spec const& spec) : spec_(&spec), designs_(spec) {}

  [[nodiscard]] std::vector<std::string> const& metrics() const override { return cost_metrics(); }
  [[nodiscard]] std::size_t batch() const override { return 1024; }

  std::vector<sweep_result> run(std::span<std::uint64_t const> points, executor& threads) override {
    std::vector<sweep_result> out(points.size());
    threads.for_each_index(points.size(), [&](std::size_t i) {
      out[i].point = points[i];
      guarded_point(out[i], [&] { out[i].metrics = designs_.of(spec_->assignment(points[i])); });
    });
    return out;
  }
  [[nodiscard]] std::map<std::string, std::string> idle(std::uint64_t point) const override {
    auto const a = spec_->assignment(point);
    auto const described = settings_at(a);
    auto const found = designs_.of(a);
    std::map<std::string, std::string> out;
    for (std::size_t i = 0; i < spec_->set.size(); ++i) {
      auto fewer = a;
      fewer.set.erase(fewer.set.begin() + static_cast<std::ptrdiff_t>(i));
      try {
        if (settings_at(fewer) == described) continue;  // what it is without being asked for
        if (same_numbers(designs_.of(fewer), found)) out.emplace(key_of(spec_->set[i]), "no metric depends on it");
      } catch (error const&) {}  // the others need it
    }
    return out;
  }
  [[nodiscard]] json price_rows(std::uint64_t point) const override { return designs_.rows(spec_->assignment(point)); }

 private:
  [[nodiscard]] std::pair<json, json> settings_at(sweep_assignment const& a) const {
    auto const& d = spec_->chip_called(a.chip);
    return {settings_object(cost_case_of(d, a.set).config), function_settings(d, a.set)};
  }
  /// What is not modelled is not modelled in both.
  [[nodiscard]] static bool same_numbers(std::vector<double> const& a, std::vector<double> const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
  }

  sweep_spec const* spec_;
  priced_designs designs_;
};

}  // namespace

std::unique_ptr<point_runner> cost_points(sweep_spec const& spec) { return std::make_unique<cost_runner>(spec); }

}  // namespace program_cli
