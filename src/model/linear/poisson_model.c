/* poisson_model.c - a regression of counts as a model: ln of the mean is a sum of effects, and of ln of the exposure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "distribution.h"
#include "../fit.h"
#include "glm_model.h"
#include "../target.h"

/* Where the counts spread so many times as much as a Poisson distribution, and that cannot be chance, it is said. */
#define OVERDISPERSED 1.2
#define BY_CHANCE 1e-3

typedef struct {
  const char *exposure, *offset; /* columns; NULL: none */
} given;

/* ---- what is counted, and over how much ---- */

static bool check_counts(const char *name, const double *target, int64_t rows, lathe_names *notes,
                         lathe_error *error) {
  bool whole = true;
  for (int64_t r = 0; r < rows; r++) {
    if (target[r] < 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "row %lld of the target \"%s\" is %.6g, and counts are numbers from 0 up; choose "
          "another target, or lathe.linear {}",
          (long long)r + 1, name, target[r]);
    whole = whole && target[r] == rint(target[r]);
  }
  return whole ||
         lathe_names_add(notes, error,
                         "\"%s\" is not whole everywhere: the log likelihood, AIC and BIC are those of "
                         "counts, and mean nothing then",
                         name);
}

/* ln of the exposure, or the offset as it is. */
static bool read_offset(const given *columns, const lathe_table *table, double **offset, lathe_error *error) {
  *offset = NULL;
  const char *name = columns->exposure ? columns->exposure : columns->offset;
  if (!name) return true;
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return false;
  const lathe_column *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(column);
  int64_t rows = lathe_table_rows(table);
  if (type != LATHE_TYPE_BOOL && type != LATHE_TYPE_INT64 && type != LATHE_TYPE_FLOAT64)
    return lathe_error_set(error, LATHE_ERROR_DATA, "the %s \"%s\" is of type %s; it is a column of numbers",
                           columns->exposure ? "exposure" : "offset", name, lathe_type_name(type));
  double *values = *offset = lathe_memory_raw((size_t)rows, sizeof *values, error);
  if (!values) return false;
  for (int64_t r = 0; r < rows; r++) {
    double value = lathe_column_number(column, r);
    if (columns->exposure ? !(value > 0) || isinf(value) : !isfinite(value))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             columns->exposure
                                 ? "row %lld has the exposure %g in \"%s\"; exposures are numbers "
                                   "above 0"
                                 : "row %lld has the offset %g in \"%s\"; offsets are finite numbers",
                             (long long)r + 1, value, name);
    values[r] = columns->exposure ? log(value) : value;
  }
  return true;
}

/* The graph ends in exp(z), or exp(z + offset): a column of its own beside the features. */
static bool finish_graph(lathe_training *training, const lathe_glm_fit *fit, const given *columns,
                         const lathe_table *table, lathe_error *error) {
  lathe_graph *graph = training->prepared.graph;
  if (!lathe_training_linear(training, 1, fit->weights, fit->bias, error)) return false;
  int32_t last = lathe_graph_operators(graph) - 1;
  const char *name = columns->exposure ? columns->exposure : columns->offset;
  if (name) {
    int32_t place = lathe_table_find(table, name), own[2] = {last, 0};
    lathe_operator number = {.kind = LATHE_OPERATOR_NUMBER,
                             .name = name,
                             .type = lathe_column_type(lathe_table_column(table, place))};
    if ((own[1] = lathe_graph_add(graph, &number, error)) < 0) return false;
    lathe_operator log_of = {.kind = LATHE_OPERATOR_LOG, .inputs = 1, .input = &own[1]};
    int32_t logarithm = columns->exposure ? lathe_graph_add(graph, &log_of, error) : own[1];
    if (logarithm < 0) return false;
    own[1] = logarithm;
    lathe_operator both = {.kind = LATHE_OPERATOR_CONCAT, .inputs = 2, .input = own};
    int32_t pair = lathe_graph_add(graph, &both, error);
    lathe_operator sum = {.kind = LATHE_OPERATOR_LINEAR,
                          .width = 1,
                          .inputs = 1,
                          .input = &pair,
                          .tensor = {(const double[]){1, 1}, (const double[]){0}}};
    last = pair < 0 ? -1 : lathe_graph_add(graph, &sum, error);
    if (last < 0) return false;
  }
  lathe_operator link = {.kind = LATHE_OPERATOR_EXP, .inputs = 1, .input = &last};
  return lathe_graph_add(graph, &link, error) >= 0;
}

