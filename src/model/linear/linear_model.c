/* linear_model.c - a linear regression as a model: the recipe, the solver, the figures. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "distribution.h"
#include "../fit.h"
#include "linear.h"
#include "linear_state.h"
#include "regression.h"

static const char *const covariance_words[] = {NULL, "HC0", "HC1", "HC2", "HC3"};

static bool keep_figures(lathe_model *model, const lathe_linear_fit *fit, const lathe_linear_options *options,
                         lathe_error *error) {
  const lathe_design *design = &fit->design;
  double rows = (double)design->counted, freedom = rows - fit->rank;
  double left = fit->residual_squares / fit->total_squares;
  double likelihood = -rows / 2 * (log(fit->residual_squares / rows) + log(2 * 3.14159265358979323846) + 1) +
                      design->log_weight / 2;
  const lathe_figure list[] = {
      {"rows", rows},
      {"features", design->width},
      {"rank", fit->rank},
      {"freedom", freedom},
      {"intercept", design->intercept},
      {"r2", 1 - left},
      {"adjusted_r2", 1 - left * (rows - design->intercept) / freedom},
      {"f", fit->f_freedom > 0 ? fit->f : NAN},
      {"f_p", fit->f_freedom > 0 ? lathe_f_tail(fit->f, fit->f_freedom, freedom) : NAN},
      {"rmse", sqrt(fit->residual_squares / design->weight)},
      {"mae", fit->absolute_sum / design->weight},
      {"sigma", sqrt(fit->residual_squares / freedom)},
      {"log_likelihood", likelihood},
      {"aic", 2 * fit->rank - 2 * likelihood},
      {"bic", log(rows) * fit->rank - 2 * likelihood},
      {"condition", fit->condition},
      {"level", options->level},
      {"target_mean", fit->target_mean},
      {"baseline_rmse", sqrt(fit->target_squares / design->weight)},
  };
  return lathe_model_set_figures(model, sizeof list / sizeof *list, list, error);
}

static bool keep_coefficients(lathe_training *training, const lathe_linear_fit *fit,
                              const lathe_linear_options *options, lathe_error *error) {
  int32_t columns = fit->design.columns;
  double freedom = (double)(fit->design.counted - fit->rank),
         bound = lathe_student_bound(1 - options->level, freedom);
  double *all = lathe_memory_raw((size_t)columns * 4, sizeof *all, error);
  if (!all) return false;
  double *t = all, *p = t + columns, *low = p + columns, *high = low + columns;
  for (int32_t j = 0; j < columns; j++) {
    double estimate = fit->estimates[j], reach = bound * fit->errors[j];
    t[j] = estimate / fit->errors[j];
    p[j] = lathe_student_tails(t[j], freedom);
    low[j] = estimate - reach;
    high[j] = estimate + reach;
  }
  int32_t first = fit->design.intercept;
#define COLUMN(name, values)                                                                                 \
  { name, (values) + first, (values) }
  const lathe_coefficient_column table[] = {COLUMN("estimate", fit->estimates),
                                            COLUMN("standard_error", fit->errors),
                                            COLUMN("t", t),
                                            COLUMN("p", p),
                                            COLUMN("low", low),
                                            COLUMN("high", high),
                                            COLUMN("vif", fit->inflation)};
#undef COLUMN
  bool fine = lathe_training_coefficients(training, 1, 0, first, sizeof table / sizeof *table, table, error);
  free(all);
  return fine;
}

/* Features that follow from others, and those that nearly do. */
static bool note_dependent(lathe_training *training, const lathe_linear_fit *fit, lathe_error *error) {
  const char *const *names = (const char *const *)training->prepared.features.name;
  lathe_names *notes = &training->model->notes;
  int32_t first = fit->design.intercept, most = -1, count = 0;
  for (int32_t j = first; j < fit->design.columns; j++) {
    if (fit->kept[j]) {
      if (!(fit->inflation[j] > 10)) continue;
      count++;
      if (most < 0 || fit->inflation[j] > fit->inflation[most]) most = j;
      continue;
    }
    lathe_buffer words = {0};
    bool fine =
        lathe_linear_sentence(fit, names, j, &words, error) &&
        lathe_names_add(notes, error,
                        "\"%s\" follows from the features before it: it is %s; its coefficient is set to 0",
                        names[j - first], words.data);
    lathe_buffer_free(&words);
    if (!fine) return false;
  }
  if (count == 0) return true;
  const char *name = names[most - first];
  return count == 1 ? lathe_names_add(notes, error,
                                      "\"%s\" is nearly a sum of other features (VIF %.0f): its coefficient "
                                      "is uncertain, the prediction "
                                      "is not",
                                      name, fit->inflation[most])
                    : lathe_names_add(notes, error,
                                      "%d features are nearly sums of others (VIF above 10, \"%s\" %.0f): "
                                      "their coefficients are "
                                      "uncertain, the prediction is not",
                                      (int)count, name, fit->inflation[most]);
}

