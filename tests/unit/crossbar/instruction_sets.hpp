// The kernels as each instruction set compiles them (arch/kernels.cpp), and those that this machine runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/crossbar/in_situ/code_kernel.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/periphery/adc.hpp"
#include "support/levels_adc.hpp"

#define OHMIC_COLUMN_KERNELS(arch)                                                   \
  ohmic::in_situ::column_kernels<ohmic::uniform_adc> const& column_kernels_##arch(); \
  void count_bits_##arch(std::vector<std::uint32_t> const& words, std::int32_t* counts);

#define OHMIC_CROSSBAR_KERNELS(arch)                                                 \
  ohmic::product_kernels<ohmic::uniform_adc> const& uniform_adc_kernels_##arch();    \
  ohmic::product_kernels<ohmic_test::levels_adc> const& levels_adc_kernels_##arch(); \
  OHMIC_COLUMN_KERNELS(arch)

OHMIC_CROSSBAR_KERNELS(baseline)
OHMIC_CROSSBAR_KERNELS(avx2)
OHMIC_CROSSBAR_KERNELS(avx512)
OHMIC_COLUMN_KERNELS(avx512popcnt)

namespace ohmic_test {

struct kernel_set {
  char const* flags;
  ohmic::product_kernels<ohmic::uniform_adc> const* uniform;
  ohmic::product_kernels<levels_adc> const* levels;
  ohmic::in_situ::column_kernels<ohmic::uniform_adc> const* columns;
  decltype(&count_bits_baseline) count_bits;
  std::size_t lanes;
};

/// The sets that were built and that this machine has, baseline first.
inline std::vector<kernel_set> kernel_sets() {
  std::vector<kernel_set> all{{"baseline", &uniform_adc_kernels_baseline(), &levels_adc_kernels_baseline(),
                               &column_kernels_baseline(), &count_bits_baseline, 4}};
#ifdef OHMIC_WITH_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    all.push_back(
        {"avx2", &uniform_adc_kernels_avx2(), &levels_adc_kernels_avx2(), &column_kernels_avx2(), &count_bits_avx2, 8});
#endif
#ifdef OHMIC_WITH_AVX512
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni"))
    all.push_back({"avx512", &uniform_adc_kernels_avx512(), &levels_adc_kernels_avx512(), &column_kernels_avx512(),
                   &count_bits_avx512, 16});
#endif
#ifdef OHMIC_WITH_AVX512POPCNT
  if (all.back().lanes == 16 && __builtin_cpu_supports("avx512vpopcntdq"))
    all.push_back({"avx512popcnt", &uniform_adc_kernels_avx512(), &levels_adc_kernels_avx512(),
                   &column_kernels_avx512popcnt(), &count_bits_avx512popcnt, 16});
#endif
  return all;
}

}  // namespace ohmic_test
