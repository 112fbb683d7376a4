// Published laws at published points, and the catalogue of devices.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "laws/device_law.hpp"
#include "ohmic/device/catalogue.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/programmable_cell.hpp"
#include "support/catch.hpp"

using namespace ohmic;

namespace {

/// Half of the last digit that a check value is printed with.
bool agrees(double got, double printed, double last_digit) {
  return std::fabs(got - printed) <= 0.5 * last_digit * (1.0 + 1e-6);
}

/// Exponent of a power law of ((t + t0) / t0) at this z.
template <class Law>
double exponent(Law const& law, double g_uS, double age_s, double t_0_s, double z) {
  return -std::log(law.aged(g_uS, g_uS, age_s, z) / g_uS) / std::log((age_s + t_0_s) / t_0_s);
}

/// g, sigma of programming, mean and sigma of nu, mean and noise of a read after an hour; all in uS.
struct pcm_row {
  double g, sigma, nu_mean, nu_sigma, after_hour, read_hour;
};
template <class Law>
void check_pcm(Law const& law, double t_0_s, pcm_row const& r) {
  CAPTURE(r.g);
  CHECK(agrees(law.programming_sigma(r.g), r.sigma, 1e-6));
  CHECK(agrees(exponent(law, r.g, 3600.0, t_0_s, 0.0), r.nu_mean, 1e-6));
  CHECK(agrees(exponent(law, r.g, 3600.0, t_0_s, 1.0) - exponent(law, r.g, 3600.0, t_0_s, 0.0), r.nu_sigma, 1e-6));
  double const later = law.aged(r.g, r.g, 3600.0, 0.0);
  CHECK(agrees(later, r.after_hour, 1e-6));
  CHECK(agrees(law.read_sigma(r.g, later, 3600.0), r.read_hour, 1e-6));
}

}  // namespace

TEST_CASE("own exp, log and power agree with the library's to a few last places") {
  for (double x :
       {1e-300, 1e-6, 0.1, 0.5, 0.7071, 0.70711, 0.999, 1.0, 1.001, 1.5, 2.0, 3600.0, 86400.0, 1e12, 1e300}) {
    CAPTURE(x);
    CHECK(detail::own_log(x) == Approx(std::log(x)).epsilon(1e-15).margin(1e-18));
    CHECK(detail::own_power(x, 0.3) == Approx(std::pow(x, 0.3)).epsilon(3e-14));
    CHECK(detail::own_power(x, -0.049) == Approx(std::pow(x, -0.049)).epsilon(1e-14));
  }
  CHECK(detail::own_log(1.0) == 0.0);
  CHECK(detail::own_power(0.0, 0.65) == 0.0);
}

TEST_CASE("sigmas of programming are those of the published fits") {
  struct value {
    double got, printed, last_digit;
  };
  for (auto const& v : {value{pcm_joshi{}.programming_sigma(1.0), 0.36046, 1e-5},
                        {pcm_joshi{}.programming_sigma(12.5), 0.95528, 1e-5},
                        {pcm_joshi{}.programming_sigma(25.0), 1.06552, 1e-5},
                        {rram_wan{}.programming_sigma(10.0), 2.4136, 1e-4},
                        {rram_wan{}.programming_sigma(20.0), 2.3618, 1e-4},
                        {rram_milo{}.programming_sigma(50.0), 4.32697, 1e-5},
                        {rram_milo{}.programming_sigma(225.0), 2.73325, 1e-5},
                        {rram_wan_retention{}.programming_sigma(4.0), 1.55618, 1e-5},
                        {rram_wan_retention{}.programming_sigma(20.0), 2.02294, 1e-5},
                        {rram_wan_retention{}.programming_sigma(36.0), 1.31325, 1e-5},
                        {reram_cmo{}.programming_sigma(50.0), 0.5757322, 1e-7},
                        {reram_cmo_fine{}.programming_sigma(50.0), 0.0542506, 1e-7},
                        {sonos{}.programming_sigma(1.0) * 100.0, 8.6084611, 1e-7},
                        {sonos{}.programming_sigma(15.0) * 100.0, 19.8826346, 1e-7},
                        {ideal_device{}.programming_sigma(50.0), 0.0, 1e-9}}) {
    CAPTURE(v.printed);
    CHECK(agrees(v.got, v.printed, v.last_digit));
  }
}

