// The columns of in-situ arrays compiled with the flags of 'avx512popcnt'. Nothing else belongs here: this object file may only
// hold what is tagged with its instruction set.
#include "kernels.hpp"

namespace program_cli {
ohmic::in_situ::column_kernels<ohmic::uniform_adc> const* const bit_counting_columns =
    &ohmic::in_situ::column_kernels_of<ohmic::uniform_adc>;
}
