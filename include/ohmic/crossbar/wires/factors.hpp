// The lines of a network eliminated: what lines.hpp describes, made from a network.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/lines.hpp"
#include "ohmic/crossbar/wires/network.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Owner of the eliminated lines of a network.
/// Cost    m n divisions for the word lines and as many for the bit lines
class wire_factors {
 public:
  /// Range   a validated network that outlives this
  explicit wire_factors(wire_network const& n) {
    std::size_t const rows = n.word_lines(), cols = n.bit_lines(), stride = (cols + 7) / 8 * 8;
    word_l_ = matrix<double>(rows, stride);
    bit_l_ = matrix<double>(rows, stride);
    word_ends_ = matrix<double>(5, rows);
    bit_ends_ = matrix<double>(3, stride);
    double const* g = n.g_S.data();
    if (stride != cols) {
      padded_ = matrix<double>(rows, stride);
      for (std::size_t i = 0; i < rows; ++i) std::copy_n(n.g_S.row(i).data(), cols, padded_.row(i).data());
      g = padded_.data();
    }
    eliminate_words(n);
    eliminate_bits(n);
    lines_ = {rows,
              cols,
              stride,
              n.wires.word_segment.si(),
              n.wires.bit_segment.si(),
              g,
              word_l_.data(),
              bit_l_.data(),
              word_ends_.row(0).data(),
              word_ends_.row(1).data(),
              word_ends_.row(2).data(),
              word_ends_.row(3).data(),
              bit_ends_.row(0).data(),
              bit_ends_.row(1).data(),
              bit_ends_.row(2).data(),
              word_ends_.row(4).data(),
              n.wires.word_end == far_end::driven ? 1.0 : 0.0,
              n.far_bit_S()};
  }
  wire_factors(wire_factors const&) = delete;
  wire_factors& operator=(wire_factors const&) = delete;

  [[nodiscard]] wire_lines const& lines() const noexcept { return lines_; }

 private:
  /// l, ohm and S of the tied end behind a node of conductance a; r infinite: the end is not tied.
  static void end(double a, double r, double& l, double& ohm, double& conductance) noexcept {
    conductance = a;
    l = std::isinf(r) ? 0.0 : 1.0 / (1.0 + simd::fence(a * r));
    ohm = std::isinf(r) ? (a > 0.0 ? 1.0 / a : 0.0) : simd::fence(r * l);
  }

  void eliminate_words(wire_network const& n) {
    std::size_t const rows = n.word_lines(), cols = n.bit_lines();
    double const r = n.wires.word_segment.si();
    constexpr std::size_t together = 8;  // lines side by side, so that their divisions overlap
    for (std::size_t first = 0; first < rows; first += together) {
      std::size_t const count = std::min(together, rows - first);
      double a[together] = {};
      for (std::size_t k = 0; k < count; ++k)
        a[k] = n.g_S(first + k, cols - 1) + (word_ends_(4, first + k) = n.far_word_S(first + k));
      for (std::size_t j = cols - 1; j > 0; --j)
        for (std::size_t k = 0; k < count; ++k) {
          double const l = 1.0 / (1.0 + simd::fence(a[k] * r));
          word_l_(first + k, j) = l;
          a[k] = n.g_S(first + k, j - 1) + simd::fence(a[k] * l);
        }
      for (std::size_t k = 0; k < count; ++k) {
        std::size_t const i = first + k;
        end(a[k], n.driver_side_ohm(i), word_ends_(0, i), word_ends_(1, i), word_ends_(2, i));
        double devices = 0.0;
        for (std::size_t j = 0; j < cols; ++j) devices += n.g_S(i, j);
        bool const stiff = n.wires.word_end != far_end::grounded && n.driver_side_ohm(i) * devices <= 1.0;
        word_ends_(3, i) = stiff ? 1.0 : 0.0;
      }
    }
  }

  void eliminate_bits(wire_network const& n) {
    std::size_t const rows = n.word_lines(), cols = n.bit_lines();
    double const r = n.wires.bit_segment.si();
    auto const a = bit_ends_.row(2);
    for (std::size_t j = 0; j < cols; ++j) a[j] = n.g_S(0, j) + n.far_bit_S();
    for (std::size_t i = 0; i + 1 < rows; ++i)
      for (std::size_t j = 0; j < cols; ++j) {
        double const l = 1.0 / (1.0 + simd::fence(a[j] * r));
        bit_l_(i, j) = l;
        a[j] = n.g_S(i + 1, j) + simd::fence(a[j] * l);
      }
    for (std::size_t j = 0; j < cols; ++j)
      end(a[j], n.sense_side_ohm(j), bit_ends_(0, j), bit_ends_(1, j), bit_ends_(2, j));
  }

  matrix<double> padded_, word_l_, bit_l_;
  matrix<double> word_ends_, bit_ends_;  // rows: l, ohm, S; of words also stiff, S of the far end
  wire_lines lines_;
};

}  // namespace ohmic::inline OHMIC_ABI
