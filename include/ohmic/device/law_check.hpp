// What every law of a device must satisfy, tried over the range and the ages that it names.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/device/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The laws that a device breaks, one sentence each: means within the range, sigmas finite and at least 0, and 0 where the facts say
/// that there is none; at age 0 what was programmed; later finite, at least 0, and what was programmed where nothing drifts; without
/// an error of programming the mean is the target.
/// Range   conductances up to 1000 uS, ages up to 1e8 s
template <device_law Law>
[[nodiscard]] std::vector<std::string> broken_laws(Law const& law) {
  device_facts const f = law.facts();
  std::vector<std::string> broken;
  auto const require = [&](bool kept, char const* sentence, double got, double g_uS) {
    if (!kept)
      broken.push_back(std::string(sentence) + ": got " + detail::number_text(got) + " at " +
                       detail::number_text(g_uS) + " uS");
  };
  auto const is_size = [](double v) { return v >= 0.0 && std::isfinite(v); };
  if (f.name.empty() || f.summary.empty() || f.source.empty()) broken.emplace_back("a name, a summary and a source");
  require(f.low_uS >= 0.0 && f.high_uS > f.low_uS, "a range from 0 on", f.low_uS, f.low_uS);
  double const top = std::min(f.high_uS, 1000.0), last = std::min(f.last_s, 1e8);
  for (int k = 0; k <= 50; ++k) {
    double const g = f.low_uS + (top - f.low_uS) * k / 50.0;
    double const mean = law.programming_mean(g), sigma = law.programming_sigma(g);
    require(mean >= f.low_uS && mean <= top, "programming aims within the range", mean, g);
    require(is_size(sigma), "the error of programming is a size", sigma, g);
    require(f.has_spread || (sigma == 0.0 && mean == g), "without an error of programming cells hold their target",
            mean, g);
    require(law.aged(g, g, 0.0, 2.0) == g, "at age 0 cells hold what was programmed", law.aged(g, g, 0.0, 2.0), g);
    for (double age : {std::max(f.first_s, 10.0), last})
      for (double z : {-1.0, 0.0, 1.0}) {
        double const later = law.aged(g, g, age, z), noise = law.read_sigma(g, later, age);
        require(is_size(later), "aged cells conduct, or do not", later, g);
        require(f.has_drift || later == g, "without drift cells hold what was programmed", later, g);
        require(is_size(noise), "the noise of reads is a size", noise, g);
        require(f.has_read_noise || noise == 0.0, "without noise reads are exact", noise, g);
      }
  }
  return broken;
}

}  // namespace ohmic::inline OHMIC_ABI
