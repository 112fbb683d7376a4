// Settings of the in-situ array for codes: what a whole model runs on. Weights are integers in cells, inputs integers on
// rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// How the two columns of a pair reach the converter.
enum class pair_reading {
  apart,       ///< each is converted, the digital side subtracts
  difference,  ///< currents are subtracted, then converted
};

/// How a signed input becomes what a row is driven with.
enum class code_coding {
  twos_complement,  ///< bits of the code; the sign is a pass of its own, which counts negative
  sign_magnitude,   ///< bits of |x|, driven as `inputs.passes` says
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ

namespace ohmic::inline OHMIC_ABI {
template <>
struct enum_names<in_situ::pair_reading> {
  static constexpr std::pair<std::string_view, in_situ::pair_reading> value[] = {
      {"apart", in_situ::pair_reading::apart}, {"difference", in_situ::pair_reading::difference}};
};
template <>
struct enum_names<in_situ::code_coding> {
  static constexpr std::pair<std::string_view, in_situ::code_coding> value[] = {
      {"twos_complement", in_situ::code_coding::twos_complement},
      {"sign_magnitude", in_situ::code_coding::sign_magnitude}};
};
}  // namespace ohmic::inline OHMIC_ABI

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Size of an array. A unit column, where the mapping has one, comes on top.
struct code_array_config {
  int rows = 128;
  int columns = 128;
};

/// How a weight code is spread over cells, which lie beside each other in a row.
/// Range   bits 2..8; slices of 1 to 8 bits, together the bits of a weight, in a pair one less
struct code_weight_config {
  in_situ::mapping mapping = in_situ::mapping::offset_unit_column;
  int bits = 8;                         ///< sign included
  std::vector<int> slices{2, 2, 2, 2};  ///< bits of each cell of a weight, least significant first
  pair_reading pairs = pair_reading::apart;
  /// Columns whose current could have the top bit are stored as 2^k - 1 - digit and read back by the sum of inputs.
  bool flipped = false;

  [[nodiscard]] bool is_differential() const noexcept { return mapping == in_situ::mapping::differential; }
  [[nodiscard]] std::size_t lines() const noexcept { return is_differential() ? 2 : 1; }
  /// Cells of a weight.
  [[nodiscard]] std::size_t cells() const noexcept { return slices.size() * lines(); }
};

/// How inputs are driven, least significant bits first.
/// Range   slice_bits 1..7; passes other than one with sign_magnitude
struct code_input_config {
  code_coding coding = code_coding::twos_complement;
  int slice_bits = 1;  ///< bits driven at a time: those of the DAC, without its sign
  input_passes passes = input_passes::one;
};

/// The array and its coding, without converters: all that counts depend on.
struct code_layout {
  code_array_config array{};
  code_weight_config weights{};
  code_input_config inputs{};

  [[nodiscard]] std::size_t rows() const noexcept { return static_cast<std::size_t>(array.rows); }
  /// Weights of a row of an array.
  [[nodiscard]] std::size_t weights_per_row() const noexcept {
    return static_cast<std::size_t>(array.columns) / weights.cells();
  }
  [[nodiscard]] bool has_unit_column() const noexcept { return weights.mapping == mapping::offset_unit_column; }
  /// Largest digits of a slice of a weight and of an input.
  [[nodiscard]] std::int64_t cell_top(std::size_t slice) const noexcept {
    return (std::int64_t{1} << weights.slices[slice]) - 1;
  }
  [[nodiscard]] std::int64_t input_top() const noexcept { return (std::int64_t{1} << inputs.slice_bits) - 1; }
  [[nodiscard]] std::int64_t weight_top() const noexcept { return (std::int64_t{1} << (weights.bits - 1)) - 1; }
  /// True if rows are driven both ways in one cycle.
  [[nodiscard]] bool has_signed_rows() const noexcept {
    return inputs.coding == code_coding::sign_magnitude && inputs.passes == input_passes::one;
  }
  /// True if a current that is converted can have either sign.
  [[nodiscard]] bool has_signed_currents() const noexcept {
    bool const signed_sums =
        inputs.coding == code_coding::sign_magnitude && inputs.passes != input_passes::two_summed_digital;
    return signed_sums || (weights.is_differential() && weights.pairs == pair_reading::difference);
  }
  /// A column of this sum of digits is stored flipped: with the largest inputs its current would have the top bit.
  /// Source  Shafiee et al., ISCA 2016, section V
  [[nodiscard]] std::int64_t flip_from(std::size_t slice) const noexcept {
    std::int64_t half = 1;
    while (2 * half <= array.rows * cell_top(slice) * input_top()) half *= 2;
    return half;
  }
  /// Most that a column can deliver in magnitude.
  [[nodiscard]] std::int64_t largest_current(std::size_t slice) const noexcept {
    std::int64_t const all = array.rows * cell_top(slice) * input_top();
    if (!weights.flipped) return all;
    std::int64_t const half = flip_from(slice);
    return half - 1 > all - half ? half - 1 : all - half;
  }
  /// Passes that are converted apart, for inputs of so many bits of magnitude.
  [[nodiscard]] int passes_for(int magnitude_bits, bool has_sign) const noexcept {
    int const slices = (magnitude_bits + inputs.slice_bits - 1) / inputs.slice_bits;
    if (!has_sign) return slices;
    if (inputs.coding == code_coding::twos_complement) return slices + 1;
    return inputs.passes == input_passes::two_summed_digital ? 2 * slices : slices;
  }
  /// Cycles of the array in a pass: two where currents of both signs are summed before the converter.
  [[nodiscard]] std::uint64_t cycles_of_pass(bool has_sign) const noexcept {
    return has_sign && inputs.passes == input_passes::two_summed_analog ? 2 : 1;
  }

