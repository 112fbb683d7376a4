// What hardware does, counted: compile-time lists of actions, tallies for inner loops, and the ledger of a whole run.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/named.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A countable thing that a part does: `action<"adc", "convert">`. An empty value; the type is all.
template <fixed_string Part, fixed_string Name>
struct action {
  static constexpr std::string_view part = Part.view();
  static constexpr std::string_view name = Name.view();
  using part_key = detail::key_of<Part>;
  using name_key = detail::key_of<Name>;
};

namespace detail {
/// Position of A in the list, or the length of the list.
template <class A, class... Actions>
consteval std::size_t index_of() noexcept {
  bool const same[] = {std::is_same_v<A, Actions>..., true};
  std::size_t i = 0;
  while (!same[i]) ++i;
  return i;
}

/// By name, in one loop: a comparison of types for each pair of actions is what lists would cost a compiler most.
template <class... Actions>
consteval bool listed_once() noexcept {
  std::pair<std::string_view, std::string_view> const all[] = {{Actions::part, Actions::name}..., {}};
  for (std::size_t i = 0; i < sizeof...(Actions); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (all[i] == all[k]) return false;
  return true;
}

/// The sum, or the largest number there is.
constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) noexcept {
  return a + b < a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}
/// The product, or the largest number there is.
constexpr std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  return b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b ? std::numeric_limits<std::uint64_t>::max()
                                                                     : a * b;
}

/// The names come as characters too, because clang prints an array argument as numbers.
template <class Part, class Name, class A, class List>
constexpr bool is_listed = List::template contains<A>;
}  // namespace detail

/// The actions that a block can take, in the order in which reports show them.
/// Errors  an action listed twice does not compile
template <class... Actions>
struct action_list {
  static constexpr std::size_t size = sizeof...(Actions);

  template <class A>
  static constexpr bool contains = (std::is_same_v<A, Actions> || ...);
  template <class A>
  static constexpr std::size_t index = detail::index_of<A, Actions...>();

  static_assert(detail::listed_once<Actions...>(), "ohmic::action_list: an action is listed twice");

  /// Calls f.operator()<A>(i) for every action A at position i.
  template <class F>
  static constexpr void for_each_type(F&& f) {
    std::size_t i = 0;
    (f.template operator()<Actions>(i++), ...);
  }
};

namespace detail {
template <class Done, class... Lists>
struct join_lists;
template <class... Done>
struct join_lists<action_list<Done...>> {
  using type = action_list<Done...>;
};
template <class... Done, class... Lists>
struct join_lists<action_list<Done...>, action_list<>, Lists...> : join_lists<action_list<Done...>, Lists...> {};
template <class... Done, class Head, class... Tail, class... Lists>
struct join_lists<action_list<Done...>, action_list<Head, Tail...>, Lists...>
    : join_lists<std::conditional_t<action_list<Done...>::template contains<Head>, action_list<Done...>,
                                    action_list<Done..., Head>>,
                 action_list<Tail...>, Lists...> {};
}  // namespace detail

/// Union of action lists; an action that several lists have appears once, where it was seen first.
template <class... Lists>
using join = typename detail::join_lists<action_list<>, Lists...>::type;

/// One 64-bit counter per action of the list.
/// Range   a counter that would pass 2^64 - 1 stays there; `ledger::add` refuses it, so that inner loops need no check
/// Errors  none; an action that is not in the list does not compile, and the message names it
template <class List>
class tally {
 public:
  using actions = List;

  template <class A>
  constexpr void add(A, std::uint64_t n = 1) noexcept {
    static_assert(detail::is_listed<typename A::part_key, typename A::name_key, A, List>,
                  "ohmic::tally: this action is not in the block's action_list; declare it there");
    if constexpr (List::template contains<A>) {
      auto& counter = counts_[List::template index<A>];
      counter = detail::saturating_add(counter, n);
    }
  }
  template <fixed_string Part, fixed_string Name>
  constexpr void add(std::uint64_t n = 1) noexcept {
    add(action<Part, Name>{}, n);
  }

  template <class A>
  [[nodiscard]] constexpr std::uint64_t count(A) const noexcept {
    static_assert(detail::is_listed<typename A::part_key, typename A::name_key, A, List>,
                  "ohmic::tally: this action is not in the block's action_list; declare it there");
    return counts_[List::template index<A>];
  }
  template <fixed_string Part, fixed_string Name>
  [[nodiscard]] constexpr std::uint64_t count() const noexcept {
    return count(action<Part, Name>{});
  }

  /// Adds the counters of a part of this block: every action of Other must be in List.
  template <class Other>
  constexpr tally& operator+=(tally<Other> const& other) noexcept {
    Other::for_each_type([&]<class A>(std::size_t) { add(A{}, other.count(A{})); });
    return *this;
  }
  /// The same work done n times.
  constexpr tally& operator*=(std::uint64_t n) noexcept {
    for (auto& counter : counts_) counter = detail::saturating_multiply(counter, n);
    return *this;
  }

