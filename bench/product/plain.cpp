// The wang2024 product in plain loops, timed.
#include "product/plain.hpp"

#include "product/array.hpp"

namespace {

void plain_8bit(benchmark::State& state) {
  ohmic_bench::operands const o({8, 1024, 256});
  ohmic_bench::array const a(ohmic_bench::array::config{});
  auto const adcs = ohmic_bench::calibrated(a, o, a.drive(o.w, "w"));
  ohmic_bench::measure(state, o.shape(), [&] { benchmark::DoNotOptimize(ohmic_bench::plain_product(o, adcs).data()); });
}
BENCHMARK(plain_8bit)->Name("product/8bit/plain")->Apply(ohmic_bench::product_settings);

}  // namespace
