// What every law of a device must satisfy.
#pragma once

#include <algorithm>
#include <cmath>

#include "ohmic/device/concept.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

/// Over the range and the ages that the law names: means within the range, sigmas finite and at least 0, and 0 where
/// the facts say that there is none; at age 0 what was programmed; later finite, at least 0, and what was programmed
/// where nothing drifts.
template <ohmic::device_law Law>
void device_laws(Law const& law) {
  ohmic::device_facts const f = law.facts();
  CHECK(!f.name.empty());
  CHECK(!f.summary.empty());
  CHECK(!f.source.empty());
  CHECK(f.low_uS >= 0.0);
  CHECK(f.high_uS > f.low_uS);
  double const top = std::min(f.high_uS, 1000.0), last = std::min(f.last_s, 1e8);
  for (int k = 0; k <= 50; ++k) {
    double const g = f.low_uS + (top - f.low_uS) * k / 50.0;
    CAPTURE(f.name, g);
    double const mean = law.programming_mean(g), sigma = law.programming_sigma(g);
    CHECK((mean >= f.low_uS && mean <= top));
    CHECK((sigma >= 0.0 && std::isfinite(sigma)));
    CHECK((f.has_spread || sigma == 0.0));
    CHECK(law.aged(g, g, 0.0, 2.0) == g);
    for (double age : {std::max(f.first_s, 10.0), last})
      for (double z : {-1.0, 0.0, 1.0}) {
        double const later = law.aged(g, g, age, z), noise = law.read_sigma(g, later, age);
        CHECK((later >= 0.0 && std::isfinite(later)));
        CHECK((f.has_drift || later == g));
        CHECK((noise >= 0.0 && std::isfinite(noise)));
        CHECK((f.has_read_noise || noise == 0.0));
      }
  }
}

}  // namespace ohmic_test
