// Converters with errors: the ideal limit, what each kind can and cannot do, and statistics against its definition.
#include "laws/converter.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "laws/adc.hpp"
#include "ohmic/periphery/adc_of_law.hpp"
#include "ohmic/periphery/ideal_converter.hpp"
#include "support/diagnosis.hpp"
#include "support/statistics.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

converter_scale const byte{8, 255.0, 0.0};
std::uint64_t const converters = 4000;

converter_numbers numbers_of(std::uint64_t converter, std::uint32_t array = 4) {
  return {{9, purpose::adc, array}, converter};
}

/// The input at which the code turns to `code`, of a converter that is monotone there.
template <class Law>
double threshold_of(Law const& law, double code) {
  double low = code - 60.0, high = code + 60.0;
  for (int i = 0; i < 60; ++i) {
    double const middle = 0.5 * (low + high);
    (law.code(middle, no_noise{}) >= code ? high : low) = middle;
  }
  return high;
}

/// Checks that values are normal with this mean and deviation.
void check_normal_law(std::vector<double> const& values, double mean, double sigma) {
  CAPTURE(mean, sigma, mean_of(values), variance_of(values));
  auto const n = static_cast<double>(values.size());
  CHECK(std::fabs(mean_of(values) - mean) < deviations * sigma / std::sqrt(n));
  CHECK(std::fabs(variance_of(values) / (sigma * sigma) - 1.0) < deviations * std::sqrt(2.0 / n));
  CHECK(kolmogorov_smirnov(values, [&](double v) { return normal_law((v - mean) / sigma); }) < ks_point / std::sqrt(n));
}

/// Thresholds below one code of many converters, each with numbers of its own.
template <class Law>
std::vector<double> thresholds(converter_config const& c, double code, converter_scale const& s = byte) {
  std::vector<double> out;
  for (std::uint64_t k = 0; k < converters; ++k) out.push_back(threshold_of(Law(c, s, numbers_of(k)), code));
  return out;
}

template <class Law>
std::vector<double> codes_of_sweep(Law const& law, double top) {
  std::vector<double> out;
  for (double at = -3.0; at <= top + 3.0; at += 0.03125) out.push_back(law.code(at, no_noise{}));
  return out;
}

}  // namespace

TEST_CASE("converters: without errors they are the uniform converter, bit for bit; with errors codes stay codes") {
  converter_laws<ideal_converter>({}, 12);
  converter_laws<sar_converter>({.kind = converter_kind::sar, .mismatch = 0.3, .offset = 0.1, .gain = 40.0}, 12);
  converter_laws<flash_converter>({.kind = converter_kind::flash, .mismatch = 0.3, .offset = 0.1, .gain = 40.0}, 10);
  converter_laws<ramp_converter>({.kind = converter_kind::ramp,
                                  .mismatch = 0.3,
                                  .offset = 0.1,
                                  .gain = 40.0,
                                  .slope = 0.2,
                                  .bow = 0.2,
                                  .delay = 3.0},
                                 12);
}

TEST_CASE("converters: as ADCs of the kernels they keep the laws of an ADC") {
  for (int bits : {1, 4, 8, 10}) {
    adc_laws<sar_adc>({.bits = bits}, 321.0f);
    adc_laws<flash_adc>({.bits = bits}, 1000.0f);
    adc_laws<ramp_adc>({.bits = bits}, 77.5f);
    sar_adc const sar({.bits = bits}, 1001.0f);
    uniform_adc const uniform({bits, false}, 1001.0f);
    std::size_t different = 0;
    for (float current : trial_currents(uniform, uniform_adc::top_code({bits, false})))
      different += sar.code(current) != uniform.code(current) ? 1 : 0;
    CHECK(different == 0);
  }
  sar_adc::config c;
  set(c, "errors.mismatch", "0.05");
  set(c, "seed", "7");
  CHECK(c.errors.mismatch == 0.05);
  sar_adc::validate(c);
  c.errors.noise = 0.01;
  check_refused([&] { sar_adc::validate(c); }, errc::config_conflict, {"adc.errors.noise", "addresses"});
  check_refused([] { flash_adc::validate({.bits = 12}); }, errc::config_conflict,
                {"adc.errors.kind", "12 bits", "10 bits"});
  check_refused([] { flash_adc::validate({.bits = 8, .errors = {.kind = converter_kind::sar}}); },
                errc::config_conflict, {"adc.errors.kind", "sar", "flash"});
}

