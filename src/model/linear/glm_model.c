/* glm_model.c - see glm_model.h. */
#include "glm_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "distribution.h"

bool lathe_glm_check(double l1, double l2, double level, int32_t iterations, lathe_error *error) {
  if (!(l1 >= 0) || isinf(l1))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "l1 is a number from 0 up, not %g", l1);
  if (!(l2 >= 0) || isinf(l2))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "l2 is a number from 0 up, not %g", l2);
  if (!(level > 0 && level < 1))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "level is a number between 0 and 1, not %g", level);
  return iterations >= 1 ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT, "iterations is 1 or more, not %d", iterations);
}

/* ---- figures ---- */

bool lathe_glm_keep_figures(lathe_model *model, const lathe_glm_fit *fit, const lathe_glm_settings *settings,
                            double level, int32_t count, const lathe_figure *own, lathe_error *error) {
  bool penalised = settings->l1 > 0 || settings->l2 > 0;
  double likelihood = -fit->loss - fit->likelihood_constant,
         constant = -fit->null_loss - fit->likelihood_constant;
  double freedom = fit->rank - (settings->intercept ? fit->outputs - fit->first : 0);
  double ratio = fmax(2 * (fit->null_loss - fit->loss), 0);
  bool compared = !penalised && settings->intercept && freedom > 0;
  const lathe_figure first[] = {
      {"rows", fit->counted},
      {"features", fit->width},
      {"rank", settings->l1 > 0 ? NAN : (double)fit->rank},
      {"nonzero", settings->l1 > 0 ? (double)fit->nonzero : NAN},
      {"freedom", settings->l1 > 0 ? NAN : fit->counted - fit->rank},
      {"intercept", settings->intercept},
  };
  const lathe_figure last[] = {
      {"deviance", 2 * fit->loss},
      {"null_deviance", 2 * fit->null_loss},
      {"pseudo_r2", 1 - likelihood / constant},
      {"log_likelihood", likelihood},
      {"null_log_likelihood", constant},
      {"likelihood_ratio", compared ? ratio : NAN},
      {"likelihood_ratio_p", compared ? lathe_chi_square_tail(ratio, freedom) : NAN},
      {"aic", penalised ? NAN : 2 * (fit->rank - likelihood)},
      {"bic", penalised ? NAN : log(fit->counted) * fit->rank - 2 * likelihood},
      {"l1", settings->l1},
      {"l2", settings->l2},
      {"level", penalised ? NAN : level},
      {"iterations", fit->iterations},
      {"converged", fit->converged},
  };
  return lathe_model_set_figures(model, sizeof first / sizeof *first, first, error) &&
         lathe_model_set_figures(model, count, own, error) &&
         lathe_model_set_figures(model, sizeof last / sizeof *last, last, error);
}

/* ---- coefficients ---- */

/* Errors, z, p and bounds of `count` estimates: five lists in a row in `to`. */
static void test_estimates(const double *estimates, const double *errors, int32_t count, double level,
                           double spread, double freedom, double *to) {
  double bound = freedom > 0 ? lathe_student_bound(1 - level, freedom) : lathe_normal_bound(1 - level);
  for (int32_t i = 0; i < count; i++) {
    double error = errors[i] * spread, z = estimates[i] / error;
    to[i] = error;
    to[count + i] = z;
    to[2 * count + i] = freedom > 0 ? lathe_student_tails(z, freedom) : lathe_normal_tails(z);
    to[3 * count + i] = estimates[i] - bound * error;
    to[4 * count + i] = estimates[i] + bound * error;
  }
}

bool lathe_glm_keep_coefficients(lathe_training *training, const lathe_glm_fit *fit, bool intercept,
                                 double level, double spread, double freedom, lathe_error *error) {
  int32_t outputs = fit->outputs, count = fit->width * outputs;
  double *w = lathe_memory_raw((size_t)count, 5 * sizeof(double), error);
  double *b = lathe_memory_raw((size_t)outputs, 5 * sizeof(double), error);
  bool fine = w && b;
  if (fine) {
    test_estimates(fit->weights, fit->weight_errors, count, level, spread, freedom, w);
    test_estimates(fit->bias, fit->bias_errors, outputs, level, spread, freedom, b);
    const lathe_coefficient_column columns[] = {{"estimate", fit->weights, fit->bias},
                                                {"standard_error", w, b},
                                                {freedom > 0 ? "t" : "z", w + count, b + outputs},
                                                {"p", w + 2 * count, b + 2 * outputs},
                                                {"low", w + 3 * count, b + 3 * outputs},
                                                {"high", w + 4 * count, b + 4 * outputs}};
    fine = lathe_training_coefficients(training, outputs, fit->first, intercept, 6, columns, error);
  }
  free(w);
  free(b);
  return fine;
}

