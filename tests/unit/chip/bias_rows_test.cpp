// Biases on additional rows of the array.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
using ohmic::program::operation;
using ohmic::program::site;

namespace {

chip::config<chip::wang2024> with_rows(int max_rows) {
  auto c = chip::defaults<chip::wang2024>();
  c.coding.bias = chip::bias_policy::rows;
  c.coding.max_rows = max_rows;
  c.adc.lossless = true;
  return c;
}

/// What one code of a bias row stands for at an output: the largest activation code times both scales.
double unit_of(chip::deployed<chip::wang2024> const& on, site s, std::size_t output) {
  site const from = ohmic::model::producer_of(ohmic::model::bert{}, s);
  return 127.0 * static_cast<double>(on.scale_of(from)) * static_cast<double>(on.matrix_at(s).scales[output]);
}

ohmic::model::bert with_biases_times(double factor) {
  auto m = small_bert();
  for (auto& l : m.layers)
    for (auto* w : {&l.query, &l.key, &l.value, &l.attention_output, &l.intermediate, &l.output})
      for (float& b : w->bias) b = static_cast<float>(b * factor);
  return m;
}

}  // namespace

TEST_CASE("bias rows hold every bias to half a code, and no more rows than the largest needs") {
  for (double factor : {0.0, 1.0, 30.0}) {
    small_model const f(with_biases_times(factor));
    auto const on = f.on<chip::wang2024>(with_rows(64));
    ohmic::model::for_each_projection(f.m, [&](site s, ohmic::model::linear_weights const& w) {
      auto const& programmed = on.matrix_at(s);
      double largest = 0.0;
      std::size_t off = 0;
      for (std::size_t o = 0; o < w.outputs(); ++o) {
        double const unit = unit_of(on, s, o), half_code = unit * (0.5 + 1e-12);
        std::int64_t code = 0;
        for (std::size_t r = 0; r < programmed.bias_rows; ++r) code += programmed.operand.code(o, w.inputs() + r);
        off += static_cast<std::size_t>(std::fabs(static_cast<double>(code) * unit - static_cast<double>(w.bias[o])) >
                                        half_code);
        largest = std::max(largest, std::fabs(std::round(static_cast<double>(w.bias[o]) / unit)));
      }
      CAPTURE(factor, on.names().name(s));
      CHECK(off == 0);
      CHECK(programmed.clipped_biases == 0);
      CHECK(programmed.bias_rows == static_cast<std::size_t>(std::max(1.0, std::ceil(largest / 127.0))));
      CHECK(programmed.operand.cut().inner == w.inputs() + programmed.bias_rows);
    });
  }
}

TEST_CASE("biases that the rows cannot hold are clipped and counted") {
  small_model const f(with_biases_times(200.0));
  auto const on = f.on<chip::wang2024>(with_rows(1));
  std::uint64_t all = 0;
  ohmic::model::for_each_projection(f.m, [&](site s, ohmic::model::linear_weights const& w) {
    auto const& programmed = on.matrix_at(s);
    std::uint64_t beyond = 0;
    for (std::size_t o = 0; o < w.outputs(); ++o)
      beyond += static_cast<std::uint64_t>(
          std::fabs(std::nearbyint(static_cast<double>(w.bias[o]) / unit_of(on, s, o))) > 127.0);
    CAPTURE(on.names().name(s));
    CHECK(programmed.bias_rows == 1);
    CHECK(programmed.clipped_biases == beyond);
    for (std::size_t o = 0; o < w.outputs(); ++o) {
      double const wanted = std::nearbyint(static_cast<double>(w.bias[o]) / unit_of(on, s, o));
      CHECK(programmed.operand.code(o, w.inputs()) == std::min(127.0, std::max(-127.0, wanted)));
    }
    all += beyond;
  });
  CHECK(all > 10);
}

TEST_CASE("a digital bias takes no rows") {
  small_model const f;
  auto const on = f.on<chip::wang2024>(chip::defaults<chip::wang2024>());
  ohmic::model::for_each_projection(f.m, [&](site s, ohmic::model::linear_weights const& w) {
    CHECK(on.matrix_at(s).bias_rows == 0);
    CHECK(on.matrix_at(s).operand.cut().inner == w.inputs());
  });
  for (std::size_t rows : on.choices().bias_rows) CHECK(rows == 0);
}

TEST_CASE("results with bias rows differ from those with digital biases by half a code of the bias") {
  small_model const f;
  auto digital_settings = with_rows(8);
  digital_settings.coding.bias = chip::bias_policy::digital;
  auto const rows = f.on<chip::wang2024>(with_rows(8)), digital = f.on<chip::wang2024>(digital_settings);
  std::vector<std::int32_t> const ids{1, 2, 3, 4};
  chip_pass<chip::wang2024> const with(rows, f.m, ids, chip::product_mode::convert),
      without(digital, f.m, ids, chip::product_mode::convert);
  // Up to the first projections both have the same codes.
  for (auto op : {operation::A1, operation::A3}) {
    site const s{1, op};
    double largest_unit = 0.0;
    for (std::size_t o = 0; o < rows.matrix_at(s).scales.size(); ++o)
      largest_unit = std::max(largest_unit, unit_of(rows, s, o));
    double const half_code = largest_unit * 0.5, float_rounding = 4 * 0x1p-24 * 16.0;
    double worst = 0.0;
    for (std::size_t i = 0; i < with.seen.at(s.index()).size(); ++i)
      worst = std::max(worst, std::fabs(static_cast<double>(with.seen.at(s.index())[i]) -
                                        static_cast<double>(without.seen.at(s.index())[i])));
    CHECK(worst <= half_code + float_rounding);
    CHECK(worst > 0.0);
  }
}

TEST_CASE("the choices of a chip tell the plan how many bias rows each site has") {
  small_model const f(with_biases_times(30.0));
  auto const on = f.on<chip::wang2024>(with_rows(8));
  auto const choices = on.choices();
  std::size_t most = 0;
  ohmic::model::for_each_projection(f.m, [&](site s, ohmic::model::linear_weights const&) {
    CHECK(choices.bias_rows_of(s) == on.matrix_at(s).bias_rows);
    most = std::max(most, choices.bias_rows_of(s));
  });
  CHECK(most > 1);
}
