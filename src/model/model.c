/* model.c - fitting, asking and quantizing. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "distribution.h"
#include "training.h"

lathe_model *lathe_model_new(lathe_error *error) {
  lathe_model *model = lathe_memory_new(1, sizeof *model, error);
  if (model) atomic_init(&model->references, 1);
  return model;
}

lathe_model *lathe_model_retain(lathe_model *model) {
  atomic_fetch_add(&model->references, 1);
  return model;
}

void lathe_model_release(lathe_model *model) {
  if (!model || atomic_fetch_sub(&model->references, 1) != 1) return;
  lathe_graph_release(model->graph);
  lathe_names_free(&model->features);
  lathe_names_free(&model->notes);
  free(model->target);
  free(model->recipe);
  free(model->card);
  free(model->estimates);
  free(model->errors);
  free(model->class_rows);
  free(model);
}

/* The target as numbers, checked; NULL with an error. */
static double *target_of(const lathe_recipe *recipe, const lathe_table *table, lathe_error *error) {
  const char *name = lathe_recipe_target(recipe);
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return NULL;
  const lathe_column *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(column);
  int64_t rows = lathe_column_rows(column);
  if (type != LATHE_TYPE_BOOL && type != LATHE_TYPE_INT64 && type != LATHE_TYPE_FLOAT64) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "the target \"%s\" is %s, and a regression predicts numbers; choose a column of numbers, "
                    "or read it as one with "
                    "types = { [\"%s\"] = \"float64\" }",
                    name,
                    type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY ? "text" : lathe_type_name(type),
                    name);
    return NULL;
  }
  double *target = lathe_memory_raw((size_t)rows, sizeof *target, error);
  if (!target) return NULL;
  int64_t missing = 0;
  bool differs = false, fine = true;
  for (int64_t r = 0; fine && r < rows; r++) {
    target[r] = lathe_column_number(column, r);
    if (isinf(target[r]))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %lld of the target \"%s\" is infinite; remove that row", (long long)r + 1,
                             name);
    missing += isnan(target[r]);
    differs = differs || target[r] != target[0];
  }
  if (fine && missing > 0)
    fine = lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the target \"%s\" is missing in %lld row%s; drop those first with drop_missing { \"%s\" }", name,
        (long long)missing, missing == 1 ? "" : "s", name);
  if (fine && rows > 1 && !differs)
    fine =
        lathe_error_set(error, LATHE_ERROR_DATA,
                        "the target \"%s\" is %.6g in every row; there is nothing to learn", name, target[0]);
  if (fine) return target;
  free(target);
  return NULL;
}

lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table, bool intercept,
                                    lathe_progress *progress, lathe_error *error) {
  lathe_training training = {0};
  lathe_linear_fit fit = {0};
  double *target = target_of(recipe, table, error);
  bool fine = target && lathe_training_begin(&training, LATHE_FAMILY_LINEAR, recipe, table, progress, error);
  const lathe_prepared *prepared = &training.prepared;
  fine = fine &&
         lathe_linear_solve(prepared->graph, prepared->matrix, (const char *const *)prepared->features.name,
                            table, target, intercept, &fit, progress, error) &&
         lathe_training_take(&training, 1, 0, intercept, fit.weights, fit.errors, &fit.intercept,
                             &fit.intercept_error, error) &&
         lathe_training_note_aliased(&training, fit.aliased, error);
  if (fine) training.model->figures = fit.figures;
  lathe_linear_fit_free(&fit);
  free(target);
  return lathe_training_end(&training, fine, error);
}

lathe_graph *lathe_model_graph(const lathe_model *model) {
  return model->graph;
}

const char *lathe_model_target(const lathe_model *model) {
  return model->target;
}

const char *lathe_model_recipe(const lathe_model *model) {
  return model->recipe;
}

const char *lathe_model_card(const lathe_model *model) {
  return model->card;
}

int32_t lathe_model_terms(const lathe_model *model) {
  return model->outputs > 0 ? model->features.count / model->outputs : 0;
}

static void summarise_linear(const lathe_model *model, lathe_model_summary *summary) {
  const lathe_linear_figures *figures = &model->figures;
  double rows = (double)figures->rows, freedom = rows - figures->rank;
  double left = figures->residual_squares / figures->total_squares;
  summary->rows = figures->rows;
  summary->rank = figures->rank;
  summary->intercept = figures->intercept;
  summary->target_mean = figures->target_mean;
  summary->sigma = sqrt(figures->residual_squares / freedom);
  summary->r2 = 1 - left;
  summary->adjusted_r2 = 1 - left * (rows - figures->intercept) / freedom;
  summary->rmse = sqrt(figures->residual_squares / rows);
  summary->mae = figures->absolute_sum / rows;
}

