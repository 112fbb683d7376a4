// The cell that keeps one of many conductances, and the published laws of its programming.
#include "ohmic/device/resistive_cell.hpp"

#include <cmath>
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

TEST_CASE("resistive cell: sigmas of programming are those of the published fits") {
  // Check values computed from the fits, in uS and five digits.
  struct value {
    programming_law law;
    double g_uS, sigma_uS;
  };
  for (auto const& v : {value{programming_law::pcm_joshi, 1.0, 0.36046},
                        {programming_law::pcm_joshi, 12.5, 0.95528},
                        {programming_law::pcm_joshi, 25.0, 1.06552},
                        {programming_law::rram_wan, 10.0, 2.4136},
                        {programming_law::rram_wan, 20.0, 2.3618},
                        {programming_law::rram_milo, 50.0, 4.32697},
                        {programming_law::rram_milo, 225.0, 2.73325},
                        {programming_law::none, 10.0, 0.0}}) {
    INFO(field_format<programming_law>::print(v.law) << " at " << v.g_uS);
    double const half_digit = v.law == programming_law::rram_wan ? 5e-5 : 5e-6;  // as many digits as are printed
    CHECK(std::fabs(programming_sigma(v.law, v.g_uS * 1e-6) * 1e6 - v.sigma_uS) <= half_digit);
  }
}

TEST_CASE("resistive cell: what programming leaves is the target + sigma z, and never negative") {
  auto config = between(40e3, 1e300 * 1e300, 0);
  config.programming = programming_law::pcm_joshi;
  resistive_cell const c(config);
  CHECK(c.programmed(0.5, 0.0f) == 0.5);
  CHECK(c.programmed(0.5, 2.0f) == Approx(0.5 + 2.0 * 0.95528 / 25.0).epsilon(1e-5));
  CHECK(c.programmed(0.0, -3.0f) == 0.0);
}

TEST_CASE("resistive cell: bad settings are refused with the field") {
  auto const refused = [](resistive_cell_config const& c, errc code, std::vector<std::string> const& parts) {
    check_refused([&] { resistive_cell_config::validate(c); }, code, parts);
  };
  refused(between(0.0, 1e6, 0), errc::config_value, {"cell.r_on", "got 0 ohm", "above 0 ohm"});
  refused(between(-10e3, 1e6, 0), errc::config_value, {"cell.r_on", "got -10000 ohm"});
  refused(between(10e3, -1e6, 0), errc::config_value, {"cell.r_off", "got -1e+06 ohm", "above cell.r_on"});
  refused(between(10e3, 10e3, 0), errc::config_value, {"cell.r_off", "exchange"});
  refused(between(10e3, std::nan(""), 0), errc::config_value, {"cell.r_off", "nan"});
  refused(between(10e3, 1e6, 1), errc::config_value, {"cell.levels", "got 1", "2..65536"});
  refused(between(10e3, 1e6, -4), errc::config_value, {"cell.levels", "got -4"});
  auto hot = between(10e3, 1e6, 0);
  hot.programming = programming_law::pcm_joshi;
  refused(hot, errc::config_conflict, {"cell.programming", "pcm_joshi", "2.5e-05 S"});
  hot.r_on = ohms(40e3);
  CHECK_NOTHROW(resistive_cell_config::validate(hot));
}
