/* fit.h - the families of models: for each its options and the function that learns a recipe and a model on the rows of a table.
 *
 * All zero in what every family takes (`fit`) gives the defaults. NULL with an error when the target, the weights, the features or the
 * number of rows do not do. */
#ifndef LATHE_MODEL_FIT_H
#define LATHE_MODEL_FIT_H

#include "../graph/activation.h"
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

/* How the errors of coefficients are estimated: as if all residuals had one spread, or without that (HC0 .. HC3). */
typedef enum lathe_covariance {
  LATHE_COVARIANCE_CLASSICAL,
  LATHE_COVARIANCE_HC0,
  LATHE_COVARIANCE_HC1,
  LATHE_COVARIANCE_HC2,
  LATHE_COVARIANCE_HC3,
} lathe_covariance;

/* The recipe alone: a model of kind "recipe", whose graph gives the matrix of features and whose table "features" names its columns. The
 * recipe may have no target. */
lathe_model *lathe_model_fit_recipe(lathe_recipe *recipe, const lathe_table *table, lathe_progress *progress,
                                    lathe_error *error);

/* Linear regression by least squares, ordinary or weighted. */
typedef struct lathe_linear_options {
  lathe_fit_options fit;
  bool intercept;
  bool strict;  /* a feature that follows from others is an error; it gets no coefficient otherwise */
  double level; /* of the intervals: 0.95 */
  lathe_covariance covariance;
} lathe_linear_options;
lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table,
                                    const lathe_linear_options *options, lathe_progress *progress,
                                    lathe_error *error);

/* Linear regression with a penalty on the squares of the coefficients (ridge.h): sum of w (y - prediction)^2 + alpha * sum of b^2. */
typedef enum lathe_ridge_choice {
  LATHE_RIDGE_GIVEN, /* `alpha` */
  LATHE_RIDGE_LEAVE_ONE_OUT, /* the one of `alphas` with the least error of rows that are left out, each in its turn */
  LATHE_RIDGE_GENERAL, /* the same by generalised cross-validation */
} lathe_ridge_choice;

typedef struct lathe_ridge_options {
  lathe_fit_options fit;
  bool intercept;
  lathe_ridge_choice choice;
  double alpha;
  const double *alphas; /* to choose among; alpha_count 0: 50, by the features */
  int32_t alpha_count;
} lathe_ridge_options;
lathe_model *lathe_model_fit_ridge(lathe_recipe *recipe, const lathe_table *table,
                                   const lathe_ridge_options *options, lathe_progress *progress,
                                   lathe_error *error);

/* The lasso and the elastic net (lasso.h): a penalty that makes coefficients 0. */
typedef enum lathe_lasso_choice {
  LATHE_LASSO_GIVEN,              /* `alpha` */
  LATHE_LASSO_LEAST_ERROR,        /* the alpha with the least error of rows left out, fold by fold */
  LATHE_LASSO_ONE_STANDARD_ERROR, /* the largest within a standard error of that one */
  LATHE_LASSO_AIC,                /* the least of an information criterion */
  LATHE_LASSO_BIC,
} lathe_lasso_choice;

typedef struct lathe_lasso_options {
  lathe_fit_options fit;
  bool intercept;
  double l1_ratio; /* above 0 to 1, the lasso */
  lathe_lasso_choice choice;
  double alpha;
  const double *alphas; /* to choose among; alpha_count 0: 100, by the features */
  int32_t alpha_count, folds;
} lathe_lasso_options;
lathe_model *lathe_model_fit_lasso(lathe_recipe *recipe, const lathe_table *table,
                                   const lathe_lasso_options *options, lathe_progress *progress,
                                   lathe_error *error);

/* Rows held against a linear regression, those it learned from or others: a table of fitted, residual, standardised (the residual by its
 * own standard error), leverage and cook (Cook's distance), missing where a number is. `weights` names the column of row weights, when it
 * was fitted with one. */
lathe_table *lathe_model_diagnostics(const lathe_model *model, const lathe_table *table, const char *weights,
                                     lathe_progress *progress, lathe_error *error);

/* Logistic regression: of two classes, or of several (multinomial), the distinct values of the target. Minimises -log likelihood + l1 * (sum
 * of |weight|) + l2 / 2 * (sum of squared weights) by at most `iterations` steps of Newton's method (glm.h). */
