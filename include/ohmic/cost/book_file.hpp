// Price books that come at run time, as text: the same check as at compile time, when they are loaded.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/cost/price_book.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Prices of one kind by run-time name.
template <class Q>
struct price_index {
  struct entry {
    std::string name;
    price<Q> value{};
  };
  std::vector<entry> entries;

  [[nodiscard]] price<Q> const* find(std::string_view name) const noexcept {
    for (auto const& e : entries)
      if (e.name == name) return &e.value;
    return nullptr;
  }
};

/// A book read from text. Copies share the texts of its sources.
/// A line is `kind,name,value unit,origin,source`: kind area, static_power or energy; origin table, regression, fit
/// or assumption; the
/// source is the rest of the line and not empty. Blank lines, lines that start with # and a byte order mark are skipped.
struct run_time_book {
  std::string_view name = "run time";
  price_index<square_metres> areas;
  price_index<watts> static_powers;
  price_index<joules> energies;
  std::shared_ptr<std::deque<std::string>> texts = std::make_shared<std::deque<std::string>>();
};

namespace detail {

[[nodiscard]] inline std::string_view take_field(std::string_view& line) noexcept {
  auto const comma = line.find(',');
  auto const field = trimmed(line.substr(0, comma));
  line = comma == line.npos ? std::string_view{} : line.substr(comma + 1);
  return field;
}

template <class Q>
void add_price(price_index<Q>& index, std::string_view name, std::string_view value, std::string_view source,
               origin from, std::string const& where) {
  auto const v = parse_quantity<Q>(value, where);
  if (!is_price(v))
    throw error({errc::value, "price out of range", where, std::string(value), "0 to " + to_text(largest_price<Q>),
                 "correct the price of '" + std::string(name) + "'"});
  if (index.find(name) != nullptr)
    throw error(
        {errc::config_conflict, "priced twice", where, "'" + std::string(name) + "'", "one line a name", "remove one"});
  index.entries.push_back({std::string(name), {v, source, from}});
}

}  // namespace detail

/// Reads a book.
/// Errors  file_format, config_value, config_conflict naming the line; unknown_key for another kind or origin
[[nodiscard]] inline run_time_book parse_price_book(std::string_view text, std::string const& where) {
  run_time_book book;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  std::size_t number = 0;
  while (!text.empty()) {
    auto const end = text.find('\n');
    std::string_view line = detail::trimmed(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    std::string const at = where + " line " + std::to_string(number);
    auto const kind = detail::take_field(line), name = detail::take_field(line), value = detail::take_field(line),
               from = detail::take_field(line);
    auto const source = detail::trimmed(line);
    if (name.empty() || source.empty())
      throw error({errc::file_format, "not a price", at, "'" + std::string(kind) + "," + std::string(name) + ",..'",
                   "kind,name,value unit,origin,source", "a price without a source does not enter a book"});
    origin o = origin::assumption;
    bool known = false;
    for (auto candidate : {origin::table, origin::regression, origin::fit, origin::assumption})
      if (name_of(candidate) == from) o = candidate, known = true;
    if (!known)
      throw error({errc::unknown_key, "no origin of that name", at, "'" + std::string(from) + "'",
                   "table, regression, fit, assumption", ""});
    book.texts->emplace_back(source);
    std::string_view const kept = book.texts->back();
    if (kind == "area")
      detail::add_price(book.areas, name, value, kept, o, at);
    else if (kind == "static_power")
      detail::add_price(book.static_powers, name, value, kept, o, at);
    else if (kind == "energy")
      detail::add_price(book.energies, name, value, kept, o, at);
    else
      throw error({errc::unknown_key, "no kind of price of that name", at, "'" + std::string(kind) + "'",
                   "area, static_power, energy", ""});
  }
  return book;
}

/// A compile-time book as text that `parse_price_book` reads.
template <named_list A, named_list P, named_list E>
[[nodiscard]] std::string to_text(price_book<A, P, E> const& book) {
  std::string text;
  auto const lines = [&text](std::string_view kind, auto const& list) {
    for_each_part(list, [&](std::string_view name, auto const& p) {
      text += std::string(kind) + "," + std::string(name) + "," + to_text(p.value) + "," +
              std::string(name_of(p.from)) + "," + std::string(p.source) + "\n";
    });
  };
  lines("area", book.areas);
  lines("static_power", book.static_powers);
  lines("energy", book.energies);
  return text;
}

namespace detail {
template <class Q>
[[nodiscard]] price<Q> price_or_refuse(price_index<Q> const& index, std::string_view name, char const* kind) {
  if (auto const* p = index.find(name)) return *p;
  std::vector<std::string> names;
  for (auto const& e : index.entries) names.push_back(e.name);
  std::string const near = nearest_name(name, names);
  throw error({errc::missing_entry, std::string("no ") + kind + " price in this book", std::string(name),
               near.empty() ? "" : "the nearest is '" + near + "'", joined(names),
               "add a line: " + std::string(kind) + "," + std::string(name) + ",value unit,origin,source"});
}
template <class Q>
inline constexpr char const* kind_of = "area";
template <>
inline constexpr char const* kind_of<watts> = "static_power";
template <>
inline constexpr char const* kind_of<joules> = "energy";
}  // namespace detail

/// Prices of the parts of a design from a run-time book.
/// Errors  missing_entry naming the part, as the compile-time book does by not compiling
template <class Q, named_list Parts>
[[nodiscard]] auto part_prices(Parts const& parts, price_index<Q> const& prices) {
  price_table<Q, part_count<Parts>> table;
  std::size_t i = 0;
  for_each_part(parts, [&](std::string_view name, auto const&) {
    table.prices[i++] = detail::price_or_refuse(prices, name, detail::kind_of<Q>);
  });
  return table;
}
template <class List>
[[nodiscard]] auto action_prices(price_index<joules> const& prices) {
  price_table<joules, List::size> table;
  List::for_each_type(
      [&]<class A>(std::size_t i) { table.prices[i] = detail::price_or_refuse(prices, action_name<A>, "energy"); });
  return table;
}
/// Prices that a design does not use.
template <class Q>
[[nodiscard]] std::vector<std::string> unused_prices(price_index<Q> const& prices,
                                                     std::vector<std::string_view> const& used) {
  std::vector<std::string> names;
  for (auto const& e : prices.entries)
    if (std::find(used.begin(), used.end(), e.name) == used.end()) names.push_back(e.name);
  return names;
}
/// The same of a whole book, with the kind in front: "area laser".
[[nodiscard]] inline std::vector<std::string> unused_prices(run_time_book const& book,
                                                            std::vector<std::string_view> const& parts,
                                                            std::vector<std::string_view> const& actions) {
  std::vector<std::string> names;
  auto const add = [&](auto const& prices, std::vector<std::string_view> const& used, char const* kind) {
    for (auto& name : unused_prices(prices, used)) names.push_back(kind + std::string(" ") + std::move(name));
  };
  add(book.areas, parts, "area");
  add(book.static_powers, parts, "static_power");
  add(book.energies, actions, "energy");
  return names;
}

}  // namespace ohmic::inline OHMIC_ABI
