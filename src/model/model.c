/* model.c - fitting, asking and quantizing. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../prepare/fit.h"
#include "distribution.h"
#include "linear.h"
#include "own.h"

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

/* What the estimator found worth saying, behind the notes of the recipe. */
static bool add_notes(lathe_model *model, const lathe_prepared *prepared, const lathe_linear_fit *fit,
                      lathe_error *error) {
  if (!lathe_names_copy(&model->notes, &prepared->notes, error)) return false;
  for (int32_t j = 0; j < fit->width; j++)
    if (fit->aliased[j] &&
        !lathe_names_add(&model->notes, error,
                         "\"%s\" follows from the features before it; its coefficient is set to 0",
                         prepared->features.name[j]))
      return false;
  return true;
}

static bool take_fit(lathe_model *model, const lathe_prepared *prepared, const lathe_linear_fit *fit,
                     lathe_error *error) {
  int32_t shift = fit->figures.intercept;
  size_t count = (size_t)(fit->width + shift);
  lathe_operator node = {.kind = LATHE_OPERATOR_LINEAR,
                         .width = 1,
                         .inputs = 1,
                         .input = &prepared->matrix,
                         .tensor = {fit->weights, &fit->intercept}};
  if (lathe_graph_add(prepared->graph, &node, error) < 0) return false;
  model->graph = lathe_graph_retain(prepared->graph);
  model->figures = fit->figures;
  model->estimates = lathe_memory_new(count, sizeof *model->estimates, error);
  model->errors = lathe_memory_new(count, sizeof *model->errors, error);
  if (!model->estimates || !model->errors) return false;
  if (shift) {
    model->estimates[0] = fit->intercept;
    model->errors[0] = fit->intercept_error;
    if (!lathe_names_add(&model->features, error, "(intercept)")) return false;
  }
  for (int32_t j = 0; j < fit->width; j++) {
    model->estimates[j + shift] = fit->weights[j];
    model->errors[j + shift] = fit->errors[j];
  }
  return lathe_names_copy(&model->features, &prepared->features, error) &&
         add_notes(model, prepared, fit, error);
}

static bool fit_model(lathe_model *model, lathe_recipe *recipe, const lathe_table *table,
                      const double *target, bool intercept, lathe_progress *progress, lathe_error *error) {
  lathe_prepared prepared = {0};
  lathe_linear_fit fit = {0};
  const char *recipe_text = lathe_recipe_describe(recipe, error), *name = lathe_recipe_target(recipe);
  model->recipe = recipe_text ? lathe_memory_text(recipe_text, strlen(recipe_text), error) : NULL;
  model->target = lathe_memory_text(name, strlen(name), error);
  bool fine = model->recipe && model->target && lathe_recipe_fit(recipe, table, &prepared, progress, error) &&
              lathe_linear_solve(prepared.graph, prepared.matrix, (const char *const *)prepared.features.name,
                                 table, target, intercept, &fit, progress, error) &&
              take_fit(model, &prepared, &fit, error) && lathe_model_write_card(model, error);
  lathe_linear_fit_free(&fit);
  lathe_prepared_free(&prepared);
  return fine;
}

lathe_model *lathe_model_fit_linear(lathe_recipe *recipe, const lathe_table *table, bool intercept,
                                    lathe_progress *progress, lathe_error *error) {
  double *target = target_of(recipe, table, error);
  lathe_model *model = target ? lathe_model_new(error) : NULL;
  if (model && !fit_model(model, recipe, table, target, intercept, progress, error)) {
    lathe_model_release(model);
    model = NULL;
  }
  free(target);
  return model;
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

void lathe_model_summarise(const lathe_model *model, lathe_model_summary *summary) {
  double rows = (double)model->figures.rows, freedom = rows - model->figures.rank;
  double left = model->figures.residual_squares / model->figures.total_squares;
  *summary = (lathe_model_summary){
      .rows = model->figures.rows,
      .freedom = model->figures.rows - model->figures.rank,
      .features = model->features.count - model->figures.intercept,
      .rank = model->figures.rank,
      .intercept = model->figures.intercept,
      .int8 = model->int8,
      .target_mean = model->figures.target_mean,
      .sigma = sqrt(model->figures.residual_squares / freedom),
      .r2 = 1 - left,
      .adjusted_r2 = 1 - left * (rows - model->figures.intercept) / freedom,
      .rmse = sqrt(model->figures.residual_squares / rows),
      .mae = model->figures.absolute_sum / rows,
  };
}

int32_t lathe_model_coefficients(const lathe_model *model) {
  return model->features.count;
}

bool lathe_model_coefficient(const lathe_model *model, int32_t index, lathe_coefficient *coefficient) {
  if (index < 0 || index >= model->features.count) return false;
  double estimate = model->estimates[index], error = model->errors[index], t = estimate / error;
  *coefficient =
      (lathe_coefficient){.feature = model->features.name[index],
                          .estimate = estimate,
                          .standard_error = error,
                          .t = t,
                          .p = lathe_student_tails(t, (double)(model->figures.rows - model->figures.rank)),
                          .aliased = isnan(error)};
  return true;
}

int32_t lathe_model_notes(const lathe_model *model) {
  return model->notes.count;
}

const char *lathe_model_note(const lathe_model *model, int32_t index) {
  return index >= 0 && index < model->notes.count ? model->notes.name[index] : NULL;
}

static bool copy_numbers(double **copy, const double *from, int32_t count, lathe_error *error) {
  *copy = lathe_memory_new((size_t)count, sizeof **copy, error);
  if (*copy && count > 0) memcpy(*copy, from, (size_t)count * sizeof **copy);
  return *copy != NULL;
}

/* All but the graph and the card. */
static bool copy_model(lathe_model *copy, const lathe_model *model, lathe_error *error) {
  copy->target = lathe_memory_text(model->target, strlen(model->target), error);
  copy->recipe = lathe_memory_text(model->recipe, strlen(model->recipe), error);
  copy->int8 = model->int8;
  copy->figures = model->figures;
  return copy->target && copy->recipe && lathe_names_copy(&copy->features, &model->features, error) &&
         lathe_names_copy(&copy->notes, &model->notes, error) &&
         copy_numbers(&copy->estimates, model->estimates, model->features.count, error) &&
         copy_numbers(&copy->errors, model->errors, model->features.count, error);
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
