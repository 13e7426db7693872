/* calibrate.c - a model with calibrated probabilities or a threshold: a copy whose graph has more behind it. */
#include "calibrate.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../graph/operator.h"
#include "own.h"

/* What the rows are, and where the pairs of one class are put together. */
typedef struct {
  const int32_t *codes;
  const double *probabilities, *weights;
  int64_t rows;
  int32_t classes;
  lathe_calibration method;
  lathe_calibration_row *pairs;
  double *from, *to;
} calibrating;

/* The rows of a class against the others; how many. */
static int64_t pair(const calibrating *c, int32_t class) {
  int64_t count = 0;
  for (int64_t r = 0; r < c->rows; r++) {
    double p = c->probabilities[r * c->classes + class], weight = c->weights ? c->weights[r] : 1;
    if (c->codes[r] < 0 || isnan(p) || !(weight > 0)) continue;
    c->pairs[count++] = (lathe_calibration_row){p, c->codes[r] == class, weight, r};
  }
  return count;
}

static int32_t add(lathe_graph *graph, lathe_operator_kind kind, int32_t input, const void *first,
                   const void *second, const void *third, int32_t length, lathe_error *error) {
  if (input < 0) return -1;
  lathe_operator node = {.kind = kind,
                         .inputs = 1,
                         .input = &input,
                         .width = 1,
                         .length = length,
                         .tensor = {first, second, third}};
  return lathe_graph_add(graph, &node, error);
}

/* Column `p` of the graph mapped by 1 / (1 + exp(-(a log odds + b))): the operator of both probabilities. (x - mean) / scale is a x + b. */
static int32_t add_platt(lathe_graph *graph, int32_t p, const calibrating *c, int64_t count,
                         lathe_error *error) {
  double a, b;
  if (!lathe_calibrate_platt(c->pairs, count, &a, &b, error)) return -1;
  double mean = -b / a, scale = 1 / a;
  int32_t odds = add(graph, LATHE_OPERATOR_LOG_ODDS, p, NULL, NULL, NULL, 0, error);
  int32_t line = add(graph, LATHE_OPERATOR_SCALE, odds, &mean, &scale, NULL, 0, error);
  return add(graph, LATHE_OPERATOR_LOGISTIC, line, NULL, NULL, NULL, 0, error);
}

static int32_t add_isotonic(lathe_graph *graph, int32_t p, const calibrating *c, int64_t count,
                            lathe_error *error) {
  int64_t knots = 0;
  if (!lathe_calibrate_isotonic(c->pairs, count, c->from, c->to, &knots, error)) return -1;
  double *base = lathe_memory_raw((size_t)knots + 1, 3 * sizeof *base, error);
  if (!base) return -1;
  double *value = base + knots + 1, *slope = value + knots + 1;
  base[0] = c->from[0]; /* below the first knot */
  value[0] = c->to[0];
  slope[0] = 0;
  for (int64_t k = 0; k < knots; k++) {
    base[k + 1] = c->from[k];
    value[k + 1] = c->to[k];
    slope[k + 1] = k + 1 < knots ? (c->to[k + 1] - c->to[k]) / (c->from[k + 1] - c->from[k]) : 0;
  }
  int32_t node = add(graph, LATHE_OPERATOR_INTERPOLATE, p, base, value, slope, (int32_t)(knots + 1), error);
  free(base);
  return node;
}

static int32_t add_select(lathe_graph *graph, int32_t input, int32_t column, lathe_error *error) {
  return add(graph, LATHE_OPERATOR_SELECT, input, &column, NULL, NULL, 0, error);
}

/* The operators of all classes, and what makes probabilities of them. */
static bool add_operators(lathe_graph *graph, const calibrating *c, lathe_error *error) {
  int32_t last = lathe_graph_operators(graph) - 1;
  bool platt = c->method == LATHE_CALIBRATION_PLATT;
  if (c->classes == 2) {
    int64_t count = pair(c, 1);
    int32_t p = add_select(graph, last, 1, error);
    if (platt) return p >= 0 && add_platt(graph, p, c, count, error) >= 0;
    int32_t mapped = p < 0 ? -1 : add_isotonic(graph, p, c, count, error);
    return add(graph, LATHE_OPERATOR_SHARES, mapped, NULL, NULL, NULL, 0, error) >= 0;
  }
  int32_t *mapped = lathe_memory_raw((size_t)c->classes, sizeof *mapped, error);
  bool fine = mapped != NULL;
  for (int32_t k = 0; fine && k < c->classes; k++) {
    int64_t count = pair(c, k);
    int32_t p = add_select(graph, last, k, error);
    mapped[k] = p < 0   ? -1
                : platt ? add_platt(graph, p, c, count, error)
                        : add_isotonic(graph, p, c, count, error);
    if (platt && mapped[k] >= 0) mapped[k] = add_select(graph, mapped[k], 1, error);
    fine = mapped[k] >= 0;
  }
  if (fine) {
    lathe_operator node = {.kind = LATHE_OPERATOR_CONCAT, .inputs = c->classes, .input = mapped};
    int32_t all = lathe_graph_add(graph, &node, error);
    fine = add(graph, LATHE_OPERATOR_SHARES, all, NULL, NULL, NULL, 0, error) >= 0;
  }
  free(mapped);
  return fine;
}

