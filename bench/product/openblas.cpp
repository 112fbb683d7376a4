// What the machine gives to a general matrix product of the same shape: OpenBLAS in float, one thread.
#include <cblas-openblas.h>
#include <vector>

#include "support/operands.hpp"

namespace {

void f32(benchmark::State& state) {
  openblas_set_num_threads(1);
  ohmic_bench::operands const o(ohmic_bench::standard_shape);
  std::vector<float> x(o.x.flat().begin(), o.x.flat().end()), w(o.w.flat().begin(), o.w.flat().end()),
      y(o.x.rows() * o.w.rows());
  auto const n = static_cast<int>(o.x.rows()), k = static_cast<int>(o.x.cols()), m = static_cast<int>(o.w.rows());
  auto const run = [&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, m, k, 1.0f, x.data(), k, w.data(), k, 0.0f, y.data(), m);
  };
  run();
  ohmic_bench::check_sums(o,
                          [&](std::size_t row, std::size_t t) { return static_cast<double>(y[row * o.w.rows() + t]); });
  ohmic_bench::measure(state, o.shape(), run);
}
BENCHMARK(f32)->Name("product/f32/openblas")->Apply(ohmic_bench::product_settings);

}  // namespace
