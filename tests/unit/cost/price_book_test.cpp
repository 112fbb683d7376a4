#include "ohmic/cost/book_file.hpp"
#include "ohmic/cost/computation_report.hpp"
#include "ohmic/cost/roll_up.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {
constexpr area_price area_of(double v) { return {mm2(v), "test", origin::table}; }
constexpr energy_price energy_of(double v) { return {picojoules(v), "test", origin::fit}; }
using two_actions = action_list<action<"adc", "convert">, action<"dac", "drive">>;
}  // namespace

TEST_CASE("an action is priced under part and name") { CHECK(action_name<action<"adc", "convert">> == "adc.convert"); }

TEST_CASE("a roll-up adds areas of parts and energies of actions, each row with its source") {
  price_book const book{"test", named(part<"adc">(area_of(2.0)), part<"dac">(area_of(0.5))), named(),
                        named(part<"adc.convert">(energy_of(3.0)), part<"dac.drive">(energy_of(0.25)))};
  auto const parts = named(part<"dac">(8), part<"adc">(2));
  cost_report r;
  add_area_rows(r, "block", 10.0, parts, part_prices<square_metres>(parts, book.areas));
  tally<two_actions> t;
  t.add<"adc", "convert">(100);
  mean_counts<two_actions> counts;
  counts.add(t, 2.0);
  add_energy_rows(r, phase::prefill, counts, action_prices<two_actions>(book.energies));
  REQUIRE(r.rows.size() == 3);
  CHECK(r.rows[0].path() == "area/block/dac");
  CHECK(r.rows[0].count == 80.0);
  CHECK(r.rows[1].total == Approx(40.0));
  CHECK(r.rows[2].path() == "energy/prefill/adc.convert");
  CHECK(r.rows[2].source == "test");
  CHECK(r.rows[2].from == origin::fit);
  CHECK(r.area_mm2() == Approx(80.0));
  CHECK(r.energy_J(phase::prefill) == Approx(600e-12));
  CHECK(r.energy_J(phase::decode) == 0.0);
}

TEST_CASE("prices that nothing uses are listed") {
  auto const prices = named(part<"adc">(area_of(1.0)), part<"laser">(area_of(1.0)));
  CHECK(unused_prices(prices, part_names(named(part<"adc">(1)))) == std::vector<std::string>{"laser"});
}

TEST_CASE("a full counter is refused") {
  tally<two_actions> t;
  t.add<"adc", "convert">(std::numeric_limits<std::uint64_t>::max());
  mean_counts<two_actions> counts;
  try {
    counts.add(t, 1.0);
    FAIL("accepted");
  } catch (error const& e) {
    CHECK(e.code() == errc::capacity);
    CHECK(e.info().where == "adc.convert");
  }
}

TEST_CASE("a book written as text reads back as the same prices") {
  computation_chip_config const c;
  component_prices const p;
  for (auto set : {price_set::as_published, price_set::bottom_up}) {
    auto const book = computation_chip_book(set, p, c);
    auto const read = parse_price_book(to_text(book), "book");
    auto const a = action_prices<cost_actions>(book.energies), b = action_prices<cost_actions>(read.energies);
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].value == b[i].value);
      CHECK(a[i].source == b[i].source);
      CHECK(a[i].from == b[i].from);
    }
    auto const parts = dense_crossbar_block{c}.parts();
    auto const x = part_prices<square_metres>(parts, book.areas), y = part_prices<square_metres>(parts, read.areas);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i].value == y[i].value);
  }
}

TEST_CASE("a run-time book without a price is refused by name, as the compile-time one is") {
  auto const book = parse_price_book("# comment\n\narea,adc,1.2e-3 mm2,table,ISAAC Table I, 32 nm\n", "mine.csv");
  CHECK(book.areas.entries.front().value.source == "ISAAC Table I, 32 nm");
  try {
    static_cast<void>(part_prices<square_metres>(named(part<"adc">(1), part<"dac">(1)), book.areas));
    FAIL("accepted");
  } catch (error const& e) {
    CHECK(e.code() == errc::missing_entry);
    CHECK(e.info().where == "dac");
  }
}

TEST_CASE("a price book may begin with a byte order mark") {
  auto const book = parse_price_book(
      "\xEF\xBB\xBF"
      "area,adc,1 mm2,table,x\n",
      "mine.csv");
  CHECK(book.areas.find("adc") != nullptr);
}

TEST_CASE("unused prices of a run-time book are listed with their kind; its own chip uses all it has") {
  computation_chip_config const c;
  auto const text = to_text(computation_chip_book(price_set::bottom_up, component_prices{}, c));
  auto const unused = [&](std::string const& more) {
    return unused_prices(parse_price_book(text + more, "b"), computation_chip_part_names(c),
                         action_names<join<cost_actions, write_actions>>());
  };
  CHECK(unused("").empty());
  CHECK(unused("area,laser,1 mm2,table,x\nstatic_power,laser,1 mW,table,x\nenergy,laser.shine,1 pJ,table,x\n") ==
        std::vector<std::string>{"area laser", "static_power laser", "energy laser.shine"});
}

TEST_CASE("broken lines of a book are named") {
  auto const refused = [](char const* text, errc code) {
    try {
      static_cast<void>(parse_price_book(text, "b"));
    } catch (error const& e) {
      CHECK(e.code() == code);
      CHECK(e.info().where.find("b line ") == 0);
      return;
    }
    FAIL(text);
  };
  refused("area,adc,1 mm2,table,\n", errc::file_format);    // no source
  refused("area,adc,1,table,x\n", errc::config_value);      // no unit
  refused("area,adc,1 pJ,table,x\n", errc::config_value);   // wrong unit
  refused("area,adc,-1 mm2,table,x\n", errc::value);        // negative
  refused("area,adc,1 mm2,guess,x\n", errc::unknown_key);   // origin
  refused("price,adc,1 mm2,table,x\n", errc::unknown_key);  // kind
  refused("area,adc,1 mm2,table,x\narea,adc,1 mm2,table,x\n", errc::config_conflict);
}
