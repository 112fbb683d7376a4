// What cells of every device hold and read, against the definition of the device: mean, variance, Kolmogorov-Smirnov.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/device/programmable_cell.hpp"
#include "support/catch.hpp"
#include "support/statistics.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

constexpr std::uint64_t cells = 1 << 14;
double const root_cells = std::sqrt(static_cast<double>(cells));
/// Of the test that runs: every law is held to its definition on each of these.
device_streams numbers(11, 5);
void take_stream() {
  static device_streams const all[] = {{11, 5}, {1, 0}, {2026, 77}, {0x123456789abcdefu, 3}};
  numbers = all[GENERATE(0, 1, 2, 3)];
}

/// Checks that values are normal with this mean and deviation.
void check_normal(std::vector<double> const& values, double mean, double sigma) {
  CAPTURE(mean, sigma);
  auto const n = static_cast<double>(values.size());
  CHECK(std::fabs(mean_of(values) - mean) < deviations * sigma / std::sqrt(n));
  CHECK(std::fabs(variance_of(values) / (sigma * sigma) - 1.0) < deviations * std::sqrt(2.0 / n));
  CHECK(kolmogorov_smirnov(values, [&](double v) { return normal_law((v - mean) / sigma); }) < ks_point / std::sqrt(n));
}

/// What cells of a law that are written to one target hold at an age.
template <class Law>
std::vector<double> held(device_cell<Law> const& cell, double target_uS, double age_s) {
  std::vector<double> out;
  for (std::uint64_t i = 0; i < cells; ++i)
    out.push_back(cell.aged(numbers, i, cell.write(numbers, i, target_uS), age_s));
  return out;
}

template <class Law>
device_cell<Law> cells_of_law(Law const& law = {}) {
  return {law, {}, {}, law.facts().low_uS, law.facts().high_uS};
}

resistive_cell_config settings_of(std::vector<std::string> const& all) {
  resistive_cell_config c;
  for (auto const& s : all) assign(c, s);
  resistive_cell_config::validate(c);
  return c;
}

}  // namespace

TEST_CASE("programming leaves the mean and the spread of every published law, and is normal") {
  take_stream();
  for (auto const& [name, value] : enum_names<device_name>::value)
    with_law(value, [&, at = name](auto const& law) {
      device_facts const f = law.facts();
      if (!f.has_spread || f.name == "table") return;
      double const top = std::min(f.high_uS, 100.0);
      for (double share : {0.4, 0.7, 1.0}) {  // far enough from 0 that nothing is cut off
        double const target = f.low_uS + share * (top - f.low_uS);
        CAPTURE(at, target);
        check_normal(held(cells_of_law(law), target, 0.0), target, law.programming_sigma(target));
      }
    });
}

TEST_CASE("conductances are cut off at 0, where the law would go below") {
  take_stream();
  pcm_joshi const law;
  auto const values = held(cells_of_law(law), 0.2, 0.0);
  double const expected = normal_law(-0.2 / law.programming_sigma(0.2)), n = static_cast<double>(cells);
  double at_zero = 0.0;
  for (double v : values) {
    CHECK(v >= 0.0);
    at_zero += v == 0.0 ? 1.0 : 0.0;
  }
  CHECK(std::fabs(at_zero / n - expected) < deviations * std::sqrt(expected * (1.0 - expected) / n));
}

TEST_CASE("PCM: exponents of drift have the published mean and spread") {
  take_stream();
  auto const check = [](auto const& law, double target, double t_0_s) {
    std::vector<double> nu;
    auto const cell = cells_of_law(law);
    for (std::uint64_t i = 0; i < cells; ++i) {
      auto const w = cell.write(numbers, i, target);
      nu.push_back(-std::log(cell.aged(numbers, i, w, 1e5) / w.programmed_uS) / std::log((1e5 + t_0_s) / t_0_s));
    }
    double const mean = -std::log(law.aged(target, 1.0, 1e5, 0.0)) / std::log((1e5 + t_0_s) / t_0_s);
    double const sigma = -std::log(law.aged(target, 1.0, 1e5, 1.0)) / std::log((1e5 + t_0_s) / t_0_s) - mean;
    REQUIRE(mean > 3.5 * sigma);  // so that |nu| is nu but for 2e-4 of the cells
    check_normal(nu, mean, sigma);
  };
  check(pcm_nandakumar{}, 12.5, 20.0);
  check(pcm_hermes{}, 10.0, 300.0);
  check(pcm_hermes_single{}, 5.0, 200.0);
}

