// Actions: tallies of a block, ledgers of a run.
#include "ohmic/core/action.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "support/catch.hpp"

namespace {
using ohmic::action;
using ohmic::action_list;
using ohmic::ledger;
using ohmic::tally;

using converters = action_list<action<"adc", "convert">, action<"dac", "drive">>;
using registers = action_list<action<"register", "load">, action<"dac", "drive">>;
using all_actions = ohmic::join<converters, registers, action_list<>>;

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

static_assert(std::is_same_v<
              all_actions, action_list<action<"adc", "convert">, action<"dac", "drive">, action<"register", "load">>>);
static_assert(std::is_same_v<ohmic::join<>, action_list<>>);
static_assert(converters::contains<action<"dac", "drive">> && !converters::contains<action<"dac", "convert">>);
static_assert(converters::index<action<"dac", "drive">> == 1 && converters::size == 2);
static_assert([] {
  tally<converters> t;
  t.add<"adc", "convert">(3);
  return t.count<"adc", "convert">() == 3 && t.count<"dac", "drive">() == 0;
}());
static_assert(noexcept(tally<converters>{}.add(action<"adc", "convert">{}, 1)));

ledger book(std::string_view layer, std::uint64_t conversions, std::uint64_t drives) {
  tally<converters> t;
  t.add<"adc", "convert">(conversions);
  t.add<"dac", "drive">(drives);
  ledger l;
  l.add(layer, t);
  return l;
}
}  // namespace

TEST_CASE("a tally counts each action by itself") {
  tally<converters> t;
  t.add<"adc", "convert">(2);
  t.add(action<"adc", "convert">{});
  t.add<"dac", "drive">(10);
  CHECK(t.count<"adc", "convert">() == 3);
  CHECK(t.count(action<"dac", "drive">{}) == 10);
}

TEST_CASE("the tally of a part is added to the tally of the whole") {
  tally<converters> part;
  part.add<"dac", "drive">(5);
  tally<all_actions> whole;
  whole.add<"register", "load">();
  whole += part;
  whole += part;
  CHECK(whole.count<"dac", "drive">() == 10);
  CHECK(whole.count<"register", "load">() == 1);
  whole *= 3;
  CHECK(whole.count<"dac", "drive">() == 30);
}

TEST_CASE("a tally is walked in the order of its list, with actions that were not taken") {
  tally<all_actions> t;
  t.add<"dac", "drive">(7);
  std::string text;
  t.for_each([&](std::string_view part, std::string_view name, std::uint64_t n) {
    text += std::string(part) + "." + std::string(name) + "=" + std::to_string(n) + " ";
  });
  CHECK(text == "adc.convert=0 dac.drive=7 register.load=0 ");
}

TEST_CASE("a counter that runs over stays at the top and the ledger refuses it") {
  tally<converters> t;
  t.add<"adc", "convert">(most - 1);
  ledger fits;
  fits.add("L0", t);
  CHECK(fits.count("L0", "adc", "convert") == most - 1);
  t.add<"adc", "convert">(5);
  CHECK(t.count<"adc", "convert">() == most);
  t *= 2;
  CHECK(t.count<"adc", "convert">() == most);
  ledger l;
  try {
    l.add("L0", t);
    FAIL("accepted");
  } catch (ohmic::error const& e) {
    CHECK(e.code() == ohmic::errc::capacity);
    CHECK_THAT(e.what(), ohmic_test::contains("L0 adc.convert"));
  }
  CHECK(l.empty());
  CHECK_THROWS_AS(fits.merge(fits), ohmic::error);
}

TEST_CASE("ledger rows appear in the order in which they were first counted") {
  ledger l;
  l.add("encoder.1", "adc", "convert", 4);
  l.add("encoder.0", "adc", "convert", 2);
  l.add("encoder.1", "dac", "drive", 1);
  l.add("encoder.1", "adc", "convert", 6);
  l.add("encoder.2", "adc", "convert", 0);
  REQUIRE(l.rows().size() == 3);
  CHECK(l.rows()[0] == ohmic::ledger_row{"encoder.1", "adc", "convert", 10});
  CHECK(l.rows()[1] == ohmic::ledger_row{"encoder.0", "adc", "convert", 2});
  CHECK(l.rows()[2] == ohmic::ledger_row{"encoder.1", "dac", "drive", 1});
  CHECK(l.total("adc", "convert") == 12);
  CHECK(l.count("encoder.2", "adc", "convert") == 0);
}

TEST_CASE("ledgers are equal whatever the order of their rows") {
  auto a = book("x", 1, 2), b = book("y", 3, 4);
  auto ab = a, ba = b;
  ab.merge(b);
  ba.merge(a);
  CHECK(ab == ba);
  CHECK(ohmic::difference(ab, ba).empty());
  CHECK_FALSE(a == b);
  CHECK_FALSE(a == ab);
}

TEST_CASE("the difference of two ledgers names each row that is not equal") {
  auto const a = book("x", 1, 2);
  auto b = book("x", 1, 3);
  b.add("y", "mux", "select", 8);
  CHECK(ohmic::difference(a, b) == "x dac.drive: 2 against 3\ny mux.select: 0 against 8\n");
  CHECK(ohmic::difference(b, a) == "x dac.drive: 3 against 2\ny mux.select: 8 against 0\n");
}

TEST_CASE("a ledger merged with itself doubles") {
  auto l = book("x", 1, 2);
  l.merge(l);
  CHECK(l == book("x", 2, 4));
}
