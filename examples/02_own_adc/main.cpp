// A converter of one's own in the array: the slot takes any type that models ohmic::adc_policy (truncating_adc.hpp).
#include <cmath>
#include <cstdio>
#include <ohmic/core/threads.hpp>
#include <ohmic/crossbar/computation.hpp>

#include "truncating_adc.hpp"

/// Codes between -127 and 127 that look irregular, the same everywhere.
static ohmic::matrix<std::int16_t> codes(std::size_t rows, std::size_t cols, int seed) {
  ohmic::matrix<std::int16_t> m(rows, cols);
  for (std::size_t k = 0; k < m.size(); ++k)
    m.flat()[k] = static_cast<std::int16_t>((static_cast<int>(k * k) * 7919 + static_cast<int>(k) * 104 + seed) % 127);
  for (std::size_t k = 0; k < m.size(); k += 3) m.flat()[k] = static_cast<std::int16_t>(-m.flat()[k]);
  return m;
}

/// Root mean square of what a converter changes in 16 x 8 products of 64 terms.
template <class Adc>
static double error_of(int bits) {
  using array = ohmic::computation_array<2, Adc>;
  auto const x = codes(16, 64, 5), w = codes(8, 64, 11);  // (tokens, inner), (outputs, inner)
  typename array::config settings;
  settings.adc.bits = bits;
  settings.range.rule = ohmic::range_rule::full_scale;
  array const chip(settings);
  ohmic::executor threads(1);
  ohmic::product_report report;
  auto const z = chip.multiply(x, chip.drive(w, "w"), chip.converters({}, 3, "w"), ohmic::operand_source::weights,
                               report, threads, "x");  // (tokens, outputs)
  double sum = 0.0;
  for (std::size_t n = 0; n < x.rows(); ++n)
    for (std::size_t o = 0; o < w.rows(); ++o) {
      double exact = 0.0;
      for (std::size_t i = 0; i < x.cols(); ++i) exact += double{1} * x(n, i) * w(o, i);
      sum += (z(n, o) - exact) * (z(n, o) - exact);
    }
  return std::sqrt(sum / static_cast<double>(x.rows() * w.rows()));
}

int main() {
  std::puts("bits   rounding   truncating   (root mean square error of a product, units of one)");
  for (int bits : {8, 10, 12, 14})
    std::printf("%4d %10.1f %12.1f\n", bits, error_of<ohmic::uniform_adc>(bits), error_of<truncating_adc>(bits));
}
