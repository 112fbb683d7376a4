// The kernels compiled with the flags of 'avx2'. Nothing else belongs here: this object file may only hold what is
// tagged with its
// instruction set.
#include "kernels.hpp"

namespace program_cli {
kernel_set const avx2_kernels{&ohmic::kernels_of<ohmic::uniform_adc>,
                              &ohmic::in_situ::column_kernels_of<ohmic::uniform_adc>, ohmic::fp32_kernel_of<>,
                              ohmic::wire_kernels_of<>};
}
