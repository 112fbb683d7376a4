// The computation crossbar: 8-bit converters digit by digit, the lossless collapse, and what imperfections cost. Every
// result is checked against its plain definition before it is timed.
#include "ohmic/crossbar/imperfect_reference.hpp"
#include "product/array.hpp"
#include "product/plain.hpp"

namespace {

using namespace ohmic_bench;

void computation_8bit(benchmark::State& state) {
  array const a(array::config{});
  ohmic::executor threads(static_cast<unsigned>(state.range(0)));
  {
    operands const small(small_shape);
    auto const y = a.drive(small.w, "w");
    auto const adcs = ohmic_bench::calibrated(a, small, y);
    ohmic_bench::check_equal(ohmic_bench::multiply(a, small, y, adcs, threads), ohmic_bench::plain_product(small, adcs),
                             small.shape());
  }
  operands const o(standard_shape);
  auto const y = a.drive(o.w, "w");
  auto const adcs = ohmic_bench::calibrated(a, o, y);
  ohmic_bench::measure(state, o.shape(),
                       [&] { benchmark::DoNotOptimize(ohmic_bench::multiply(a, o, y, adcs, threads)); });
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK(computation_8bit)->Name("product/8bit/ohmic")->Arg(1)->Arg(2)->Apply(product_settings);

void computation_lossless(benchmark::State& state) {
  operands const o(standard_shape);
  array::config c;
  c.adc.lossless = true;
  array const a(c);
  ohmic::executor threads(static_cast<unsigned>(state.range(0)));
  auto const y = a.drive(o.w, "w");
  auto const adcs = a.converters({}, 3, "w");
  ohmic_bench::check_sums(o, ohmic_bench::multiply(a, o, y, adcs, threads));
  ohmic_bench::measure(state, o.shape(),
                       [&] { benchmark::DoNotOptimize(ohmic_bench::multiply(a, o, y, adcs, threads)); });
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK(computation_lossless)->Name("product/lossless/ohmic")->Arg(1)->Arg(2)->Apply(product_settings);

/// The same product with one imperfection.
void imperfect(benchmark::State& state, char const* assignment) {
  array::config c;
  ohmic::assign(c.noise, assignment);
  array const ideal(array::config{}), a(c);
  ohmic::executor threads(1);
  if (c.noise.cell == 0.0) {  // that one equals its definition in distribution only
    operands const small(small_shape);
    auto const y = a.drive(small.w, "w");
    auto const adcs = ohmic_bench::calibrated(a, small, y);
    std::uint64_t clipped = 0;
    ohmic_bench::check_equal(ohmic_bench::multiply(a, small, y, adcs, threads),
                             ohmic::imperfect_reference(a, small.x, small.w, adcs, clipped), small.shape());
  }
  operands const o({128, 1024, 512});
  auto const y = a.drive(o.w, "w");
  auto const adcs = ohmic_bench::calibrated(ideal, o, y);
  ohmic_bench::measure(state, o.shape(),
                       [&] { benchmark::DoNotOptimize(ohmic_bench::multiply(a, o, y, adcs, threads)); });
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK_CAPTURE(imperfect, mismatch, "mismatch=0.02")->Name("product/mismatch/ohmic")->Apply(product_settings);
BENCHMARK_CAPTURE(imperfect, thermal, "thermal=20")->Name("product/thermal/ohmic")->Apply(product_settings);
BENCHMARK_CAPTURE(imperfect, cell, "cell=0.05")->Name("product/cell/ohmic")->Apply(product_settings);
BENCHMARK_CAPTURE(imperfect, telegraph, "rtn=0.05")->Name("product/telegraph/ohmic")->Apply(product_settings);

}  // namespace
