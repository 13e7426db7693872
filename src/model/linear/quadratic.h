/* quadratic.h - the least of  b'H b / 2 + ridge b'b / 2 - c'b + sum of penalty[j] |b[j]|, H symmetric and not negative: what a lasso is, and
 * each step to a penalised likelihood.
 *
 * Coordinate descent (Friedman, Hastie, Tibshirani 2010) with the gradient kept up to date finds which b are not 0; then their equations
 * are solved at once by Cholesky, from where b is as far as a sign would change (Lee, Battle, Raina, Ng 2007, feature-sign search). So the
 * solution has the digits of a linear system, not those of a threshold. Where the equations are singular, or very many, descent goes on
 * until nothing moves by LATHE_QUADRATIC_SETTLED. */
#ifndef LATHE_MODEL_QUADRATIC_H
#define LATHE_MODEL_QUADRATIC_H

#include "../../base/progress.h"

#define LATHE_QUADRATIC_SETTLED                                                                              \
  1e-10 /* of the largest coefficient, each measured by the root of its curvature */

typedef struct lathe_quadratic {
  int32_t size;
  const double *h;       /* (size, size), both halves */
  const double *c;       /* (size) */
  const double *penalty; /* (size): of the absolute value; 0: none */
  double ridge;
  double *b;        /* (size): where it begins, and the solution */
  double *gradient; /* (size): c - H b - ridge b */
  double *factor, *right;
  int32_t *active;
  bool *kept;
  int64_t sweeps; /* through all coordinates or the active ones, so far */
  bool settled;   /* the last solution holds to the last digits */
} lathe_quadratic;

/* Room for `size` coefficients, all 0; h, c, penalty and ridge are the caller's to set. Free in any case. */
bool lathe_quadratic_open(lathe_quadratic *problem, int32_t size, lathe_error *error);
void lathe_quadratic_free(lathe_quadratic *problem);

/* Solve from where b is. False when cancelled. */
bool lathe_quadratic_solve(lathe_quadratic *problem, lathe_progress *progress, lathe_error *error);

#endif
