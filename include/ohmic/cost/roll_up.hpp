// From parts and actions to rows: areas and static powers of blocks, energies of counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/cost/price_book.hpp"
#include "ohmic/cost/report.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Counts of a list of actions that may be means over passes.
template <class List>
struct mean_counts {
  std::array<double, List::size> counts{};

  /// Adds `weight` times a tally, whose actions must all be in List.
  /// Errors  capacity where a counter of the tally is full
  template <class Other>
  void add(tally<Other> const& t, double weight) {
    Other::for_each_type([&]<class A>(std::size_t) {
      static_assert(List::template contains<A>, "ohmic::mean_counts: an action of the tally is not in the list");
      std::uint64_t const n = t.count(A{});
      if (n == std::numeric_limits<std::uint64_t>::max())
        throw error({errc::capacity, "the count of an action does not fit 64 bits", std::string(action_name<A>), "",
                     "at most 2^64 - 2 actions", "use fewer tokens or a smaller batch"});
      counts[List::template index<A>] += weight * static_cast<double>(n);
    });
  }
  /// Adds `weight` times other means.
  void add(mean_counts const& other, double weight) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += weight * other.counts[i];
  }
  template <fixed_string Part, fixed_string Name>
  [[nodiscard]] double count() const noexcept {
    return counts[List::template index<action<Part, Name>>];
  }
  template <fixed_string Part, fixed_string Name>
  [[nodiscard]] double& count() noexcept {
    return counts[List::template index<action<Part, Name>>];
  }
};

/// Rows of `copies` blocks: count and area of each part. Parts that are not there have no row.
/// Units   mm2
template <named_list Parts>
void add_area_rows(cost_report& out, std::string_view block, double copies, Parts const& parts,
                   price_table<square_metres, part_count<Parts>> const& prices) {
  std::size_t i = 0;
  for_each_part(parts, [&](std::string_view name, auto const& count) {
    auto const& p = prices[i++];
    double const n = copies * static_cast<double>(count), unit = p.value.si() * 1e6;
    if (n > 0.0) out.add({metric::area, phase::none, block, name, n, unit, n * unit, p.source, p.from});
  });
}

/// Rows of the static energy of `copies` blocks over a time.
/// Units   J
template <named_list Parts>
void add_static_rows(cost_report& out, phase when, double time_s, std::string_view block, double copies,
                     Parts const& parts, price_table<watts, part_count<Parts>> const& prices) {
  std::size_t i = 0;
  for_each_part(parts, [&](std::string_view name, auto const& count) {
    auto const& p = prices[i++];
    double const n = copies * static_cast<double>(count), unit = p.value.si() * time_s;
    if (n > 0.0 && unit > 0.0) out.add({metric::static_energy, when, block, name, n, unit, n * unit, p.source, p.from});
  });
}

/// Area of one block.
template <named_list Parts>
[[nodiscard]] double block_area_mm2(Parts const& parts,
                                    price_table<square_metres, part_count<Parts>> const& prices) noexcept {
  double sum = 0.0;
  std::size_t i = 0;
  for_each_part(parts, [&](std::string_view, auto const& count) {
    sum += static_cast<double>(count) * prices[i++].value.si() * 1e6;
  });
  return sum;
}
/// Static power of one block.
template <named_list Parts>
[[nodiscard]] double block_static_W(Parts const& parts, price_table<watts, part_count<Parts>> const& prices) noexcept {
  double sum = 0.0;
  std::size_t i = 0;
  for_each_part(
      parts, [&](std::string_view, auto const& count) { sum += static_cast<double>(count) * prices[i++].value.si(); });
  return sum;
}

/// Rows of counted actions at the prices of a list; an action that did not happen has no row.
/// Units   J
template <class List>
void add_energy_rows(cost_report& out, phase when, mean_counts<List> const& counts,
                     price_table<joules, List::size> const& prices) {
  List::for_each_type([&]<class A>(std::size_t i) {
    double const n = counts.counts[i], unit = prices[i].value.si();
    if (n > 0.0)
      out.add({metric::dynamic_energy, when, {}, action_name<A>, n, unit, n * unit, prices[i].source, prices[i].from});
  });
}

}  // namespace ohmic::inline OHMIC_ABI
