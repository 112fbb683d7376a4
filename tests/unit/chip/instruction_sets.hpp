// The kernels as each instruction set compiles them (arch/kernels.cpp), and those that this machine runs.
#pragma once

#include <vector>

#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/model/fp32_kernel.hpp"
#include "ohmic/periphery/adc.hpp"

#define OHMIC_CHIP_KERNELS(arch)                                           \
  ohmic::product_kernels<ohmic::uniform_adc> const& chip_kernels_##arch(); \
  ohmic::fp32_kernel const& reference_kernel_##arch();

OHMIC_CHIP_KERNELS(baseline)
OHMIC_CHIP_KERNELS(avx2)
OHMIC_CHIP_KERNELS(avx512)

namespace ohmic_test {

struct chip_kernel_set {
  char const* flags;
  ohmic::product_kernels<ohmic::uniform_adc> const* products;
  ohmic::fp32_kernel const* reference;
};

/// The sets that were built and that this machine has, baseline first.
inline std::vector<chip_kernel_set> chip_kernel_sets() {
  std::vector<chip_kernel_set> all{{"baseline", &chip_kernels_baseline(), &reference_kernel_baseline()}};
#ifdef OHMIC_WITH_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    all.push_back({"avx2", &chip_kernels_avx2(), &reference_kernel_avx2()});
#endif
#ifdef OHMIC_WITH_AVX512
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni"))
    all.push_back({"avx512", &chip_kernels_avx512(), &reference_kernel_avx512()});
#endif
  return all;
}

}  // namespace ohmic_test
