// The two operands of a product in the form that kernels read: Y as the bytes that the DACs drive, X as digits.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/cache.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/numeral/balanced.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How the inner dimension is cut: tiles of `activations`, each padded to a multiple of four bytes.
struct tiling {
  std::size_t inner = 0;
  std::size_t activations = 1;

  [[nodiscard]] constexpr std::size_t tiles() const noexcept { return pieces(inner, activations); }
  /// Activations in a tile: the last one takes the remainder.
  [[nodiscard]] constexpr std::size_t filled(std::size_t tile) const noexcept {
    return std::min(activations, inner - tile * activations);
  }
  /// Groups of four bytes of a tile, and bytes of a whole padded row.
  [[nodiscard]] constexpr std::size_t groups() const noexcept { return pieces(std::min(activations, inner), 4); }
  [[nodiscard]] constexpr std::size_t padded() const noexcept { return tiles() * groups() * 4; }
  /// Place of element i of a row in the padded row.
  [[nodiscard]] constexpr std::size_t place(std::size_t i) const noexcept {
    return i / activations * groups() * 4 + i % activations;
  }
};

/// Y, ready to be driven: for each block of 16 outputs, tile and group of four inner elements, 16 x 4 bytes of w + 128
/// (for the
/// difference I+ - I-) and of |w| (for the sum I+ + I-). Two bytes per padded weight.
/// Shape   from codes (outputs, inner)
class driven_operand {
 public:
  driven_operand() = default;
  /// Errors  shape for an empty matrix; config_value for no activations, or a top whose codes are no bytes; value, naming the
  ///         element, for a code beyond -top..top of the DAC
  /// Range   activations at least 1, top 1..127; magnitudes false: without |w|, for products in integers alone; one byte per padded weight
  driven_operand(matrix_view<std::int16_t const> codes, std::size_t activations, std::int32_t top,
                 std::string const& where, bool magnitudes = true)
      : cut_{codes.cols, activations}, outputs_(codes.rows) {
    if (top < 1 || top > 127)
      throw error({errc::config_value, "largest code of the DAC is out of range", where, std::to_string(top), "1..127",
                   "use a DAC of 2 to 8 bits"});
    if (activations < 1)
      throw error({errc::config_value, "a column pair without activations", where, "0 activations", "at least 1",
                   "use more rows in an array"});
    if (codes.rows == 0 || codes.cols == 0)
      throw error({errc::shape, "empty matrix", where, shape_text(codes.rows, codes.cols), "at least 1 x 1",
                   "check the model's sizes"});
    offset_.assign(pieces(outputs_, output_block) * output_block * cut_.padded(), 128);
    if (magnitudes) magnitude_.assign(offset_.size(), 0);
    for (std::size_t t = 0; t < outputs_; ++t)
      for (std::size_t i = 0; i < cut_.inner; ++i) {
        std::int32_t const w = codes(t, i);
        if (w < -top || w > top)
          throw error({errc::value, "code beyond the DAC",
                       where + "[" + std::to_string(t) + "," + std::to_string(i) + "]", std::to_string(w),
                       std::to_string(-top) + ".." + std::to_string(top), "quantise to the bits of the DAC"});
        std::size_t const at = index(t, i);
        offset_[at] = static_cast<std::uint8_t>(w + 128);
        if (magnitudes) magnitude_[at] = static_cast<std::uint8_t>(w < 0 ? -w : w);
      }
  }

  [[nodiscard]] tiling const& cut() const noexcept { return cut_; }
  [[nodiscard]] std::size_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::size_t blocks() const noexcept { return pieces(outputs_, output_block); }
  [[nodiscard]] std::size_t bytes() const noexcept { return offset_.size() + magnitude_.size(); }

  /// First byte of a block of outputs.
  [[nodiscard]] std::uint8_t const* offset(std::size_t b) const noexcept { return offset_.data() + start(b, 0); }
  /// Whether it holds |w| as well.
  [[nodiscard]] bool has_magnitudes() const noexcept { return !magnitude_.empty(); }
  [[nodiscard]] std::uint8_t const* magnitude(std::size_t b) const noexcept {
    return magnitude_.empty() ? nullptr : magnitude_.data() + start(b, 0);
  }
  /// The code of output t at inner element i.
  [[nodiscard]] std::int32_t code(std::size_t t, std::size_t i) const noexcept { return offset_[index(t, i)] - 128; }

 private:
  [[nodiscard]] std::size_t start(std::size_t b, std::size_t tile) const noexcept {
    return (b * cut_.tiles() + tile) * cut_.groups() * 4 * output_block;
  }
  [[nodiscard]] std::size_t index(std::size_t t, std::size_t i) const noexcept {
    std::size_t const k = i % cut_.activations;
    return start(t / output_block, i / cut_.activations) + (k / 4 * output_block + t % output_block) * 4 + k % 4;
  }

  tiling cut_;
  std::size_t outputs_ = 0;
  aligned_vector<std::uint8_t> offset_, magnitude_;
};

