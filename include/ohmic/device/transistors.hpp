// Cells whose published figures are their levels and resistances: ferroelectric transistors, magnetic junctions, SRAM.
#pragma once

#include "ohmic/core/config.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/device/ideal.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A HfZrO transistor whose partial polarisation sets its channel. No law of its error is built in:
/// `cell.programming_error`.
struct fefet : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {
        .name = "fefet",
        .summary = "HfZrO FeFET, at most 32 levels over a factor of 45, 1 Mohm when on",
        .source = "Jerry et al., IEDM 2017: 5 bits, 45 x; on-resistance of NVMExplorer's FeFET cell, 1 Mohm at 0.05 V",
        .low_uS = 1.0 / 45.0,
        .high_uS = 1.0,
        .levels = 32};
  }
};
static_assert(device_law<fefet>);

/// A magnetic tunnel junction: parallel or antiparallel. No law of its spread is built in: `cell.programming_error`.
struct stt_mram : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "stt_mram",
            .summary = "magnetic tunnel junction, two levels, 3 kohm and 6 kohm",
            .source = "NVSim's STT-RAM cell, as in NVMExplorer: 3 kohm on, 6 kohm off, read at 0.25 V",
            .low_uS = 1e6 / 6e3,
            .high_uS = 1e6 / 3e3,
            .levels = 2};
  }
};
static_assert(device_law<stt_mram>);

/// A bit that switches a transistor of the read path. What the transistor conducts is the user's.
struct sram : ideal_device {
  [[nodiscard]] constexpr device_facts facts() const noexcept {
    return {.name = "sram",
            .summary = "one bit that switches a transistor, two levels",
            .source = "ours: the digital bit is exact; mismatch of the transistors is cell.programming_error",
            .levels = 2,
            .is_volatile = true};
  }
};
static_assert(device_law<sram>);

}  // namespace ohmic::inline OHMIC_ABI
