// The in-situ crossbar's fast product against its plain definition: layouts, slices, codings and converters drawn from the input.
// Sums that would not be exact it may refuse, as errc::capacity; nothing else.
#include <optional>
#include <string>

#include "harness.hpp"
#include "ohmic/core/reflect.hpp"
#include "unit/crossbar/code_array_cases.hpp"

OHMIC_FUZZ(in_situ) {
  using namespace ohmic_test;
  static ohmic::executor one(1), two(2);
  auto const seed = ohmic::fingerprint(ohmic_fuzz::text_of(data, size));
  dice random(seed);
  auto const c = random_code_case(random, 20'000);
  ohmic::uniform_adc::config adc;
  adc.bits = random.between(2, 16);
  std::optional<code_run<ohmic::uniform_adc>> made;
  try {
    made.emplace(c, adc, seed % 2 == 0 ? one : two);
  } catch (ohmic::error const& e) {
    ohmic_fuzz::check_refusal(e);
    if (e.code() != ohmic::errc::capacity) ohmic_fuzz::finding(std::string("a case is refused: ") + e.what());
    return;
  }
  auto const& run = *made;
  in_situ::code_report plain;
  in_situ::write_place const at = c.source == ohmic::operand_source::weights
                                      ? in_situ::write_place{5, 0}
                                      : in_situ::write_place{0x80000000u + 5 * 4096, 4};
  auto const wanted = c.inputs_have_sign ? in_situ::reference_product(run.array, run.x, run.y.view(), run.converters,
                                                                      c.source, plain, at, run.place)
                                         : in_situ::reference_product(run.array, run.unsigned_x, run.y.view(),
                                                                      run.converters, c.source, plain, at, run.place);
  if (differences(run.z, wanted, c.tokens, c.outputs) != 0 || run.report.clipped != plain.clipped ||
      !action_difference(run.report.actions, plain.actions).empty())
    ohmic_fuzz::finding("the fast product is another: " + c.text());
}
