/* ridge.h - least squares with a penalty: sum of w (y - b0 - x b)^2 + alpha * sum of b^2, the intercept free, features in the units of the
 * matrix; scikit-learn's Ridge.
 *
 * The triangle of the design, its intercept taken out, is cut into singular values once, X = U S V'; then each alpha costs next to nothing
 * (Hastie, Tibshirani, Friedman 2009, 3.4.1). The exact error of leaving each row out takes one more walk through the rows for all alphas
 * together (Allen 1974): a row's residual by 1 - its leverage. Generalised cross-validation puts the mean leverage in (Golub, Heath, Wahba
 * 1979). */
#ifndef LATHE_MODEL_RIDGE_H
#define LATHE_MODEL_RIDGE_H

#include "design.h"
#include "../fit.h"

typedef struct lathe_ridge_fit {
  lathe_design design;
  int32_t count, chosen; /* alphas, ascending; the one that was taken */
  double *alphas;        /* (count) */
  double *freedom;       /* (count): effective degrees of freedom, the intercept included */
  double *squares;       /* (count): of residuals, by weights */
  double *left_out;      /* (count): of residuals of rows that were left out; NaN when not asked for */
  double *general;       /* (count): generalised cross-validation, as a sum of squares */
  double *estimates;     /* (count, columns): the intercept first */
  double total_squares, target_mean;
} lathe_ridge_fit;

/* Fit; `options` and the rest as lathe_linear_solve has them. A zeroed `fit` is filled; free it in any case. */
bool lathe_ridge_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                       const lathe_table *table, const double *target, const double *weights,
                       const lathe_ridge_options *options, lathe_ridge_fit *fit, lathe_progress *progress,
                       lathe_error *error);
void lathe_ridge_fit_free(lathe_ridge_fit *fit);

#endif
