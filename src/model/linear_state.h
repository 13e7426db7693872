/* linear_state.h - what a linear model keeps of its design, so that rows can be held against it, and more rows be learned.
 *
 * Tables of the model: "_scale" (mean, unit; of the features and, last, the target), "_triangle" (value: the columns of the triangle, as
 * far as the diagonal, one after the other) and "_sums" (rows, weight, log_weight; one row). */
#ifndef LATHE_MODEL_LINEAR_STATE_H
#define LATHE_MODEL_LINEAR_STATE_H

#include "linear.h"
#include "own.h"

/* A model of more columns keeps none: it would be larger than all else. */
enum { LATHE_LINEAR_STATE_COLUMNS = 300 };

bool lathe_linear_keep(lathe_model *model, const lathe_linear_fit *fit, lathe_error *error);

#endif
