/* linear_state.h - what a linear model keeps of its design, so that rows can be held against it, and more rows be learned.
 *
 * Tables of the model: "_scale" (mean, unit; of the features and, last, the target), "_triangle" (value: the columns of the triangle, as
 * far as the diagonal, one after the other) and "_sums" (rows, weight, log_weight, target_squares; one row). */
#ifndef LATHE_MODEL_LINEAR_STATE_H
#define LATHE_MODEL_LINEAR_STATE_H

#include "linear.h"
#include "../own.h"
#include "../training.h"

/* A model of more columns keeps none: it would be larger than all else. */
enum { LATHE_LINEAR_STATE_COLUMNS = 300 };

bool lathe_linear_keep(lathe_model *model, const lathe_linear_fit *fit, lathe_error *error);

/* A design for the rows of `table` as `model` sees them, with the model's triangle, all of it and reduced, and its solution; the target may
 * have gaps (NaN). `weights` (rows) and `target` are the caller's. A zeroed `fit` is filled; free it in any case. */
bool lathe_linear_restore(const lathe_model *model, const lathe_table *table, const double *target,
                          const double *weights, lathe_linear_fit *fit, lathe_progress *progress,
                          lathe_error *error);

/* A copy of `model` learns the rows of `table`, too (partial.c): the triangle of all rows is that of the one kept and the one of these,
 * stacked and cut down again, so the fit is what all rows together give (linear_partial.c). */
bool lathe_linear_continue(lathe_training *training, const lathe_model *model, int32_t matrix,
                           const lathe_table *table, const lathe_fit_options *options,
                           lathe_progress *progress, lathe_error *error);

/* What a fit leaves in a model: operators, words, figures, tables and notes (linear_model.c). */
bool lathe_linear_finish_model(lathe_training *training, const lathe_linear_fit *fit,
                               const lathe_linear_options *options, lathe_error *error);

/* Whether this is a linear regression that keeps what these take: else an error that says so, and what the verb (`what`) is for. */
bool lathe_linear_check(const lathe_model *model, const char *what, lathe_error *error);

#endif
