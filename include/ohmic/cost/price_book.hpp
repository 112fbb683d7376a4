// Price books: compile-time named lists of prices, and what is left of them once a design has been checked against
// them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/action.hpp"
#include "ohmic/core/named.hpp"
#include "ohmic/cost/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {
template <std::size_t N, std::size_t M>
constexpr fixed_string<N + M> dotted(fixed_string<N> const& a, fixed_string<M> const& b) noexcept {
  char text[N + M]{};
  std::copy_n(a.text, N - 1, text);
  text[N - 1] = '.';
  std::copy_n(b.text, M, text + N);
  return fixed_string<N + M>(text);
}

template <class A>
struct action_key;
template <fixed_string Part, fixed_string Name>
struct action_key<action<Part, Name>> {
  static constexpr auto text = dotted(Part, Name);
  using type = key_of<text>;
};
}  // namespace detail

/// "adc.convert": under this name a book has the energy of an action.
template <class Action>
inline constexpr std::string_view action_name = detail::action_key<Action>::text.view();

/// Prices by compile-time name. Areas and static powers are those of parts ("adc"), energies those of actions
/// ("adc.convert").
/// Errors  a name twice does not compile (see `named`)
template <named_list Areas, named_list Powers, named_list Energies>
struct price_book {
  std::string_view name;
  Areas areas;
  Powers static_powers;
  Energies energies;
};
template <named_list A, named_list P, named_list E>
price_book(std::string_view, A, P, E) -> price_book<A, P, E>;

/// A book with further prices: those of parts of your own.
/// Errors  a name that the book has already does not compile
template <class Book, named_list A, named_list P, named_list E>
[[nodiscard]] constexpr auto with_prices(Book const& book, A const& areas, P const& static_powers, E const& energies) {
  return price_book{book.name, join_parts(book.areas, areas), join_parts(book.static_powers, static_powers),
                    join_parts(book.energies, energies)};
}

/// The prices of a list of parts or actions, by position: what a roll-up reads. A run-time book leads to the same
/// table.
template <class Q, std::size_t N>
struct price_table {
  std::array<price<Q>, N> prices{};

  [[nodiscard]] constexpr price<Q> const& operator[](std::size_t i) const noexcept { return prices[i]; }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }
};

/// Prices of the parts of a design.
/// Errors  a part without a price does not compile; the message shows its name
template <class Q, named_list Parts, named_list Prices>
[[nodiscard]] constexpr auto part_prices(Parts const& parts, Prices const& prices) noexcept {
  price_table<Q, part_count<Parts>> table;
  std::size_t i = 0;
  for_each_pair(parts, prices, [&](std::string_view, auto const&, price<Q> const& p) { table.prices[i++] = p; });
  return table;
}

namespace detail {
template <class Key, class Prices>
constexpr bool has_price = has_partner<Key, Prices>;
}

/// Prices of the actions of a list.
/// Errors  an action without a price does not compile; the message shows its name
template <class List, named_list Prices>
[[nodiscard]] constexpr auto action_prices(Prices const& prices) noexcept {
  price_table<joules, List::size> table;
  List::for_each_type([&]<class A>(std::size_t i) {
    using key = typename detail::action_key<A>::type;
    static_assert(detail::has_price<key, Prices>, "ohmic::action_prices: an action has no price in this book");
    if constexpr (detail::has_price<key, Prices>) table.prices[i] = get_part_of<key>(prices);
  });
  return table;
}

/// Prices that a design does not use: not an error, but a reader wants to know.
template <named_list Prices>
[[nodiscard]] std::vector<std::string> unused_prices(Prices const& prices, std::vector<std::string_view> const& used) {
  std::vector<std::string> names;
  for_each_part(prices, [&](std::string_view name, auto const&) {
    if (std::find(used.begin(), used.end(), name) == used.end()) names.emplace_back(name);
  });
  return names;
}

/// Names of the parts of a design, and of the actions of a list, in their order.
template <named_list Parts>
[[nodiscard]] std::vector<std::string_view> part_names(Parts const& parts) {
  std::vector<std::string_view> names;
  for_each_part(parts, [&](std::string_view name, auto const&) { names.push_back(name); });
  return names;
}
template <class List>
[[nodiscard]] std::vector<std::string_view> action_names() {
  std::vector<std::string_view> names;
  List::for_each_type([&]<class A>(std::size_t) { names.push_back(action_name<A>); });
  return names;
}

}  // namespace ohmic::inline OHMIC_ABI
