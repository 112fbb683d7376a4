// What a reproduction of the printed figures is made from and made of: inputs, rows, known failures.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/equal_delay.hpp"
#include "ohmic/chip/printed_values.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/dense_bank.hpp"
#include "ohmic/numeral/balanced.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// What the rows are computed from. The defaults are the reproduction; a test moves one price and looks who follows.
struct reproduction_inputs {
  component_prices prices = published_prices();
  published_constants constants = fitted();
  computation_chip_config chip{};
};

/// One row: printed, computed, and whether they agree within the row's tolerance.
struct reproduced_row {
  printed_value const* printed = nullptr;
  std::string computed;     ///< as printed: a number, a list, an expression
  double value = 0.0;       ///< NaN for lists and expressions
  double difference = 0.0;  ///< computed / printed - 1; for lists and expressions 0 if equal, 1 if not
  std::string formula;
  std::string fitted_on;  ///< the row that the constant in the formula was fitted on; empty: none
  std::string reason;     ///< of a listed failure
  bool within = false;    ///< of the tolerance
  bool listed = false;    ///< known not to agree
  bool applied =
      false;  ///< computed is the printed value, put into the model, where what is printed of it holds; else 0

  /// The constant in its formula was fitted on this very row, which therefore says nothing. Of a constant that was
  /// fitted on several rows, each of them.
  [[nodiscard]] bool by_construction() const noexcept {
    std::string_view rest = fitted_on;
    while (!rest.empty()) {
      auto const comma = rest.find(", ");
      if (rest.substr(0, comma) == printed->id) return true;
      rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 2);
    }
    return false;
  }

  /// A listed row passes by failing: when it starts to agree, the list is wrong.
  [[nodiscard]] bool pass() const noexcept { return within != listed; }
};

/// Rows that do not agree, with the reason. Nothing is tuned to make them.
struct listed_failure {
  std::string_view id;
  std::string_view reason;
};
inline constexpr listed_failure listed_failures[] = {
    {"fig11.adp.s2_vs_s1",
     "24,576 register bits (double buffered, which fit the printed areas) give 0.85; 12,288 (single buffered) give "
     "0.89, but then fig12a.ratio.sb is 47 and tab10.ratio.adp 82. 0.91 itself would take 9,300 bits, less than one "
     "digit "
     "of every activation, or as much area again that does not change with S, and then tab10.ours.adp is 0.06"},
};

namespace detail {

/// The three partial sums of Fig 7 for 78 w1 - 23 w2, as expressions.
[[nodiscard]] inline std::string fig7_sum(std::size_t steps) {
  auto const a = balanced<2>::encoded<3>(78), b = balanced<2>::encoded<3>(-23);
  std::int64_t x = 0, y = 0;
  for (std::size_t d = 0; d < steps; ++d) x = balanced<2>::times_base(x) + a[d], y = balanced<2>::times_base(y) + b[d];
  return std::to_string(x) + "w1" + (y > 0 ? "+" : "-") + std::to_string(y < 0 ? -y : y) + "w2";
}
[[nodiscard]] inline std::string listed_digits(std::int32_t value) {
  std::string text;
  for (auto d : balanced<2>::encoded<3>(value)) (text += text.empty() ? "" : "|") += std::to_string(d);
  return text;
}
template <class F>
[[nodiscard]] std::string by_scale(F const& f) {
  std::string text;
  for (int s = 1; s <= 7; ++s) (text += text.empty() ? "" : "|") += std::to_string(f(s));
  return text;
}

/// Largest multiple of the two-state fluctuation at which every level still reads back: half a level over the
/// amplitude.
/// Source  rtn_base_amplitude, 2.7 % of full scale, fits both rows (5 x at four levels, 18 x at two); chosen after seeing them
[[nodiscard]] inline double error_free_multiple(int levels) noexcept { return 0.5 / (levels - 1) / rtn_base_amplitude; }
/// Cells that a dense bank reads wrongly, of 65,536 reads of random weights at a multiple of the fluctuation.
/// Random  dense_bank's, seed 1
[[nodiscard]] inline std::uint64_t wrong_cells(int cell_bits, double multiple) {
  dense_config c;
  c.cell.bits = cell_bits;
  c.cell.rtn_multiple = multiple;
  c.columns = 1;
  dense_bank bank(c);
  stream const drawn{7, purpose::user, 0};
  std::vector<std::int8_t> weights(bank.weights_per_column()), back(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<std::int8_t>(static_cast<int>(drawn.word(i, 0) % 255) - 127);
  dense_report report;
  bank.write(0, weights, report);
  for (std::uint32_t k = 0; k < 64; ++k) bank.read(0, {k, seconds(0.0)}, back, report);
  return report.cell_errors;
}

class row_maker {
 public:
  explicit row_maker(std::vector<reproduced_row>& rows) : rows_(rows) {}

  void number(std::string_view id, double value, std::string formula, std::string fitted_on = {}) {
    reproduced_row r;
    r.printed = &printed(id);
    r.value = value;
    r.computed = ohmic::detail::number_text(value);
    double const p = number_of(*r.printed);
    r.difference = value / p - 1.0;
    // An exact tolerance still allows the rounding of the arithmetic.
    r.within = std::fabs(r.difference) <= std::max(r.printed->rel_tol, 1e-12);
    finish(r, std::move(formula), std::move(fitted_on));
  }
  /// A printed value that was put into the model, where what is printed of it holds or not.
  void applied(std::string_view id, bool holds, std::string formula) {
    number(id, holds ? printed_number(id) : 0.0, std::move(formula));
    rows_.back().applied = true;
  }
  void text(std::string_view id, std::string value, std::string formula) {
    reproduced_row r;
    r.printed = &printed(id);
    r.value = std::nan("");
    r.within = value == r.printed->value;
    r.difference = r.within ? 0.0 : 1.0;
    r.computed = std::move(value);
    finish(r, std::move(formula), {});
  }

 private:
  void finish(reproduced_row& r, std::string formula, std::string fitted_on) {
    r.formula = std::move(formula);
    r.fitted_on = std::move(fitted_on);
    for (auto const& f : listed_failures)
      if (f.id == r.printed->id) r.listed = true, r.reason = f.reason;
    rows_.push_back(std::move(r));
  }
  std::vector<reproduced_row>& rows_;
};

inline constexpr struct {
  std::string_view id, key;
} compared_models[] = {
    {"bert_base", "bert_base"}, {"bert_large", "bert_large"}, {"resnet_34", "resnet34"}, {"resnet_152", "resnet152"}};

}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI::chip
