// message: two parts have the same name
#include "ohmic/core/named.hpp"

constexpr auto fine = ohmic::named(ohmic::part<"adc">(1), ohmic::part<"dac">(128));
#ifdef OHMIC_EXPECT_FAIL
constexpr auto twice = ohmic::named(ohmic::part<"adc">(1), ohmic::part<"dac">(128), ohmic::part<"adc">(2));
#endif
