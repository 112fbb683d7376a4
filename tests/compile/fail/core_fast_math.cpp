// message: -ffast-math breaks reproducible results
#ifdef OHMIC_EXPECT_FAIL
#define __FAST_MATH__ 1
#endif
#include "ohmic/core/config.hpp"
