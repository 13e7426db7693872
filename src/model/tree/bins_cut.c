/* bins_cut.c - where the bins of a feature end. */
#include <math.h>
#include <string.h>

#include "bins.h"

/* Keys whose order as whole numbers is that of the doubles; -0 is 0. */
uint64_t lathe_bins_key(double value) {
  uint64_t bits;
  value += 0.0;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double value_of(uint64_t key) {
  uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

double lathe_bins_between(double low, double high) {
  double middle = low / 2 + high / 2;
  return middle >= low && middle < high ? middle : low;
}

/* Least significant digit first, 11 bits at a time; digits that are the same everywhere are left out. Gives where the sorted keys are. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *other, int64_t count) {
  enum { BITS = 11, DIGITS = 6, SIZE = 1 << BITS };
  static _Thread_local uint32_t place[DIGITS][SIZE];
  memset(place, 0, sizeof place);
  for (int64_t i = 0; i < count; i++)
    for (int d = 0; d < DIGITS; d++) place[d][keys[i] >> (d * BITS) & (SIZE - 1)]++;
  for (int d = 0; d < DIGITS; d++) {
    if (count == 0 || place[d][keys[0] >> (d * BITS) & (SIZE - 1)] == count) continue;
    uint32_t sum = 0;
    for (int v = 0; v < SIZE; v++) {
      uint32_t here = place[d][v];
      place[d][v] = sum;
      sum += here;
    }
    for (int64_t i = 0; i < count; i++) other[place[d][keys[i] >> (d * BITS) & (SIZE - 1)]++] = keys[i];
    uint64_t *swap = keys;
    keys = other;
    other = swap;
  }
  return keys;
}

/* The next run of equal keys from `begin`: its end. */
static int64_t run_end(const uint64_t *keys, int64_t begin, int64_t count) {
  int64_t end = begin + 1;
  while (end < count && keys[end] == keys[begin]) end++;
  return end;
}

/* Bins of about as many rows each; a value that fills one by itself has one of its own. */
static int32_t cut_evenly(const uint64_t *keys, int64_t count, int32_t most, double *cut) {
  int32_t bins = 0;
  int64_t filled = 0, end;
  for (int64_t begin = 0; begin < count; begin = end) {
    end = run_end(keys, begin, count);
    int64_t left = count - (begin - filled); /* rows that are in no bin yet */
    int64_t share = (left + most - bins - 1) / (most - bins);
    bool full = filled > 0 && (filled + (end - begin) / 2 >= share || end - begin >= share);
    if (full && bins < most - 1) {
      cut[bins++] = lathe_bins_between(value_of(keys[begin - 1]), value_of(keys[begin]));
      filled = 0;
    }
    filled += end - begin;
  }
  return bins + 1;
}

int32_t lathe_bins_cut(uint64_t *sample, uint64_t *scratch, int64_t count, int32_t most, double *cut) {
  const uint64_t *keys = sort_keys(sample, scratch, count);
  double distinct[LATHE_BINS_MOST];
  int32_t different = 0;
  for (int64_t begin = 0; begin < count && different <= most; begin = run_end(keys, begin, count))
    if (different++ < most) distinct[different - 1] = value_of(keys[begin]);
  if (different > most) return cut_evenly(keys, count, most, cut);
  for (int32_t i = 0; i + 1 < different; i++) cut[i] = lathe_bins_between(distinct[i], distinct[i + 1]);
  return different > 0 ? different : 1;
}
