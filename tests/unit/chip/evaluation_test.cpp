// Calibration and evaluation: what they give does not depend on threads or on the order of texts.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
using chip::product_mode;

namespace {

/// Everything that an evaluation of chip, int8 and published chip gives.
struct evaluated {
  std::vector<std::size_t> fp32;
  std::vector<classifier_outcome> outcomes;

  evaluated(small_model const& f, chip::token_lists const& texts, ohmic::executor& threads) {
    auto const paper = f.on<chip::wang2024>(chip::defaults<chip::wang2024>(), threads);
    auto const published = f.on<chip::wang2024_published>(chip::defaults<chip::wang2024_published>(), threads);
    std::vector<classifier_contestant> contestants;
    contestants.emplace_back(paper, product_mode::convert);
    contestants.emplace_back(paper, product_mode::exact);
    contestants.emplace_back(published, product_mode::convert);
    fp32 = chip::evaluate(f.m, f.weights, classification(texts), contestants, threads);
    for (auto& c : contestants) outcomes.push_back(c.finish());
  }
};

bool equal_quality(std::vector<chip::error_power> const& a, std::vector<chip::error_power> const& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](auto const& x, auto const& y) { return x.signal == y.signal && x.noise == y.noise; });
}

template <class Spec>
std::vector<double> converter_steps(chip::deployed<Spec> const& on) {
  std::vector<double> steps;
  for (std::size_t i = 0; i < on.names().sites(); ++i)
    for (auto const& adc :
         on.converters_at({i / ohmic::program::operation_count,
                           static_cast<ohmic::program::operation>(i % ohmic::program::operation_count)}))
      steps.push_back(adc.step());
  return steps;
}

}  // namespace

TEST_CASE("evaluation gives the same with 1 and 3 threads") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 20, 31);
  ohmic::executor three(3);
  evaluated const one(f, texts, serial()), parallel(f, texts, three);
  CHECK(one.fp32 == parallel.fp32);
  for (std::size_t i = 0; i < one.outcomes.size(); ++i) {
    CAPTURE(i);
    CHECK(one.outcomes[i].answers == parallel.outcomes[i].answers);
    CHECK(equal_quality(one.outcomes[i].quality, parallel.outcomes[i].quality));
    CHECK(report_difference(one.outcomes[i].report, parallel.outcomes[i].report, f.names()) == "");
  }
}

TEST_CASE("evaluation gives the same predictions and counts for texts in another order") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 15, 32);
  chip::token_lists const reversed(texts.rbegin(), texts.rend());
  evaluated const forwards(f, texts, serial()), backwards(f, reversed, serial());
  for (std::size_t i = 0; i < forwards.outcomes.size(); ++i) {
    auto const &a = forwards.outcomes[i], &b = backwards.outcomes[i];
    CHECK(std::equal(a.answers.begin(), a.answers.end(), b.answers.rbegin(), b.answers.rend()));
    CHECK(report_difference(a.report, b.report, f.names()) == "");
    // Sums over texts in double: 15 texts, a rounding each.
    for (std::size_t s = 0; s < a.quality.size(); ++s) {
      CHECK_THAT(a.quality[s].signal, within(b.quality[s].signal, b.quality[s].signal * 15 * 0x1p-53));
      CHECK_THAT(a.quality[s].noise, within(b.quality[s].noise, b.quality[s].noise * 15 * 0x1p-53));
    }
  }
}

TEST_CASE("a text gives the same alone and among others") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 6, 33);
  evaluated const all(f, texts, serial());
  chip::run_report sum(f.names().sites());
  for (std::size_t t = 0; t < texts.size(); ++t) {
    evaluated const alone(f, {texts[t]}, serial());
    CHECK(alone.fp32[0] == all.fp32[t]);
    CHECK(alone.outcomes[0].answers[0] == all.outcomes[0].answers[t]);
    sum += alone.outcomes[0].report;
  }
  CHECK(report_difference(sum, all.outcomes[0].report, f.names()) == "");
}

