/* onnx_words.c - nodes, attributes and constants of ONNX. The numbers of fields are those of onnx.proto (IR version 8). */
#include <stdio.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "onnx_own.h"

/* A node being written: inputs, then outputs, then attributes. */
lathe_message onnx_node_begin(onnx_writing *out, const char *kind, const char *domain) {
  lathe_message node = {.error = out->error};
  lathe_message_text(&node, 4, kind);
  if (domain[0]) lathe_message_text(&node, 7, domain);
  return node;
}

void onnx_node_end(onnx_writing *out, lathe_message *node, const char *output) {
  lathe_message_text(node, 2, output);
  lathe_message_part(&out->body, GRAPH_NODE, node);
}

void onnx_attribute(lathe_message *node, const char *name, int type, lathe_message *values) {
  lathe_message_text(values, 1, name);
  lathe_message_integer(values, 20, type);
  lathe_message_part(node, 5, values);
}

void onnx_attribute_integer(lathe_message *node, const char *name, int64_t value) {
  lathe_message values = {.error = node->error};
  lathe_message_integer(&values, 3, value);
  onnx_attribute(node, name, ATTRIBUTE_INT, &values);
}

/* A name for a helper value, good until the function that asked returns. */
const char *onnx_fresh(onnx_writing *out, char name[48]) {
  snprintf(name, 48, "%sh%d", out->prefix, (int)out->serial++);
  return name;
}

void onnx_simple(onnx_writing *out, const char *kind, int32_t inputs, const char *const *input,
                 const char *output) {
  lathe_message node = onnx_node_begin(out, kind, "");
  for (int32_t i = 0; i < inputs; i++) lathe_message_text(&node, 1, input[i]);
  onnx_node_end(out, &node, output);
}

void onnx_along(onnx_writing *out, const char *kind, int axis, int32_t inputs, const char *const *input,
                const char *output) {
  lathe_message node = onnx_node_begin(out, kind, "");
  for (int32_t i = 0; i < inputs; i++) lathe_message_text(&node, 1, input[i]);
  onnx_attribute_integer(&node, "axis", axis);
  onnx_node_end(out, &node, output);
}

/* A constant array. Numbers are little-endian, as they are in memory. */
void onnx_initializer(onnx_writing *out, const char *name, int type, int rank, const int64_t *shape,
                      const void *data, size_t size) {
  lathe_message tensor = {.error = out->error};
  for (int i = 0; i < rank; i++) lathe_message_integer(&tensor, 1, shape[i]);
  lathe_message_integer(&tensor, 2, type);
  lathe_message_text(&tensor, 8, name);
  lathe_message_bytes(&tensor, 9, data, size);
  lathe_message_part(&out->body, GRAPH_INITIALIZER, &tensor);
}

void onnx_cast_to_double(onnx_writing *out, const char *input, const char *output) {
  lathe_message node = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&node, 1, input);
  onnx_attribute_integer(&node, "to", TYPE_DOUBLE);
  onnx_node_end(out, &node, output);
}

/* A row of constants, (width) of double. */
const char *onnx_constants(onnx_writing *out, char name[48], const lathe_operator *node, int32_t tensor) {
  int64_t shape[] = {node->width};
  onnx_initializer(out, onnx_fresh(out, name), TYPE_DOUBLE, 1, shape, node->tensor[tensor],
                   (size_t)node->width * sizeof(double));
  return name;
}

/* A ValueInfoProto: a tensor of (N, width), or (N, 1, width) when `middle`. */
void onnx_value_info(onnx_writing *out, int field, const char *name, int type, bool middle, int64_t width) {
  lathe_message rows = {.error = out->error}, one = {.error = out->error}, columns = {.error = out->error};
  lathe_message shape = {.error = out->error}, tensor = {.error = out->error}, kind = {.error = out->error};
  lathe_message info = {.error = out->error};
  lathe_message_text(&rows, 2, "N");
  lathe_message_integer(&one, 1, 1);
  lathe_message_integer(&columns, 1, width);
  lathe_message_part(&shape, 1, &rows);
  if (middle)
    lathe_message_part(&shape, 1, &one);
  else
    lathe_buffer_free(&one.bytes);
  lathe_message_part(&shape, 1, &columns);
  lathe_message_integer(&tensor, 1, type);
  lathe_message_part(&tensor, 2, &shape);
  lathe_message_part(&kind, 1, &tensor);
  lathe_message_text(&info, 1, name);
  lathe_message_part(&info, 2, &kind);
  lathe_message_part(&out->body, field, &info);
}

/* Whole numbers as a constant list. */
const char *onnx_places(onnx_writing *out, char name[48], const int32_t *place, int64_t count) {
  int64_t *wide = lathe_memory_raw((size_t)count, sizeof *wide, out->error);
  out->body.failed = out->body.failed || !wide;
  for (int64_t i = 0; wide && i < count; i++) wide[i] = place[i];
  if (wide)
    onnx_initializer(out, onnx_fresh(out, name), TYPE_INT64, 1, &count, wide, (size_t)count * sizeof *wide);
  free(wide);
  return name;
}

void onnx_gather(onnx_writing *out, const char *from, const char *place, int axis, const char *output) {
  lathe_message node = onnx_node_begin(out, "Gather", "");
  lathe_message_text(&node, 1, from);
  lathe_message_text(&node, 1, place);
  onnx_attribute_integer(&node, "axis", axis);
  onnx_node_end(out, &node, output);
}

const char *onnx_doubles(onnx_writing *out, char name[48], const double *value, int64_t count) {
  onnx_initializer(out, onnx_fresh(out, name), TYPE_DOUBLE, 1, &count, value, (size_t)count * sizeof *value);
  return name;
}

const char *onnx_number(onnx_writing *out, char name[48], double value) {
  return onnx_doubles(out, name, &value, 1);
}
