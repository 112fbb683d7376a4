// Converters with errors, calibrated ranges, pulses, balanced digits and laws of one's own in the in-situ array.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "in_situ_cases.hpp"
#include "ohmic/crossbar/in_situ/calibration.hpp"
#include "ohmic/crossbar/in_situ/idle.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

double root_mean_square(matrix<double> const& a, matrix<double> const& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += std::pow(a.flat()[k] - b.flat()[k], 2);
  return std::sqrt(sum / static_cast<double>(a.size()));
}
std::vector<std::string> const kinds = {"sar", "flash", "ramp"};
std::vector<std::string> const all_mappings = {"differential", "differential_two_sided", "offset",
                                               "offset_unit_column"};

/// Rounds down, by no law that is known by name.
struct floor_converter {
  floor_converter(converter_config const&, converter_scale const& s, converter_numbers const&) noexcept : top(s.top) {}
  template <class Noise>
  double code(double position, Noise const&) const noexcept {
    return std::floor(std::fmax(0.0, std::fmin(top, position)));
  }
  double top;
};
static_assert(converter_law<floor_converter>);

/// What pcm_joshi does, as somebody else's.
struct own_pcm : ideal_device {
  constexpr device_facts facts() const noexcept {
    return {.name = "own", .summary = "a user's cell", .source = "our lab", .high_uS = 25.0, .has_spread = true};
  }
  double programming_sigma(double g_uS) const noexcept { return scale * pcm_joshi{}.programming_sigma(g_uS); }
  double scale = 1.0;
};

}  // namespace

TEST_CASE("in-situ converters: without errors every kind gives the bits of the ideal one") {
  auto const w = clipped_normals(7, 33, 41), x = clipped_normals(33, 5, 42);
  for (std::string more : {"", "adc.levels=sign_magnitude; ", "weights.mapping=offset; weights.slices=2,2,2,2; ",
                           "weights.mapping=offset_unit_column; inputs.slice_bits=1; adc.range=crosssim_max; ",
                           "inputs.passes=two_summed_digital; array.rows=8; lines.nonlinearity=0.3; "}) {
    auto const expected = in_situ_product(w, x, in_situ_settings(more));
    for (auto const& kind : kinds) {
      INFO(more << kind);
      CHECK(in_situ_product(w, x, in_situ_settings(more + "converter.kind=" + kind)) == expected);
    }
  }
}

TEST_CASE("in-situ converters: composed when compiled or when run, the numbers are the same") {
  auto const w = clipped_normals(9, 40, 43), x = clipped_normals(40, 6, 44);
  std::string const errors =
      "; converter.mismatch=0.05; converter.offset=0.01; converter.noise=0.003; converter.gain=300; "
      "converter.columns=4; array.rows=16; weights.slices=4,4";
  auto const check = [&]<class Law>(std::string const& kind) {
    auto const cells = in_situ::program(w.view(), in_situ_settings("converter.kind=" + kind + errors), {3, 7});
    in_situ::report r;
    auto const at_run_time = in_situ::multiply(cells, x.view(), r);
    CHECK(in_situ::multiply<Law>(cells, x.view(), r) == at_run_time);
    CHECK_FALSE(in_situ::multiply<ideal_converter>(cells, x.view(), r) == at_run_time);
    for (unsigned n : {1u, 3u}) {
      executor threads(n);
      CHECK(in_situ::multiply(cells, x.view(), r, &threads) == at_run_time);
    }
    auto const right = in_situ::multiply(cells, some_columns(x, 2, 4).view(), r, nullptr, 2);
    CHECK(right == some_columns(at_run_time, 2, 4));
    CHECK_FALSE(in_situ::multiply(cells, some_columns(x, 2, 4).view(), r) == right);  // other comparisons, other noise
    auto const elsewhere = in_situ::program(w.view(), cells.config, {3, 9});
    CHECK_FALSE(in_situ::multiply(elsewhere, x.view(), r) == at_run_time);
  };
  check.operator()<sar_converter>("sar");
  check.operator()<flash_converter>("flash");
  check.operator()<ramp_converter>("ramp");
  // A law of one's own.
  auto const cells = in_situ::program(w.view(), in_situ_settings("cell.levels=16; adc.bits=5"));
  in_situ::report r;
  auto const low = in_situ::multiply<floor_converter>(cells, x.view(), r), near = in_situ::multiply(cells, x.view(), r);
  for (std::size_t k = 0; k < low.size(); ++k) CHECK(low.flat()[k] <= near.flat()[k]);
  CHECK(root_mean_square(low, near) > 0.0);
}

