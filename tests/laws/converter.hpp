// What every law of a converter must satisfy.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/levels.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"

namespace ohmic_test {

/// Values that try a converter: its levels, the ties between them with their neighbours, values in between and beyond.
inline std::vector<double> trial_values(ohmic::level_converter const& adc, double top) {
  std::vector<double> values{adc.low(), adc.high(), 0.0};
  dice random(2026);
  for (int i = 0; i < 300; ++i) {
    double const k = std::floor(random.real() * top);
    for (double at : {k, k + 0.5}) {
      double const v = adc.value_of(at);
      values.insert(values.end(), {v, std::nextafter(v, v - 1.0), std::nextafter(v, v + 1.0)});
    }
    values.push_back(adc.low() + (1.4 * random.real() - 0.2) * (adc.high() - adc.low()));
  }
  return values;
}

/// Without errors a law gives the bits of the level converter, for conventions with codes and any range; with these errors
/// codes are whole, within 0..top, and the same every time.
template <ohmic::converter_law Law>
void converter_laws(ohmic::converter_config const& errors, int most_bits) {
  std::size_t different = 0, not_a_code = 0, changed = 0;
  for (auto convention : {ohmic::level_convention::uniform, ohmic::level_convention::sign_magnitude})
    for (int bits = 2; bits <= most_bits; ++bits)
      for (double high : {1.0, 4.0, 37.3}) {
        double const low = convention == ohmic::level_convention::uniform && high > 4.0 ? 0.7 : -high;
        ohmic::level_converter const adc(convention, bits, 0.0, low, high);
        auto const scale = adc.scale(bits);
        ohmic::converter_numbers const numbers{{5, ohmic::purpose::adc, 2}, 3};
        Law const ideal({.kind = errors.kind}, scale, numbers), made(errors, scale, numbers),
            twin(errors, scale, numbers);
        for (double v : trial_values(adc, scale.top)) {
          double const at = adc.position(v), code = made.code(at, ohmic::no_noise{});
          different += adc.value_of(ideal.code(at, ohmic::no_noise{})) != adc(v) ? 1 : 0;
          not_a_code += code != std::round(code) || !(code >= 0.0 && code <= scale.top) ? 1 : 0;
          changed += code != twin.code(at, ohmic::no_noise{}) ? 1 : 0;
        }
      }
  CHECK(different == 0);
  CHECK(not_a_code == 0);
  CHECK(changed == 0);
}

}  // namespace ohmic_test
