/* tree_data.c - the matrix of a recipe as columns for trees. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "../../graph/run.h"
#include "../target.h"
#include "tree.h"

typedef struct {
  lathe_tree_data *data;
  const lathe_prepared *prepared;
  const lathe_run *run;
} reading;

static bool read_chunk(void *context, int64_t chunk, lathe_error *error) {
  const reading *work = context;
  int64_t begin = chunk * LATHE_RUN_CHUNK, rows = work->data->rows - begin;
  if (rows > LATHE_RUN_CHUNK) rows = LATHE_RUN_CHUNK;
  return lathe_run_block(work->run, begin, rows, work->data->x + begin, 1, work->data->rows, error);
}

static bool check_column(void *context, int64_t column, lathe_error *error) {
  const reading *work = context;
  lathe_tree_data *data = work->data;
  const double *x = data->x + (size_t)column * (size_t)data->rows;
  bool gaps = false;
  for (int32_t r = 0; r < data->rows; r++) {
    gaps = gaps || isnan(x[r]);
    if (x[r] < 0 && data->categories[column] > 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "\"%s\" has the code -1 for missing texts, which a tree takes better as missing; "
          "encode with unknown = \"missing\"",
          work->prepared->features.name[column]);
    if (isinf(x[r]))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %d of \"%s\" is infinite; remove that row, or leave the column out",
                             (int)r + 1, work->prepared->features.name[column]);
  }
  data->gaps[column] = gaps;
  return true;
}

/* The target less its weighted mean. */
static bool centre(lathe_tree_data *data, lathe_error *error) {
  if (data->classes > 0) return true;
  double sum = 0, weights = 0;
  data->centred = lathe_memory_raw((size_t)data->rows, sizeof(double), error);
  for (int32_t r = 0; r < data->rows; r++) {
    double weight = data->weight ? data->weight[r] : 1;
    sum += weight * data->target[r];
    weights += weight;
  }
  data->centre = sum / weights;
  if (!isfinite(data->centre) || fabs(data->centre) > 1e150)
    return lathe_error_set(error, LATHE_ERROR_DATA, "the target is too large to be squared; divide it first");
  for (int32_t r = 0; data->centred && r < data->rows; r++) data->centred[r] = data->target[r] - data->centre;
  return data->centred != NULL;
}

bool lathe_tree_data_read(lathe_tree_data *data, const lathe_prepared *prepared, const lathe_table *table,
                          lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_table_rows(table);
  int32_t features = lathe_graph_operator(prepared->graph, prepared->matrix)->width;
  if (rows < 2)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "a tree cannot learn from one row; give it two that differ, at least");
  if (rows >= INT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "a tree learns from less than %d rows, not from %lld; give it a sample of them",
                           (int)INT32_MAX, (long long)rows);
  data->rows = (int32_t)rows;
  data->features = features;
  data->categories = prepared->categories;
  data->x = lathe_memory_raw((size_t)rows * (size_t)features, sizeof(double), error);
  data->gaps = lathe_memory_new((size_t)features, sizeof(bool), error);
  lathe_run *run = lathe_run_new(prepared->graph, prepared->matrix, table, error);
  reading work = {data, prepared, run};
  bool fine =
      data->x && data->gaps && run && centre(data, error) &&
      lathe_pool_run((rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK, read_chunk, &work, progress, error) &&
      lathe_pool_run(features, check_column, &work, progress, error);
  lathe_run_free(run);
  return fine;
}

void lathe_tree_data_free(lathe_tree_data *data) {
  free(data->x);
  free(data->gaps);
  free(data->centred);
  data->centred = NULL;
  data->x = NULL;
  data->gaps = NULL;
}

bool lathe_tree_fit_begin(lathe_tree_fit *fit, lathe_training *training, const char *kind,
                          lathe_recipe *recipe, const lathe_table *table, lathe_task task,
                          const lathe_fit_options *options, lathe_progress *progress, lathe_error *error) {
  bool fine = true;
  if (lathe_target_regression(recipe, table, task)) {
    fit->data.target = fit->numbers = lathe_target_numbers(recipe, table, error);
    fine = fit->numbers != NULL;
  } else {
    fine = lathe_target_classes(recipe, table, &fit->classes, &fit->column, error);
    fit->data.classes = fit->classes.count;
    fit->data.code = fit->classes.codes;
  }
  fine = fine && lathe_training_begin(training, kind, recipe, table, options, progress, error) &&
         lathe_training_weights(options, table, fit->column, fit->column ? &fit->classes : NULL,
                                &fit->weights, error);
  fit->data.weight = fit->weights;
  return fine && lathe_tree_data_read(&fit->data, &training->prepared, table, progress, error);
}

bool lathe_tree_fit_classes(lathe_tree_fit *fit, lathe_training *training, lathe_error *error) {
  return !fit->column || lathe_training_classes(training, fit->column, &fit->classes, false, error);
}

void lathe_tree_fit_end(lathe_tree_fit *fit) {
  lathe_tree_data_free(&fit->data);
  lathe_classes_free(&fit->classes);
  free(fit->numbers);
  free(fit->weights);
}
