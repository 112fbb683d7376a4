// Help without training: statistics of values, clipping by least squares, smoothing of channels, correction of means.
#include "ohmic/chip/help_without_training.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/model/llama.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;
using settings_list = std::vector<std::string>;

std::vector<float> normal_values(std::size_t n, std::uint64_t seed) {
  stream const s{seed, purpose::user, 0};
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = s.normal(static_cast<std::uint32_t>(i), 0);
  return v;
}

/// A Llama whose normalisations leave three channels that are 60 times larger than the others, as trained models have them.
model::llama with_outliers() {
  auto m = ohmic_test::tiny_llama();
  for (auto& l : m.layers)
    for (auto* norm : {&l.attention_norm, &l.output_norm})
      for (std::size_t i : {1u, 5u, 7u}) {
        norm->gamma[i] *= 60.0f;
        // What trained weights do: they read such channels with small factors.
        for (auto* w :
             norm == &l.attention_norm ? std::vector{&l.query, &l.key, &l.value} : std::vector{&l.gate, &l.up})
          for (std::size_t o = 0; o < w->weight.rows(); ++o) w->weight(o, i) /= 60.0f;
      }
  return m;
}

chip::deployed<chip::wang2024> on_chip(model::llama const& m, settings_list const& changes) {
  executor threads(2);
  auto const weights = model::fp32_weights_of(m);
  auto settings = chip::defaults<chip::wang2024>();
  for (auto const& s : changes) assign(settings, s);
  auto const texts = ohmic_test::tiny_texts(1);
  return chip::deploy<chip::wang2024>(m, settings, chip::calibrated_values(m, weights, texts, threads), texts, threads);
}

/// Signal over noise of logits against fp32, in dB, and a plan that is kept.
double quality(model::llama const& m, settings_list const& changes) {
  auto const deployed = on_chip(m, changes);
  auto const weights = model::fp32_weights_of(m);
  executor serial(1);
  chip::error_power power;
  for (auto const& text : ohmic_test::tiny_texts(2)) {
    model::fp32_engine reference(weights);
    chip::engine<chip::wang2024> e(deployed, chip::product_mode::convert, serial);
    auto const want = forward(reference, m, text), got = forward(e, m, text);
    power.add(want.flat(), got.flat());
    auto const plan = program::plan(
        program_of(m, text.size(), deployed.choices()), [&](auto const& op) { return deployed.planned(op); },
        deployed.names());
    CHECK(difference(plan, e.report().actions(deployed.names())) == "");
  }
  return power.ratio_db();
}

}  // namespace

TEST_CASE("statistics of channels are those of the values, head by head too, whatever the order of texts") {
  std::size_t const n = 7, heads = 3, d = 4, width = heads * d;
  auto const values = normal_values(n * width, 3);
  chip::channel_statistics plain, by_head, twice;
  plain.observe(values, width);
  std::vector<float> head_first;
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t t = 0; t < n; ++t)
      for (std::size_t i = 0; i < d; ++i) head_first.push_back(values[t * width + h * d + i]);
  by_head.observe(head_first, width, d);
  CHECK(plain.largest == by_head.largest);
  CHECK(plain.sums == by_head.sums);
  CHECK(plain.rows == n);
  for (std::size_t c = 0; c < width; ++c) {
    double sum = 0.0;
    float largest = 0.0f;
    for (std::size_t t = 0; t < n; ++t) {
      sum += static_cast<double>(values[t * width + c]);
      largest = std::max(largest, std::fabs(values[t * width + c]));
    }
    CHECK(plain.largest[c] == largest);
    CHECK(std::fabs(plain.mean(c) - sum / static_cast<double>(n)) <= 0x1p-25);
  }
  chip::channel_statistics other;
  other.observe(normal_values(2 * width, 4), width);
  twice = other;
  twice.merge(plain);
  plain.merge(other);
  CHECK(twice.sums == plain.sums);
  CHECK(twice.rows == n + 2);
  chip::channel_statistics spiky;
  spiky.observe(std::vector<float>{1.0f, -1.0f, 1.5f, 9.5f, 2.0f, -7.0f, 0.5f}, 7);
  CHECK(spiky.outliers() == 1);  // 6 times the median, 1.5
  CHECK(spiky.outliers(4.0f) == 2);
}

