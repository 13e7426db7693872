/* linear_state.c - see linear_state.h. */
#include "linear_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"

bool lathe_linear_keep(lathe_model *model, const lathe_linear_fit *fit, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int64_t size = design->size, count = size * (size + 1) / 2, place = 0;
  if (size > LATHE_LINEAR_STATE_COLUMNS) return true;
  double *packed = lathe_memory_raw((size_t)count, sizeof *packed, error);
  if (!packed) return false;
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = 0; i <= j; i++) packed[place++] = fit->whole[j * size + i];
  lathe_column *scale[] = {lathe_column_from_float64(design->mean, design->width + 1, error),
                           lathe_column_from_float64(design->unit, design->width + 1, error)};
  lathe_column *triangle = lathe_column_from_float64(packed, count, error);
  lathe_column *sums[] = {lathe_column_from_int64(&design->counted, 1, error),
                          lathe_column_from_float64(&design->weight, 1, error),
                          lathe_column_from_float64(&design->log_weight, 1, error),
                          lathe_column_from_float64(&fit->target_squares, 1, error)};
  free(packed);
  bool fine =
      lathe_model_set_columns(model, "_scale", 2, (const char *const[]){"mean", "unit"}, scale, error);
  fine = lathe_model_set_columns(model, "_triangle", 1, (const char *const[]){"value"}, &triangle,
                                 fine ? error : NULL) &&
         fine;
  return lathe_model_set_columns(model, "_sums", 4,
                                 (const char *const[]){"rows", "weight", "log_weight", "target_squares"},
                                 sums, fine ? error : NULL) &&
         fine;
}

bool lathe_linear_check(const lathe_model *model, const char *what, lathe_error *error) {
  if (strcmp(lathe_model_kind(model), "linear"))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%s is for linear regressions (lathe.linear); this model is %s", what,
                           lathe_model_kind(model));
  if (lathe_model_table(model, "_triangle")) return true;
  return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "%s needs what only models of fewer than %d columns keep of the rows they learned "
                         "from; use fewer features",
                         what, (int)LATHE_LINEAR_STATE_COLUMNS);
}

static bool read_state(const lathe_model *model, lathe_linear_fit *fit, double *packed) {
  lathe_design *design = &fit->design;
  int64_t size = design->size, place = 0;
  double rows = 0;
  if (!lathe_model_values(model, "_scale", "mean", design->width + 1, design->mean) ||
      !lathe_model_values(model, "_scale", "unit", design->width + 1, design->unit) ||
      !lathe_model_values(model, "_triangle", "value", size * (size + 1) / 2, packed) ||
      !lathe_model_values(model, "_sums", "rows", 1, &rows) ||
      !lathe_model_values(model, "_sums", "weight", 1, &design->weight) ||
      !lathe_model_values(model, "_sums", "log_weight", 1, &design->log_weight) ||
      !lathe_model_values(model, "_sums", "target_squares", 1, &fit->target_squares) || !(rows > 0) ||
      rows > 1e15)
    return false;
  for (int32_t j = 0; j <= design->width; j++)
    if (!(design->unit[j] > 0)) return false;
  design->counted = (int64_t)rows;
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = 0; i <= j; i++) fit->whole[j * size + i] = packed[place++];
  return true;
}

bool lathe_linear_restore(const lathe_model *model, const lathe_table *table, const double *target,
                          const double *weights, lathe_linear_fit *fit, lathe_progress *progress,
                          lathe_error *error) {
  const lathe_graph *graph = lathe_model_graph(model);
  const lathe_operator *last = lathe_graph_operator(graph, lathe_graph_operators(graph) - 1);
  lathe_design *design = &fit->design;
  bool intercept = lathe_model_figure(model, "intercept") != 0;
  if (last->inputs != 1 ||
      !lathe_design_open(design, graph, last->input[0], table, target, weights, intercept, progress, error) ||
      !lathe_linear_room(fit, error))
    return false;
  int64_t size = design->size;
  double *packed = lathe_memory_raw((size_t)(size * (size + 1) / 2), sizeof *packed, error);
  bool fine = packed &&
              (read_state(model, fit, packed) ||
               lathe_error_set(error, LATHE_ERROR_DATA,
                               "the model's own tables do not fit its features; train it again")) &&
              lathe_linear_reduce(fit, error);
  free(packed);
  return fine;
}
