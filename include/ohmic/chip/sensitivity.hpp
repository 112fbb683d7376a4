// Which constant moves a result most: every price, time and rate moved by the same share both ways, one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/core/reflect.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Totals that a constant moves.
enum class moved_total { area, prefill_energy, decode_energy, prefill_latency, decode_latency };
inline constexpr std::size_t moved_totals = 5;
[[nodiscard]] constexpr std::string_view name_of(moved_total t) noexcept {
  constexpr std::string_view names[] = {"area", "energy_prefill", "energy_decode_per_token", "latency_prefill",
                                        "latency_decode_per_token"};
  return names[static_cast<std::size_t>(t)];
}

/// Relative changes of the totals when one constant grows by a share, and when it shrinks by it.
struct sensitivity_row {
  using changes = std::array<double, moved_totals>;
  std::string constant;
  changes up{}, down{};

  [[nodiscard]] double largest(moved_total t) const noexcept {
    auto const i = static_cast<std::size_t>(t);
    return std::max(std::fabs(up[i]), std::fabs(down[i]));
  }
  [[nodiscard]] double largest() const noexcept {
    double most = 0.0;
    for (std::size_t i = 0; i < moved_totals; ++i) most = std::max(most, largest(static_cast<moved_total>(i)));
    return most;
  }
};

namespace detail {

template <class T>
void scale_constant(price<T>& p, double k) noexcept {
  p = p * k;
}
template <class T>
void scale_constant(T& v, double k) noexcept {
  v *= k;
}

/// Calls f(name, constant) for every constant of the settings: prices, times and rates of the chip, fitted constants, those
/// of the systems compared with. Sizes, bits and choices are not constants but designs.
template <class F>
void for_each_constant(cost_settings& s, F&& f) {
  for_each_price(s.prices, [&](char const* name, auto& p) { f(std::string_view(name), p); });
  auto const of = [&f](std::string const& group) {
    return [&f, group](std::string_view name, auto& member) {
      using member_type = std::remove_cvref_t<decltype(member)>;
      if constexpr (std::is_same_v<member_type, double> || std::is_same_v<member_type, seconds>)
        f(std::string_view(group + std::string(name)), member);
    };
  };
  for_each_field(s.chip, of(""));
  for_each_field(s.chip.attention, of("attention."));
  auto& k = s.constants;
  f("prime_mac", k.prime_mac), f("pipelayer_mac", k.pipelayer_mac), f("vesti_mac", k.vesti_mac);
  f("vesti_weight", k.vesti_weight), f("multi_bit_mac", k.multi_bit_mac), f("single_bit_mac", k.single_bit_mac);
  f("time_factor", k.time_factor), f("area_factor", k.area_factor);
  for_each_baseline_constant(s.baselines, [&](char const* name, auto& v) { f(std::string_view(name), v); });
}

}  // namespace detail

/// Rows of all constants that move anything, the strongest first. A constant that its bounds hold on one side (a price that
/// leaves nothing for the cells) has a change of 0 there.
/// Range   share 0 to 1
[[nodiscard]] inline std::vector<sensitivity_row> sensitivity(cost_preset const& preset, workload const& w,
                                                              cost_settings const& settings, double share = 0.1) {
  auto const totals_of = [&](cost_settings const& s) {
    auto const r = preset.cost(w, s);
    return sensitivity_row::changes{r.area_mm2(), r.energy_J(phase::prefill), r.energy_J(phase::decode),
                                    r.latency_s(phase::prefill), r.latency_s(phase::decode)};
  };
  auto const base = totals_of(settings);
  std::vector<sensitivity_row> rows;
  cost_settings unmoved = settings;
  detail::for_each_constant(unmoved, [&](std::string_view wanted, auto const&) {
    sensitivity_row row;
    row.constant = wanted;
    for (bool const grows : {true, false}) {
      cost_settings moved = settings;
      detail::for_each_constant(moved, [&](std::string_view name, auto& v) {
        if (name == wanted) detail::scale_constant(v, grows ? 1.0 + share : 1.0 - share);
      });
      sensitivity_row::changes now = base;
      try {
        now = totals_of(moved);
      } catch (error const&) {}  // out of its range
      auto& changes = grows ? row.up : row.down;
      for (std::size_t i = 0; i < moved_totals; ++i) changes[i] = base[i] > 0.0 ? now[i] / base[i] - 1.0 : 0.0;
    }
    if (row.largest() > 1e-12) rows.push_back(std::move(row));
  });
  std::stable_sort(rows.begin(), rows.end(), [](auto const& a, auto const& b) { return a.largest() > b.largest(); });
  return rows;
}

/// The constant that moves a total most; empty where none does.
[[nodiscard]] inline std::string strongest(std::vector<sensitivity_row> const& rows, moved_total t) {
  sensitivity_row const* most = nullptr;
  for (auto const& r : rows)
    if (r.largest(t) > 1e-12 && (most == nullptr || r.largest(t) > most->largest(t))) most = &r;
  return most == nullptr ? std::string() : most->constant;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