TEST_CASE("in-situ converters: columns that share a converter share its errors") {
  matrix<double> w(8, 16), x(16, 1);
  for (double& v : w.flat()) v = 0.37;
  for (double& v : x.flat()) v = 1.0;
  for (auto const& kind : kinds)
    for (std::size_t shared : {1u, 2u, 8u}) {
      INFO(kind << " " << shared);
      auto const y = in_situ_product(
          w, x,
          in_situ_settings("weights.largest=1; adc.bits=10; converter.offset=0.05; converter.kind=" + kind +
                           "; converter.columns=" + std::to_string(shared)));
      std::set<double> different;
      for (std::size_t o = 0; o < 8; ++o) {
        CHECK(y(o, 0) == y(o / shared * shared, 0));
        different.insert(y(o, 0));
      }
      CHECK(different.size() > (shared == 8 ? 0 : 4 / shared));  // codes of two converters may be equal by chance
    }
}

TEST_CASE("in-situ ranges: every calibrated rule fits its currents, for every mapping, sliced or not") {
  auto const w = clipped_normals(12, 64, 45);
  for (bool one_way : {false, true}) {
    auto seen = clipped_normals(64, 24, 46), fresh = clipped_normals(64, 24, 47);
    if (one_way)
      for (auto* x : {&seen, &fresh})
        for (double& v : x->flat()) v = std::fabs(v);
    auto const exact = exact_product(w, fresh);
    for (auto const& mapping : all_mappings)
      for (std::string slices : {"", "weights.slices=2,2,2,2; inputs.slice_bits=1; "})
        for (std::string levels : {"uniform", "sign_magnitude"}) {
          std::string const text = "weights.mapping=" + mapping +
                                   "; inputs.scale=fixed; adc.bits=6; adc.levels=" + levels +
                                   "; inputs.coding=" + (one_way ? "unsigned; " : "sign_magnitude; ") + slices;
          double const wide = root_mean_square(in_situ_product(w, fresh, in_situ_settings(text)), exact);
          for (std::string rule :
               {"mean_sigma; adc.sigmas=4", "percentile; adc.percentile=99.9", "largest", "least_squares"}) {
            INFO(text << " " << rule);
            auto cells = in_situ::program(w.view(), in_situ_settings(text + "adc.range=" + rule));
            in_situ::report r;
            check_refused([&] { static_cast<void>(in_situ::multiply(cells, fresh.view(), r)); },
                          errc::missing_calibration, {"adc.range", "calibrat"});
            cells.config.adc = in_situ::calibrated(cells, seen.view());
            in_situ::config::validate(cells.config);
            CHECK(cells.config.adc.low.size() == cells.slices);
            r = {};
            static_cast<void>(in_situ::multiply(cells, seen.view(), r));
            double const clipped = static_cast<double>(r.clipped_conversions) / static_cast<double>(r.conversions);
            if (rule == "largest") CHECK(r.clipped_conversions == 0);
            CHECK(clipped <= (rule.starts_with("percentile") ? 2.1e-3 : 0.05));  // both ends; a conversion more a slice
            auto const y = in_situ::multiply(cells, fresh.view(), r);
            CHECK(root_mean_square(y, exact) < wide);
          }
        }
  }
}

