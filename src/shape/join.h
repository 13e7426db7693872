/* join.h - rows of two tables side by side where their keys are equal, or nearest.
 *
 * The rows of the left table keep their order, and those of the right table that belong to one of them theirs; a RIGHT
 * join does it the other way round, a FULL join has the right rows that belong to none at its end. Keys that are missing
 * equal nothing unless `missing_equal`. */
#ifndef LATHE_SHAPE_JOIN_H
#define LATHE_SHAPE_JOIN_H

#include "../table/table.h"

typedef enum lathe_join_kind {
  LATHE_JOIN_INNER,
  LATHE_JOIN_LEFT,
  LATHE_JOIN_RIGHT,
  LATHE_JOIN_FULL,
  LATHE_JOIN_SEMI, /* rows of the left table that have a partner */
  LATHE_JOIN_ANTI, /* that have none */
} lathe_join_kind;

typedef struct lathe_join_options {
  lathe_join_kind kind;
  bool missing_equal;
  bool left_unique, right_unique; /* refuse keys that occur twice there */
  const char *suffix;             /* for names of the right table that the left one has too */
} lathe_join_options;

/* How many rows of each table found no partner. */
typedef struct lathe_join_unmatched {
  int64_t left, right;
} lathe_join_unmatched;

/* Join on `count` pairs of columns (indices). The result has the left columns, keys among them (filled from the right
 * where only that row is there), then the right ones that are no keys. `unmatched` may be NULL. NULL with `error`: types
 * that never are equal, a result larger than memory, keys that are not unique. */
lathe_table *lathe_table_join(const lathe_table *left, const int32_t *left_columns, const lathe_table *right,
                              const int32_t *right_columns, int32_t count, const lathe_join_options *options,
                              lathe_join_unmatched *unmatched, lathe_progress *progress, lathe_error *error);

typedef enum lathe_asof_direction {
  LATHE_ASOF_BACKWARD, /* the last right row that is not later */
  LATHE_ASOF_FORWARD,  /* the first right row that is not earlier */
  LATHE_ASOF_NEAREST,  /* the nearer one of the two; the earlier one when both are as near */
} lathe_asof_direction;

typedef struct lathe_asof_options {
  lathe_asof_direction direction;
  int32_t left_on, right_on; /* int64, float64, date or timestamp, the same on both sides */
  double tolerance;          /* the most they may be apart: numbers, days, seconds; infinite: anything */
  bool strict;               /* equal ones are no partners */
  const char *suffix;
} lathe_asof_options;

/* Beside each row of `left` the row of `right` that is nearest in `on` among those equal in the `count` columns `by`. The
 * tables need no order; among right rows with the same `on` the last one is taken (FORWARD: the first). */
lathe_table *lathe_table_join_asof(const lathe_table *left, const int32_t *left_by, const lathe_table *right,
                                   const int32_t *right_by, int32_t count, const lathe_asof_options *options,
                                   lathe_join_unmatched *unmatched, lathe_progress *progress,
                                   lathe_error *error);

#endif
