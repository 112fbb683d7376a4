// With lossless converters the chip computes what its codes alone say, whatever its base and geometry.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
using chip::product_mode;

namespace {

/// Bits of the logits of some texts, lossless.
template <class Spec>
std::vector<std::vector<std::uint32_t>> lossless_logits(small_model const& f, chip::config<Spec> c) {
  c.adc.lossless = true;
  auto const on = f.on<Spec>(c);
  std::vector<std::vector<std::uint32_t>> all;
  for (auto const& ids : small_texts(f.m.config, 6, 21)) {
    chip_pass<Spec> const converted(on, f.m, ids, product_mode::convert), exact(on, f.m, ids, product_mode::exact);
    CHECK(bits_of(converted.logits) == bits_of(exact.logits));
    CHECK(report_difference(converted.report, exact.report, on.names()) == "");
    all.push_back(bits_of(converted.logits));
  }
  return all;
}

template <class Spec>
chip::config<Spec> with_array(int rows, int columns) {
  auto c = chip::defaults<Spec>();
  c.array.rows = rows;
  c.array.columns = columns;
  return c;
}

/// Ratio of the logits' power to that of their difference from fp32, in dB.
double logit_snr(small_model const& f, chip::config<chip::wang2024> const& c, product_mode mode) {
  auto const on = f.on<chip::wang2024>(c);
  chip::error_power power;
  for (auto const& ids : small_texts(f.m.config, 12, 22)) {
    ohmic::model::fp32_engine reference(f.weights);
    power.add(ohmic::model::classify(reference, f.m, ids), chip_pass<chip::wang2024>(on, f.m, ids, mode).logits);
  }
  return power.ratio_db();
}

}  // namespace

TEST_CASE("a lossless chip is the exact mode, bit for bit, in any base and on any array") {
  small_model const f;
  auto const wanted = lossless_logits<chip::wang2024>(f, with_array<chip::wang2024>(128, 128));
  CHECK(lossless_logits<chip::wang2024>(f, with_array<chip::wang2024>(10, 8)) == wanted);
  CHECK(lossless_logits<chip::wang2024>(f, with_array<chip::wang2024>(3, 2)) == wanted);
  CHECK(lossless_logits<chip_of_base_3>(f, with_array<chip_of_base_3>(128, 128)) == wanted);
  CHECK(lossless_logits<chip_of_base_15>(f, with_array<chip_of_base_15>(50, 30)) == wanted);
  CHECK(lossless_logits<chip_of_base_255>(f, with_array<chip_of_base_255>(64, 256)) == wanted);
}

TEST_CASE("a lossless wang2024_published is its exact mode, bit for bit") {
  small_model const f;
  auto const wanted = lossless_logits<chip::wang2024_published>(f, with_array<chip::wang2024_published>(128, 128));
  CHECK(lossless_logits<chip::wang2024_published>(f, with_array<chip::wang2024_published>(10, 8)) == wanted);
}

TEST_CASE("a lossless chip with bias rows is its exact mode, bit for bit") {
  small_model const f;
  auto c = with_array<chip::wang2024>(10, 8);
  c.coding.bias = chip::bias_policy::rows;
  CHECK(lossless_logits(f, c).size() == 6);
}

TEST_CASE("converters of one unit a code are the exact mode, bit for bit") {
  // 64 activations of a digit up to 3 and weights up to 127 deliver 24384 units at most: 15 bits.
  small_model const f;
  auto c = chip::defaults<chip::wang2024>();
  c.adc.bits = 15;
  c.range.rule = ohmic::range_rule::full_scale;
  auto const on = f.on<chip::wang2024>(c);
  for (auto const& ids : small_texts(f.m.config, 4, 23)) {
    chip_pass<chip::wang2024> const converted(on, f.m, ids, product_mode::convert),
        exact(on, f.m, ids, product_mode::exact);
    CHECK(bits_of(converted.logits) == bits_of(exact.logits));
    CHECK(report_difference(converted.report, exact.report, on.names()) == "");
  }
}

TEST_CASE("wider codes and finer converters come closer to fp32") {
  small_model const f;
  auto const with_bits = [](int activations, int dac, int exponentials, int adc) {
    auto c = chip::defaults<chip::wang2024>();
    c.coding.activation_bits = activations;
    c.dac.bits = dac;
    c.softmax.exp_bits = exponentials;
    c.adc.bits = adc;
    return c;
  };
  double const coarse = logit_snr(f, with_bits(5, 5, 5, 8), product_mode::exact);
  double const int8 = logit_snr(f, with_bits(8, 8, 7, 8), product_mode::exact);
  double const chip_8 = logit_snr(f, with_bits(8, 8, 7, 8), product_mode::convert);
  double const chip_5 = logit_snr(f, with_bits(8, 8, 7, 5), product_mode::convert);
  CAPTURE(coarse, int8, chip_8, chip_5);
  // A bit is worth 6 dB: three bits of codes about 18, of which half must be seen.
  CHECK(int8 > coarse + 9.0);
  CHECK(chip_8 > chip_5 + 9.0);
  CHECK(int8 + 1.0 > chip_8);
}
