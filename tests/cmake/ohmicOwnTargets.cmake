# What the program, the tests and the benches share: warnings, sanitizers, instruction sets. Nothing of it reaches a user.
include(CheckCXXCompilerFlag)

# Warnings for our own sources only; third-party headers are system headers.
add_library(ohmic_warnings INTERFACE)
target_compile_options(ohmic_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  # g++ 12 sees overlapping copies in std::string where there are none (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${OHMIC_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in std::string's operator+, which are not there (its bug 105651).
  target_compile_options(ohmic_warnings INTERFACE -Wno-restrict)
endif()

# Flags by instruction set. A set is listed in OHMIC_ARCHS where the compiler has it and it belongs to the processor family;
# whether the machine has it is asked at run time.
set(OHMIC_ARCHS baseline)
set(OHMIC_ARCH_FLAGS_baseline "")
set(OHMIC_ARCH_FLAGS_avx2 -mavx2 -mfma)
set(OHMIC_ARCH_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mavx512vnni)
# The columns of in-situ arrays also with the instruction that counts bits, which the first processors with VNNI do not have.
set(OHMIC_ARCH_FLAGS_avx512popcnt ${OHMIC_ARCH_FLAGS_avx512} -mavx512vpopcntdq)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 takes the undefined registers of its own AVX-512 header for uninitialised variables.
  list(APPEND OHMIC_ARCH_FLAGS_avx512 -Wno-uninitialized -Wno-maybe-uninitialized)
  list(APPEND OHMIC_ARCH_FLAGS_avx512popcnt -Wno-uninitialized -Wno-maybe-uninitialized)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  foreach(arch IN ITEMS avx2 avx512 avx512popcnt)
    string(REPLACE ";" " " flags "${OHMIC_ARCH_FLAGS_${arch}}")
    check_cxx_compiler_flag("${flags}" OHMIC_COMPILER_HAS_${arch})
    if(OHMIC_COMPILER_HAS_${arch})
      list(APPEND OHMIC_ARCHS ${arch})
    endif()
  endforeach()
endif()

# OHMIC_WITH_AVX2, OHMIC_WITH_AVX512 for every set that is built.
set(OHMIC_ARCH_DEFINITIONS)
foreach(arch IN LISTS OHMIC_ARCHS)
  if(NOT arch STREQUAL "baseline")
    string(TOUPPER "${arch}" upper)
    list(APPEND OHMIC_ARCH_DEFINITIONS "OHMIC_WITH_${upper}=1")
  endif()
endforeach()
