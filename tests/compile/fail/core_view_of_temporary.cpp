// message: rvalue|no matching function
#include "ohmic/core/xtensor.hpp"

auto keeps(xt::xtensor<float, 2>& values) { return ohmic::view_of(values); }
#ifdef OHMIC_EXPECT_FAIL
auto dangles() { return ohmic::view_of(xt::xtensor<float, 2>::from_shape({2, 3})); }
#endif
