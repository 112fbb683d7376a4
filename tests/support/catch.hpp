// The only header of the tests that includes Catch2: v2 (Debian) and v3 differ in headers and in a few names.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define OHMIC_CATCH_VERSION 3
#else
#include <catch2/catch.hpp>
#define OHMIC_CATCH_VERSION 2
#endif

#include <string>

namespace ohmic_test {

/// The text contains this part: `CHECK_THAT(text, contains("part"))`.
inline auto contains(std::string const& part) {
#if OHMIC_CATCH_VERSION == 3
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Matchers::Contains(part);
#endif
}

/// The text starts with this part.
inline auto starts_with(std::string const& part) { return Catch::Matchers::StartsWith(part); }

/// The floats are at most this many representable numbers apart.
inline auto within_ulp(float target, int ulps) { return Catch::Matchers::WithinULP(target, static_cast<unsigned char>(ulps)); }

/// The numbers differ by at most this much.
inline auto within(double target, double margin) { return Catch::Matchers::WithinAbs(target, margin); }

}  // namespace ohmic_test

#if OHMIC_CATCH_VERSION == 3
using Catch::Approx;
#endif
