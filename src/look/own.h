/* own.h - what the files of this folder share: a column in blocks, moments that can be added, sorted keys. */
#ifndef LATHE_LOOK_OWN_H
#define LATHE_LOOK_OWN_H

#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "profile.h"

enum { LOOK_BLOCK = 4096, LOOK_CHUNK = 64 * LOOK_BLOCK }; /* rows */

/* ---- moments (moments.c) ---- */

/* The count, sum and central moments of numbers, as numbers * 2^-exponent: the exponent is 0 unless their
 * third powers leave the range of a double. */
typedef struct look_moments {
  int64_t count;
  int32_t exponent;
  double total, lost; /* the sum, and what rounding took from it */
  double second, third;
} look_moments;

/* Of `count` finite numbers, LOOK_BLOCK at most; `most` is the largest magnitude among them. */
void look_moments_block(look_moments *into, const double *values, int64_t count, double most);
void look_moments_add(look_moments *into, const look_moments *from);
void look_moments_write(const look_moments *from, lathe_summary *out);

/* ---- numbers of a column (numbers.c) ---- */

/* The finite numbers among rows [begin, end) of a column of numbers, LOOK_BLOCK at most: how many were written
 * to `out`. `begin` is a multiple of 8. */
int64_t look_numbers(const lathe_column *column, int64_t begin, int64_t end, double *out);

/* What one look at a column finds. Chunks are added in order. */
typedef struct look_scan {
  look_moments moments;
  int64_t nans, infinite, infinite_low, zeros, negative;
  double min, max;
  int64_t low, high; /* of whole numbers; of value * scale for FLOAT64 while `whole` */
  bool whole;
  double scale; /* a power of ten */
} look_scan;

void look_scan_open(const lathe_column *column, look_scan *scan); /* finds the scale in a sample */
void look_scan_rows(const lathe_column *column, int64_t begin, int64_t end, look_scan *scan);
void look_scan_add(look_scan *into, const look_scan *from);

/* The values at [begin, end) less scan->low, as counted by look_count: whole columns only. How many. */
int64_t look_places(const lathe_column *column, const look_scan *scan, int64_t begin, int64_t end,
                    uint32_t *out);

/* Which of the bins from out->min to out->max, also where their distance is no double. */
static inline int look_bin(const lathe_summary *out, double value) {
  double width = out->max / LATHE_SUMMARY_BINS - out->min / LATHE_SUMMARY_BINS;
  if (!(width > 0)) return 0;
  double bin = isfinite(value - out->min) ? (value - out->min) / width : value / width - out->min / width;
  return bin < LATHE_SUMMARY_BINS ? (int)bin : LATHE_SUMMARY_BINS - 1;
}

/* The number at `part` of the way between two. */
static inline double look_between(double low, double high, double part) {
  return isfinite(high - low) ? low + (high - low) * part : low * (1 - part) + high * part;
}

/* ---- keys (keys.c): 64 bits of the same order as the values ---- */

static inline uint64_t look_key_of_int(int64_t value) {
  return (uint64_t)value ^ UINT64_C(1) << 63;
}

static inline uint64_t look_key_of_double(double value) {
  uint64_t bits;
  if (value == 0) value = 0; /* -0 */
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline double look_double_of_key(uint64_t key) {
  double value;
  key = key >> 63 ? key ^ UINT64_C(1) << 63 : ~key;
  memcpy(&value, &key, sizeof value);
  return value;
}

/* The number that a key of a column of this type stands for. */
double look_number_of_key(lathe_type type, uint64_t key);

/* Writes the keys of rows [begin, end), LOOK_BLOCK at most, and returns how many there are. */
typedef int64_t (*look_fill)(const void *context, int64_t begin, int64_t end, uint64_t *out);

int64_t look_column_keys(const void *column, int64_t begin, int64_t end, uint64_t *out);

typedef struct look_tops {
  int32_t count;
  uint64_t keys[LATHE_SUMMARY_TOP];
  int64_t counts[LATHE_SUMMARY_TOP];
} look_tops;

/* Keep the most frequent; among equals those that were offered first. */
void look_tops_offer(look_tops *tops, uint64_t key, int64_t count);

typedef struct look_sorted {
  uint64_t *keys; /* ascending; free() */
  int64_t count;
  int64_t distinct;
  look_tops tops;
} look_sorted;

/* Sort the keys of `rows` rows, `count` in all, which lie in [low, high]. */
bool look_sort(look_fill fill, const void *context, int64_t rows, int64_t count, uint64_t low, uint64_t high,
               look_sorted *out, lathe_progress *progress, lathe_error *error);

/* ---- texts (texts.c) ---- */

uint64_t look_hash_text(const char *text, size_t size);
bool look_summarize_strings(const lathe_column *column, lathe_summary *out, lathe_progress *progress,
                            lathe_error *error);
bool look_summarize_categories(const lathe_column *column, lathe_summary *out, lathe_error *error);

/* What one text looks like, added `times` times to the figures about texts. */
void look_text(lathe_text text, int64_t times, lathe_summary *out);

/* splitmix64's finisher: every bit of `x` moves every bit of the result. */
static inline uint64_t look_mix(uint64_t x) {
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return x ^ x >> 31;
}

#endif
