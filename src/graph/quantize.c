/* quantize.c - float64 weights to int8. */
#include "quantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "operator.h"

enum { CANDIDATES = 128 };

/* The sum of squared errors of column `c` under `scale`; the codes go to `codes` unless it is NULL. */
static double round_column(const double *weights, int64_t rows, int32_t width, int32_t c, float scale,
                           int8_t *codes) {
  double sum = 0;
  for (int64_t j = 0; j < rows; j++) {
    double weight = weights[j * width + c];
    double code = fmin(fmax(nearbyint(weight / (double)scale), -127.0), 127.0);
    double error = weight - (double)((float)code * scale);
    if (codes) codes[j * width + c] = (int8_t)code;
    sum += error * error;
  }
  return sum;
}

/* A scale between the smallest that clips nothing and twice that. */
static float best_scale(const double *weights, int64_t rows, int32_t width, int32_t c, double largest) {
  float best = (float)(largest / 127.0);
  double least = INFINITY;
  for (int32_t k = 0; k < CANDIDATES; k++) {
    float scale = (float)(largest / (127.0 - 0.5 * k));
    double sum = round_column(weights, rows, width, c, scale, NULL);
    if (!(sum < least)) continue;
    least = sum;
    best = scale;
  }
  return best;
}

static double *widen(const float *weights, int64_t count, lathe_error *error) {
  double *wide = lathe_memory_raw((size_t)count, sizeof *wide, error);
  for (int64_t i = 0; wide && i < count; i++) wide[i] = (double)weights[i];
  return wide;
}

static bool quantize_linear(const lathe_graph *graph, const lathe_operator *node, lathe_graph *out,
                            lathe_quantize_report *report, lathe_error *error) {
  int64_t count = lathe_operator_count(graph, node, 0), rows = count / node->width;
  int8_t *codes = lathe_memory_new((size_t)count, 1, error);
  float *scales = lathe_memory_new((size_t)node->width, sizeof *scales, error);
  double *own = node->kind == LATHE_OPERATOR_DENSE ? widen(node->tensor[0], count, error) : NULL;
  const double *weights = own ? own : node->tensor[0];
  bool fine = codes && scales && (own || node->kind == LATHE_OPERATOR_LINEAR);
  for (int32_t c = 0; fine && c < node->width; c++) {
    double largest = 0;
    for (int64_t j = 0; j < rows; j++) largest = fmax(largest, fabs(weights[j * node->width + c]));
    scales[c] = 1;
    if (largest == 0) continue;
    if (!(largest < 1e38) || largest < 1e-36) {
      fine = lathe_error_set(
          error, LATHE_ERROR_DATA,
          "a weight is %g, which float32 cannot scale; scale the features (recipe:scale{}) before quantizing",
          largest);
      break;
    }
    scales[c] = best_scale(weights, rows, node->width, c, largest);
    round_column(weights, rows, node->width, c, scales[c], codes);
    for (int64_t j = 0; j < rows; j++) {
      double back = (double)((float)codes[j * node->width + c] * scales[c]);
      report->largest_error =
          fmax(report->largest_error, fabs(weights[j * node->width + c] - back) / largest);
    }
  }
  if (fine) {
    lathe_operator small = *node;
    small.kind = own ? LATHE_OPERATOR_DENSE_INT8 : LATHE_OPERATOR_LINEAR_INT8;
    small.tensor[0] = codes;
    small.tensor[1] = scales;
    small.tensor[2] = node->tensor[1];
    fine = lathe_graph_add(out, &small, error) >= 0;
    report->weights += count;
  }
  free(codes);
  free(scales);
  free(own);
  return fine;
}

lathe_graph *lathe_graph_quantize_int8(const lathe_graph *graph, lathe_quantize_report *report,
                                       lathe_error *error) {
  lathe_quantize_report own;
  if (!report) report = &own;
  memset(report, 0, sizeof *report);
  lathe_graph *out = lathe_graph_new(error);
  if (!out) return NULL;
  bool fine = lathe_graph_copy_targets(out, graph, error);
  for (int32_t i = 0; fine && i < lathe_graph_operators(graph); i++) {
    const lathe_operator *node = lathe_graph_operator(graph, i);
    if (node->kind == LATHE_OPERATOR_LINEAR || node->kind == LATHE_OPERATOR_DENSE)
      fine = quantize_linear(graph, node, out, report, error);
    else
      fine = lathe_graph_add(out, node, error) >= 0;
  }
  fine = fine && lathe_graph_copy_classes(out, graph, error);
  if (fine && report->weights == 0)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the model has no weights to quantize, or it is quantized already");
  if (!fine) {
    lathe_graph_release(out);
    return NULL;
  }
  report->bytes_before = lathe_graph_bytes(graph);
  report->bytes_after = lathe_graph_bytes(out);
  return out;
}
