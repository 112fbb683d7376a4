// Price books of plugins: the prices of the file, with their sources; bad ones are refused.
#include <cstring>
#include <filesystem>
#include <string>

#include "ohmic/cost/book_file.hpp"
#include "ohmic/plugin/host.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/temporary_file.hpp"

namespace {

using namespace ohmic;
using ohmic_test::check_refused;

std::string prices_plugin(std::string const& name) { return std::string(OHMIC_PLUGIN_FOLDER) + "/" + name + ".so"; }
run_time_book book_of(plugin::loaded const& p, std::string const& parameters) {
  return parse_price_book(p.price_text(parameters), p.where());
}

constexpr char const* csv =
    "# ours\narea,adc,1.5e-09 m2,table,layout, page 3\nstatic_power,adc,0.002 W,fit,fitted\nenergy,adc.convert,2.5e-12 "
    "J,assumption,a guess\n";
constexpr char const* toml_text =
    "[area.adc]\nvalue = \"1.5e-09 m2\"\norigin = \"table\"\nsource = \"layout, page 3\"\n"
    "[static_power.adc]\nvalue = \"0.002 W\"\norigin = \"fit\"\nsource = \"fitted\"\n"
    "[energy.\"adc.convert\"]\nvalue = \"2.5e-12 J\"\norigin = \"assumption\"\nsource = \"a guess\"\n";
constexpr char const* ert =
    "ERT:\n  version: '0.4'\n  tables:\n  - name: system.tile[1..12].chip.sar[1..128]\n    actions:\n    - name: convert\n      "
    "arguments: {}\n"
    "      energy: 2.5\n    - name: idle\n      energy: 0\n  - name: system.chip.dac\n    actions:\n    - name: "
    "drive\n      energy: 1.25e-1\n";
constexpr char const* art = "ART:\n  version: '0.4'\n  tables:\n  - name: system.chip.sar[1..128]\n    area: 1500\n";

TEST_CASE("cost_table gives the prices of a CSV or TOML file, in the host's process and apart") {
  if (!std::filesystem::exists(prices_plugin("cost_table"))) {
    WARN("toml++ was not found, cost_table is not built");
    return;
  }
  ohmic_test::temporary_folder const folder;
  auto const a = folder.write("a.csv", csv), b = folder.write("b.toml", toml_text);
  plugin::loaded const here(prices_plugin("cost_table")), apart(prices_plugin("cost_table"), plugin::isolation{});
  for (auto const* p : {&here, &apart})
    for (auto const& file : {a, b}) {
      CAPTURE(file.string(), p->is_isolated());
      auto const book = book_of(*p, "file=" + file.string());
      REQUIRE(book.areas.entries.size() == 1);
      REQUIRE(book.static_powers.entries.size() == 1);
      REQUIRE(book.energies.entries.size() == 1);
      CHECK(book.areas.find("adc")->value.si() == 1.5e-9);
      CHECK(book.areas.find("adc")->source == "layout, page 3");
      CHECK(book.areas.find("adc")->from == origin::table);
      CHECK(book.static_powers.find("adc")->value.si() == 0.002);
      CHECK(book.energies.find("adc.convert")->value.si() == 2.5e-12);
      CHECK(book.energies.find("adc.convert")->from == origin::assumption);
    }
  auto const refuse = [&](std::string const& text, std::vector<std::string> const& parts, errc code) {
    auto const file = folder.write("bad.toml", text);
    check_refused([&] { static_cast<void>(here.price_text("file=" + file.string())); }, code, parts);
  };
  refuse("[area.adc]\nvalue = \"1 m2\"\norigin = \"table\"\n", {"[area.adc].source", "is missing"}, errc::file_format);
  refuse("[area.adc]\nvalue = \"-1 m2\"\norigin = \"table\"\nsource = \"x\"\n", {"price out of range"}, errc::value);
  refuse("[area", {"broken TOML"}, errc::file_format);
  check_refused([&] { static_cast<void>(here.price_text("")); }, errc::config_value, {"no file is named"});
  check_refused([&] { static_cast<void>(here.price_text("file=/nowhere.csv")); }, errc::file_missing, {"/nowhere.csv"});
}

TEST_CASE("cost_accelergy reads energies and areas of Accelergy, renamed where that is asked") {
  if (!std::filesystem::exists(prices_plugin("cost_accelergy"))) {
    WARN("yaml-cpp was not found, cost_accelergy is not built");
    return;
  }
  ohmic_test::temporary_folder const folder;
  auto const e = folder.write("ERT.yaml", ert), a = folder.write("ART.yaml", art);
  plugin::loaded const p(prices_plugin("cost_accelergy"));
  auto const book =
      book_of(p, "energies=" + e.string() + ";areas=" + a.string() + ";rename=sar.convert:adc.convert,sar:adc");
  CHECK(book.energies.entries.size() == 3);
  CHECK(book.energies.find("adc.convert")->value.si() == 2.5 * 1e-12);
  CHECK(book.energies.find("sar.idle")->value.si() == 0.0);
  CHECK(book.energies.find("dac.drive")->value.si() == 0.125 * 1e-12);
  CHECK(book.areas.find("adc")->value.si() == 1500 * 1e-12);
  CHECK(book.areas.find("adc")->from == origin::regression);
  CHECK_THAT(std::string(book.energies.find("adc.convert")->source),
             ohmic_test::contains("ERT.yaml line 6: sar.convert"));
  auto const refuse = [&](std::string const& text, std::vector<std::string> const& parts, errc code) {
    auto const file = folder.write("bad.yaml", text);
    check_refused([&] { static_cast<void>(p.price_text("energies=" + file.string())); }, code, parts);
  };
  refuse("ART: {tables: []}\n", {"is no table of Accelergy", "ERT"}, errc::file_format);
  refuse("ERT: [\n", {"broken YAML", "line"}, errc::file_format);
  refuse("ERT:\n  tables:\n  - name: a\n    actions:\n    - name: b\n", {"is missing", "energy"}, errc::file_format);
  refuse("ERT:\n  tables:\n  - name: a\n    actions:\n    - {name: b, energy: -1}\n", {"out of range"}, errc::value);
  refuse("ERT:\n  tables:\n  - name: a\n    actions:\n    - {name: b, energy: 1}\n    - {name: b, energy: 2}\n",
         {"priced twice"}, errc::config_value);
}

TEST_CASE("what is wrong with a price names it") {
  plugin::own_memory const memory("a.so");
  plugin::detail::table_check const check(memory, "a.so");
  ohmic_price p{};
  std::strcpy(p.name, "adc.convert");
  p.kind = OHMIC_PRICE_ENERGY;
  auto const line = [&] { static_cast<void>(plugin::detail::price_line(check, p, "a.so")); };
  check_refused(line, errc::plugin_table, {"a.so: price.source of adc.convert: a text is missing"});
  std::strcpy(p.source, "ours");
  line();
  p.origin = 7;
  check_refused(line, errc::plugin_failed, {"an origin; got 7 of adc.convert"});
  p.origin = 0, p.kind = 9;
  check_refused(line, errc::plugin_failed, {"a kind of price; got 9 of adc.convert"});
}

TEST_CASE("a plugin without price books says so") {
  check_refused([] { static_cast<void>(plugin::loaded(prices_plugin("template")).price_text("")); },
                errc::missing_entry, {"template.so", "ohmic.prices.1"});
}

}  // namespace