/* ---- what is kept ---- */

static double dispersion_of(const lathe_glm_fit *fit) {
  double freedom = fit->counted - fit->rank;
  return freedom > 0 ? fit->pearson / freedom : NAN;
}

static bool keep(lathe_training *training, const lathe_glm_fit *fit, const lathe_glm_settings *settings,
                 double level, bool scaled, lathe_error *error) {
  double dispersion = dispersion_of(fit), freedom = fit->counted - fit->rank;
  const lathe_figure own[] = {{"target_mean", fit->memory.null[0] / fit->weight},
                              {"pearson", fit->pearson},
                              {"dispersion", dispersion},
                              {"scaled", scaled}};
  return lathe_glm_keep_figures(training->model, fit, settings, level, 4, own, error) &&
         lathe_glm_keep_coefficients(training, fit, settings->intercept, level, scaled ? sqrt(dispersion) : 1,
                                     scaled ? freedom : 0, error) &&
         lathe_glm_keep_memory(training->model, fit, error);
}

static bool note_dispersion(lathe_training *training, const lathe_glm_fit *fit, bool scaled,
                            lathe_error *error) {
  double freedom = fit->counted - fit->rank, dispersion = dispersion_of(fit);
  if (!(dispersion > OVERDISPERSED) || !(lathe_chi_square_tail(fit->pearson, freedom) < BY_CHANCE))
    return true;
  return lathe_names_add(
      &training->model->notes, error,
      scaled ? "the counts are overdispersed: they spread %.3g times as much as a Poisson distribution; the "
               "standard errors allow for that"
             : "the counts are overdispersed: they spread %.3g times as much as a Poisson distribution, so "
               "standard errors are %.2g times too small; scaled = true allows for that",
      dispersion, sqrt(dispersion));
}

static bool write_words(lathe_model *model, const lathe_glm_settings *settings, bool scaled,
                        lathe_error *error) {
  bool penalised = settings->l1 > 0 || settings->l2 > 0;
  lathe_buffer detail = {0};
  bool fine = lathe_buffer_format(
                  &detail, error,
                  "Fitted by Newton's method%s. It assumes that the logarithm of the mean count is a sum of "
                  "effects of the features%s.",
                  penalised ? ", with a penalty on the weights" : "",
                  scaled ? "; standard errors are scaled by the root of the dispersion (quasi-Poisson)"
                         : ", and that counts spread about it as in a Poisson distribution") &&
              lathe_model_set_words(model, "Poisson regression", detail.data, error);
  lathe_buffer_free(&detail);
  return fine;
}

/* Which columns stand aside, for rows to come. */
static bool keep_given(lathe_model *model, const given *columns, lathe_error *error) {
  const char *name = columns->exposure ? columns->exposure : columns->offset;
  if (!name) return true;
  lathe_text texts[] = {{columns->exposure ? "exposure" : "offset", columns->exposure ? 8 : 6},
                        {name, strlen(name)}};
  lathe_column *made[] = {lathe_column_from_text(texts, 1, error),
                          lathe_column_from_text(texts + 1, 1, error)};
  return lathe_model_set_columns(model, "_given", 2, (const char *const[]){"what", "column"}, made, error);
}

static bool set_aside(const given *columns, lathe_recipe *recipe, const lathe_table *table,
                      lathe_error *error) {
  const char *name = columns->exposure ? columns->exposure : columns->offset;
  if (columns->exposure && columns->offset)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "give the exposure, or its logarithm as offset, not both");
  if (!name) return true;
  if (!strcmp(name, lathe_recipe_target(recipe)))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the exposure or offset cannot be the target \"%s\"; name another column", name);
  return lathe_table_need(table, name, error) >= 0 && lathe_recipe_drop(recipe, name, error);
}

