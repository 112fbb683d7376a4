// Attention of one head on the array, A4 to A6, as in BERT-Large: 256 tokens, 64 wide. Beside it the same in the fp32 reference.
// Checked with lossless converters against sums of integers.
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "ohmic/attention/shared_array.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/model/fp32.hpp"
#include "support/operands.hpp"

namespace {

using array = ohmic::computation_array<2>;
constexpr std::size_t tokens = 256, width = 64;
/// Scores of about two standard deviations.
constexpr float scale = 0.0025f;

struct head {
  ohmic::matrix<std::int16_t> q{tokens, width}, k{tokens, width}, v{tokens, width};
  head() {
    std::uint32_t which = 0;
    for (auto* m : {&q, &k, &v}) {
      ohmic::stream const numbers{13, ohmic::purpose::user, which++};
      for (std::size_t i = 0; i < m->size(); ++i)
        m->flat()[i] = static_cast<std::int16_t>(static_cast<int>(numbers.word(i, 0) % 255) - 127);
    }
  }
};

/// The products of a head on an array, whose ranges come from the first pass.
class products {
 public:
  products(array const& a, ohmic::executor& threads) : array_(&a), threads_(&threads), converters_(3) {}
  template <class Codes>
  ohmic::product_sums operator()(ohmic::attention_step step, Codes x, ohmic::matrix_view<std::int16_t const> y) {
    auto& adcs = converters_[static_cast<std::size_t>(step)];
    auto const driven = array_->drive(y, "y");
    if (adcs.empty()) {
      auto seen = array_->no_statistics(3);
      if (!array_->lossless()) array_->observe(x, driven, seen, "x");
      adcs = array_->converters(seen, 3, "x");
    }
    ohmic::product_report report;
    return array_->multiply(x, driven, adcs, ohmic::operand_source::activations, report, *threads_, "x");
  }

 private:
  array const* array_;
  ohmic::executor* threads_;
  std::vector<std::vector<ohmic::uniform_adc>> converters_;
};

ohmic::matrix<float> attend(head const& h, products& on) {
  ohmic::shared_array_attention<> const attention(ohmic::split_softmax{ohmic::split_softmax::config{}},
                                                  ohmic::attention_mask::none, 127);
  ohmic::matrix<float> out(tokens, width);
  ohmic::attention_report report;
  attention.head(
      {h.q.view(), h.k.view(), h.v.view(), scale, scale, 1.0f}, out.view(), report,
      [&](ohmic::attention_step step, auto x, auto y) { return on(step, x, y); },
      [](ohmic::attention_step, std::span<float const>) {});
  return out;
}

/// Softmax in double on the integers, its exponentials to 7 bits as the unit has them.
void check(head const& h, ohmic::matrix<float> const& out) {
  for (std::size_t const n : {std::size_t{0}, tokens - 1}) {
    std::vector<double> s(tokens, 0.0);
    double most = -1e30, sum = 0.0;
    for (std::size_t j = 0; j < tokens; ++j) {
      for (std::size_t i = 0; i < width; ++i) s[j] += h.q(n, i) * h.k(j, i);
      most = std::max(most, s[j] *= static_cast<double>(scale * scale));
    }
    for (double& v : s) sum += v = std::nearbyint(std::exp(v - most) * 127.0);
    for (std::size_t i = 0; i < width; ++i) {
      double r = 0.0;
      for (std::size_t j = 0; j < tokens; ++j) r += s[j] * h.v(j, i);
      // A code that rounds the other way moves a result by a 127th of a value of up to 254.
      ohmic_bench::check(std::fabs(r / sum - static_cast<double>(out(n, i))) < 254.0 / sum + 1e-3);
    }
  }
}

void on_array(benchmark::State& state) {
  head const h;
  ohmic::executor threads(1);
  array::config c;
  {
    c.adc.lossless = true;
    array const exact(c);
    products on(exact, threads);
    check(h, attend(h, on));
    c.adc.lossless = false;
  }
  array const a(c);
  products on(a, threads);
  benchmark::DoNotOptimize(attend(h, on));  // ranges
  ohmic_bench::measure(state, {tokens, 2 * width, tokens}, [&] { benchmark::DoNotOptimize(attend(h, on)); });
  state.SetLabel(a.kernels().instruction_set);
}
BENCHMARK(on_array)->Name("attention/wang2024/ohmic")->Apply(ohmic_bench::product_settings);

void reference(benchmark::State& state) {
  head const h;
  auto const real = [](ohmic::matrix<std::int16_t> const& m, float by) {
    ohmic::matrix<float> out(m.rows(), m.cols());
    for (std::size_t i = 0; i < m.size(); ++i) out.flat()[i] = by * static_cast<float>(m.flat()[i]);
    return out;
  };
  auto const q = real(h.q, scale), k = real(h.k, scale), v = real(h.v, 1.0f);
  ohmic::model::fp32_weights const none(0, [](auto const&) {});
  ohmic_bench::measure(state, {tokens, 2 * width, tokens}, [&] {
    ohmic::model::fp32_engine e(none);
    benchmark::DoNotOptimize(e.attend(1, q, k, v, 1, ohmic::attention_mask::none));
  });
}
BENCHMARK(reference)->Name("attention/fp32/ohmic")->Apply(ohmic_bench::product_settings);

}  // namespace
