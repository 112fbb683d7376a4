// The array that the benches of the computation crossbar run: S = 2, 3 digits, 64 activations a tile.
#pragma once

#include <vector>

#include "ohmic/crossbar/computation.hpp"
#include "support/operands.hpp"

namespace ohmic_bench {

using array = ohmic::computation_array<2>;

/// Converters whose ranges come from the first tokens.
inline std::vector<ohmic::uniform_adc> calibrated(array const& a, operands const& o, ohmic::driven_operand const& y) {
  auto seen = a.no_statistics(3);
  a.observe(o.first_tokens(), y, seen, "x");
  return a.converters(seen, 3, "w");
}

/// Z = X . W through the converters of a.
inline ohmic::product_sums multiply(array const& a, operands const& o, ohmic::driven_operand const& y,
                                    std::vector<ohmic::uniform_adc> const& adcs, ohmic::executor& threads) {
  ohmic::product_report report;
  return a.multiply(o.x, y, adcs, ohmic::operand_source::weights, report, threads, "x");
}

}  // namespace ohmic_bench
