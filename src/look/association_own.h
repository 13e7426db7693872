/* association_own.h - what the files about associations share. */
#ifndef LATHE_LOOK_ASSOCIATION_OWN_H
#define LATHE_LOOK_ASSOCIATION_OWN_H

#include "association.h"
#include "own.h"

/* A column of numbers: a value's place on its own scale is (value * shrink - mean) * stretch, near -1 to 1. */
typedef struct look_scaled {
  const lathe_column *column; /* NULL: `ranks` */
  const double *ranks;        /* (rows), without gaps */
  double shrink, mean, stretch;
  bool gaps; /* some value is missing, infinite or NaN */
  bool constant;
} look_scaled;

typedef struct look_pairs {
  int32_t count;  /* columns */
  int64_t rows;   /* of the table */
  int64_t every;  /* each so-manyth block */
  int64_t blocks; /* that are looked at */
  int32_t against;
  double *out;
  int64_t *complete;
  lathe_progress *progress;
} look_pairs;

/* The rows of one of the blocks that are looked at. */
static inline void look_block_rows(const look_pairs *pairs, int64_t block, int64_t *begin, int64_t *end) {
  *begin = block * pairs->every * LOOK_BLOCK;
  *end = *begin + LOOK_BLOCK < pairs->rows ? *begin + LOOK_BLOCK : pairs->rows;
}

static inline bool look_wanted(const look_pairs *pairs, int32_t a, int32_t b) {
  return pairs->against < 0 || a == pairs->against || b == pairs->against;
}

static inline void look_set_pair(const look_pairs *pairs, int32_t a, int32_t b, double value,
                                 int64_t complete) {
  pairs->out[(int64_t)a * pairs->count + b] = pairs->out[(int64_t)b * pairs->count + a] = value;
  if (pairs->complete)
    pairs->complete[(int64_t)a * pairs->count + b] = pairs->complete[(int64_t)b * pairs->count + a] =
        complete;
}

/* Pearson's correlations between `number_count` scaled columns; `places` are theirs in the matrix; with
 * pairs->against only those with the first of them (gram.c). */
bool look_correlate(const look_pairs *pairs, const look_scaled *numbers, const int32_t *places,
                    int32_t number_count, lathe_error *error);

/* The mean ranks, from 1, of a column without gaps; free() (ranks.c). NULL with `error`. */
double *look_ranks(const lathe_column *column, lathe_error *error);

/* Spearman's correlation over the rows that both have (ranks.c). */
bool look_spearman_gaps(const lathe_column *a, const lathe_column *b, double *out, int64_t *complete,
                        lathe_error *error);

#endif