bool lathe_glm_keep_notes(lathe_training *training, const lathe_glm_fit *fit, int64_t rows,
                          lathe_error *error) {
  lathe_names *notes = &training->model->notes;
  double zero = (double)rows - fit->counted;
  if (zero > 0 && !lathe_names_add(notes, error, "%.0f row%s the weight 0 and %s not counted", zero,
                                   zero == 1 ? " has" : "s have", zero == 1 ? "is" : "are"))
    return false;
  if (!fit->converged &&
      !lathe_names_add(notes, error,
                       "%d iterations did not settle the coefficients; allow more before relying on them",
                       fit->iterations))
    return false;
  return lathe_training_note_aliased(training, fit->aliased, error);
}

/* ---- memory ---- */

static lathe_column *list_of(const double *values, int64_t count, lathe_error *error) {
  return lathe_column_from_float64(values, count, error);
}

bool lathe_glm_keep_memory(lathe_model *model, const lathe_glm_fit *fit, lathe_error *error) {
  const lathe_glm_memory *m = &fit->memory;
  int64_t size = m->parameters, count = size * (size + 1) / 2, place = 0;
  if (size > LATHE_GLM_MEMORY_PARAMETERS) return true;
  double *packed = lathe_memory_raw((size_t)count, sizeof *packed, error);
  if (!packed) return false;
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = 0; i <= j; i++) packed[place++] = m->curvature[j * size + i];
  const double sums[] = {m->loss, m->pearson, m->counted, m->weight};
  lathe_column *scale[] = {list_of(m->mean, m->width, error), list_of(m->unit, m->width, error)};
  lathe_column *point[] = {list_of(m->theta, size, error), list_of(m->gradient, size, error)};
  lathe_column *curve = list_of(packed, count, error), *sum = list_of(sums, 4, error),
               *null = list_of(m->null, m->null_count, error);
  free(packed);
  static const char *const value[] = {"value"};
  bool fine =
      lathe_model_set_columns(model, "_glm_scale", 2, (const char *const[]){"mean", "unit"}, scale, error);
  fine = lathe_model_set_columns(model, "_glm_point", 2, (const char *const[]){"theta", "gradient"}, point,
                                 fine ? error : NULL) &&
         fine;
  fine = lathe_model_set_columns(model, "_glm_curvature", 1, value, &curve, fine ? error : NULL) && fine;
  fine = lathe_model_set_columns(model, "_glm_sums", 1, value, &sum, fine ? error : NULL) && fine;
  return lathe_model_set_columns(model, "_glm_null", 1, value, &null, fine ? error : NULL) && fine;
}

static int64_t rows_of(const lathe_model *model, const char *name) {
  const lathe_table *table = lathe_model_table(model, name);
  return table ? lathe_table_rows(table) : 0;
}

static bool read_all(const lathe_model *model, lathe_glm_memory *m) {
  int64_t size = m->parameters, count = size * (size + 1) / 2;
  double *packed = lathe_memory_raw((size_t)count, sizeof *packed, NULL), sums[4];
  bool fine = packed && lathe_model_values(model, "_glm_scale", "mean", m->width, m->mean) &&
              lathe_model_values(model, "_glm_scale", "unit", m->width, m->unit) &&
              lathe_model_values(model, "_glm_point", "theta", size, m->theta) &&
              lathe_model_values(model, "_glm_point", "gradient", size, m->gradient) &&
              lathe_model_values(model, "_glm_curvature", "value", count, packed) &&
              lathe_model_values(model, "_glm_sums", "value", 4, sums) &&
              lathe_model_values(model, "_glm_null", "value", m->null_count, m->null);
  for (int32_t j = 0; fine && j < m->width; j++) fine = m->unit[j] > 0;
  if (fine) {
    int64_t place = 0;
    for (int64_t j = 0; j < size; j++)
      for (int64_t i = 0; i <= j; i++) m->curvature[j * size + i] = packed[place++];
    m->loss = sums[0];
    m->pearson = sums[1];
    m->counted = sums[2];
    m->weight = sums[3];
  }
  free(packed);
  return fine;
}