lathe_model *lathe_model_fit_poisson(lathe_recipe *recipe, const lathe_table *table,
                                     const lathe_poisson_options *options, lathe_progress *progress,
                                     lathe_error *error) {
  lathe_training training = {0};
  lathe_glm_fit fit = {0};
  const lathe_prepared *prepared = &training.prepared;
  given columns = {options->exposure, options->offset};
  double *target = NULL, *weights = NULL, *offset = NULL, *start = NULL, *bias = NULL;
  double level = options->level > 0 ? options->level : 0.95;
  int64_t rows = lathe_table_rows(table);
  bool fine = lathe_glm_check(options->l1, options->l2, level, options->iterations, error) &&
              set_aside(&columns, recipe, table, error) &&
              (target = lathe_target_numbers(recipe, table, error)) &&
              lathe_training_begin(&training, "poisson", recipe, table, &options->fit, progress, error) &&
              check_counts(training.model->target, target, rows, &training.model->notes, error) &&
              read_offset(&columns, table, &offset, error) &&
              lathe_training_weights(&options->fit, table, NULL, NULL, &weights, error) &&
              lathe_glm_read_start(&training, options->start, NULL, NULL, &start, &bias, error);
  lathe_glm_data data = {.family = LATHE_GLM_COUNTS,
                         .table = table,
                         .target = target,
                         .offset = offset,
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
  fine = fine && write_words(training.model, &settings, options->scaled, error) &&
         lathe_glm_solve(&data, &settings, &fit, progress, error) &&
         finish_graph(&training, &fit, &columns, table, error) &&
         keep(&training, &fit, &settings, level, options->scaled, error) &&
         keep_given(training.model, &columns, error) && lathe_glm_keep_notes(&training, &fit, rows, error) &&
         note_dispersion(&training, &fit, options->scaled, error);
  lathe_glm_fit_free(&fit);
  free(target);
  free(weights);
  free(offset);
  free(start);
  free(bias);
  return lathe_training_end(&training, fine, error);
}

/* ---- more rows ---- */

static char *given_text(const lathe_table *table, int32_t column, lathe_error *error) {
  char scratch[32];
  lathe_text text = lathe_column_format(lathe_table_column(table, column), 0, scratch);
  return lathe_memory_text(text.data, text.size, error);
}

bool lathe_poisson_continue(lathe_training *training, const lathe_model *model, int32_t matrix,
                            const lathe_table *table, const lathe_fit_options *options,
                            lathe_progress *progress, lathe_error *error) {
  lathe_glm_memory memory = {0};
  lathe_glm_fit fit = {0};
  const lathe_table *aside = lathe_model_table(model, "_given");
  char *what = aside ? given_text(aside, 0, error) : NULL, *name = aside ? given_text(aside, 1, error) : NULL;
  bool exposed = what && !strcmp(what, "exposure"), scaled = lathe_model_figure(model, "scaled") == 1;
  given columns = {exposed ? name : NULL, exposed ? NULL : name};
  double *target = NULL, *weights = NULL, *offset = NULL, level = lathe_model_figure(model, "level");
  bool fine = (!aside || (what && name)) && lathe_glm_read_memory(model, &memory, error) &&
              (target = lathe_target_more(model, table, error)) &&
              check_counts(lathe_model_target(model), target, lathe_table_rows(table),
                           &training->model->notes, error) &&
              read_offset(&columns, table, &offset, error) &&
              lathe_training_weights(options, table, NULL, NULL, &weights, error);
  lathe_glm_data data = {.family = LATHE_GLM_COUNTS,
                         .table = table,
                         .target = target,
                         .offset = offset,
                         .weights = weights,
                         .graph = training->prepared.graph,
                         .matrix = matrix,
                         .names = (const char *const *)training->prepared.features.name};
  lathe_glm_settings settings = {.intercept = lathe_model_figure(model, "intercept") != 0,
                                 .l1 = lathe_model_figure(model, "l1"),
                                 .l2 = lathe_model_figure(model, "l2"),
                                 .iterations = 100,
                                 .memory = &memory};
  fine = fine && lathe_glm_solve(&data, &settings, &fit, progress, error) &&
         finish_graph(training, &fit, &columns, table, error) &&
         keep(training, &fit, &settings, isnan(level) ? 0.95 : level, scaled, error);
  lathe_glm_fit_free(&fit);
  lathe_glm_memory_free(&memory);
  free(target);
  free(weights);
  free(offset);
  free(what);
  free(name);
  return fine;
}
