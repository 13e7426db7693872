/* group_fact.c - what is gathered about groups, value by value. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "group_own.h"

/* ---- counts and sums ---- */

static void start_zero8(void *facts, int64_t count) {
  memset(facts, 0, (size_t)count * 8);
}

static void start_zero16(void *facts, int64_t count) {
  memset(facts, 0, (size_t)count * 16);
}

static void count_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                      const void *context) {
  int64_t *counts = facts;
  (void)values, (void)context;
  for (int64_t i = 0; i < count; i++) counts[ids[i]]++;
}

static void count_merge(void *to, const void *from, int64_t count, const void *context) {
  (void)context;
  int64_t *counts = to;
  for (int64_t i = 0; i < count; i++) counts[i] += ((const int64_t *)from)[i];
}

const group_fact group_count = {8, LOAD_NONE, start_zero8, count_add, count_merge};

/* Sums that leave int64 set the flag (context), and are worth nothing then. */
static void sum_int_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                        const void *context) {
  int64_t *sums = facts;
  bool over = false;
  for (int64_t i = 0; i < count; i++)
    over |= __builtin_add_overflow(sums[ids[i]], ((const int64_t *)values)[i], &sums[ids[i]]);
  if (over) atomic_store((atomic_bool *)(uintptr_t)context, true);
}

static void sum_int_merge(void *to, const void *from, int64_t count, const void *context) {
  int64_t *sums = to;
  bool over = false;
  for (int64_t i = 0; i < count; i++)
    over |= __builtin_add_overflow(sums[i], ((const int64_t *)from)[i], &sums[i]);
  if (over) atomic_store((atomic_bool *)(uintptr_t)context, true);
}

const group_fact group_sum_int = {8, LOAD_RAW, start_zero8, sum_int_add, sum_int_merge};

static void sum_wide_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                         const void *context) {
  __int128 *sums = facts;
  (void)context;
  for (int64_t i = 0; i < count; i++) sums[ids[i]] += ((const int64_t *)values)[i];
}

static void sum_wide_merge(void *to, const void *from, int64_t count, const void *context) {
  __int128 *sums = to;
  (void)context;
  for (int64_t i = 0; i < count; i++) sums[i] += ((const __int128 *)from)[i];
}

const group_fact group_sum_wide = {16, LOAD_RAW, start_zero16, sum_wide_add, sum_wide_merge};

/* Knuth's two-sum: `rest` gathers exactly what rounding takes from `sum`. */
static inline void add_float(group_sum_float *to, double value) {
  double sum = to->sum + value, part = sum - to->sum;
  to->rest += (to->sum - (sum - part)) + (value - part);
  to->sum = sum;
}

static void sum_float_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                          const void *context) {
  group_sum_float *sums = facts;
  (void)context;
  for (int64_t i = 0; i < count; i++) add_float(&sums[ids[i]], ((const double *)values)[i]);
}

static void sum_float_merge(void *to, const void *from, int64_t count, const void *context) {
  (void)context;
  group_sum_float *sums = to;
  for (int64_t i = 0; i < count; i++) {
    const group_sum_float *later = (const group_sum_float *)from + i;
    add_float(&sums[i], later->sum);
    sums[i].rest += later->rest;
  }
}

const group_fact group_sums_float = {16, LOAD_RAW, start_zero16, sum_float_add, sum_float_merge};

/* Squared distances from the means (context). */
static void squares_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                        const void *context) {
  double *sums = facts;
  const double *means = context;
  for (int64_t i = 0; i < count; i++) {
    double apart = ((const double *)values)[i] - means[ids[i]];
    sums[ids[i]] += apart * apart;
  }
}

static void squares_merge(void *to, const void *from, int64_t count, const void *context) {
  (void)context;
  for (int64_t i = 0; i < count; i++) ((double *)to)[i] += ((const double *)from)[i];
}

const group_fact group_squares = {8, LOAD_DOUBLE, start_zero8, squares_add, squares_merge};

/* ---- smallest and largest ---- */

#define EXTREME(NAME, TYPE, START, BETTER)                                                                   \
  static void NAME##_start(void *facts, int64_t count) {                                                     \
    for (int64_t i = 0; i < count; i++) ((TYPE *)facts)[i] = START;                                          \
  }                                                                                                          \
  static void NAME##_add(void *facts, const uint32_t *ids, const void *values, int64_t count,                \
                         const void *context) {                                                              \
    TYPE *best = facts;                                                                                      \
    (void)context;                                                                                           \
    for (int64_t i = 0; i < count; i++) {                                                                    \
      TYPE value = ((const TYPE *)values)[i], now = best[ids[i]];                                            \
      best[ids[i]] = BETTER ? value : now;                                                                   \
    }                                                                                                        \
  }                                                                                                          \
  static void NAME##_merge(void *to, const void *from, int64_t count, const void *context) {                 \
    (void)context;                                                                                           \
    for (int64_t i = 0; i < count; i++) {                                                                    \
      TYPE value = ((const TYPE *)from)[i], now = ((TYPE *)to)[i];                                           \
      ((TYPE *)to)[i] = BETTER ? value : now;                                                                \
    }                                                                                                        \
  }                                                                                                          \
  const group_fact group_##NAME = {sizeof(TYPE), LOAD_RAW, NAME##_start, NAME##_add, NAME##_merge}

EXTREME(min_int, int64_t, INT64_MAX, value < now);
EXTREME(max_int, int64_t, INT64_MIN, value > now);
EXTREME(min_float, double, INFINITY, (value < now) | (value != value));
EXTREME(max_float, double, -INFINITY, (value > now) | (value != value));

/* ---- rows that stand for their group ---- */

static void row_start(void *facts, int64_t count) {
  memset(facts, 0xFF, (size_t)count * sizeof(int64_t));
}

static void first_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                      const void *context) {
  int64_t *rows = facts;
  (void)context;
  for (int64_t i = 0; i < count; i++)
    if (rows[ids[i]] < 0) rows[ids[i]] = ((const int64_t *)values)[i];
}

static void first_merge(void *to, const void *from, int64_t count, const void *context) {
  (void)context;
  int64_t *rows = to;
  for (int64_t i = 0; i < count; i++)
    if (rows[i] < 0) rows[i] = ((const int64_t *)from)[i];
}

static void last_add(void *facts, const uint32_t *ids, const void *values, int64_t count,
                     const void *context) {
  (void)context;
  for (int64_t i = 0; i < count; i++) ((int64_t *)facts)[ids[i]] = ((const int64_t *)values)[i];
}

static void last_merge(void *to, const void *from, int64_t count, const void *context) {
  (void)context;
  for (int64_t i = 0; i < count; i++)
    if (((const int64_t *)from)[i] >= 0) ((int64_t *)to)[i] = ((const int64_t *)from)[i];
}

const group_fact group_first = {8, LOAD_ROW, row_start, first_add, first_merge};
const group_fact group_last = {8, LOAD_ROW, row_start, last_add, last_merge};
