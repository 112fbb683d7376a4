// How far the first-order model of a computation crossbar's wires is off in a run: sampled cycles, solved exactly.
#pragma once

#include <bit>
#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/crossbar/cell_network.hpp"
#include "ohmic/crossbar/cell_samples.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// True for arrays whose wires are modelled to first order, and have a resistance. Effective matrices are exact.
template <class Array>
[[nodiscard]] bool has_first_order_lines(Array const& array) {
  if constexpr (requires { array.settings().noise.resists(); }) return array.settings().noise.resists();
  return false;
}

/// Cycles of the products of one text, site by site: one of the first product of a site, of the second, the fourth, the
/// eighth and so on, so that many short products (heads, tokens in LayerNorm) do not outweigh few long ones.
class line_samples {
 public:
  explicit line_samples(std::size_t sites) : sites_(sites), products_(sites, 0) {}

  [[nodiscard]] std::vector<line_comparison> const& sites() const noexcept { return sites_; }

  /// Shape, errors, random as sampled_cycle. Cost  one exact solution of a cycle, where it is taken
  template <class Array, class X>
  void see(std::size_t site, Array const& array, X const& x, typename Array::operand const& y, int digits,
           read_place const& place, std::string const& where) {
    if constexpr (requires { ohmic::sampled_cycle(array, x, y, digits, place, where); }) {
      if (!std::has_single_bit(++products_[site])) return;
      auto const cells = ohmic::sampled_cycle(array, x, y, digits, place, where);
      sites_[site].add(currents_of_cycle(cells, array.settings().noise));
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
