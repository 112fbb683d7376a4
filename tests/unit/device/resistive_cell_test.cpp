// The cell that keeps one of many conductances: its levels, and what its settings may be.
#include "ohmic/device/resistive_cell.hpp"

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using namespace ohmic;
using ohmic_test::check_refused;

namespace {
resistive_cell_config between(double on, double off, int levels) { return {ohms(on), ohms(off), levels, {}}; }
}  // namespace

TEST_CASE("resistive cell: levels are evenly spaced, and both ends are among them") {
  resistive_cell const c(between(10e3, 100e3, 4));
  CHECK(c.low() == 0.1);
  CHECK(c.target(0.0) == 0.1);
  CHECK(c.target(1.0) == Approx(1.0).epsilon(1e-15));
  CHECK(c.target(0.3) == Approx(0.4).epsilon(1e-15));
  CHECK(c.target(0.5) == Approx(0.7).epsilon(1e-15));  // a tie of levels 1 and 2 of 3
  CHECK(resistive_cell(between(10e3, 100e3, 0)).target(0.3) == Approx(0.37).epsilon(1e-15));
  CHECK(resistive_cell(between(10e3, 1e300 * 1e300, 0)).target(0.3) == 0.3);
}

TEST_CASE("resistive cell: bad settings are refused with the field") {
  auto const refused = [](resistive_cell_config const& c, errc code, std::vector<std::string> const& parts) {
    check_refused([&] { resistive_cell_config::validate(c); }, code, parts);
  };
  refused(between(0.0, 1e6, 0), errc::config_value, {"cell.r_on", "got 0 ohm", "above 0 ohm"});
  refused(between(-10e3, 1e6, 0), errc::config_value, {"cell.r_on", "got -10000 ohm"});
  refused(between(1e-320, 1e6, 0), errc::config_value, {"cell.r_on", "proportion", "1e-30 ohm and above"});
  refused(between(10e3, -1e6, 0), errc::config_value, {"cell.r_off", "got -1e+06 ohm", "above cell.r_on"});
  refused(between(10e3, 10e3, 0), errc::config_value, {"cell.r_off", "exchange"});
  refused(between(10e3, std::nan(""), 0), errc::config_value, {"cell.r_off", "nan"});
  refused(between(10e3, 1e6, 1), errc::config_value, {"cell.levels", "got 1", "2..65536"});
  refused(between(10e3, 1e6, -4), errc::config_value, {"cell.levels", "got -4"});
  auto hot = between(10e3, 1e6, 0);
  hot.device = device_name::pcm_joshi;
  refused(hot, errc::config_conflict,
          {"cell.device", "pcm_joshi", "2.5e-05 S", "set cell.r_on=40000 ohm and cell.r_off=inf ohm"});
  hot.r_on = ohms(40e3);
  CHECK_NOTHROW(resistive_cell_config::validate(hot));
}

TEST_CASE("resistive cell: what has no physical meaning is refused with a sentence") {
  auto const refused = [](std::string const& settings, std::vector<std::string> const& parts,
                          errc code = errc::config_conflict) {
    INFO(settings);
    check_refused(
        [&] {
          resistive_cell_config c;
          std::istringstream in(settings);
          for (std::string item; in >> item;) assign(c, item);
          resistive_cell_config::validate(c);
        },
        code, parts);
  };
  refused("states=x.csv", {"cell.states", "given and not used", "cell.device=table"});
  refused("device=table", {"cell.states", "no file"});
  refused("device=table states=/nowhere/states.csv", {"/nowhere/states.csv", "cannot be read"}, errc::file_missing);
  refused("device=rram_milo", {"cell.device", "outside what the device was measured on", "5e-05 S to 0.000225 S"});
  refused("device=sram",
          {"cell.levels", "fewer levels", "got 0 (any conductance) with cell.device=sram", "cell.levels=2"});
  refused("device=sram levels=3", {"cell.levels", "got 3 with cell.device=sram"});
  refused("device=rram_taox programming_error=0.1", {"cell.programming_error", "a law of this error already"});
  refused("device=pcm_nandakumar r_on=40000ohm r_off=infohm read_noise=0.1",
          {"cell.read_noise", "a law of this noise already"});
  refused("device=pcm_nandakumar r_on=40000ohm r_off=infohm retention.exponent=0.1",
          {"cell.retention.exponent", "a law of drift already"});
  refused("device=fixed_resistor write.max_tries=5", {"cell.write.max_tries", "made with its value"});
  refused("device=fixed_resistor retention.exponent=0.1", {"cell.retention.exponent", "made with its value"});
  refused("device=sram levels=2 retention.spread=0.1", {"cell.retention.exponent", "held by its supply"});
  refused("retention.age=10s", {"cell.retention.age", "nothing ages", "got 10 s with cell.device=ideal"});
  refused("device=reram_cmo r_on=12kohm r_off=100kohm retention.age=0.5s",
          {"cell.retention.age", "not measured at this age", "1 s to inf s"});
  refused("device=sonos r_on=62.5kohm r_off=infohm retention.age=500000s", {"cell.retention.age", "432000 s"});
  refused("device=sonos r_on=62.5kohm r_off=infohm temperature.at=350K", {"cell.temperature.at", "thermal activation"});
  refused("programming_error=-0.1", {"cell.programming_error", "got -0.1", "0..1"}, errc::config_value);
  refused("read_noise=2", {"cell.read_noise", "got 2"}, errc::config_value);
  refused("write.max_tries=0", {"cell.write.max_tries", "1..255"}, errc::config_value);
  refused("write.tolerance=0", {"cell.write.tolerance", "above 0"}, errc::config_value);
  refused("retention.age=-1s", {"cell.retention.age", "got -1 s"}, errc::config_value);
  refused("retention.reference=0s", {"cell.retention.reference"}, errc::config_value);
  refused("temperature.at=0K", {"cell.temperature.at", "1..1000 K"}, errc::config_value);
  refused("temperature.activation_eV=-1", {"cell.temperature.activation_eV"}, errc::config_value);
  refused("faults.stuck_low=0.6 faults.stuck_high=0.5",
          {"cell.faults.stuck_low, stuck_high", "got 0.6 + 0.5", "at most 1 together"}, errc::config_value);
  refused("faults.stuck_high=1.1", {"cell.faults.stuck_high", "got 1.1", "0..1"}, errc::config_value);
  resistive_cell_config all_stuck;
  all_stuck.faults = {.stuck_low = 0.9, .stuck_high = 0.1};
  CHECK_NOTHROW(resistive_cell_config::validate(all_stuck));
  // 0.1 eV from 1 K to 300 K is a factor of exp(1157), 10 eV from 300 K to 1000 K one of 4e117.
  refused("temperature.reference=1K", {"cell.temperature.at", "times inf", "0.001..1000"}, errc::config_value);
  refused("temperature.at=1K", {"cell.temperature.at", "times 0"}, errc::config_value);
  refused("temperature.at=1000K temperature.activation_eV=10", {"cell.temperature.at", "0.001..1000"},
          errc::config_value);
  refused("device=table states=s\xff.csv", {"cell.states", "not UTF-8", "s\\xff.csv"}, errc::config_value);
}
