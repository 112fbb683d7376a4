// A model on a chip whose computation crossbar is not ideal: what its noise depends on, and what it leaves alone.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
using chip::product_mode;
using chip::wang2024;

namespace {

/// wang2024 with these settings of its noise.
chip::config<wang2024> noisy(std::vector<std::string> const& assignments) {
  auto c = chip::defaults<wang2024>();
  for (auto const& a : assignments) ohmic::assign(c, "noise." + a);
  return c;
}
std::vector<std::string> const everything{"mismatch=0.02",  "dac_offset=0.3", "dac_gain=0.01", "dac_inl=0.3",
                                          "adc_offset=0.5", "adc_gain=0.01",  "adc_inl=0.5",   "adc_dnl=0.3",
                                          "thermal=10",     "row=0.02",       "cell=0.05",     "rtn=0.05"};

classifier_outcome outcome_of(small_model const& f, chip::config<wang2024> const& settings,
                              chip::token_lists const& texts, ohmic::executor& threads) {
  auto const on = f.on<wang2024>(settings, threads);
  std::vector<classifier_contestant> contestants;
  contestants.emplace_back(on, product_mode::convert);
  (void)chip::evaluate(f.m, f.weights, classification(texts), contestants, threads);
  return contestants[0].finish();
}

std::size_t different_sites(classifier_outcome const& a, classifier_outcome const& b) {
  std::size_t n = 0;
  for (std::size_t s = 0; s < a.quality.size(); ++s)
    n += static_cast<std::size_t>(a.quality[s].signal != b.quality[s].signal ||
                                  a.quality[s].noise != b.quality[s].noise);
  return n;
}

/// Signal over noise of all sites together, in dB.
double quality(small_model const& f, std::vector<std::string> const& assignments) {
  auto const o = outcome_of(f, noisy(assignments), small_texts(f.m.config, 8, 61), serial());
  chip::error_power all;
  for (auto const& site : o.quality) {
    all.signal += site.signal;
    all.noise += site.noise;
  }
  return all.ratio_db();
}

}  // namespace

TEST_CASE("a chip with every imperfection gives the same with 1 and 3 threads, and does as many actions as planned") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 12, 61);
  ohmic::executor three(3);
  auto const one = outcome_of(f, noisy(everything), texts, serial()),
             parallel = outcome_of(f, noisy(everything), texts, three),
             ideal = outcome_of(f, noisy({}), texts, serial());
  CHECK(one.answers == parallel.answers);
  CHECK(different_sites(one, parallel) == 0);
  CHECK(report_difference(one.report, parallel.report, f.names()) == "");
  CHECK(different_sites(one, ideal) > 10);
  CHECK(ohmic::difference(one.report.actions(f.names()), ideal.report.actions(f.names())) == "");
}

TEST_CASE("noise belongs to a text's place in its run, fixed errors to the chip") {
  small_model const f;
  auto const ids = small_texts(f.m.config, 1, 62)[0];
  auto const logits = [&](chip::deployed<wang2024> const& on, std::uint32_t text) {
    chip::engine<wang2024> e(on, product_mode::convert, serial(), nullptr, nullptr, text);
    return bits_of(ohmic::model::classify(e, f.m, ids));
  };
  auto const fixed = f.on<wang2024>(noisy({"mismatch=0.05", "adc_offset=1"}));
  CHECK(logits(fixed, 0) == logits(fixed, 5));
  auto const reads = f.on<wang2024>(noisy({"cell=0.1"}));
  CHECK(logits(reads, 5) == logits(reads, 5));
  CHECK(logits(reads, 0) != logits(reads, 5));
  CHECK(logits(f.on<wang2024>(noisy({"mismatch=0.05", "adc_offset=1", "seed=2"})), 0) != logits(fixed, 0));
}

TEST_CASE("integers and calibration do not see imperfections") {
  small_model const f;
  auto const ids = small_texts(f.m.config, 1, 63)[0];
  auto const ideal = f.on<wang2024>(noisy({})), all = f.on<wang2024>(noisy(everything));
  CHECK(bits_of(chip_pass<wang2024>(ideal, f.m, ids, product_mode::exact).logits) ==
        bits_of(chip_pass<wang2024>(all, f.m, ids, product_mode::exact).logits));
  CHECK(ideal.calibrated().full_scales == all.calibrated().full_scales);
}

TEST_CASE("more of an imperfection leaves less of the signal") {
  // 3 dB: the imperfection alone adds as much error as coding and converters leave without it. Amplitudes are far beyond any
  // chip's, to show that each setting reaches the result; what they do exactly is held by the definition.
  small_model const f;
  double const ideal = quality(f, {});
  for (char const* key : {"mismatch", "dac_gain", "adc_gain"}) {
    INFO(key);
    double const little = quality(f, {std::string(key) + "=0.02"}), much = quality(f, {std::string(key) + "=0.15"});
    CAPTURE(ideal, little, much);
    CHECK(much < little);
    CHECK(much < ideal - 3.0);
  }
  for (char const* change :
       {"cell=0.3", "rtn=0.6", "row=0.3", "thermal=300", "adc_inl=8", "dac_offset=8", "dac_inl=8"}) {
    INFO(change);
    CHECK(quality(f, {change}) < ideal - 3.0);
  }
  // The offset of an ADC is in both readings, and the subtractor takes it off again, except near zero.
  double const offset = quality(f, {"adc_offset=8"});
  CHECK(offset < ideal);
  CHECK(offset > ideal - 1.0);
}
