// Attention on arrays of its own: keys and values are written into their cells, queries and EXP(S) are on the rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/attention/concept.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_array.hpp"
#include "ohmic/crossbar/in_situ/code_cells.hpp"
#include "ohmic/numeral/shape.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/program/attention_policy.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Settings of the arrays of keys and values.
/// Range   cell_bits 1, 2, 4 or 8, 0: what the memory holds (rram 2, sram 1, and no more); input_bits 1..7; adc_bits 1..16
struct written_array_config {
  attention_memory memory = attention_memory::rram;
  int rows = 128, columns = 128;
  int cell_bits = 0;
  int input_bits = 1;
  int adc_bits = 8;  ///< with full scales of the largest current: 8 read every current of 128 rows of either memory
  resistive_cell_config cell = in_situ::ideal_cell();

  [[nodiscard]] constexpr int bits_of_cell() const noexcept {
    return cell_bits > 0 ? cell_bits : memory == attention_memory::sram ? 1 : 2;
  }
  static constexpr int code_bits = 8;

  /// Errors  config_value, config_conflict naming the field; those of code_layout and code_cell_settings with this config's keys
  static void validate(written_array_config const& c) {
    if (c.cell_bits < 0 || c.cell_bits > code_bits || code_bits % c.bits_of_cell() != 0)
      throw error({errc::config_value, "bits of a cell do not divide those of a code", "attention.arrays.cell_bits",
                   std::to_string(c.cell_bits), "0 (what the memory holds), 1, 2, 4, 8",
                   "set attention.arrays.cell_bits"});
    if (c.memory == attention_memory::sram && c.bits_of_cell() != 1)
      throw error({errc::config_conflict, "an SRAM cell holds one bit", "attention.arrays.cell_bits",
                   std::to_string(c.cell_bits), "0 or 1",
                   "set attention.arrays.memory=rram, or leave attention.arrays.cell_bits"});
    if (c.adc_bits < 1 || c.adc_bits > 16)
      throw error({errc::config_value, "bits out of range", "attention.arrays.adc_bits", std::to_string(c.adc_bits),
                   "1..16", "set attention.arrays.adc_bits"});
    try {
      auto const layout = layout_of(c);
      in_situ::code_layout::validate(layout);
      in_situ::code_cell_settings::validate({c.cell, {}, 1}, layout);
    } catch (error const& problem) {
      auto info = problem.info();
      for (auto* text : {&info.what, &info.where, &info.allowed, &info.fix}) *text = with_own_keys(*text);
      throw error(std::move(info));
    }
    if (c.memory == attention_memory::sram && !in_situ::code_cells({c.cell, {}, 1}).is_ideal())
      throw error({errc::config_conflict, "errors of a resistive cell in SRAM", "attention.arrays.cell",
                   "attention.arrays.memory=sram with cells that err", "attention.arrays.memory=rram",
                   "set one of the two"});
  }

  [[nodiscard]] static in_situ::code_layout layout_of(written_array_config const& c) {
    in_situ::code_layout out;
    out.array = {c.rows, c.columns};
    out.weights = {in_situ::mapping::offset_unit_column, code_bits,
                   std::vector<int>(static_cast<std::size_t>(code_bits / c.bits_of_cell()), c.bits_of_cell()),
                   in_situ::pair_reading::apart, true};
    out.inputs = {in_situ::code_coding::twos_complement, c.input_bits, in_situ::input_passes::one};
    return out;
  }

 private:
  /// A text about an array of weights, with the keys of this config in place of the array's.
  static std::string with_own_keys(std::string text) {
    static constexpr std::pair<std::string_view, std::string_view> keys[] = {
        {"cell.", "cell."}, {"array.", ""}, {"weights.slices", "cell_bits"}, {"inputs.slice_bits", "input_bits"}};
    // Not within a word, a longer key or the name of a file.
    auto const goes_on = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
             c == '/' || c == '\'';
    };
    for (auto const& [from, to] : keys)
      for (std::size_t at = 0; (at = text.find(from, at)) != text.npos;) {
        bool const starts = at == 0 || !goes_on(text[at - 1]);
        std::string const own = "attention.arrays." + std::string(to);
        if (starts) text.replace(at, from.size(), own);
        at += starts ? own.size() : from.size();
      }
    return text;
  }
};

