/* pivot.h - long tables made wide. */
#ifndef LATHE_SHAPE_PIVOT_H
#define LATHE_SHAPE_PIVOT_H

#include "../table/table.h"

/* Columns named by index, and how many. */
typedef struct lathe_pivot {
  const int32_t *rows, *columns, *values;
  int32_t row_count, column_count, value_count;
  int64_t limit;      /* the most new columns */
  const double *fill; /* for numbers of combinations that do not occur; NULL: they are missing */
} lathe_pivot;

/* One row for each combination of `rows`, by first appearance; beside them one column for each combination of `columns`, in
 * their order, and each of `values`, named by the texts of that combination ("a_b"), with several values by the value first
 * ("x_a_b"). Each cell is the value of the one row that has both combinations; two such rows are an error. NULL with `error`,
 * also when there are more new columns than the limit. */
lathe_table *lathe_table_pivot(const lathe_table *table, const lathe_pivot *pivot, lathe_progress *progress,
                               lathe_error *error);

#endif
