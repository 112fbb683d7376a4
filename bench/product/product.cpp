// The wang2024 product (S = 2, 3 digits, 64-row tiles, 8-bit ADC per digit) against its plain definition, the lossless
// collapse and
// the fp32 reference kernel. Every result is checked against integer loops before it is timed.
#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/imperfect_reference.hpp"
#include "ohmic/crossbar/in_situ/code_reference.hpp"
#include "ohmic/model/fp32.hpp"

namespace {

using array = ohmic::computation_array<2>;

/// 1024 x 4096 weights against 128 activations, or a smaller product of the same kind.
struct operands {
  ohmic::matrix<std::int16_t> x, w;
  operands(std::size_t tokens, std::size_t inner, std::size_t outputs) : x(tokens, inner), w(outputs, inner) {
    ohmic::stream const numbers{1, ohmic::purpose::user, 0};
    auto const fill = [&](ohmic::matrix<std::int16_t>& m, std::uint32_t time) {
      for (std::size_t i = 0; i < m.size(); ++i)
        m.flat()[i] = static_cast<std::int16_t>(numbers.word(static_cast<std::uint32_t>(i), time) % 255) - 127;
    };
    fill(x, 0);
    fill(w, 1);
  }
  [[nodiscard]] double macs() const {
    return static_cast<double>(x.rows()) * static_cast<double>(x.cols()) * static_cast<double>(w.rows());
  }
};

/// Currents of every tile and digit in plain loops, converted one by one.
std::vector<double> plain_product(operands const& o, std::vector<ohmic::uniform_adc> const& adcs) {
  std::size_t const tile = 64;
  std::vector<double> z(o.x.rows() * o.w.rows(), 0.0);
  for (std::size_t n = 0; n < o.x.rows(); ++n)
    for (std::size_t first = 0; first < o.x.cols(); first += tile) {
      std::size_t const end = std::min(first + tile, o.x.cols());
      std::int8_t digits[64][3];
      for (std::size_t i = first; i < end; ++i) ohmic::balanced<2>::encode(o.x(n, i), digits[i - first]);
      for (std::size_t t = 0; t < o.w.rows(); ++t) {
        double sum = 0.0;
        for (std::size_t d = 0; d < 3; ++d) {
          std::int32_t plus = 0, minus = 0;
          for (std::size_t i = first; i < end; ++i) {
            std::int32_t const p = o.w(t, i) * digits[i - first][d];
            (p > 0 ? plus : minus) += p > 0 ? p : -p;
          }
          sum = sum * 7.0 + adcs[d].step() * static_cast<double>(adcs[d].code(static_cast<float>(plus)) -
                                                                 adcs[d].code(static_cast<float>(minus)));
        }
        z[n * o.w.rows() + t] += sum;
      }
    }
  return z;
}

array chip(bool lossless) {
  array::config c;
  c.adc.lossless = lossless;
  return array(c);
}

std::vector<ohmic::uniform_adc> converters(array const& a, operands const& o, ohmic::driven_operand const& y) {
  auto seen = a.no_statistics(3);
  a.observe(ohmic::matrix_view<std::int16_t const>(o.x.view()).row_range(0, 4), y, seen, "x");
  return a.converters(seen, 3, "w");
}

void check(bool equal) {
  if (!equal) throw std::runtime_error("the result differs from the plain reference: nothing is timed");
}

void computation_array_8bit(benchmark::State& state) {
  auto const threads = static_cast<unsigned>(state.range(0));
  operands const o(128, 1024, 4096), small(5, 200, 33);
  array const a = chip(false);
  ohmic::executor workers(threads);
  ohmic::product_report report;
  {
    auto const y = a.drive(small.w, "w");
    auto const adcs = converters(a, small, y);
    auto const z = a.multiply(small.x, y, adcs, ohmic::operand_source::weights, report, workers, "x");
    auto const plain = plain_product(small, adcs);
    for (std::size_t n = 0; n < z.tokens(); ++n)
      for (std::size_t t = 0; t < z.outputs(); ++t) check(z(n, t) == plain[n * z.outputs() + t]);
  }
  auto const y = a.drive(o.w, "w");
  auto const adcs = converters(a, o, y);
  for (auto _ : state)
    benchmark::DoNotOptimize(a.multiply(o.x, y, adcs, ohmic::operand_source::weights, report, workers, "x"));
  state.counters["MAC/s"] = benchmark::Counter(o.macs(), benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK(computation_array_8bit)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

/// What an imperfection costs: the same product with one of them.
void imperfect_array(benchmark::State& state, char const* assignment) {
  operands const o(128, 1024, 512), small(5, 200, 33);
  array::config c;
  ohmic::assign(c.noise, assignment);
  array const ideal = chip(false), a(c);
  ohmic::executor workers(1);
  ohmic::product_report report;
  {
    auto const y = a.drive(small.w, "w");
    auto const adcs = converters(a, small, y);
    auto const z = a.multiply(small.x, y, adcs, ohmic::operand_source::weights, report, workers, "x");
    if (c.noise.cell == 0.0) {  // that one equals its definition in distribution only
      std::uint64_t clipped = 0;
      auto const plain = ohmic::imperfect_reference(a, small.x, small.w, adcs, clipped);
      for (std::size_t n = 0; n < z.tokens(); ++n)
        for (std::size_t t = 0; t < z.outputs(); ++t) check(z(n, t) == plain(n, t));
    }
  }
  auto const y = a.drive(o.w, "w");
  auto const adcs = converters(ideal, o, y);
  for (auto _ : state)
    benchmark::DoNotOptimize(a.multiply(o.x, y, adcs, ohmic::operand_source::weights, report, workers, "x"));
  state.counters["MAC/s"] = benchmark::Counter(o.macs(), benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK_CAPTURE(imperfect_array, mismatch, "mismatch=0.02")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(imperfect_array, thermal, "thermal=20")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(imperfect_array, cell, "cell=0.05")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(imperfect_array, telegraph, "rtn=0.05")->UseRealTime()->Unit(benchmark::kMillisecond);

/// A conventional chip, every column of every pass converted: its ranges are calibrated, so that nothing collapses.
template <class Spec>
void in_situ_arrays(benchmark::State& state, double r_off_ohm) {
  ohmic::chip::config<ohmic::chip::isaac> c;
  Spec::configure(c);
  c.range.rule = ohmic::range_rule::mean_sigma;
  c.cell.r_off = ohmic::ohms(r_off_ohm);
  ohmic::in_situ::code_array<> const a(ohmic::chip::array_settings(c));
  ohmic::executor workers(1);
  ohmic::in_situ::code_report report, plain_report;
  auto const prepared = [&](operands const& o) {
    auto y = a.drive(o.w, "w");
    auto seen = a.no_statistics(a.digits_for(127, true));
    a.observe(ohmic::matrix_view<std::int16_t const>(o.x.view()).row_range(0, 4), y, seen, "x");
    auto adcs = a.converters(a.full_scales(seen, static_cast<int>(seen.size()), "w"));
    return std::pair(std::move(y), std::move(adcs));
  };
  auto const source = ohmic::operand_source::weights;
  {
    operands const small(5, 200, 33);
    auto const [y, adcs] = prepared(small);
    auto const z = a.multiply(small.x, y, adcs, source, report, workers, "x");
    auto const plain = ohmic::in_situ::reference_product(a, small.x, small.w.view(), adcs, source, plain_report);
    for (std::size_t n = 0; n < z.tokens(); ++n)
      for (std::size_t t = 0; t < z.outputs(); ++t) check(z(n, t) == plain(n, t));
  }
  operands const o(128, 1024, 512);
  auto const [y, adcs] = prepared(o);
  for (auto _ : state) benchmark::DoNotOptimize(a.multiply(o.x, y, adcs, source, report, workers, "x"));
  state.counters["MAC/s"] = benchmark::Counter(o.macs(), benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(ohmic::in_situ::column_kernels_of<ohmic::uniform_adc>.instruction_set);
}
void isaac_arrays(benchmark::State& state) { in_situ_arrays<ohmic::chip::isaac>(state, INFINITY); }
void multi_bit_arrays(benchmark::State& state) { in_situ_arrays<ohmic::chip::multi_bit>(state, INFINITY); }
void single_bit_arrays(benchmark::State& state) { in_situ_arrays<ohmic::chip::single_bit>(state, INFINITY); }
void multi_bit_arrays_of_real_cells(benchmark::State& state) { in_situ_arrays<ohmic::chip::multi_bit>(state, 1e6); }
BENCHMARK(isaac_arrays)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(multi_bit_arrays)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(single_bit_arrays)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(multi_bit_arrays_of_real_cells)->UseRealTime()->Unit(benchmark::kMillisecond);

void computation_array_lossless(benchmark::State& state) {
  operands const o(128, 1024, 4096);
  array const a = chip(true);
  ohmic::executor workers(1);
  ohmic::product_report report;
  auto const y = a.drive(o.w, "w");
  auto const adcs = a.converters({}, 3, "w");
  {
    auto const z = a.multiply(o.x, y, adcs, ohmic::operand_source::weights, report, workers, "x");
    for (std::size_t t = 0; t < 64; ++t) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < o.x.cols(); ++i) sum += o.x(7, i) * o.w(t, i);
      check(z(7, t) == static_cast<double>(sum));
    }
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(a.multiply(o.x, y, adcs, ohmic::operand_source::weights, report, workers, "x"));
  state.counters["MAC/s"] = benchmark::Counter(o.macs(), benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK(computation_array_lossless)->UseRealTime()->Unit(benchmark::kMillisecond);

void plain_reference(benchmark::State& state) {
  operands const o(8, 1024, 256);
  array const a = chip(false);
  auto const adcs = converters(a, o, a.drive(o.w, "w"));
  for (auto _ : state) benchmark::DoNotOptimize(plain_product(o, adcs));
  state.counters["MAC/s"] = benchmark::Counter(o.macs(), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(plain_reference)->UseRealTime()->Unit(benchmark::kMillisecond);

void fp32_reference_kernel(benchmark::State& state) {
  std::size_t const tokens = 128, inner = 1024, outputs = 4096;
  ohmic::matrix<float> x(tokens, inner), w(outputs, inner), y(tokens, outputs);
  ohmic::stream const numbers{2, ohmic::purpose::user, 0};
  for (std::size_t i = 0; i < x.size(); ++i) x.flat()[i] = numbers.normal(static_cast<std::uint32_t>(i), 0);
  for (std::size_t i = 0; i < w.size(); ++i) w.flat()[i] = numbers.normal(static_cast<std::uint32_t>(i), 1);
  auto const packed = ohmic::model::fp32_weights::packed(w.view());
  auto const run = [&] {
    ohmic::fp32_kernel_of<>.product(x.data(), tokens, inner, inner, packed.data(), outputs, y.data(), outputs);
  };
  run();
  for (std::size_t t = 0; t < 64; ++t) {
    double sum = 0.0, size = 0.0;
    for (std::size_t i = 0; i < inner; ++i) {
      sum += static_cast<double>(x(3, i)) * static_cast<double>(w(t, i));
      size += std::abs(static_cast<double>(x(3, i)) * static_cast<double>(w(t, i)));
    }
    check(std::abs(static_cast<double>(y(3, t)) - sum) <
          size * 1024 * 0x1p-24);  // n roundings of at most half an ulp of the partial sums
  }
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  state.counters["MAC/s"] =
      benchmark::Counter(static_cast<double>(tokens) * static_cast<double>(inner) * static_cast<double>(outputs),
                         benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(ohmic::fp32_kernel_of<>.instruction_set);
}
BENCHMARK(fp32_reference_kernel)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
