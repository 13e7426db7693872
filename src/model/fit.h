/* fit.h - the families of models: for each its options and the function that learns a recipe and a model on the rows of a table.
 *
 * All zero in what every family takes (`fit`) gives the defaults. NULL with an error when the target, the weights, the features or the
 * number of rows do not do. */
#ifndef LATHE_MODEL_FIT_H
#define LATHE_MODEL_FIT_H

#include "model.h"

/* What every family takes. */
typedef struct lathe_fit_options {
  const char *weights; /* a column of row weights, which is no feature then; NULL: every row counts 1 */
  const char *
      class_weights; /* of a classification: NULL: 1 each; "balanced": rows / (classes * rows of the class); or a JSON
                                object of class and weight */
  uint64_t seed;
} lathe_fit_options;

/* What a family predicts that can do both: a number, or one of some classes. */
typedef enum lathe_task {
  LATHE_TASK_AUTO, /* numbers are a regression, all else classes */
  LATHE_TASK_REGRESSION,
  LATHE_TASK_CLASSIFICATION,
} lathe_task;

/* Linear regression by ordinary least squares. */
typedef struct lathe_linear_options {
  lathe_fit_options fit;
  bool intercept;
} lathe_linear_options;
lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table,
                                    const lathe_linear_options *options, lathe_progress *progress,
                                    lathe_error *error);

/* Logistic regression: of two classes, or of several (multinomial), the distinct values of the target. Minimises -log likelihood + l2 / 2 *
 * (sum of squared weights) by at most `iterations` steps of Newton's method. */
typedef struct lathe_logistic_options {
  lathe_fit_options fit;
  bool intercept;
  double l2;
  int32_t iterations;
} lathe_logistic_options;
lathe_model *lathe_model_fit_logistic(lathe_recipe *recipe, const lathe_table *table,
                                      const lathe_logistic_options *options, lathe_progress *progress,
                                      lathe_error *error);

#endif
