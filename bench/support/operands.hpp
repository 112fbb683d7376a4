// What every bench of a product needs: operands of one shape, the check before the timing, and its counters.
#pragma once

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic_bench {

/// X (tokens, inner) . W^T (inner, outputs).
struct shape {
  std::size_t tokens = 0, inner = 0, outputs = 0;
  [[nodiscard]] double macs() const noexcept {
    return static_cast<double>(tokens) * static_cast<double>(inner) * static_cast<double>(outputs);
  }
};

/// 1024 x 4096 weights against 128 activations: 537 MMAC.
inline constexpr shape standard_shape{128, 1024, 4096};
/// A product whose plain definition is quick, and whose sides divide by nothing.
inline constexpr shape small_shape{5, 200, 33};

/// Codes -127..127, the same in every run.
/// Random  addressed by element; seed 1
struct operands {
  ohmic::matrix<std::int16_t> x, w;

  explicit operands(ohmic_bench::shape s) : x(s.tokens, s.inner), w(s.outputs, s.inner) {
    ohmic::stream const numbers{1, ohmic::purpose::user, 0};
    auto const fill = [&](ohmic::matrix<std::int16_t>& m, std::uint32_t time) {
      for (std::size_t i = 0; i < m.size(); ++i)
        m.flat()[i] = static_cast<std::int16_t>(numbers.word(static_cast<std::uint32_t>(i), time) % 255) - 127;
    };
    fill(x, 0);
    fill(w, 1);
  }
  [[nodiscard]] ohmic_bench::shape shape() const noexcept { return {x.rows(), x.cols(), w.rows()}; }
  /// The first tokens, which calibrate.
  [[nodiscard]] ohmic::matrix_view<std::int16_t const> first_tokens() const {
    return ohmic::matrix_view<std::int16_t const>(x.view()).row_range(0, 4);
  }
};

inline void check(bool equal) {
  if (!equal) throw std::runtime_error("the result differs from the plain reference: nothing is timed");
}

/// Every element of two results.
template <class Result, class Plain>
void check_equal(Result const& result, Plain const& plain, ohmic_bench::shape s) {
  for (std::size_t n = 0; n < s.tokens; ++n)
    for (std::size_t t = 0; t < s.outputs; ++t) ohmic_bench::check(result(n, t) == plain(n, t));
}

/// Some sums of an exact product: the first and the last token, every 61st output.
template <class Result>
void check_sums(operands const& o, Result const& result) {
  for (std::size_t const n : {std::size_t{0}, o.x.rows() - 1})
    for (std::size_t t = 0; t < o.w.rows(); t += 61) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < o.x.cols(); ++i) sum += std::int64_t{o.x(n, i)} * o.w(t, i);
      ohmic_bench::check(result(n, t) == static_cast<double>(sum));
    }
}

/// Times `run` and counts its multiply-accumulates.
template <class Run>
void measure(benchmark::State& state, shape const& s, Run const& run) {
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  state.counters["MAC/s"] = benchmark::Counter(s.macs(), benchmark::Counter::kIsIterationInvariantRate);
}

/// How all products are timed.
inline void product_settings(benchmark::internal::Benchmark* b) { b->UseRealTime()->Unit(benchmark::kMillisecond); }

}  // namespace ohmic_bench
