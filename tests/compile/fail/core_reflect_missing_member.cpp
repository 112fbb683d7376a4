// message: a member of this config is missing in its OHMIC_MEMBERS or BOOST_HANA_ADAPT_STRUCT
#include "ohmic/core/reflect.hpp"

struct config {
  int bits = 8;
  double sigma = 0.0;
};
#ifdef OHMIC_EXPECT_FAIL
OHMIC_MEMBERS(config, bits);
#else
BOOST_HANA_ADAPT_STRUCT(config, bits, sigma);
#endif

auto text() { return ohmic::print(config{}); }
