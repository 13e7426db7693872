/* model.h - a fitted recipe and estimator: a graph from raw columns to the prediction, and what was learned
 * about them.
 *
 * A model is never changed: quantizing gives another one. In a bundle (graph/bundle.h) it adds the texts
 *   "recipe": the recipe as JSON
 *   "model":  JSON { "kind", "target", "weights", "intercept", "rows", "rank",
 *             kind "linear":   "target_mean", "residual_squares", "total_squares", "absolute_sum",
 *             kind "logistic": "l2", "iterations", "converged", "loss", "null_loss" (means over the rows), "class_rows": [ N, .. ],
 *                              "outputs" (coefficients are listed output by output, for the last classes),
 *             "coefficients": [ { "feature", "estimate", "standard_error" (null: none) }, .. ],
 *             "notes": [ TEXT, .. ] }
 *   "card":   the model card, markdown, for people */
#ifndef LATHE_MODEL_MODEL_H
#define LATHE_MODEL_MODEL_H

#include "../base/progress.h"
#include "../graph/graph.h"
#include "../graph/quantize.h"
#include "../prepare/recipe.h"
#include "../table/table.h"

typedef struct lathe_model lathe_model;

typedef enum lathe_family { LATHE_FAMILY_LINEAR, LATHE_FAMILY_LOGISTIC } lathe_family;

typedef struct lathe_coefficient {
  const char
      *feature; /* "(intercept)", "median_income", "ocean_proximity=INLAND"; lives as long as the model */
  int32_t class_index; /* whose log odds or exponent it is part of; -1 in a regression */
  double estimate;
  double standard_error; /* NaN when aliased, or when a penalty pulls the estimate */
  double t, p;  /* estimate / standard error; two-sided: Student's t, in a classification the normal's */
  bool aliased; /* it follows from features before it and was set to 0 */
} lathe_coefficient;

typedef struct lathe_model_summary {
  lathe_family family;
  int64_t rows;     /* of training */
  int64_t freedom;  /* rows - free coefficients */
  int32_t features; /* columns of the matrix */
  int32_t rank;     /* free coefficients, the intercept included */
  bool intercept;
  bool int8; /* its weights are quantized */
  /* a regression, on the training rows */
  double target_mean; /* the baseline */
  double sigma;       /* the residual standard error */
  double r2, adjusted_r2, rmse, mae;
  /* a classification, on the training rows */
  int32_t classes; /* 0: a regression */
  int32_t iterations;
  bool converged;
  double l2;
  double log_likelihood, null_log_likelihood; /* the latter: of the classes' shares alone */
  double log_loss;                            /* -log likelihood of a row */
  double pseudo_r2;                           /* 1 - log likelihood / null log likelihood (McFadden) */
  double aic, bic;                            /* NaN under a penalty */
} lathe_model_summary;

/* Learn `recipe` and a linear regression on the rows of `table` by ordinary least squares. */
lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table, bool intercept,
                                    lathe_progress *progress, lathe_error *error);

/* Learn `recipe` and a logistic regression: of two classes, or of several (multinomial), the distinct values of the target. Minimises
 * -log likelihood + l2 / 2 * (sum of squared weights) by at most `iterations` steps of Newton's method. */
lathe_model *lathe_model_fit_logistic(lathe_recipe *recipe, const lathe_table *table, bool intercept,
                                      double l2, int32_t iterations, lathe_progress *progress,
                                      lathe_error *error);

lathe_model *lathe_model_retain(lathe_model *model);
void lathe_model_release(lathe_model *model);

/* What is in it. Borrowed, as long as the model lives. */
lathe_graph *lathe_model_graph(const lathe_model *model);
const char *lathe_model_target(const lathe_model *model);
const char *lathe_model_recipe(const lathe_model *model);
void lathe_model_summarise(const lathe_model *model, lathe_model_summary *summary);
int32_t lathe_model_coefficients(const lathe_model *model);
bool lathe_model_coefficient(const lathe_model *model, int32_t index, lathe_coefficient *coefficient);
int64_t lathe_model_class_rows(const lathe_model *model, int32_t index); /* of training */
int32_t lathe_model_notes(const lathe_model *model);
const char *lathe_model_note(const lathe_model *model, int32_t index);
const char *lathe_model_card(const lathe_model *model);

/* The same model with int8 weights; `report` may be NULL. */
lathe_model *lathe_model_quantize(const lathe_model *model, lathe_quantize_report *report,
                                  lathe_error *error);

/* A bundle: equal models, equal bytes. Opening checks everything and runs nothing. */
bool lathe_model_save(const lathe_model *model, const char *path, lathe_error *error);
lathe_model *lathe_model_open(const char *path, lathe_error *error);

#endif
