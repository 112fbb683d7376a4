// Physical quantities: a double in SI units whose type is its dimension, so that volts and amperes cannot be confused.
#pragma once

#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Exponents of the SI base units: what a quantity measures.
struct dimension {
  std::int8_t mass = 0;         ///< kg
  std::int8_t length = 0;       ///< m
  std::int8_t time = 0;         ///< s
  std::int8_t current = 0;      ///< A
  std::int8_t temperature = 0;  ///< K

  friend constexpr bool operator==(dimension const&, dimension const&) noexcept = default;
};

/// Dimension of a product (sign 1) or a quotient (sign -1) of two quantities.
[[nodiscard]] constexpr dimension combine(dimension a, dimension b, int sign) noexcept {
  auto const sum = [sign](int x, int y) { return static_cast<std::int8_t>(x + sign * y); };
  return {sum(a.mass, b.mass), sum(a.length, b.length), sum(a.time, b.time), sum(a.current, b.current),
          sum(a.temperature, b.temperature)};
}

/// A value with a dimension; what is inside is SI.
/// Range   any double; whoever takes a quantity states its range
/// Errors  sums and comparisons of different dimensions do not compile
template <dimension D>
class quantity {
 public:
  static_assert(D != dimension{}, "ohmic::quantity: a number without a dimension is a double");
  static constexpr dimension dim = D;

  quantity() = default;
  explicit constexpr quantity(double si) noexcept : si_(si) {}

  /// The number of SI units.
  [[nodiscard]] constexpr double si() const noexcept { return si_; }

  constexpr quantity& operator+=(quantity b) noexcept { return *this = *this + b; }
  constexpr quantity& operator-=(quantity b) noexcept { return *this = *this - b; }
  constexpr quantity& operator*=(double k) noexcept { return *this = *this * k; }
  constexpr quantity& operator/=(double k) noexcept { return *this = *this / k; }

  friend constexpr quantity operator-(quantity a) noexcept { return quantity(-a.si_); }
  friend constexpr quantity operator+(quantity a, quantity b) noexcept { return quantity(a.si_ + b.si_); }
  friend constexpr quantity operator-(quantity a, quantity b) noexcept { return quantity(a.si_ - b.si_); }
  friend constexpr quantity operator*(quantity a, double k) noexcept { return quantity(a.si_ * k); }
  friend constexpr quantity operator*(double k, quantity a) noexcept { return quantity(k * a.si_); }
  friend constexpr quantity operator/(quantity a, double k) noexcept { return quantity(a.si_ / k); }
  friend constexpr bool operator==(quantity, quantity) noexcept = default;
  friend constexpr auto operator<=>(quantity, quantity) noexcept = default;

 private:
  double si_ = 0.0;
};

namespace detail {
/// A quantity, or a double where no dimension is left.
template <dimension D>
constexpr auto make_quantity(double si) noexcept {
  if constexpr (D == dimension{}) {
    return si;
  } else {
    return quantity<D>(si);
  }
}
}  // namespace detail

/// Products and quotients have the dimension that follows; a dimensionless one is a double.
template <dimension A, dimension B>
[[nodiscard]] constexpr auto operator*(quantity<A> a, quantity<B> b) noexcept {
  return detail::make_quantity<combine(A, B, 1)>(a.si() * b.si());
}
template <dimension A, dimension B>
[[nodiscard]] constexpr auto operator/(quantity<A> a, quantity<B> b) noexcept {
  return detail::make_quantity<combine(A, B, -1)>(a.si() / b.si());
}
template <dimension B>
[[nodiscard]] constexpr auto operator/(double a, quantity<B> b) noexcept {
  return detail::make_quantity<combine({}, B, -1)>(a / b.si());
}

//                              kg m  s  A  K
using metres = quantity<dimension{0, 1, 0, 0, 0}>;
using square_metres = quantity<dimension{0, 2, 0, 0, 0}>;
using seconds = quantity<dimension{0, 0, 1, 0, 0}>;
using hertz = quantity<dimension{0, 0, -1, 0, 0}>;
using kelvins = quantity<dimension{0, 0, 0, 0, 1}>;
using amperes = quantity<dimension{0, 0, 0, 1, 0}>;
using coulombs = quantity<dimension{0, 0, 1, 1, 0}>;
using joules = quantity<dimension{1, 2, -2, 0, 0}>;
using watts = quantity<dimension{1, 2, -3, 0, 0}>;
using volts = quantity<dimension{1, 2, -3, -1, 0}>;
using ohms = quantity<dimension{1, 2, -3, -2, 0}>;
using siemens = quantity<dimension{-1, -2, 3, 2, 0}>;
using farads = quantity<dimension{-1, -2, 4, 2, 0}>;

