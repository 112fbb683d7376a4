#include "kernels.hpp"

#include "ohmic/core/error.hpp"

namespace program_cli {

namespace {
bool runs_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}
bool runs_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}
}  // namespace

kernel_set const& choose_kernels(std::string const& name) {
#if defined(OHMIC_WITH_AVX512)
  if ((name == "auto" || name == "avx512") && runs_avx512()) {
#if defined(OHMIC_WITH_AVX512POPCNT)
    if (__builtin_cpu_supports("avx512vpopcntdq")) {
      static kernel_set const counting{avx512_kernels.products, bit_counting_columns, avx512_kernels.fp32,
                                       avx512_kernels.wires};
      return counting;
    }
#endif
    return avx512_kernels;
  }
#endif
#if defined(OHMIC_WITH_AVX2)
  if ((name == "auto" || name == "avx2") && runs_avx2()) return avx2_kernels;
#endif
  if (name == "auto" || name == "baseline") return baseline_kernels;
  std::string allowed = "auto, baseline";
  if (runs_avx2()) allowed += ", avx2";
  if (runs_avx512()) allowed += ", avx512";
  throw ohmic::error({ohmic::errc::unknown_id, "instruction set not available", "--instruction-set", name, allowed,
                      "leave it at auto"});
}

}  // namespace program_cli