/// Codes that may switch resistors: signed activations, and exponentials, which are never negative and may have a 16th bit.
template <class T>
concept switched_code = std::same_as<T, std::int16_t> || std::same_as<T, std::uint16_t>;

/// The view of a matrix of such codes, whatever holds them.
[[nodiscard]] constexpr matrix_view<std::int16_t const> switched_view(matrix_view<std::int16_t const> x) noexcept {
  return x;
}
[[nodiscard]] constexpr matrix_view<std::uint16_t const> switched_view(matrix_view<std::uint16_t const> x) noexcept {
  return x;
}
template <class X>
concept switched_codes = requires(X const& x) {
  ohmic::switched_view(x);
};

/// X as digits: what the switch registers see, digit by digit.
/// Shape   from codes (tokens, inner): digits and their magnitudes (D, tokens, padded), starts of sums (D, tokens,
///         tiles)
class switched_operand {
 public:
  /// The largest code, 16 bits of an exponential, and the digits that it has at S = 1, which are the most.
  static constexpr std::int32_t max_code = 65535;
  static constexpr int max_digits = balanced_digits(1, max_code);

  switched_operand() = default;

  /// Balanced digits of scale factor S.
  /// Range   S in 1..7, digits so many that every code has them
  /// Errors  shape for an empty matrix or one whose width is not that of the cut; value, naming the element, for a code
  ///         without digits
  template <int S, switched_code Code>
  [[nodiscard]] static switched_operand balanced_digits_of(matrix_view<Code const> codes, tiling const& cut, int digits,
                                                           std::string const& where) {
    check_digits<S>(digits, where);
    switched_operand x(codes, cut, static_cast<std::size_t>(digits), balanced<S>::reach(digits), where);
    for (std::size_t d = x.digits_; d-- > 0;)
      x.weights_[d] = d + 1 == x.digits_ ? 1 : x.weights_[d + 1] * balanced<S>::base;
    x.wide_ = balanced<S>::top_digit > 63;
    // The narrower type divides several times faster.
    if (2 * balanced<S>::reach(digits) < 65536) {
      x.template encode<S, std::uint16_t>(codes);
    } else {
      x.template encode<S, std::uint32_t>(codes);
    }
    return x;
  }

  /// Refuses what balanced_digits_of refuses, without taking a digit.
  template <int S, switched_code Code>
  static void require_digits(matrix_view<Code const> codes, tiling const& cut, int digits, std::string const& where) {
    check_digits<S>(digits, where);
    check_codes(codes, cut, balanced<S>::reach(digits), where);
  }

  /// The same codes in as few bytes as hold them: one digit up to 127, two of base 255 up to 32512, else three. Carries
  /// the lossless product.
  template <switched_code Code>
  [[nodiscard]] static switched_operand bytes_of(matrix_view<Code const> codes, tiling const& cut,
                                                 std::string const& where) {
    std::int32_t largest = 0;
    for (std::size_t n = 0; n < codes.rows; ++n)
      for (Code const c : codes.row(n)) largest = std::max<std::int32_t>(largest, c < 0 ? -c : c);
    return balanced_digits_of<7>(codes, cut, balanced<7>::digits_for(largest), where);
  }

  [[nodiscard]] tiling const& cut() const noexcept { return cut_; }
  [[nodiscard]] std::size_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::size_t digits() const noexcept { return digits_; }
  /// True if digits beyond 63 occur: then byte products need the wide recipe (core/dot4.hpp).
  [[nodiscard]] bool wide() const noexcept { return wide_; }
  /// Value of digit d in the number: B^(D - 1 - d).
  [[nodiscard]] std::int64_t weight(std::size_t d) const noexcept { return weights_[d]; }

  /// Most that the digits of a token add up to in magnitude, each times its value: more than the code, where digits differ
  /// in sign.
  [[nodiscard]] double largest_magnitude() const noexcept {
    double largest = 0.0;
    for (std::size_t n = 0; n < tokens_; ++n) {
      double sum = 0.0;
      for (std::size_t d = 0; d < digits_; ++d) {
        std::int64_t of_digit = 0;
        for (std::size_t i = 0; i < cut_.padded(); ++i) of_digit += magnitude_row(d, n)[i];
        sum += static_cast<double>(of_digit) * static_cast<double>(weights_[d]);
      }
      largest = std::max(largest, sum);
    }
    return largest;
  }

  /// Padded row of digit d of a token: the digits, and their magnitudes.
  [[nodiscard]] std::int8_t const* row(std::size_t d, std::size_t token) const noexcept {
    return digit_.data() + (d * tokens_ + token) * cut_.padded();
  }
  [[nodiscard]] std::int8_t const* magnitude_row(std::size_t d, std::size_t token) const noexcept {
    return magnitude_.data() + (d * tokens_ + token) * cut_.padded();
  }
  /// -128 x sum of the digits d of a token, tile by tile: what sums of (w + 128) d start from to become sums of w d.
  [[nodiscard]] std::int32_t const* starts(std::size_t d, std::size_t token) const noexcept {
    return start_.data() + (d * tokens_ + token) * cut_.tiles();
  }

