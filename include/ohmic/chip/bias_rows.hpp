// Biases as rows below the weights of a matrix: their codes, and the inputs that drive them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ohmic/chip/config.hpp"
#include "ohmic/chip/programmed_matrix.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/numeral/quantiser.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Codes of the bias rows: b / (top s_x s_w), spread over as many rows as the largest needs; none where F adds biases. Those that do not
/// fit are counted in `m`.
/// Shape   (rows, outputs)
template <class Operand>
[[nodiscard]] matrix<std::int16_t> bias_rows(std::vector<float> const& bias, programmed_matrix<Operand>& m,
                                             float input_scale, coding_config const& coding, std::int32_t driven_top) {
  if (coding.bias == bias_policy::digital || bias.empty()) return {};
  double const input_unit =
      static_cast<double>(symmetric_top(coding.activation_bits)) * static_cast<double>(input_scale);
  auto const in_codes = [&](std::size_t o) {
    return std::nearbyint(static_cast<double>(bias[o]) / (input_unit * static_cast<double>(m.scales[o])));
  };
  auto const top = static_cast<double>(driven_top);
  double largest = 0.0;
  for (std::size_t o = 0; o < bias.size(); ++o) largest = std::max(largest, std::fabs(in_codes(o)));
  auto const wanted =
      static_cast<std::size_t>(std::min(std::ceil(largest / top), static_cast<double>(coding.max_rows)));
  matrix<std::int16_t> codes(std::max<std::size_t>(wanted, 1), bias.size());
  for (std::size_t o = 0; o < bias.size(); ++o) {
    double rest = in_codes(o);
    for (std::size_t r = 0; r < codes.rows(); ++r) {
      double const part = std::clamp(rest, -top, top);
      codes(r, o) = static_cast<std::int16_t>(part);
      rest -= part;
    }
    m.clipped_biases += static_cast<std::uint64_t>(rest != 0.0);
  }
  return codes;
}

/// Inputs, and below every one of them the largest code for each bias row.
/// Shape   x (tokens, inner) -> (tokens, inner + rows)
[[nodiscard]] inline matrix<std::int16_t> with_bias_rows(matrix<std::int16_t> const& x, std::size_t rows,
                                                         int activation_bits) {
  matrix<std::int16_t> out(x.rows(), x.cols() + rows);
  auto const top = static_cast<std::int16_t>(symmetric_top(activation_bits));
  for (std::size_t n = 0; n < out.rows(); ++n) {
    std::memcpy(out.row(n).data(), x.row(n).data(), x.cols() * sizeof(std::int16_t));
    for (std::size_t r = 0; r < rows; ++r) out(n, x.cols() + r) = top;
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
