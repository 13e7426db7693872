/* onnx_codes.c - codes of numbers, and codes that are pooled. */
#include "onnx_own.h"

static const char *whole(onnx_writing *out, char name[48], int32_t value) {
  return onnx_places(out, name, &value, 1);
}

/* Whole numbers to codes; a number beyond 2^53 is cut to one that no category is. */
static const char *write_find(onnx_writing *out, const lathe_operator *op, const char *x, char found[48]) {
  const double *value = op->tensor[0];
  char low[48], high[48], raised[48], cut[48], integer[48];
  const double bound = 9007199254740994.0;
  onnx_number(out, low, -bound);
  onnx_number(out, high, bound);
  onnx_simple(out, "Max", 2, (const char *const[]){x, low}, onnx_fresh(out, raised));
  onnx_simple(out, "Min", 2, (const char *const[]){raised, high}, onnx_fresh(out, cut));
  lathe_message cast = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&cast, 1, cut);
  onnx_attribute_integer(&cast, "to", TYPE_INT64);
  onnx_node_end(out, &cast, onnx_fresh(out, integer));
  lathe_message node = onnx_node_begin(out, "LabelEncoder", "ai.onnx.ml");
  lathe_message keys = {.error = out->error}, values = {.error = out->error};
  for (int32_t i = 0; i < op->words; i++) {
    lathe_message_integer(&keys, 8, (int64_t)value[i]);
    lathe_message_integer(&values, 8, i);
  }
  lathe_message_text(&node, 1, integer);
  onnx_attribute(&node, "keys_int64s", ATTRIBUTE_INTS, &keys);
  onnx_attribute(&node, "values_int64s", ATTRIBUTE_INTS, &values);
  onnx_attribute_integer(&node, "default_int64", -1);
  onnx_node_end(out, &node, onnx_fresh(out, found));
  return found;
}

void onnx_write_number_code(onnx_writing *out, const lathe_operator *op, const char *output) {
  char gap[48], zero[48], there[48], floored[48], even[48], found[48], none[48], known[48], missing[48];
  const char *x = out->value[op->input[0]];
  onnx_simple(out, "IsNaN", 1, &x, onnx_fresh(out, gap));
  onnx_number(out, zero, 0);
  onnx_simple(out, "Where", 3, (const char *const[]){gap, zero, x}, onnx_fresh(out, there));
  onnx_simple(out, "Floor", 1, (const char *const[]){there}, onnx_fresh(out, floored));
  onnx_simple(out, "Equal", 2, (const char *const[]){there, floored}, onnx_fresh(out, even));
  write_find(out, op, there, found);
  whole(out, none, -1);
  whole(out, missing, op->missing);
  onnx_simple(out, "Where", 3, (const char *const[]){even, found, none}, onnx_fresh(out, known));
  onnx_simple(out, "Where", 3, (const char *const[]){gap, missing, known}, output);
}

/* Codes below 0 count from the end of the map, for Gather as for us. */
void onnx_write_recode(onnx_writing *out, const lathe_operator *op, const char *output) {
  char map[48];
  int64_t count = lathe_operator_count(out->graph, op, 0);
  onnx_places(out, map, op->tensor[0], count);
  onnx_gather(out, map, out->value[op->input[0]], 0, output);
}
