/* group.h - rows gathered into groups, and one row for each group with what it holds in sum.
 *
 * Missing values of a column are left out of its aggregates; NaN is a value, and what it takes part in (sum, mean,
 * sd, variance, min, max, quantiles) is NaN. A group without values has the count and sum 0, all others are missing.
 * Sums of integers are exact, or an error when they leave int64; sums of fractions are compensated. Nothing depends
 * on the number of threads. */
#ifndef LATHE_SHAPE_GROUP_H
#define LATHE_SHAPE_GROUP_H

#include "../table/table.h"

typedef enum lathe_aggregate_kind {
  LATHE_AGGREGATE_COUNT, /* rows; with a column, values that are there */
  LATHE_AGGREGATE_SUM,
  LATHE_AGGREGATE_MEAN,
  LATHE_AGGREGATE_SD,       /* divisor n - 1; missing below two values */
  LATHE_AGGREGATE_VARIANCE, /* likewise */
  LATHE_AGGREGATE_MIN,      /* any type; texts by their bytes */
  LATHE_AGGREGATE_MAX,
  LATHE_AGGREGATE_QUANTILE, /* linear between values (type 7) */
  LATHE_AGGREGATE_DISTINCT, /* different values */
  LATHE_AGGREGATE_FIRST,    /* the first value that is there, in row order */
  LATHE_AGGREGATE_LAST,
  LATHE_AGGREGATE_ANY, /* truth values: one is true; all are */
  LATHE_AGGREGATE_ALL,
} lathe_aggregate_kind;

typedef struct lathe_aggregate {
  lathe_aggregate_kind kind;
  int32_t column;   /* index; -1: none, for COUNT */
  double at;        /* QUANTILE: 0 to 1, 0.5 is the median */
  const char *name; /* of the new column */
} lathe_aggregate;

/* One row for each different combination of values in `columns` (`count` indices; none: all rows are one group), by
 * first appearance: those columns, then the aggregates. What is missing makes groups of its own; with `drop_missing`
 * rows that miss a key are left out. NULL with `error`. */
lathe_table *lathe_table_group(lathe_table *table, const int32_t *columns, int32_t count,
                               const lathe_aggregate *aggregates, int32_t aggregate_count, bool drop_missing,
                               lathe_progress *progress, lathe_error *error);

#endif
