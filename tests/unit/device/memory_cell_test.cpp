// The cell of the dense bank.
#include "ohmic/device/memory_cell.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using ohmic::errc;
using ohmic::memory_cell;
using ohmic::memory_cell_config;
using ohmic_test::check_refused;

namespace {

memory_cell::streams const cell_numbers{1, 0};

/// Share of cells that hold a level and read as another one.
double measured(memory_cell_config const& c, int level, std::uint64_t cells) {
  memory_cell const cell(c);
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < cells; ++i)
    wrong += static_cast<std::uint64_t>(cell.read(cell_numbers, i, 0, cell.program(cell_numbers, i, 0, level), 0.0) !=
                                        level);
  return static_cast<double>(wrong) / static_cast<double>(cells);
}

}  // namespace

TEST_CASE("a perfect cell gives back every level") {
  for (int bits = 1; bits <= 4; ++bits) {
    memory_cell_config c;
    c.bits = bits;
    CHECK(c.is_perfect());
    for (int level = 0; level < 1 << bits; ++level) {
      CHECK(measured(c, level, 10) == 0.0);
      CHECK(ohmic::cell_error_probability(c, level) == 0.0);
    }
  }
}

TEST_CASE("half a level is 1/6 of full scale at four levels and 1/2 at two") {
  for (auto const& [bits, half] : {std::pair(1, 0.5f), std::pair(2, 1.0f / 6.0f), std::pair(3, 1.0f / 14.0f)}) {
    memory_cell_config c;
    c.bits = bits;
    memory_cell const cell(c);
    for (int level = 0; level < cell.top(); ++level) {
      float const held = cell.ideal(level);
      CHECK(cell.sensed<float>(held, 1.0f, half - 1e-6f, 0.0f) == static_cast<float>(level));
      CHECK(cell.sensed<float>(held, 1.0f, half + 1e-6f, 0.0f) == static_cast<float>(level + 1));
    }
  }
}

TEST_CASE("the two states are taken half of the time, to a side that stays until the next write") {
  memory_cell_config c;
  c.rtn_multiple = 1.0;
  memory_cell const cell(c);
  int displaced = 0, upwards = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    auto const p = cell.program(cell_numbers, i, 0, 1);
    upwards += p.upwards;
    float const d = cell.displacement(cell_numbers.rtn.word(i, 0), p.upwards);
    displaced += d != 0.0f;
    CHECK((d == 0.0f || d == (p.upwards ? cell.amplitude() : -cell.amplitude())));
  }
  CHECK(std::abs(displaced - 2000) < 190);  // six standard deviations
  CHECK(std::abs(upwards - 2000) < 190);
}

TEST_CASE("errors of a cell have the chance that the integral says") {
  constexpr std::uint64_t cells = 20000;
  for (auto const& [bits, rtn, read, programming, stuck] :
       std::vector<std::tuple<int, double, double, double, double>>{{2, 6.2, 0.0, 0.0, 0.0},
                                                                    {1, 19.0, 0.0, 0.0, 0.0},
                                                                    {2, 0.0, 0.1, 0.0, 0.0},
                                                                    {2, 0.0, 0.0, 0.12, 0.03},
                                                                    {3, 2.0, 0.03, 0.02, 0.01},
                                                                    {4, 1.0, 0.02, 0.01, 0.0}}) {
    memory_cell_config c;
    c.bits = bits, c.rtn_multiple = rtn, c.read_noise = read, c.programming_error = programming;
    c.stuck_low = stuck, c.stuck_high = stuck / 2;
    for (int level = 0; level < 1 << bits; ++level) {
      double const p = ohmic::cell_error_probability(c, level);
      double const deviation = std::sqrt(p * (1.0 - p) / static_cast<double>(cells));
      CAPTURE(bits, level, p);
      CHECK_THAT(measured(c, level, cells), ohmic_test::within(p, 5.0 * deviation + 1e-12));
    }
  }
}

TEST_CASE("the programming error of TaOx leaves 1 % wrong at 32 levels and none at 4") {
  // 32 levels are no setting: half a level is 1/62.
  CHECK_THAT(std::erfc(1.0 / 62.0 / ohmic::taox_programming_error / std::sqrt(2.0)), ohmic_test::within(0.01, 1e-4));
  memory_cell_config c;
  c.programming_error = ohmic::taox_programming_error;
  for (int level = 0; level < 4; ++level) CHECK(ohmic::cell_error_probability(c, level) < 1e-12);
}

TEST_CASE("drift follows its power law, from the reference time on") {
  memory_cell_config c;
  c.drift_exponent = 0.05;
  c.drift_spread = 0.01;
  memory_cell const cell(c);
  CHECK(cell.log_age(ohmic::seconds(0.5)) == 0.0);
  double const age = cell.log_age(ohmic::seconds(1000.0));
  CHECK_THAT(cell.drift_factor(0.0f, age), ohmic_test::within(std::pow(1000.0, -0.05), 1e-6));
  CHECK_THAT(cell.drift_factor(2.0f, age), ohmic_test::within(std::pow(1000.0, -0.07), 1e-6));
}

TEST_CASE("what always reads right is what no draw can move") {
  memory_cell_config c;
  c.rtn_multiple = 6.0;
  memory_cell const cell(c);
  CHECK(cell.always_reads(cell.ideal(1), cell.ideal(1), 1, 0.0));
  CHECK_FALSE(cell.always_reads(cell.ideal(1), cell.ideal(1) + 0.01f, 1, 0.0));
  CHECK(cell.always_reads(1.0f, 1.5f, 3, 0.0));
}

TEST_CASE("a chance of errors that has no closed form is refused") {
  ohmic::memory_cell_config verified, drifting;
  verified.max_pulses = 3;
  drifting.drift_exponent = 0.01;
  check_refused([&] { (void)ohmic::cell_error_probability(verified, 0); }, errc::config_conflict, {"max_pulses=3"});
  check_refused([&] { (void)ohmic::cell_error_probability(drifting, 0); }, errc::config_conflict, {"drift"});
}
