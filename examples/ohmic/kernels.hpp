// The kernels that this program was compiled with, and the choice among them at run time.
#pragma once

#include <string>

#include "ohmic/crossbar/in_situ/code_kernel.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/crossbar/wires/gradients.hpp"
#include "ohmic/model/fp32_kernel.hpp"
#include "ohmic/periphery/adc.hpp"

namespace program_cli {

/// All kernels of one instruction set. Every set gives the same bits.
struct kernel_set {
  ohmic::product_kernels<ohmic::uniform_adc> const* products;
  ohmic::in_situ::column_kernels<ohmic::uniform_adc> const* columns;
  ohmic::fp32_kernel fp32;
  ohmic::wire_kernels wires;
};

extern kernel_set const baseline_kernels;
#if defined(OHMIC_WITH_AVX2)
extern kernel_set const avx2_kernels;
#endif
#if defined(OHMIC_WITH_AVX512)
extern kernel_set const avx512_kernels;
#endif
#if defined(OHMIC_WITH_AVX512POPCNT)
/// Those of avx512 with the instruction that counts bits, where the processor has it.
extern ohmic::in_situ::column_kernels<ohmic::uniform_adc> const* const bit_counting_columns;
#endif

/// The named set ("baseline", "avx2", "avx512"), or the best that this processor runs for "auto".
/// Errors  unknown_id for a name that this program or this processor does not have
kernel_set const& choose_kernels(std::string const& name);

}  // namespace program_cli
