/* training.h - what every family of models does around its solver: the recipe is learned, the columns of its matrix are measured, and
 * what comes out is finished as a model. */
#ifndef LATHE_MODEL_TRAINING_H
#define LATHE_MODEL_TRAINING_H

#include "../prepare/fit.h"
#include "own.h"

typedef struct lathe_training {
  lathe_model *model; /* its recipe, target and, when it ends, notes and card */
  lathe_prepared prepared;
} lathe_training; /* zero-initialise */

/* The recipe is learned on `table`; the model is begun. */
bool lathe_training_begin(lathe_training *training, lathe_family family, lathe_recipe *recipe,
                          const lathe_table *table, lathe_progress *progress, lathe_error *error);

/* The graph ends with weights (width of the matrix, outputs) and biases (outputs). The model's coefficients are those of outputs `first`
 * and on: the intercept before the features of each. `errors` and `bias_errors` have the same shapes. */
bool lathe_training_take(lathe_training *training, int32_t outputs, int32_t first, bool intercept,
                         const double *weights, const double *errors, const double *bias,
                         const double *bias_errors, lathe_error *error);

/* A note for each feature that follows from those before it. */
bool lathe_training_note_aliased(lathe_training *training, const bool *aliased, lathe_error *error);

/* The model with its card, when all went well (`fine`). NULL otherwise. */
lathe_model *lathe_training_end(lathe_training *training, bool fine, lathe_error *error);

/* Measure the columns of operator `matrix`: their means (0 unless `centred`) and units, powers of two next to their spreads. A value that
 * is missing, infinite, or too large or small to be squared is an error that names the column. */
bool lathe_training_measure(const lathe_graph *graph, int32_t matrix, const char *const *names,
                            const lathe_table *table, bool centred, double *mean, double *unit,
                            lathe_progress *progress, lathe_error *error);

/* The power of two next to a spread, and whether the sum of squares of a column (`name` NULL: the target) can be reckoned with. */
double lathe_training_unit(double spread);
bool lathe_training_check_square(double square, bool differs, const char *name, lathe_error *error);

#endif
