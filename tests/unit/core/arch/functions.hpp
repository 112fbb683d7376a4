// Functions compiled once per instruction set, each set in a namespace of its own, and the list of those that run here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/core/stream.hpp"

/// What arch/functions.cpp defines for one instruction set.
#define OHMIC_CORE_ARCH_FUNCTIONS(arch)                                                                                \
  namespace core_##arch {                                                                                              \
    void words(ohmic::stream const& s, std::uint64_t first, std::uint32_t time, std::span<std::uint32_t> out);         \
    void uniforms(ohmic::stream const& s, std::uint64_t first, std::uint32_t time, std::span<float> out);              \
    void normals(ohmic::stream const& s, std::uint64_t first, std::uint32_t time, std::span<float> out);               \
    void quantiles(std::span<float const> p, std::span<float> out);                                                    \
    void mul_add(std::span<float const> a, std::span<float const> b, std::span<float const> c, std::span<float> out);  \
    void mul_add_by_one(std::span<float const> a, std::span<float const> b, std::span<float const> c,                  \
                        std::span<float> out);                                                                         \
    double product_and_sum(double a, double b, double c);                                                              \
    void unfenced(std::span<float const> a, std::span<float const> b, std::span<float const> c, std::span<float> out); \
    void lane_function(int which, std::span<float const> in, std::span<float> out);                                    \
    std::size_t dot4_lanes();                                                                                          \
    void dot4(bool wide, std::span<std::uint8_t const> u, std::span<std::int32_t const> s, std::int32_t* sums);        \
  }

OHMIC_CORE_ARCH_FUNCTIONS(baseline)
OHMIC_CORE_ARCH_FUNCTIONS(avx2)
OHMIC_CORE_ARCH_FUNCTIONS(avx512)

namespace ohmic_test {

/// Number of lane functions that `lane_function` knows; beyond it: see arch/functions.cpp.
inline constexpr int lane_functions = 9;

struct arch_functions {
  char const* name;
  bool has_fma;
  decltype(&core_baseline::words) words;
  decltype(&core_baseline::uniforms) uniforms;
  decltype(&core_baseline::normals) normals;
  decltype(&core_baseline::quantiles) quantiles;
  decltype(&core_baseline::mul_add) mul_add;
  decltype(&core_baseline::mul_add_by_one) mul_add_by_one;
  decltype(&core_baseline::product_and_sum) product_and_sum;
  decltype(&core_baseline::unfenced) unfenced;
  decltype(&core_baseline::lane_function) lane_function;
  decltype(&core_baseline::dot4_lanes) dot4_lanes;
  decltype(&core_baseline::dot4) dot4;
};

#define OHMIC_CORE_ARCH_ENTRY(arch, fma)                                                                        \
  arch_functions {                                                                                              \
#arch, fma, core_##arch::words, core_##arch::uniforms, core_##arch::normals, core_##arch::quantiles,        \
        core_##arch::mul_add, core_##arch::mul_add_by_one, core_##arch::product_and_sum, core_##arch::unfenced, \
        core_##arch::lane_function, core_##arch::dot4_lanes, core_##arch::dot4                                  \
  }

/// The instruction sets that were built and that this machine has.
inline std::vector<arch_functions> archs() {
  std::vector<arch_functions> all{OHMIC_CORE_ARCH_ENTRY(baseline, false)};
#ifdef OHMIC_WITH_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(OHMIC_CORE_ARCH_ENTRY(avx2, true));
#endif
#ifdef OHMIC_WITH_AVX512
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni"))
    all.push_back(OHMIC_CORE_ARCH_ENTRY(avx512, true));
#endif
  return all;
}

}  // namespace ohmic_test
