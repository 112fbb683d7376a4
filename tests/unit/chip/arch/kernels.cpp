// The kernels that a chip runs on, compiled once per instruction set; instruction_sets_test.cpp compares whole evaluations.
#include "../instruction_sets.hpp"

#define OHMIC_JOIN_(a, b) a##b
#define OHMIC_JOIN(a, b) OHMIC_JOIN_(a, b)

ohmic::product_kernels<ohmic::uniform_adc> const& OHMIC_JOIN(chip_kernels_, OHMIC_TEST_ARCH)() {
  return ohmic::kernels_of<ohmic::uniform_adc>;
}

ohmic::fp32_kernel const& OHMIC_JOIN(reference_kernel_, OHMIC_TEST_ARCH)() { return ohmic::fp32_kernel_of<>; }
