/* linear_partial.c - more rows for a linear regression, from the triangle that it keeps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../target.h"
#include "linear_state.h"
#include "qr.h"

/* The triangle of the one in `fit` and of the design's rows. */
static bool add_rows(lathe_linear_fit *fit, lathe_error *error) {
  int64_t size = fit->design.size;
  double *own = lathe_memory_new((size_t)(size * size), sizeof *own, error);
  double *both = lathe_memory_new((size_t)(2 * size * size), sizeof *both, error);
  bool fine = own && both && lathe_triangle_by_reflections(&fit->design, own, error);
  for (int64_t j = 0; fine && j < size; j++) {
    memcpy(both + j * 2 * size, fit->whole + j * size, (size_t)size * sizeof *both);
    memcpy(both + j * 2 * size + size, own + j * size, (size_t)size * sizeof *both);
  }
  fine = fine && lathe_qr_triangle(both, 2 * size, (int32_t)size, error);
  for (int64_t j = 0; fine && j < size; j++)
    for (int64_t i = 0; i < size; i++) fit->whole[j * size + i] = i <= j ? both[j * 2 * size + i] : 0;
  free(own);
  free(both);
  return fine;
}

/* What is summed of the target: of the rows before, whose weights made `before`, and of these (Chan, Golub, LeVeque 1983). */
static void add_target(lathe_linear_fit *fit, double before, double mean) {
  const lathe_design *design = &fit->design;
  double sum = 0, weight = 0, squares = 0;
  for (int64_t r = 0; r < design->rows; r++) {
    double w = design->weights ? design->weights[r] : 1;
    weight += w;
    sum += w * design->target[r];
  }
  double own = weight > 0 ? sum / weight : mean, apart = own - mean;
  for (int64_t r = 0; r < design->rows; r++) {
    double left = design->target[r] - own;
    squares += (design->weights ? design->weights[r] : 1) * left * left;
  }
  fit->target_mean = mean + apart * (weight / (before + weight));
  fit->target_squares += squares + apart * apart * (before * weight / (before + weight));
}

/* Rows, weights and their logarithms: restoring has put those of the rows before in their place. */
static void add_counts(lathe_design *design) {
  for (int64_t r = 0; r < design->rows; r++) {
    double w = design->weights ? design->weights[r] : 1;
    if (w == 0) continue;
    design->counted++;
    design->weight += w;
    design->log_weight += log(w);
  }
}

/* Infinite and missing features are errors that name them. */
static bool check_features(const lathe_training *training, int32_t matrix, const lathe_table *table,
                           lathe_progress *progress, lathe_error *error) {
  size_t width = (size_t)training->prepared.features.count;
  double *room = lathe_memory_raw(width, 2 * sizeof *room, error);
  bool fine = room && lathe_training_measure(training->prepared.graph, matrix,
                                             (const char *const *)training->prepared.features.name, table,
                                             true, room, room + width, progress, error);
  free(room);
  return fine;
}

bool lathe_linear_continue(lathe_training *training, const lathe_model *model, int32_t matrix,
                           const lathe_table *table, const lathe_fit_options *options,
                           lathe_progress *progress, lathe_error *error) {
  lathe_linear_fit fit = {0};
  lathe_linear_options of = {.fit = *options,
                             .intercept = lathe_model_figure(model, "intercept") != 0,
                             .level = lathe_model_figure(model, "level")};
  double *target = NULL, *weights = NULL;
  bool robust = strstr(lathe_model_detail(model), "robust") != NULL;
  bool fine = lathe_linear_check(model, "partial_fit", error) &&
              (target = lathe_target_more(model, table, error)) &&
              lathe_training_weights(options, table, NULL, NULL, &weights, error) &&
              check_features(training, matrix, table, progress, error) &&
              lathe_linear_restore(model, table, target, weights, &fit, progress, error);
  double before = fit.design.weight, mean = lathe_model_figure(model, "target_mean");
  lathe_progress_begin(progress, "fit linear", lathe_table_rows(table));
  fine = fine && add_rows(&fit, error);
  if (fine) {
    add_target(&fit, before, mean);
    add_counts(&fit.design);
  }
  fit.explained_squares = 0;
  fine = fine && lathe_linear_reduce(&fit, error);
  if (fine) lathe_linear_take_residuals(&fit);
  fine = fine && lathe_linear_finish(&fit, error);
  lathe_progress_end(progress);
  fine =
      fine && lathe_linear_finish_model(training, &fit, &of, error) &&
      (!robust || lathe_names_add(&training->model->notes, error,
                                  "robust standard errors take all rows at once; those of a partial_fit are "
                                  "the classical ones"));
  lathe_linear_fit_free(&fit);
  free(target);
  free(weights);
  return fine;
}