TEST_CASE("PCM after an hour is what AIHWKit's formulas give") {
  for (auto const& r : {pcm_row{1.0, 0.340203, 0.074293, 0.034336, 0.679628, 0.230917},
                        {5.0, 0.609556, 0.049346, 0.014218, 3.868672, 0.461759},
                        {12.5, 0.952705, 0.049, 0.008, 9.689107, 0.637495},
                        {20.0, 1.084696, 0.049, 0.008, 15.502572, 0.751482},
                        {25.0, 1.055380, 0.049, 0.008, 19.378214, 0.812525}})
    check_pcm(pcm_nandakumar{}, 20.0, r);
  // Of HERMES there are no published points: computed apart from the formulas.
  for (auto const& r : {pcm_row{1.035, 0.381319, 0.097735, 0.029350, 0.805507, 0.106502},
                        {4.14, 0.807922, 0.069336, 0.013130, 3.465485, 0.251563},
                        {10.35, 0.991013, 0.056400, 0.009000, 8.955997, 0.703013},
                        {20.7, 1.092699, 0.017400, 0.004800, 19.796469, 1.143670}})
    check_pcm(pcm_hermes{}, 300.0, r);
  for (auto const& r : {pcm_row{0.5175, 0.268718, 0.097735, 0.033649, 0.388089, 0.049490},
                        {2.07, 0.541689, 0.069336, 0.017013, 1.687744, 0.152770},
                        {5.175, 0.865313, 0.056400, 0.012075, 4.383173, 0.446478},
                        {10.35, 1.007567, 0.017400, 0.005500, 9.833091, 0.775446}})
    check_pcm(pcm_hermes_single{}, 200.0, r);
}

TEST_CASE("CMO relaxes by the logarithm of time and reads with 1/f noise") {
  reram_cmo const law;
  for (auto const& [g, read] : {std::pair(10.0, 0.1238128), {50.0, 0.2166859}, {80.0, 0.2431249}}) {
    double const mean = law.aged(g, g, 3600.0, 0.0);
    CHECK(agrees(mean, g - 0.7288102, 1e-7));
    CHECK(agrees(law.aged(g, g, 3600.0, 1.0) - mean, 0.7558515, 1e-7));
    CHECK(agrees(law.read_sigma(g, mean, 3600.0), read, 1e-7));
  }
  CHECK(law.aged(50.0, 51.0, 0.0, 3.0) == 51.0);
  CHECK(law.read_sigma(50.0, 50.0, 0.0) == 0.0);
}

TEST_CASE("SONOS: the current moves and spreads as the measured days say") {
  sonos const law;
  struct row {
    double i_nA, days, shift, spread;
  };
  for (auto const& r : {row{100.0, 1.0, -0.6993816, 10.5495457},
                        {500.0, 1.0, -16.7592680, 23.6638218},
                        {1500.0, 1.0, -66.0520648, 25.5791277},
                        {100.0, 1.5, -0.2821958, 11.0809401},
                        {500.0, 1.5, -17.4559380, 25.0106198},
                        {1500.0, 1.5, -59.0645530, 27.1453449}}) {
    CAPTURE(r.i_nA, r.days);
    double const g = r.i_nA / 100.0, age = r.days * 86400.0, mean = law.aged(g, g, age, 0.0);
    CHECK(agrees(100.0 * (mean - g), r.shift, 2e-7));
    double const first = 100.0 * law.programming_sigma(g), added = 100.0 * (law.aged(g, g, age, 1.0) - mean);
    CHECK(agrees(std::hypot(first, added), r.spread, 2e-7));
  }
  CHECK(agrees(100.0 * law.read_sigma(1.0, 1.0, 0.0), 4.6728762, 1e-7));
  CHECK(agrees(100.0 * law.read_sigma(15.0, 15.0, 0.0), 12.5684884, 1e-7));
}

TEST_CASE("NeuRRAM's cells spread as measured at a day and at two, and between them by the logarithm of time") {
  rram_wan_retention const law;
  auto const spread = [&](double g, double age) {
    return std::hypot(law.programming_sigma(g), law.aged(g, g, age, 1.0) - law.aged(g, g, age, 0.0));
  };
  for (double g : {4.0, 20.0, 36.0}) {
    double const x = g / 40.0;
    double const day = 0.701 + 22.086 * x - 50.773 * x * x + 47.095 * x * x * x - 16.458 * x * x * x * x;
    double const two = 0.782 + 20.274 * x - 43.507 * x * x + 37.062 * x * x * x - 11.934 * x * x * x * x;
    CHECK(spread(g, 86400.0) == Approx(day).epsilon(1e-12));
    CHECK(spread(g, 172800.0) == Approx(two).epsilon(1e-12));
    CHECK(spread(g, std::sqrt(86400.0)) == Approx(0.5 * (day + law.programming_sigma(g))).epsilon(1e-12));
    CHECK(law.aged(g, g + 1.0, 1.0, 2.0) == g + 1.0);
  }
}

