// message: ohmic chip: slot 'adc' must model adc_policy, see ohmic/periphery/concept.hpp
#include "ohmic/chip/wang2024.hpp"

struct not_a_converter {
  struct config {};
};

struct my_chip : ohmic::chip::wang2024 {
#ifdef OHMIC_EXPECT_FAIL
  using adc = not_a_converter;
#endif
};

ohmic::chip::config<my_chip> settings;
