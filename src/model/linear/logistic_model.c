/* logistic_model.c - a logistic regression as a model: the recipe, the solver, the figures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../fit.h"
#include "glm_model.h"
#include "../target.h"

static bool keep(lathe_training *training, const lathe_glm_fit *fit, const lathe_glm_settings *settings,
                 double level, int32_t classes, lathe_error *error) {
  const lathe_figure own[] = {{"class_count", classes}, {"log_loss", fit->loss / fit->weight}};
  return lathe_glm_keep_figures(training->model, fit, settings, level, 2, own, error) &&
         lathe_glm_keep_coefficients(training, fit, settings->intercept, level, 1, 0, error) &&
         lathe_glm_keep_memory(training->model, fit, error);
}

static bool write_words(lathe_model *model, const lathe_glm_settings *settings, lathe_error *error) {
  static const char *const penalties[] = {"", ", with a penalty on the squares of weights",
                                          ", with a penalty on the size of weights",
                                          ", with a penalty on the size of weights and on their squares"};
  lathe_buffer detail = {0};
  bool fine =
      lathe_buffer_format(
          &detail, error,
          "Fitted by Newton's method%s. It assumes that the log odds of the classes are sums of effects "
          "of the features, and that classes are as frequent among new rows as among those it was "
          "trained on.",
          penalties[(settings->l1 > 0) * 2 + (settings->l2 > 0)]) &&
      lathe_model_set_words(model, "Logistic regression", detail.data, error);
  lathe_buffer_free(&detail);
  return fine;
}

lathe_model *lathe_model_fit_logistic(lathe_recipe *recipe, const lathe_table *table,
                                      const lathe_logistic_options *options, lathe_progress *progress,
                                      lathe_error *error) {
  lathe_training training = {0};
  lathe_glm_fit fit = {0};
  lathe_classes classes = {0};
  const lathe_column *column = NULL;
  const lathe_prepared *prepared = &training.prepared;
  double *weights = NULL, *start = NULL, *bias = NULL, level = options->level > 0 ? options->level : 0.95;
  bool fine = lathe_glm_check(options->l1, options->l2, level, options->iterations, error) &&
              lathe_target_classes(recipe, table, &classes, &column, error) &&
              lathe_training_begin(&training, "logistic", recipe, table, &options->fit, progress, error) &&
              lathe_training_weights(&options->fit, table, column, &classes, &weights, error) &&
              lathe_glm_read_start(&training, options->start, column, &classes, &start, &bias, error);
  lathe_glm_data data = {.classes = &classes,
                         .table = table,
                         .weights = weights,
                         .graph = prepared->graph,
                         .matrix = prepared->matrix,
                         .names = (const char *const *)prepared->features.name};
  lathe_glm_settings settings = {.intercept = options->intercept,
                                 .l1 = options->l1,
                                 .l2 = options->l2,
                                 .iterations = options->iterations,
                                 .start_weights = start,
                                 .start_bias = bias};
  fine = fine && write_words(training.model, &settings, error) &&
         lathe_glm_solve(&data, &settings, &fit, progress, error) &&
         lathe_training_linear(&training, fit.outputs, fit.weights, fit.bias, error) &&
         lathe_training_classes(&training, column, &classes, true, error) &&
         keep(&training, &fit, &settings, level, classes.count, error) &&
         lathe_glm_keep_notes(&training, &fit, lathe_table_rows(table), error);
  lathe_glm_fit_free(&fit);
  lathe_classes_free(&classes);
  free(weights);
  free(start);
  free(bias);
  return lathe_training_end(&training, fine, error);
}

/* ---- more rows ---- */

