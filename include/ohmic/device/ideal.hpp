// Devices without a law: the ideal one, on which others are built, and an ordinary resistor.
#pragma once

#include "ohmic/core/config.hpp"
#include "ohmic/device/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Keeps exactly what it is given. Other laws derive from it and replace what they know better.
struct ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "ideal", .summary = "keeps what it is given", .source = "ours", .is_activated = true};
  }
  [[nodiscard]] double programming_mean(double g_uS) const noexcept { return g_uS; }
  [[nodiscard]] double programming_sigma(double) const noexcept { return 0.0; }
  [[nodiscard]] double aged(double, double programmed_uS, double, double) const noexcept { return programmed_uS; }
  [[nodiscard]] double read_sigma(double, double, double) const noexcept { return 0.0; }
};
static_assert(device_law<ideal_device>);

/// An ordinary resistor, made with its value: mismatch, given as `cell.programming_error`, is all that can happen to
/// it.
struct made_resistor : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "fixed_resistor",
            .summary = "made with its value, never programmed",
            .source = "Wang et al., arXiv 2410.15977, section 5.3: fixed resistance",
            .programmable = false};
  }
};
static_assert(device_law<made_resistor>);

}  // namespace ohmic::inline OHMIC_ABI
