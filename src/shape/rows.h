/* rows.h - verbs that leave rows out of a table. When nothing is left out, the table itself is given back,
 * retained. */
#ifndef LATHE_TABLE_ROWS_H
#define LATHE_TABLE_ROWS_H

#include "../table/table.h"

/* One of each set of rows that are equal in `columns` (indices; NULL: all): the first, or the last. Order
 * stays. Missing equals missing, NaN equals NaN, -0 equals 0. */
lathe_table *lathe_table_drop_duplicates(lathe_table *table, const int32_t *columns, int32_t count,
                                         bool keep_last, lathe_progress *progress, lathe_error *error);

/* How many rows that would leave out, over all columns; -1 with `error`. */
int64_t lathe_table_duplicates(const lathe_table *table, lathe_progress *progress, lathe_error *error);

/* The rows that miss nothing in `columns` (indices; NULL: all). */
lathe_table *lathe_table_drop_missing(lathe_table *table, const int32_t *columns, int32_t count,
                                      lathe_progress *progress, lathe_error *error);

#endif