TEST_CASE("in-situ ranges: powers of two, margins, and currents that say nothing") {
  auto const w = clipped_normals(6, 32, 48), x = clipped_normals(32, 8, 49);
  std::string const text = "weights.slices=2,2,2,2; inputs.slice_bits=1; adc.range=largest; ";
  auto const ranges = [&](std::string const& more) {
    return in_situ::calibrated(in_situ::program(w.view(), in_situ_settings(text + more)), x.view());
  };
  auto const free = ranges(""), tied = ranges("adc.powers_of_two=true"), wide = ranges("adc.margin=1.5");
  double const widest = *std::max_element(free.high.begin(), free.high.end());
  for (std::size_t i = 0; i < 4; ++i) {
    double const ratio = widest / tied.high[i];
    CHECK(ratio == std::exp2(std::round(std::log2(ratio))));
    CHECK((tied.high[i] >= free.high[i] && tied.high[i] < 2.0 * free.high[i]));
    CHECK(tied.low[i] == -tied.high[i]);
    CHECK(wide.high[i] == Approx(std::fmin(32.0, 1.5 * free.high[i])).epsilon(1e-14));
  }
  // Cells that conduct more than 1 / r_on carry more than a row each: what was seen is the range, not the number of rows.
  matrix<double> ones(6, 32), large(32, 8);
  for (double& v : ones.flat()) v = 0.9;
  for (double& v : large.flat()) v = 0.9;
  for (std::string rule : {"largest", "percentile", "mean_sigma", "least_squares"}) {
    INFO(rule);
    auto hot = in_situ::program(
        ones.view(), in_situ_settings("cell.r_off=inf ohm; cell.temperature.at=400 K; adc.bits=12; adc.range=" + rule));
    hot.config.adc = in_situ::calibrated(hot, large.view());
    CHECK(hot.config.adc.high[0] > 32.0);
    in_situ::report r;
    static_cast<void>(in_situ::multiply(hot, large.view(), r));
    if (rule == "largest") CHECK(r.clipped_conversions == 0);
  }
  matrix<double> const zeros(32, 3);
  auto const nothing = in_situ::calibrated(in_situ::program(w.view(), in_situ_settings(text)), zeros.view());
  for (double h : nothing.high) CHECK(h == 32.0);
  check_refused(
      [&] { static_cast<void>(in_situ::calibrated(in_situ::program(w.view(), in_situ_settings("")), x.view())); },
      errc::config_conflict, {"adc.range", "full_scale"});
  for (auto const& [setting, part] :
       {std::pair("adc.powers_of_two=true", "adc.powers_of_two"), {"adc.range=largest; adc.levels=none", "adc.range"}})
    check_refused([&, s = setting] { in_situ::config::validate(in_situ_settings(s)); }, errc::config_conflict, {part});
}

TEST_CASE("in-situ inputs: pulses are amplitudes where cells are linear, and straight where they are not") {
  auto const w = clipped_normals(6, 20, 50), x = clipped_normals(20, 4, 51);
  std::string const amplitude = "inputs.coding=sign_magnitude; ", pulse = "inputs.coding=pulse_width; ",
                    bent = "cell.curve.scale=0.1 V; ";
  for (std::string more :
       {"", "inputs.slice_bits=3; ", "inputs.passes=two_summed_digital; ", "weights.mapping=offset; "}) {
    INFO(more);
    auto const expected = in_situ_product(w, x, in_situ_settings(amplitude + more));
    CHECK(in_situ_product(w, x, in_situ_settings(pulse + more)) == expected);
    CHECK(in_situ_product(w, x, in_situ_settings(pulse + bent + more)) == expected);
  }
  CHECK_FALSE(in_situ_product(w, x, in_situ_settings(amplitude + bent)) ==
              in_situ_product(w, x, in_situ_settings(pulse)));
  // One row, read back without a converter: the charge of one pulse over that of the longest.
  matrix<double> one(1, 1), in(1, 1);
  one(0, 0) = 1.0;
  auto const charge = [&](double v, std::string const& more) {
    in(0, 0) = v;
    return in_situ_product(
        one, in, in_situ_settings(pulse + "inputs.scale=fixed; adc.levels=none; inputs.bits=8; " + more))(0, 0);
  };
  double const share = 64.0 / 127.0;
  for (double sign : {1.0, -1.0}) {
    CHECK(charge(sign * share, "inputs.pulse_leak=0.5") ==
          Approx(sign * (std::exp(-0.5 * (1.0 - share)) - std::exp(-0.5)) / (1.0 - std::exp(-0.5))).epsilon(1e-12));
    CHECK(charge(sign * share, "inputs.pulse_dead_time=2") == Approx(sign * 62.0 / 125.0).epsilon(1e-12));
    CHECK(charge(sign, "inputs.pulse_leak=3; inputs.pulse_dead_time=5") == Approx(sign).epsilon(1e-12));
    CHECK(charge(sign * 4.0 / 127.0, "inputs.pulse_dead_time=5") == 0.0);
  }
  check_refused([] { in_situ::config::validate(in_situ_settings("inputs.pulse_leak=0.1")); }, errc::config_conflict,
                {"inputs.pulse_leak", "0.1 with inputs.coding=sign_magnitude", "inputs.coding=pulse_width"});
  check_refused([] { in_situ::config::validate(in_situ_settings("inputs.pulse_dead_time=2")); }, errc::config_conflict,
                {"inputs.pulse_dead_time", "2 with inputs.coding=sign_magnitude"});
  check_refused([] { in_situ::config::validate(in_situ_settings("inputs.pulse_leak=-1")); }, errc::config_value,
                {"inputs.pulse_leak", "0..100"});
}

