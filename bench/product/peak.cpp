// The machine's peak for the instruction mix of the computation crossbar: the same byte products and conversions on
// operands that never leave a register or the nearest cache. What a kernel reaches of it is its fraction of the roofline.
#include <cstdint>

#include "ohmic/core/dot4.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "product/array.hpp"

namespace {

using arch = ohmic::simd::native;

/// Two byte products for four rows of 16 outputs, tokens side by side as in the kernel; converters read every 64 rows.
void converted(benchmark::State& state) {
  using dot = ohmic::simd::dot4<arch>;
  // As many tokens at a time as the kernel takes: more sums than registers would be no peak.
  constexpr std::size_t tokens = dot::lanes == ohmic::output_block ? 8 : 4, groups = 16, tiles = 255;
  alignas(64) std::uint8_t weights[2][64];
  for (std::size_t i = 0; i < 64; ++i) weights[0][i] = weights[1][i] = static_cast<std::uint8_t>(7 * i % 127);
  // Other digits for every token, so that no two sums are the same to the compiler.
  alignas(64) std::int32_t digits[2][tokens];
  for (std::size_t n = 0; n < tokens; ++n) {
    digits[0][n] = 0x01020301 ^ static_cast<std::int32_t>(n);
    digits[1][n] = 0x02010103 ^ static_cast<std::int32_t>(n);
  }
  ohmic::matrix<double> z(tokens, ohmic::output_block);
  ohmic::uniform_adc const adc({}, 8192.0f);
  std::uint64_t clipped = 0;
  ohmic::sum_target const to{z.data(), z.cols(), 1.0};
  auto const run = [&] {
    for (std::size_t lane = 0; lane < ohmic::output_block; lane += dot::lanes) {
      ohmic::detail::converting<arch, ohmic::uniform_adc, tokens> converter{adc, adc.full_scale(), to, clipped, 0, {},
                                                                            {}};
      converter.begin(lane);
      for (std::size_t tile = 0; tile < tiles; ++tile) {
        benchmark::DoNotOptimize(digits);
        typename dot::sums p[tokens], q[tokens];
        ohmic::detail::unrolled<tokens>([&](auto n) __attribute__((always_inline)) {
          dot::start(p[n], digits[0][n]);
          dot::start(q[n], digits[1][n]);
        });
        for (std::size_t g = 0; g < groups; ++g)
          ohmic::detail::unrolled<tokens>([&](auto n) __attribute__((always_inline)) {
            dot::template add<false>(p[n], weights[0], digits[0][n]);
            dot::template add<false>(q[n], weights[1], digits[1][n]);
          });
        ohmic::detail::unrolled<tokens>([&](auto n) __attribute__((always_inline)) {
          converter.tile(n, dot::total(p[n]), dot::total(q[n]));
        });
      }
      converter.end(lane);
    }
  };
  // Three digits make one multiply-accumulate.
  ohmic_bench::measure(state, {tokens, 4 * groups * tiles / 3, ohmic::output_block}, run);
  state.SetLabel(arch::name());
}
BENCHMARK(converted)->Name("product/8bit/peak")->Apply(ohmic_bench::product_settings);

/// One byte product for four rows of 16 outputs; two blocks of outputs share what is broadcast, as in the kernel. On more
/// threads: what the machine's processors give together, which bounds every product.
void lossless(benchmark::State& state) {
  using dot = ohmic::simd::dot4<arch>;
  constexpr std::size_t sums = dot::lanes == ohmic::output_block ? 16 : 4, blocks = sums / 8 + (sums < 8), steps = 4096;
  alignas(64) std::uint8_t weights[2][64];
  for (std::size_t i = 0; i < 64; ++i) weights[0][i] = weights[1][i] = static_cast<std::uint8_t>(7 * i % 127);
  alignas(64) std::int32_t digits[8];
  for (std::size_t n = 0; n < 8; ++n) digits[n] = 0x01020301 ^ static_cast<std::int32_t>(n);
  auto const run = [&] {
    typename dot::sums p[sums];
    ohmic::detail::unrolled<sums>([&](auto n) __attribute__((always_inline)) { dot::start(p[n], 0); });
    for (std::size_t g = 0; g < steps; ++g) {
      benchmark::DoNotOptimize(digits);
      ohmic::detail::unrolled<sums>([&](auto n) __attribute__((always_inline)) {
        dot::template add<true>(p[n], weights[n % blocks], digits[n / blocks]);
      });
    }
    ohmic::detail::unrolled<sums>([&](auto n)
                                      __attribute__((always_inline)) { benchmark::DoNotOptimize(dot::total(p[n])); });
  };
  auto const together = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t repeats = 100;  // so that starting threads does not count
  ohmic::executor threads(static_cast<unsigned>(together));
  ohmic_bench::measure(state, {sums * together * repeats, 4 * steps, dot::lanes}, [&] {
    threads.for_each_index(together, [&](std::size_t) {
      for (std::size_t i = 0; i < repeats; ++i) run();
    });
  });
  state.SetLabel(arch::name());
}
BENCHMARK(lossless)->Name("product/lossless/peak")->Arg(1)->Arg(2)->Apply(ohmic_bench::product_settings);

}  // namespace
