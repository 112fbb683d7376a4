// Named lists of parts: order, counts, names.
#include "ohmic/core/named.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {
using ohmic::named;
using ohmic::part;

constexpr auto bank = named(part<"dac">(128), part<"adc">(1u), part<"register">(std::size_t{4}));

static_assert(ohmic::get_part<"adc">(bank) == 1 && ohmic::get_part<"dac">(bank) == 128);
static_assert(std::is_same_v<decltype(ohmic::get_part<"adc">(bank)), std::uint64_t const&>);
static_assert(ohmic::has_part<decltype(bank), "adc"> && !ohmic::has_part<decltype(bank), "adcs">);
static_assert(!ohmic::has_part<decltype(bank), "ad">);
static_assert(ohmic::part_count<decltype(bank)> == 3);
static_assert(ohmic::part_count<decltype(named())> == 0);
static_assert(ohmic::named_list<decltype(bank)> && !ohmic::named_list<int>);
static_assert(ohmic::fixed_string("adc") == ohmic::fixed_string("adc"));
static_assert(!(ohmic::fixed_string("adc") == ohmic::fixed_string("adcs")));
static_assert(ohmic::fixed_string("sense amplifier").view() == "sense amplifier");

template <class L>
std::vector<std::pair<std::string, std::uint64_t>> rows(L const& list) {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  ohmic::for_each_part(list, [&](std::string_view name, std::uint64_t n) { all.emplace_back(name, n); });
  return all;
}
}  // namespace

TEST_CASE("a named list is walked in the order in which it was written") {
  CHECK(rows(bank) == std::vector<std::pair<std::string, std::uint64_t>>{{"dac", 128}, {"adc", 1}, {"register", 4}});
  CHECK(rows(named(part<"b">(1), part<"a">(2))).front().first == "b");
  CHECK(rows(named()).empty());
}

TEST_CASE("joined lists keep the order of both") {
  constexpr auto all = ohmic::join_parts(bank, named(part<"multiplexer">(2)));
  CHECK(rows(all) == std::vector<std::pair<std::string, std::uint64_t>>{
                         {"dac", 128}, {"adc", 1}, {"register", 4}, {"multiplexer", 2}});
}

TEST_CASE("a part can carry any value") {
  auto const list = named(part<"note">(std::string("two words")), part<"area">(2.5));
  CHECK(ohmic::get_part<"note">(list) == "two words");
  CHECK(ohmic::get_part<"area">(list) == 2.5);
}
