// The two operands of a product on in-situ arrays in the form that kernels read: cells as bytes, inputs as digits.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_bits.hpp"
#include "ohmic/crossbar/in_situ/code_cells.hpp"
#include "ohmic/crossbar/in_situ/code_digits.hpp"
#include "ohmic/crossbar/in_situ/code_drift.hpp"
#include "ohmic/crossbar/in_situ/code_seen.hpp"
#include "ohmic/crossbar/operand.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Whose converters read a stored matrix.
struct converter_site {
  std::uint32_t array = 0;  ///< number of its first array; of K and V that of the site and head
  bool grows = false;       ///< K and V: arrays fill from step to step
};

/// Y in cells: for each slice and line, block of 16 outputs, array and group of four rows, 16 x 4 digits; which columns
/// are flipped; and the codes themselves for the product in integers.
/// Shape   from codes (outputs, inner)
class stored_operand {
 public:
  stored_operand() = default;
  /// Range   in_cells false: codes alone, for products that are taken in integers
  /// Errors  as driven_operand
  stored_operand(matrix_view<std::int16_t const> codes, code_layout const& c, bool in_cells, std::string const& where)
      : codes_(codes, c.rows(), static_cast<std::int32_t>(c.weight_top()), where, false),
        lines_(c.weights.lines()),
        slices_(c.weights.slices.size()) {
    if (!in_cells) return;
    in_cells_ = true;
    cells_.assign(slices_ * lines_ * per_line(), 0);
    std::vector<std::int32_t> digits(slices_ * lines_);
    for (std::size_t o = 0; o < codes.rows; ++o)
      for (std::size_t k = 0; k < codes.cols; ++k) {
        in_situ::cell_digits(c, codes(o, k), digits);
        for (std::size_t l = 0; l < digits.size(); ++l)
          cells_[l * per_line() + place(o, k)] = static_cast<std::uint8_t>(digits[l]);
      }
    if (c.weights.flipped) flip(codes, c);
  }

  /// Pairs that are subtracted before the converter become one line: digits between -127 and 127, what columns see and the
  /// variance of a read, rounded to a float, of the two cells together. Half the products.
  void subtract_pairs() {
    constexpr int zero = 128;
    auto const join = [&](auto& values, auto const& law) {
      if (values.empty()) return;
      for (std::size_t i = 0; i < slices_; ++i)
        for (std::size_t at = 0; at < per_line(); ++at)
          values[i * per_line() + at] = law(values[2 * i * per_line() + at], values[(2 * i + 1) * per_line() + at]);
      values.resize(slices_ * per_line());
      values.shrink_to_fit();
    };
    if (slices_ == 1) {
      aligned_vector<std::uint8_t>().swap(cells_);  // a digit of a whole code and its sign: the codes themselves
    } else {
      join(cells_, [](int plus, int minus) { return static_cast<std::uint8_t>(plus + zero - minus); });
    }
    join(seen_, [](float plus, float minus) { return plus - minus; });  // exact: steps of 2^-14
    join(variance_, [](float plus, float minus) { return plus + minus; });
    largest_variance_ *= 2.0;
    lines_ = 1;
    subtracted_ = true;
  }
  [[nodiscard]] bool is_subtracted() const noexcept { return subtracted_; }

