/* ridge_model.c - a ridge regression as a model. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "regression.h"
#include "ridge.h"

static bool keep_figures(lathe_model *model, const lathe_ridge_fit *fit, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int32_t a = fit->chosen;
  double rows = (double)design->counted, squares = fit->squares[a], freedom = fit->freedom[a];
  const lathe_figure list[] = {
      {"rows", rows},
      {"features", design->width},
      {"intercept", design->intercept},
      {"alpha", fit->alphas[a]},
      {"effective_freedom", freedom},
      {"r2", 1 - squares / fit->total_squares},
      {"rmse", sqrt(squares / design->weight)},
      {"sigma", freedom < rows ? sqrt(squares / (rows - freedom)) : NAN},
      {"left_out_rmse", sqrt(fit->left_out[a] / design->weight)},
      {"gcv_rmse", sqrt(fit->general[a] / design->weight)},
      {"target_mean", design->intercept ? fit->target_mean : NAN},
      {"baseline_rmse", design->intercept ? sqrt(fit->total_squares / design->weight) : NAN},
  };
  return lathe_model_set_figures(model, sizeof list / sizeof *list, list, error);
}

/* A column of (count) values, each made of one of `values`. */
static lathe_column *column_of(const lathe_ridge_fit *fit, const double *values,
                               double (*made)(double, const lathe_ridge_fit *), lathe_error *error) {
  double *list = lathe_memory_raw((size_t)fit->count, sizeof *list, error);
  if (!list) return NULL;
  for (int32_t a = 0; a < fit->count; a++) list[a] = made ? made(values[a], fit) : values[a];
  lathe_column *column = lathe_column_from_float64(list, fit->count, error);
  free(list);
  return column;
}

static double root_mean(double squares, const lathe_ridge_fit *fit) {
  return sqrt(squares / fit->design.weight);
}

static double explained(double squares, const lathe_ridge_fit *fit) {
  return 1 - squares / fit->total_squares;
}

/* "path": how each alpha does; and the coefficients under each. */
static bool keep_path(lathe_training *training, const lathe_ridge_fit *fit, lathe_error *error) {
  if (fit->count == 1) return true;
  lathe_column *path[] = {column_of(fit, fit->alphas, NULL, error), column_of(fit, fit->freedom, NULL, error),
                          column_of(fit, fit->squares, explained, error),
                          column_of(fit, fit->left_out, root_mean, error),
                          column_of(fit, fit->general, root_mean, error)};
  static const char *const names[] = {"alpha", "effective_freedom", "r2", "left_out_rmse", "gcv_rmse"};
  return lathe_model_set_columns(training->model, "path", 5, names, path, error) &&
         lathe_regression_trace(training, &fit->design, fit->count, fit->alphas, fit->estimates, error);
}

static bool keep_notes(lathe_training *training, const lathe_ridge_fit *fit, lathe_error *error) {
  lathe_names *notes = &training->model->notes;
  if (!lathe_training_note_spreads(training, fit->design.unit, error)) return false;
  if (fit->count == 1 || (fit->chosen > 0 && fit->chosen < fit->count - 1)) return true;
  return lathe_names_add(notes, error, "the best alpha is the %s that was tried; try %s ones",
                         fit->chosen ? "largest" : "smallest", fit->chosen ? "larger" : "smaller");
}

static bool write_words(lathe_model *model, const lathe_ridge_options *options, lathe_error *error) {
  static const char *const ways[] = {"was given",
                                     "has the least error of rows that are left out, each in its turn",
                                     "has the least error by generalised cross-validation"};
  lathe_buffer detail = {0};
  bool fine = lathe_buffer_format(&detail, error,
                                  "Fitted by %s least squares with a penalty, alpha times the sum of squared "
                                  "coefficients; alpha %s. It assumes "
                                  "that the target is a sum of effects of the features, which the penalty "
                                  "makes smaller than they are: standard "
                                  "errors are not given.",
                                  options->fit.weights ? "weighted" : "ordinary", ways[options->choice]) &&
              lathe_model_set_words(model, "Ridge regression", detail.data, error);
  lathe_buffer_free(&detail);
  return fine;
}

lathe_model *lathe_model_fit_ridge(lathe_recipe *recipe, const lathe_table *table,
                                   const lathe_ridge_options *options, lathe_progress *progress,
                                   lathe_error *error) {
  lathe_training training = {0};
  lathe_ridge_fit fit = {0};
  double *target, *weights;
  bool fine = lathe_regression_begin(&training, "ridge", recipe, table, &options->fit, &target, &weights,
                                     progress, error);
  const lathe_prepared *prepared = &training.prepared;
  fine = fine &&
         lathe_ridge_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                           table, target, weights, options, &fit, progress, error);
  if (fine) {
    const double *estimates = fit.estimates + (int64_t)fit.chosen * fit.design.columns;
    fine = write_words(training.model, options, error) && keep_figures(training.model, &fit, error) &&
           lathe_regression_keep(&training, &fit.design, estimates, error) &&
           keep_path(&training, &fit, error) && keep_notes(&training, &fit, error);
  }
  lathe_ridge_fit_free(&fit);
  free(target);
  free(weights);
  return lathe_training_end(&training, fine, error);
}
