// A product on the array as each unit compiles it: classes of the same name whose kernels differ by the unit's flags.
#pragma once

#include <cstdint>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/computation.hpp"

std::vector<double> product_plain();
std::vector<double> product_avx2();

/// Shape   (tokens 70, inner 100) . (inner 100, outputs 33): remainders everywhere
static inline std::vector<double> product_here() {
  using array = ohmic::computation_array<2>;
  ohmic::matrix<std::int16_t> x(70, 100), w(33, 100);
  for (std::size_t k = 0; k < x.size(); ++k)
    x.flat()[k] = static_cast<std::int16_t>(static_cast<int>(k * 37 % 255) - 127);
  for (std::size_t k = 0; k < w.size(); ++k)
    w.flat()[k] = static_cast<std::int16_t>(static_cast<int>(k * 53 % 255) - 127);
  array::config settings;
  settings.range.rule = ohmic::range_rule::full_scale;
  array const chip(settings);
  ohmic::executor threads(1);
  ohmic::product_report report;
  auto const z = chip.multiply(x, chip.drive(w, "w"), chip.converters({}, 3, "w"), ohmic::operand_source::weights,
                               report, threads, "x");
  std::vector<double> all;
  for (std::size_t n = 0; n < x.rows(); ++n) all.insert(all.end(), z.row(n).begin(), z.row(n).end());
  return all;
}
