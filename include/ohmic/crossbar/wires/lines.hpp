// Every word line and every bit line of a network, eliminated from its far end towards its driver or sense end.
//
// A line is a ladder of segments r with a conductance to the crossing lines at every node. Seen from node k towards the far
// end it is a conductance a_k; one segment nearer to the end that is tied it is a_k / (1 + a_k r). With l_k = 1 / (1 + a_k r_k)
//   forward   F_k = f_k + l_(k+1) F_(k+1)              Norton currents, gathered towards the tied end
//   back      u_k = l_k (r_k F_k + u_(k-1))            voltages, from the tied end outwards
// solves the line for node currents f. Only positive numbers are added, so that nothing cancels however small the segments
// are, and r = 0 merges nodes without being a special case.
#pragma once

#include <cstddef>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The eliminated lines as kernels read them. Columns are padded to a multiple of 8 with lines that carry nothing.
/// Shape   matrices (rows, stride); lists (rows) or (stride)
struct wire_lines {
  std::size_t rows = 0, cols = 0, stride = 0;
  double word_r = 0.0, bit_r = 0.0;      ///< ohm, of a segment
  double const* g_S = nullptr;           ///< devices
  double const* word_l = nullptr;        ///< l of word node (i, j); tied end j = 0
  double const* bit_l = nullptr;         ///< l of bit node (i, j); tied end i = rows - 1
  double const* word_end_l = nullptr;    ///< l of the segment at the tied end
  double const* word_end_ohm = nullptr;  ///< voltage of the first node per Norton current there
  double const* word_end_S = nullptr;    ///< a of the first node
  double const* word_stiff = nullptr;    ///< 1 where the driver outweighs the devices, else 0
  double const* bit_end_l = nullptr;
  double const* bit_end_ohm = nullptr;
  double const* bit_end_S = nullptr;   ///< a of the last node
  double const* far_word_S = nullptr;  ///< of the far end, 0 where it is open
  double far_driven = 0.0;  ///< 1 where far ends of word lines have the drivers' voltage, 0 where they have 0 V
  double far_bit_S = 0.0;
};

}  // namespace ohmic::inline OHMIC_ABI
