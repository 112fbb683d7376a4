// How codes become the digits of cells and of passes on the rows: value by value, the definition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ohmic/crossbar/in_situ/code_config.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Digits of a weight, before a column is flipped.
/// Shape   digits (slices, lines); lines: 2 for a pair (+, -), else 1
/// Range   |code| <= weight_top()
inline void cell_digits(code_layout const& c, std::int32_t code, std::span<std::int32_t> digits) noexcept {
  std::size_t const lines = c.weights.lines();
  std::int64_t rest = lines == 2 ? (code < 0 ? -code : code) : code + c.weight_top() + 1;
  for (std::size_t i = 0; i < c.weights.slices.size(); ++i) {
    auto const digit = static_cast<std::int32_t>(rest & c.cell_top(i));
    rest >>= c.weights.slices[i];
    digits[lines * i] = lines == 2 && code < 0 ? 0 : digit;
    if (lines == 2) digits[2 * i + 1] = code < 0 ? digit : 0;
  }
}

/// What a digit of a slice counts.
[[nodiscard]] inline std::int64_t slice_weight(code_layout const& c, std::size_t slice) noexcept {
  int shift = 0;
  for (std::size_t i = 0; i < slice; ++i) shift += c.weights.slices[i];
  return std::int64_t{1} << shift;
}

/// Passes of inputs: which digit of a code drives a row in each, and what its result counts.
class input_passes_of {
 public:
  /// Range   passes from layout.passes_for
  input_passes_of(code_layout const& c, int passes, bool has_sign) noexcept
      : bits_(c.inputs.slice_bits),
        top_(static_cast<std::int32_t>(c.input_top())),
        sign_pass_(has_sign && c.inputs.coding == code_coding::twos_complement),
        halves_(has_sign && c.inputs.passes == input_passes::two_summed_digital),
        slices_(halves_ ? passes / 2 : passes - static_cast<int>(sign_pass_)) {}

  /// Largest magnitude of a code.
  [[nodiscard]] std::int64_t reach() const noexcept { return (std::int64_t{1} << (bits_ * slices_)) - 1; }
  /// Range   pass 0..passes - 1, |code| <= reach()
  [[nodiscard]] std::int32_t digit(std::int32_t code, int pass) const noexcept {
    if (sign_pass_) {
      if (pass == slices_) return code < 0 ? 1 : 0;
      auto const bits = static_cast<std::int32_t>(code < 0 ? reach() + 1 + code : code);
      return bits >> (bits_ * pass) & top_;
    }
    bool const minus = halves_ && pass >= slices_;
    std::int32_t const size = code < 0 ? -code : code;
    std::int32_t const digit = size >> (bits_ * (minus ? pass - slices_ : pass)) & top_;
    if (halves_) return (code < 0) == minus ? digit : 0;
    return code < 0 ? -digit : digit;
  }
  [[nodiscard]] std::int64_t weight(int pass) const noexcept {
    if (sign_pass_ && pass == slices_) return -(std::int64_t{1} << (bits_ * slices_));
    bool const minus = halves_ && pass >= slices_;
    std::int64_t const size = std::int64_t{1} << (bits_ * (minus ? pass - slices_ : pass));
    return minus ? -size : size;
  }

 private:
  int bits_;
  std::int32_t top_;
  bool sign_pass_, halves_;
  int slices_;
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
