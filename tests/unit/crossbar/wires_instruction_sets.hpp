// The wire solver as each instruction set compiles it (arch/wires.cpp), and those that this machine runs.
#pragma once

#include <utility>
#include <vector>

#include "ohmic/crossbar/wires/gradients.hpp"

ohmic::wire_kernels const& wire_kernels_baseline();
ohmic::wire_kernels const& wire_kernels_avx2();
ohmic::wire_kernels const& wire_kernels_avx512();

namespace ohmic_test {

/// Baseline first.
inline std::vector<std::pair<char const*, ohmic::wire_kernels const*>> wire_kernel_sets() {
  std::vector<std::pair<char const*, ohmic::wire_kernels const*>> all{{"baseline", &wire_kernels_baseline()}};
#ifdef OHMIC_WITH_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.emplace_back("avx2", &wire_kernels_avx2());
#endif
#ifdef OHMIC_WITH_AVX512
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni"))
    all.emplace_back("avx512", &wire_kernels_avx512());
#endif
  return all;
}

}  // namespace ohmic_test