TEST_CASE("the clip of least squares is near the best of all clips, tried on the values themselves") {
  for (int bits : {3, 4, 6, 8}) {
    auto values = normal_values(4000, 5);
    values[17] = 40.0f;  // one far out
    double const top = (1 << (bits - 1)) - 1;
    auto const error = [&](double clip) {
      double sum = 0.0;
      for (float const f : values) {
        auto const v = static_cast<double>(f);
        double const code = std::clamp(std::nearbyint(v / clip * top), -top, top), off = code * clip / top - v;
        sum += off * off;
      }
      return sum;
    };
    chip::magnitude_histogram h;
    h.observe(values);
    double const found = static_cast<double>(h.least_squares_clip(40.0f, top));
    double best = error(40.0);
    for (double clip = 2.5; clip < 40.0; clip *= 1.01) best = std::min(best, error(clip));
    CAPTURE(bits, found);
    // Parts are 3 % wide and rounding inside a step is taken as uniform.
    CHECK(error(found) <= 1.1 * best);
    if (bits == 4) CHECK(error(40.0) > 2.0 * error(found));
  }
}

TEST_CASE("smoothing regains what outlier channels take, and changes nothing where there are none to speak of") {
  auto const m = with_outliers();
  double const plain = quality(m, {}), smoothed = quality(m, {"coding.smoothing=0.5"});
  CAPTURE(plain, smoothed);
  CHECK(smoothed > plain + 6.0);  // a bit at least
  CHECK(std::fabs(quality(ohmic_test::tiny_llama(), {"coding.smoothing=0.5"}) - quality(ohmic_test::tiny_llama(), {})) <
        4.0);
}

TEST_CASE("smoothed weights and values multiply to what they did") {
  auto const m = with_outliers();
  auto const deployed = on_chip(m, {"coding.smoothing=0.7", "adc.lossless=true"});
  auto const factors = deployed.channels_at({1, program::operation::A_L2});
  REQUIRE(factors.size() == m.config.width);
  CHECK(factors[5] > 5.0f * factors[4]);
  CHECK(deployed.channels_at({1, program::operation::B2}).empty());  // a residual stream
  auto const& w = deployed.matrix_at({1, program::operation::A1});
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t i = 0; i < m.config.width; ++i) {
      float const back = static_cast<float>(w.operand.code(o, i)) * w.scales[o] / factors[i];
      // Half a step of the codes, divided by the factor.
      CHECK(std::fabs(back - m.layers[0].query.weight(o, i)) <= 0.51f * w.scales[o] / factors[i]);
    }
}

TEST_CASE("corrections are the mean of what rounded weights leave out") {
  auto const m = ohmic_test::tiny_llama();
  auto const deployed = on_chip(m, {"coding.bias_correction=true", "dac.bits=4"});
  auto const texts = ohmic_test::tiny_texts(1);
  program::site_names const names = sites_of(m);
  auto const weights = model::fp32_weights_of(m);
  std::vector<double> mean(m.config.width, 0.0);
  double rows = 0.0;
  for (auto const& text : texts) {
    model::recording seen(names.sites());
    model::fp32_engine e(weights, &seen);
    static_cast<void>(forward(e, m, text));
    auto const& values = seen.at(program::site{2, program::operation::B_L2}.index());
    for (std::size_t i = 0; i < values.size(); ++i) mean[i % mean.size()] += static_cast<double>(values[i]);
    rows += static_cast<double>(text.size());
  }
  auto const& up = deployed.matrix_at({2, program::operation::gate});
  REQUIRE(up.correction.size() == m.config.hidden);
  for (std::size_t o = 0; o < m.config.hidden; ++o) {
    double want = 0.0;
    for (std::size_t i = 0; i < mean.size(); ++i)
      want += (static_cast<double>(m.layers[1].up.weight(o, i)) -
               static_cast<double>(up.operand.code(o, i)) * static_cast<double>(up.scales[o])) *
              mean[i] / rows;
    CHECK(std::fabs(static_cast<double>(up.correction[o]) - want) < 1e-5);
  }
  CHECK(quality(m, {"coding.bias_correction=true", "dac.bits=4"}) > quality(m, {"dac.bits=4"}) - 1.0);
}

TEST_CASE("help that a kept calibration cannot give, and settings out of range, are refused") {
  auto const m = ohmic_test::tiny_llama();
  auto const kept = on_chip(m, {}).calibrated();
  auto const refused = [&](settings_list const& changes, errc code) {
    auto settings = chip::defaults<chip::wang2024>();
    for (auto const& s : changes) assign(settings, s);
    chip::calibration reduced = kept;
    reduced.values.channels.clear();
    reduced.values.magnitudes.clear();
    try {
      chip::validate(settings);
      static_cast<void>(chip::deploy(m, settings, reduced));
      FAIL_CHECK("not refused: " << changes.front());
    } catch (error const& e) { CHECK(e.code() == code); }
  };
  refused({"coding.smoothing=0.5"}, errc::missing_calibration);
  refused({"coding.bias_correction=true"}, errc::missing_calibration);
  refused({"coding.value_range=least_squares"}, errc::missing_calibration);
  refused({"coding.smoothing=1.5"}, errc::config_value);
  refused({"coding.smoothing=0.5", "coding.value_range=least_squares"}, errc::config_conflict);
}