TEST_CASE("converters: all are monotone whatever their errors, a SAR misses codes") {
  std::size_t missing = 0, falling = 0;
  for (std::uint64_t k = 0; k < 40; ++k) {
    flash_converter const flash({.kind = converter_kind::flash, .mismatch = 0.3, .offset = 0.02}, byte, numbers_of(k));
    ramp_converter const ramp({.kind = converter_kind::ramp, .mismatch = 0.3, .offset = 0.02, .bow = 0.4}, byte,
                              numbers_of(k, static_cast<std::uint32_t>(k)));
    auto const of_flash = codes_of_sweep(flash, 255.0), of_ramp = codes_of_sweep(ramp, 255.0);
    CHECK(std::is_sorted(of_flash.begin(), of_flash.end()));
    CHECK(std::is_sorted(of_ramp.begin(), of_ramp.end()));
    sar_converter const sar({.kind = converter_kind::sar, .mismatch = 0.1}, byte, numbers_of(k));
    auto of_sar = codes_of_sweep(sar, 255.0);
    falling += std::is_sorted(of_sar.begin(), of_sar.end()) ? 0 : 1;
    std::sort(of_sar.begin(), of_sar.end());
    of_sar.erase(std::unique(of_sar.begin(), of_sar.end()), of_sar.end());
    missing += of_sar.size() < 256 ? 1 : 0;
  }
  CHECK(missing > 20);
  CHECK(falling == 0);
}

TEST_CASE("SAR: the step at half scale has the spread of its capacitors") {
  // Codes 127 and 128: C_7 against the sum of C_0..C_6, of 128 and 127 units, of 256 with the one that ends the array.
  double const m = 0.01;
  converter_config const c{.kind = converter_kind::sar, .mismatch = m};
  std::vector<double> steps;
  for (std::uint64_t k = 0; k < converters; ++k) {
    // Levels are read off as thresholds plus a half; with so little mismatch no code is missing.
    sar_converter const law(c, byte, numbers_of(k));
    steps.push_back(threshold_of(law, 128.0) - threshold_of(law, 127.0));
  }
  // Level 128 less level 127 = (C_7 - C_0 - .. - C_6) 256 / C: to first order 1 + dC_7 - sum dC_i - dC / 256.
  check_normal_law(steps, 1.0, m * std::sqrt(255.0));
}

TEST_CASE(
    "comparators: offsets are a share of the range; one of a SAR and of a ramp's column, one for each code of a "
    "flash") {
  double const sigma = 0.01;
  check_normal_law(thresholds<sar_converter>({.kind = converter_kind::sar, .offset = sigma}, 100.0), 99.5,
                   sigma * 255.0);
  check_normal_law(thresholds<ramp_converter>({.kind = converter_kind::ramp, .offset = sigma}, 100.0), 99.5,
                   sigma * 255.0);
  // Of a flash of one bit there is one threshold, which nothing sorts.
  converter_scale const bit{1, 1.0, 0.0};
  check_normal_law(thresholds<flash_converter>({.kind = converter_kind::flash, .offset = sigma}, 1.0, bit), 0.5, sigma);
  // All codes of a SAR move together, those of a flash apart.
  auto const distance = [&]<class Law>(converter_kind kind) {
    std::vector<double> out;
    for (std::uint64_t k = 0; k < 400; ++k) {
      Law const law({.kind = kind, .offset = 0.0004}, byte, numbers_of(k));
      out.push_back(threshold_of(law, 200.0) - threshold_of(law, 50.0));
    }
    return variance_of(out);
  };
  CHECK(distance.operator()<sar_converter>(converter_kind::sar) < 1e-20);
  CHECK(distance.operator()<flash_converter>(converter_kind::flash) ==
        Approx(2.0 * std::pow(0.0004 * 255.0, 2)).epsilon(0.3));
}

