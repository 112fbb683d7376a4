// message: no viable conversion|conversion from .double. to non-scalar type
#include "ohmic/core/quantity.hpp"

ohmic::volts fine = ohmic::volts(0.2);
#ifdef OHMIC_EXPECT_FAIL
ohmic::volts without_a_unit = 0.2;
#endif