 private:
  template <int S>
  static void check_digits(int digits, std::string const& where) {
    // More digits than 16-bit codes need would only leave the integers that hold them.
    constexpr int most = balanced<S>::digits_for(max_code);
    if (digits < 1 || digits > most)
      throw error({errc::config_conflict, "number of digits", where, std::to_string(digits),
                   "1.." + std::to_string(most), "use narrower codes or a larger scale factor"});
  }

  template <switched_code Code>
  switched_operand(matrix_view<Code const> codes, tiling const& cut, std::size_t digits, std::int64_t reach,
                   std::string const& where)
      : cut_(cut), tokens_(codes.rows), digits_(digits) {
    check_codes(codes, cut, reach, where);
    digit_.assign(digits_ * tokens_ * cut_.padded(), 0);
    magnitude_.assign(digit_.size(), 0);
    start_.assign(digits_ * tokens_ * cut_.tiles(), 0);
  }

  template <switched_code Code>
  static void check_codes(matrix_view<Code const> codes, tiling const& cut, std::int64_t reach,
                          std::string const& where) {
    if (codes.rows == 0 || codes.cols == 0)
      throw error({errc::shape, "empty matrix", where, shape_text(codes.rows, codes.cols), "at least 1 x 1",
                   "give at least one token"});
    if (codes.cols != cut.inner)
      throw error({errc::shape, "inner sizes differ", where, shape_text(codes.rows, codes.cols),
                   "n x " + std::to_string(cut.inner), "make the activations as wide as the weights"});
    for (std::size_t n = 0; n < codes.rows; ++n) {
      auto const row = codes.row(n);
      Code low = 0, high = 0;
      for (Code const c : row) {  // in this form the compiler takes whole registers
        low = c < low ? c : low;
        high = c > high ? c : high;
      }
      if (low >= -reach && high <= reach) continue;
      for (std::size_t i = 0; i < codes.cols; ++i)
        if (codes(n, i) < -reach || codes(n, i) > reach)
          throw error({errc::value, "code without digits",
                       where + "[" + std::to_string(n) + "," + std::to_string(i) + "]", std::to_string(codes(n, i)),
                       std::to_string(-reach) + ".." + std::to_string(reach), "use more digits or narrower codes"});
    }
  }

  /// Row by row and digit by digit what balanced<S>::encode does to one value.
  template <int S, class Unsigned, switched_code Code>
  void encode(matrix_view<Code const> codes) noexcept {
    constexpr auto base = static_cast<Unsigned>(balanced<S>::base);
    auto const shift = static_cast<std::int32_t>(balanced<S>::reach(static_cast<int>(digits_)));
    std::vector<Unsigned> rest(cut_.activations);
    for (std::size_t n = 0; n < tokens_; ++n)
      for (std::size_t tile = 0; tile < cut_.tiles(); ++tile) {
        std::size_t const filled = cut_.filled(tile);
        Code const* const code = &codes(n, tile * cut_.activations);
        for (std::size_t i = 0; i < filled; ++i) rest[i] = static_cast<Unsigned>(code[i] + shift);
        for (std::size_t d = digits_; d-- > 0;) {
          std::size_t const at = (d * tokens_ + n) * cut_.padded() + tile * cut_.groups() * 4;
          std::int8_t* const digit = digit_.data() + at;
          std::int8_t* const magnitude = magnitude_.data() + at;
          std::int32_t sum = 0;
          for (std::size_t i = 0; i < filled; ++i) {
            auto const quotient = static_cast<Unsigned>(rest[i] / base);
            auto const value = static_cast<std::int16_t>(static_cast<std::int16_t>(rest[i] - quotient * base) -
                                                         balanced<S>::top_digit);
            digit[i] = static_cast<std::int8_t>(value);
            magnitude[i] = static_cast<std::int8_t>(value < 0 ? -value : value);
            sum += value;
            rest[i] = quotient;
          }
          start_[(d * tokens_ + n) * cut_.tiles() + tile] = -128 * sum;
        }
      }
  }

  tiling cut_;
  std::size_t tokens_ = 0, digits_ = 0;
  std::int64_t weights_[max_digits] = {};
  bool wide_ = false;
  aligned_vector<std::int8_t> digit_, magnitude_;
  aligned_vector<std::int32_t> start_;
};

/// One digit of some tokens against blocks of outputs, one by default; a digit that is not there has no pointers.
[[nodiscard]] inline block_job job_for(switched_operand const& x, driven_operand const& y, std::size_t block,
                                       std::size_t digit, std::size_t first_token, std::size_t tokens,
                                       std::size_t blocks = 1) noexcept {
  bool const there = digit < x.digits();
  return {y.offset(block),
          y.magnitude(block),
          there ? x.row(digit, first_token) : nullptr,
          there ? x.magnitude_row(digit, first_token) : nullptr,
          there ? x.starts(digit, first_token) : nullptr,
          tokens,
          x.cut().tiles(),
          x.cut().groups(),
          blocks,
          x.wide(),
          core_caches::rows_in_half(core_caches::of_machine().outer, 4 * output_block * exact_blocks, 1)};
}

}  // namespace ohmic::inline OHMIC_ABI
