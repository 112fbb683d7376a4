// message: operator\+.*joules|joules.*seconds
#include "ohmic/core/quantity.hpp"

auto fine(ohmic::joules energy, ohmic::joules more) { return energy + more; }
#ifdef OHMIC_EXPECT_FAIL
auto wrong(ohmic::joules energy, ohmic::seconds time) { return energy + time; }
#endif
