// The report of a design: rows with count, unit price, total and source. Every total is a sum of rows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/cost/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What a row adds to.
enum class metric { area, dynamic_energy, static_energy, latency };

[[nodiscard]] constexpr std::string_view name_of(metric m) noexcept {
  constexpr std::string_view names[] = {"area", "energy", "static_energy", "latency"};
  return names[static_cast<std::size_t>(m)];
}
/// Unit of a row's unit price and total.
[[nodiscard]] constexpr std::string_view unit_of(metric m) noexcept {
  constexpr std::string_view units[] = {"mm2", "J", "J", "s"};
  return units[static_cast<std::size_t>(m)];
}

/// When something happens. Area has no phase.
enum class phase { none, prefill, decode };

[[nodiscard]] constexpr std::string_view name_of(phase p) noexcept {
  constexpr std::string_view names[] = {"", "prefill", "decode_per_token"};
  return names[static_cast<std::size_t>(p)];
}

/// One line: so many of this at that price. Texts live as long as the program or the price book.
/// Units   as unit_of(what)
struct cost_row {
  metric what = metric::area;
  phase when = phase::none;
  std::string_view block{};  ///< "computation_crossbar"
  std::string_view part{};   ///< "adc", "adc.convert"
  double count = 0.0;
  double unit_price = 0.0;
  double total = 0.0;
  std::string_view source{};
  origin from = origin::assumption;

  /// "energy/prefill/adc.convert", "area/dense_bank/sense_adc"
  [[nodiscard]] std::string path() const {
    std::string text(name_of(what));
    for (std::string_view piece : {name_of(when), block, part})
      if (!piece.empty()) (text += '/') += piece;
    return text;
  }
};

/// A figure beside the rows: a bound, a share, a count of chips.
struct cost_note {
  std::string_view name;
  double value = 0.0;
  std::string_view unit{};
  std::string_view meaning{};
};

/// What a model costs on a chip.
struct cost_report {
  std::string_view chip;
  std::vector<cost_row> rows;
  std::vector<cost_note> notes;
  double peak_power_W = 0.0;  ///< everything busy at once
  double tokens_per_step =
      1.0;  ///< of a generation: the batch. Rows of phase::decode are of one token, their times of a step

  [[nodiscard]] double total(metric what, phase when = phase::none) const noexcept {
    double sum = 0.0;
    for (auto const& r : rows)
      if (r.what == what && r.when == when) sum += r.total;
    return sum;
  }
  [[nodiscard]] double area_mm2() const noexcept { return total(metric::area); }
  [[nodiscard]] double energy_J(phase when) const noexcept {
    return total(metric::dynamic_energy, when) + total(metric::static_energy, when);
  }
  [[nodiscard]] double latency_s(phase when) const noexcept { return total(metric::latency, when); }
  /// Energy over time; 0 where the chip's time is not modelled.
  [[nodiscard]] double average_power_W(phase when) const noexcept {
    double const t = latency_s(when);
    return t > 0.0 ? energy_J(when) * (when == phase::decode ? tokens_per_step : 1.0) / t : 0.0;
  }
  [[nodiscard]] double area_delay_mm2_s(phase when) const noexcept { return area_mm2() * latency_s(when); }
  [[nodiscard]] double note(std::string_view name) const noexcept {
    for (auto const& n : notes)
      if (n.name == name) return n.value;
    return 0.0;
  }
  /// Errors  capacity for a count of actions that no counter of 64 bits holds
  void add(cost_row const& r) {
    if (r.what == metric::dynamic_energy && !(r.count < 18446744073709551615.0))
      throw error({errc::capacity, "the count of an action does not fit 64 bits", r.path(),
                   detail::number_text(r.count), "below 2^64", "use fewer tokens or a smaller batch"});
    rows.push_back(r);
  }
};

}  // namespace ohmic::inline OHMIC_ABI
