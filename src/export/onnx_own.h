/* onnx_own.h - what the files that write ONNX share: a graph being written, and the words of onnx.proto (IR version 8). A family of
 * operators is a file with a writer for each; onnx.c has the table of them. */
#ifndef LATHE_EXPORT_ONNX_OWN_H
#define LATHE_EXPORT_ONNX_OWN_H

#include "../graph/operator.h"
#include "protobuf.h"

/* TensorProto.DataType, AttributeProto.AttributeType */
enum { TYPE_FLOAT = 1, TYPE_INT8 = 3, TYPE_INT64 = 7, TYPE_STRING = 8, TYPE_DOUBLE = 11 };
enum { ATTRIBUTE_INT = 2, ATTRIBUTE_TENSOR = 4, ATTRIBUTE_INTS = 7, ATTRIBUTE_STRINGS = 8 };

/* GraphProto */
enum {
  GRAPH_NODE = 1,
  GRAPH_NAME = 2,
  GRAPH_INITIALIZER = 5,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  GRAPH_VALUE_INFO = 13
};

typedef struct {
  const lathe_graph *graph;
  lathe_message body;
  lathe_error *error;
  char prefix[40];    /* of the names of values; no raw column begins with it */
  const char **value; /* the name of each operator's value */
  int32_t serial;     /* of helper values */
} onnx_writing;

/* A node being written: inputs (field 1), then outputs, then attributes. */
lathe_message onnx_node_begin(onnx_writing *out, const char *kind, const char *domain);
void onnx_node_end(onnx_writing *out, lathe_message *node, const char *output);
void onnx_attribute(lathe_message *node, const char *name, int type, lathe_message *values);
void onnx_attribute_integer(lathe_message *node, const char *name, int64_t value);

/* A node without attributes; one with the attribute "axis"; one that makes double of another type; and the columns (axis 1) or rows (axis
 * 0) of `from` at the places of a list. */
void onnx_simple(onnx_writing *out, const char *kind, int32_t inputs, const char *const *input,
                 const char *output);
void onnx_along(onnx_writing *out, const char *kind, int axis, int32_t inputs, const char *const *input,
                const char *output);
void onnx_cast_to_double(onnx_writing *out, const char *input, const char *output);
void onnx_gather(onnx_writing *out, const char *from, const char *place, int axis, const char *output);

/* A name for a helper value, good until the function that asked returns. */
const char *onnx_fresh(onnx_writing *out, char name[48]);

/* A constant array (numbers are little-endian, as they are in memory); a row of constants of an operator, (width) of double; any row of
 * doubles; one double; whole numbers as a list. All but the first give `name`, which they choose. */
void onnx_initializer(onnx_writing *out, const char *name, int type, int rank, const int64_t *shape,
                      const void *data, size_t size);
const char *onnx_constants(onnx_writing *out, char name[48], const lathe_operator *node, int32_t tensor);
const char *onnx_doubles(onnx_writing *out, char name[48], const double *value, int64_t count);
const char *onnx_number(onnx_writing *out, char name[48], double value);
const char *onnx_places(onnx_writing *out, char name[48], const int32_t *place, int64_t count);

/* A ValueInfoProto: a tensor of (N, width), or (N, 1, width) when `middle`. */
void onnx_value_info(onnx_writing *out, int field, const char *name, int type, bool middle, int64_t width);

/* ---- the writers of families ---- */

void onnx_write_number_code(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_recode(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_date_parts(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_trees(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_dense(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_dense_int8(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_relu(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_gelu(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_tanh(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_sigmoid(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_embed(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_log_odds(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_interpolate(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_shares(onnx_writing *out, const lathe_operator *op, const char *output);

/* 1 where the second of two probabilities is not below a threshold, 0 elsewhere: int64, (N, 1). */
void onnx_write_threshold(onnx_writing *out, const char *probabilities, double threshold, const char *output);

/* onnx_numbers.c */
void onnx_write_clip(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_outside(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_absent(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_bin(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_product(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_project(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_quantile(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_probit(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_yeo_johnson(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_box_cox(onnx_writing *out, const lathe_operator *op, const char *output);
void onnx_write_neighbours(onnx_writing *out, const lathe_operator *op, const char *output);

#endif