  /// What columns see becomes bytes, three for a cell and line, where they hold it: one less, and products of integers.
  void pack_seen() {
    if (seen_.empty()) return;
    for (float const v : seen_)
      if (std::fabs(static_cast<double>(v)) * seen_steps >= seen_zero) return;
    fixed_.assign(seen_.size() * seen_bytes, 0);
    for (std::size_t at = 0; at < seen_.size(); ++at) {
      // From (.., rows, 16) to (.., groups, 3, 16, 4).
      std::size_t const row = at / output_block, o = at % output_block;
      auto const steps = static_cast<std::uint32_t>(
          static_cast<std::int32_t>(static_cast<double>(seen_[at]) * seen_steps) + seen_zero);
      for (std::size_t b = 0; b < seen_bytes; ++b)
        fixed_[((row / 4 * seen_bytes + b) * output_block + o) * 4 + row % 4] =
            static_cast<std::uint8_t>(steps >> (8 * b) & 255u);
    }
    aligned_vector<float>().swap(seen_);
  }
  /// Bytes of what columns see, (tiles, groups, 3, 16, 4); null where there are floats, or cells are ideal.
  [[nodiscard]] std::uint8_t const* fixed(std::size_t slice, std::size_t line, std::size_t block) const noexcept {
    if (line >= lines_ || fixed_.empty()) return nullptr;
    return fixed_.data() + seen_bytes * ((slice * lines_ + line) * per_line() + block * per_block());
  }
  /// Bytes that the matrix takes.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return codes_.bytes() + cells_.size() + fixed_.size() +
           4 * (bits_.size() + seen_.size() + variance_.size() + units_.size() + unit_variance_.size() + flips_.size());
  }

  /// Digits become bits, those of 32 rows in a word: for each slice and line, block of 16 outputs and array, its bits from the
  /// highest, words and 16 outputs. An eighth of the memory a bit.
  void pack_bits(code_layout const& c) {
    std::size_t const words = this->words(), tiles = cut().tiles();
    std::size_t total = 0;
    for (int const slice : c.weights.slices) slice_bits_.push_back(static_cast<std::size_t>(slice));
    for (std::size_t const b : slice_bits_) total += b * lines_ * blocks() * tiles * words * output_block;
    bits_.assign(total, 0);
    for (std::size_t l = 0; l < slices_ * lines_; ++l) {
      std::size_t const bits = slice_bits_[l / lines_];
      for (std::size_t o = 0; o < blocks() * output_block; ++o)
        for (std::size_t tile = 0; tile < tiles; ++tile) {
          std::uint32_t* const to = bits_.data() + bits_start(l / lines_, l % lines_, o / output_block) +
                                    tile * bits * words * output_block + o % output_block;
          std::uint8_t const* const from = cells_.data() + l * per_line() + place(o, tile * cut().activations);
          for (std::size_t k = 0; k < cut().groups() * 4; ++k)
            for (std::size_t b = 0; b < bits; ++b)
              to[(b * words + k / word_rows) * output_block] |=
                  (std::uint32_t{from[k / 4 * 4 * output_block + k % 4]} >> (bits - 1 - b) & 1u) << k % word_rows;
        }
    }
    aligned_vector<std::uint8_t>().swap(cells_);
  }
  /// The bits of a block of outputs; null for digits, or a line that is not there.
  [[nodiscard]] std::uint32_t const* bits(std::size_t slice, std::size_t line, std::size_t block) const noexcept {
    return line >= lines_ || bits_.empty() ? nullptr : bits_.data() + bits_start(slice, line, block);
  }
  [[nodiscard]] bool in_bits() const noexcept { return !bits_.empty(); }
  [[nodiscard]] std::size_t bits_of(std::size_t slice) const noexcept { return in_bits() ? slice_bits_[slice] : 0; }
  /// Words of the rows of an array.
  [[nodiscard]] std::size_t words() const noexcept { return pieces(cut().groups() * 4, word_rows); }

  /// What columns see of the cells, through their errors and wires, array by array; the digits stay as they are.
  /// Errors  those of code_cells::seen; capacity where random numbers have no addresses
  void see(code_layout const& c, code_cells const& cells, write_place const& at) {
    bool const unit_column = c.has_unit_column();
    require_addressable(at.first_array + std::uint64_t{arrays(c)},
                        c.rows() * (static_cast<std::size_t>(c.array.columns) + (unit_column ? 1 : 0)), 1, "arrays");
    std::size_t const per_weight = slices_ * lines_, width = c.weights_per_row();
    seen_.assign(cells_.size(), 0.0f);
    if (unit_column) units_.assign(groups(c) * cut().padded(), 0.0f);
    drift_sums drift(c, cells, outputs());
    std::uint32_t array = at.first_array;
    for (std::size_t tile = 0; tile < cut().tiles(); ++tile)
      for (std::size_t first = 0; first < outputs(); first += width, ++array) {
        std::size_t const weights = std::min(width, outputs() - first), row = tile * cut().activations;
        matrix<std::int32_t> digits(cut().filled(tile), weights * per_weight);
        std::vector<std::int64_t> tops(digits.cols());
        for (std::size_t j = 0; j < digits.cols(); ++j) {
          tops[j] = c.cell_top(j % per_weight / lines_);
          for (std::size_t k = 0; k < digits.rows(); ++k)
            digits(k, j) = cells_[j % per_weight * per_line() + place(first + j / per_weight, row + k)];
        }
        auto const seen = cells.seen(digits.view(), tops, unit_column, array, at.time);
        written_.beside(seen.written);
        if (seen.variance.size() > 0 && variance_.empty()) {
          variance_.assign(seen_.size(), 0.0f);
          unit_variance_.assign(units_.size(), 0.0f);
        }
        for (std::size_t j = 0; j < digits.cols(); ++j)
          for (std::size_t k = 0; k < digits.rows(); ++k)
            keep(seen, k, j, static_cast<double>(tops[j]),
                 j % per_weight * per_line() + seen_place(first + j / per_weight, row + k), seen_, variance_);
        for (std::size_t k = 0; unit_column && k < digits.rows(); ++k)
          keep(seen, k, digits.cols(), 1.0, first / width * cut().padded() + cut().place(row + k), units_,
               unit_variance_);
        drift.add(digits.view(), seen, first);
      }
    drift_gains_ = drift.gains();
    unit_gain_ = drift.unit_gain();
  }
  /// Arrays side by side that hold the outputs.
  [[nodiscard]] std::size_t groups(code_layout const& c) const noexcept {
    return pieces(outputs(), c.weights_per_row());
  }
  /// Arrays that hold the matrix.
  [[nodiscard]] std::size_t arrays(code_layout const& c) const noexcept { return cut().tiles() * groups(c); }

  /// What writing its arrays took, side by side; nothing where cells are ideal and take their digits at once.
  [[nodiscard]] array_writing const& written() const noexcept { return written_; }
  [[nodiscard]] converter_site const& converters_at() const noexcept { return converters_at_; }
  void set_converters(converter_site const& at) noexcept { converters_at_ = at; }

  [[nodiscard]] driven_operand const& codes() const noexcept { return codes_; }
  [[nodiscard]] tiling const& cut() const noexcept { return codes_.cut(); }
  [[nodiscard]] std::size_t outputs() const noexcept { return codes_.outputs(); }
  [[nodiscard]] std::size_t blocks() const noexcept { return codes_.blocks(); }
  [[nodiscard]] std::int32_t code(std::size_t o, std::size_t k) const noexcept { return codes_.code(o, k); }
  [[nodiscard]] bool in_cells() const noexcept { return in_cells_; }
  [[nodiscard]] std::size_t slices() const noexcept { return slices_; }
  [[nodiscard]] std::size_t lines() const noexcept { return subtracted_ ? 2 : lines_; }
  /// True where the two lines of a pair are there by themselves.
  [[nodiscard]] bool has_two_lines() const noexcept { return lines_ == 2; }

  /// First digit of a block of outputs; null for a line that is not there.
  [[nodiscard]] std::uint8_t const* cells(std::size_t slice, std::size_t line, std::size_t block) const noexcept {
    if (line >= lines_ || in_bits()) return nullptr;
    if (cells_.empty()) return codes_.offset(block);
    return cells_.data() + (slice * lines_ + line) * per_line() + block * per_block();
  }
  /// Most that a cell conducts, over what its largest digit should; the largest variance of a read, over its square.
  [[nodiscard]] double largest_share() const noexcept { return largest_share_; }
  [[nodiscard]] double largest_variance() const noexcept { return largest_variance_; }
  /// What columns see, (tiles, groups x 4, 16); null where it is in bytes, or cells are ideal.
  [[nodiscard]] float const* seen(std::size_t slice, std::size_t line, std::size_t block) const noexcept {
    return of_block(seen_, slice, line, block);
  }
  /// Variance of a read of it; null where reads are exact.
  [[nodiscard]] float const* variance(std::size_t slice, std::size_t line, std::size_t block) const noexcept {
    return of_block(variance_, slice, line, block);
  }
  /// What the unit column of a group of arrays conducts, in a padded row, and its variance; null as above.
  [[nodiscard]] float const* units(std::size_t group) const noexcept {
    return units_.empty() ? nullptr : units_.data() + group * cut().padded();
  }
  [[nodiscard]] float const* unit_variance(std::size_t group) const noexcept {
    return unit_variance_.empty() ? nullptr : unit_variance_.data() + group * cut().padded();
  }
  /// Factors against drift of what columns deliver, by output, and of what unit columns do; empty: none.
  [[nodiscard]] std::vector<double> const& drift_gains() const noexcept { return drift_gains_; }
  [[nodiscard]] double unit_gain() const noexcept { return unit_gain_; }
  /// -1 for a flipped column, else 0, (tiles, 16); null where none is.
  [[nodiscard]] std::int32_t const* flips(std::size_t slice, std::size_t block) const noexcept {
    if (flips_.empty()) return nullptr;
    return flips_.data() + (slice * blocks() + block) * cut().tiles() * output_block;
  }

 private:
  [[nodiscard]] std::size_t per_block() const noexcept { return cut().padded() * output_block; }
  [[nodiscard]] std::size_t per_line() const noexcept { return blocks() * per_block(); }
  [[nodiscard]] std::size_t place(std::size_t o, std::size_t k) const noexcept {
    std::size_t const tile = k / cut().activations, in = k % cut().activations;
    return o / output_block * per_block() + tile * cut().groups() * 4 * output_block +
           (in / 4 * output_block + o % output_block) * 4 + in % 4;
  }

  [[nodiscard]] std::size_t bits_start(std::size_t slice, std::size_t line, std::size_t block) const noexcept {
    std::size_t const per_bit = cut().tiles() * words() * output_block;
    std::size_t before = 0;
    for (std::size_t i = 0; i < slice; ++i) before += slice_bits_[i] * lines_ * blocks();
    return (before + slice_bits_[slice] * (line * blocks() + block)) * per_bit;
  }
  [[nodiscard]] std::size_t seen_place(std::size_t o, std::size_t k) const noexcept {
    return o / output_block * per_block() + cut().place(k) * output_block + o % output_block;
  }

  [[nodiscard]] float const* of_block(aligned_vector<float> const& values, std::size_t slice, std::size_t line,
                                      std::size_t block) const noexcept {
    if (line >= lines_ || values.empty()) return nullptr;
    return values.data() + (slice * lines_ + line) * per_line() + block * per_block();
  }
  void keep(seen_array const& seen, std::size_t k, std::size_t j, double top, std::size_t at,
            aligned_vector<float>& digits, aligned_vector<float>& variances) {
    digits[at] = seen.digits(k, j);
    largest_share_ = std::max(largest_share_, static_cast<double>(digits[at]) / top);
    if (variances.empty()) return;
    variances[at] = seen.variance(k, j);
    largest_variance_ = std::max(largest_variance_, static_cast<double>(variances[at]) / (top * top));
  }

  void flip(matrix_view<std::int16_t const> codes, code_layout const& c) {
    flips_.assign(slices_ * blocks() * cut().tiles() * output_block, 0);
    for (std::size_t i = 0; i < slices_; ++i)
      for (std::size_t o = 0; o < codes.rows; ++o)
        for (std::size_t tile = 0; tile < cut().tiles(); ++tile) {
          std::size_t const first = tile * cut().activations, last = first + cut().filled(tile);
          std::int64_t sum = 0;
          for (std::size_t k = first; k < last; ++k) sum += cells_[i * per_line() + place(o, k)];
          if (sum * c.input_top() < c.flip_from(i)) continue;
          flips_[((i * blocks() + o / output_block) * cut().tiles() + tile) * output_block + o % output_block] = -1;
          for (std::size_t k = first; k < last; ++k) {
            auto& digit = cells_[i * per_line() + place(o, k)];
            digit = static_cast<std::uint8_t>(c.cell_top(i) - digit);
          }
        }
  }

  driven_operand codes_;
  std::size_t lines_ = 1, slices_ = 1;
  bool subtracted_ = false, in_cells_ = false;
  converter_site converters_at_{};
  array_writing written_{};
  std::vector<std::size_t> slice_bits_;
  aligned_vector<std::uint32_t> bits_;
  aligned_vector<std::uint8_t> cells_, fixed_;
  aligned_vector<float> seen_, variance_, units_, unit_variance_;
  double largest_share_ = 1.0, largest_variance_ = 0.0;
  std::vector<double> drift_gains_;
  double unit_gain_ = 1.0;
  aligned_vector<std::int32_t> flips_;
};

