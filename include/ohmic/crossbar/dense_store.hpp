// All weights of a model through dense banks, in order: what comes back is what the computation crossbar gets.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/dense_bank.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Writes matrices into banks and reads them back once, at their age. An output starts a column of its own, as in the plan of a
/// product; columns are taken one after the other over all matrices, and bank after bank, so that no two weights share an
/// address and two equal layers differ in their errors. Refreshes come before, every `refresh_interval`.
/// Random  as dense_bank: bank = how many are full, read index = how many refreshes went before
/// Cost    dense_actions, in the report
/// Range   a perfect bank touches nothing and counts nothing
class dense_store {
 public:
  /// Errors  as dense_bank
  dense_store(dense_config const& c, int rows, std::uint64_t seed) : config_(c), rows_(rows), seed_(seed) {
    dense_config::validate(c);
    if (!c.is_perfect()) bank_.emplace(c, seed, 0, rows);
    if (c.refresh_interval.si() > 0.0 && c.age > c.refresh_interval)
      refreshes_ = static_cast<std::uint32_t>(std::ceil(c.age / c.refresh_interval)) - 1;
  }

  /// Replaces codes by what the banks give back; errors beyond -top..top are clipped by the weight register, and counted.
  /// Shape   codes (outputs, inner)
  /// Errors  value for a code that is no 8-bit weight; as dense_bank
  void pass(matrix<std::int16_t>& codes, std::int32_t top, std::string const& where) {
    if (!bank_) return;
    std::size_t const piece = bank_->weights_per_column();
    std::vector<std::int8_t> weights;
    for (std::size_t o = 0; o < codes.rows(); ++o)
      for (std::size_t first = 0; first < codes.cols(); first += piece) {
        auto const part = codes.row(o).subspan(first, std::min(piece, codes.cols() - first));
        weights.clear();
        for (std::int16_t const code : part) {
          if (code < -128 || code > 127)
            throw error({errc::value, "code is no 8-bit weight", where, std::to_string(code), "-128..127",
                         "quantise to 8 bits or fewer"});
          weights.push_back(static_cast<std::int8_t>(code));
        }
        exchange(weights);
        for (std::size_t i = 0; i < part.size(); ++i) {
          std::int32_t const w = weights[i];
          part[i] = static_cast<std::int16_t>(std::clamp(w, -top, top));
          clipped_ += static_cast<std::uint64_t>(part[i] != w);
        }
      }
  }

  /// What went on so far, errors as the last read of every column found them; all zero for a perfect bank.
  [[nodiscard]] dense_report const& report() const noexcept { return report_; }
  /// Weights that errors made larger than the DAC drives.
  [[nodiscard]] std::uint64_t clipped() const noexcept { return clipped_; }
  /// Columns that hold weights, in all banks.
  [[nodiscard]] std::uint64_t columns() const noexcept {
    return std::uint64_t{banks_} * static_cast<std::uint64_t>(config_.columns) + column_;
  }

 private:
  /// One column, written, kept and read.
  void exchange(std::vector<std::int8_t>& weights) {
    if (column_ == bank_->columns()) {
      column_ = 0;
      bank_.emplace(config_, seed_, ++banks_, rows_);
    }
    dense_report before;
    bank_->write(column_, weights, before);
    for (std::uint32_t n = 0; n < refreshes_; ++n) bank_->refresh(column_, {n, config_.refresh_interval}, before);
    // What refreshes read is not delivered: of them remain the work, the wear and what they mended.
    before.cells = before.cell_errors = before.bits = before.bit_errors = before.weights = before.weight_errors = 0;
    report_ += before;
    double const rest = config_.age.si() - simd::fence(refreshes_ * config_.refresh_interval.si());
    bank_->read(column_, {refreshes_, seconds(rest)}, weights, report_);
    bank_->release(column_++);
  }

  dense_config config_;
  int rows_;
  std::uint64_t seed_;
  std::optional<dense_bank> bank_;
  std::uint32_t banks_ = 0, refreshes_ = 0;
  std::size_t column_ = 0;
  std::uint64_t clipped_ = 0;
  dense_report report_;
};

}  // namespace ohmic::inline OHMIC_ABI
