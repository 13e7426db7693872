/* bins.h - the matrix of features in one byte each: what histograms are made of.
 *
 * A number falls into bin b when it is above cut b - 1 and not above cut b: `value <= cut[b]` and `bin <= b` are the same question, so a
 * tree that was grown on bins asks raw numbers the same. Columns of at most `most` different values have a bin for each, with
 * cuts in the middle between two; others have about as many rows in each bin (of a large table, as a sample of 2^18 rows has them). A category's bin is its code; of more categories than bins
 * the rare ones share the last. What is missing (NaN) is in bin LATHE_BINS_MISSING. */
#ifndef LATHE_MODEL_BINS_H
#define LATHE_MODEL_BINS_H

#include "../../prepare/fit.h"

enum { LATHE_BINS_MOST = 255, LATHE_BINS_MISSING = 255 };

typedef struct lathe_bins {
  int64_t rows, step;        /* step: the bytes of a row, a multiple of 8 */
  int32_t width;             /* features */
  int32_t most;              /* bins of a feature at most */
  int32_t *count;            /* (width) bins, the one for missing not counted */
  const int32_t *categories; /* (width) how many; 0: a number. Borrowed from the recipe */
  double *cut;               /* (width, LATHE_BINS_MOST): count - 1 cuts of each number */
  uint8_t **code;            /* (width) the bin of each category; NULL of a number */
  uint8_t *column;           /* (width, rows) */
  uint8_t *row;              /* (rows, step), 0 behind the last feature */
} lathe_bins;                /* zero-initialise */

/* The matrix of a fitted recipe over `table`, in at most `most` (2 .. LATHE_BINS_MOST) bins a feature that follow from the rows whose
 * `part` is 0. An infinite number is an error that names row and column. Free in any case. */
bool lathe_bins_make(lathe_bins *bins, const lathe_prepared *prepared, const lathe_table *table,
                     const uint8_t *part, int32_t most, lathe_progress *progress, lathe_error *error);
void lathe_bins_free(lathe_bins *bins);

/* The bin of a value of a feature. */
uint8_t lathe_bins_find(const lathe_bins *bins, int32_t feature, double value);

/* Between two numbers: not below `low`, below `high`. */
double lathe_bins_between(double low, double high);

/* For bins.c: the cuts of a feature from the `count` numbers in `sample` (sorted in place; `scratch` has as many), `most` bins at most. */
int32_t lathe_bins_cut(uint64_t *sample, uint64_t *scratch, int64_t count, int32_t most, double *cut);
uint64_t lathe_bins_key(double value);

#endif
