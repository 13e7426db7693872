/* sample.h - some rows of a table, chosen by hash: a row is in or out by a number that follows from the seed
 * and the row alone. So rows that are appended change nothing about those before them, and the same row is
 * chosen on every machine.
 *
 * The row's number is hashed, or, with columns, what it holds in them: rows that are equal there (missing
 * equals missing, NaN equals NaN, -0 equals 0, 2 equals 2.0, a category its text) are in or out together,
 * wherever they stand. */
#ifndef LATHE_SHAPE_SAMPLE_H
#define LATHE_SHAPE_SAMPLE_H

#include "../table/table.h"

/* The rows whose hash is in the lowest `share` (0 to 1) of all there could be; or, when `rows` is not
 * negative, the `rows` rows of lowest hash (all when there are fewer; of equal ones the earlier). Their order
 * stays. `columns`: indices, `count` 0 for the row's number. */
lathe_table *lathe_table_sample(lathe_table *table, const int32_t *columns, int32_t count, uint64_t seed,
                                double share, int64_t rows, lathe_progress *progress, lathe_error *error);

#endif
