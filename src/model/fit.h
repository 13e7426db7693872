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

/* A decision tree: CART (Breiman, Friedman, Olshen, Stone 1984) with exact splits. Needs no scaling, takes missing numbers as they are, and
 * texts as ordinal codes of the recipe, which it splits as the categories they are. */
typedef struct lathe_tree_options {
  lathe_fit_options fit;
  lathe_task task;
  bool entropy;                /* of classes: entropy instead of the Gini index */
  int32_t max_depth;           /* 0: any */
  int32_t min_split, min_leaf; /* rows of a node that is split, and of a leaf, at least; 0: 2 and 1 */
  double min_decrease;         /* of the impurity, as a part of the weight of all rows, that a split needs */
  double alpha;                /* the penalty for each leaf (cost-complexity pruning); folds > 0: chosen */
  int32_t folds;               /* of cross-validation that chooses the penalty; 0: none */
  bool simplest; /* the largest penalty within a standard error of the least error, instead of that one */
} lathe_tree_options;
lathe_model *lathe_model_fit_tree(lathe_recipe *recipe, const lathe_table *table,
                                  const lathe_tree_options *options, lathe_progress *progress,
                                  lathe_error *error);

#endif
