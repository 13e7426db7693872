/* training.h - what every family of models does around its solver: the recipe is learned, the columns of its matrix are measured, and
 * what comes out is finished as a model. */
#ifndef LATHE_MODEL_TRAINING_H
#define LATHE_MODEL_TRAINING_H

#include "../prepare/classes.h"
#include "../prepare/fit.h"
#include "fit.h"
#include "own.h"

typedef struct lathe_training {
  lathe_model *model; /* its recipe, target and, when it ends, notes and card */
  lathe_prepared prepared;
} lathe_training; /* zero-initialise */

/* The recipe is learned on `table`; the model is begun. The column of row weights in `options` (NULL: defaults) is left out of the
 * features. */
bool lathe_training_begin(lathe_training *training, const char *kind, lathe_recipe *recipe,
                          const lathe_table *table, const lathe_fit_options *options,
                          lathe_progress *progress, lathe_error *error);

/* The weight of each row (rows): that of its column times that of its class (`classes` NULL: a regression). NULL in `weights` when all
 * are 1. A weight of 0 leaves a row out of the sums. A negative, missing or infinite one is an error that names the row. */
bool lathe_training_weights(const lathe_fit_options *options, const lathe_table *table,
                            const lathe_column *target, const lathe_classes *classes, double **weights,
                            lathe_error *error);

/* The graph ends with weights (width of the matrix, outputs) and biases (outputs). */
bool lathe_training_linear(lathe_training *training, int32_t outputs, const double *weights,
                           const double *bias, lathe_error *error);

/* The graph, whose last value has a column for each class (two classes may have one: the log odds of the second), ends in
 * probabilities, by LATHE_OPERATOR_LOGISTIC or _SOFTMAX when `link`. The classes get their names, and a table "classes" their rows. */
bool lathe_training_classes(lathe_training *training, const lathe_column *target,
                            const lathe_classes *classes, bool link, lathe_error *error);

/* The table "coefficients": a row for the intercept (unless `bias` is NULL) and for each feature, of outputs `first` and on; with a column
 * "class" when there are several outputs. A column's `weights` are (features, outputs), its `bias` (outputs). */
typedef struct lathe_coefficient_column {
  const char *name;
  const double *weights, *bias;
} lathe_coefficient_column;
bool lathe_training_coefficients(lathe_training *training, int32_t outputs, int32_t first, bool intercept,
                                 int32_t count, const lathe_coefficient_column *columns, lathe_error *error);

/* The table "importance": of each feature its part of the gain of all splits, and how many splits ask it; the greatest
 * part first. */
bool lathe_training_importance(lathe_training *training, const double *gain, const int64_t *splits,
                               lathe_error *error);

/* The table "features": the columns of the matrix, and of a column of codes how many categories there are (0: numbers). */
bool lathe_training_features(lathe_training *training, lathe_error *error);

/* A note for each feature that follows from those before it. */
bool lathe_training_note_aliased(lathe_training *training, const bool *aliased, lathe_error *error);

/* A note when a penalty would not weigh the features alike: their spreads, `unit` (features), are far apart. */
bool lathe_training_note_spreads(lathe_training *training, const double *unit, lathe_error *error);

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
