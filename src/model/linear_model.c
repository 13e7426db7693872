/* linear_model.c - a linear regression as a model: the recipe, the solver, the figures. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "distribution.h"
#include "fit.h"
#include "linear.h"
#include "target.h"
#include "training.h"

static bool keep_figures(lathe_model *model, const lathe_linear_fit *fit, lathe_error *error) {
  const lathe_linear_figures *figures = &fit->figures;
  double rows = (double)figures->rows, freedom = rows - figures->rank;
  double left = figures->residual_squares / figures->total_squares;
  const struct {
    const char *name;
    double value;
  } list[] = {
      {"rows", rows},
      {"features", fit->width},
      {"rank", figures->rank},
      {"freedom", freedom},
      {"intercept", figures->intercept},
      {"r2", 1 - left},
      {"adjusted_r2", 1 - left * (rows - figures->intercept) / freedom},
      {"rmse", sqrt(figures->residual_squares / rows)},
      {"mae", figures->absolute_sum / rows},
      {"sigma", sqrt(figures->residual_squares / freedom)},
      {"target_mean", figures->target_mean},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!lathe_model_set_figure(model, list[i].name, list[i].value, error)) return false;
  return true;
}

static bool keep_coefficients(lathe_training *training, const lathe_linear_fit *fit, bool intercept,
                              lathe_error *error) {
  int32_t width = fit->width;
  double freedom = (double)(fit->figures.rows - fit->figures.rank);
  double *t = lathe_memory_raw((size_t)width, sizeof *t, error);
  double *p = lathe_memory_raw((size_t)width, sizeof *p, error);
  double bias_t = fit->intercept / fit->intercept_error, bias_p = lathe_student_tails(bias_t, freedom);
  for (int32_t j = 0; t && p && j < width; j++) {
    t[j] = fit->weights[j] / fit->errors[j];
    p[j] = lathe_student_tails(t[j], freedom);
  }
  const lathe_coefficient_column columns[] = {{"estimate", fit->weights, &fit->intercept},
                                              {"standard_error", fit->errors, &fit->intercept_error},
                                              {"t", t, &bias_t},
                                              {"p", p, &bias_p}};
  bool fine = t && p && lathe_training_coefficients(training, 1, 0, intercept, 4, columns, error);
  free(t);
  free(p);
  return fine;
}

lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table,
                                    const lathe_linear_options *options, lathe_progress *progress,
                                    lathe_error *error) {
  bool intercept = options->intercept;
  lathe_training training = {0};
  lathe_linear_fit fit = {0};
  double *target = lathe_target_numbers(recipe, table, error);
  bool fine =
      target && lathe_training_begin(&training, "linear", recipe, table, &options->fit, progress, error);
  const lathe_prepared *prepared = &training.prepared;
  fine = fine &&
         lathe_model_set_words(
             training.model, "Linear regression",
             "Fitted by ordinary least squares. It assumes that the target is a sum of effects of the "
             "features, and knows nothing of values far outside those it was trained on.",
             error) &&
         lathe_linear_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                            table, target, intercept, &fit, progress, error) &&
         lathe_training_linear(&training, 1, fit.weights, &fit.intercept, error) &&
         keep_figures(training.model, &fit, error) && keep_coefficients(&training, &fit, intercept, error) &&
         lathe_training_note_aliased(&training, fit.aliased, error);
  lathe_linear_fit_free(&fit);
  free(target);
  return lathe_training_end(&training, fine, error);
}