TEST_CASE("RRAM and SONOS: distance and spread at an age are the published ones") {
  take_stream();
  double const day = 86400.0;
  {
    rram_wan_retention const law;
    double const first = law.programming_sigma(30.0), added = law.aged(30.0, 30.0, day, 1.0) - 30.0;
    check_normal(held(cells_of_law(law), 30.0, day), 30.0, std::hypot(first, added));
  }
  {
    reram_cmo const law;
    double const mean = law.aged(50.0, 50.0, 1e6, 0.0), sigma = law.aged(50.0, 50.0, 1e6, 1.0) - mean;
    check_normal(held(cells_of_law(law), 50.0, 1e6), mean, std::hypot(law.programming_sigma(50.0), sigma));
  }
  {
    sonos const law;
    double const mean = law.aged(8.0, 8.0, 2.5 * day, 0.0), sigma = law.aged(8.0, 8.0, 2.5 * day, 1.0) - mean;
    check_normal(held(cells_of_law(law), 8.0, 2.5 * day), mean, std::hypot(law.programming_sigma(8.0), sigma));
  }
}

TEST_CASE("the generic errors of programming and of drift have the size that is set") {
  take_stream();
  programmable_cell const spread(settings_of({"programming_error=0.05"}));
  programmable_cell const drift(
      settings_of({"retention.exponent=0.1", "retention.spread=0.02", "retention.age=1000 s"}));
  std::vector<double> held_spread, nu;
  for (std::uint64_t i = 0; i < cells; ++i) {
    held_spread.push_back(spread.written(numbers, i, 0.6).aged);
    nu.push_back(-std::log(drift.written(numbers, i, 0.6).aged / 0.6) / std::log(1000.0));
  }
  check_normal(held_spread, 0.6, 0.05 * 0.99);
  check_normal(nu, 0.1, 0.02);
}

TEST_CASE("a table's states come out with their means and spreads") {
  take_stream();
  measured_states law;
  law.states = parse_states("conductance_uS,spread_uS\n2,0.3\n5,0.4\n9,0.5\n", "s.csv");
  for (auto const& s : law.states)
    check_normal(held(cells_of_law(law), s.conductance_uS + 0.4, 0.0), s.conductance_uS, s.spread_uS);
}

TEST_CASE("stuck cells: as many as their rates say, at their level, at every age") {
  take_stream();
  auto const c = settings_of({"device=pcm_nandakumar", "r_on=40 kohm", "r_off=inf ohm", "faults.stuck_low=0.03",
                              "faults.stuck_high=0.01", "retention.age=1000 s"});
  programmable_cell const device(c);
  double low = 0.0, high = 0.0;
  auto const n = static_cast<double>(cells);
  for (std::uint64_t i = 0; i < cells; ++i) {
    auto const s = device.written(numbers, i, 0.5);
    if (!s.written.stuck) continue;
    CHECK(s.read_sigma == 0.0);
    CHECK((s.aged == 0.0 || s.aged == 1.0));
    (s.aged == 0.0 ? low : high) += 1.0;
  }
  CHECK(std::fabs(low / n - 0.03) < deviations * std::sqrt(0.03 * 0.97 / n));
  CHECK(std::fabs(high / n - 0.01) < deviations * std::sqrt(0.01 * 0.99 / n));
}

