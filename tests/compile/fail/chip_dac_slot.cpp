// message: ohmic chip: slot 'dac' must model dac_policy, see ohmic/periphery/concept.hpp
#include "ohmic/chip/wang2024.hpp"

struct not_a_driver {
  struct config {};
  static void validate(config const&) {}  // how far it drives is missing
};

struct my_chip : ohmic::chip::wang2024 {
#ifdef OHMIC_EXPECT_FAIL
  using dac = not_a_driver;
#endif
};

ohmic::chip::config<my_chip> settings;
