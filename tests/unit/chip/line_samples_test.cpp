// What sampled cycles of a run say about its wires.
#include <string>
#include <vector>

#include "ohmic/chip/isaac.hpp"
#include "small_chip.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
using chip::wang2024;

namespace {

chip::config<wang2024> wired(char const* word, char const* bit) {
  auto c = chip::defaults<wang2024>();
  ohmic::set(c, "noise.word_segment", word);
  ohmic::set(c, "noise.bit_segment", bit);
  return c;
}

}  // namespace

TEST_CASE("sampled lines: the same for any number of threads, at every site that converts, for texts of the run") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 11, 71);
  auto const on = f.on<wang2024>(wired("5 ohm", "5 ohm"));
  ohmic::executor three(3);
  auto const a = chip::sampled_lines(on, f.m, texts, serial()), b = chip::sampled_lines(on, f.m, texts, three);
  CHECK(a.texts == 8);
  REQUIRE(a.sites.size() == b.sites.size());
  for (std::size_t s = 0; s < a.sites.size(); ++s) {
    CHECK(a.sites[s].cycles == b.sites[s].cycles);
    CHECK(a.sites[s].lost_squares == b.sites[s].lost_squares);
    CHECK(a.sites[s].error_squares == b.sites[s].error_squares);
    CHECK(a.sites[s].residual == b.sites[s].residual);
  }
  auto const pass = chip_pass<wang2024>(on, f.m, texts[0], chip::product_mode::convert);
  for (std::size_t s = 0; s < a.sites.size(); ++s)
    CHECK((a.sites[s].cycles > 0) == (pass.report.sites[s].actions.count<"adc", "convert">() > 0));
  CHECK(chip::sampled_lines(on, f.m, {texts[0], texts[1]}, serial()).texts == 2);
}

TEST_CASE("sampled lines: the model's error falls to a quarter where wires halve, and what wires take to a half") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 8, 72);
  auto const at = [&](char const* ohm) {
    return chip::sampled_lines(f.on<wang2024>(wired(ohm, ohm)), f.m, texts, serial()).total();
  };
  auto const four = at("4 ohm"), two = at("2 ohm");
  CHECK(four.residual < 1e-10);
  CHECK(four.error() < 0.1 * four.lost());
  // Codes of later sites differ a little between the two runs, and grids of 2^-20 show: bounds, not the order itself.
  CHECK(four.lost() / two.lost() == Approx(2.0).epsilon(0.1));
  CHECK(four.error() / two.error() == Approx(4.0).epsilon(0.2));
}

TEST_CASE("sampled lines: nothing where wires are ideal or solved exactly, nothing taken where switches alone resist") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 2, 73);
  CHECK(chip::sampled_lines(f.on<wang2024>(wired("0 ohm", "0 ohm")), f.m, texts, serial()).texts == 0);
  auto in_situ = chip::defaults<chip::isaac>();
  ohmic::set(in_situ, "wires.word_segment", "1 ohm");
  CHECK(chip::sampled_lines(f.on<chip::isaac>(in_situ), f.m, texts, serial()).texts == 0);
  auto c = wired("0 ohm", "0 ohm");
  ohmic::set(c, "noise.switch_resistance", "1000 ohm");
  auto const all = chip::sampled_lines(f.on<wang2024>(c), f.m, texts, serial()).total();
  CHECK(all.cycles > 0);
  CHECK(all.lost_most < 1e-12);
  CHECK(all.error_most < 1e-12);
}
