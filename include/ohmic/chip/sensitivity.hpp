// Which constant moves a result most: every price and time moved by the same share, one at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/chip/cost_presets.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Relative changes of the totals when one constant grows by a share.
struct sensitivity_row {
  std::string constant;
  double area = 0.0, prefill_energy = 0.0, decode_energy = 0.0, prefill_latency = 0.0, decode_latency = 0.0;

  [[nodiscard]] double largest() const noexcept {
    double most = 0.0;
    for (double d : {area, prefill_energy, decode_energy, prefill_latency, decode_latency})
      most = std::max(most, std::fabs(d));
    return most;
  }
};

/// Rows of all constants that move anything, the strongest first.
/// Range   share > -1
[[nodiscard]] inline std::vector<sensitivity_row> sensitivity(cost_preset const& preset, workload const& w,
                                                              cost_settings const& settings, double share = 0.1) {
  auto const base = preset.cost(w, settings);
  std::vector<sensitivity_row> rows;
  auto const add = [&](std::string constant, cost_settings const& moved) {
    auto const r = preset.cost(w, moved);
    auto const change = [](double now, double before) { return before > 0.0 ? now / before - 1.0 : 0.0; };
    sensitivity_row row{std::move(constant),
                        change(r.area_mm2(), base.area_mm2()),
                        change(r.energy_J(phase::prefill), base.energy_J(phase::prefill)),
                        change(r.energy_J(phase::decode), base.energy_J(phase::decode)),
                        change(r.latency_s(phase::prefill), base.latency_s(phase::prefill)),
                        change(r.latency_s(phase::decode), base.latency_s(phase::decode))};
    if (row.largest() > 1e-12) rows.push_back(std::move(row));
  };
  std::vector<std::string> names;
  for_each_price(settings.prices, [&](char const* name, auto const&) { names.emplace_back(name); });
  for (auto const& wanted : names) {
    cost_settings moved = settings;
    for_each_price(moved.prices, [&](char const* name, auto& p) {
      if (wanted == name) p = p * (1.0 + share);
    });
    add(wanted, moved);
  }
  auto const with_chip = [&](char const* name, auto const& change) {
    cost_settings moved = settings;
    change(moved.chip, 1.0 + share);
    add(name, moved);
  };
  with_chip("cycle", [](computation_chip_config& c, double k) { c.cycle *= k; });
  with_chip("column_time", [](computation_chip_config& c, double k) { c.column_time *= k; });
  with_chip("conversions_per_s", [](computation_chip_config& c, double k) { c.conversions_per_s *= k; });
  with_chip("cache_bytes_per_s", [](computation_chip_config& c, double k) { c.cache_bytes_per_s *= k; });
  auto const with_constant = [&](char const* name, auto const& change) {
    cost_settings moved = settings;
    change(moved.constants, 1.0 + share);
    add(name, moved);
  };
  with_constant("prime_mac", [](published_constants& c, double k) { c.prime_mac = c.prime_mac * k; });
  with_constant("pipelayer_mac", [](published_constants& c, double k) { c.pipelayer_mac = c.pipelayer_mac * k; });
  with_constant("vesti_mac", [](published_constants& c, double k) { c.vesti_mac = c.vesti_mac * k; });
  with_constant("vesti_weight", [](published_constants& c, double k) { c.vesti_weight = c.vesti_weight * k; });
  with_constant("multi_bit_mac", [](published_constants& c, double k) { c.multi_bit_mac = c.multi_bit_mac * k; });
  with_constant("single_bit_mac", [](published_constants& c, double k) { c.single_bit_mac = c.single_bit_mac * k; });
  with_constant("time_factor", [](published_constants& c, double k) { c.time_factor *= k; });
  with_constant("area_factor", [](published_constants& c, double k) { c.area_factor *= k; });
  std::stable_sort(rows.begin(), rows.end(), [](auto const& a, auto const& b) { return a.largest() > b.largest(); });
  return rows;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
