// Benches of a user's own array or converter, registered with Google Benchmark in one line. Opt-in: the only header that
// includes it.
#pragma once

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/reference.hpp"
#include "ohmic/model/fp32.hpp"

namespace ohmic::inline OHMIC_ABI::bench {

/// X (tokens, inner) . W^T (inner, outputs), the product that is timed.
struct product_shape {
  std::size_t tokens = 128, inner = 1024, outputs = 1024;
};

namespace detail {

/// Codes of every size, the same in every run.
/// Random  purpose::user, addressed by element; seed 1
inline matrix<std::int16_t> codes(std::size_t rows, std::size_t cols, std::int32_t top, std::uint32_t which) {
  matrix<std::int16_t> out(rows, cols);
  stream const numbers{1, purpose::user, 0};
  auto const values = static_cast<std::uint32_t>(2 * top + 1);
  for (std::size_t i = 0; i < out.size(); ++i)
    out.flat()[i] = static_cast<std::int16_t>(
        static_cast<std::int32_t>(numbers.word(static_cast<std::uint32_t>(i), which) % values) - top);
  return out;
}

/// One product through an array, its ranges calibrated on its own first tokens.
template <class Array>
class trial {
 public:
  trial(Array const& array, product_shape const& s)
      : array_(array),
        x_(detail::codes(s.tokens, s.inner, 127, 0)),
        w_(detail::codes(s.outputs, s.inner, 127, 1)),
        driven_(array.drive(w_, "w")) {
    auto seen = array.no_statistics(digits);
    array.observe(matrix_view<std::int16_t const>(x_.view()).row_range(0, s.tokens < 4 ? s.tokens : 4), driven_, seen,
                  "x");
    converters_ = array.converters(seen, digits, "w");
  }
  [[nodiscard]] product_sums run(executor& threads) {
    product_report report;
    return array_.multiply(x_, driven_, converters_, operand_source::weights, report, threads, "x");
  }
  [[nodiscard]] matrix<double> definition() {
    product_report report;
    return ohmic::reference_product(array_, x_, w_.view(), converters_, operand_source::weights, report);
  }

 private:
  static constexpr int digits = balanced<Array::scale>::digits_for(127);
  Array const& array_;
  matrix<std::int16_t> x_, w_;
  driven_operand driven_;
  std::vector<typename Array::adc> converters_;
};

inline void count(benchmark::State& state, product_shape const& s) {
  double const macs = static_cast<double>(s.tokens) * static_cast<double>(s.inner) * static_cast<double>(s.outputs);
  state.counters["MAC/s"] = benchmark::Counter(macs, benchmark::Counter::kIsIterationInvariantRate);
}

template <class Run>
void add(std::string const& name, Run const& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace detail

/// Registers four benches: NAME/kernel, the array on one thread; NAME/definition, its plain definition, resistor by
/// resistor; NAME/uniform_8bit, the same array with the converter of the library; NAME/fp32, the reference kernel in float
/// as a yardstick. The kernel is checked against the definition, on sides that divide by nothing, before anything is
/// timed; a bench whose results differ ends with an error and no time.
/// Shape   Array is a computation_array<S, Adc, Dac> with 8-bit weights and an ideal crossbar
/// Errors  those of the array, when its settings are out of range: at the registration
/// Returns true, so that one line at namespace scope registers: `static bool const mine = ohmic::bench::array<..>("mine");`
template <class Array>
bool array(std::string const& name, typename Array::config const& settings = {}, product_shape const& shape = {}) {
  auto const own = std::make_shared<Array const>(settings);
  if (!settings.noise.ideal())
    throw error({errc::config_conflict, "an array with imperfections has no one definition to be checked against",
                 name + ".noise", "not ideal", "all zero", "bench it without noise"});
  detail::add(name + "/kernel", [own, shape](benchmark::State& state) {
    executor one(1);
    {
      detail::trial<Array> small(*own, {5, 200, 33});
      auto const fast = small.run(one);
      auto const plain = small.definition();
      for (std::size_t n = 0; n < fast.tokens(); ++n)
        for (std::size_t t = 0; t < fast.outputs(); ++t)
          if (fast(n, t) != plain(n, t)) return state.SkipWithError("the kernel differs from the definition");
    }
    detail::trial<Array> whole(*own, shape);
    for (auto _ : state) benchmark::DoNotOptimize(whole.run(one));
    detail::count(state, shape);
    state.SetLabel(Array::native().instruction_set);
  });
  detail::add(name + "/definition", [own](benchmark::State& state) {
    product_shape const few{8, 256, 16};
    detail::trial<Array> small(*own, few);
    for (auto _ : state) benchmark::DoNotOptimize(small.definition().data());
    detail::count(state, few);
  });
  detail::add(name + "/uniform_8bit", [shape](benchmark::State& state) {
    using uniform = computation_array<Array::scale>;
    uniform const built_in(typename uniform::config{});
    executor one(1);
    detail::trial<uniform> whole(built_in, shape);
    for (auto _ : state) benchmark::DoNotOptimize(whole.run(one));
    detail::count(state, shape);
  });
  detail::add(name + "/fp32", [shape](benchmark::State& state) {
    matrix<float> x(shape.tokens, shape.inner), w(shape.outputs, shape.inner);
    auto const packed = model::fp32_weights::packed(w.view());
    std::size_t const padded = pieces(shape.outputs, output_block) * output_block;
    matrix<float> y(shape.tokens, padded);
    for (auto _ : state) {
      fp32_kernel_of<>.product(x.data(), shape.tokens, shape.inner, shape.inner, packed.data(), padded, y.data(),
                               padded);
      benchmark::ClobberMemory();
    }
    detail::count(state, shape);
  });
  return true;
}

/// The same for a converter alone, in an array of scale factor S.
template <adc_policy Adc, int S = 2>
bool converter(std::string const& name, typename Adc::config const& settings = {}, product_shape const& shape = {}) {
  typename computation_array<S, Adc>::config c;
  c.adc = settings;
  return bench::array<computation_array<S, Adc>>(name, c, shape);
}

}  // namespace ohmic::inline OHMIC_ABI::bench
