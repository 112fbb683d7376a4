// message: adc_policy
#include "ohmic/crossbar/computation.hpp"

#ifdef OHMIC_EXPECT_FAIL
using converter = ohmic::linear_dac;
#else
using converter = ohmic::uniform_adc;
#endif

ohmic::computation_array<2, converter> const* array = nullptr;
