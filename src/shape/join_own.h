/* join_own.h - what the files of joins share. */
#ifndef LATHE_SHAPE_JOIN_OWN_H
#define LATHE_SHAPE_JOIN_OWN_H

#include "join.h"

/* Pairs of rows; -1 where one side has none. NULL: each row once, in order. */
typedef struct join_pairs {
  int64_t *left, *right;
  int64_t count;
} join_pairs;

/* How keys come into the result. */
typedef enum join_keys {
  JOIN_KEYS_LEFT,  /* those of the left table */
  JOIN_KEYS_RIGHT, /* those of the right one, under the left names */
  JOIN_KEYS_BOTH,  /* the left ones, or the right ones where there is no left row */
} join_keys;

/* The table of these pairs. `right_columns` (count) are left out on the right. */
lathe_table *lathe_join_table(const lathe_table *left, const int32_t *left_columns, const lathe_table *right,
                              const int32_t *right_columns, int32_t count, const join_pairs *pairs,
                              join_keys keys, const char *suffix, lathe_progress *progress,
                              lathe_error *error);

#endif
