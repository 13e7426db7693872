/* lasso_model.c - a lasso or an elastic net as a model. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "lasso.h"
#include "regression.h"

static bool keep_figures(lathe_model *model, const lathe_lasso_fit *fit, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int32_t a = fit->chosen;
  double rows = (double)design->counted, squares = fit->squares[a];
  double freedom = fit->nonzero[a] + design->intercept;
  const lathe_figure list[] = {
      {"rows", rows},
      {"features", design->width},
      {"nonzero", fit->nonzero[a]},
      {"intercept", design->intercept},
      {"alpha", fit->alphas[a]},
      {"best_alpha", fit->chosen != fit->best ? fit->alphas[fit->best] : NAN},
      {"l1_ratio", fit->l1_ratio},
      {"r2", 1 - squares / fit->total_squares},
      {"rmse", sqrt(squares / design->weight)},
      {"sigma", freedom < rows ? sqrt(squares / (rows - freedom)) : NAN},
      {"left_out_rmse", sqrt(fit->left_out[a])},
      {"criterion", fit->criterion[a]},
      {"target_mean", design->intercept ? fit->target_mean : NAN},
      {"baseline_rmse", design->intercept ? sqrt(fit->total_squares / design->weight) : NAN},
  };
  return lathe_model_set_figures(model, sizeof list / sizeof *list, list, error);
}

/* "path": how each alpha does. */
static bool keep_path(lathe_training *training, const lathe_lasso_fit *fit, lathe_error *error) {
  int32_t count = fit->count, place = 0;
  double *r2 = lathe_memory_raw((size_t)count, sizeof *r2, error);
  int64_t *nonzero = lathe_memory_raw((size_t)count, sizeof *nonzero, error);
  bool fine = r2 && nonzero;
  for (int32_t a = 0; fine && a < count; a++) {
    r2[a] = 1 - fit->squares[a] / fit->total_squares;
    nonzero[a] = fit->nonzero[a];
  }
  const char *names[] = {"alpha", "nonzero", "r2", "left_out_mse", "left_out_error"};
  lathe_column *columns[5] = {NULL};
  if (fine) {
    columns[place++] = lathe_column_from_float64(fit->alphas, count, error);
    columns[place++] = lathe_column_from_int64(nonzero, count, error);
    columns[place++] = lathe_column_from_float64(r2, count, error);
    if (!isnan(fit->criterion[0])) {
      names[place] = "criterion";
      columns[place++] = lathe_column_from_float64(fit->criterion, count, error);
    } else {
      columns[place++] = lathe_column_from_float64(fit->left_out, count, error);
      columns[place++] = lathe_column_from_float64(fit->spread, count, error);
    }
    fine = lathe_model_set_columns(training->model, "path", place, names, columns, error);
  }
  free(r2);
  free(nonzero);
  return fine;
}

static bool keep_notes(lathe_training *training, const lathe_lasso_fit *fit, lathe_error *error) {
  lathe_names *notes = &training->model->notes;
  if (!lathe_training_note_spreads(training, fit->design.unit, error)) return false;
  if (!fit->settled &&
      !lathe_names_add(notes, error,
                       "some coefficients of the path did not settle: features are nearly sums "
                       "of others; a smaller l1_ratio, or larger alphas, tell them apart"))
    return false;
  if (fit->nonzero[fit->chosen] == 0)
    return lathe_names_add(notes, error,
                           "no feature is left: alpha = %.4g predicts the mean; a smaller one lets some in",
                           fit->alphas[fit->chosen]);
  if (fit->count == 1 || (fit->best > 0 && fit->best < fit->count - 1)) return true;
  return lathe_names_add(notes, error, "the best alpha is the %s that was tried; try %s ones",
                         fit->best ? "smallest" : "largest", fit->best ? "smaller" : "larger");
}

static bool write_words(lathe_model *model, const lathe_lasso_options *options, lathe_error *error) {
  static const char *const ways[] = {"was given", "has the least error of rows left out, fold by fold",
                                     "is the largest within a standard error of the least error of rows left "
                                     "out, fold by fold",
                                     "has the least AIC", "has the least BIC"};
  bool lasso = options->l1_ratio == 1;
  lathe_buffer detail = {0};
  bool fine = lathe_buffer_format(
                  &detail, error,
                  "Fitted by %s least squares with a penalty on %s, which leaves features out; alpha %s. "
                  "Coefficients that a penalty has made smaller have no standard errors here.",
                  options->fit.weights ? "weighted" : "ordinary",
                  lasso ? "the size of coefficients" : "the size of coefficients and on their squares",
                  ways[options->choice]) &&
              lathe_model_set_words(model, lasso ? "Lasso" : "Elastic net", detail.data, error);
  lathe_buffer_free(&detail);
  return fine;
}

static bool check_options(const lathe_lasso_options *options, lathe_error *error) {
  bool choosing = options->choice != LATHE_LASSO_GIVEN;
  if (!(options->l1_ratio > 0) || !(options->l1_ratio <= 1))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "l1_ratio is a number above 0, up to 1 (the lasso), not %g; for 0 there is ridge",
                           options->l1_ratio);
  if (choosing && options->folds < 2)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "folds are 2 or more, not %d", options->folds);
  for (int32_t a = 0; a < (choosing ? options->alpha_count : 1); a++) {
    double alpha = choosing ? options->alphas[a] : options->alpha;
    if (!(alpha >= 0) || isinf(alpha))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "alpha is a number from 0 up, not %g", alpha);
  }
  return true;
}

lathe_model *lathe_model_fit_lasso(lathe_recipe *recipe, const lathe_table *table,
                                   const lathe_lasso_options *options, lathe_progress *progress,
                                   lathe_error *error) {
  lathe_training training = {0};
  lathe_lasso_fit fit = {0};
  if (!check_options(options, error)) return NULL;
  double *target, *weights;
  bool fine = lathe_regression_begin(&training, options->l1_ratio == 1 ? "lasso" : "elastic_net", recipe,
                                     table, &options->fit, &target, &weights, progress, error);
  const lathe_prepared *prepared = &training.prepared;
  fine = fine &&
         lathe_lasso_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                           table, target, weights, options, &fit, progress, error);
  if (fine) {
    const double *estimates = fit.estimates + (int64_t)fit.chosen * fit.design.columns;
    fine = write_words(training.model, options, error) && keep_figures(training.model, &fit, error) &&
           lathe_regression_keep(&training, &fit.design, estimates, error) &&
           (fit.count == 1 ||
            (keep_path(&training, &fit, error) &&
             lathe_regression_trace(&training, &fit.design, fit.count, fit.alphas, fit.estimates, error))) &&
           keep_notes(&training, &fit, error);
  }
  lathe_lasso_fit_free(&fit);
  free(target);
  free(weights);
  return lathe_training_end(&training, fine, error);
}