TEST_CASE("write and verify: tries are geometric, and what verifies lies within the tolerance") {
  take_stream();
  // A tolerance of one sigma is met by 68.27 % of the tries.
  auto const c = settings_of({"programming_error=0.05", "r_off=inf ohm", "write.max_tries=4", "write.tolerance=0.05"});
  programmable_cell const device(c);
  double const p = std::erf(1.0 / std::sqrt(2.0)), n = static_cast<double>(cells);
  std::vector<double> count(5, 0.0);
  double missed = 0.0;
  for (std::uint64_t i = 0; i < cells; ++i) {
    auto const s = device.written(numbers, i, 0.5);
    count[s.written.tries] += 1.0;
    CHECK(s.written.verified == (std::fabs(s.programmed - 0.5) <= 0.05 * (1.0 + 1e-12)));
    missed += s.written.verified ? 0.0 : 1.0;
  }
  auto const check_share = [&](double got, double expected) {
    CHECK(std::fabs(got / n - expected) < deviations * std::sqrt(expected * (1.0 - expected) / n));
  };
  check_share(count[1], p);
  check_share(count[2], (1.0 - p) * p);
  check_share(count[3], std::pow(1.0 - p, 2) * p);
  check_share(count[4], std::pow(1.0 - p, 3));
  check_share(missed, std::pow(1.0 - p, 4));
  // A stuck cell takes all tries, except where it is stuck at its target.
  auto stuck = c;
  stuck.faults.stuck_high = 1.0;
  auto const wrong = programmable_cell(stuck).written(numbers, 0, 0.5).written;
  CHECK((wrong.tries == 4 && !wrong.verified));
  auto const right = programmable_cell(stuck).written(numbers, 0, 1.0).written;
  CHECK((right.tries == 1 && right.verified));
}

namespace {
/// Leaves a tenth less than it is told, without spread, and loses more with age than it has.
struct biased_cell : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "biased", .summary = "off its target", .source = "ours", .has_spread = true, .has_drift = true};
  }
  [[nodiscard]] double programming_mean(double g_uS) const noexcept { return 0.9 * g_uS; }
  [[nodiscard]] double aged(double, double programmed_uS, double age_s, double) const noexcept {
    return programmed_uS - age_s;
  }
};
}  // namespace

TEST_CASE("verifying looks for the target, or for the state that a device of states can reach") {
  device_cell<biased_cell> cell{.writing = {.max_tries = 3, .tolerance = 0.01}, .high_uS = 100.0};
  cell.has_states = false;
  auto const off = cell.write(numbers, 0, 50.0);
  CHECK((off.tries == 3 && !off.verified && off.programmed_uS == 45.0));
  cell.has_states = true;
  auto const state = cell.write(numbers, 0, 50.0);
  CHECK((state.tries == 1 && state.verified));
}

TEST_CASE("a conductance does not fall below 0 with age, whatever the law says") {
  device_cell<biased_cell> const cell{.high_uS = 100.0};
  auto const w = cell.write(numbers, 0, 50.0);
  CHECK(cell.aged(numbers, 0, w, 44.0) == 1.0);
  CHECK(cell.aged(numbers, 0, w, 46.0) == 0.0);
}

TEST_CASE("cells have numbers of their own: by seed, array, cell and purpose, whatever the order") {
  auto const c = settings_of({"device=pcm_nandakumar", "r_on=40 kohm", "r_off=inf ohm", "retention.age=1000 s"});
  programmable_cell const device(c);
  device_streams const other_seed(12, 5), other_array(11, 6);
  auto const at = [&](device_streams const& s, std::uint64_t i) { return device.written(s, i, 0.7).aged; };
  std::vector<double> forwards, backwards;
  for (std::uint64_t i = 0; i < 200; ++i) forwards.push_back(at(numbers, i));
  for (std::uint64_t i = 200; i-- > 0;) backwards.insert(backwards.begin(), at(numbers, i));
  CHECK(forwards == backwards);
  for (std::uint64_t i = 0; i < 200; ++i) {
    CHECK(at(other_seed, i) != forwards[i]);
    CHECK(at(other_array, i) != forwards[i]);
    CHECK((i == 0 || forwards[i] != forwards[i - 1]));
  }
  CHECK(numbers.programming != numbers.drift);
  CHECK(numbers.drift != numbers.fault);
}

TEST_CASE("with every error off a cell keeps its target") {
  for (std::string device : {"ideal", "fixed_resistor"}) {
    programmable_cell const d(settings_of({"device=" + device}));
    CHECK(d.keeps_targets());
    CHECK(d.reads_exactly());
  }
  CHECK(programmable_cell(settings_of({"device=sram", "levels=2"})).keeps_targets());
  CHECK_FALSE(programmable_cell(settings_of({"device=rram_taox"})).keeps_targets());
  CHECK_FALSE(programmable_cell(settings_of({"read_noise=0.01"})).reads_exactly());
  CHECK_FALSE(programmable_cell(settings_of({"temperature.at=310 K"})).keeps_targets());
}