static bool note_fit(lathe_training *training, const lathe_linear_fit *fit, lathe_error *error) {
  lathe_names *notes = &training->model->notes;
  int64_t zero = fit->design.rows - fit->design.counted;
  if (zero > 0 && !lathe_names_add(notes, error, "%lld row%s the weight 0 and %s not counted",
                                   (long long)zero, zero == 1 ? " has" : "s have", zero == 1 ? "is" : "are"))
    return false;
  return fit->residual_squares > 1e-28 * fit->total_squares ||
         lathe_names_add(notes, error,
                         "the features give the target exactly; tests and intervals mean nothing then");
}

static const char *const ways[] = {"QR, refined by the residuals",
                                   "normal equations, refined by the residuals", "normal equations"};

static bool write_words(lathe_model *model, const lathe_linear_fit *fit, const lathe_linear_options *options,
                        lathe_error *error) {
  const char *robust = covariance_words[options->covariance];
  lathe_buffer detail = {0};
  bool fine = lathe_buffer_format(
      &detail, error,
      "Fitted by %s least squares (%s). It assumes that the target is a sum of effects of the features, and "
      "knows nothing of values far outside those it was trained on. Intervals are at the level of %.6g %%. ",
      options->fit.weights ? "weighted" : "ordinary", ways[fit->way], 100 * options->level);
  fine =
      fine &&
      (robust ? lathe_buffer_format(
                    &detail, error,
                    "Standard errors are robust (%s): they hold for residuals of unequal spread.", robust)
              : lathe_buffer_text(
                    &detail, "Standard errors hold for residuals that are independent and of one spread.",
                    error)) &&
      lathe_model_set_words(model, options->fit.weights ? "Weighted linear regression" : "Linear regression",
                            detail.data, error);
  lathe_buffer_free(&detail);
  return fine;
}

bool lathe_linear_finish_model(lathe_training *training, const lathe_linear_fit *fit,
                               const lathe_linear_options *options, lathe_error *error) {
  lathe_model *model = training->model;
  return lathe_training_linear(training, 1, fit->estimates + fit->design.intercept,
                               options->intercept ? fit->estimates : &(double){0}, error) &&
         write_words(model, fit, options, error) && keep_figures(model, fit, options, error) &&
         keep_coefficients(training, fit, options, error) && lathe_linear_keep(model, fit, error) &&
         note_dependent(training, fit, error) && note_fit(training, fit, error);
}

lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table,
                                    const lathe_linear_options *options, lathe_progress *progress,
                                    lathe_error *error) {
  lathe_training training = {0};
  lathe_linear_fit fit = {0};
  double *target, *weights;
  bool fine = lathe_regression_begin(&training, "linear", recipe, table, &options->fit, &target, &weights,
                                     progress, error);
  const lathe_prepared *prepared = &training.prepared;
  fine = fine &&
         lathe_linear_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                            table, target, weights, options, &fit, progress, error) &&
         lathe_linear_finish_model(&training, &fit, options, error);
  lathe_linear_fit_free(&fit);
  free(target);
  free(weights);
  return lathe_training_end(&training, fine, error);
}
