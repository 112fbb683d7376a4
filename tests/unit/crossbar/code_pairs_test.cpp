// Devices, curves, wires and what else cells do under integer codes, by pairs: the product is that of the plain definition
// and finite, or settings are refused with a sentence.
#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "code_array_cases.hpp"
#include "support/catch.hpp"
#include "support/pairwise.hpp"

using namespace ohmic_test;
using ohmic::uniform_adc;

namespace {

/// Layouts of every kind, small.
std::vector<in_situ::code_layout> small_layouts() {
  std::vector<in_situ::code_layout> all(4);
  all[0].weights = {in_situ::mapping::differential, 4, {1, 2}, in_situ::pair_reading::apart, false};
  all[0].inputs = {in_situ::code_coding::sign_magnitude, 3, in_situ::input_passes::one};
  all[1].weights = {in_situ::mapping::differential, 4, {3}, in_situ::pair_reading::difference, false};
  all[1].inputs = {in_situ::code_coding::sign_magnitude, 1, in_situ::input_passes::two_summed_digital};
  all[2].weights = {in_situ::mapping::offset_unit_column, 4, {2, 2}, in_situ::pair_reading::apart, true};
  all[3].weights = {in_situ::mapping::offset, 4, {1, 1, 1, 1}, in_situ::pair_reading::apart, false};
  all[3].inputs.slice_bits = 2;
  for (auto& l : all) l.array = {7, 9};
  return all;
}

}  // namespace

TEST_CASE(
    "in-situ arrays for codes: every pair of device, curve, wires and factors is the plain definition or refused") {
  pair_factors const factors = {
      {"0", "1", "2", "3"},  // layouts
      {"", "cell.device=rram_taox", "cell.device=rram_milo; cell.r_on=4.5 kohm; cell.r_off=20 kohm",
       "cell.device=rram_wan_retention; cell.r_on=25 kohm",
       "cell.device=reram_cmo; cell.r_on=12 kohm; cell.r_off=100 kohm", "cell.device=pcm_nandakumar; cell.r_on=40 kohm",
       "cell.device=pcm_hermes; cell.r_on=50 kohm", "cell.device=sonos; cell.r_on=62.5 kohm",
       "cell.device=fefet; cell.r_on=1 Mohm; cell.r_off=45 Mohm", "cell.device=sram", "cell.programming_error=0.02",
       "cell.r_on=5 kohm; cell.r_off=20 kohm"},
      {"", "cell.curve.scale=0.1 V", "cell.curve.law=milo"},
      {"", "wires.word_segment=2 ohm; wires.bit_segment=2 ohm"},
      {"", "cell.faults.stuck_low=0.1; cell.faults.stuck_high=0.1"},
      {"", "cell.write.max_tries=5; cell.write.tolerance=0.02"},
      {"", "cell.read_noise=0.01"},
      {"", "cell.retention.exponent=0.05; cell.retention.age=1000 s", "cell.retention.age=86400 s"},
      {"", "cell.retention.compensation=global", "cell.retention.compensation=per_column",
       "cell.retention.compensation=exact"},
      {"", "cell.temperature.at=350 K"},
      {"", "converter.kind=sar; converter.mismatch=0.05; converter.gain=100; converter.columns=2",
       "converter.kind=flash; converter.offset=0.01; converter.noise=0.02",
       "converter.kind=ramp; converter.mismatch=0.05; converter.slope=0.02; converter.bow=0.01; converter.delay=0.5",
       "converter.kind=sar; converter.offset=0.01; converter.noise=0.02"},
  };
  auto const layouts = small_layouts();
  auto const runs = [&](std::string const& layout, std::string const& text) {
    INFO("layout " << layout << ": " << text);
    code_case c;
    c.tokens = 3, c.inner = 10, c.outputs = 5, c.x_top = 7;
    c.layout = layouts[static_cast<std::size_t>(layout[0] - '0')];
    c.range.rule = ohmic::range_rule::full_scale;
    struct part_settings {
      ohmic::resistive_cell_config cell = in_situ::ideal_cell();
      ohmic::wire_config wires{};
      ohmic::converter_config converter{};
    } parts;
    std::istringstream in(text);
    for (std::string item; std::getline(in, item, ';');) {
      auto const first = item.find_first_not_of(' ');
      if (first == item.npos) continue;
      item = item.substr(first);
      auto const rest = item.substr(item.find('.') + 1);
      if (item.starts_with("cell.")) ohmic::assign(parts.cell, rest);
      if (item.starts_with("wires.")) ohmic::assign(parts.wires, rest);
      if (item.starts_with("converter.")) ohmic::assign(parts.converter, rest);
    }
    c.cells.cell = parts.cell, c.cells.wires = parts.wires, c.converter = parts.converter;
    try {
      code_run<uniform_adc> const run(c, {6, false}, *thread_counts()[0]);
      in_situ::code_report plain;
      auto const wanted = in_situ::reference_product(run.array, run.x, run.y.view(), run.converters, c.source, plain,
                                                     {5, 0}, run.place);
      std::size_t wrong = 0;
      for (std::size_t n = 0; n < c.tokens; ++n)
        for (std::size_t o = 0; o < c.outputs; ++o)
          wrong += static_cast<std::size_t>(!std::isfinite(run.z(n, o)) || run.z(n, o) != wanted(n, o));
      CHECK(wrong == 0);
      return true;
    } catch (ohmic::error const& e) {
      CAPTURE(e.what());
      CHECK(e.code() == ohmic::errc::config_conflict);
      CHECK(e.info().what.find(' ') != std::string::npos);
      CHECK(!e.info().allowed.empty());
      CHECK(!e.info().fix.empty());
      return false;
    }
  };
  auto open = all_pairs(factors);
  std::size_t const pairs = open.size();
  for (auto const& row : pairwise_rows(factors)) {
    std::string text;
    for (std::size_t f = 1; f < row.size(); ++f) text += factors[f][row[f]] + "; ";
    if (!runs(factors[0][row[0]], text)) continue;
    for (std::size_t f = 0; f < row.size(); ++f)
      for (std::size_t g = f + 1; g < row.size(); ++g) open.erase({{f, row[f]}, {g, row[g]}});
  }
  std::size_t refused = 0;  // pairs of a refused row, alone
  for (auto const& [one, other] : open) {
    auto const &a = factors[one.first][one.second], &b = factors[other.first][other.second];
    if (!(one.first == 0 ? runs(a, b) : runs("1", a + "; " + b))) ++refused;
  }
  CAPTURE(pairs, refused);
  CHECK(refused > 0);
  CHECK(refused < pairs / 5);
}
