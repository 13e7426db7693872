/* sort.h - the order of a table's rows by some of its columns.
 *
 * Stable: rows that are equal in all keys stay in their order. Numbers by value (-0 equals 0), NaN behind all
 * numbers whichever way they run, missing elements last or first; texts by their bytes, which is the order of
 * their characters' code points; categories by their texts; false before true. The same rows whatever the
 * number of threads. */
#ifndef LATHE_SHAPE_SORT_H
#define LATHE_SHAPE_SORT_H

#include "../table/table.h"

typedef struct lathe_sort_key {
  int32_t column; /* its index */
  bool descending;
  bool missing_first; /* otherwise last, descending or not */
} lathe_sort_key;

/* The row numbers in the order of the keys, first key first, written to `order` (rows). */
bool lathe_table_order(const lathe_table *table, const lathe_sort_key *keys, int32_t count, int64_t *order,
                       lathe_progress *progress, lathe_error *error);

/* The rows in that order; the table itself, retained, when they are in it already. */
lathe_table *lathe_table_sort(lathe_table *table, const lathe_sort_key *keys, int32_t count,
                              lathe_progress *progress, lathe_error *error);

#endif