  /// Errors  config_value for a value out of range, config_conflict for settings that exclude each other
  static void validate(code_layout const& c);
};

inline void code_layout::validate(code_layout const& c) {
  using detail::refuse_if;
  using detail::require;
  using detail::text_of;
  auto const& w = c.weights;
  auto const& x = c.inputs;
  require(c.array.rows >= 1 && c.array.rows <= 16384, "array.rows", text_of(c.array.rows), "1..16384",
          "set array.rows");
  require(c.array.columns >= 1 && c.array.columns <= 16384, "array.columns", text_of(c.array.columns), "1..16384",
          "set array.columns");
  require(w.mapping != mapping::differential_two_sided, "weights.mapping", text_of(w.mapping),
          "differential, offset, offset_unit_column", "set weights.mapping");
  require(w.bits >= 2 && w.bits <= 8, "weights.bits", text_of(w.bits), "2..8, sign included", "set weights.bits");
  require(!w.slices.empty(), "weights.slices", "none", "bits of each cell, for example 2,2,2,2", "set weights.slices");
  for (int s : w.slices)
    require(s >= 1 && s <= 8, "weights.slices", text_of(w.slices), "1..8 bits each", "split the slice");
  int const together = std::accumulate(w.slices.begin(), w.slices.end(), 0);
  int const wanted = w.is_differential() ? w.bits - 1 : w.bits;
  refuse_if(together != wanted, "slices do not add up to the bits of a weight", "weights.slices",
            text_of(w.slices) + ", together " + std::to_string(together),
            w.is_differential() ? "weights.bits less one, the pair keeps the sign" : "weights.bits",
            "change weights.slices or weights.bits");
  refuse_if(w.cells() > static_cast<std::size_t>(c.array.columns), "a weight does not fit a row", "array.columns",
            text_of(c.array.columns), "at least the cells of a weight", "use more columns or fewer slices");
  refuse_if(w.flipped && w.is_differential(), "pairs are not flipped", "weights.flipped", "true", "an offset mapping",
            "set weights.flipped=false or weights.mapping=offset");
  refuse_if(w.pairs == pair_reading::difference && !w.is_differential(), "there are no pairs to subtract",
            "weights.pairs", text_of(w.pairs), "apart", "set weights.mapping=differential or weights.pairs=apart");
  require(x.slice_bits >= 1 && x.slice_bits <= 7, "inputs.slice_bits", text_of(x.slice_bits), "1..7",
          "set inputs.slice_bits");
  refuse_if(x.passes != input_passes::one && x.coding == code_coding::twos_complement,
            "the sign already has a pass of its own", "inputs.passes", text_of(x.passes),
            "one with inputs.coding=twos_complement", "set inputs.passes=one or inputs.coding=sign_magnitude");
  refuse_if(w.flipped && c.has_signed_currents(), "flipped columns are read by the sum of inputs of one sign",
            "weights.flipped", "true with inputs.coding=" + text_of(x.coding),
            "inputs.coding=twos_complement, or inputs.passes=two_summed_digital", "set weights.flipped=false");
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ

OHMIC_MEMBERS(ohmic::in_situ::code_array_config, rows, columns);
OHMIC_MEMBERS(ohmic::in_situ::code_weight_config, mapping, bits, slices, pairs, flipped);
OHMIC_MEMBERS(ohmic::in_situ::code_input_config, coding, slice_bits, passes);