TEST_CASE("calibration gives the same ranges with 1 and 3 threads and in any order of texts") {
  small_model const f;
  ohmic::executor three(3);
  auto const values = chip::calibrated_values(f.m, f.weights, f.calibration, three);
  CHECK(values.largest == f.values.largest);
  for (std::size_t b = 0; b < values.scores.size(); ++b) {
    CHECK(values.scores[b].rows() == f.values.scores[b].rows());
    if (values.scores[b].rows() == 0) continue;
    for (double q : {0.5, 0.9, 1.0})
      CHECK(values.scores[b].full_scale(ohmic::full_scale_rule::quantile, q) ==
            f.values.scores[b].full_scale(ohmic::full_scale_rule::quantile, q));
  }
  auto backwards = f;
  std::reverse(backwards.calibration.begin(), backwards.calibration.end());
  auto const c = chip::defaults<chip::wang2024>();
  auto const steps = converter_steps(f.on<chip::wang2024>(c));
  CHECK(steps.size() == 30 * 3);  // sites with products x digits
  CHECK(converter_steps(f.on<chip::wang2024>(c, three)) == steps);
  CHECK(converter_steps(backwards.on<chip::wang2024>(c)) == steps);
}

TEST_CASE("calibration finds the largest magnitude at every site and the row maxima of every block") {
  small_model const f;
  std::vector<float> largest(f.names().sites(), 0.0f);
  std::size_t rows = 0;
  for (auto const& ids : f.calibration) {
    ohmic::model::recording seen(f.names().sites());
    ohmic::model::fp32_engine engine(f.weights, &seen);
    (void)ohmic::model::classify(engine, f.m, ids);
    for (std::size_t s = 0; s < largest.size(); ++s)
      for (float v : seen.at(s)) largest[s] = std::max(largest[s], std::fabs(v));
    rows += f.m.config.heads * ids.size();
  }
  CHECK(f.values.largest == largest);
  CHECK(f.values.scores[0].rows() == 0);
  CHECK(f.values.scores[1].rows() == rows);
  CHECK(f.values.scores[2].rows() == rows);
}

TEST_CASE("progress is reported text by text, up to the number of texts") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 8, 34);
  ohmic::executor three(3);
  std::vector<std::size_t> steps;  // calls come from one thread at a time
  bool total_is_right = true;
  chip::progress const note = [&](std::size_t done, std::size_t total) {
    steps.push_back(done);
    total_is_right = total_is_right && total == 8;
  };
  std::vector<classifier_contestant> none;
  (void)chip::evaluate(f.m, f.weights, classification(texts), none, three, note);
  CHECK(steps == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(total_is_right);
}

TEST_CASE("a ratio in decibels is ten times the logarithm of signal over noise") {
  chip::error_power p;
  p.add(std::vector<float>{3.0f, -4.0f}, std::vector<float>{3.0f, -4.5f});
  CHECK(p.signal == 25.0);
  CHECK(p.noise == 0.25);
  CHECK_THAT(p.ratio_db(), within(20.0, 1e-12));
  CHECK(std::isinf(chip::error_power{1.0, 0.0}.ratio_db()));
  CHECK(std::isnan(chip::error_power{}.ratio_db()));
}

TEST_CASE("the exact mode is at least as close to fp32 as the chip where the model says what it says") {
  small_model const f;
  evaluated const e(f, small_texts(f.m.config, 20, 35), serial());
  auto const classifier = ohmic::program::site{3, ohmic::program::operation::classifier}.index();
  // Converters add their own error to that of the codes; 1 dB for the accident of 20 texts.
  CHECK(e.outcomes[1].quality[classifier].ratio_db() > e.outcomes[0].quality[classifier].ratio_db() - 1.0);
}

TEST_CASE("calibration without texts is refused") {
  small_model const f;
  check_refused([&] { (void)chip::calibrated_values(f.m, f.weights, {}, serial()); }, ohmic::errc::missing_calibration,
                {"calibration", "0 texts"});
}

TEST_CASE("a text that the model cannot take stops an evaluation with its diagnosis") {
  small_model const f;
  ohmic::executor three(3);
  std::vector<classifier_contestant> none;
  auto texts = small_texts(f.m.config, 9, 36);
  texts[4].push_back(40);
  check_refused([&] { (void)chip::evaluate(f.m, f.weights, classification(texts), none, three); }, ohmic::errc::value,
                {"token id", "40"});
  texts[4].assign(21, 1);
  check_refused([&] { (void)chip::evaluate(f.m, f.weights, classification(texts), none, serial()); },
                ohmic::errc::shape, {"got 21"});
}