TEST_CASE("flash and ramp: the middle of a string of elements wanders as a bridge does") {
  // Two halves of n / 2 units of spread m, tied at both ends: m sqrt(n) / 2.
  double const m = 0.01, expected = m * std::sqrt(255.0) / 2.0;
  check_normal_law(thresholds<flash_converter>({.kind = converter_kind::flash, .mismatch = m}, 128.0), 127.5, expected);
  std::vector<double> of_ramps;
  for (std::uint32_t a = 0; a < converters; ++a) {
    ramp_converter const law({.kind = converter_kind::ramp, .mismatch = m}, byte, numbers_of(0, a));
    of_ramps.push_back(threshold_of(law, 128.0));
  }
  check_normal_law(of_ramps, 127.5, expected);
}

TEST_CASE("ramp: slope, bow and steps belong to the array, the offset to the column, the delay to all") {
  converter_config const ramp{.kind = converter_kind::ramp, .mismatch = 0.05, .slope = 0.05, .bow = 0.02};
  std::vector<double> slopes;
  for (std::uint32_t a = 0; a < converters; ++a) {
    ramp_converter const one(ramp, byte, numbers_of(0, a)), other(ramp, byte, numbers_of(77, a));
    if (a < 50) CHECK(threshold_of(one, 90.0) == threshold_of(other, 90.0));
    ramp_converter const steep({.kind = converter_kind::ramp, .slope = 0.05}, byte, numbers_of(0, a));
    slopes.push_back(threshold_of(steep, 200.0) / 199.5 - 1.0);
  }
  check_normal_law(slopes, 0.0, 0.05);
  ramp_converter const late({.kind = converter_kind::ramp, .delay = 2.0}, byte, numbers_of(0));
  for (double at : {0.0, 10.25, 100.75}) CHECK(late.code(at, no_noise{}) == std::round(at) + 2.0);
  CHECK(late.code(254.0, no_noise{}) == 255.0);
  // What is bent most lies in the middle: bow x top there, nothing at the ends.
  ramp_converter const bent({.kind = converter_kind::ramp, .bow = 0.02}, byte, numbers_of(0, 1));
  double const z = static_cast<double>(stream{9, purpose::adc, 1}.normal((1u << 14) + 1, 0));
  CHECK(threshold_of(bent, 128.0) == Approx(127.5 + 0.02 * 255.0 * z).epsilon(1e-9));
}

TEST_CASE("gain: references shrink towards the current of 0") {
  converter_scale const centred{8, 255.0, 127.5};
  for (double gain : {20.0, 1e5}) {
    double const share = 1.0 / (1.0 + 1.0 / gain);
    auto const check = [&](auto const& law, double half) {
      for (double code : {1.0, 100.0, 128.0, 255.0}) {
        CAPTURE(gain, code);
        CHECK(threshold_of(law, code) == Approx(127.5 + (code - half - 127.5) * share - 0.5 + half).margin(1e-6));
      }
    };
    check(flash_converter({.kind = converter_kind::flash, .gain = gain}, centred, numbers_of(0)), 0.5);
    check(ramp_converter({.kind = converter_kind::ramp, .gain = gain}, centred, numbers_of(0)), 0.5);
    check(sar_converter({.kind = converter_kind::sar, .gain = gain}, centred, numbers_of(0)),
          0.0);  // its levels shrink
  }
}

