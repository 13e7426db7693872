/* split.c - MT19937 as numpy's RandomState uses it, and the split of rows. */
#include "split.h"

#include <math.h>

enum { STATE = 624, MIDDLE = 397 };

typedef struct {
  uint32_t word[STATE];
  int32_t used;
} twister;

static void twister_seed(twister *state, uint32_t seed) {
  state->word[0] = seed;
  for (uint32_t i = 1; i < STATE; i++)
    state->word[i] = 1812433253u * (state->word[i - 1] ^ (state->word[i - 1] >> 30)) + i;
  state->used = STATE;
}

static uint32_t twister_next(twister *state) {
  if (state->used == STATE) {
    for (int32_t i = 0; i < STATE; i++) {
      uint32_t both = (state->word[i] & 0x80000000u) | (state->word[(i + 1) % STATE] & 0x7fffffffu);
      state->word[i] = state->word[(i + MIDDLE) % STATE] ^ (both >> 1) ^ (both & 1 ? 0x9908b0dfu : 0);
    }
    state->used = 0;
  }
  uint32_t word = state->word[state->used++];
  word ^= word >> 11;
  word ^= word << 7 & 0x9d2c5680u;
  word ^= word << 15 & 0xefc60000u;
  return word ^ word >> 18;
}

/* Uniform in 0 .. most. */
static uint64_t twister_upto(twister *state, uint64_t most) {
  uint64_t mask = most, value;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  do {
    value = twister_next(state);
    if (most > UINT32_MAX) value = value << 32 | twister_next(state);
    value &= mask;
  } while (value > most);
  return value;
}

int64_t lathe_split_count(int64_t rows, double test, lathe_error *error) {
  if (!(test > 0) || (test >= 1 && test != floor(test))) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "test = %g is neither a part of the rows nor a number of rows; give 0.2 for a fifth, or "
                    "500 for 500 rows",
                    test);
    return -1;
  }
  double count = test < 1 ? ceil(test * (double)rows) : test;
  if (rows < 2 || !(count < (double)rows)) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "%lld row%s cannot be cut into training rows and %.0f test rows; %s", (long long)rows,
                    rows == 1 ? "" : "s", count, rows < 2 ? "at least 2 are needed" : "make test smaller");
    return -1;
  }
  return (int64_t)count;
}

bool lathe_split_order(int64_t rows, int64_t test_rows, bool shuffle, int64_t seed, int64_t *order,
                       lathe_error *error) {
  if (test_rows < 1 || test_rows >= rows)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%lld of %lld rows cannot be the test rows; leave at least 1 on each side",
                           (long long)test_rows, (long long)rows);
  if (seed < 0 || seed > UINT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "seed = %lld is not a whole number from 0 to 4294967295", (long long)seed);
  for (int64_t i = 0; i < rows; i++) order[i] = shuffle ? i : (i + rows - test_rows) % rows;
  if (!shuffle) return true;
  twister state;
  twister_seed(&state, (uint32_t)seed);
  for (int64_t i = rows - 1; i > 0; i--) {
    int64_t j = (int64_t)twister_upto(&state, (uint64_t)i);
    int64_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return true;
}
