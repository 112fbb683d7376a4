// The wire solver, compiled once per instruction set; wires_instruction_sets_test.cpp compares them.
#include "../wires_instruction_sets.hpp"

#define OHMIC_JOIN_(a, b) a##b
#define OHMIC_JOIN(a, b) OHMIC_JOIN_(a, b)

ohmic::wire_kernels const& OHMIC_JOIN(wire_kernels_, OHMIC_TEST_ARCH)() { return ohmic::wire_kernels_of<>; }
