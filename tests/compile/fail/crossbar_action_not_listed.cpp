// message: this action is not in the block's action_list.*(kalibrate|'k', 'a', 'l', 'i', 'b', 'r', 'a', 't', 'e')|(kalibrate|'k', 'a', 'l', 'i', 'b', 'r', 'a', 't', 'e').*this action is not in the block's action_list
#include "ohmic/crossbar/shape.hpp"

void count(ohmic::product_tally& t) {
#ifdef OHMIC_EXPECT_FAIL
  t.add<"adc", "kalibrate">();
#else
  t.add<"adc", "convert">();
#endif
}
