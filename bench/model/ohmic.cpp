// One pass of an encoder with BERT-Large's sizes on wang2024: products, softmax, layer norms, GELU, attention on the array; and
// the same in the fp32 reference. The chip is checked by its INT8 codes: with ideal converters it must give them exactly.
#include "model/encoder.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/wang2024.hpp"

namespace {

using namespace ohmic_bench;
namespace chip = ohmic::chip;

template <class Spec>
chip::deployed<Spec> deployed_on(ohmic::model::bert const& m, chip::config<Spec> const& settings, std::size_t tokens,
                                 ohmic::executor& threads) {
  chip::token_lists const calibration{ohmic_bench::text_of(tokens)};
  auto const weights = ohmic_bench::fp32_weights_of(m);
  auto const values = chip::calibrated_values(m, weights, calibration, threads);
  return chip::deploy<Spec>(m, settings, values, calibration, threads);
}
template <class Spec>
std::vector<float> logits_of(chip::deployed<Spec> const& on, ohmic::model::bert const& m,
                             std::vector<std::int32_t> const& ids, chip::product_mode mode, ohmic::executor& threads) {
  chip::engine<Spec> e(on, mode, threads);
  return ohmic::model::classify(e, m, ids);
}

template <class Spec>
void on_chip(benchmark::State& state) {
  ohmic::executor threads(static_cast<unsigned>(state.range(0)));
  {
    auto const small = ohmic_bench::bert_of(48, 80, 3, 2);
    auto settings = chip::defaults<Spec>();
    settings.adc.lossless = true;
    auto const on = deployed_on<Spec>(small, settings, 20, threads);
    auto const ids = ohmic_bench::text_of(20);
    ohmic_bench::check(logits_of(on, small, ids, chip::product_mode::convert, threads) ==
                       logits_of(on, small, ids, chip::product_mode::exact, threads));
  }
  auto const m = ohmic_bench::bert_large_layers();
  auto const on = deployed_on<Spec>(m, chip::defaults<Spec>(), 16, threads);
  auto const ids = ohmic_bench::text_of(encoder_tokens);
  ohmic_bench::measure(state, ohmic_bench::encoder_shape(m.config),
                       [&] { benchmark::DoNotOptimize(logits_of(on, m, ids, chip::product_mode::convert, threads)); });
  state.SetLabel(on.array().native().instruction_set);
}
BENCHMARK(on_chip<chip::wang2024>)->Name("model/wang2024/ohmic")->Arg(1)->Arg(2)->Apply(product_settings);
BENCHMARK(on_chip<chip::multi_bit>)->Name("model/multi_bit/ohmic")->Arg(1)->Apply(product_settings);

void reference(benchmark::State& state) {
  auto const m = ohmic_bench::bert_large_layers();
  auto const weights = ohmic_bench::fp32_weights_of(m);
  auto const ids = ohmic_bench::text_of(encoder_tokens);
  ohmic_bench::measure(state, ohmic_bench::encoder_shape(m.config), [&] {
    ohmic::model::fp32_engine e(weights);
    benchmark::DoNotOptimize(ohmic::model::classify(e, m, ids));
  });
}
BENCHMARK(reference)->Name("model/fp32/ohmic")->Apply(product_settings);

}  // namespace
