/* classification.c - models of classes: the target's distinct values are found, the solver is run, the graph ends in probabilities. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "logistic.h"
#include "training.h"

static bool check_target(const lathe_recipe *recipe, const lathe_table *table, const lathe_column **column,
                         lathe_error *error) {
  const char *name = lathe_recipe_target(recipe);
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return false;
  *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(*column);
  if (lathe_column_rows(*column) == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "the table has no rows to learn from; give one that has some");
  if (type != LATHE_TYPE_DATE && type != LATHE_TYPE_TIMESTAMP) return true;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the target \"%s\" is a %s, which is no class; choose a column of texts, whole numbers "
      "or true and false",
      name, lathe_type_name(type));
}

/* The classes of the target, two at least. */
static bool find_classes(const lathe_recipe *recipe, const lathe_table *table, lathe_classes *classes,
                         const lathe_column **column, lathe_error *error) {
  const char *name = lathe_recipe_target(recipe);
  char scratch[32];
  if (!check_target(recipe, table, column, error) || !lathe_classes_find(*column, name, classes, error))
    return false;
  if (classes->count > 1) return true;
  lathe_text only = lathe_column_format(*column, 0, scratch);
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the target \"%s\" is \"%.*s\" in every row, and one class cannot be told from another; "
      "give rows of two classes at least",
      name, (int)(only.size < 100 ? only.size : 100), only.data);
}

/* Classes of a single row are learned from that row alone. */
static bool note_small(lathe_model *model, const lathe_classes *classes, lathe_error *error) {
  int32_t small = 0, which = 0;
  for (int32_t i = classes->count - 1; i >= 0; i--)
    if (classes->rows[i] == 1) {
      small++;
      which = i;
    }
  if (small == 0) return true;
  const char *name = lathe_graph_class(model->graph, which);
  return small == 1
             ? lathe_names_add(&model->notes, error, "class \"%s\" has one row to learn from", name)
             : lathe_names_add(&model->notes, error,
                               "%d classes have one row to learn from, \"%s\" among them", small, name);
}

static bool name_classes(lathe_graph *graph, const lathe_column *column, const lathe_classes *classes,
                         lathe_error *error) {
  lathe_text *name = lathe_memory_new((size_t)classes->count, sizeof *name, error);
  char(*scratch)[32] = lathe_memory_new((size_t)classes->count, sizeof *scratch, error);
  bool fine = name && scratch;
  for (int32_t i = 0; fine && i < classes->count; i++) {
    name[i] = lathe_column_format(column, classes->first[i], scratch[i]);
    if (name[i].size > 0 && memchr(name[i].data, 0, name[i].size))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "a class has a NUL in its name (row %lld of the target); clean that text first",
                             (long long)classes->first[i] + 1);
  }
  fine = fine && lathe_graph_set_classes(graph, lathe_column_type(column), classes->count, name, error);
  free(name);
  free(scratch);
  return fine;
}

/* The last operator, and what the model knows of its classes. */
static bool finish_graph(lathe_model *model, lathe_graph *graph, const lathe_column *column,
                         const lathe_classes *classes, lathe_error *error) {
  int32_t last = lathe_graph_operators(graph) - 1;
  lathe_operator node = {.kind = classes->count == 2 ? LATHE_OPERATOR_LOGISTIC : LATHE_OPERATOR_SOFTMAX,
                         .inputs = 1,
                         .input = &last};
  model->class_rows = lathe_memory_new((size_t)classes->count, sizeof *model->class_rows, error);
  if (!model->class_rows || lathe_graph_add(graph, &node, error) < 0 ||
      !name_classes(graph, column, classes, error))
    return false;
  memcpy(model->class_rows, classes->rows, (size_t)classes->count * sizeof *classes->rows);
  return true;
}

static bool take_figures(lathe_model *model, const lathe_logistic_fit *fit, int64_t rows, bool intercept,
                         double l2, lathe_error *error) {
  model->logistic = (lathe_logistic_figures){.intercept = intercept,
                                             .converged = fit->converged,
                                             .rank = fit->rank,
                                             .iterations = fit->iterations,
                                             .rows = rows,
                                             .l2 = l2,
                                             .loss = fit->loss,
                                             .null_loss = fit->null_loss};
  return fit->converged ||
         lathe_names_add(&model->notes, error,
                         "%d iterations did not settle the coefficients; allow more before relying on them",
                         fit->iterations);
}

lathe_model *lathe_model_fit_logistic(lathe_recipe *recipe, const lathe_table *table, bool intercept,
                                      double l2, int32_t iterations, lathe_progress *progress,
                                      lathe_error *error) {
  lathe_training training = {0};
  lathe_logistic_fit fit = {0};
  lathe_classes classes = {0};
  const lathe_column *column = NULL;
  const lathe_prepared *prepared = &training.prepared;
  bool fine = (l2 >= 0 && isfinite(l2)) ||
              lathe_error_set(error, LATHE_ERROR_ARGUMENT, "l2 is a number from 0 up, not %g", l2);
  if (fine && iterations < 1)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "iterations is 1 or more, not %d", iterations);
  fine = fine && find_classes(recipe, table, &classes, &column, error) &&
         lathe_training_begin(&training, LATHE_FAMILY_LOGISTIC, recipe, table, progress, error) &&
         lathe_logistic_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                              table, &classes, intercept, l2, iterations, &fit, progress, error) &&
         lathe_training_take(&training, fit.outputs, fit.first, intercept, fit.weights, fit.weight_errors,
                             fit.bias, fit.bias_errors, error) &&
         lathe_training_note_aliased(&training, fit.aliased, error) &&
         finish_graph(training.model, prepared->graph, column, &classes, error) &&
         take_figures(training.model, &fit, lathe_table_rows(table), intercept, l2, error) &&
         note_small(training.model, &classes, error);
  lathe_logistic_fit_free(&fit);
  lathe_classes_free(&classes);
  return lathe_training_end(&training, fine, error);
}