TEST_CASE("every device of the catalogue is called what its settings call it") {
  std::size_t n = 0;
  for (auto const& [name, value] : enum_names<device_name>::value) {
    CHECK(static_cast<std::size_t>(value) == n++);
    with_law(value, [&, at = name](auto const& law) {
      device_facts const f = law.facts();
      CHECK(f.name == at);
    });
  }
  CHECK(n == device_count);
}

namespace {
/// A law of a user's own, as README.md of the folder shows it.
struct own_cell : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "own", .summary = "a user's cell", .source = "our lab", .high_uS = 50.0, .has_spread = true};
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept { return 0.02 * g_uS; }
};
}  // namespace

TEST_CASE("every device keeps the laws of its concept, decorated or not, and so does a user's own") {
  for (auto const& [name, value] : enum_names<device_name>::value)
    with_law(value, []<class Law>(Law const&) {
      Law law{};
      decorated<Law> around;
      if constexpr (requires { law.states; })
        around.states = law.states =
            parse_states("conductance_uS,spread_uS,drift_exponent\n1,0.1,0.1\n5,0.2,0\n9,0.1,0\n", "s.csv");
      ohmic_test::device_laws(law);
      around.spread_uS = 0.3, around.noise_uS = 0.2;
      if (!law.facts().has_drift) around.exponent = 0.05, around.spread = 0.01;
      ohmic_test::device_laws(around);
    });
  ohmic_test::device_laws(own_cell{});
  ohmic_test::device_laws(with_temperature<own_cell>{});
}

TEST_CASE("decorators add their effect, and nothing when they are off") {
  decorated<pcm_nandakumar> off;
  CHECK(off.programming_sigma(5.0) == pcm_nandakumar{}.programming_sigma(5.0));
  CHECK(off.aged(5.0, 5.5, 100.0, 1.0) == pcm_nandakumar{}.aged(5.0, 5.5, 100.0, 1.0));
  CHECK(off.read_sigma(5.0, 5.5, 100.0) == pcm_nandakumar{}.read_sigma(5.0, 5.5, 100.0));
  decorated<ideal_device> d;
  d.spread_uS = 3.0, d.noise_uS = 0.5, d.exponent = 0.1, d.spread = 0.02, d.reference_s = 2.0;
  CHECK(d.programming_sigma(10.0) == 3.0);
  CHECK(d.read_sigma(10.0, 10.0, 0.0) == 0.5);
  CHECK(d.aged(10.0, 10.0, 1.9, 1.0) == 10.0);
  CHECK(d.aged(10.0, 10.0, 200.0, 1.0) == Approx(10.0 * std::pow(100.0, -0.12)).epsilon(1e-13));
  // 0.1 eV from 300 K to 350 K: exp(0.1 / 8.617333e-5 (1/300 - 1/350)) = 1.737774
  d.factor = thermal_factor(0.1, 350.0, 300.0);
  CHECK(d.factor == Approx(std::exp(0.1 / 8.617333262e-5 * (1.0 / 300.0 - 1.0 / 350.0))).epsilon(1e-9));
  CHECK(d.aged(10.0, 10.0, 1.0, 0.0) == Approx(10.0 * d.factor).epsilon(1e-15));
  CHECK(d.read_sigma(10.0, 17.0, 0.0) == Approx(0.5 * d.factor).epsilon(1e-15));
  with_drift<rram_milo> composed;  // any subset, around any law
  composed.exponent = 0.1;
  CHECK(composed.programming_sigma(50.0) == rram_milo{}.programming_sigma(50.0));
  CHECK(composed.facts().has_drift);
}

namespace {
/// A user's own fit of a law of the catalogue.
struct fitted_rram : rram_taox {
  fitted_rram() noexcept { full_scale_uS = 7.0; }
};
}  // namespace

TEST_CASE("a law of a user's own keeps the members that it was given") {
  resistive_cell_config c;
  c.r_on = ohms(20e3), c.r_off = ohms(INFINITY);
  device_streams const numbers(3, 1);
  configured_cell<fitted_rram> const own(c);
  configured_cell<rram_taox> const published(c);
  double const off = own.written(numbers, 5, 0.5).programmed - 0.5,
               of_range = published.written(numbers, 5, 0.5).programmed - 0.5;
  CHECK(off != 0.0);
  CHECK(off / of_range == Approx(7.0 / 50.0).epsilon(1e-9));  // 7 uS instead of the range, 50 uS
}
