// What every ADC policy must satisfy.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "ohmic/periphery/concept.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"

namespace ohmic_test {

/// Currents that try a converter: whole and halved steps with their neighbours, currents in between, and beyond the full scale.
template <ohmic::adc_policy A>
std::vector<float> trial_currents(A const& adc, float top_code) {
  double const step = adc.step(), codes = static_cast<double>(top_code);
  std::vector<float> currents{0.0f, adc.full_scale()};
  dice random(2024);
  for (int i = 0; i < 500; ++i) {
    double const k = std::floor(random.real() * (codes + 1.0));
    for (double at : {k, k + 0.5}) {
      auto const c = static_cast<float>(at * step);
      currents.insert(currents.end(), {c, std::nextafter(c, 0.0f), std::nextafter(c, 2.0f * c + 1.0f)});
    }
    currents.push_back(static_cast<float>(random.real() * codes * step));
    currents.push_back(static_cast<float>((1.0 + random.real()) * codes * step));
  }
  return currents;
}

/// Where the codes lie: whole numbers of 0..top, and within half a step of the current below the full scale.
template <ohmic::adc_policy A>
void adc_code_laws(A const& adc, float top_code, std::vector<float> const& currents) {
  // A float product with a rounded reciprocal moves a position of k steps by k 2^-23 at most.
  double const two_roundings = 0x1p-23;
  std::size_t not_whole = 0, outside = 0, off = 0, moved = 0;
  for (float current : currents) {
    float const code = adc.code(current);
    not_whole += static_cast<std::size_t>(code != std::round(code));
    outside += static_cast<std::size_t>(!(code >= 0.0f && code <= top_code));
    if (current <= adc.full_scale()) {
      double const steps = static_cast<double>(current) / adc.step();
      off += static_cast<std::size_t>(
          !(std::fabs(steps - static_cast<double>(code)) <= 0.5 + (steps + 1.0) * two_roundings));
    } else {
      moved += static_cast<std::size_t>(code != top_code);
    }
  }
  CHECK(not_whole == 0);
  CHECK(outside == 0);
  CHECK(off == 0);
  CHECK(moved == 0);
}

/// Laws of one converter made from its config and a full scale: whole codes of 0..top, none for no current, monotone, off by at
/// most half a step inside the range and constant above it, idempotent on codes, the same bits scalar and in a batch.
template <ohmic::adc_policy A>
void adc_laws(typename A::config const& config, float full_scale) {
  A::validate(config);
  A const adc(config, full_scale);
  float const top = A::top_code(config);
  REQUIRE(adc.step() > 0.0);
  REQUIRE(top >= 1.0f);
  double const top_current = adc.step() * static_cast<double>(top), float_rounding = 0x1p-23;
  CHECK_THAT(static_cast<double>(adc.full_scale()), within(top_current, top_current * float_rounding));
  CHECK(adc.code(0.0f) == 0.0f);
  CHECK(adc.code(adc.full_scale()) == top);

  auto currents = trial_currents(adc, top);
  adc_code_laws(adc, top, currents);

  std::size_t changed = 0;
  for (float current : currents) {
    float const code = adc.code(current);
    changed += static_cast<std::size_t>(adc.code(static_cast<float>(static_cast<double>(code) * adc.step())) != code);
  }
  CHECK(changed == 0);

  using batch = ohmic::simd::f32<ohmic::simd::native>;
  std::size_t different = 0;
  for (std::size_t first = 0; first + batch::size <= currents.size(); first += 3) {
    float codes[batch::size];
    ohmic::simd::store(codes, adc.code(ohmic::simd::load<batch>(currents.data() + first)));
    for (std::size_t i = 0; i < batch::size; ++i)
      different += static_cast<std::size_t>(codes[i] != adc.code(currents[first + i]));
  }
  CHECK(different == 0);

  std::sort(currents.begin(), currents.end());
  CHECK(std::is_sorted(currents.begin(), currents.end(), [&](float a, float b) { return adc.code(a) < adc.code(b); }));
}

/// A lossless converter returns every current that an array can deliver.
template <ohmic::adc_policy A>
void lossless_adc_laws(typename A::config const& config) {
  REQUIRE(A::lossless(config));
  A const adc(config, A::top_code(config));
  std::size_t changed = 0;
  for (std::int32_t current = 0; current <= 1 << 21; current += current < 70000 ? 1 : 97)
    changed +=
        static_cast<std::size_t>(static_cast<double>(adc.code(static_cast<float>(current))) * adc.step() != current);
  CHECK(changed == 0);
}

}  // namespace ohmic_test
