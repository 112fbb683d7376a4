// The kernels of in-situ arrays, compiled once per instruction set, and once more with the instruction that counts bits.
#include "../instruction_sets.hpp"

#define OHMIC_JOIN_(a, b) a##b
#define OHMIC_JOIN(a, b) OHMIC_JOIN_(a, b)

ohmic::in_situ::column_kernels<ohmic::uniform_adc> const& OHMIC_JOIN(column_kernels_, OHMIC_TEST_ARCH)() {
  return ohmic::in_situ::column_kernels_of<ohmic::uniform_adc>;
}

// Shape   words (n, lanes), counts (lanes)
void OHMIC_JOIN(count_bits_, OHMIC_TEST_ARCH)(std::vector<std::uint32_t> const& words, std::int32_t* counts) {
  namespace simd = ohmic::simd;
  using counter = simd::bit_count<simd::native, simd::native_bit_count>;
  using ints = simd::i32<simd::native>;
  counter::counts acc;
  counter::start(acc);
  for (std::size_t i = 0; i < words.size(); i += ints::size)
    counter::add(acc, ints::load_unaligned(reinterpret_cast<std::int32_t const*>(&words[i])));
  counter::total(acc).store_unaligned(counts);
}
