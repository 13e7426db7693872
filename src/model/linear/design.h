/* design.h - the rows of a least squares problem, block by block; the matrix is never in memory as a whole.
 *
 * Columns of the design: 1 when there is an intercept, (x - mean) / unit of each feature, and behind them (y - mean) / unit of the target;
 * all times the root of the row's weight. The units are powers of two. Centres are there for the digits; a design with an intercept has
 * the same solution with any. */
#ifndef LATHE_MODEL_DESIGN_H
#define LATHE_MODEL_DESIGN_H

#include "../../graph/run.h"

typedef struct lathe_design {
  lathe_run *run;
  const double *target, *weights; /* (rows); weights NULL: all 1 */
  int64_t rows, counted;          /* counted: those whose weight is not 0 */
  double weight, log_weight;      /* the sums of the weights that count, and of their logarithms */
  int32_t width, columns, size;   /* features; with the intercept; with the target too */
  bool intercept;
  const double *
      *whole; /* (width): the features as they stand in the table; the first NULL: they have to be computed */
  double *mean, *unit; /* (width + 1): of the features and, last, the target */
  lathe_progress *progress;
} lathe_design;

/* Ready to give rows; centres and units are not set. A zeroed `design` is filled; free it in any case. */
bool lathe_design_open(lathe_design *design, const lathe_graph *graph, int32_t matrix,
                       const lathe_table *table, const double *target, const double *weights, bool intercept,
                       lathe_progress *progress, lathe_error *error);
void lathe_design_free(lathe_design *design);

/* Guess centres and units by some of the rows. False, without an error, when there is something odd among them. */
bool lathe_design_guess(lathe_design *design);

/* Measure them in all rows. A value that is missing, infinite, or too large or small to be squared is an error that names its column. */
bool lathe_design_measure(lathe_design *design, int32_t matrix, const char *const *names,
                          const lathe_table *table, lathe_error *error);

/* Rows begin .. begin + rows - 1 to `out` (size, height), a column after the other; rows beyond are 0. */
bool lathe_design_rows(const lathe_design *design, int64_t begin, int64_t rows, int64_t height, double *out,
                       lathe_error *error);

#endif
