// The digital units between two products, row by row of a BERT-Large (1024 wide, 4096 inside, 256 scores), each beside the same
// function of the C library and, where one line says it, as an xtensor expression. Checked against double precision first.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/xtensor.hpp"
#include "ohmic/nonlinear/activation.hpp"
#include "ohmic/nonlinear/exp.hpp"
#include "ohmic/nonlinear/layer_norm.hpp"
#include "ohmic/nonlinear/softmax.hpp"
#include "support/operands.hpp"
#if __has_include(<xtensor/core/xmath.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#else
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#endif

namespace {

using floats = std::vector<float>;

/// Normal numbers of deviation 2, which a softmax and a GELU see.
floats values(std::size_t n, std::uint32_t which) {
  floats v(n);
  ohmic::stream{5, ohmic::purpose::user, which}.normals(0, 0, v);
  for (float& x : v) x *= 2.0f;
  return v;
}

/// Times run(in, out), whose results lie within `bound` (of 1 and the result) of what `exact` gives in double.
template <class Run, class Exact>
void time_rows(benchmark::State& state, std::size_t width, Run const& run, double bound, Exact const& exact) {
  constexpr std::size_t rows = 256;
  auto const in = values(width * rows, 0);
  floats out(in.size());
  run(std::span<float const>(in).first(width), std::span<float>(out).first(width));
  std::vector<double> const expected =
      exact(std::vector<double>(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(width)));
  for (std::size_t i = 0; i < width; ++i)
    ohmic_bench::check(std::fabs(static_cast<double>(out[i]) - expected[i]) <= bound * (1.0 + std::fabs(expected[i])));
  for (auto _ : state) {
    for (std::size_t n = 0; n < rows; ++n)
      run(std::span<float const>(in).subspan(n * width, width), std::span<float>(out).subspan(n * width, width));
    benchmark::ClobberMemory();
  }
  state.counters["values/s"] =
      benchmark::Counter(static_cast<double>(in.size()), benchmark::Counter::kIsIterationInvariantRate);
}

template <class F>
auto each(F const& f) {
  return [f](std::vector<double> x) {
    for (double& v : x) v = f(v);
    return x;
  };
}
double gelu(double x) { return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0))); }
std::vector<double> softmax(std::vector<double> x) {
  double const most = *std::max_element(x.begin(), x.end());
  double sum = 0.0;
  for (double& v : x) sum += v = std::exp(v - most);
  for (double& v : x) v /= sum;
  return x;
}
std::vector<double> layer_norm(std::vector<double> x) {
  double const n = static_cast<double>(x.size()), mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double square = 0.0;
  for (double v : x) square += (v - mean) * (v - mean);
  for (double& v : x) v = (v - mean) / std::sqrt(square / n + 1e-12);
  return x;
}
constexpr double few_ulp = 4e-7, sums_of_floats = 1e-5;

