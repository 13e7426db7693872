/* lasso.h - least squares with a penalty that makes coefficients 0: the lasso (Tibshirani 1996) and the elastic net (Zou, Hastie 2005).
 *
 * Minimises  sum of w (y - b0 - x b)^2 / (2 W) + alpha (l1_ratio sum of |b| + (1 - l1_ratio) / 2 sum of b^2),  W the sum of the weights,
 * the intercept free, features in the units of the matrix: scikit-learn's definition; glmnet's lambda is this alpha, and its alpha this
 * l1_ratio. One walk through the rows makes the products X'X, of each fold by itself when there are folds; all else is made of those: the
 * path of alphas, descending, each from the solution before it (quadratic.h), the paths without each fold, and the errors of its rows. */
#ifndef LATHE_MODEL_LASSO_H
#define LATHE_MODEL_LASSO_H

#include "design.h"
#include "../fit.h"

/* More features' products would not be kept. */
enum { LATHE_LASSO_FEATURES = 5000 };

typedef struct lathe_lasso_fit {
  lathe_design design;
  int32_t count, chosen,
      best; /* alphas, descending; the one taken; the one of the least error or criterion */
  double l1_ratio;
  double *alphas;    /* (count) */
  int32_t *nonzero;  /* (count): features whose coefficient is not 0 */
  double *squares;   /* (count): of residuals, by weights */
  double *left_out;  /* (count): mean squared error of rows left out; NaN where there are no folds */
  double *spread;    /* (count): its standard error, from fold to fold */
  double *criterion; /* (count): AIC or BIC, when it chooses; NaN */
  double *estimates; /* (count, columns): the intercept first */
  double total_squares, target_mean;
  bool settled; /* all of the path */
} lathe_lasso_fit;

/* Fit; `options` and the rest as lathe_linear_solve has them. A zeroed `fit` is filled; free it in any case. */
bool lathe_lasso_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                       const lathe_table *table, const double *target, const double *weights,
                       const lathe_lasso_options *options, lathe_lasso_fit *fit, lathe_progress *progress,
                       lathe_error *error);
void lathe_lasso_fit_free(lathe_lasso_fit *fit);

/* ---- between lasso.c and lasso_choose.c ---- */

/* A centred problem, in the units of the table. */
typedef struct lathe_lasso_problem {
  double *gram, *xy, *mean; /* (width, width), (width), (width) */
  double yy, y_mean, weight;
} lathe_lasso_problem;

/* From products (size, size) of the design. Free in any case. */
bool lathe_lasso_centre(const lathe_design *design, const double *products, lathe_lasso_problem *problem,
                        lathe_error *error);
void lathe_lasso_problem_free(lathe_lasso_problem *problem);

/* The path of `fit`'s alphas: `estimates` (count, columns), and, unless NULL, squares and how many are not 0. */
bool lathe_lasso_path(const lathe_lasso_fit *fit, const lathe_lasso_problem *problem, double *estimates,
                      double *squares, int32_t *nonzero, bool *settled, lathe_error *error);

/* The path of all rows, and, with `folds` > 0, those without each fold, and the errors. `products` is (max(folds, 1), size, size),
 * `fold` (rows) whose rows are whose. */
bool lathe_lasso_walk(lathe_lasso_fit *fit, const lathe_lasso_problem *problem, const double *products,
                      const int32_t *fold, int32_t folds, lathe_error *error);

/* Take an alpha of the path. */
void lathe_lasso_choose(lathe_lasso_fit *fit, lathe_lasso_choice choice);

#endif
