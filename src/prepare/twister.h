/* twister.h - the random numbers of numpy's RandomState, for rows that scikit-learn would take: MT19937. */
#ifndef LATHE_PREPARE_TWISTER_H
#define LATHE_PREPARE_TWISTER_H

#include "../base/error.h"

enum { LATHE_TWISTER_WORDS = 624 };

typedef struct lathe_twister {
  uint32_t word[LATHE_TWISTER_WORDS];
  int32_t used;
} lathe_twister;

/* Whether a seed is one of RandomState's: 0 to 2^32 - 1. */
bool lathe_twister_accepts(int64_t seed, lathe_error *error);
void lathe_twister_seed(lathe_twister *state, uint32_t seed);

/* RandomState.shuffle: Fisher-Yates from the end with masked rejection. */
void lathe_twister_shuffle(lathe_twister *state, int64_t *items, int64_t count);

#endif