void exp_ohmic(benchmark::State& state) {
  time_rows(
      state, 1024,
      [](std::span<float const> in, std::span<float> out) {
        ohmic::simd::for_each_lane(in.data(), out.data(), in.size(), [](auto v) { return ohmic::lane_exp(v); });
      },
      few_ulp, each([](double v) { return std::exp(v); }));
}
void exp_libm(benchmark::State& state) {
  time_rows(
      state, 1024,
      [](std::span<float const> in, std::span<float> out) {
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = std::exp(in[i]);
      },
      few_ulp, each([](double v) { return std::exp(v); }));
}
void exp_xtensor(benchmark::State& state) {
  time_rows(
      state, 1024,
      [](std::span<float const> in, std::span<float> out) {
        std::array<std::size_t, 1> const shape{in.size()};
        auto const x = xt::adapt(in.data(), in.size(), xt::no_ownership(), shape);
        auto y = xt::adapt(out.data(), out.size(), xt::no_ownership(), shape);
        xt::noalias(y) = xt::exp(x);
      },
      few_ulp, each([](double v) { return std::exp(v); }));
}
void gelu_ohmic(benchmark::State& state) {
  time_rows(
      state, 4096,
      [](std::span<float const> in, std::span<float> out) { ohmic::apply(ohmic::gelu_activation{}, in, out); }, 1e-6,
      each(gelu));
}
void gelu_libm(benchmark::State& state) {
  time_rows(
      state, 4096,
      [](std::span<float const> in, std::span<float> out) {
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = 0.5f * in[i] * (1.0f + std::erf(in[i] * 0.70710678f));
      },
      1e-6, each(gelu));
}
void softmax_ohmic(benchmark::State& state) {
  time_rows(
      state, 256,
      [](std::span<float const> in, std::span<float> out) {
        std::copy(in.begin(), in.end(), out.begin());
        ohmic::softmax_row(out);
      },
      sums_of_floats, softmax);
}
void softmax_libm(benchmark::State& state) {
  time_rows(
      state, 256,
      [](std::span<float const> in, std::span<float> out) {
        float const most = *std::max_element(in.begin(), in.end());
        float sum = 0.0f;
        for (std::size_t i = 0; i < in.size(); ++i) sum += out[i] = std::exp(in[i] - most);
        for (float& v : out) v /= sum;
      },
      sums_of_floats, softmax);
}
/// The unit of the chip: codes of EXP(S), to 7 bits.
void softmax_codes(benchmark::State& state) {
  ohmic::split_softmax const unit{ohmic::split_softmax::config{}};
  std::vector<std::uint16_t> codes(256);
  time_rows(
      state, 256,
      [&](std::span<float const> in, std::span<float> out) {
        benchmark::DoNotOptimize(unit.row_codes(in, codes));
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<float>(codes[i]) / 127.0f;
      },
      0.5 / 127.0, [&](std::vector<double> x) {
        double const most = *std::max_element(x.begin(), x.end());
        for (double& v : x) v = std::exp(v - most);
        return x;
      });
}
void layer_norm_ohmic(benchmark::State& state) {
  floats const gamma(1024, 1.0f), beta(1024, 0.0f);
  time_rows(
      state, 1024,
      [&](std::span<float const> in, std::span<float> out) { ohmic::layer_norm_row(in, gamma, beta, 1e-12f, out); },
      sums_of_floats, layer_norm);
}
void layer_norm_libm(benchmark::State& state) {
  time_rows(
      state, 1024,
      [](std::span<float const> in, std::span<float> out) {
        double mean = 0.0, square = 0.0;
        for (float v : in) mean += static_cast<double>(v);
        mean /= static_cast<double>(in.size());
        for (float v : in) square += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
        double const root = std::sqrt(square / static_cast<double>(in.size()) + 1e-12);
        for (std::size_t i = 0; i < in.size(); ++i)
          out[i] = static_cast<float>((static_cast<double>(in[i]) - mean) / root);
      },
      sums_of_floats, layer_norm);
}
BENCHMARK(exp_ohmic)->Name("nonlinear/exp/ohmic")->UseRealTime();
BENCHMARK(exp_libm)->Name("nonlinear/exp/libm")->UseRealTime();
BENCHMARK(exp_xtensor)->Name("nonlinear/exp/xtensor")->UseRealTime();
BENCHMARK(gelu_ohmic)->Name("nonlinear/gelu/ohmic")->UseRealTime();
BENCHMARK(gelu_libm)->Name("nonlinear/gelu/libm")->UseRealTime();
BENCHMARK(softmax_ohmic)->Name("nonlinear/softmax/ohmic")->UseRealTime();
BENCHMARK(softmax_libm)->Name("nonlinear/softmax/libm")->UseRealTime();
BENCHMARK(softmax_codes)->Name("nonlinear/softmax_codes/ohmic")->UseRealTime();
BENCHMARK(layer_norm_ohmic)->Name("nonlinear/layer_norm/ohmic")->UseRealTime();
BENCHMARK(layer_norm_libm)->Name("nonlinear/layer_norm/libm")->UseRealTime();

}  // namespace
