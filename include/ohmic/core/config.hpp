// Version, the inline ABI namespace and the few build-wide switches. Included by every header.
#pragma once

/// Library version as major * 10000 + minor * 100 + patch. The only place where it is written: CMake and Conan read it
/// from here.
#define OHMIC_VERSION 100

// A checked build (contracts tested) has other inline functions than a plain one, so that it gets another inline
// namespace:
// both can live in one program.
#if defined(OHMIC_CHECKED) && OHMIC_CHECKED
#define OHMIC_ABI v0_1_chk
#else
#define OHMIC_ABI v0_1
#endif

// Sums keep their order and products are not contracted, so that results are the same bits everywhere. -ffast-math
// allows the compiler to break both.
#if defined(__FAST_MATH__) && !defined(OHMIC_ALLOW_FAST_MATH)
#error \
    "ohmic: -ffast-math breaks reproducible results; build without it, or define OHMIC_ALLOW_FAST_MATH and accept that"
#endif

namespace ohmic::inline OHMIC_ABI {

/// Version of the library as three numbers.
/// Source  OHMIC_VERSION
struct library_version {
  int major = OHMIC_VERSION / 10000;
  int minor = OHMIC_VERSION / 100 % 100;
  int patch = OHMIC_VERSION % 100;
};

}  // namespace ohmic::inline OHMIC_ABI
