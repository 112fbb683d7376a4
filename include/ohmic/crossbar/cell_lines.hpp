// Switches and wires of a computation crossbar to first order: what they leave of a cell's conductance and of a
// column's current.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The laws of cell_lines, element by element.
/// Units   conductances and currents in product units: of the resistor of conductance 1, driven by one code;
///         resistances relative to that resistor
namespace cell_lines {

/// On a grid of 2^-20, so that sums of conductances times drives (steps of 2^-8) are exact in double in any order.
/// Range   |v| < 2^31
[[nodiscard, gnu::always_inline]] inline double on_grid(double v) noexcept {
  constexpr double shift = 0x1.8p32;  // leaves 20 bits behind the point, so that the addition rounds
  return simd::fence(v + shift) - shift;
}

/// A resistor of conductance g in series with a switch of resistance s: exact, then on the grid.
[[nodiscard, gnu::always_inline]] inline float behind_switch(double g, double s) noexcept {
  return static_cast<float>(s > 0.0 ? on_grid(g / (1.0 + simd::fence(g * s))) : g);
}

/// What is left of a conductance g whose word line drops `word` x `drop` of its voltage. The quotient agrees with
/// 1 - word drop to first order, is exact for a line with one closed cell, and stays positive.
[[nodiscard, gnu::always_inline]] inline float behind_word_line(double g, double word, double drop) noexcept {
  return static_cast<float>(on_grid(g / (1.0 + simd::fence(word * drop))));
}

/// What is left of a column's current whose nodes rise: the rise, weighted by the closed conductances, takes
/// `bit` x `rise` off; as a quotient, for the same reasons.
[[nodiscard, gnu::always_inline]] inline double behind_bit_line(double current, double bit, double rise) noexcept {
  double const lost = simd::fence(bit * rise);
  return current > 0.0 && lost > 0.0 ? simd::fence(current * current) / (current + lost) : current;
}

}  // namespace cell_lines

/// The cells of one array in one cycle: a session drives the rows, a digit of each token closes cells of its column pair.
/// Row 0 is nearest to the sense ends, column 0 nearest to the drivers; what is not in use carries no current.
/// Shape   closed (rows in use, 2 x tokens): conductance of every cell, 0 where its switch is open; drives (rows in use)
/// Units   product units
struct cell_array {
  matrix<double> closed;
  std::vector<double> drives;
};

/// One column by the first-order model, the definition. Wires drop what the currents that flow without wires would drop:
///   word line i to column j   sum over j' of (min(j, j') + 1) g_ij' V_i        segments shared by the two cells
///   bit line j to row i       sum over i' of (max(i, i')..) = sum of the currents above every segment between i and the end
/// Error   of second order in resistance x conductance of a line: halving the segments quarters it
/// Cost    rows x columns
/// Source  ours: Kirchhoff's law with the currents of the array without wires as its sources
[[nodiscard]] inline double first_order_current(cell_array const& a, std::size_t column, double word,
                                                double bit) noexcept {
  double current = 0.0, conductance = 0.0, rise = 0.0, segments = 0.0;
  for (std::size_t i = a.closed.rows(); i-- > 0;) {
    if (double const g = a.closed(i, column); g > 0.0) {
      // Segments between two closed cells carry the same current.
      if (segments > 0.0) rise += simd::fence(simd::fence(current * conductance) * segments);
      segments = 0.0;
      double drop = 0.0;
      if (word > 0.0)
        for (std::size_t j = 0; j < a.closed.cols(); ++j)
          drop += static_cast<double>(std::min(j, column) + 1) * a.closed(i, j);
      double const left = word > 0.0 ? static_cast<double>(cell_lines::behind_word_line(g, word, drop)) : g;
      current += a.drives[i] * left;
      conductance += left;
    }
    segments += 1.0;
  }
  rise += simd::fence(simd::fence(current * conductance) * segments);
  return bit > 0.0 ? cell_lines::behind_bit_line(current, bit, rise) : current;
}

}  // namespace ohmic::inline OHMIC_ABI
