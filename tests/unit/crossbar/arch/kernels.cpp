// The kernels of the computation crossbar, compiled once per instruction set; instruction_sets_test.cpp compares them.
#include "../instruction_sets.hpp"

#define OHMIC_JOIN_(a, b) a##b
#define OHMIC_JOIN(a, b) OHMIC_JOIN_(a, b)

ohmic::product_kernels<ohmic::uniform_adc> const& OHMIC_JOIN(uniform_adc_kernels_, OHMIC_TEST_ARCH)() {
  return ohmic::kernels_of<ohmic::uniform_adc>;
}

ohmic::product_kernels<ohmic_test::levels_adc> const& OHMIC_JOIN(levels_adc_kernels_, OHMIC_TEST_ARCH)() {
  return ohmic::kernels_of<ohmic_test::levels_adc>;
}
