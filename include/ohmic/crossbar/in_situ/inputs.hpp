// Input coding of the in-situ array: what drives the rows, pass by pass.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"
#include "ohmic/device/elementary.hpp"
#include "ohmic/periphery/levels.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// One slice of an input vector.
/// Shape   positive, negative (rows); negative is empty where rows are driven both ways
/// Units   1: a fully driven row
struct input_pass {
  double gain = 1.0;  ///< what the result of this pass counts
  std::vector<double> positive{}, negative{};
};

/// An input vector as the rows see it.
struct coded_inputs {
  std::vector<input_pass> passes{};
  double sum = 0.0;         ///< of the coded inputs, in input units: what offset mappings subtract
  std::size_t clipped = 0;  ///< inputs that the coding cut off
};

/// The converter that codes an input.
[[nodiscard]] inline level_converter input_converter(input_config const& c) noexcept {
  switch (c.coding) {
    case input_coding::sign_magnitude:
    case input_coding::pulse_width:
      return {level_convention::sign_magnitude, c.bits, 0.0, -1.0, 1.0};
    case input_coding::unsigned_levels:
      return {level_convention::uniform, c.bits, 0.0, 0.0, 1.0};
    case input_coding::aihwkit_steps:
      return {level_convention::aihwkit_steps, 1, c.steps, -1.0, 1.0};
    default:
      return {};
  }
}

namespace detail {

/// Digits of |x|, least significant first, each over the largest digit and with the sign of x.
/// Shape   values (rows) -> passes (slices of an input)
inline std::vector<input_pass> sliced_passes(std::span<double const> values, input_config const& c) {
  int const bits = c.magnitude_bits(), width = c.slice_bits;
  std::int64_t const top = (std::int64_t{1} << bits) - 1, top_digit = (std::int64_t{1} << width) - 1;
  std::vector<input_pass> passes;
  for (int shift = 0; shift < bits; shift += width) {
    input_pass p;
    p.gain = static_cast<double>(top_digit << shift) / static_cast<double>(top);
    for (double x : values) {
      auto const code = static_cast<std::int64_t>(std::nearbyint(std::fabs(x) * static_cast<double>(top)));
      auto const digit = static_cast<double>((code >> shift) & top_digit) / static_cast<double>(top_digit);
      p.positive.push_back(x < 0.0 ? -digit : digit);
    }
    passes.push_back(std::move(p));
  }
  return passes;
}

/// Charge that a pulse leaves in an integrator, over that of the longest one: pulses begin together, and what came early leaks
/// longest. |v| is the pulse's share of `cycles`; edges take some of them, not all.
/// Source  ours: dV/dt = I - V / tau with tau = longest pulse / leak, at the end of the longest pulse
inline double pulse_charge(input_config const& c, double cycles, double v) noexcept {
  double width = std::fabs(v);
  if (c.pulse_dead_time > 0.0) {
    width = std::max(0.0, simd::fence(width * cycles) - c.pulse_dead_time) / (cycles - c.pulse_dead_time);
  }
  if (c.pulse_leak > 0.0) {
    double const rest = ohmic::detail::own_exp(-c.pulse_leak);
    width = (ohmic::detail::own_exp(simd::fence(-c.pulse_leak * (1.0 - width))) - rest) / (1.0 - rest);
  }
  return v < 0.0 ? -width : width;
}

}  // namespace detail

/// Codes a scaled input vector.
/// Shape   scaled (rows)
/// Range   beyond the coding: clipped and counted. Unsigned codes hold nothing below 0, unless negative parts have a pass
/// Cost    one DAC conversion per row and pass
[[nodiscard]] inline coded_inputs code_inputs(std::span<double const> scaled, input_config const& c) {
  level_converter const convert = in_situ::input_converter(c);
  bool const two = c.passes != input_passes::one;
  coded_inputs out;
  std::vector<double> values;
  for (double x : scaled) {
    // With a pass of its own a negative part is coded like a positive one.
    double const size = two ? std::fabs(x) : x, coded = convert(size);
    out.clipped += convert.beyond(size) ? 1 : 0;
    values.push_back(two && x < 0.0 ? -coded : coded);
    out.sum += values.back();
  }
  if (c.slice_bits > 0) {
    out.passes = detail::sliced_passes(values, c);
  } else {
    out.passes.push_back({1.0, std::move(values), {}});
  }
  if (c.pulse_leak > 0.0 || c.pulse_dead_time > 0.0) {
    for (auto& p : out.passes)
      for (double& v : p.positive) v = detail::pulse_charge(c, c.longest_pulse(), v);
  }
  if (two)
    for (auto& p : out.passes) {
      for (double& x : p.positive) {
        p.negative.push_back(std::max(-x, 0.0));
        x = std::max(x, 0.0);
      }
    }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