/* Each class has a row that counts. */
static bool check_rows(const lathe_graph *graph, const calibrating *c, int64_t *used, lathe_error *error) {
  for (int32_t k = 0; k < c->classes; k++) {
    int64_t count = pair(c, k), of = 0;
    for (int64_t i = 0; i < count; i++) of += c->pairs[i].y > 0;
    if (of == 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "none of these %lld rows is of class \"%s\"; calibration wants rows of each class",
          (long long)count, lathe_graph_class(graph, k));
    *used = count;
  }
  return true;
}

lathe_model *lathe_model_calibrate(const lathe_model *model, const int32_t *codes,
                                   const double *probabilities, int64_t rows, const double *weights,
                                   lathe_calibration method, lathe_error *error) {
  int32_t classes = lathe_graph_classes(model->graph);
  int64_t used = 0;
  if (classes == 0) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the model predicts numbers; probabilities are calibrated");
    return NULL;
  }
  calibrating c = {codes, probabilities, weights, rows, classes, method, NULL, NULL, NULL};
  c.pairs = lathe_memory_raw((size_t)rows + 1, sizeof *c.pairs, error);
  c.from = lathe_memory_raw((size_t)rows + 1, 2 * sizeof *c.from, error);
  c.to = c.from + rows + 1;
  lathe_model *copy = c.pairs && c.from ? lathe_model_copy(model, error) : NULL;
  bool fine =
      copy && check_rows(model->graph, &c, &used, error) &&
      (copy->graph = lathe_graph_copy(model->graph, error)) != NULL &&
      add_operators(copy->graph, &c, error) && lathe_graph_copy_classes(copy->graph, model->graph, error) &&
      lathe_graph_set_threshold(copy->graph, NAN, error) &&
      (isnan(lathe_model_figure(copy, "threshold")) ||
       lathe_model_set_figure(copy, "threshold", NAN, error)) && /* it was one of other probabilities */
      lathe_names_add(&copy->notes, error, "probabilities calibrated %s on %lld rows%s",
                      method == LATHE_CALIBRATION_PLATT ? "by Platt's sigmoid" : "by an isotonic regression",
                      (long long)used, classes > 2 ? ", each class against the others" : "") &&
      lathe_model_write_card(copy, error);
  free(c.pairs);
  free(c.from);
  if (fine) return copy;
  lathe_model_release(copy);
  return NULL;
}

lathe_model *lathe_model_at_threshold(const lathe_model *model, double threshold, lathe_error *error) {
  lathe_model *copy = lathe_model_copy(model, error);
  bool fine = copy && (copy->graph = lathe_graph_copy(model->graph, error)) != NULL &&
              lathe_graph_copy_classes(copy->graph, model->graph, error) &&
              lathe_graph_set_threshold(copy->graph, threshold, error) &&
              lathe_model_set_figure(copy, "threshold", threshold, error) &&
              lathe_model_write_card(copy, error);
  if (fine) return copy;
  lathe_model_release(copy);
  return NULL;
}

lathe_model *lathe_model_at_costs(const lathe_model *model, const double *costs, lathe_error *error) {
  if (lathe_graph_classes(model->graph) == 0) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "costs are of classes, and this model predicts numbers");
    return NULL;
  }
  lathe_model *copy = lathe_model_copy(model, error);
  bool fine = copy && (copy->graph = lathe_graph_copy(model->graph, error)) != NULL &&
              lathe_graph_copy_classes(copy->graph, model->graph, error) &&
              lathe_graph_set_costs(copy->graph, costs, error) &&
              (!costs || lathe_names_add(&copy->notes, error,
                                         "a row is taken for the class whose expected cost is least")) &&
              lathe_model_write_card(copy, error);
  if (fine) return copy;
  lathe_model_release(copy);
  return NULL;
}