TEST_CASE("in-situ weights: balanced digits add up to the quantised weights") {
  auto const w = clipped_normals(6, 20, 52), x = clipped_normals(20, 4, 53);
  for (std::string mapping : {"differential", "differential_two_sided"})
    for (auto const& [bits, slices] : {std::pair(8, "2,2,2"),
                                       {8, "1,1,1,1,1,1"},
                                       {8, "3,4"},
                                       {8, "7"},
                                       {8, "1,2,3"},
                                       {4, "2,2"},
                                       {16, "3,3,3,3,2"}}) {
      INFO(mapping << " " << bits << " " << slices);
      auto const top = static_cast<double>((1 << (bits - 1)) - 1);
      auto rounded_w = w;
      for (double& v : rounded_w.flat()) v = std::nearbyint(v * top) / top;
      auto const y = in_situ_product(
          w, x,
          in_situ_settings("inputs.coding=analog; adc.levels=none; weights.largest=1; weights.digits=balanced; "
                           "weights.mapping=" +
                           mapping + "; weights.bits=" + std::to_string(bits) + "; weights.slices=" + slices));
      auto const expected = exact_product(rounded_w, x);
      // 20 terms of at most 1, in three to six slices: some hundred roundings of 20.
      for (std::size_t k = 0; k < y.size(); ++k) CHECK(std::fabs(y.flat()[k] - expected.flat()[k]) < 1e-12);
    }
  // 78 = 1 - 3 x 7 + 2 x 49, the paper's example, on pairs of cells of three levels above the lowest.
  matrix<double> one(1, 1);
  one(0, 0) = 78.0;
  auto const g = in_situ::program(one.view(), in_situ_settings("weights.largest=127; weights.digits=balanced; "
                                                               "weights.slices=2,2,2; cell.r_off=inf ohm"))
                     .g;
  std::vector<double> const expected = {1.0 / 3.0, 0.0, 0.0, 1.0, 2.0 / 3.0, 0.0};
  REQUIRE(g.size() == expected.size());
  for (std::size_t k = 0; k < g.size(); ++k) CHECK(g[k] == Approx(expected[k]).margin(1e-15));
  for (auto const& [settings, part] : {std::pair("weights.slices=2,2", "up to +-24"),
                                       {"weights.slices=2,2,2,2", "always 0"},
                                       {"weights.bits=8", "without weights.slices"},
                                       {"weights.slices=2,2,2; weights.mapping=offset", "has a sign"}})
    check_refused([&, s = std::string(
                          settings)] { in_situ::config::validate(in_situ_settings("weights.digits=balanced; " + s)); },
                  errc::config_conflict, {part});
}

TEST_CASE("in-situ devices: a law of one's own takes the place of a device of the catalogue") {
  auto const w = clipped_normals(8, 32, 54), x = clipped_normals(32, 4, 55);
  std::string const text =
      "cell.r_on=40 kohm; cell.r_off=inf ohm; cell.faults.stuck_low=0.05; cell.write.max_tries=3; "
      "cell.retention.exponent=0.05; cell.retention.age=1000 s; cell.read_noise=0.01; ";
  auto const named = in_situ::program(w.view(), in_situ_settings(text + "cell.device=pcm_joshi"), {5, 2});
  auto const own = in_situ::program(w.view(), in_situ_settings(text), own_pcm{}, {5, 2});
  CHECK(own.g == named.g);
  CHECK(own.read_sigma == named.read_sigma);
  in_situ::report r;
  CHECK(in_situ::multiply(own, x.view(), r) == in_situ::multiply(named, x.view(), r));
  own_pcm wider;
  wider.scale = 2.0;  // what a law of one's own holds is used
  CHECK_FALSE(in_situ::program(w.view(), in_situ_settings(text), wider, {5, 2}).g == own.g);
  check_refused(
      [&] { static_cast<void>(in_situ::program(w.view(), in_situ_settings(text + "cell.device=sonos"), wider)); },
      errc::config_conflict, {"cell.device", "sonos with the law own"});
  check_refused([&] { static_cast<void>(in_situ::program(w.view(), in_situ_settings(""), wider)); },
                errc::config_conflict, {"cell.device", "own with", "2.5e-05 S"});
  check_refused(
      [&] {
        static_cast<void>(in_situ::program(w.view(), in_situ_settings(text + "cell.programming_error=0.1"), wider));
      },
      errc::config_conflict, {"cell.programming_error", "has a law"});
}