/* The classes of the rows as the model has them: one that it does not know is an error. */
static bool read_codes(const lathe_model *model, const lathe_table *table, lathe_classes *classes,
                       const lathe_column **column, lathe_error *error) {
  const lathe_graph *graph = lathe_model_graph(model);
  const char *target = lathe_model_target(model);
  int32_t place = lathe_table_need(table, target, error);
  int64_t rows = lathe_table_rows(table);
  if (place < 0) return false;
  *column = lathe_table_column(table, place);
  classes->count = lathe_graph_classes(graph);
  classes->codes = lathe_memory_raw((size_t)rows, sizeof(int32_t), error);
  classes->rows = lathe_memory_new((size_t)classes->count, sizeof(int64_t), error);
  classes->first = lathe_memory_new((size_t)classes->count, sizeof(int64_t), error);
  if (!classes->codes || !classes->rows || !classes->first ||
      !lathe_graph_class_codes(graph, *column, target, classes->codes, error))
    return false;
  for (int64_t r = 0; r < rows; r++) {
    int32_t code = classes->codes[r];
    if (code < 0)
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             code == -1 ? "the target \"%s\" is missing in row %lld; drop it first"
                                        : "the target \"%s\" has a class in row %lld that the model does not "
                                          "know; fit a new model on all rows",
                             target, (long long)r + 1);
    if (classes->rows[code]++ == 0) classes->first[code] = r;
  }
  return true;
}

/* The table "classes" counts the rows of both. */
static bool add_classes(lathe_model *model, const lathe_classes *classes, lathe_error *error) {
  const lathe_table *table = lathe_model_table(model, "classes");
  int32_t names = lathe_table_find(table, "class"), rows = lathe_table_find(table, "rows");
  int64_t *count = lathe_memory_raw((size_t)classes->count, sizeof *count, error);
  if (!count) return false;
  for (int32_t i = 0; i < classes->count; i++)
    count[i] = classes->rows[i] + (int64_t)lathe_column_number(lathe_table_column(table, rows), i);
  lathe_column *columns[] = {lathe_column_retain(lathe_table_column(table, names)),
                             lathe_column_from_int64(count, classes->count, error)};
  free(count);
  return lathe_model_set_columns(model, "classes", 2, (const char *const[]){"class", "rows"}, columns, error);
}

bool lathe_logistic_continue(lathe_training *training, const lathe_model *model, int32_t matrix,
                             const lathe_table *table, const lathe_fit_options *options,
                             lathe_progress *progress, lathe_error *error) {
  lathe_glm_memory memory = {0};
  lathe_glm_fit fit = {0};
  lathe_classes classes = {0};
  const lathe_column *column = NULL;
  double *weights = NULL, level = lathe_model_figure(model, "level");
  lathe_graph *graph = training->prepared.graph;
  bool fine = lathe_glm_read_memory(model, &memory, error) &&
              read_codes(model, table, &classes, &column, error) &&
              lathe_training_weights(options, table, column, &classes, &weights, error);
  lathe_glm_data data = {.classes = &classes,
                         .table = table,
                         .weights = weights,
                         .graph = graph,
                         .matrix = matrix,
                         .names = (const char *const *)training->prepared.features.name};
  lathe_glm_settings settings = {.intercept = lathe_model_figure(model, "intercept") != 0,
                                 .l1 = lathe_model_figure(model, "l1"),
                                 .l2 = lathe_model_figure(model, "l2"),
                                 .iterations = 100,
                                 .memory = &memory};
  fine = fine && lathe_glm_solve(&data, &settings, &fit, progress, error) &&
         lathe_training_linear(training, fit.outputs, fit.weights, fit.bias, error);
  int32_t last = lathe_graph_operators(graph) - 1;
  lathe_operator link = {.kind = fit.outputs == 1 ? LATHE_OPERATOR_LOGISTIC : LATHE_OPERATOR_SOFTMAX,
                         .inputs = 1,
                         .input = &last};
  fine = fine && lathe_graph_add(graph, &link, error) >= 0 &&
         lathe_graph_copy_classes(graph, lathe_model_graph(model), error) &&
         add_classes(training->model, &classes, error) &&
         keep(training, &fit, &settings, isnan(level) ? 0.95 : level, classes.count, error);
  lathe_glm_fit_free(&fit);
  lathe_glm_memory_free(&memory);
  lathe_classes_free(&classes);
  free(weights);
  return fine;
}