TEST_CASE("noise: every comparison has its own; on a threshold half of the conversions are above") {
  double const sigma = 0.002, lsb = sigma * 255.0, n = 4000.0;
  auto const share = [&]<class Law>(converter_kind kind, double at, double code) {
    Law const law({.kind = kind, .noise = sigma}, byte, numbers_of(1));
    stream const noise{3, purpose::adc_read, 4};
    double above = 0.0;
    for (std::uint32_t t = 0; t < 4000; ++t)
      above +=
          law.code(at, [&](std::uint64_t k) { return static_cast<double>(noise.normal(k, t)); }) >= code ? 1.0 : 0.0;
    return above / n;
  };
  for (double away : {0.0, 1.0}) {
    double const expected = normal_law(away);
    double const bound = deviations * std::sqrt(expected * (1.0 - expected) / n);
    CAPTURE(away);
    // The first comparison of a SAR is that of half scale.
    CHECK(std::fabs(share.operator()<sar_converter>(converter_kind::sar, 127.5 + away * lsb, 128.0) - expected) <
          bound);
    CHECK(std::fabs(share.operator()<ramp_converter>(converter_kind::ramp, 99.5 + away * lsb, 100.0) - expected) <
          bound);
  }
  // A flash adds up comparators: the mean code follows the input, the spread is below that of one comparator.
  flash_converter const flash({.kind = converter_kind::flash, .noise = sigma}, byte, numbers_of(1));
  stream const noise{3, purpose::adc_read, 4};
  std::vector<double> codes;
  for (std::uint32_t t = 0; t < 4000; ++t)
    codes.push_back(flash.code(100.3, [&](std::uint64_t k) { return static_cast<double>(noise.normal(k, t)); }));
  double mean = 0.0, variance = 0.0;  // of the sum of 255 comparators
  for (int k = 1; k <= 255; ++k) {
    double const p = normal_law((100.3 - (k - 0.5)) / lsb);
    mean += p, variance += p * (1.0 - p);
  }
  CHECK(std::fabs(mean_of(codes) - mean) < deviations * std::sqrt(variance / n));
  CHECK(std::fabs(variance_of(codes) / variance - 1.0) < 2.0 * deviations * std::sqrt(2.0 / n));
}

TEST_CASE("converters: settings that are wrong or do nothing are refused") {
  struct refusal {
    std::string setting;
    std::vector<std::string> parts;
    errc code = errc::config_value;
    int bits = 8;
  };
  for (auto const& r : std::vector<refusal>{
           {"columns=0", {"converter.columns", "got 0"}},
           {"mismatch=0.6", {"converter.mismatch", "0..0.5"}},
           {"mismatch=-0.1", {"converter.mismatch"}},
           {"offset=2", {"converter.offset"}},
           {"noise=-1", {"converter.noise"}},
           {"gain=0.5", {"converter.gain", "1 and above"}},
           {"slope=1", {"converter.slope"}},
           {"bow=1", {"converter.bow"}},
           {"delay=-1", {"converter.delay"}},
           {"offset=0.1",
            {"converter.offset", "0.1 with converter.kind=ideal", "kind=sar, flash or ramp"},
            errc::config_conflict},
           {"columns=8", {"converter.columns", "8 with converter.kind=ideal", "no errors"}, errc::config_conflict},
           {"delay=10",
            {"converter.delay", "10 with converter.kind=ideal", "converter.kind=ramp"},
            errc::config_conflict},
           {"kind=sar;slope=0.1",
            {"converter.slope", "0.1 with converter.kind=sar", "converter.kind=ramp"},
            errc::config_conflict},
           {"kind=flash;delay=1",
            {"converter.delay", "1 with converter.kind=flash", "only a ramp"},
            errc::config_conflict},
           {"kind=flash", {"converter.kind", "11 bits", "at most 10"}, errc::config_conflict, 11},
           {"kind=ramp", {"converter.kind", "at most 14"}, errc::config_conflict, 15}}) {
    INFO(r.setting);
    converter_config c;
    for (std::string_view rest = r.setting; !rest.empty();) {
      auto const end = rest.find(';');
      assign(c, rest.substr(0, end));
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    check_refused([&] { converter_config::validate(c, r.bits); }, r.code, r.parts);
  }
}
