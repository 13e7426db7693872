/* regression.h - what models by least squares share: how they begin, what becomes of coefficients, and of those under each penalty. */
#ifndef LATHE_MODEL_REGRESSION_H
#define LATHE_MODEL_REGRESSION_H

#include "../training.h"
#include "design.h"

/* The target, the recipe learned, the weights: `target` and `weights` are to be freed in any case. */
bool lathe_regression_begin(lathe_training *training, const char *kind, lathe_recipe *recipe,
                            const lathe_table *table, const lathe_fit_options *options, double **target,
                            double **weights, lathe_progress *progress, lathe_error *error);

/* The graph ends in `estimates` (columns of the design), and the table "coefficients" has them. */
bool lathe_regression_keep(lathe_training *training, const lathe_design *design, const double *estimates,
                           lathe_error *error);

/* The table "trace": `estimates` (count, columns of the design) by the penalties that they were found under; none of many features. */
bool lathe_regression_trace(lathe_training *training, const lathe_design *design, int32_t count,
                            const double *alphas, const double *estimates, lathe_error *error);

#endif