TEST_CASE("in-situ devices: Milo's curve bends each cell by its conductance") {
  milo_iv const law;
  // From the published polynomials, to nine digits.
  CHECK(law.current(0.5, 62.5e-6) == Approx(2.64552277e-05).epsilon(1e-8));
  CHECK(law.current(-0.5, 62.5e-6) == Approx(-3.83747017e-05).epsilon(1e-8));
  CHECK(law.current(0.5, 110e-6) == Approx(5.3155138e-05).epsilon(1e-8));
  CHECK(law.current(0.2, 225e-6) == Approx(4.49332273e-05).epsilon(1e-8));
  CHECK(law.current(0.3, 0.0) == 0.0);
  for (double g : {50e-6, 80e-6, 225e-6})
    for (double v : {-0.5, 0.1, 0.4}) {
      double const h = 1e-6, slope = (law.current(v + h, g) - law.current(v - h, g)) / (2.0 * h);
      CHECK(law.conductance(v, g) == Approx(slope).epsilon(1e-6));
      CHECK(slope > 0.0);
    }
  std::string const text =
      "cell.device=rram_milo; cell.r_on=4.5 kohm; cell.r_off=20 kohm; weights.largest=1; "
      "inputs.scale=fixed; inputs.coding=analog; adc.levels=none; ";
  auto const w = clipped_normals(5, 12, 56);
  auto const straight = in_situ::program(w.view(), in_situ_settings(text), {4, 1});
  auto bent = straight;
  bent.config = in_situ_settings(text + "cell.curve.law=milo; cell.curve.read=0.3 V");
  in_situ::config::validate(bent.config);
  in_situ::report r;
  for (double x : {1.0, 0.5, -1.0}) {
    matrix<double> in(12, 1);
    for (double& v : in.flat()) v = x;
    auto const plain = in_situ::multiply(straight, in.view(), r), curved = in_situ::multiply(bent, in.view(), r);
    for (std::size_t o = 0; o < 5; ++o) {
      double sum = 0.0;
      for (std::size_t k = 0; k < 12; ++k)
        for (std::size_t line : {0u, 1u}) {
          double const g = straight.row(0, line, o)[k], g_S = g / 4500.0;
          sum += (line == 0 ? 1.0 : -1.0) * g * law.current(0.3 * x, g_S) / law.current(0.3, g_S);
        }
      CHECK(curved(o, 0) == Approx(sum * straight.slice_gain[0]).margin(1e-12));
      if (x == 1.0) CHECK(curved(o, 0) == Approx(plain(o, 0)).margin(1e-12));
      if (x == 0.5) CHECK(std::fabs(curved(o, 0) - plain(o, 0)) > 1e-4);
    }
  }
  for (auto const& [settings, part] :
       {std::pair("cell.curve.law=milo", "50 to 225 uS"),
        {"cell.curve.law=milo; cell.curve.scale=0.1 V; cell.r_on=5 kohm; cell.r_off=20 kohm", "no scale"}})
    check_refused([&, s = settings] { in_situ::config::validate(in_situ_settings(s)); }, errc::config_conflict, {part});
  check_refused(
      [] {
        in_situ::config::validate(
            in_situ_settings("cell.curve.law=milo; cell.curve.read=0.6 V; cell.r_on=5 kohm; cell.r_off=20 kohm"));
      },
      errc::config_value, {"cell.curve.read", "0.5 V"});
}