/// X as digits on the rows, pass by pass.
/// Shape   from codes (tokens, inner): digits (P, tokens, padded), their sums (P, tokens, tiles)
class input_operand {
 public:
  /// Errors  shape for an empty matrix or one whose width is not that of the cut; config_conflict for passes that
  ///         codes cannot have; value, naming the element, for a code beyond the passes
  template <switched_code Code>
  input_operand(matrix_view<Code const> codes, tiling const& cut, code_layout const& c, int passes,
                std::string const& where)
      : cut_(cut), tokens_(codes.rows), passes_(static_cast<std::size_t>(passes)) {
    constexpr bool has_sign = std::is_signed_v<Code>;
    if (codes.rows == 0 || codes.cols != cut.inner)
      throw error({errc::shape, "inputs do not fit the weights", where, shape_text(codes.rows, codes.cols),
                   "n x " + std::to_string(cut.inner) + ", n at least 1", "make the inputs as wide as the weights"});
    // 16 bits of magnitude are the most that codes have.
    if (passes < 1 || passes > c.passes_for(16, has_sign) || (has_sign && passes < c.passes_for(1, has_sign)))
      throw error({errc::config_conflict, "number of passes", where, std::to_string(passes),
                   std::to_string(c.passes_for(1, has_sign)) + ".." + std::to_string(c.passes_for(16, has_sign)),
                   "take the passes that the layout gives"});
    input_passes_of const law(c, passes, has_sign);
    for (std::size_t n = 0; n < codes.rows; ++n)
      for (std::size_t k = 0; k < codes.cols; ++k)
        if (codes(n, k) > law.reach() || -std::int64_t{codes(n, k)} > law.reach())
          throw error({errc::value, "code without digits",
                       where + "[" + std::to_string(n) + "," + std::to_string(k) + "]", std::to_string(codes(n, k)),
                       "at most " + std::to_string(law.reach()) + " in magnitude",
                       "use more passes or narrower codes"});
    digits_.assign(passes_ * tokens_ * cut_.padded(), 0);
    sums_.assign(passes_ * tokens_ * cut_.tiles(), 0);
    weights_.reserve(passes_);
    for (int p = 0; p < passes; ++p) {
      weights_.push_back(law.weight(p));
      for (std::size_t n = 0; n < tokens_; ++n)
        for (std::size_t tile = 0; tile < cut_.tiles(); ++tile) {
          std::size_t const row = static_cast<std::size_t>(p) * tokens_ + n, filled = cut_.filled(tile);
          Code const* const code = &codes(n, tile * cut_.activations);
          std::int8_t* const digit = digits_.data() + row * cut_.padded() + tile * cut_.groups() * 4;
          std::int32_t sum = 0;
          for (std::size_t k = 0; k < filled; ++k) {
            digit[k] = static_cast<std::int8_t>(law.digit(code[k], p));
            sum += digit[k];
          }
          sums_[row * cut_.tiles() + tile] = sum;
        }
    }
    if (in_situ::counts_bits(c)) pack_bits();
  }

