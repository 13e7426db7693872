/* partial.c - a model learns more rows: a copy of it with the graph up to its features, which the family finishes anew. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../fit.h"
#include "glm_model.h"
#include "linear_state.h"

typedef struct {
  const char *kind;
  lathe_operator_kind last, other; /* what its graph ends in */
  bool (*learn)(lathe_training *training, const lathe_model *model, int32_t matrix, const lathe_table *table,
                const lathe_fit_options *options, lathe_progress *progress, lathe_error *error);
} family;

static const family families[] = {
    {"linear", LATHE_OPERATOR_LINEAR, LATHE_OPERATOR_LINEAR, lathe_linear_continue},
    {"logistic", LATHE_OPERATOR_LOGISTIC, LATHE_OPERATOR_SOFTMAX, lathe_logistic_continue},
    {"poisson", LATHE_OPERATOR_EXP, LATHE_OPERATOR_EXP, lathe_poisson_continue}};

/* The operator that multiplies the features: the last that is linear, but for the one that adds an offset to it. */
static int32_t find_linear(const lathe_graph *graph) {
  int32_t place = lathe_graph_operators(graph) - 1;
  while (place >= 0 && lathe_graph_operator(graph, place)->kind != LATHE_OPERATOR_LINEAR) place--;
  if (place < 0) return -1;
  const lathe_operator *from = lathe_graph_operator(graph, lathe_graph_operator(graph, place)->input[0]);
  if (from->kind != LATHE_OPERATOR_CONCAT || from->inputs != 2) return place;
  const lathe_operator *first = lathe_graph_operator(graph, from->input[0]);
  return first->kind == LATHE_OPERATOR_LINEAR && first->width == 1 ? from->input[0] : place;
}

/* The graph as far as the features. */
static lathe_graph *cut_graph(const lathe_graph *graph, int32_t end, lathe_error *error) {
  lathe_graph *out = lathe_graph_new(error);
  bool fine = out && lathe_graph_set_output_name(out, lathe_graph_output_name(graph), error);
  for (int32_t i = 0; fine && i < end; i++)
    fine = lathe_graph_add(out, lathe_graph_operator(graph, i), error) >= 0;
  if (fine) return out;
  lathe_graph_release(out);
  return NULL;
}

/* The names of the features, from the table of coefficients: those of its first class. */
static bool read_names(const lathe_model *model, int32_t width, lathe_names *names, lathe_error *error) {
  const lathe_table *table = lathe_model_table(model, "coefficients");
  int32_t place = table ? lathe_table_find(table, "feature") : -1;
  int64_t first = lathe_model_figure(model, "intercept") != 0;
  if (place < 0 || lathe_table_rows(table) < width + first)
    return lathe_error_set(error, LATHE_ERROR_DATA, "the model does not know its features; train it again");
  for (int32_t j = 0; j < width; j++) {
    char scratch[32];
    lathe_text text = lathe_column_format(lathe_table_column(table, place), j + first, scratch);
    if (!lathe_names_add(names, error, "%.*s", (int)text.size, text.data)) return false;
  }
  return true;
}

static bool begin(lathe_training *training, const lathe_model *model, int32_t linear, lathe_error *error) {
  const lathe_graph *graph = lathe_model_graph(model);
  const lathe_operator *node = lathe_graph_operator(graph, linear);
  lathe_prepared *prepared = &training->prepared;
  training->model = lathe_model_copy(model, error);
  prepared->graph = training->model ? cut_graph(graph, linear, error) : NULL;
  prepared->matrix = node->input[0];
  return prepared->graph &&
         read_names(model, lathe_graph_operator(graph, prepared->matrix)->width, &prepared->features, error);
}

static bool check(const lathe_model *model, const lathe_table *table, const family *found, int32_t linear,
                  lathe_error *error) {
  if (!found)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "partial_fit is for linear, logistic and Poisson regressions; this model is %s, which "
        "is fitted again on all rows",
        lathe_model_kind(model));
  if (lathe_model_int8(model) || linear < 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the model's weights are int8; partial_fit takes the model as it was before");
  lathe_operator_kind last =
      lathe_graph_operator(lathe_model_graph(model), lathe_graph_operators(lathe_model_graph(model)) - 1)
          ->kind;
  if (last != found->last && last != found->other)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "what the model gives is calibrated; partial_fit takes the model as it was before");
  return lathe_table_rows(table) > 0 ||
         lathe_error_set(error, LATHE_ERROR_DATA,
                         "the table has no rows to learn from; give one that has some");
}

lathe_model *lathe_model_partial_fit(const lathe_model *model, const lathe_table *table,
                                     const lathe_fit_options *options, lathe_progress *progress,
                                     lathe_error *error) {
  lathe_training training = {0};
  const family *found = NULL;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (!strcmp(families[i].kind, lathe_model_kind(model))) found = &families[i];
  int32_t linear = find_linear(lathe_model_graph(model));
  if (!check(model, table, found, linear, error)) return NULL;
  bool fine =
      begin(&training, model, linear, error) &&
      found->learn(&training, model, training.prepared.matrix, table, options, progress, error) &&
      lathe_names_add(&training.model->notes, error, "it has learned %lld more row%s since (partial_fit)",
                      (long long)lathe_table_rows(table), lathe_table_rows(table) == 1 ? "" : "s");
  return lathe_training_end(&training, fine, error);
}
