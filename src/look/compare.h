/* compare.h - two tables held against each other: which rows belong together and which cells of theirs
 * differ, and how the values of a column are distributed in both. */
#ifndef LATHE_LOOK_COMPARE_H
#define LATHE_LOOK_COMPARE_H

#include "../table/table.h"

/* The rows of two tables that belong together. */
typedef struct lathe_pairs lathe_pairs;

/* Rows that are equal in the key columns (`count` of them, indices in either table; missing equals missing),
 * or, when `count` is 0, rows with the same number. Where a key repeats in a table, its first row counts. */
lathe_pairs *lathe_pairs_new(const lathe_table *left, const lathe_table *right, const int32_t *left_columns,
                             const int32_t *right_columns, int32_t count, lathe_progress *progress,
                             lathe_error *error);
void lathe_pairs_free(lathe_pairs *pairs);

typedef enum lathe_pairs_list {
  LATHE_PAIRS_LEFT,          /* rows of the left table that belong to one of the right, in order ... */
  LATHE_PAIRS_RIGHT,         /* ... and those that they belong to */
  LATHE_PAIRS_REMOVED,       /* rows of the left table alone */
  LATHE_PAIRS_ADDED,         /* rows of the right table alone */
  LATHE_PAIRS_REPEATED_LEFT, /* rows whose key an earlier row of the table has; they are in no other list */
  LATHE_PAIRS_REPEATED_RIGHT,
} lathe_pairs_list;

/* A list of row numbers, rising but for RIGHT, and its length. */
const int64_t *lathe_pairs_rows(const lathe_pairs *pairs, lathe_pairs_list list, int64_t *count);

enum { LATHE_CHANGES_FIRST = 8 };

typedef struct lathe_changes {
  int64_t changed;  /* cells that differ, of those below too */
  int64_t appeared; /* missing on the left only */
  int64_t vanished; /* missing on the right only */
  int32_t first_count;
  int64_t first[LATHE_CHANGES_FIRST]; /* the first pairs that differ */
} lathe_changes;

/* The cells of one column on either side. Texts are compared as texts, int64 and float64 as numbers, dates and
 * times as times, other types that differ by what the CSV writer shows; NaN equals NaN, -0 equals 0. */
bool lathe_pairs_compare(const lathe_pairs *pairs, const lathe_column *left, const lathe_column *right,
                         lathe_changes *changes, lathe_progress *progress, lathe_error *error);

enum { LATHE_DRIFT_BINS = 10, LATHE_DRIFT_FIRST = 8 };

/* How two columns are distributed. Numbers (as lathe_column_number gives them) fall into bins between the
 * tenths of the left column, a value that fills several of them into one of its own; texts and truth values into the LATHE_DRIFT_BINS - 1 most frequent ones of the
 * left column and the rest. psi = sum (q - p) ln(q / p) over the bins, p and q the shares of the left and the
 * right, half a row added to each bin; NaN when a side has no value. */
typedef struct lathe_drift {
  bool numbers;
  int64_t rows[2], missing[2]; /* left, right */
  double psi;
  double ks; /* Kolmogorov-Smirnov distance; NaN for texts */
  int32_t bins;
  double edges[LATHE_DRIFT_BINS + 1]; /* of numbers: the least and most on either side are the ends */
  int64_t counts[2][LATHE_DRIFT_BINS];
  int64_t top[LATHE_DRIFT_BINS]; /* texts: a row of the left column for each bin but the rest */
  int64_t fresh, gone;           /* different texts on the right only, on the left only */
  int64_t fresh_rows, gone_rows; /* and the rows that hold them */
  int32_t fresh_count, gone_count;
  int64_t fresh_first[LATHE_DRIFT_FIRST], gone_first[LATHE_DRIFT_FIRST]; /* a row for each of the first */
} lathe_drift;

/* False with `error` when one is text and the other is not. */
bool lathe_column_drift(lathe_column *left, lathe_column *right, lathe_drift *drift, lathe_progress *progress,
                        lathe_error *error);

#endif
