/* logistic_model.c - a logistic regression as a model: the recipe, the solver, the figures. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "distribution.h"
#include "fit.h"
#include "logistic.h"
#include "target.h"
#include "training.h"

static bool keep_figures(lathe_model *model, const lathe_logistic_fit *fit, int64_t rows, int32_t classes,
                         bool intercept, double l2, lathe_error *error) {
  double count = (double)rows;
  const struct {
    const char *name;
    double value;
  } list[] = {
      {"rows", count},
      {"features", fit->width},
      {"rank", fit->rank},
      {"freedom", count - fit->rank},
      {"intercept", intercept},
      {"class_count", classes},
      {"log_loss", fit->loss},
      {"pseudo_r2", 1 - fit->loss / fit->null_loss},
      {"log_likelihood", -fit->loss * count},
      {"null_log_likelihood", -fit->null_loss * count},
      {"aic", l2 > 0 ? NAN : 2 * (fit->loss * count + fit->rank)},
      {"bic", l2 > 0 ? NAN : 2 * fit->loss * count + log(count) * fit->rank},
      {"l2", l2},
      {"iterations", fit->iterations},
      {"converged", fit->converged},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!lathe_model_set_figure(model, list[i].name, list[i].value, error)) return false;
  return fit->converged ||
         lathe_names_add(&model->notes, error,
                         "%d iterations did not settle the coefficients; allow more before relying on them",
                         fit->iterations);
}

/* z and p of `count` estimates. */
static void test_estimates(const double *estimates, const double *errors, int32_t count, double *z,
                           double *p) {
  for (int32_t i = 0; i < count; i++) {
    z[i] = estimates[i] / errors[i];
    p[i] = lathe_normal_tails(z[i]);
  }
}

static bool keep_coefficients(lathe_training *training, const lathe_logistic_fit *fit, bool intercept,
                              lathe_error *error) {
  int32_t outputs = fit->outputs, count = fit->width * outputs;
  double *of_weights = lathe_memory_raw((size_t)count, 2 * sizeof(double), error);
  double *of_bias = lathe_memory_raw((size_t)outputs, 2 * sizeof(double), error);
  bool fine = of_weights && of_bias;
  if (fine) {
    test_estimates(fit->weights, fit->weight_errors, count, of_weights, of_weights + count);
    test_estimates(fit->bias, fit->bias_errors, outputs, of_bias, of_bias + outputs);
    const lathe_coefficient_column columns[] = {{"estimate", fit->weights, fit->bias},
                                                {"standard_error", fit->weight_errors, fit->bias_errors},
                                                {"z", of_weights, of_bias},
                                                {"p", of_weights + count, of_bias + outputs}};
    fine = lathe_training_coefficients(training, outputs, fit->first, intercept, 4, columns, error);
  }
  free(of_weights);
  free(of_bias);
  return fine;
}

lathe_model *lathe_model_fit_logistic(lathe_recipe *recipe, const lathe_table *table,
                                      const lathe_logistic_options *options, lathe_progress *progress,
                                      lathe_error *error) {
  bool intercept = options->intercept;
  double l2 = options->l2;
  int32_t iterations = options->iterations;
  lathe_training training = {0};
  lathe_logistic_fit fit = {0};
  lathe_classes classes = {0};
  const lathe_column *column = NULL;
  const lathe_prepared *prepared = &training.prepared;
  bool fine = (l2 >= 0 && isfinite(l2)) ||
              lathe_error_set(error, LATHE_ERROR_ARGUMENT, "l2 is a number from 0 up, not %g", l2);
  if (fine && iterations < 1)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "iterations is 1 or more, not %d", iterations);
  fine = fine && lathe_target_classes(recipe, table, &classes, &column, error) &&
         lathe_training_begin(&training, "logistic", recipe, table, &options->fit, progress, error) &&
         lathe_model_set_words(
             training.model, "Logistic regression",
             "Fitted by Newton's method. It assumes that the log odds of the classes are sums of effects of "
             "the features, and that classes are as frequent among new rows as among those it was "
             "trained on.",
             error) &&
         lathe_logistic_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                              table, &classes, intercept, l2, iterations, &fit, progress, error) &&
         lathe_training_linear(&training, fit.outputs, fit.weights, fit.bias, error) &&
         lathe_training_classes(&training, column, &classes, true, error) &&
         keep_figures(training.model, &fit, lathe_table_rows(table), classes.count, intercept, l2, error) &&
         keep_coefficients(&training, &fit, intercept, error) &&
         lathe_training_note_aliased(&training, fit.aliased, error);
  lathe_logistic_fit_free(&fit);
  lathe_classes_free(&classes);
  return lathe_training_end(&training, fine, error);
}
