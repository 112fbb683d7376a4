// Names as template arguments, and named lists (Boost.Hana): what a block is made of, by compile-time names.
#pragma once

#include <algorithm>
#include <boost/hana/at_key.hpp>
#include <boost/hana/contains.hpp>
#include <boost/hana/core/tag_of.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/map.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/unpack.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A string literal as a template argument: `part<"adc">`.
/// Range   N counts the closing zero; two strings are one type argument when all their characters are equal
template <std::size_t N>
struct fixed_string {
  char text[N]{};

  constexpr fixed_string(char const (&literal)[N]) noexcept { std::copy_n(literal, N, text); }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
  template <std::size_t M>
  [[nodiscard]] constexpr bool operator==(fixed_string<M> const& other) const noexcept {
    return view() == other.view();
  }
};

namespace detail {
template <fixed_string Name, std::size_t... I>
constexpr auto hana_string(std::index_sequence<I...>) noexcept {
  return boost::hana::string_c<Name.text[I]...>;
}

/// The characters of Name as types, which is what a Hana map looks up.
template <fixed_string Name>
using key_of = std::remove_const_t<decltype(hana_string<Name>(std::make_index_sequence<Name.view().size()>()))>;

template <class... Names>
constexpr bool all_different(Names... names) noexcept {
  std::string_view const all[] = {"", std::string_view(names)...};  // the first one keeps an empty list a legal array
  for (std::size_t i = 1; i <= sizeof...(Names); ++i)
    for (std::size_t k = i + 1; k <= sizeof...(Names); ++k)
      if (all[i] == all[k]) return false;
  return true;
}

template <class Key>
constexpr std::string_view text_of =
    std::string_view(Key::c_str(), static_cast<std::size_t>(decltype(boost::hana::length(std::declval<Key>()))::value));
}  // namespace detail

/// The Hana key of a name, for code that works on a named list with Hana's own algorithms.
template <fixed_string Name>
inline constexpr detail::key_of<Name> key{};

/// One entry of a named list: a compile-time name and a value. Counts become 64 bit whatever integer they come as.
/// Range   a count is not negative
template <fixed_string Name, class T>
[[nodiscard]] constexpr auto part(T value) noexcept {
  static_assert(Name.view().size() > 0, "ohmic::part: a part needs a name");
  if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    return boost::hana::pair<detail::key_of<Name>, std::uint64_t>{key<Name>, static_cast<std::uint64_t>(value)};
  } else {
    return boost::hana::pair<detail::key_of<Name>, T>{key<Name>, std::move(value)};
  }
}

/// Named list of parts, in the order given: a hana::map from name to value.
/// Errors  two parts of one name do not compile
template <class... Keys, class... Values>
[[nodiscard]] constexpr auto named(boost::hana::pair<Keys, Values>... parts) noexcept {
  static_assert(detail::all_different(detail::text_of<Keys>...),
                "ohmic::named: two parts have the same name; give each part a name of its own or add their counts");
  return boost::hana::make_map(std::move(parts)...);
}

/// L is what `named` returns.
template <class L>
concept named_list = std::same_as<boost::hana::tag_of_t<std::remove_cvref_t<L>>, boost::hana::map_tag>;

/// True if a list of type L has a part of this name.
template <named_list L, fixed_string Name>
inline constexpr bool has_part =
    decltype(boost::hana::contains(std::declval<std::remove_cvref_t<L> const&>(), key<Name>))::value;

/// Number of parts in a list of type L.
template <named_list L>
inline constexpr std::size_t part_count =
    decltype(boost::hana::length(std::declval<std::remove_cvref_t<L> const&>()))::value;

/// The value of the part of this name.
/// Errors  a name that the list does not have does not compile
template <fixed_string Name, named_list L>
[[nodiscard]] constexpr auto const& get_part(L const& list) noexcept {
  static_assert(has_part<L, Name>, "ohmic::get_part: the list has no part of this name");
  return boost::hana::at_key(list, key<Name>);
}

/// The value under a key that was computed.
template <class Key, named_list L>
[[nodiscard]] constexpr auto const& get_part_of(L const& list) noexcept {
  return boost::hana::at_key(list, Key{});
}

/// Calls f(name, value) for every part, in the order of the list.
template <named_list L, class F>
constexpr void for_each_part(L const& list, F&& f) {
  boost::hana::for_each(list, [&f](auto const& entry) {
    using entry_key = std::remove_cvref_t<decltype(boost::hana::first(entry))>;
    f(detail::text_of<entry_key>, boost::hana::second(entry));
  });
}

namespace detail {
/// The names come as characters, so that the compiler's message shows the one that is missing.
template <class Key, class Other>
constexpr bool has_partner = decltype(boost::hana::contains(std::declval<Other const&>(), std::declval<Key>()))::value;
}  // namespace detail

/// Calls f(name, value, partner) for every part of `list`, with the value that `other` has under the same name.
/// Errors  a part that `other` does not have does not compile; the message shows its name
template <named_list L, named_list Other, class F>
constexpr void for_each_pair(L const& list, Other const& other, F&& f) {
  boost::hana::for_each(list, [&](auto const& entry) {
    using entry_key = std::remove_cvref_t<decltype(boost::hana::first(entry))>;
    static_assert(detail::has_partner<entry_key, Other>,
                  "ohmic::for_each_pair: a part of the first list is missing in the second");
    if constexpr (detail::has_partner<entry_key, Other>)
      f(detail::text_of<entry_key>, boost::hana::second(entry), boost::hana::at_key(other, entry_key{}));
  });
}

/// One list after the other: the parts of a block that is made of two blocks.
/// Errors  a name that both have does not compile
template <named_list A, named_list B>
[[nodiscard]] constexpr auto join_parts(A const& a, B const& b) noexcept {
  return boost::hana::unpack(a, [&b](auto const&... left) {
    return boost::hana::unpack(b, [&](auto const&... right) { return named(left..., right...); });
  });
}

}  // namespace ohmic::inline OHMIC_ABI
