// What a cell of a crossbar has to offer.
#pragma once

#include <concepts>
#include <limits>
#include <string_view>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A switched cell: a resistor of a fixed value in series with a transistor, as the computation crossbar uses it.
/// `on(row)` is the current of the cell in its row of the digit, in units of the smallest resistor's current per unit
/// of the
/// DAC code; `off()` what leaks when the transistor is off.
template <class D>
concept switched_cell = requires(D const& d, int row) {
  { d.on(row) }
  noexcept->std::convertible_to<double>;
  { d.off() }
  noexcept->std::convertible_to<double>;
};

/// What is known of a device, and where its laws hold.
/// Units   conductances in uS, as the fits are published; ages in s after programming
struct device_facts {
  std::string_view name{};
  std::string_view summary{};
  std::string_view source{};
  double low_uS = 0.0;  ///< of the conductances that were measured
  double high_uS = std::numeric_limits<double>::infinity();
  int levels = 0;            ///< the most that a cell holds; 0: any conductance of the range
  bool programmable = true;  ///< false: made with its value
  bool has_spread = false;   ///< a law of the error of programming is part of it
  bool has_read_noise = false;
  bool has_drift = false;
  bool is_volatile = false;   ///< keeps nothing without power, so that it does not drift with it
  bool is_activated = false;  ///< its conductance rises with temperature by Arrhenius' law
  double first_s = 0.0;       ///< ages that the drift was measured at; 0 itself is always allowed
  double last_s = std::numeric_limits<double>::infinity();
};

/// The laws of a device, as functions of conductances, an age, and standard normal numbers z that the caller addresses.
/// `programming_mean(g)`, `programming_sigma(g)`: what programming to g leaves, mean and standard deviation.
/// `aged(target, programmed, age, z)`: its mean conductance at that age; at age 0 the programmed one.
/// `read_sigma(programmed, aged, age)`: standard deviation of one read.
/// A mean other than the target needs has_spread, whatever its sigma is: without, cells are taken to keep their targets.
/// Range   results are finite. A device_cell does not refuse others, but those of a plugin's device are: NaN of programming leaves 0,
///         NaN of ageing and reading goes on; broken_laws finds them
/// Units   uS, s
template <class D>
concept device_law = requires(D const& d, double g_uS, double age_s, double z) {
  { d.facts() }
  noexcept->std::convertible_to<device_facts>;
  { d.programming_mean(g_uS) }
  noexcept->std::convertible_to<double>;
  { d.programming_sigma(g_uS) }
  noexcept->std::convertible_to<double>;
  { d.aged(g_uS, g_uS, age_s, z) }
  noexcept->std::convertible_to<double>;
  { d.read_sigma(g_uS, g_uS, age_s) }
  noexcept->std::convertible_to<double>;
};

}  // namespace ohmic::inline OHMIC_ABI
