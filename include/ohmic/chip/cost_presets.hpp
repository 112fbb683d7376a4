// Every chip that can be costed, by name.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/chip/a100.hpp"
#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/pipelayer.hpp"
#include "ohmic/chip/prime.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/chip/tpuv4.hpp"
#include "ohmic/chip/vesti.hpp"
#include "ohmic/chip/wang2024_cost.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/cost/book_file.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// A chip as `ohmic cost` knows it.
struct cost_preset {
  std::string_view name;
  std::string_view summary;
  std::string_view citation;
  bool has_function;  ///< `deploy` can run models on it
  bool has_book;      ///< its parts are priced from a book, so that its settings change its cost
  cost_report (*cost)(workload const&, cost_settings const&);
  /// At the prices of a book in place of the settings'; nullptr where there is no book.
  cost_report (*cost_at)(workload const&, cost_settings const&, run_time_book const&) = nullptr;
};

namespace detail {
/// Errors  as cost_settings::validate
template <class Preset>
[[nodiscard]] cost_report baseline_report(workload const& w, cost_settings const& s) {
  cost_settings::validate(s);
  return Preset::cost(w, s);
}
template <class Preset>
inline constexpr cost_preset baseline_preset{Preset::name,         Preset::summary, Preset::citation,
                                             in_situ_spec<Preset>, false,           &baseline_report<Preset>};

/// Chips by area, and the links between them, which are all busy at the peak.
[[nodiscard]] inline cost_report with_links(cost_report out, workload const& w, chip_link const& link) {
  add_link_rows_by_area(out, w, out.area_mm2(), link);
  if (double const chips = out.note("chips"); chips > 1.0)
    out.peak_power_W += chips * link.per_byte.si() * link.bytes_per_s;
  return out;
}

// At any settings: cost.scale is free here, so that other chips of the family are costed without a spec.
template <class Spec>
[[nodiscard]] cost_report wang2024_report(workload const& w, cost_settings const& s) {
  return with_links(computation_chip_cost<crossbar_block_of<Spec>>(Spec::name, s.chip, s.prices, w, s.choice), w,
                    s.baselines.links());
}
template <class Spec>
[[nodiscard]] cost_report wang2024_report_at(workload const& w, cost_settings const& s, run_time_book const& book) {
  return with_links(computation_chip_cost<crossbar_block_of<Spec>>(Spec::name, s.chip, w, book, s.choice.count), w,
                    s.baselines.links());
}
inline constexpr std::string_view wang_citation = "Wang et al., IEEE TPAMI 47(2):916-933, 2025 (arXiv 2410.15977)";
}  // namespace detail

/// In the order of the paper's comparisons.
inline constexpr std::array<cost_preset, 10> cost_presets = {{
    {wang2024::name, wang2024::summary, detail::wang_citation, true, true, &detail::wang2024_report<wang2024>,
     &detail::wang2024_report_at<wang2024>},
    {wang2024_published::name, wang2024_published::summary, detail::wang_citation, true, true,
     &detail::wang2024_report<wang2024_published>, &detail::wang2024_report_at<wang2024_published>},
    detail::baseline_preset<isaac>,
    detail::baseline_preset<prime>,
    detail::baseline_preset<pipelayer>,
    detail::baseline_preset<vesti>,
    detail::baseline_preset<multi_bit>,
    detail::baseline_preset<single_bit>,
    detail::baseline_preset<tpuv4>,
    detail::baseline_preset<a100>,
}};

/// The preset of a name.
/// Errors  unknown_id with the nearest name and the list
[[nodiscard]] inline cost_preset const& find_cost_preset(std::string_view name) {
  std::vector<std::string> names;
  for (auto const& p : cost_presets) {
    if (p.name == name) return p;
    names.emplace_back(p.name);
  }
  std::string const near = nearest_name(name, names);
  throw error({errc::unknown_id, "no chip with this name", "chip", "'" + std::string(name) + "'", joined(names),
               near.empty() ? "" : "did you mean '" + near + "'?"});
}

/// The plan's choices for a chip: those of its own settings; the baselines count the products of the default chip.
[[nodiscard]] inline program::function_choices choices_of(std::string_view chip) {
  return chip == wang2024_published::name ? cost_choices(defaults<wang2024_published>())
                                          : cost_choices(defaults<wang2024>());
}

}  // namespace ohmic::inline OHMIC_ABI::chip