typedef struct lathe_logistic_options {
  lathe_fit_options fit;
  bool intercept;
  double l1, l2;
  double level; /* of the intervals; 0: 0.95 */
  int32_t iterations;
  const lathe_model *start; /* a model of the same kind to begin from; NULL: none */
} lathe_logistic_options;
lathe_model *lathe_model_fit_logistic(lathe_recipe *recipe, const lathe_table *table,
                                      const lathe_logistic_options *options, lathe_progress *progress,
                                      lathe_error *error);

/* Regression of counts (Poisson): the logarithm of their mean is a sum of effects, and of the logarithm of the exposure. */
typedef struct lathe_poisson_options {
  lathe_fit_options fit;
  bool intercept;
  double l1, l2, level;
  int32_t iterations;
  const lathe_model *start;
  const char *exposure,
      *offset; /* a column of exposures, or of their logarithms, which is no feature then; NULL: none */
  bool scaled; /* errors allow for counts that spread more, or less, than in a Poisson distribution */
} lathe_poisson_options;
lathe_model *lathe_model_fit_poisson(lathe_recipe *recipe, const lathe_table *table,
                                     const lathe_poisson_options *options, lathe_progress *progress,
                                     lathe_error *error);

/* A linear, logistic or Poisson regression that has learned the rows of `table` beside those it knew, its recipe as it is: a new model. A
 * linear one is what all rows together give. For the others the rows before are remembered by the second derivatives of their loss at the
 * coefficients they had. Of `options` weights and class_weights are looked at. */
