// message: balanced<S>: the scale factor S must be 1..7
#include "ohmic/numeral/balanced.hpp"

#ifdef OHMIC_EXPECT_FAIL
constexpr int scale = 8;
#else
constexpr int scale = 7;
#endif

int base() { return ohmic::balanced<scale>::base; }