  /// Calls f(part, action, count) for every action, in the order of the list, counted or not.
  template <class F>
  constexpr void for_each(F&& f) const {
    List::for_each_type([&]<class A>(std::size_t i) { f(A::part, A::name, counts_[i]); });
  }

  friend constexpr bool operator==(tally const&, tally const&) noexcept = default;

 private:
  std::array<std::uint64_t, List::size> counts_{};
};

/// One line of a ledger: `layer` did `action` of `part` so many times.
struct ledger_row {
  std::string layer;
  std::string part;
  std::string action;
  std::uint64_t count = 0;
  friend bool operator==(ledger_row const&, ledger_row const&) = default;
};

/// Actions of a run or of a plan, by layer and part. Rows appear in the order in which they were first counted; an
/// action that was never taken has no row. One thread at a time.
class ledger {
 public:
  /// Adds a tally to the rows of a layer.
  /// Errors  errc::capacity where a count passes 2^64 - 2
  template <class List>
  void add(std::string_view layer, tally<List> const& counts) {
    counts.for_each([&](std::string_view part, std::string_view name, std::uint64_t n) { add(layer, part, name, n); });
  }
  /// Adds n actions to one row.
  /// Errors  errc::capacity where the count passes 2^64 - 2
  void add(std::string_view layer, std::string_view part, std::string_view name, std::uint64_t n) {
    if (n == 0) return;
    auto* row = find(layer, part, name);
    auto const sum = detail::saturating_add(row ? row->count : 0, n);
    if (sum == std::numeric_limits<std::uint64_t>::max())
      throw error({errc::capacity, "the count of an action does not fit 64 bits",
                   std::string(layer) + " " + std::string(part) + "." + std::string(name), "",
                   "at most 2^64 - 2 actions", "split the run"});
    if (row) {
      row->count = sum;
    } else {
      auto& of_layer = by_layer_.try_emplace(std::string(layer)).first->second;
      of_layer.reserve(of_layer.size() + 1);  // so that a failure below leaves rows and index in step
      rows_.push_back({std::string(layer), std::string(part), std::string(name), n});
      of_layer.push_back(rows_.size() - 1);
    }
  }
  /// Adds every row of another ledger.
  /// Errors  errc::capacity as above
  void merge(ledger const& other) {
    if (&other == this) return merge(ledger(other));
    for (auto const& r : other.rows_) add(r.layer, r.part, r.action, r.count);
  }

  [[nodiscard]] std::vector<ledger_row> const& rows() const noexcept { return rows_; }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

  /// The count of one row, 0 if it is not there.
  [[nodiscard]] std::uint64_t count(std::string_view layer, std::string_view part,
                                    std::string_view name) const noexcept {
    auto const* row = const_cast<ledger*>(this)->find(layer, part, name);
    return row ? row->count : 0;
  }
  /// The count of one action in all layers, at most 2^64 - 1.
  [[nodiscard]] std::uint64_t total(std::string_view part, std::string_view name) const noexcept {
    std::uint64_t sum = 0;
    for (auto const& r : rows_)
      if (r.part == part && r.action == name) sum = detail::saturating_add(sum, r.count);
    return sum;
  }

  /// Equal counts for equal rows; the order of the rows does not matter.
  friend bool operator==(ledger const& a, ledger const& b) noexcept {
    return a.rows_.size() == b.rows_.size() && std::all_of(a.rows_.begin(), a.rows_.end(), [&](ledger_row const& r) {
             return b.count(r.layer, r.part, r.action) == r.count;
           });
  }

 private:
  [[nodiscard]] ledger_row* find(std::string_view layer, std::string_view part, std::string_view name) noexcept {
    auto const of_layer = by_layer_.find(layer);
    if (of_layer == by_layer_.end()) return nullptr;
    for (auto const i : of_layer->second)
      if (rows_[i].part == part && rows_[i].action == name) return &rows_[i];
    return nullptr;
  }

  std::vector<ledger_row> rows_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_layer_;  // positions in rows_
};

/// One line per row in which two ledgers differ, "layer part.action: 3 against 5"; empty if they are equal.
[[nodiscard]] inline std::string difference(ledger const& a, ledger const& b) {
  std::string text;
  auto const line = [&text](ledger_row const& r, std::uint64_t left, std::uint64_t right) {
    text += r.layer + " " + r.part + "." + r.action + ": " + std::to_string(left) + " against " +
            std::to_string(right) + "\n";
  };
  for (auto const& r : a.rows())
    if (auto const other = b.count(r.layer, r.part, r.action); other != r.count) line(r, r.count, other);
  for (auto const& r : b.rows())
    if (a.count(r.layer, r.part, r.action) == 0) line(r, 0, r.count);
  return text;
}

}  // namespace ohmic::inline OHMIC_ABI
