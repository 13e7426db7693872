/* linear.h - least squares from the triangle of a design: coefficients, their errors, and what can be said of the fit.
 *
 * The coefficients are refined once by the residuals themselves (Bjorck 1996, corrected seminormal equations), unless triangle.h says that
 * they are sure already. */
#ifndef LATHE_MODEL_LINEAR_H
#define LATHE_MODEL_LINEAR_H

#include "../../base/memory.h"
#include "design.h"
#include "../fit.h"
#include "triangle.h"

/* A feature is a combination of the ones before it when this part of its norm, or less, is left beside them. */
#define LATHE_LINEAR_TOLERANCE 1e-10

typedef struct lathe_linear_fit {
  lathe_design design;
  lathe_triangle_way way;
  double *whole; /* (size, size): the triangle of all columns */
  double *
      reduced; /* the same without those that follow from others; `column` are the starts of the others' in it */
  double **column;   /* (rank) */
  int32_t rank;      /* coefficients that are free, the intercept included */
  bool *kept;        /* (columns) */
  double *solution;  /* (columns), in the units of the design */
  double *estimates; /* (columns): in those of the table, the intercept first */
  double *errors;    /* (columns): standard errors; NaN where not kept */
  double *inflation; /* (columns): variance inflation factors; NaN for the intercept and where not kept */
  double residual_squares,
      absolute_sum; /* sums over the rows, by their weights; absolute_sum NaN: not looked at */
  double total_squares, explained_squares; /* around the mean; around 0 without intercept */
  double target_mean, target_squares;      /* target_squares: around the mean */
  double f, f_freedom; /* of all features together: the statistic, and its degrees of freedom above */
  double condition;    /* of the features, centred, at one length: the largest singular value by the least */
} lathe_linear_fit;

/* Fit `target` (rows of the table, finite) by the value of operator `matrix`. `names` are its columns, for the errors. A zeroed `fit` is
 * filled; free it in any case. */
bool lathe_linear_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                        const lathe_table *table, const double *target, const double *weights,
                        const lathe_linear_options *options, lathe_linear_fit *fit, lathe_progress *progress,
                        lathe_error *error);
void lathe_linear_fit_free(lathe_linear_fit *fit);

/* Parts of that, for those who have a triangle already: room for a fit whose design is open; the reduced triangle and the first solution;
 * errors and figures of a solution (`residual_squares` and `target_squares` known). */
bool lathe_linear_room(lathe_linear_fit *fit, lathe_error *error);
bool lathe_linear_reduce(lathe_linear_fit *fit, lathe_error *error);
bool lathe_linear_finish(lathe_linear_fit *fit, lathe_error *error);

/* What the triangle knows of the residuals, instead of the residuals. */
void lathe_linear_take_residuals(lathe_linear_fit *fit);

/* The errors, and the F statistic, that hold where residuals have not one spread (linear_robust.c). */
bool lathe_linear_robust(lathe_linear_fit *fit, lathe_covariance covariance, lathe_error *error);

/* Column `j` of the design, which is not kept, as a sum of others, in words: "2 * \"a\" - \"b\" + 1". */
bool lathe_linear_sentence(const lathe_linear_fit *fit, const char *const *names, int32_t j,
                           lathe_buffer *words, lathe_error *error);

#endif
