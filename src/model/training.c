/* training.c - see training.h. */
#include "training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../prepare/facts.h"

bool lathe_training_begin(lathe_training *training, lathe_family family, lathe_recipe *recipe,
                          const lathe_table *table, lathe_progress *progress, lathe_error *error) {
  lathe_model *model = training->model = lathe_model_new(error);
  if (!model) return false;
  const char *text = lathe_recipe_describe(recipe, error), *name = lathe_recipe_target(recipe);
  model->family = family;
  model->recipe = text ? lathe_memory_text(text, strlen(text), error) : NULL;
  model->target = lathe_memory_text(name, strlen(name), error);
  return model->recipe && model->target &&
         lathe_recipe_fit(recipe, table, &training->prepared, progress, error) &&
         lathe_names_copy(&model->notes, &training->prepared.notes, error);
}

static bool add_coefficient(lathe_model *model, int64_t place, const char *name, double estimate,
                            double deviation, lathe_error *error) {
  model->estimates[place] = estimate;
  model->errors[place] = deviation;
  return lathe_names_add(&model->features, error, "%s", name);
}

bool lathe_training_take(lathe_training *training, int32_t outputs, int32_t first, bool intercept,
                         const double *weights, const double *errors, const double *bias,
                         const double *bias_errors, lathe_error *error) {
  lathe_model *model = training->model;
  const lathe_prepared *prepared = &training->prepared;
  lathe_operator node = {.kind = LATHE_OPERATOR_LINEAR,
                         .width = outputs,
                         .inputs = 1,
                         .input = &prepared->matrix,
                         .tensor = {weights, bias}};
  if (lathe_graph_add(prepared->graph, &node, error) < 0) return false;
  model->graph = lathe_graph_retain(prepared->graph);
  int32_t width = prepared->features.count;
  size_t count = (size_t)(outputs - first) * (size_t)(width + intercept);
  model->outputs = outputs - first;
  model->estimates = lathe_memory_new(count, sizeof *model->estimates, error);
  model->errors = lathe_memory_new(count, sizeof *model->errors, error);
  bool fine = model->estimates && model->errors;
  int64_t place = 0;
  for (int32_t o = first; fine && o < outputs; o++) {
    if (intercept) fine = add_coefficient(model, place++, "(intercept)", bias[o], bias_errors[o], error);
    for (int32_t j = 0; fine && j < width; j++)
      fine = add_coefficient(model, place++, prepared->features.name[j], weights[(int64_t)j * outputs + o],
                             errors[(int64_t)j * outputs + o], error);
  }
  return fine;
}

bool lathe_training_note_aliased(lathe_training *training, const bool *aliased, lathe_error *error) {
  for (int32_t j = 0; j < training->prepared.features.count; j++)
    if (aliased[j] &&
        !lathe_names_add(&training->model->notes, error,
                         "\"%s\" follows from the features before it; its coefficient is set to 0",
                         training->prepared.features.name[j]))
      return false;
  return true;
}

lathe_model *lathe_training_end(lathe_training *training, bool fine, lathe_error *error) {
  lathe_model *model = training->model;
  fine = fine && lathe_model_write_card(model, error);
  lathe_prepared_free(&training->prepared);
  if (fine) return model;
  lathe_model_release(model);
  return NULL;
}

double lathe_training_unit(double spread) {
  return spread > 0 && isfinite(spread) ? ldexp(1, ilogb(spread)) : 1;
}

bool lathe_training_check_square(double square, bool differs, const char *name, lathe_error *error) {
  if (isfinite(square) && (square > 0 || !differs)) return true;
  const char *quote = name ? "\"" : "";
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the values of %s%s%s are too %s to be squared in a double; divide them by a power of ten", quote,
      name ? name : "the target", quote, isfinite(square) ? "small" : "large");
}

static bool measure_one(const lathe_facts *facts, int64_t rows, const char *name, bool centred, double *mean,
                        double *unit, lathe_error *error) {
  if (!lathe_facts_check(facts, rows, name, error)) return false;
  double mean_square = facts->squares / (double)rows;
  double square = centred ? mean_square : mean_square + facts->mean * facts->mean;
  bool differs = centred ? facts->least < facts->most : facts->least != 0 || facts->most != 0;
  *mean = centred ? facts->mean : 0;
  *unit = lathe_training_unit(sqrt(square));
  return lathe_training_check_square(square, differs, name, error);
}

bool lathe_training_measure(const lathe_graph *graph, int32_t matrix, const char *const *names,
                            const lathe_table *table, bool centred, double *mean, double *unit,
                            lathe_progress *progress, lathe_error *error) {
  int32_t width = lathe_graph_operator(graph, matrix)->width;
  lathe_facts *facts = lathe_memory_new((size_t)width, sizeof *facts, error);
  bool fine = facts && lathe_facts_of(graph, matrix, table, facts, progress, error);
  for (int32_t j = 0; fine && j < width; j++)
    fine = measure_one(&facts[j], lathe_table_rows(table), names[j], centred, &mean[j], &unit[j], error);
  free(facts);
  return fine;
}