namespace detail {
struct named_unit {
  dimension dim;
  std::string_view symbol;
  int power = 1;  // of the prefix: a square millimetre is 1e-6 square metres
};
inline constexpr named_unit named_units[] = {
    {metres::dim, "m"},  {square_metres::dim, "m2", 2}, {seconds::dim, "s"}, {hertz::dim, "Hz"}, {kelvins::dim, "K"},
    {amperes::dim, "A"}, {coulombs::dim, "C"},          {joules::dim, "J"},  {watts::dim, "W"},  {volts::dim, "V"},
    {ohms::dim, "ohm"},  {siemens::dim, "S"},           {farads::dim, "F"},
};
struct prefix {
  char letter;
  int exponent;
};
inline constexpr prefix prefixes[] = {{'f', -15}, {'p', -12}, {'n', -9}, {'u', -6}, {'m', -3},
                                      {'k', 3},   {'M', 6},   {'G', 9},  {'T', 12}};

constexpr named_unit const* find_unit(dimension d) noexcept {
  for (auto const& u : named_units)
    if (u.dim == d) return &u;
  return nullptr;
}

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n";
  auto const first = text.find_first_not_of(blank);
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// Shortest text that reads back as the same number.
template <class T>
[[nodiscard]] std::string number_text(T value) {
  char buffer[64];  // the longest double takes 24 characters, the longest 64-bit integer 20
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace detail

/// Symbol of the SI unit of a dimension: "ohm", or a product such as "kg m-3".
[[nodiscard]] inline std::string unit_text(dimension d) {
  if (auto const* u = detail::find_unit(d)) return std::string(u->symbol);
  std::string text;
  auto const factor = [&text](char const* symbol, int exponent) {
    if (exponent == 0) return;
    text += (text.empty() ? "" : " ") + std::string(symbol) + (exponent == 1 ? "" : std::to_string(exponent));
  };
  factor("kg", d.mass), factor("m", d.length), factor("s", d.time), factor("A", d.current), factor("K", d.temperature);
  return text;
}

/// Value and unit, "1e-06 A": the shortest digits that read back as the same value.
template <dimension D>
[[nodiscard]] std::string to_text(quantity<D> q) {
  return detail::number_text(q.si()) + " " + unit_text(D);
}

namespace detail {
/// Power of ten that a prefixed unit stands for.
struct unit_scale {
  bool known = false;
  int exponent = 0;
};
[[nodiscard]] inline unit_scale read_unit(std::string_view unit, dimension d) {
  if (unit == unit_text(d)) return {true, 0};  // first, because "m" is also a prefix
  auto const* u = find_unit(d);
  if (u == nullptr || unit.empty() || unit.substr(1) != u->symbol) return {};
  for (auto const& p : prefixes)
    if (p.letter == unit[0]) return {true, p.exponent * u->power};
  return {};
}

/// Value in SI units of "10 kohm"; NaN is refused.
/// Errors  errc::config_value: no number, no unit, or another unit
inline double read_quantity(std::string_view text, dimension d, std::string_view where) {
  auto const refuse = [&](std::string what) -> double {
    throw error({errc::config_value, std::move(what), std::string(where), "'" + std::string(text) + "'",
                 "a number with unit " + unit_text(d) + (find_unit(d) ? " (or with a prefix f p n u m k M G T)" : ""),
                 "write for example '1e-6 " + unit_text(d) + "'"});
  };
  auto const body = trimmed(text);
  double value = 0.0;
  auto const [end, status] = std::from_chars(body.data(), body.data() + body.size(), value);
  if (status == std::errc::result_out_of_range) return refuse("the number is too large or too small");
  if (status != std::errc{} || value != value) return refuse("not a quantity");
  std::string_view const digits(body.data(), static_cast<std::size_t>(end - body.data()));
  auto const unit = trimmed(body.substr(digits.size()));
  if (unit.empty()) return refuse("the unit is missing");
  auto const scale = read_unit(unit, d);
  if (!scale.known) return refuse("wrong unit '" + std::string(unit) + "'");
  if (scale.exponent == 0 || value == 0.0 || value - value != 0.0) return value;
  // The prefix goes into the digits' exponent, so that "3 uA" is 3e-6 to the last bit.
  auto const mantissa = digits.substr(0, digits.find_first_of("eE"));
  int exponent = 0;
  if (mantissa.size() < digits.size()) {
    auto const* first = mantissa.data() + mantissa.size() + 1;
    std::from_chars(*first == '+' ? first + 1 : first, end, exponent);
  }
  auto const shifted = std::string(mantissa) + "e" + std::to_string(exponent + scale.exponent);
  auto const result = std::from_chars(shifted.data(), shifted.data() + shifted.size(), value);
  if (result.ec != std::errc{}) return refuse("the number is too large or too small");
  return value;
}

template <class T>
inline constexpr bool is_quantity = false;
template <dimension D>
inline constexpr bool is_quantity<quantity<D>> = true;
}  // namespace detail

/// Reads "1e-6 A", "10 kohm", "5 mm2"; `where` is the key or argument that error texts name.
/// Errors  errc::config_value: no number, NaN, no unit, or a unit of another dimension; names the expected unit
template <class Q>
  requires detail::is_quantity<Q>
[[nodiscard]] Q parse_quantity(std::string_view text, std::string_view where) {
  return Q(detail::read_quantity(text, Q::dim, where));
}

}  // namespace ohmic::inline OHMIC_ABI
