// The computation crossbar's fast product against its plain definition: shapes, digits, codes and converters drawn from the input.
#include <cstdint>
#include <utility>

#include "harness.hpp"
#include "ohmic/core/reflect.hpp"
#include "unit/crossbar/product_cases.hpp"

namespace {

template <int S>
void check_product(ohmic_test::dice& random, ohmic::executor& threads) {
  auto const c = ohmic_test::random_case<S>(random, 20'000);
  ohmic::uniform_adc::config adc;
  adc.bits = random.between(1, 16);
  ohmic_test::product_run<S, ohmic::uniform_adc> const run(c, adc, threads);
  ohmic::product_report plain;
  auto const wanted =
      ohmic::reference_product<S>(run.array, run.x.view(), run.y.view(), run.converters, c.source, plain);
  if (ohmic_test::differences(run.z, wanted, c.tokens, c.outputs) != 0 || run.report.clipped != plain.clipped ||
      !ohmic_test::action_difference(run.report.actions, plain.actions).empty())
    ohmic_fuzz::finding("the fast product is another: S = " + std::to_string(S) + ", " + c.text());
}

}  // namespace

OHMIC_FUZZ(computation) {
  static ohmic::executor one(1), two(2);
  auto const seed = ohmic::fingerprint(ohmic_fuzz::text_of(data, size));
  ohmic_test::dice random(seed);
  auto& threads = seed % 2 == 0 ? one : two;
  [&]<int... S>(std::integer_sequence<int, S...>) {
    ((seed / 2 % 7 == S ? check_product<S + 1>(random, threads) : void()), ...);
  }
  (std::make_integer_sequence<int, 7>());
}
