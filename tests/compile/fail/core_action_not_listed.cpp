// message: this action is not in the block's action_list.*(convertt|'c', 'o', 'n', 'v', 'e', 'r', 't', 't'>)|(convertt|'c', 'o', 'n', 'v', 'e', 'r', 't', 't'>).*this action is not in the block's action_list
#include "ohmic/core/action.hpp"

using actions = ohmic::action_list<ohmic::action<"adc", "convert">, ohmic::action<"dac", "drive">>;

void count(ohmic::tally<actions>& t) {
  t.add<"adc", "convert">(1);
#ifdef OHMIC_EXPECT_FAIL
  t.add<"adc", "convertt">(1);
#endif
}
