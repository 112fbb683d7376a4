// How far the first-order model of a computation crossbar's wires is off in a run: sampled cycles, solved exactly.
#pragma once

#include <bit>
#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/crossbar/cell_network.hpp"
#include "ohmic/crossbar/cell_samples.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/wires/solution.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

template <class Array>
inline constexpr bool is_computation_array = false;
template <int S, class Adc, class Dac>
inline constexpr bool is_computation_array<computation_array<S, Adc, Dac>> = true;

/// True for arrays whose wires are modelled to first order, and have a resistance. Effective matrices are exact.
template <class Array>
[[nodiscard]] bool has_first_order_lines(Array const& array) {
  if constexpr (is_computation_array<Array>) return array.settings().noise.resists();
  return false;
}

/// Cycles of the products of one text, site by site: one of the first product of a site, of the second, the fourth, the
/// eighth and so on, so that many short products (heads, tokens in LayerNorm) do not outweigh few long ones.
class line_samples {
 public:
  explicit line_samples(std::size_t sites) : sites_(sites), products_(sites, 0) {}

  [[nodiscard]] std::vector<line_comparison> const& sites() const noexcept { return sites_; }

  /// Shape, errors, random as sampled_cycle; errors as require_exact. Cost  one exact solution of a cycle, where it is taken
  template <class Array, class X>
  void see(std::size_t site, Array const& array, X const& x, typename Array::operand const& y, int digits,
           read_place const& place, std::string const& where) {
    if constexpr (is_computation_array<Array>) {
      static_assert(
          requires { ohmic::sampled_cycle(array, x, y, digits, place, where); },
          "ohmic: cycles of a computation array are sampled from switched codes, see crossbar/cell_samples.hpp");
      if (!std::has_single_bit(++products_[site])) return;
      auto const cells = ohmic::sampled_cycle(array, x, y, digits, place, where);
      auto const found = currents_of_cycle(cells, array.settings().noise);
      require_exact(found.report, where);
      sites_[site].add(found);
    }
  }

 private:
  std::vector<line_comparison> sites_;
  std::vector<std::size_t> products_;
};

/// What sampled cycles of a run say, by site and together. No texts: nothing was sampled.
struct line_report {
  std::size_t texts = 0;
  std::vector<line_comparison> sites;

  [[nodiscard]] line_comparison total() const noexcept {
    line_comparison all;
    for (auto const& s : sites) all += s;
    return all;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
