// Settings of the dense bank, and what its writes and reads report.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "ohmic/core/action.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/device/memory_cell.hpp"
#include "ohmic/numeral/secded.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The byte that stands for a weight.
enum class weight_code {
  twos_complement,
  sign_magnitude,  ///< bit 7 is the sign, the others the magnitude; -128 has no code
};

/// Which level stands for the bits of a cell.
enum class level_code {
  binary,
  gray,  ///< neighbouring levels differ in one bit
};

/// What is kept beside a word of eight weights, in additional rows of the same column.
enum class word_protection {
  none,
  parity,  ///< 1 bit: a word with a wrong parity is read again
  secded,  ///< 8 bits: one wrong bit is corrected, a word with two is read again
};

/// A dense bank: its cells, how weights are laid into them, and when they are read.
/// Range   columns 1..2^20; rereads 0..15; at most 1000 refreshes
/// Source  Wang et al. 2024, Table 6: 1024 x 65536 cells of 2 bits; the rows are `array.bank_rows`, because a column access
///         delivers them. Protection, age and refresh are not in the paper
struct dense_config {
  memory_cell_config cell{};
  int columns = 65536;  ///< of a bank; a memory takes as many banks as it needs
  weight_code weights = weight_code::twos_complement;
  level_code levels = level_code::binary;
  word_protection protection = word_protection::none;
  int rereads = 1;                ///< most additional reads of a column in which a word was detected
  seconds age{0.0};               ///< of the weights when they are read
  seconds refresh_interval{0.0};  ///< 0: never. Otherwise no cell gets older: what is read is written again

  /// Errors  config_value naming the field
  static void validate(dense_config const& c) {
    auto const bad = [](char const* key, std::string got, char const* allowed) {
      return error({errc::config_value, "out of range", std::string("dense.") + key, std::move(got), allowed,
                    std::string("set dense.") + key});
    };
    memory_cell_config::validate(c.cell);
    if (c.columns < 1 || c.columns > 1 << 20) throw bad("columns", std::to_string(c.columns), "1..1048576");
    if (c.rereads < 0 || c.rereads > 15) throw bad("rereads", std::to_string(c.rereads), "0..15");
    if (!(c.age.si() >= 0.0 && c.age.si() < 1e12)) throw bad("age", to_text(c.age), "0 s to 1e12 s");
    if (!(c.refresh_interval.si() >= 0.0 && c.refresh_interval.si() < 1e12))
      throw bad("refresh_interval", to_text(c.refresh_interval), "0 s (never) to 1e12 s");
    if (c.refresh_interval.si() > 0.0 && c.age / c.refresh_interval > 1000.0)
      throw error({errc::config_conflict, "too many refreshes", "dense.refresh_interval", to_text(c.refresh_interval),
                   "at least dense.age / 1000", "set a longer interval or a lower age"});
  }

  /// Cells that hold one weight of 8 bits.
  [[nodiscard]] constexpr int cells_per_weight() const noexcept { return (8 + cell.bits - 1) / cell.bits; }
  [[nodiscard]] constexpr bool is_perfect() const noexcept { return cell.is_perfect(); }
  /// Bits beside a word, and the cells that hold them.
  [[nodiscard]] constexpr int check_bits() const noexcept {
    return protection == word_protection::none     ? 0
           : protection == word_protection::parity ? parity::check_bits
                                                   : secded::check_bits;
  }
  [[nodiscard]] constexpr int check_cells() const noexcept { return (check_bits() + cell.bits - 1) / cell.bits; }
  /// Weights of a protected word.
  static constexpr int word_weights = 8;
  /// Rows of check bits below `rows` rows of weights.
  [[nodiscard]] constexpr int check_rows(int rows) const noexcept {
    return (rows / cells_per_weight() + word_weights - 1) / word_weights * check_cells();
  }
};

/// What writing and reading a bank takes.
using dense_actions = action_list<action<"dense_bank", "write_pulse">, action<"dense_bank", "verify">,
                                  action<"dense_bank", "column_access">, action<"dense_bank", "cell_read">>;

/// What writing and reading did. Errors are differences from what was written first; every read counts, repeated ones too.
struct dense_report {
  tally<dense_actions> actions;
  std::uint64_t cells = 0, cell_errors = 0;      ///< read, those of check bits included
  std::uint64_t bits = 0, bit_errors = 0;        ///< of weights, as sensed
  std::uint64_t weights = 0, weight_errors = 0;  ///< as delivered
  std::uint64_t corrected = 0;                   ///< words with one error that was mended
  std::uint64_t detected = 0;                    ///< words whose errors were seen and not mended
  std::uint64_t rereads = 0;                     ///< of columns
  std::uint64_t unverified = 0;                  ///< cells that the last pulse did not set right
  std::uint64_t refreshes = 0;                   ///< of columns
  std::uint64_t most_pulses = 0;                 ///< that one cell has seen: its wear
  std::uint64_t rounds = 0;                      ///< of pulses: the cells of a column are written together

  dense_report& operator+=(dense_report const& o) noexcept {
    actions += o.actions;
    cells += o.cells, cell_errors += o.cell_errors, bits += o.bits, bit_errors += o.bit_errors;
    weights += o.weights, weight_errors += o.weight_errors, corrected += o.corrected, detected += o.detected;
    rereads += o.rereads, unverified += o.unverified, refreshes += o.refreshes, rounds += o.rounds;
    most_pulses = std::max(most_pulses, o.most_pulses);
    return *this;
  }
  [[nodiscard]] double bit_error_rate() const noexcept {
    return bits == 0 ? 0.0 : static_cast<double>(bit_errors) / static_cast<double>(bits);
  }
  friend bool operator==(dense_report const&, dense_report const&) = default;
};

}  // namespace ohmic::inline OHMIC_ABI

template <>
struct ohmic::enum_names<ohmic::weight_code> {
  static constexpr std::pair<std::string_view, ohmic::weight_code> value[] = {
      {"twos_complement", ohmic::weight_code::twos_complement}, {"sign_magnitude", ohmic::weight_code::sign_magnitude}};
};
template <>
struct ohmic::enum_names<ohmic::level_code> {
  static constexpr std::pair<std::string_view, ohmic::level_code> value[] = {{"binary", ohmic::level_code::binary},
                                                                             {"gray", ohmic::level_code::gray}};
};
template <>
struct ohmic::enum_names<ohmic::word_protection> {
  static constexpr std::pair<std::string_view, ohmic::word_protection> value[] = {
      {"none", ohmic::word_protection::none},
      {"parity", ohmic::word_protection::parity},
      {"secded", ohmic::word_protection::secded}};
};
OHMIC_MEMBERS(ohmic::dense_config, cell, columns, weights, levels, protection, rereads, age, refresh_interval);
