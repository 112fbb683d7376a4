// Attention in multiply-accumulate units: the products of codes as integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/operand.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/crossbar/sums.hpp"
#include "ohmic/program/attention_policy.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Z = X Y^T in integers, exactly. Each operand is read once from its cache, but for the ones of a sum, which nobody reads.
/// Shape   x (tokens, inner) codes of 16 bits with or without sign, y (outputs, inner) -> (tokens, outputs)
/// Errors  shape if the inner sizes differ
/// Cost    as program::planned_digital says
template <switched_codes X>
[[nodiscard]] product_sums digital_product(X const& x, matrix_view<std::int16_t const> y, operand_source source,
                                           program::attention_unit_tally& done) {
  auto const codes = switched_view(x);
  if (codes.cols != y.cols)
    throw error({errc::shape, "inner sizes differ", "digital_product", shape_text(codes.rows, codes.cols),
                 "n x " + std::to_string(y.cols), "make both operands as wide as each other"});
  product_sums z(codes.rows, y.rows);
  for (std::size_t n = 0; n < codes.rows; ++n) {
    auto const row = codes.row(n);
    auto const to = z.target(n, 0, 1.0);
    done.add<"cache", "read">(row.size());
    for (std::size_t o = 0; o < y.rows; ++o) {
      auto const column = y.row(o);
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < row.size(); ++i)
        sum += static_cast<std::int32_t>(row[i]) * static_cast<std::int32_t>(column[i]);
      to.first[o] = static_cast<double>(sum);
      done.add<"digital_unit", "multiply_add">(row.size());
    }
  }
  if (source != operand_source::sums)
    for (std::size_t o = 0; o < y.rows; ++o) done.add<"cache", "read">(y.row(o).size());
  return z;
}

}  // namespace ohmic::inline OHMIC_ABI
