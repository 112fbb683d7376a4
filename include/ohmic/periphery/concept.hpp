// What converters have to offer, so that they run inside the crossbar kernel's epilogue.
#pragma once

#include <concepts>
#include <cstdint>

#include "ohmic/core/simd.hpp"
#include "ohmic/periphery/converter.hpp"

namespace ohmic::inline OHMIC_ABI {

/// An ADC policy: made from its config and a full scale, it turns column currents into integer codes.
/// `code` is a lane function: it is called with a float and with batches of floats, and returns integral values >= 0 of
/// the same
/// type. The digital side reads a code as code x step(). Currents are in product units: one unit is the smallest
/// resistor
/// driven by DAC code 1, so that an ideal column current is an integer.
/// Laws    tests/laws/adc.hpp: monotone, code(0) = 0, off by at most half a step inside the range, constant above it
template <class A>
concept adc_policy = requires(A const& a, typename A::config const& c, float current,
                              simd::f32<simd::native> currents) {
  A::validate(c);
  requires noexcept(A(c, current));
  { a.code(current) }
  noexcept->std::same_as<float>;
  { a.code(currents) }
  noexcept->std::same_as<simd::f32<simd::native>>;
  { a.step() }
  noexcept->std::convertible_to<double>;
  { a.full_scale() }
  noexcept->std::convertible_to<float>;
  /// Largest code, so that callers can tell whether sums of codes fit their counters, and what range makes a code one
  /// unit.
  { A::top_code(c) }
  noexcept->std::convertible_to<float>;
  /// True where every code is exactly the current: the product then collapses into one integer product.
  { A::lossless(c) }
  noexcept->std::same_as<bool>;
};

/// A law of a converter as it was made, with its errors: from a current, in steps of the converter, to a whole code 0..top.
/// `z(k)` is the k-th standard normal number of the conversion. Made from settings, scale and the numbers of the converter.
/// Laws    tests/laws/converter.hpp: without errors the nearest code, ties to even; codes of 0..top whatever the errors are
template <class L>
concept converter_law = requires(L const& l, double position, converter_config const& c, converter_scale const& s,
                                 converter_numbers const& n) {
  L(c, s, n);
  { l.code(position, no_noise{}) }
  noexcept->std::same_as<double>;
};

/// A DAC policy: how many bits an operand of its has, sign included, and how large a magnitude it drives. Weights are
/// quantised to the bits; the sign swaps columns.
template <class D>
concept dac_policy = requires(typename D::config const& c) {
  D::validate(c);
  { D::top(c) }
  noexcept->std::convertible_to<std::int32_t>;
  { c.bits } -> std::convertible_to<int>;
};

}  // namespace ohmic::inline OHMIC_ABI
