// What a price is: a value with unit, source and origin. A constant without all of them does not enter a price book.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/named.hpp"
#include "ohmic/core/quantity.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Where a number comes from.
enum class origin {
  table,       ///< printed in the source
  regression,  ///< a fit of the source's authors over many designs
  fit,         ///< fitted here on one named printed value
  assumption,  ///< chosen here; "not printed, 0" too
};

[[nodiscard]] constexpr std::string_view name_of(origin o) noexcept {
  constexpr std::string_view names[] = {"table", "regression", "fit", "assumption"};
  return names[static_cast<std::size_t>(o)];
}

/// A price of one part or of one action.
/// Units   Q says them: square_metres, watts, joules
/// Range   0 to largest_price
template <class Q>
struct price {
  Q value{};
  std::string_view source{};  ///< paper, table or section, page (cost/citation.hpp); outlives the price
  origin from = origin::assumption;

  /// The same price scaled: count rules, node rules, sensitivity.
  friend constexpr price operator*(price p, double k) noexcept { return {p.value * k, p.source, p.from}; }
};
using area_price = price<square_metres>;
using power_price = price<watts>;
using energy_price = price<joules>;

/// Beyond it a price is a slip of units: 1 m2, 1 MW, 1 J of one part or action.
template <class Q>
inline constexpr Q largest_price{1.0};
template <>
inline constexpr watts largest_price<watts>{1e6};
template <class Q>
[[nodiscard]] constexpr bool is_price(Q const& v) noexcept {
  return v.si() >= 0.0 && v.si() <= largest_price<Q>.si();
}

/// The entry for what a source leaves out: zero, and said so.
template <class Q>
inline constexpr price<Q> not_printed{Q(0.0), "not printed, 0", origin::assumption};

[[nodiscard]] constexpr square_metres mm2(double v) noexcept { return square_metres(v * 1e-6); }
[[nodiscard]] constexpr joules picojoules(double v) noexcept { return joules(v * 1e-12); }
[[nodiscard]] constexpr watts milliwatts(double v) noexcept { return watts(v * 1e-3); }
[[nodiscard]] constexpr seconds nanoseconds(double v) noexcept { return seconds(v * 1e-9); }

/// A block of hardware that says what it is made of: a named list, part -> count.
template <class B>
concept block_with_parts = requires(B const& b) {
  { b.parts() } -> named_list;
};

/// A rule for the area and the energy of a converter of so many bits, against those of the book's 8-bit one.
template <class R>
concept converter_rule = requires(R const& r, int bits) {
  { r.area_factor(bits) }
  noexcept->std::convertible_to<double>;
  { r.energy_factor(bits) }
  noexcept->std::convertible_to<double>;
};

/// Least block and least rule, used to compile generic headers.
struct block_archetype {
  [[nodiscard]] static constexpr auto parts() noexcept { return named(part<"block">(1)); }
};
static_assert(block_with_parts<block_archetype>);
struct converter_rule_archetype {
  [[nodiscard]] static constexpr double area_factor(int) noexcept { return 1.0; }
  [[nodiscard]] static constexpr double energy_factor(int) noexcept { return 1.0; }
};
static_assert(converter_rule<converter_rule_archetype>);

}  // namespace ohmic::inline OHMIC_ABI
