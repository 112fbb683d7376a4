// What the units of F cost that are not exact: their energies from multipliers, adders and registers of their widths.
#pragma once

#include <algorithm>
#include <bit>

#include "ohmic/chip/config.hpp"
#include "ohmic/cost/components32.hpp"
#include "ohmic/nonlinear/activation_unit.hpp"
#include "ohmic/nonlinear/exponential_unit.hpp"
#include "ohmic/nonlinear/integer_root.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

namespace detail {
/// Energies by width: an adder grows with its bits, an array multiplier with their square; a table is a row of registers, of which one
/// entry is read.
/// Source  component_prices for 32 bits; the growth is assumed
struct operations {
  component_prices const& p;
  [[nodiscard]] joules add(int bits) const noexcept { return p.adder_32.value * (bits / 32.0); }
  [[nodiscard]] joules multiply(int bits) const noexcept { return p.multiplier_32.value * (bits * bits / 1024.0); }
  [[nodiscard]] joules read(int bits) const noexcept { return p.register_bit.value * static_cast<double>(bits); }
};
constexpr int whole_bits = 5;  ///< of a score or an activation, before the binary point
}  // namespace detail

/// One exponential: base2 multiplies by log2 e and along a line, shifts; a table multiplies by the inverse step and reads a code; integer
/// multiplies by 1 / ln 2, squares and scales.
template <class Softmax>
[[nodiscard]] energy_price exponential_price(Softmax const& c, component_prices const& p) noexcept {
  if constexpr (requires { c.exponential; }) {
    detail::operations const o{p};
    int const bits = c.fraction_bits + detail::whole_bits;
    switch (c.exponential) {
      case exponential_kind::base2:
        return {o.multiply(bits) * (c.base == exponential_base::two ? 1.0 : 2.0) + o.add(bits) * 2.0 +
                    o.read(2 * c.exp_bits) + p.shift_add.value,
                "2 multipliers, 2 adders, 2 table entries, a shift (base two: 1 multiplier)", origin::assumption};
      case exponential_kind::table:
        return {o.multiply(std::max(8, static_cast<int>(std::bit_width(static_cast<unsigned>(c.entries))))) +
                    o.read(c.exp_bits),
                "a multiplier of the index's bits, a table entry", origin::assumption};
      case exponential_kind::integer:
        return {o.multiply(bits) * 3.0 + o.add(2 * bits) * 3.0 + p.shift_add.value, "3 multipliers, 3 adders, a shift",
                origin::assumption};
      case exponential_kind::exact:
        break;
    }
  }
  return p.exponential;
}

/// A quotient, in proportion to its bits: the divider's 16 are assumed.
[[nodiscard]] inline energy_price division_price(int bits, component_prices const& p) noexcept {
  if (bits == 0) return p.division;
  return {p.division.value * (bits / 16.0), "a divider of 16 bits (PUMA), in proportion to the bits",
          origin::assumption};
}

/// One GELU, SiLU or tanh: a table has a line, one multiplier and adder; integer has at most an exponential, a quotient and a product.
[[nodiscard]] inline energy_price activation_price(activation_unit::config const& c,
                                                   component_prices const& p) noexcept {
  detail::operations const o{p};
  int const bits = c.fraction_bits + detail::whole_bits;
  constexpr int entry = 16;
  switch (c.kind) {
    case activation_kind::table:
      return {o.multiply(entry) + o.add(entry) + o.read(2 * entry),
              "a multiplier, an adder, 2 table entries of 16 bits", origin::assumption};
    case activation_kind::integer:
      return {o.multiply(bits) * 4.0 + o.add(2 * bits) * 4.0 + p.division.value, "4 multipliers, 4 adders, a divider",
              origin::assumption};
    case activation_kind::exact:
      break;
  }
  return p.activation;
}

/// One inverse root: Newton's iteration doubles the bits that are right each time, from above: log2 of the bits and 2 more steps of a quotient,
/// an adder and a shift, and the reciprocal.
[[nodiscard]] inline energy_price root_price(norm_config const& c, component_prices const& p) noexcept {
  if (c.root == root_kind::exact) return p.inverse_root;
  double const steps = std::bit_width(static_cast<unsigned>(c.root_bits)) + 2.0;
  return {(p.division.value + p.adder_32.value) * steps + p.division.value,
          "Newton's steps: quotient and adder; a quotient", origin::assumption};
}

/// Energies of the units of F with these settings.
struct function_prices {
  energy_price exponential, division, activation, root;
};
template <class Config>
[[nodiscard]] function_prices function_prices_of(Config const& c, component_prices const& p) noexcept {
  int divide_bits = 0;
  if constexpr (requires { c.softmax.divide_bits; }) divide_bits = c.softmax.divide_bits;
  return {exponential_price(c.softmax, p), division_price(divide_bits, p), activation_price(c.activation, p),
          root_price(c.norm, p)};
}

/// Component prices with those of these units in place of the exact ones.
template <class Config>
[[nodiscard]] component_prices with_function_prices(component_prices p, Config const& c) noexcept {
  auto const of_unit = function_prices_of(c, p);
  p.exponential = of_unit.exponential, p.division = of_unit.division;
  p.activation = of_unit.activation, p.inverse_root = of_unit.root;
  return p;
}

/// The same table with the prices of these settings in place of those of exact units.
/// Shape   of the actions of `List`
template <class List, class Table, class Config>
[[nodiscard]] Table with_function_prices(Table table, Config const& c, component_prices const& p) noexcept {
  auto const of_unit = function_prices_of(c, p);
  table.prices[List::template index<action<"exp_unit", "exp">>] = of_unit.exponential;
  table.prices[List::template index<action<"divider", "divide">>] = of_unit.division;
  table.prices[List::template index<action<"activation_unit", "apply">>] = of_unit.activation;
  table.prices[List::template index<action<"root_unit", "inverse_root">>] = of_unit.root;
  return table;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
