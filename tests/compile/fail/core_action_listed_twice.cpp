// message: an action is listed twice
#include "ohmic/core/action.hpp"

using fine = ohmic::action_list<ohmic::action<"adc", "convert">, ohmic::action<"dac", "convert">>;
static_assert(fine::size == 2);
#ifdef OHMIC_EXPECT_FAIL
using twice = ohmic::action_list<ohmic::action<"adc", "convert">, ohmic::action<"adc", "convert">>;
static_assert(twice::size == 2);
#endif
