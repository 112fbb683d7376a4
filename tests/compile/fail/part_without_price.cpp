// message: (?=.*'l', 'a', 's', 'e', 'r').*a part of the first list is missing in the second
#include "ohmic/cost/computation_chip.hpp"

auto areas() {
  ohmic::computation_chip_config const c;
  auto const book = ohmic::computation_chip_book(ohmic::price_set::as_published, {}, c);
#ifdef OHMIC_EXPECT_FAIL
  auto const parts = ohmic::named(ohmic::part<"adc">(1), ohmic::part<"laser">(1));
#else
  auto const parts = ohmic::named(ohmic::part<"adc">(1), ohmic::part<"dac">(1));
#endif
  return ohmic::part_prices<ohmic::square_metres>(parts, book.areas);
}
