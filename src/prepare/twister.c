/* twister.c - MT19937 as numpy's RandomState uses it (Matsumoto, Nishimura 1998). */
#include "twister.h"

enum { MIDDLE = 397 };

void lathe_twister_seed(lathe_twister *state, uint32_t seed) {
  state->word[0] = seed;
  for (uint32_t i = 1; i < LATHE_TWISTER_WORDS; i++)
    state->word[i] = 1812433253u * (state->word[i - 1] ^ (state->word[i - 1] >> 30)) + i;
  state->used = LATHE_TWISTER_WORDS;
}

static uint32_t next_word(lathe_twister *state) {
  if (state->used == LATHE_TWISTER_WORDS) {
    for (int32_t i = 0; i < LATHE_TWISTER_WORDS; i++) {
      uint32_t both =
          (state->word[i] & 0x80000000u) | (state->word[(i + 1) % LATHE_TWISTER_WORDS] & 0x7fffffffu);
      state->word[i] =
          state->word[(i + MIDDLE) % LATHE_TWISTER_WORDS] ^ (both >> 1) ^ (both & 1 ? 0x9908b0dfu : 0);
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
static uint64_t upto(lathe_twister *state, uint64_t most) {
  uint64_t mask = most, value;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  do {
    value = next_word(state);
    if (most > UINT32_MAX) value = value << 32 | next_word(state);
    value &= mask;
  } while (value > most);
  return value;
}

void lathe_twister_shuffle(lathe_twister *state, int64_t *items, int64_t count) {
  for (int64_t i = count - 1; i > 0; i--) {
    int64_t j = (int64_t)upto(state, (uint64_t)i);
    int64_t kept = items[i];
    items[i] = items[j];
    items[j] = kept;
  }
}

bool lathe_twister_accepts(int64_t seed, lathe_error *error) {
  if (seed >= 0 && seed <= UINT32_MAX) return true;
  return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "seed = %lld is not a whole number from 0 to 4294967295", (long long)seed);
}
