// The wang2024 product in plain loops: what ours is checked against and compared with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/numeral/balanced.hpp"
#include "ohmic/periphery/adc.hpp"
#include "support/operands.hpp"

namespace ohmic_bench {

/// Currents of every tile and digit (S = 2, 64 activations a tile), converted one by one.
inline ohmic::matrix<double> plain_product(operands const& o, std::vector<ohmic::uniform_adc> const& adcs) {
  constexpr std::size_t tile = 64;
  ohmic::matrix<double> z(o.x.rows(), o.w.rows());
  for (std::size_t n = 0; n < o.x.rows(); ++n)
    for (std::size_t first = 0; first < o.x.cols(); first += tile) {
      std::size_t const end = std::min(first + tile, o.x.cols());
      std::int8_t digits[tile][3];
      for (std::size_t i = first; i < end; ++i) ohmic::balanced<2>::encode(o.x(n, i), digits[i - first]);
      for (std::size_t t = 0; t < o.w.rows(); ++t) {
        double sum = 0.0;
        for (std::size_t d = 0; d < 3; ++d) {
          std::int32_t plus = 0, minus = 0;
          for (std::size_t i = first; i < end; ++i) {
            std::int32_t const p = o.w(t, i) * digits[i - first][d];
            (p > 0 ? plus : minus) += p > 0 ? p : -p;
          }
          sum = sum * 7.0 + adcs[d].step() * static_cast<double>(adcs[d].code(static_cast<float>(plus)) -
                                                                 adcs[d].code(static_cast<float>(minus)));
        }
        z(n, t) += sum;
      }
    }
  return z;
}

}  // namespace ohmic_bench