TEST_CASE("in-situ array: settings without an effect are known, and have none") {
  // Each of these says nothing beside the others, whatever it is.
  struct vain {
    std::string around, key, value;
  };
  auto const w = clipped_normals(5, 12, 57), x = clipped_normals(12, 3, 58);
  auto const keys_of = [](in_situ::config const& c) {
    std::set<std::string> out;
    for (auto const& i : in_situ::idle_settings(c)) {
      CHECK(!i.why.empty());
      out.insert(std::string(i.key));
    }
    return out;
  };
  for (auto const& v :
       std::vector<vain>{{"", "weights.bits", "5"},
                         {"", "inputs.largest", "3"},
                         {"inputs.coding=analog; ", "inputs.bits", "3"},
                         {"", "inputs.steps", "7"},
                         {"", "lines.wire_ratio", "100"},
                         {"", "lines.slope_point", "0.1"},
                         {"adc.levels=none; ", "adc.bits", "3"},
                         {"", "adc.steps", "7"},
                         {"adc.levels=none; ", "adc.range", "crosssim_max"},
                         {"", "adc.sigmas", "2"},
                         {"", "adc.percentile", "50"},
                         {"", "adc.margin", "2"},
                         {"", "cell.write.max_tries", "5"},
                         {"cell.programming_error=0.1; ", "cell.write.tolerance", "0.5"},
                         {"", "cell.write.pulse", "1e-7 s"},
                         {"", "cell.retention.exponent", "0.1"},
                         {"", "cell.retention.spread", "0.1"},
                         {"cell.retention.exponent=0.1; ", "cell.retention.age", "0.5 s"},
                         {"", "cell.retention.reference", "100 s"},
                         {"", "cell.retention.compensation", "global"},
                         {"", "cell.temperature.activation_eV", "0.5"},
                         {"cell.temperature.at=350 K; ", "cell.temperature.reference", "350 K"},
                         {"", "cell.curve.read", "0.1 V"},
                         {"converter.kind=sar; ", "converter.columns", "3"},
                         {"converter.kind=flash; converter.gain=50; converter.noise=0.01; ", "converter.columns", "3"},
                         {"inputs.slice_bits=1; ", "cell.curve.scale", "0.1 V"},
                         {"inputs.coding=pulse_width; ", "cell.curve.scale", "0.1 V"}}) {
    INFO(v.around << v.key << "=" << v.value);
    auto const c = in_situ_settings(v.around + v.key + "=" + v.value);
    CHECK(keys_of(c).count(v.key) == 1);
    if (v.key != "cell.temperature.reference")
      CHECK(in_situ_product(w, x, c) == in_situ_product(w, x, in_situ_settings(v.around)));
  }
  auto const busy = in_situ_settings(
      "weights.slices=2,2,2,2; inputs.scale=fixed; lines.nonlinearity=0.1; adc.range=largest; "
      "cell.programming_error=0.1; "
      "cell.write.max_tries=3; cell.retention.exponent=0.1; cell.retention.age=60 s; "
      "cell.retention.compensation=global; "
      "cell.temperature.at=350 K; cell.curve.scale=1 V");
  auto const idle = keys_of(busy);
  for (std::string key : {"weights.bits", "inputs.largest", "inputs.bits", "lines.slope_point", "adc.bits", "adc.range",
                          "adc.margin", "cell.write.max_tries", "cell.write.tolerance", "cell.retention.exponent",
                          "cell.retention.age", "cell.retention.reference", "cell.retention.compensation",
                          "cell.temperature.activation_eV", "cell.curve.read"}) {
    INFO(key);
    CHECK(idle.count(key) == 0);
  }
  for (std::string error : {"mismatch=0.1", "offset=0.01"})
    CHECK(keys_of(in_situ_settings("adc.levels=uniform; converter.kind=sar; converter.columns=3; converter." + error))
              .count("converter.columns") == 0);
}

TEST_CASE("in-situ converters: results have the same bits with every compiler and instruction set") {
  auto const w = clipped_normals(6, 40, 59), x = clipped_normals(40, 5, 60), seen = clipped_normals(40, 7, 61);
  std::string const errors =
      "converter.mismatch=0.07; converter.offset=0.013; converter.noise=0.003; converter.gain=77; ";
  std::uint64_t bits = fingerprint(std::string_view());
  for (std::string settings :
       {"converter.kind=sar; " + errors + "weights.mapping=offset; weights.slices=4,4; adc.range=mean_sigma",
        "converter.kind=flash; " + errors + "weights.digits=balanced; weights.slices=2,2,2; adc.range=percentile",
        "converter.kind=ramp; converter.slope=0.03; converter.bow=0.011; " + errors +
            "inputs.coding=pulse_width; inputs.pulse_leak=0.3; inputs.pulse_dead_time=1.7; adc.range=least_squares",
        std::string("cell.curve.law=milo; cell.curve.read=0.31 V; cell.r_on=4.5 kohm; cell.r_off=20 kohm; "
                    "adc.range=largest; adc.margin=1.13")}) {
    auto cells = in_situ::program(w.view(), in_situ_settings(settings), {7, 3});
    cells.config.adc = in_situ::calibrated(cells, seen.view());
    in_situ::report r;
    auto const y = in_situ::multiply(cells, x.view(), r);
    bits = fingerprint(std::string_view(reinterpret_cast<char const*>(y.data()), y.size() * sizeof(double)), bits);
  }
  CHECK(bits == 0x1f445521b4a38158u);  // from g++ 12; clang 14 and contraction give the same
}
