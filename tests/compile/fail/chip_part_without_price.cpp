// message: (?=.*'m', 'y', '_', 'a', 'd', 'c').*a part of the first list is missing in the second
// A chip whose converter is a part of its own, with a book that does not price it.
#include "ohmic/chip/wang2024_cost.hpp"

struct my_adc : ohmic::uniform_adc {
  using uniform_adc::uniform_adc;
  static constexpr ohmic::fixed_string part{"my_adc"};
};
struct my_chip : ohmic::chip::wang2024 {
#ifdef OHMIC_EXPECT_FAIL
  using adc = my_adc;
#endif
};

double area(ohmic::workload const& w) { return ohmic::chip::cost_of<my_chip>(w).area_mm2(); }
