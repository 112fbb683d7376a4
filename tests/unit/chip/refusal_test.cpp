// What a chip refuses, and what it says then.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;
using ohmic::errc;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

template <class Change>
void deploy_with(small_model const& f, Change const& change) {
  auto c = chip::defaults<chip::wang2024>();
  change(c);
  (void)f.on<chip::wang2024>(c);
}

/// Programs a model that was changed after its calibration.
template <class Change>
void program_changed(small_model f, Change const& change) {
  change(f.m);
  auto c = chip::defaults<chip::wang2024>();
  c.range.rule = ohmic::range_rule::full_scale;
  (void)f.on<chip::wang2024>(c);
}

}  // namespace

TEST_CASE("settings out of range stop a deployment by name") {
  small_model const f;
  check_refused([&] { deploy_with(f, [](auto& c) { c.coding.activation_bits = 12; }); }, errc::config_value,
                {"coding.activation_bits", "got 12", "4..11"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.coding.activation_bits = 3; }); }, errc::config_value,
                {"coding.activation_bits", "got 3"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.coding.max_rows = 0; }); }, errc::config_value,
                {"coding.max_rows", "got 0", "1..64"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.adc.bits = 0; }); }, errc::config_value, {"adc.bits", "got 0"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.array.columns = 5; }); }, errc::config_value,
                {"array.columns", "got 5"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.softmax.exp_bits = 3; }); }, errc::config_value,
                {"softmax.exp_bits", "got 3"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.softmax.exp_bits = 17; }); }, errc::config_value,
                {"softmax.exp_bits", "got 17"});
  check_refused([&] { deploy_with(f, [](auto& c) { c.range.rule = ohmic::range_rule::user; }); }, errc::config_conflict,
                {"range.user"});
  check_refused(
      [&] {
        deploy_with(f, [](auto& c) {
          c.range.rule = ohmic::range_rule::user;
          c.range.user = {1000.0};
        });
      },
      errc::config_value, {"range.user", "1 values", "one value per digit"});
}

TEST_CASE("NaN or infinity among weights or biases is refused with site and element") {
  small_model const f;
  check_refused([&] { program_changed(f, [](auto& m) { m.layers[1].query.weight(1, 2) = not_a_number; }); },
                errc::value, {"layer.1.A1[26]", "nan"});
  check_refused([&] { program_changed(f, [](auto& m) { m.layers[0].output.weight(0, 3) = infinity; }); }, errc::value,
                {"layer.0.B2[3]", "inf"});
  check_refused([&] { program_changed(f, [](auto& m) { m.classifier.bias[4] = -infinity; }); }, errc::value,
                {"classifier bias[4]", "inf"});
}

TEST_CASE("NaN in what calibration runs through is refused with the site where it shows") {
  small_model f;
  f.m.embedding_norm.gamma[3] = not_a_number;
  check_refused([&] { (void)chip::calibrated_values(f.m, f.weights, f.calibration, serial()); }, errc::value,
                {"embeddings.L2[3]", "nan"});
}

TEST_CASE("a model that was put together wrongly is refused with its part") {
  small_model const f;
  check_refused(
      [&] { program_changed(f, [](auto& m) { m.layers[0].intermediate.weight = ohmic::matrix<float>(0, 24); }); },
      errc::shape, {"layers[0].intermediate.weight", "0 x 24", "40 x 24"});
}

TEST_CASE("a run before the converters have ranges is refused with the site") {
  small_model const f;
  chip::deployed<chip::wang2024> const on(
      chip::defaults<chip::wang2024>(), f.names(), f.values,
      [&](auto const& g) { ohmic::model::for_each_projection(f.m, g); },
      [&](ohmic::program::site s) { return ohmic::model::producer_of(f.m, s); });
  std::vector<std::int32_t> const ids{1, 2, 3};
  check_refused([&] { chip_pass<chip::wang2024>(on, f.m, ids, chip::product_mode::convert); },
                errc::missing_calibration, {"embeddings.L1", "range.rule=full_scale"});
  CHECK_NOTHROW(chip_pass<chip::wang2024>(on, f.m, ids, chip::product_mode::exact));
  small_model uncalibrated = f;
  uncalibrated.calibration.clear();
  auto const without = uncalibrated.on<chip::wang2024>(chip::defaults<chip::wang2024>());
  check_refused([&] { chip_pass<chip::wang2024>(without, f.m, ids, chip::product_mode::convert); },
                errc::missing_calibration, {"embeddings.L1"});
}

TEST_CASE("rules that need no calibration currents do without them") {
  small_model f;
  f.calibration.clear();
  auto c = chip::defaults<chip::wang2024>();
  c.range.rule = ohmic::range_rule::full_scale;
  auto const on = f.on<chip::wang2024>(c);
  std::vector<std::int32_t> const ids{1, 2, 3};
  CHECK_NOTHROW(chip_pass<chip::wang2024>(on, f.m, ids, chip::product_mode::convert));
}
