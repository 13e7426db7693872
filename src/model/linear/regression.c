/* regression.c - see regression.h. */
#include "regression.h"

#include <stdlib.h>

#include "../../base/memory.h"
#include "../target.h"

enum { TRACE_FEATURES = 200 };

bool lathe_regression_begin(lathe_training *training, const char *kind, lathe_recipe *recipe,
                            const lathe_table *table, const lathe_fit_options *options, double **target,
                            double **weights, lathe_progress *progress, lathe_error *error) {
  *weights = NULL;
  *target = lathe_target_numbers(recipe, table, error);
  return *target && lathe_training_begin(training, kind, recipe, table, options, progress, error) &&
         lathe_training_weights(options, table, NULL, NULL, weights, error);
}

bool lathe_regression_keep(lathe_training *training, const lathe_design *design, const double *estimates,
                           lathe_error *error) {
  const double none = 0, *effects = estimates + design->intercept;
  const double *bias = design->intercept ? estimates : &none;
  const lathe_coefficient_column column = {"estimate", effects, bias};
  return lathe_training_linear(training, 1, effects, bias, error) &&
         lathe_training_coefficients(training, 1, 0, design->intercept, 1, &column, error);
}

bool lathe_regression_trace(lathe_training *training, const lathe_design *design, int32_t count,
                            const double *alphas, const double *estimates, lathe_error *error) {
  int32_t width = design->width, first = design->intercept;
  lathe_column *trace[TRACE_FEATURES + 1];
  const char *features[TRACE_FEATURES + 1];
  if (width > TRACE_FEATURES) return true;
  double *list = lathe_memory_raw((size_t)count, sizeof *list, error);
  if (!list) return false;
  features[0] = "alpha";
  trace[0] = lathe_column_from_float64(alphas, count, error);
  for (int32_t j = 0; j < width; j++) {
    for (int32_t a = 0; a < count; a++) list[a] = estimates[(int64_t)a * design->columns + j + first];
    features[j + 1] = training->prepared.features.name[j];
    trace[j + 1] = lathe_column_from_float64(list, count, error);
  }
  free(list);
  return lathe_model_set_columns(training->model, "trace", width + 1, features, trace, error);
}
