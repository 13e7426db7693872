/* diagnostics.c - rows held against a linear regression: how far each lies from the others, and what the fit owes to it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "gram.h"
#include "linear_state.h"
#include "scores.h"
#include "../target.h"
#include "../training.h"

enum { STRIP_ROWS = 256, COLUMNS = 5 };

typedef struct {
  const lathe_linear_fit *fit;
  double *column[COLUMNS]; /* (rows): fitted, residual, standardised, leverage, cook */
  double sigma;
} diagnose_work;

/* What follows of a row from its residual and leverage. */
static void diagnose_row(const diagnose_work *work, int64_t row, double leverage) {
  const lathe_design *design = &work->fit->design;
  double weight = design->weights ? design->weights[row] : 1, left = 1 - leverage;
  double residual = design->target[row] - work->column[0][row];
  double standardised = left > 1e-12 ? sqrt(weight) * residual / (work->sigma * sqrt(left)) : NAN;
  work->column[1][row] = residual;
  work->column[2][row] = standardised;
  work->column[3][row] = leverage;
  work->column[4][row] = standardised * standardised * leverage / left / work->fit->rank;
}

static bool diagnose_chunk(void *context, int64_t chunk, lathe_error *error) {
  const diagnose_work *work = context;
  const lathe_linear_fit *fit = work->fit;
  const lathe_design *design = &fit->design;
  int64_t begin = chunk * STRIP_ROWS,
          rows = design->rows - begin < STRIP_ROWS ? design->rows - begin : STRIP_ROWS;
  int64_t height = (rows + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
  double *a = lathe_memory_raw((size_t)height * ((size_t)design->size + 1), sizeof *a, error);
  bool fine = a && lathe_design_rows(design, begin, rows, height, a, error);
  if (fine) {
    double *leverage = a + design->size * height;
    lathe_scores(a, height, design->columns, fit->kept, fit->column, leverage);
    for (int64_t r = 0; r < rows; r++) diagnose_row(work, begin + r, leverage[r]);
  }
  free(a);
  return fine;
}

/* The target of the rows, NaN where it is missing. */
static double *read_target(const lathe_model *model, const lathe_table *table, lathe_error *error) {
  int32_t place = lathe_table_need(table, lathe_model_target(model), error);
  double *target =
      place >= 0 ? lathe_memory_raw((size_t)lathe_table_rows(table), sizeof *target, error) : NULL;
  if (target && lathe_column_to_float64(lathe_table_column(table, place), target, error)) return target;
  free(target);
  return NULL;
}

/* A model that was fitted with weights wants those of these rows, too. */
static bool check_weights(const lathe_model *model, const char *weights, lathe_error *error) {
  const lathe_table *sums = lathe_model_table(model, "_sums");
  bool weighted = lathe_column_number(lathe_table_column(sums, 0), 0) !=
                  lathe_column_number(lathe_table_column(sums, 1), 0);
  return weights || !weighted ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "the model was fitted with row weights; name their column: weights = \"COLUMN\"");
}

lathe_table *lathe_model_diagnostics(const lathe_model *model, const lathe_table *table, const char *weights,
                                     lathe_progress *progress, lathe_error *error) {
  static const char *const names[] = {"fitted", "residual", "standardised", "leverage", "cook"};
  if (!lathe_linear_check(model, "diagnostics", error) || !check_weights(model, weights, error)) return NULL;
  int64_t rows = lathe_table_rows(table);
  lathe_linear_fit fit = {0};
  diagnose_work work = {.fit = &fit, .sigma = lathe_model_figure(model, "sigma")};
  double *weight = NULL, *target = read_target(model, table, error);
  bool fine =
      target &&
      lathe_training_weights(&(lathe_fit_options){.weights = weights}, table, NULL, NULL, &weight, error) &&
      lathe_linear_restore(model, table, target, weight, &fit, progress, error);
  for (int i = 0; fine && i < COLUMNS; i++)
    fine = (work.column[i] = lathe_memory_raw((size_t)rows, sizeof(double), error));
  lathe_progress_begin(progress, "diagnose", rows);
  fine = fine && lathe_graph_run(lathe_model_graph(model), table, work.column[0], progress, error) &&
         lathe_pool_run((rows + STRIP_ROWS - 1) / STRIP_ROWS, diagnose_chunk, &work, progress, error);
  lathe_progress_end(progress);
  lathe_column *columns[COLUMNS] = {NULL};
  for (int i = 0; fine && i < COLUMNS; i++)
    fine = (columns[i] = lathe_column_from_float64(work.column[i], rows, error));
  lathe_table *result = fine ? lathe_table_new(COLUMNS, names, columns, error) : NULL;
  for (int i = 0; i < COLUMNS; i++) {
    free(work.column[i]);
    lathe_column_release(columns[i]);
  }
  lathe_linear_fit_free(&fit);
  free(target);
  free(weight);
  return result;
}