lathe_model *lathe_model_partial_fit(const lathe_model *model, const lathe_table *table,
                                     const lathe_fit_options *options, lathe_progress *progress,
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

/* A random forest (Breiman 2001), or extra trees (Geurts, Ernst, Wehenkel 2006); features as of a decision tree. */
typedef enum lathe_features {
  LATHE_FEATURES_AUTO, /* sqrt of them for classes, all for a regression */
  LATHE_FEATURES_SQRT,
  LATHE_FEATURES_LOG2,
  LATHE_FEATURES_ALL,
  LATHE_FEATURES_PART, /* features_value of them */
  LATHE_FEATURES_COUNT,
} lathe_features;

typedef struct lathe_forest_options {
  lathe_fit_options fit;
  lathe_task task;
  bool extra; /* thresholds are drawn, and the best of them taken */
  bool entropy;
  int32_t trees;
  int32_t max_depth, min_split, min_leaf; /* as of a tree */
  lathe_features features;                /* looked at for a split */
  double features_value;
  bool bootstrap; /* each tree has a bag of its own: rows drawn with replacement; those out of it judge it */
  double max_samples;       /* the size of a bag, as a part of the rows */
  const char *checkpoint;   /* as of boosting */
  int32_t checkpoint_every; /* trees */
} lathe_forest_options;
lathe_model *lathe_model_fit_forest(lathe_recipe *recipe, const lathe_table *table,
                                    const lathe_forest_options *options, lathe_progress *progress,
                                    lathe_error *error);

/* Gradient boosting on histograms (boosting.h). */
typedef enum lathe_boosting_loss {
  LATHE_BOOSTING_AUTO, /* of a regression squares, of classes log */
  LATHE_BOOSTING_SQUARED,
  LATHE_BOOSTING_ABSOLUTE,
  LATHE_BOOSTING_HUBER,    /* squares up to a distance of `delta`, beyond it straight on */
  LATHE_BOOSTING_QUANTILE, /* of the share `quantile` */
  LATHE_BOOSTING_POISSON,  /* counts; predicts their mean, exp(sum of the trees) */
  LATHE_BOOSTING_LOG,      /* -log of the class's probability */
} lathe_boosting_loss;

typedef struct lathe_boosting_options {
  lathe_fit_options fit;
  lathe_task task;
  lathe_boosting_loss loss;
  double delta, quantile;
  int32_t rounds;
  double rate;
  int32_t max_leaves, max_depth; /* of a tree; 0: as many as there are */
  int32_t min_leaf;              /* rows of a leaf at least */
  double min_weight;             /* the sum of curvatures of a leaf at least */
  double l1, l2, min_gain;
  int32_t max_bins;               /* of a feature, 2 to 255 */
  double row_share, column_share; /* taken for each tree, above 0 to 1 */
  const char *monotone;           /* JSON object of feature and -1, 0 or 1; NULL: none */
  double validation;              /* share of the rows that are measured and not learned from */
  const char *
      validation_column; /* or a column that is true (not 0) in those rows, which is no feature then; NULL: none */
  int32_t patience;      /* rounds without a better loss of those rows after which it stops; 0: never */
  const char *checkpoint;   /* a file that the training is kept in, and goes on from; NULL: none */
  int32_t checkpoint_every; /* rounds */
} lathe_boosting_options;
lathe_model *lathe_model_fit_boosting(lathe_recipe *recipe, const lathe_table *table,
                                      const lathe_boosting_options *options, lathe_progress *progress,
                                      lathe_error *error);

/* A dense network (network.h): layers of numbers, each a linear function of the one before and then an activation. Trained on batches by
 * their gradients, in float32. Categories are ordinal codes of the recipe and become rows of a table that is learned with the rest; other
 * features should be scaled. A missing number is an error, a missing or unknown text has a row of its own. */
typedef enum lathe_optimizer {
  LATHE_OPTIMIZER_ADAM,
  LATHE_OPTIMIZER_ADAMW,
  LATHE_OPTIMIZER_SGD
} lathe_optimizer;

/* The learning rate as a factor of `rate`, by the epochs that are done, e. */
typedef enum lathe_schedule {
  LATHE_SCHEDULE_CONSTANT,
  LATHE_SCHEDULE_STEP,        /* factor ^ floor(e / every) */
  LATHE_SCHEDULE_EXPONENTIAL, /* factor ^ e */
  LATHE_SCHEDULE_COSINE,      /* from 1 down to `floor`, by each batch */
  LATHE_SCHEDULE_PLATEAU,     /* times factor after each `every` epochs without a better loss */
} lathe_schedule;

typedef struct lathe_network_options {
  lathe_fit_options fit;
  lathe_task task;
  const int32_t *layers; /* widths of the hidden ones */
  int32_t layer_count;
  lathe_activation activation; /* of the hidden ones */
  bool norm;                   /* batch norm before each activation */
  double dropout;              /* part of each hidden layer's values that a batch does without */
  lathe_optimizer optimizer;
  double rate;
  double momentum; /* of SGD */
  bool nesterov;
  double beta1, beta2, epsilon; /* of Adam (Kingma, Ba 2015) */
  double decay;  /* of AdamW (Loshchilov, Hutter 2019): each step takes rate * decay of the weights */
  double l1, l2; /* l1 * sum |w| + l2 / 2 * sum w^2 of the weights is added to the mean loss */
  lathe_schedule schedule;
  double schedule_factor, schedule_floor;
  int32_t schedule_every;
  double warmup; /* epochs in which the rate rises from 0 */
  int32_t batch; /* rows */
  int32_t epochs;
  int32_t embedding; /* numbers that a category becomes; 0: by how many there are */
  double validation; /* as of boosting */
  const char *validation_column;
  int32_t patience; /* epochs without a better loss of those rows after which it stops; 0: never */
  const char *checkpoint;
  int32_t checkpoint_every; /* epochs */
  const int32_t *frozen; /* of a network that goes on: layers that stay as they are, from 1; 0 is the head */
  int32_t frozen_count;
} lathe_network_options;
lathe_model *lathe_model_fit_network(lathe_recipe *recipe, const lathe_table *table,
                                     const lathe_network_options *options, lathe_progress *progress,
                                     lathe_error *error);

/* A network that goes on from `model` on the rows of `table`, with what its recipe learned: a new model. No targets, or the model's:
 * its head stays, and so do its classes and the units of its targets. Others give it a new head. Layers, activations and embeddings are
 * the model's, batch norm is in its weights. The moments of the optimizer begin anew. */
lathe_model *lathe_model_continue_network(const lathe_model *model, const lathe_table *table, int32_t targets,
                                          const char *const *target, const lathe_network_options *options,
                                          lathe_progress *progress, lathe_error *error);

#endif