  [[nodiscard]] std::size_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::size_t passes() const noexcept { return passes_; }
  [[nodiscard]] std::int64_t weight(std::size_t pass) const noexcept { return weights_[pass]; }
  /// Padded row of digits of a token.
  [[nodiscard]] std::int8_t const* row(std::size_t pass, std::size_t token) const noexcept {
    return digits_.data() + (pass * tokens_ + token) * cut_.padded();
  }
  /// The digits as bits, (tiles, words); null where they are more than that.
  [[nodiscard]] std::uint32_t const* bits(std::size_t pass, std::size_t token) const noexcept {
    return bits_.empty() ? nullptr : bits_.data() + (pass * tokens_ + token) * cut_.tiles() * words();
  }
  /// Sums of the digits, array by array: what a unit column delivers.
  [[nodiscard]] std::int32_t const* sums(std::size_t pass, std::size_t token) const noexcept {
    return sums_.data() + (pass * tokens_ + token) * cut_.tiles();
  }

 private:
  [[nodiscard]] std::size_t words() const noexcept { return pieces(cut_.groups() * 4, word_rows); }
  void pack_bits() {
    std::size_t const rows = cut_.groups() * 4;
    bits_.assign(digits_.size() / rows * words(), 0);
    for (std::size_t a = 0; a < digits_.size() / rows; ++a)
      for (std::size_t k = 0; k < rows; k += 4) {  // four bytes of 0 or 1 become four bits
        std::uint32_t four;
        std::memcpy(&four, digits_.data() + a * rows + k, 4);
        if constexpr (std::endian::native == std::endian::big) four = __builtin_bswap32(four);
        bits_[a * words() + k / word_rows] |= (four * 0x10204080u >> 28) << k % word_rows;
      }
  }

  tiling cut_;
  std::size_t tokens_, passes_;
  std::vector<std::int64_t> weights_;
  aligned_vector<std::int8_t> digits_;
  aligned_vector<std::uint32_t> bits_;
  aligned_vector<std::int32_t> sums_;
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
