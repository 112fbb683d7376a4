// message: (?=.*'l', 'a', 's', 'e', 'r').*an action has no price in this book
#include "ohmic/cost/computation_chip.hpp"

auto energies() {
  ohmic::computation_chip_config const c;
  auto const book = ohmic::computation_chip_book(ohmic::price_set::as_published, {}, c);
#ifdef OHMIC_EXPECT_FAIL
  using list = ohmic::action_list<ohmic::action<"adc", "convert">, ohmic::action<"laser", "fire">>;
#else
  using list = ohmic::action_list<ohmic::action<"adc", "convert">>;
#endif
  return ohmic::action_prices<list>(book.energies);
}
