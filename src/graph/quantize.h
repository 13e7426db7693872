/* quantize.h - weights of 8 bits: a pass from graph to graph. */
#ifndef LATHE_GRAPH_QUANTIZE_H
#define LATHE_GRAPH_QUANTIZE_H

#include "graph.h"

/* What a pass did. */
typedef struct lathe_quantize_report {
  int64_t weights;      /* how many became int8 */
  int64_t bytes_before; /* of all arrays of the graph */
  int64_t bytes_after;
  double largest_error; /* of a weight, as a part of the largest weight of its column */
} lathe_quantize_report;

/* A new graph whose linear operators have int8 weights: symmetric, one float32 scale for each output column,
 * the best of 128 by the sum of squared errors, rounded half to even; the bias stays double. Dequantized
 * exactly as ONNX DequantizeLinear does it. `report` may be NULL. An error when there are no weights to
 * quantize. */
lathe_graph *lathe_graph_quantize_int8(const lathe_graph *graph, lathe_quantize_report *report,
                                       lathe_error *error);

#endif
