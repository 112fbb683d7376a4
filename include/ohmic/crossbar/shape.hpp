// Geometry of the computation crossbar and the actions of a product, as constexpr functions of shapes alone. The plan
// of a layer
// is made from these; the kernels count what they do, and a test holds the two equal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ohmic/core/action.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/numeral/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Size of a computation crossbar, and how weights arrive from the dense bank.
/// Source  Wang et al. 2024, Table 6: 128 x 128 resistors; 1024 two-bit cells a column access, four of them one 8-bit
///         weight
struct array_geometry {
  int rows = 128;
  int columns = 128;
  int bank_rows = 1024;      ///< cells of weights that one column access of the dense bank returns
  int cells_per_weight = 4;  ///< dense cells that hold one weight
  int check_rows = 0;        ///< rows of check cells that an access returns beside them (`dense.protection`)

  /// Errors  config_value or config_conflict naming the field
  static void validate(array_geometry const& g) {
    auto const bad = [](char const* key, int got, char const* allowed) {
      throw error({errc::config_value, "size out of range", std::string("array.") + key, std::to_string(got), allowed,
                   std::string("set array.") + key});
    };
    if (g.rows < 1 || g.rows > 16384) bad("rows", g.rows, "1..16384");
    if (g.columns < 2 || g.columns > 16384 || g.columns % 2 != 0) bad("columns", g.columns, "even, 2..16384");
    if (g.bank_rows < 1 || g.bank_rows > 1 << 24) bad("bank_rows", g.bank_rows, "1..16777216");
    if (g.cells_per_weight < 1 || g.cells_per_weight > g.bank_rows)
      bad("cells_per_weight", g.cells_per_weight, "1..array.bank_rows");
    if (g.check_rows < 0 || g.check_rows > 1 << 24) bad("check_rows", g.check_rows, "0..16777216");
  }

  /// Activations that a column pair holds, column pairs of an array, weights of one access.
  [[nodiscard]] constexpr std::size_t activations(int scale) const noexcept {
    return static_cast<std::size_t>(rows / scale);
  }
  [[nodiscard]] constexpr std::size_t pairs() const noexcept { return static_cast<std::size_t>(columns / 2); }
  [[nodiscard]] constexpr std::size_t weights_per_access() const noexcept {
    return static_cast<std::size_t>(bank_rows / cells_per_weight);
  }
  /// Cells that an access reads.
  [[nodiscard]] constexpr std::uint64_t cells_per_access() const noexcept {
    return static_cast<std::uint64_t>(bank_rows) + static_cast<std::uint64_t>(check_rows);
  }
};

/// X (tokens, inner) . Y (inner, outputs): `outputs` sessions.
struct product_shape {
  std::size_t tokens = 0;
  std::size_t inner = 0;
  std::size_t outputs = 0;
  friend constexpr bool operator==(product_shape const&, product_shape const&) = default;
};

/// Pieces of at most `piece` in a whole.
[[nodiscard]] constexpr std::size_t pieces(std::size_t whole, std::size_t piece) noexcept {
  return (whole + piece - 1) / piece;
}

/// Where the operand Y comes from; on a computation crossbar the multiplexer's setting.
enum class operand_source {
  weights,      ///< weight stationary: a column of W from the dense bank, through the weight register
  activations,  ///< non-weight-stationary: a column of Y from the caches, through the operand register
  sums,         ///< the same with ones, or with X itself: sums of one operand, which in-situ chips add digitally
};

/// Everything that a product does on the way from the dense bank and the caches to its digital sums.
using product_actions =
    action_list<action<"dense_bank", "column_access">, action<"dense_bank", "cell_read">,
                action<"weight_register", "load">, action<"operand_register", "load">, action<"cache", "read">,
                action<"encoder", "encode">, action<"switch_register", "load">, action<"dac", "drive">,
                action<"computation_array", "cycle">, action<"adc", "convert">, action<"subtractor", "subtract">,
                action<"shift_add", "step">, action<"accumulator", "add">>;
using product_tally = tally<product_actions>;

/// Actions of one product, from shapes alone: the closed form of what the kernels count.
/// Cost    sessions = outputs; per session the weights are loaded once and all activations are streamed again
///         (Wang et al. 2024, section 5.5)
/// Range   counts saturate at 2^64 - 1, which the ledger refuses
[[nodiscard]] constexpr product_tally planned_product(array_geometry const& g, int scale, int digits,
                                                      product_shape const& p, operand_source source) noexcept {
  using detail::saturating_multiply;
  auto const product = [](auto... factors) {
    std::uint64_t n = 1;
    ((n = saturating_multiply(n, static_cast<std::uint64_t>(factors))), ...);
    return n;
  };
  std::size_t const tiles = pieces(p.inner, g.activations(scale));
  std::size_t const groups = pieces(p.tokens, g.pairs());
  product_tally t;
  if (source == operand_source::weights) {
    std::uint64_t const accesses = product(p.outputs, pieces(p.inner, g.weights_per_access()));
    t.add<"dense_bank", "column_access">(accesses);
    t.add<"dense_bank", "cell_read">(product(accesses, g.cells_per_access()));
    t.add<"weight_register", "load">(product(p.outputs, p.inner));
  } else {
    t.add<"operand_register", "load">(product(p.outputs, p.inner));
  }
  std::uint64_t const streamed = product(p.outputs, p.tokens, p.inner);
  t.add<"cache", "read">(streamed);
  t.add<"encoder", "encode">(streamed);
  t.add<"switch_register", "load">(product(streamed, digits));
  t.add<"dac", "drive">(product(p.outputs, groups, digits, scale, p.inner));
  t.add<"computation_array", "cycle">(product(p.outputs, groups, digits, tiles));
  std::uint64_t const pair_reads = product(p.outputs, p.tokens, digits, tiles);
  t.add<"adc", "convert">(product(pair_reads, 2));
  t.add<"subtractor", "subtract">(pair_reads);
  t.add<"shift_add", "step">(pair_reads);
  t.add<"accumulator", "add">(product(p.outputs, p.tokens, tiles - (tiles > 0)));
  return t;
}

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::array_geometry, rows, columns, bank_rows, cells_per_weight, check_rows);
