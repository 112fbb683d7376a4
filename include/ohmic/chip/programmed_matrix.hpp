// A weight-stationary matrix on a chip, and the keys' matrix of a decomposed product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/chip/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/numeral/quantiser.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// A weight-stationary matrix on the chip, in the form of its arrays.
template <class Operand>
struct programmed_matrix {
  Operand operand;                  ///< weights, and below them the bias where rows carry it
  std::vector<float> scales{};      ///< of the weight codes, by output
  std::vector<float> correction{};  ///< of the mean of every output, added by F; empty: none
  std::size_t bias_rows = 0;
  std::uint64_t clipped_biases = 0;  ///< biases that max_rows rows could not hold
  /// In a decomposed product W_K^T of every key head in place of `operand`: (inner d_k, outputs m), scales by head and output.
  std::vector<Operand> by_head{};
};

/// W_K^T of every key head, coded, stored and driven by `drive(codes)`. Its biases add the same to all scores of a query and are left out:
/// returns whether there are any.
/// Shape   w (key_heads d_k, m) -> key_heads x (m, d_k)
/// Errors  shape where the keys do not divide into heads; value for NaN or infinity
template <class Operand, class Drive>
[[nodiscard]] bool program_decomposed(programmed_matrix<Operand>& m, model::linear_weights const& w,
                                      std::size_t key_heads, int bits, weight_scale_policy scales,
                                      std::string const& where, Drive const& drive) {
  std::size_t const outputs = w.weight.rows(), inner = w.weight.cols(), d = outputs / key_heads;
  if (outputs == 0 || inner == 0 || outputs % key_heads != 0)
    throw error({errc::shape, "keys do not divide into heads", where, shape_text(outputs, inner),
                 "a multiple of " + std::to_string(key_heads) + " rows", "check the model's sizes"});
  m.scales.assign(key_heads * inner, symmetric_quantiser::scale_for(largest_magnitude(w.weight.flat(), where), bits));
  std::vector<float> column(d);
  for (std::size_t h = 0; h < key_heads; ++h) {
    matrix<std::int16_t> codes(inner, d);
    for (std::size_t o = 0; o < inner; ++o) {
      for (std::size_t l = 0; l < d; ++l) column[l] = w.weight(h * d + l, o);
      float& scale = m.scales[h * inner + o];
      if (scales == weight_scale_policy::per_output)
        scale = symmetric_quantiser::scale_for(largest_magnitude(column, where), bits);
      symmetric_quantiser(bits, scale).quantise(column, codes.row(o));
    }
    m.by_head.push_back(drive(codes));
  }
  return largest_magnitude(w.bias, where + " bias") > 0.0f;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