static void summarise_logistic(const lathe_model *model, lathe_model_summary *summary) {
  const lathe_logistic_figures *figures = &model->logistic;
  double rows = (double)figures->rows;
  summary->rows = figures->rows;
  summary->rank = figures->rank;
  summary->intercept = figures->intercept;
  summary->classes = lathe_graph_classes(model->graph);
  summary->iterations = figures->iterations;
  summary->converged = figures->converged;
  summary->l2 = figures->l2;
  summary->log_loss = figures->loss;
  summary->log_likelihood = -figures->loss * rows;
  summary->null_log_likelihood = -figures->null_loss * rows;
  summary->pseudo_r2 = 1 - figures->loss / figures->null_loss;
  summary->aic = figures->l2 > 0 ? NAN : 2 * (figures->loss * rows + figures->rank);
  summary->bic = figures->l2 > 0 ? NAN : 2 * figures->loss * rows + log(rows) * figures->rank;
}

void lathe_model_summarise(const lathe_model *model, lathe_model_summary *summary) {
  *summary = (lathe_model_summary){.family = model->family, .int8 = model->int8};
  if (model->family == LATHE_FAMILY_LINEAR)
    summarise_linear(model, summary);
  else
    summarise_logistic(model, summary);
  summary->features = lathe_model_terms(model) - summary->intercept;
  summary->freedom = summary->rows - summary->rank;
}

int64_t lathe_model_class_rows(const lathe_model *model, int32_t index) {
  return model->class_rows && index >= 0 && index < lathe_graph_classes(model->graph)
             ? model->class_rows[index]
             : 0;
}

int32_t lathe_model_coefficients(const lathe_model *model) {
  return model->features.count;
}

bool lathe_model_coefficient(const lathe_model *model, int32_t index, lathe_coefficient *coefficient) {
  if (index < 0 || index >= model->features.count) return false;
  double estimate = model->estimates[index], error = model->errors[index], t = estimate / error;
  bool linear = model->family == LATHE_FAMILY_LINEAR;
  int32_t class_index = lathe_graph_classes(model->graph) - model->outputs + index / lathe_model_terms(model);
  *coefficient = (lathe_coefficient){
      .feature = model->features.name[index],
      .class_index = linear ? -1 : class_index,
      .estimate = estimate,
      .standard_error = error,
      .t = t,
      .p = linear ? lathe_student_tails(t, (double)(model->figures.rows - model->figures.rank))
                  : lathe_normal_tails(t),
      .aliased = isnan(error) && (linear || model->logistic.l2 == 0),
  };
  return true;
}

int32_t lathe_model_notes(const lathe_model *model) {
  return model->notes.count;
}

const char *lathe_model_note(const lathe_model *model, int32_t index) {
  return index >= 0 && index < model->notes.count ? model->notes.name[index] : NULL;
}

static bool copy_array(void *copy, const void *from, int32_t count, size_t size, lathe_error *error) {
  void *made = lathe_memory_new((size_t)count, size, error);
  if (made && count > 0) memcpy(made, from, (size_t)count * size);
  *(void **)copy = made;
  return made != NULL;
}

/* All but the graph and the card. */
static bool copy_model(lathe_model *copy, const lathe_model *model, lathe_error *error) {
  int32_t classes = lathe_graph_classes(model->graph), count = model->features.count;
  copy->target = lathe_memory_text(model->target, strlen(model->target), error);
  copy->recipe = lathe_memory_text(model->recipe, strlen(model->recipe), error);
  copy->family = model->family;
  copy->int8 = model->int8;
  copy->figures = model->figures;
  copy->logistic = model->logistic;
  copy->outputs = model->outputs;
  return copy->target && copy->recipe && lathe_names_copy(&copy->features, &model->features, error) &&
         lathe_names_copy(&copy->notes, &model->notes, error) &&
         copy_array(&copy->estimates, model->estimates, count, sizeof *model->estimates, error) &&
         copy_array(&copy->errors, model->errors, count, sizeof *model->errors, error) &&
         (classes == 0 ||
          copy_array(&copy->class_rows, model->class_rows, classes, sizeof *model->class_rows, error));
}

lathe_model *lathe_model_quantize(const lathe_model *model, lathe_quantize_report *report,
                                  lathe_error *error) {
  lathe_quantize_report own;
  if (!report) report = &own;
  lathe_model *copy = lathe_model_new(error);
  if (!copy) return NULL;
  copy->graph = lathe_graph_quantize_int8(model->graph, report, error);
  bool fine = copy->graph && copy_model(copy, model, error);
  copy->int8 = true;
  fine = fine &&
         lathe_names_add(&copy->notes, error,
                         "%lld weight%s quantized to int8; none is off by more than %.2g %% of the largest",
                         (long long)report->weights, report->weights == 1 ? "" : "s",
                         100 * report->largest_error) &&
         lathe_model_write_card(copy, error);
  if (fine) return copy;
  lathe_model_release(copy);
  return NULL;
}
