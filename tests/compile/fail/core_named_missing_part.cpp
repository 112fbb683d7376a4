// message: the list has no part of this name
#include "ohmic/core/named.hpp"

constexpr auto list = ohmic::named(ohmic::part<"adc">(1), ohmic::part<"dac">(128));
constexpr auto fine = ohmic::get_part<"dac">(list);
#ifdef OHMIC_EXPECT_FAIL
constexpr auto missing = ohmic::get_part<"multiplexer">(list);
#endif