bool lathe_glm_read_memory(const lathe_model *model, lathe_glm_memory *memory, lathe_error *error) {
  int64_t size = rows_of(model, "_glm_point"), width = rows_of(model, "_glm_scale"),
          null_count = rows_of(model, "_glm_null");
  if (size == 0)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "partial_fit needs what only models of up to %d coefficients keep of the rows they "
        "learned from; use fewer features, or fit all rows again with start = the model",
        (int)LATHE_GLM_MEMORY_PARAMETERS);
  if (size <= LATHE_GLM_MEMORY_PARAMETERS && width <= size && null_count <= 1 << 20)
    if (lathe_glm_memory_open(memory, (int32_t)width, (int32_t)size, (int32_t)null_count, error) &&
        read_all(model, memory))
      return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "the model's own tables do not fit its features; train it again");
}

/* ---- where to begin ---- */

static int32_t place_of(const lathe_names *features, const char *name) {
  for (int32_t j = 0; j < features->count; j++)
    if (!strcmp(features->name[j], name)) return j;
  return -1;
}

/* The classes of both are the same, in their order. */
static bool same_classes(const lathe_model *start, const lathe_column *target, const lathe_classes *classes) {
  const lathe_graph *graph = lathe_model_graph(start);
  if (lathe_graph_classes(graph) != (classes ? classes->count : 0)) return false;
  for (int32_t i = 0; classes && i < classes->count; i++) {
    char scratch[32];
    lathe_text text = lathe_column_format(target, classes->first[i], scratch);
    const char *name = lathe_graph_class(graph, i);
    if (strlen(name) != text.size || memcmp(name, text.data, text.size)) return false;
  }
  return true;
}

bool lathe_glm_read_start(const lathe_training *training, const lathe_model *start,
                          const lathe_column *target, const lathe_classes *classes, double **weights,
                          double **bias, lathe_error *error) {
  *weights = *bias = NULL;
  if (!start) return true;
  const lathe_table *table = lathe_model_table(start, "coefficients");
  if (strcmp(lathe_model_kind(start), training->model->kind) || !table ||
      !same_classes(start, target, classes))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "start is a %s model of the same classes to begin from; this one is %s of other "
                           "classes",
                           training->model->kind, lathe_model_kind(start));
  const lathe_names *features = &training->prepared.features;
  int32_t outputs = classes && classes->count > 2 ? classes->count : 1, output = -1;
  int32_t name = lathe_table_find(table, "feature"), value = lathe_table_find(table, "estimate"),
          class = lathe_table_find(table, "class");
  *weights = lathe_memory_new((size_t)features->count * (size_t)outputs, sizeof **weights, error);
  *bias = lathe_memory_new((size_t)outputs, sizeof **bias, error);
  if (!*weights || !*bias || name < 0 || value < 0) return *weights && *bias;
  for (int64_t r = 0; r < lathe_table_rows(table); r++) {
    char scratch[32];
    lathe_text text = lathe_column_format(lathe_table_column(table, name), r, scratch);
    char *word = lathe_memory_text(text.data, text.size, error);
    if (!word) return false;
    double estimate = lathe_column_number(lathe_table_column(table, value), r);
    output = 0;
    if (class >= 0) {
      text = lathe_column_format(lathe_table_column(table, class), r, scratch);
      for (int32_t i = 0; i < outputs; i++) {
        const char *own = lathe_graph_class(lathe_model_graph(start), i);
        if (strlen(own) == text.size && !memcmp(own, text.data, text.size)) output = i;
      }
    }
    int32_t place = place_of(features, word);
    if (!strcmp(word, "(intercept)"))
      (*bias)[output] = estimate;
    else if (place >= 0 && isfinite(estimate))
      (*weights)[(int64_t)place * outputs + output] = estimate;
    free(word);
  }
  return true;
}
