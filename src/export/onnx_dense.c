/* onnx_dense.c - the operators of dense networks (graph/dense.h), in ONNX: float32 between casts. */
#include "onnx_own.h"

static void cast_to_single(onnx_writing *out, const char *input, const char *output) {
  lathe_message node = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&node, 1, input);
  onnx_attribute_integer(&node, "to", TYPE_FLOAT);
  onnx_node_end(out, &node, output);
}

/* The input of `op` in single precision. */
static const char *single_input(onnx_writing *out, const lathe_operator *op, char name[48]) {
  cast_to_single(out, out->value[op->input[0]], onnx_fresh(out, name));
  return name;
}

static void write_product(onnx_writing *out, const lathe_operator *op, const char *weights,
                          int32_t bias_tensor, const char *output) {
  char x[48], product[48], bias[48], sum[48];
  int64_t width = op->width;
  single_input(out, op, x);
  onnx_simple(out, "MatMul", 2, (const char *const[]){x, weights}, onnx_fresh(out, product));
  onnx_initializer(out, onnx_fresh(out, bias), TYPE_FLOAT, 1, &width, op->tensor[bias_tensor],
                   (size_t)width * sizeof(float));
  onnx_simple(out, "Add", 2, (const char *const[]){product, bias}, onnx_fresh(out, sum));
  onnx_cast_to_double(out, sum, output);
}

void onnx_write_dense(onnx_writing *out, const lathe_operator *op, const char *output) {
  char weights[48];
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  onnx_initializer(out, onnx_fresh(out, weights), TYPE_FLOAT, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]) * sizeof(float));
  write_product(out, op, weights, 1, output);
}

/* Not by DequantizeLinear: before a product of floats a runtime would take it as leave to round the other factor to 8 bits, too. */
void onnx_write_dense_int8(onnx_writing *out, const lathe_operator *op, const char *output) {
  char codes[48], scales[48], single[48], weights[48];
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  onnx_initializer(out, onnx_fresh(out, codes), TYPE_INT8, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]));
  onnx_initializer(out, onnx_fresh(out, scales), TYPE_FLOAT, 1, shape + 1, op->tensor[1],
                   (size_t)op->width * sizeof(float));
  cast_to_single(out, codes, onnx_fresh(out, single));
  onnx_simple(out, "Mul", 2, (const char *const[]){single, scales}, onnx_fresh(out, weights));
  write_product(out, op, weights, 2, output);
}

/* An activation that is an operator of ONNX. */
static void write_activation(onnx_writing *out, const lathe_operator *op, const char *kind,
                             const char *output) {
  char x[48], y[48];
  single_input(out, op, x);
  onnx_simple(out, kind, 1, (const char *const[]){x}, onnx_fresh(out, y));
  onnx_cast_to_double(out, y, output);
}

void onnx_write_relu(onnx_writing *out, const lathe_operator *op, const char *output) {
  write_activation(out, op, "Relu", output);
}

void onnx_write_tanh(onnx_writing *out, const lathe_operator *op, const char *output) {
  write_activation(out, op, "Tanh", output);
}

void onnx_write_sigmoid(onnx_writing *out, const lathe_operator *op, const char *output) {
  write_activation(out, op, "Sigmoid", output);
}

static const char *single(onnx_writing *out, char name[48], float value) {
  onnx_initializer(out, onnx_fresh(out, name), TYPE_FLOAT, 0, NULL, &value, sizeof value);
  return name;
}

/* x / 2 * (1 + erf(x / sqrt 2)); Gelu itself came with a later opset. */
void onnx_write_gelu(onnx_writing *out, const lathe_operator *op, const char *output) {
  char x[48], root[48], one[48], half[48], t[48], e[48], sum[48], part[48], y[48];
  single_input(out, op, x);
  single(out, root, 0.707106781f);
  single(out, one, 1);
  single(out, half, 0.5f);
  onnx_simple(out, "Mul", 2, (const char *const[]){x, root}, onnx_fresh(out, t));
  onnx_simple(out, "Erf", 1, (const char *const[]){t}, onnx_fresh(out, e));
  onnx_simple(out, "Add", 2, (const char *const[]){e, one}, onnx_fresh(out, sum));
  onnx_simple(out, "Mul", 2, (const char *const[]){x, half}, onnx_fresh(out, part));
  onnx_simple(out, "Mul", 2, (const char *const[]){part, sum}, onnx_fresh(out, y));
  onnx_cast_to_double(out, y, output);
}

/* A row of the table for each code; the last one for NaN and for what is no code. */
void onnx_write_embed(onnx_writing *out, const lathe_operator *op, const char *output) {
  char table[48], zero[48], most[48], known[48], below[48], above[48], code[48], place[48], rows[48],
      flat[48];
  const char *x = out->value[op->input[0]];
  int64_t shape[] = {op->length, op->width};
  double end = op->length - 1;
  double nothing = 0;
  onnx_initializer(out, onnx_fresh(out, table), TYPE_FLOAT, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]) * sizeof(float));
  onnx_initializer(out, onnx_fresh(out, zero), TYPE_DOUBLE, 0, NULL, &nothing, sizeof nothing);
  onnx_initializer(out, onnx_fresh(out, most), TYPE_DOUBLE, 0, NULL, &end, sizeof end);
  onnx_simple(out, "GreaterOrEqual", 2, (const char *const[]){x, zero}, onnx_fresh(out, below));
  onnx_simple(out, "Less", 2, (const char *const[]){x, most}, onnx_fresh(out, above));
  onnx_simple(out, "And", 2, (const char *const[]){below, above}, onnx_fresh(out, known));
  onnx_simple(out, "Where", 3, (const char *const[]){known, x, most}, onnx_fresh(out, code));
  lathe_message node = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&node, 1, code);
  onnx_attribute_integer(&node, "to", TYPE_INT64);
  onnx_node_end(out, &node, onnx_fresh(out, place));
  onnx_gather(out, table, place, 0, onnx_fresh(out, rows)); /* (N, 1, width) */
  lathe_message flatten = onnx_node_begin(out, "Flatten", "");
  lathe_message_text(&flatten, 1, rows);
  onnx_attribute_integer(&flatten, "axis", 1);
  onnx_node_end(out, &flatten, onnx_fresh(out, flat));
  onnx_cast_to_double(out, flat, output);
}
