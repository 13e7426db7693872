/* tree_sort.c - rows in the order of a feature. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "tree.h"

/* A number as bits that sort as it does; NaN last. */
static uint64_t sort_bits(double value) {
  uint64_t bits;
  if (isnan(value)) return UINT64_MAX;
  value += 0.0; /* -0 is 0 */
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

typedef struct {
  uint64_t key;
  int32_t row;
} keyed;

/* Stable, by 11 bits at a time; digits that are the same in all are skipped. */
static void radix_sort(keyed *items, keyed *other, int32_t count) {
  enum { BITS = 11, DIGITS = 1 << BITS };
  int32_t place[DIGITS];
  keyed *from = items, *to = other;
  for (int shift = 0; shift < 64; shift += BITS) {
    memset(place, 0, sizeof place);
    for (int32_t i = 0; i < count; i++) place[from[i].key >> shift & (DIGITS - 1)]++;
    if (count > 0 && place[from[0].key >> shift & (DIGITS - 1)] == count) continue;
    for (int32_t d = 0, sum = 0; d < DIGITS; d++) {
      int32_t many = place[d];
      place[d] = sum;
      sum += many;
    }
    for (int32_t i = 0; i < count; i++) to[place[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
    keyed *swap = from;
    from = to;
    to = swap;
  }
  if (from != items) memcpy(items, from, (size_t)count * sizeof *items);
}

bool lathe_tree_sort(const double *x, int32_t *order, int32_t count, lathe_error *error) {
  keyed *items = lathe_memory_raw(2 * (size_t)count, sizeof *items, error);
  if (!items) return false;
  for (int32_t i = 0; i < count; i++) items[i] = (keyed){sort_bits(x[order[i]]), order[i]};
  radix_sort(items, items + count, count);
  for (int32_t i = 0; i < count; i++) order[i] = items[i].row;
  free(items);
  return true;
}
