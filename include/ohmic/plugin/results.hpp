// What a plugin's device says and gives, checked before it is used.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/plugin/abi.h"

namespace ohmic::inline OHMIC_ABI::plugin {

/// The facts of a device and the results of its calls.
/// Errors  plugin_failed, naming the device (`where`), the function and the element
class results {
 public:
  /// Range   a table that outlives this and lies still: facts() has views of its texts
  results(std::string where, ohmic_device_v1 const& table, ohmic_device_facts const& f)
      : where_(std::move(where)), facts_(checked(table, f)) {}

  [[nodiscard]] device_facts const& facts() const noexcept { return facts_; }

  void program(std::span<double const> mean, std::span<double const> sigma) const {
    double const slack = std::isfinite(facts_.high_uS) ? 1e-9 * facts_.high_uS : 0.0;
    require("program", "mean_uS", mean, facts_.low_uS, std::min(facts_.high_uS, max_uS), slack);
    require("program", "sigma_uS", sigma, 0.0, facts_.has_spread ? max_uS : 0.0);
  }
  void draw(std::span<double const> programmed) const { require("draw", "programmed_uS", programmed, 0.0, max_uS); }
  void age(std::span<double const> aged) const { require("age", "aged_uS", aged, 0.0, max_uS); }
  void read(std::span<double const> sigma) const {
    require("read", "sigma_uS", sigma, 0.0, facts_.has_read_noise ? max_uS : 0.0);
  }

 private:
  /// No device conducts as much.
  static constexpr double max_uS = 1e12;

  [[nodiscard]] error broken(char const* function, std::string const& what, std::string got,
                             std::string allowed) const {
    return error({errc::plugin_failed, std::string(function) + " gives what cannot be: " + what, where_, std::move(got),
                  std::move(allowed), "mend the plugin; ohmic plugin check FILE shows its faults"});
  }
  /// `slack` is for rounding at both ends, and makes nothing negative or too large.
  void require(char const* function, char const* name, std::span<double const> values, double low, double high,
               double slack = 0.0) const {
    // No comparison with NaN holds. Without a way out of the loop, so that it runs over lanes.
    double const least = std::max(0.0, low - slack), most = std::min(high + slack, max_uS);
    auto const is_right = [&](double v) { return v >= least && v <= most; };
    bool right = true;
    for (double const v : values) right = right & is_right(v);
    if (right) return;
    auto const bad = std::find_if_not(values.begin(), values.end(), is_right);
    throw broken(function, std::string(name) + " of element " + std::to_string(bad - values.begin()) + " of the tile",
                 ohmic::detail::number_text(*bad),
                 ohmic::detail::number_text(low) + ".." + ohmic::detail::number_text(high) + ", finite");
  }

  [[nodiscard]] device_facts checked(ohmic_device_v1 const& table, ohmic_device_facts const& f) const {
    auto const number = ohmic::detail::number_text<double>;
    if (!(f.low_uS >= 0.0 && f.high_uS > f.low_uS && f.low_uS <= max_uS))
      throw broken("facts", "low_uS, high_uS", number(f.low_uS) + ", " + number(f.high_uS), "0 <= low < high");
    if (std::isfinite(f.high_uS) && f.high_uS > max_uS)
      throw broken("facts", "high_uS", number(f.high_uS), "at most " + number(max_uS) + ", or infinite");
    if (!(f.first_s >= 0.0 && f.last_s >= f.first_s))
      throw broken("facts", "first_s, last_s", number(f.first_s) + ", " + number(f.last_s), "0 <= first <= last");
    if (f.levels != 0 && (f.levels < 2 || f.levels > 65536))
      throw broken("facts", "levels", std::to_string(f.levels), "0 or 2..65536");
    auto const has = [&](std::uint32_t flag) { return (f.flags & flag) != 0; };
    if (has(OHMIC_DEVICE_HAS_DRIFT) && table.age == nullptr)
      throw broken("facts", "drift without a function", "OHMIC_DEVICE_HAS_DRIFT", "with age");
    if (has(OHMIC_DEVICE_HAS_READ_NOISE) && table.read == nullptr)
      throw broken("facts", "noise of reads without a function", "OHMIC_DEVICE_HAS_READ_NOISE", "with read");
    if (!has(OHMIC_DEVICE_HAS_SPREAD) && table.draw != nullptr)
      throw broken("facts", "draws and says that it has no spread", "draw", "OHMIC_DEVICE_HAS_SPREAD");
    return {.name = table.name,
            .summary = table.summary,
            .source = table.source,
            .low_uS = f.low_uS,
            .high_uS = f.high_uS,
            .levels = f.levels,
            .programmable = has(OHMIC_DEVICE_PROGRAMMABLE),
            .has_spread = has(OHMIC_DEVICE_HAS_SPREAD),
            .has_read_noise = has(OHMIC_DEVICE_HAS_READ_NOISE),
            .has_drift = has(OHMIC_DEVICE_HAS_DRIFT),
            .is_volatile = has(OHMIC_DEVICE_IS_VOLATILE),
            .is_activated = has(OHMIC_DEVICE_IS_ACTIVATED),
            .first_s = f.first_s,
            .last_s = f.last_s};
  }

  std::string where_;
  device_facts facts_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
