/* random.h - seeded random numbers that do not depend on the number of threads.
 *
 * The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"). It is
 * a function of (seed, stream, position): each chunk of work takes a stream of its own, and streams never overlap. */
#ifndef LATHE_BASE_RANDOM_H
#define LATHE_BASE_RANDOM_H

#include "error.h"

typedef struct lathe_random {
  uint32_t key[2];     /* the seed */
  uint32_t counter[4]; /* position (low, high), stream (low, high) */
  uint32_t block[4];   /* the numbers of the current position */
  uint32_t used;       /* how many of them are given away; 4 when all */
} lathe_random;

void lathe_random_seed(lathe_random *random, uint64_t seed, uint64_t stream);

/* 32 and 64 random bits. */
uint32_t lathe_random_next32(lathe_random *random);
uint64_t lathe_random_next64(lathe_random *random);

/* Uniform in [0, 1) with 53 bits; standard normal (Box-Muller); uniform in [0, limit), unbiased (Lemire 2019). */
double lathe_random_uniform(lathe_random *random);
double lathe_random_normal(lathe_random *random);
uint64_t lathe_random_below(lathe_random *random, uint64_t limit);

/* One Philox4x32-10 block, for the known-answer test. */
void lathe_random_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