/// Arrays that hold keys and values, by the rules of ISAAC's weights: codes with an offset over cells beside each other, flipped
/// columns, bits on the rows. Their converters have full scales of the largest current, so that nothing is calibrated.
/// Shape   X (tokens, inner) . Y (outputs, inner)^T; Y is a head's keys, or its values transposed
/// Cost    as program::planned_written says
/// Source  Shafiee et al., ISCA 2016, section V, for the arrays; writing K and V into them is what PipeLayer-like designs do for
///         attention, see ReTransformer (Yang et al., ICCAD 2020), which avoids it for K
class written_arrays {
 public:
  using array = in_situ::code_array<uniform_adc>;

  /// Errors  as written_array_config::validate
  written_arrays(written_array_config const& c, std::uint64_t seed)
      : array_((written_array_config::validate(c), settings_of(c, seed))),
        appends_(in_situ::code_cells(array_.settings().cells).is_ideal()) {}

  /// What its counts depend on, for codes up to these.
  [[nodiscard]] program::written_array_shape shape(std::int64_t activation_top, std::int64_t score_top) const {
    auto const& l = array_.settings().layout;
    auto const slices = static_cast<int>(l.weights.slices.size());
    return {l.rows(), static_cast<std::size_t>(l.array.columns), l.weights.slices.size(),
            array_.digits_for(activation_top, true) / slices, array_.digits_for(score_top, false) / slices};
  }
  /// True where cells keep what they were told, so that a step writes its own tokens alone.
  [[nodiscard]] bool appends() const noexcept { return appends_; }
  /// True where every conversion gives back the current itself.
  [[nodiscard]] bool lossless() const noexcept { return array_.lossless(); }

  /// `passes` of the inputs; `written` codes of y are new. `exact`: in integers, whatever the converters are.
  /// Errors  those of code_array
  template <switched_codes X>
  [[nodiscard]] product_sums product(X const& x, matrix_view<std::int16_t const> y, int passes, std::uint64_t written,
                                     bool exact, program::attention_unit_tally& done, std::uint64_t& clipped,
                                     executor& threads, std::string const& where, read_place const& place) const {
    auto const& layout = array_.settings().layout;
    int const settings = passes * static_cast<int>(layout.weights.slices.size());
    auto const cells = array_.drive(y, where, operand_source::activations, place);
    array::report_type report;
    // Counted as a product with what the cells hold already; what is written comes on top.
    auto z = exact ? array_.exact_product(x, cells, settings, operand_source::weights, report, threads, where)
                   : array_.multiply(x, cells, array_.converters(array_.full_scales({}, settings, where)),
                                     operand_source::weights, report, threads, where, place);
    clipped += report.clipped;
    done.add<"cell", "write">(written * layout.weights.cells());
    auto const& did = report.actions;
    done.add<"cache", "read">(did.count<"cache", "read">());
    done.add<"input_register", "load">(did.count<"input_register", "load">());
    done.add<"attention_dac", "drive">(did.count<"dac", "drive">());
    done.add<"attention_array", "cycle">(did.count<"in_situ_array", "cycle">());
    done.add<"attention_adc", "convert">(did.count<"adc", "convert">());
    done.add<"subtractor", "subtract">(did.count<"subtractor", "subtract">());
    done.add<"shift_add", "step">(did.count<"shift_add", "step">());
    done.add<"accumulator", "add">(did.count<"accumulator", "add">());
    return z;
  }

 private:
  [[nodiscard]] static array::config settings_of(written_array_config const& c, std::uint64_t seed) {
    array::config out;
    out.layout = written_array_config::layout_of(c);
    out.adc.bits = c.adc_bits;
    out.range.rule = range_rule::full_scale;
    out.cells = {c.cell, {}, seed};
    return out;
  }

  array array_;
  bool appends_;
};

}  // namespace ohmic::inline OHMIC_ABI
OHMIC_MEMBERS(ohmic::written_array_config, memory, rows, columns, cell_bits, input_bits, adc_bits, cell);
