/* ranking.c - probabilities are sorted as whole numbers: the bits of a double from 0 to 1 are in its order, and leave room for one more,
 * whether the row is of the class. */
#include "ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

enum { DIGIT = 11, BUCKETS = 1 << DIGIT };

static int32_t digit_of(uint64_t key, int shift) {
  return (int32_t)(key >> shift & (BUCKETS - 1));
}

/* By size, least first, a digit at a time. `spare` is as large; gives the one of the two that holds the result. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, int64_t count) {
  for (int shift = 0; shift < 64; shift += DIGIT) {
    int64_t place[BUCKETS + 1] = {0};
    for (int64_t i = 0; i < count; i++) place[digit_of(keys[i], shift) + 1]++;
    if (count == 0 || place[digit_of(keys[0], shift) + 1] == count) continue;
    for (int b = 0; b < BUCKETS; b++) place[b + 1] += place[b];
    for (int64_t i = 0; i < count; i++) spare[place[digit_of(keys[i], shift)]++] = keys[i];
    uint64_t *kept = keys;
    keys = spare;
    spare = kept;
  }
  return keys;
}

static void rank(const uint64_t *keys, int64_t count, double *area, double *precision) {
  int64_t positives = 0;
  for (int64_t i = 0; i < count; i++) positives += (int64_t)(keys[i] & 1);
  double negatives = (double)(count - positives), found = 0, wrong = 0, pairs = 0, sum = 0;
  for (int64_t i = count - 1; i >= 0;) {
    double hits = 0, misses = 0;
    for (uint64_t value = keys[i] >> 1; i >= 0 && keys[i] >> 1 == value; i--) {
      hits += (double)(keys[i] & 1);
      misses += (double)(~keys[i] & 1);
    }
    pairs += misses * (found + hits / 2);
    found += hits;
    wrong += misses;
    sum += hits * (found / (found + wrong));
  }
  *area = positives > 0 && negatives > 0 ? pairs / ((double)positives * negatives) : NAN;
  *precision = positives > 0 ? sum / (double)positives : NAN;
}

bool lathe_ranking(const int32_t *codes, const double *probabilities, int64_t rows, int32_t classes,
                   int32_t index, double *area, double *precision, lathe_error *error) {
  uint64_t *keys = lathe_memory_raw((size_t)rows, sizeof *keys, error);
  uint64_t *spare = keys ? lathe_memory_raw((size_t)rows, sizeof *spare, error) : NULL;
  int64_t count = 0;
  for (int64_t r = 0; spare && r < rows; r++) {
    double p = probabilities[r * classes + index];
    uint64_t bits;
    if (codes[r] < 0 || isnan(p)) continue;
    p = p > 0 ? fmin(p, 1) : 0;
    memcpy(&bits, &p, sizeof bits);
    keys[count++] = bits << 1 | (uint64_t)(codes[r] == index);
  }
  if (spare) rank(sort_keys(keys, spare, count), count, area, precision);
  bool fine = spare != NULL;
  free(keys);
  free(spare);
  return fine;
}
