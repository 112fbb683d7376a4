/* Random words as a function of an address, in C: the generator of ohmic itself, Philox4x32-10.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#pragma once

#include <stdint.h>

/* The four words at (purpose, array, cell, time) under a seed. Those of a cell are its own: ask for one purpose of your own
 * (OHMIC_PURPOSE_OWN + k) for every four numbers that a cell needs. Cells from 2^32 on take the second half of the purposes. */
static inline void philox_words(uint64_t seed, uint32_t purpose, uint32_t array, uint64_t cell, uint32_t time,
                                uint32_t words[4]) {
  uint32_t c0 = purpose + ((uint32_t)(cell >> 32) << 20), c1 = array, c2 = (uint32_t)cell, c3 = time;
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t const p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t const n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1, c3 = (uint32_t)p0;
    c0 = n0, c2 = n2;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

/* Uniform in (0, 1), exact in a double. */
static inline double philox_uniform(uint32_t word) { return ((double)word + 0.5) * (1.0 / 4294967296.0); }
