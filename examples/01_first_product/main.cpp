#include <cstdio>
#include <ohmic/ohmic.hpp>

int main() {
  ohmic::matrix<std::int16_t> x(1, 2), w(1, 2);  // activations (tokens, inner), weights (outputs, inner)
  x(0, 0) = 78, x(0, 1) = -23, w(0, 0) = 5, w(0, 1) = -11;
  for (int bits : {8, 12, 16}) {
    ohmic::computation_array<2>::config settings;  // S = 2: digits of base 7, on 128 x 128 resistors
    settings.adc.bits = bits, settings.range.rule = ohmic::range_rule::full_scale;
    ohmic::computation_array<2> const chip(settings);
    ohmic::executor threads(1);
    ohmic::product_report report;  // the actions that were taken, by part
    auto const z = chip.multiply(x, chip.drive(w, "w"), chip.converters({}, 3, "w"), ohmic::operand_source::weights,
                                 report, threads, "x");
    std::printf("%2d-bit ADC: 78 x 5 - 23 x -11 = %g, %d conversions\n", bits, z(0, 0),
                static_cast<int>(report.actions.count<"adc", "convert">()));
  }
}
