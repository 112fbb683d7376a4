// What wires take from a crossbar: node voltages of every cell, as a map of the voltage that devices do not see.
#include <cstdio>
#include <ohmic/crossbar/wires/solver.hpp>
#include <vector>

int main() {
  constexpr std::size_t size = 64, block = 8;
  ohmic::wire_network n;
  n.g_S = ohmic::matrix<double>(size, size);  // (word lines, bit lines)
  for (double& g : n.g_S.flat()) g = 20e-6;   // 50 kohm each
  n.wires.word_segment = n.wires.bit_segment = ohmic::ohms(2.0);
  auto const s = ohmic::wire_solver(n).solve(std::vector<double>(size, 0.2));  // 0.2 V on every word line

  std::puts("% of 0.2 V lost, blocks of 8 x 8 cells; drivers left, sense ends at the bottom");
  for (std::size_t r = 0; r < size; r += block) {
    for (std::size_t c = 0; c < size; c += block) {
      double lost = 0.0;
      for (std::size_t k = 0; k < block * block; ++k) {
        std::size_t const i = r + k / block, j = c + k % block;
        lost += 1.0 - (s.word_V(i, j) - s.bit_V(i, j)) / 0.2;
      }
      std::printf("%6.1f", 100.0 * lost / (block * block));
    }
    std::puts("");
  }
  std::printf("bit line 0 gives %.1f uA, bit line 63 %.1f uA; without wires 256.0 uA\n", 1e6 * s.output_A.front(),
              1e6 * s.output_A.back());
}
