/* linear.h - ordinary least squares.
 *
 * Each chunk of rows is made by the graph, centred, scaled by powers of two and cut down to the triangle of
 * its QR factorisation; the triangles are stacked in the order of the chunks and cut down again (TSQR:
 * Demmel, Grigori, Hoemmen, Langou 2012). The target is the last column, so the triangle holds Q'y and the
 * residual norm too. One step of refinement with the residuals themselves follows (Bjorck 1996, corrected
 * seminormal equations). No chunk depends on the number of threads; the matrix is never in memory as a whole.
 */
#ifndef LATHE_MODEL_LINEAR_H
#define LATHE_MODEL_LINEAR_H

#include "../graph/operator.h"

/* A feature is a combination of the ones before it when this part of its norm, or less, is left beside them.
 */
#define LATHE_LINEAR_TOLERANCE 1e-10

/* What a fit knows of the rows it learned from. A model keeps it. */
typedef struct lathe_linear_figures {
  bool intercept; /* whether there is one */
  int32_t rank;   /* coefficients that are free, the intercept included */
  int64_t rows;
  double target_mean;
  double residual_squares; /* the sum of squared residuals */
  double total_squares;    /* around the mean; around 0 without intercept */
  double absolute_sum;     /* of residuals */
} lathe_linear_figures;

typedef struct lathe_linear_fit {
  int32_t width; /* features */
  lathe_linear_figures figures;
  double intercept, intercept_error;
  double *weights, *errors; /* (width): estimates and their standard errors; NaN error for an aliased one */
  bool *aliased;            /* (width): a combination of features before it, its weight is 0 */
} lathe_linear_fit;

/* Fit `target` (rows of the table, finite) by the value of operator `matrix`. `names` are its columns, for
 * the errors. A zeroed `fit` is filled; free it in any case. */
bool lathe_linear_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                        const lathe_table *table, const double *target, bool intercept, lathe_linear_fit *fit,
                        lathe_progress *progress, lathe_error *error);
void lathe_linear_fit_free(lathe_linear_fit *fit);

#endif
