/* onnx_probabilities.c - the operators of graph/probabilities.h, in ONNX. */
#include <string.h>

#include "../graph/probabilities.h"
#include "onnx_own.h"

/* (p - p) brings back a NaN that Max and Min may lose. */
void onnx_write_log_odds(onnx_writing *out, const lathe_operator *op, const char *output) {
  char least[48], most[48], one[48], above[48], kept[48], rest[48], odds[48], logarithm[48], nothing[48];
  const char *p = out->value[op->input[0]];
  onnx_number(out, least, LATHE_LOG_ODDS_LEAST);
  onnx_number(out, most, 1 - LATHE_LOG_ODDS_LEAST);
  onnx_number(out, one, 1);
  onnx_simple(out, "Max", 2, (const char *const[]){p, least}, onnx_fresh(out, above));
  onnx_simple(out, "Min", 2, (const char *const[]){above, most}, onnx_fresh(out, kept));
  onnx_simple(out, "Sub", 2, (const char *const[]){one, kept}, onnx_fresh(out, rest));
  onnx_simple(out, "Div", 2, (const char *const[]){kept, rest}, onnx_fresh(out, odds));
  onnx_simple(out, "Log", 1, (const char *const[]){odds}, onnx_fresh(out, logarithm));
  onnx_simple(out, "Sub", 2, (const char *const[]){p, p}, onnx_fresh(out, nothing));
  onnx_simple(out, "Add", 2, (const char *const[]){logarithm, nothing}, output);
}

/* The sum of each row, (N, 1). */
static void row_sum(onnx_writing *out, const char *from, const char *output) {
  char axes[48];
  onnx_places(out, axes, (const int32_t[]){1}, 1);
  lathe_message node = onnx_node_begin(out, "ReduceSum", "");
  lathe_message_text(&node, 1, from);
  lathe_message_text(&node, 1, axes);
  onnx_attribute_integer(&node, "keepdims", 1);
  onnx_node_end(out, &node, output);
}

static void cast_to_whole(onnx_writing *out, const char *from, const char *output) {
  lathe_message node = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&node, 1, from);
  onnx_attribute_integer(&node, "to", TYPE_INT64);
  onnx_node_end(out, &node, output);
}

/* The place of each x is the number of knots that are not above it. */
void onnx_write_interpolate(onnx_writing *out, const lathe_operator *op, const char *output) {
  char knots[48], reached[48], whole[48], place[48], list[48], base[48], value[48], slope[48], past[48],
      rise[48];
  const char *x = out->value[op->input[0]];
  int64_t count = op->length;
  const double *from = op->tensor[LATHE_INTERPOLATE_BASE];
  onnx_doubles(out, knots, from + 1, count - 1);
  onnx_simple(out, "GreaterOrEqual", 2, (const char *const[]){x, knots}, onnx_fresh(out, reached));
  cast_to_whole(out, reached, onnx_fresh(out, whole));
  row_sum(out, whole, onnx_fresh(out, place));
  char *const names[] = {base, value, slope};
  for (int32_t k = 0; k < 3; k++) {
    onnx_doubles(out, list, op->tensor[k], count);
    onnx_gather(out, list, place, 0, onnx_fresh(out, names[k]));
  }
  onnx_simple(out, "Sub", 2, (const char *const[]){x, base}, onnx_fresh(out, past));
  onnx_simple(out, "Mul", 2, (const char *const[]){past, slope}, onnx_fresh(out, rise));
  onnx_simple(out, "Add", 2, (const char *const[]){value, rise}, output);
}

void onnx_write_shares(onnx_writing *out, const lathe_operator *op, const char *output) {
  const char *p = out->value[op->input[0]];
  int32_t inputs = lathe_graph_operator(out->graph, op->input[0])->width;
  char one[48], rest[48], sum[48], none[48], equal[48], zero[48], part[48];
  if (inputs == 1) {
    onnx_number(out, one, 1);
    onnx_simple(out, "Sub", 2, (const char *const[]){one, p}, onnx_fresh(out, rest));
    onnx_along(out, "Concat", 1, 2, (const char *const[]){rest, p}, output);
    return;
  }
  row_sum(out, p, onnx_fresh(out, sum));
  onnx_number(out, none, 0);
  onnx_number(out, equal, 1.0 / inputs);
  onnx_simple(out, "Equal", 2, (const char *const[]){sum, none}, onnx_fresh(out, zero));
  onnx_simple(out, "Div", 2, (const char *const[]){p, sum}, onnx_fresh(out, part));
  onnx_simple(out, "Where", 3, (const char *const[]){zero, equal, part}, output);
}

void onnx_write_threshold(onnx_writing *out, const char *probabilities, double threshold,
                          const char *output) {
  char second[48], p[48], limit[48], reached[48];
  onnx_places(out, second, (const int32_t[]){1}, 1);
  onnx_gather(out, probabilities, second, 1, onnx_fresh(out, p));
  onnx_number(out, limit, threshold);
  onnx_simple(out, "GreaterOrEqual", 2, (const char *const[]){p, limit}, onnx_fresh(out, reached));
  cast_to_whole(out, reached, output);
}
