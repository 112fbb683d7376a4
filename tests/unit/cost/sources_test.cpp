// Every price says where it is printed: paper, table or section, page as far as it is known.
#include <regex>
#include <set>
#include <string>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/printed_values.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/cost/citation.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {

std::regex const place{
    R"((Table [IVX0-9]+|Fig [0-9.]+[a-d]?|sections? [IVX0-9]+(\.[0-9])?|\w+\.py|title|component (table|set)|)"
    R"(tables of its memories|ADC model|data sheet|TPU v4))"};
std::regex const table_with_page{R"((Table [IVX0-9]+|Fig [0-9]+[a-d]?|section 6\.[0-9]), p\. [1-9][0-9]?\b)"};

/// A converter, a column's driver, or an action of theirs.
bool is_converter(std::string_view part) {
  auto const of = part.substr(0, part.find('.'));
  return of == "dac" || of == "adc" || of == "column_driver" || of == "sense_adc";
}

/// A place, and its page where the paper is one whose pages are known.
void check_source(std::string_view name, std::string_view source, origin from) {
  std::string const text(source);
  CAPTURE(std::string(name), text, std::string(name_of(from)));
  CHECK_FALSE(text.empty());
  if (from == origin::assumption) return;
  CHECK(std::regex_search(text, place));
  for (std::string_view paper : {wang_paper.view(), isaac_paper.view(), prime_paper.view(), pipelayer_paper.view()})
    if (source.starts_with(paper) && (text.find("Table ") != text.npos || text.find("Fig ") != text.npos))
      CHECK(std::regex_search(text, table_with_page));
}

}  // namespace

TEST_CASE("a citation is paper, place, page and what is printed there") {
  CHECK(cited<"A, B 2020", "Table 3", 12, "2 pJ"> == "A, B 2020, Table 3, p. 12: 2 pJ");
  CHECK(cited<"A, B 2020", "Table 3", 8> == "A, B 2020, Table 3, p. 8");
  CHECK(cited<"A, B 2020", "constants.py", 0, "2 pJ"> == "A, B 2020, constants.py: 2 pJ");
  CHECK(cited<"A, B 2020", "title"> == "A, B 2020, title");
  CHECK(cited<"A", "p", 1024> == "A, p, p. 1024");
}

TEST_CASE("every component price names its table or section, and the page where it is known") {
  component_prices const p;
  for_each_price(p, [](char const* name, auto const& each) { check_source(name, each.source, each.from); });
  auto const fitted_prices = chip::published_prices();
  check_source("dense_read", fitted_prices.dense_read.source, fitted_prices.dense_read.from);
  int cited_from_isaac = 0;
  for_each_price(p, [&](char const*, auto const& each) {
    cited_from_isaac += each.source.starts_with("Shafiee et al., ISCA 2016 (ISAAC), Table I, p. 8") ? 1 : 0;
  });
  CHECK(cited_from_isaac == 14);
}

TEST_CASE("every constant of the baselines names its table or section") {
  chip::baseline_constants const k;
  chip::for_each_baseline_constant(k, [](char const* name, auto const& each) {
    if constexpr (requires { each.source; }) check_source(name, each.source, each.from);
  });
  auto const& f = chip::fitted();
  for (auto const* price : {&f.dense_read, &f.prime_mac, &f.pipelayer_mac, &f.vesti_mac, &f.vesti_weight,
                            &f.multi_bit_mac, &f.single_bit_mac})
    check_source("fitted", price->source, price->from);
}

TEST_CASE("every row of every chip names its table or section, or says that it is assumed") {
  for (auto const& preset : chip::cost_presets)
    for (auto prices : {price_set::as_published, price_set::bottom_up}) {
      chip::cost_settings s;
      s.choice.prices = prices;
      for (char const* model : {"bert_large", "gpt3"}) {
        auto const w = chip::workload_of(model::find_network(model), {256, 2, 1}, chip::choices_of(preset.name));
        for (auto const& row : preset.cost(w, s).rows) check_source(row.path(), row.source, row.from);
      }
    }
}

TEST_CASE("every printed value names its place and page") {
  std::regex const with_page{R"(.+, p\. [1-9][0-9]?$)"};
  for (auto const& row : chip::printed_values) {
    CAPTURE(row.id, row.where);
    CHECK(std::regex_match(std::string(row.where), with_page));
  }
}

TEST_CASE("leakage has its own source, what is less the leakage names whose power it was") {
  chip::cost_settings s;
  s.choice.prices = price_set::bottom_up;
  auto const w = chip::workload_of(model::find_network("bert_large"), {256, 2, 1}, chip::choices_of("wang2024"));
  int leaking = 0, busy = 0;
  for (auto const& row : chip::find_cost_preset("wang2024").cost(w, s).rows) {
    CAPTURE(row.path(), row.source);
    bool const part = is_converter(row.part);
    if (row.what == metric::static_energy && part) {
      CHECK(row.source.starts_with(puma_paper.view()));
      ++leaking;
    }
    if (row.what == metric::dynamic_energy && part) {
      CHECK(row.source.starts_with(isaac_paper.view()));
      ++busy;
    }
  }
  CHECK(leaking == 8);
  CHECK(busy >= 6);
}

TEST_CASE("a price with a source of the user's own keeps it, whatever a rule makes of it") {
  for (auto const from : {origin::table, origin::assumption})
    for (int const bits : {6, 8}) {
      chip::cost_settings s;
      s.choice.prices = price_set::bottom_up;
      s.chip.adc_bits = bits;
      auto const mine = [&](auto& p) { p.source = "a measured circuit", p.from = from; };
      mine(s.prices.dac_1bit_area), mine(s.prices.adc_area), mine(s.prices.dac_1bit_power);
      mine(s.prices.adc_conversion), mine(s.prices.dac_1bit_leakage), mine(s.prices.adc_leakage);
      auto const w = chip::workload_of(model::find_network("bert_large"), {256, 2, 1}, chip::choices_of("wang2024"));
      std::set<std::string> seen;
      for (auto const& row : chip::find_cost_preset("wang2024").cost(w, s).rows) {
        if (!is_converter(row.part) || row.what == metric::latency) continue;
        CAPTURE(row.path(), row.source);
        CHECK(row.source == "a measured circuit");
        seen.insert(std::string(row.part) + " " + std::string(name_of(row.what)));
      }
      CHECK(seen.size() >= 10);
    }
}

TEST_CASE("what is left of a printed price without a leakage of the user's own is no table's, and names that") {
  for (int const bits : {6, 8}) {
    chip::cost_settings s;
    s.choice.prices = price_set::bottom_up;
    s.chip.adc_bits = bits;
    s.prices.adc_leakage.source = "a measured leakage", s.prices.adc_leakage.from = origin::table;
    auto const w = chip::workload_of(model::find_network("bert_large"), {256, 2, 1}, chip::choices_of("wang2024"));
    int converting = 0;
    for (auto const& row : chip::find_cost_preset("wang2024").cost(w, s).rows)
      if (row.part == "adc.convert" && row.what == metric::dynamic_energy) {
        CHECK(row.source == "a measured leakage");
        CHECK(row.from == origin::assumption);
        ++converting;
      }
    CHECK(converting > 0);
  }
}
